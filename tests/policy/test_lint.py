"""Contradictions, promises that nobody could measure, templates that nobody filled in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.policy import read
from troth.policy.clauses import timed
from troth.policy.lint import Flaw, lint
from troth.terms.promise import Promise
from troth.terms.values import Params


def remarks(*policies: str):
    statements = [statement for number, text in enumerate(policies) for statement in read(text, f"{number}.md").statements]
    return [(remark.rule, [f"{place.path[0]}:{place.line}" for place in remark.places]) for remark in lint(statements)]


REPORTING = "## Reporting a vulnerability\n\n"


def test_two_limits_for_one_thing_in_one_policy():
    text = REPORTING + "We acknowledge reports within 48 hours.\n\n## Response timeline\n\n- Initial response: within 3 days\n"
    assert remarks(text) == [("two-limits", ["0:3", "0:7"])]


def test_two_policies_that_disagree():
    one = "## Reporting\n\n- Initial acknowledgment: within 72 hours\n"
    two = "## Reporting\n\nWe will:\n- Acknowledge receipt within 48 hours\n"
    assert remarks(one, two) == [("two-limits", ["0:3", "1:4"])]


@pytest.mark.parametrize(
    "text",
    [
        "We acknowledge within 48 hours.\n\nEvery report is acknowledged within 2 days.\n",
        "We respond within two days. In most cases we usually respond within 12 hours.\n",
        "We acknowledge within 48 hours and assess within 7 days.\n",
        "We acknowledge within 48 hours. If you do not receive an acknowledgement within 6 days, write again.\n",
        "- Critical: fixed within 7 days\n- High: fixed within 30 days\n",
        "We acknowledge within 48 hours. We notify vendors of the fix at least 7 days ahead. We fix within 90 days.\n",
        "We send weekly updates. The first update comes within 3 days.\n",
        "Your report is acknowledged within 5 days, and you get a more detailed response within 10 days.\n",
    ],
)
def test_these_agree(text: str):
    assert [rule for rule, _ in remarks("## Response timeline\n\n" + text) if rule == "two-limits"] == []


def test_a_limit_that_the_timeline_starts_after():
    text = (
        "## What to expect\n\n- **Timeline**: We aim to fix critical vulnerabilities within 7 days\n\n## Disclosure timeline\n\n"
        "- **Day 0**: Reported\n- **Day 1-2**: Acknowledgment\n- **Day 7-30**: Fix development\n- **Day 30+**: Security update released\n- **Day 90**: Public disclosure\n"
    )
    assert remarks(text) == [("limit-before-timeline", ["0:3", "0:9", "0:10"])]


def test_a_timeline_within_the_limit_agrees():
    assert remarks("## Timeline\n\n- We fix within 30 days\n- Day 7-30: fix\n- Day 30: patch released\n") == []


TABLE = "## Supported versions\n\n| Version | Supported |\n|---|---|\n"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (("0.1.0-alpha.x | ✅", "< 0.1.0-alpha.2 | ❌"), True),
        (("1.x | yes", "<= 1.2 | no"), True),
        (("2.1 | :white_check_mark:", "2.1.3 | :x:"), True),
        (("1.0.x | ✅", "< 1.0 | ❌"), False),
        (("1.x.x | ✅ Yes", "< 1.0 | ❌ No"), False),
        ((">= 2.0 | ✅", "1.9.9 | ❌"), False),
        (("latest | ✅", "< 3 | ❌"), False),
        (("1.x | ✅", "1.2 | ✅"), False),
        (("anything | ✅", "else | ❌"), False),
    ],
)
def test_a_version_that_is_supported_and_not(rows: tuple[str, str], found: bool):
    text = TABLE + "".join(f"| {row} |\n" for row in rows)
    assert remarks(text) == ([("supported-and-not", ["0:5", "0:6"])] if found else [])


def test_versions_of_two_packages_do_not_meet():
    table = "## Supported versions\n\n| Package | Version | Supported |\n|---|---|---|\n| a | 1.x | yes |\n| b | < 2 | no |\n"
    assert remarks(table) == []


@pytest.mark.parametrize(
    "line",
    [
        "**Security contact**: security@project.org (if available)",
        "Please email security@project.org (or create this email).",
        "**Advisories**: [Enable in repo settings]",
        "**Email**: [your-security-email@domain.com]",
        "Write to security@example.com.",
        "Mail security@your-domain.io",
    ],
)
def test_contacts_that_nobody_filled_in(line: str):
    (remark,) = lint(read(REPORTING + line + "\n", "p").statements)
    assert (remark.flaw, remark.rule) == (Flaw.PLACEHOLDER, "unfilled-contact")


@pytest.mark.parametrize(
    "text",
    [
        REPORTING + "Please email [security@project.org](mailto:security@project.org).\n",
        "## What to include\n\n- Suggested fix (if available)\n",
        "```\ncurl https://example.com/\n```\n",
    ],
)
def test_these_are_no_placeholders(text: str):
    assert remarks(text) == []


def test_an_address_that_is_somewhere_else():
    assert remarks(REPORTING + "Send details to the email address listed in the repository.\n") == [("contact-not-named", ["0:3"])]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("We will send you regular updates about our progress.", "no-number"),
        ("We release patches as soon as possible.", "no-number"),
        ("**Resolution**: Depends on severity", "no-limit"),
    ],
)
def test_promises_without_a_number(line: str, rule: str):
    assert remarks("## What to expect\n\n" + line + "\n") == [(rule, ["0:3"])]


def test_a_severity_list_gives_the_limits_that_its_head_leaves_open():
    assert remarks("## Response timeline\n\n- **Resolution**: Depends on severity\n  - Critical: 1-2 weeks\n  - High: 4 weeks\n") == []


def test_two_options_of_one_radio_button():
    text = '## Repository settings (required)\n\n- Enable "Require approval for first-time contributors"\n- Enable "Require approval for all outside collaborators"\n'
    assert remarks(text) == [("one-of", ["0:3", "0:4"])]
    assert remarks(text.replace('- Enable "Require approval for first-time contributors"\n', "")) == []


def test_no_public_issues_and_an_issue_please():
    text = REPORTING + "Do not report vulnerabilities in public issues.\n\nIf that fails, open an issue and mark it as security-related.\n"
    assert remarks(text) == [("public-report", ["0:3", "0:5"])]
    assert remarks(REPORTING + "Do not open a public issue.\n\nFor general questions, open an issue.\n") == []


def test_a_matched_promise_overrules_the_words():
    (statement,) = read("## Handling\n\nFirst sign of life: 2 days\n", "p").statements
    assert timed([statement]) == ()
    (time,) = timed([statement], [Promise(statement, "report/ack-within", Params({"within": "P2D"}))])
    assert (time.subject, time.days) == ("acknowledgement", 2.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We triage within 24 h and patch critical issues within 72 h.", [("assessment", "any", 1.0), ("fix", "critical", 3.0)]),
        ("Provide a timeline for a fix within 7 days", [("plan", "any", 7.0)]),
        ("Within 48 hours you get a reply.", [("acknowledgement", "any", 2.0)]),
        ("**High**: Fix within 1 week, disclosure within 2 weeks", [("fix", "high", 7.0), ("disclosure", "high", 14.0)]),
        ("**Medium/Low**: patched in 8 weeks", [("fix", "low", 56.0), ("fix", "medium", 56.0)]),
        ("**Assessment**: You get an initial response within 7 days", [("assessment", "any", 7.0)]),
        ("We answer within two business days", [("acknowledgement", "any", None)]),
    ],
)
def test_what_a_time_is_for(text: str, found: list[tuple[str, str, float | None]]):
    (statement,) = read("## Timeline\n\n" + text + "\n", "p").statements
    assert [(time.subject, time.severity, time.days) for time in timed([statement])] == found


def test_columns_of_a_table_say_what_its_times_are_for():
    text = "## Response targets\n\n| Severity | Acknowledge | Fix target |\n|---|---|---|\n| Critical | 1 day | 7-15 days |\n| Low | 3 days | next release |\n"
    found = timed(read(text, "p").statements)
    assert [(time.subject, time.severity, time.days) for time in found] == [
        ("acknowledgement", "critical", 1.0),
        ("fix", "critical", 15.0),
        ("acknowledgement", "low", 3.0),
        ("fix", "low", None),
    ]


def test_a_cell_with_a_time_for_each_severity():
    text = "## Timeline\n\n| Phase | Time |\n|---|---|\n| Remediation | 7 days (Critical), 14 days (High) |\n| Public disclosure | 90 days |\n"
    found = timed(read(text, "p").statements)
    assert [(time.subject, time.severity, time.days) for time in found] == [("fix", "critical", 7.0), ("fix", "high", 14.0), ("disclosure", "any", 90.0)]


def test_a_table_and_a_sentence_that_disagree():
    text = "## Response\n\nCritical issues are fixed within 30 days.\n\n| Severity | Time to fix |\n|---|---|\n| Critical | 7 days |\n"
    assert remarks(text) == [("two-limits", ["0:3", "0:7"])]


WORDS = st.sampled_from(
    ["fix ", "within ", "48 hours ", "7 days", "Day 7-30: ", "critical ", "| 1.x | ✅ |\n", "| < 2 | ❌ |\n", "|a|b|\n|-|-|\n", "## Versions\n\n", "- ", "\n", ". ", "never public issue ", "@example.com "]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=40).map("".join))
def test_any_policy_can_be_linted(text: str):
    for remark in lint(read(text, "p").statements):
        assert remark.statements
        assert remark.says


def test_scores_before_severities_do_not_hide_them():
    table = "## Fix windows\n\n| CVSS score | Severity | Target fix window |\n|---|---|---|\n| 9.0-10.0 | Critical | 30 days |\n| 7.0-8.9 | High | 60 days |\n"
    assert remarks(table) == []
    twice = table + "| 9.0-10.0 | Critical | 60 days |\n"
    assert ("two-limits", ["0:5", "0:7"]) in remarks(twice)
