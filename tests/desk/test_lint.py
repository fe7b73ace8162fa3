from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from troth.check.catalogue import shipped
from troth.desk.lint import Finding, Weight, lint_desk
from troth.desk.promise_reading import desk_policy
from troth.policy import read, read_bytes
from troth.policy.match import match

# what a person found in the policies of the specification, by the digest of the text: rule and lines
FOUND = {
    "dbf9c884": set(),
    "dae1604f": {("no-number", (171,)), ("unfilled-contact", (181,))},
    "4fc193dd": {("contact-not-named", (22,)), ("no-sure-channel", (22,)), ("aim-only", (33,))},
    "116197cf": {
        ("supported-and-not", (9, 10)), ("unfilled-contact", (21,)), ("no-number", (35,)), ("needs-a-number", (35,)), ("limit-before-timeline", (36, 169, 170)),
        ("unfilled-contact", (241,)), ("aim-only", (36,)),
    },
    "cc6c455a": {("one-of", (29, 30)), ("unfilled-contact", (77,)), ("no-sure-channel", (77,))},
}  # fmt: skip


def lines(finding: Finding) -> tuple[int, ...]:
    return tuple(place.line for place in finding.places)


def findings(text: str) -> list[Finding]:
    reading = read(text, "SECURITY.md")
    promises = match(reading.statements, shipped())
    return list(lint_desk(reading, promises, desk_policy(reading, promises)))


def rules(text: str) -> set[str]:
    return {finding.rule for finding in findings(text)}


def test_all_that_a_person_found_in_the_policies_of_the_specification_is_reported_and_nothing_else() -> None:
    if "TROTH_SEEDS" not in os.environ:
        pytest.skip("TROTH_SEEDS does not name the policies")
    seen = {}
    for path in sorted(Path(os.environ["TROTH_SEEDS"]).glob("*.md")):
        reading = read_bytes(path.read_bytes(), path.name)
        promises = match(reading.statements, shipped())
        told = lint_desk(reading, promises, desk_policy(reading, promises))
        seen[hashlib.sha256(path.read_bytes()).hexdigest()[:8]] = {(one.rule, lines(one)) for one in told}

    assert seen == FOUND


POLICY = """# Security policy

## Reporting a Vulnerability

{contact}

### Response timeline

{lines}
"""
GOOD = "Please e-mail security@maple-leaf.dev."


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("- **Acknowledgment**: within 7 days\n- **Initial assessment**: within 72 hours", "ack-after-assessment"),
        ("- **Initial assessment**: within 14 days\n- **Critical**: fix within 7 days", "fix-before-assessment"),
        ("- We will provide a timeline for a fix within 30 days\n- We will fix critical issues within 7 days", "fix-before-plan"),
        ("- **Critical**: fix within 60 days\n- **Low**: fix within 14 days", "severities-upside-down"),
        ("- We will fix critical issues within 7 days\n- We aim to fix critical issues within 30 days", "aim-beyond-limit"),
        ("- We fix issues within 90 days\n- We publicly disclose issues within 30 days", "disclosure-before-fix"),
        ("- **Acknowledgment**: within 48 hours\n\n### Again\n\n- **Acknowledgment**: within 72 hours", "two-limits"),
        ("- **Updates**: regular updates about our progress", "needs-a-number"),
        ("- We aim to acknowledge reports within 3 days", "aim-only"),
        ("- **Day 7-30**: Fix development\n- **Day 90+**: Public disclosure\n- We disclose publicly after 60 days", "no-day-to-disclose"),
        ("Use this section to tell people how to report a vulnerability.", "template-left-in"),
        ("Do not report vulnerabilities to us over email.", "closed-channel"),
        ("## Supported Versions\n\n| Version | Supported |\n|---|---|\n| 1.x | :x: |\n", "nothing-supported"),
        ("## Our work\n\nWe will:\n\n1. Prepare fixes for all supported versions", "lines-not-named"),
    ],
)
def test_a_flaw_is_named(lines: str, rule: str) -> None:
    assert rule in rules(POLICY.format(contact=GOOD, lines=lines))


@pytest.mark.parametrize(
    "lines",
    [
        "- **Acknowledgment**: within 48 hours\n- **Initial assessment**: within 7 days\n- **Critical**: fix within 14 days\n- **Low**: fix within 90 days",
        "- **Acknowledgment**: within 3 business days\n- **Initial assessment**: within 5 days",
        "- **Acknowledgment**: within 7 days\n- We assess reports within 2 days after acknowledgement",
        "- **Acknowledgment**: within 48 hours\n- Requests time out after 30 seconds of validation",
        "- **Initial assessment**: within 7 days\n- **Critical**: fix within 7 days\n- **High**: fix within 7 days",
        "- We disclose publicly 7 days after the fix is released\n- **Critical**: fix within 30 days",
        "- **Initial assessment**: within 7 days\n\n| Severity | Response Time |\n|---|---|\n| Medium | 1-2 weeks |",
        "- **Assessment**: within 7 days\n- **Fix timeline**: typically 1-4 weeks",
        "- **Resolution**: Varies by severity (P1: 1 week, P2: 1 month)",
        "- Please do not include sensitive details in unencrypted e-mail.",
    ],
)
def test_a_policy_in_order_has_no_remark(lines: str) -> None:
    assert rules(POLICY.format(contact=GOOD, lines=lines)) <= {"aim-only"}


def test_a_policy_without_a_channel_stops_a_desk_and_says_so_first() -> None:
    found = findings(POLICY.format(contact="We take security seriously.", lines="- **Updates**: regular updates about our progress"))

    assert (found[0].rule, found[0].weight) == ("no-private-channel", Weight.STOPS)
    assert [finding.weight for finding in found] == sorted(finding.weight for finding in found)
    assert next(finding for finding in found if finding.rule == "needs-a-number").setting == "update"


def test_no_policy_of_others_is_called_contradictory_without_reason() -> None:
    """Remarks about policies that nobody wrote for this: each contradiction was looked at by a person, and is listed by the digest of its text."""
    folder = os.environ.get("TROTH_REPOS")
    if not folder:
        pytest.skip("TROTH_REPOS does not name the clones")
    known = {"one-of": {"cc6c455a"}, "supported-and-not": {"116197cf"}, "limit-before-timeline": {"116197cf"}, "fix-before-assessment": {"6412014b"}}
    looked = 0
    for path in sorted([*Path(folder).glob("*/SECURITY.md"), *Path(folder).glob("*/.github/SECURITY.md")]):
        reading = read_bytes(path.read_bytes(), "SECURITY.md")
        promises = match(reading.statements, shipped())
        told = lint_desk(reading, promises, desk_policy(reading, promises))
        looked += 1
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        surprising = [one for one in told if len(one.places) > 1 and one.rule not in ("no-sure-channel",) and digest not in known.get(one.rule, set())]
        assert not surprising, surprising
    assert looked
