"""`match`: what becomes a promise, what is gathered into one, and what must hold for any policy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy_match.test_paraphrases import spoken
from tests.timing import processor_seconds
from troth.errors import CatalogueError
from troth.policy import read
from troth.policy.match import Matcher, match
from troth.policy.match.lexicon import shipped_lexicons
from troth.policy.match.rules import Rulebook
from troth.terms.promise import Promise

CATALOGUE = spoken()


def promises(text: str) -> tuple[Promise, ...]:
    return match(read(text, "SECURITY.md").statements, CATALOGUE)


def pairs(text: str) -> list[tuple[int, str]]:
    return [(one.statement.line, one.control) for one in promises(text)]


def test_the_same_bullet_means_another_thing_under_another_heading() -> None:
    protected = pairs("# P\n\n## Branch Protection\n\n- Require pull request reviews\n")
    assert protected == [(5, "branch/review-required")]
    assert pairs("# P\n\n## Timeline\n\n- **Critical**: 7 days\n") == [(5, "fix/within")]


def test_the_fields_of_a_report_are_one_promise_with_all_its_lines() -> None:
    (one,) = promises("# P\n\n## Reporting\n\nPlease include:\n\n- Description of the issue\n- Steps to reproduce\n- Potential impact\n")
    assert one.control == "report/required-fields"
    assert one.statement.lines == (7, 8, 9)
    assert one.params.texts("fields") == ("description", "steps", "impact")


def test_a_table_of_versions_is_one_promise_with_its_rows() -> None:
    (one,) = promises("# P\n\n## Supported Versions\n\n| Version | Supported |\n|---|---|\n| 2.x | :white_check_mark: |\n| < 2.0 | :x: |\n")
    assert one.control == "versions/supported-table"
    assert [(row["range"], row["supported"]) for row in one.params.rows("rows")] == [("2.x", True), ("<2.0", False)]


def test_a_sentence_with_an_address_instead_of_a_public_issue_makes_two_promises() -> None:
    text = "# P\n\n## Reporting\n\nPlease email security@example.org instead of opening a public issue.\n"
    assert {control for _, control in pairs(text)} == {"report/private-contact", "report/no-public-issue"}


def test_clauses_with_times_of_their_own_are_promises_of_their_own() -> None:
    found = promises("# P\n\n## Response\n\nWe triage within 24 h and patch critical issues within 72 h.\n")
    assert [(one.control, one.params.text("within")) for one in found] == [("fix/within", "PT72H"), ("report/assess-within", "PT24H")]


def test_a_time_for_each_severity_is_a_promise_for_each() -> None:
    found = promises("# P\n\n## Timeline\n\n- Resolution: 7 days for critical, 30 days for high\n")
    assert [(one.params.text("severity"), one.params.text("within")) for one in found] == [("critical", "P7D"), ("high", "P30D")]


def test_a_code_sample_is_one_promise() -> None:
    text = "# P\n\n## Usage\n\n```bash\n# check\ntool check\n\n# again\ntool check --all\n```\n"
    assert [control for _, control in pairs(text)] == ["policy/samples-run"]


def test_mere_installation_and_drawings_promise_nothing() -> None:
    assert not pairs("# P\n\n## Installation\n\n```bash\npip install thing\n```\n")
    assert not pairs("# P\n\n## Design\n\n```mermaid\ngraph TD; A-->B\n```\n")


def test_the_denial_of_a_lead_in_reaches_its_items() -> None:
    assert pairs("# P\n\n## Secrets\n\nModules must not:\n\n- Store API keys in code\n") == [(7, "secrets/not-in-code")]
    assert pairs("# P\n\n## Don't\n\n- ❌ Open a public GitHub issue\n") == [(5, "report/no-public-issue")]


def test_a_bare_label_speaks_through_what_is_nested_below_it() -> None:
    assert pairs("# P\n\n## Practices\n\n1. **Dependency Management**\n   - Pin dependency versions\n") == [(6, "deps/pinned")]


@pytest.mark.parametrize(
    "sentence",
    ["We take security seriously.", "Thank you for helping keep our users safe.", "If you discover a vulnerability, please follow these steps:", "Benefits: simple and fast."],
)
def test_courtesy_promises_nothing(sentence: str) -> None:
    assert not pairs(f"# P\n\n## Security\n\n{sentence}\n")


def test_every_promise_has_a_reason_and_a_confidence() -> None:
    for one in promises("# P\n\n## Scanning\n\n- CodeQL runs weekly\n- No telemetry\n- Containers run as non-root\n"):
        assert 0 < one.confidence < 1
        assert one.reason
        assert "\n" not in one.reason


LINES = st.lists(
    st.one_of(
        st.sampled_from(["## Reporting", "## Out of Scope", "- **Label**: never commit secrets within 48 hours", "| a | b |\n|---|---|\n| x | y |", "```bash\nrun\n```", "We will:", "> quote", "- [ ] 2FA", "1. Day 7-30"]),
        st.text(max_size=60),
    ),
    max_size=12,
)


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_no_policy_crashes_it_and_results_are_well_formed(lines: list[str]) -> None:
    text = "\n\n".join(lines)
    found = promises(text)
    for one in found:
        assert one.control in CATALOGUE
        assert 0 <= one.confidence <= 1
        assert set(one.params.values) <= set(CATALOGUE[one.control].params)
        assert one.statement.line in one.statement.lines or one.statement.line > 0
    assert found == promises(text)


@pytest.mark.parametrize("sentence", ["never " * 2000, "a, " * 3000, "(" * 4000, "within 48 hours and " * 300, "`" * 4000, "no x or y " * 500, "- " * 2000, "https://" * 900, "a@" * 3000, "**x** " * 900])
def test_hostile_sentences_do_not_make_it_slow(sentence: str) -> None:
    with processor_seconds(3):
        promises(f"# P\n\n## Reporting\n\n- {sentence}\n")


def test_a_long_policy_is_matched_quickly() -> None:
    block = "## Part\n\n- **Secrets**: never commit API keys to the repository\n- CodeQL runs on every pull request\n- We acknowledge reports within 48 hours\n- Input validation with Pydantic\n\n"
    statements = read("# P\n\n" + block * 50, "SECURITY.md").statements
    match(statements[:5], CATALOGUE)
    with processor_seconds(1):
        match(statements, CATALOGUE)


def test_a_rule_with_an_unknown_key_stops_the_run() -> None:
    class Odd:
        id = "a/b"
        says = ({"any": ["x"], "colour": "red"},)

    with pytest.raises(CatalogueError, match="colour"):
        Rulebook([Odd()])


def test_rules_work_without_what_was_learned() -> None:
    matcher = Matcher(CATALOGUE, shipped_lexicons())
    statements = read("# P\n\n## Scanning\n\n- CodeQL runs weekly\n", "SECURITY.md").statements
    assert [one.control for one in matcher.match(statements)] == ["code/scan-tool-runs"]


def test_scores_before_severities_are_a_promise_for_each_severity() -> None:
    text = "# P\n\n## Response\n\n| CVSS score | Severity | Target fix window |\n|---|---|---|\n| 9.0-10.0 | Critical | 30 days |\n| 4.0-6.9 | Medium | Next release cycle |\n"
    assert pairs(text) == [(7, "fix/within"), (8, "fix/within")]


def test_the_window_of_an_embargo_is_no_time_for_a_fix() -> None:
    text = "# P\n\n## Embargo\n\n| Severity | Embargo window |\n|---|---|\n| Critical | 90 days from acknowledgment |\n"
    assert pairs(text) == [(7, "disclosure/timeline")]


def test_a_row_of_threats_promises_what_its_mitigation_says() -> None:
    head = "# P\n\n## Threat Model\n\n| Category | Description | Our mitigation |\n|---|---|---|\n"
    assert pairs(head + "| Audit tampering | Attacker deletes records | Append-only audit log with a hash chain |\n") == [(7, "audit/trail")]
    assert pairs(head + "| Audit tampering | Attacker deletes records | Planned |\n") == [(7, "scope/declared")]


def test_a_label_over_a_drawing_promises_nothing() -> None:
    assert pairs("# P\n\n## Threat Model\n\n**Trust boundaries:**\n\n```\n┌────┐   ┌────┐\n│ A  │──▶│ B  │\n└────┘   └────┘\n```\n") == []


def test_a_way_to_report_and_the_fields_that_it_asks_for_are_two_promises() -> None:
    text = "# P\n\n## Reporting\n\nIf private reporting is unavailable, contact the maintainers directly and include:\n- affected version\n- reproduction steps\n"
    assert pairs(text) == [(5, "report/private-contact"), (6, "report/required-fields")]


def test_conditions_of_safe_harbour_belong_to_it() -> None:
    text = "# P\n\n## Legal\n\nWe will not pursue legal action against researchers who:\n\n- Follow this responsible disclosure policy\n- Act in good faith\n"
    (one,) = promises(text)
    assert (one.control, one.statement.lines) == ("report/safe-harbor", (5, 7, 8))


def test_what_was_once_fixed_is_no_promise() -> None:
    text = "# P\n\n## Advisories\n\n### Kill switch bypass (Fixed in v2.1.0)\n\n- Session store: unbounded queue without size limit\n\n## Recent Updates\n\n- 2025-09-13: Added comprehensive security testing to the pipeline\n"
    assert pairs(text) == []


def test_the_header_of_a_table_says_what_it_is_about() -> None:
    text = "# P\n\n## Supported Versions\n\nSecurity updates are currently provided for:\n\n| Version | Supported |\n|---|---|\n| `v1.0.x` | Yes |\n| `main` (next changes) | Best effort |\n"
    (one,) = promises(text)
    assert (one.control, one.statement.lines) == ("versions/supported-table", (9, 10))


def test_a_question_in_brackets_does_not_end_a_field() -> None:
    (one,) = promises("# P\n\n## Include this (makes triage fast)\n\n- affected versions\n- impact (what can an attacker do?) + assumptions / threat model\n")
    assert (one.control, one.statement.lines[-2:]) == ("report/required-fields", (5, 6))
