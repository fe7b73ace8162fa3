"""Lead-ins that claim, headings that deny, stamps, links that only point, questions; and values that a word of the field names."""

from __future__ import annotations

import pytest

from tests.policy_match.test_match import pairs, promises
from troth.policy import read
from troth.terms.promise import Modality


def test_a_heading_that_forbids_public_issues_is_the_promise() -> None:
    text = "# P\n\n## Reporting\n\n### 1. Do NOT create a public GitHub issue\n\nVulnerabilities should be reported privately, so that nobody is put at risk.\n"
    assert pairs(text) == [(5, "report/no-public-issue")]


def test_a_heading_and_the_sentence_that_says_it_again_are_one_promise() -> None:
    (one,) = promises("# P\n\n## Reporting\n\n### Do NOT open a public issue\n\nPlease do not report vulnerabilities in public issues.\n")
    assert one.statement.lines == (5, 7)


@pytest.mark.parametrize(
    ("lead", "control"),
    [
        ("The server supports two authentication methods:", "auth/required"),
        ("The project runs automated security scanning on every pull request:", "code/scan-tool-runs"),
    ],
)
def test_a_claim_over_headings_stands_alone(lead: str, control: str) -> None:
    assert pairs(f"# P\n\n## Features\n\n{lead}\n\n### First\n\nWords.\n") == [(5, control)]


def test_a_lead_in_that_announces_stays_silent() -> None:
    assert pairs("# P\n\n## Features\n\nThe application implements several security measures:\n\n### First\n\nWords.\n") == []


def test_lines_that_date_the_policy_are_one_stamp() -> None:
    (one,) = promises("# P\n\n## Words\n\n---\n\n**Last Updated**: 2025-10-24\n**Version**: 0.1.0\n")
    assert one.control == "policy/current"
    assert (one.params.text("last_updated"), one.params.text("version")) == ("2025-10-24", "0.1.0")


def test_an_effective_date_is_no_last_change() -> None:
    (one,) = promises("# P\n\n**Effective Date**: 2026-02-26\n")
    assert "last_updated" not in one.params.values


def test_declared_dependencies_are_one_promise() -> None:
    text = "# P\n\n## Dependencies\n\nRuntime dependencies:\n\n- `alpha`: schemas - trusted, widely used\n- `beta`: colours - trusted, widely used\n"
    (one,) = promises(text)
    assert one.control == "deps/reviewed"
    assert one.params.texts("declared") == ("alpha", "beta")


def test_a_link_to_where_the_forge_shows_something_promises_nothing_of_it() -> None:
    text = "# P\n\n## Results\n\nView the current state:\n\n- [Code Scanning](https://forge.example/security/code-scanning)\n- [Dependabot Alerts](https://forge.example/security/dependabot)\n"
    assert {control for _, control in pairs(text)} == {"policy/references-live"}


@pytest.mark.parametrize("question", ["Could this lead to memory corruption?", "Does this affect the sandbox?", "Are user credentials at risk?"])
def test_a_question_to_the_reader_promises_nothing(question: str) -> None:
    assert pairs(f"# P\n\n## Checklist\n\n- [ ] {question}\n") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Public disclosure of vulnerabilities can put users at risk.",
        "To receive security updates, please watch the repository and its releases.",
        "Prompt injection is an attack in which a text tricks a model.",
        "For security updates and announcements, watch this repository.",
        "TLS (Transport Layer Security) encrypts all communication between two ends.",
    ],
)
def test_reasons_steps_and_explanations_promise_nothing(sentence: str) -> None:
    assert pairs(f"# P\n\n## Notes\n\n{sentence}\n") == []


def test_what_a_scanner_looks_for_is_no_promise_of_its_authors() -> None:
    assert pairs("# P\n\n## Features\n\n### Supported Security Rules\n\n- **Injection Attacks**: SQL injection, command injection\n") == []


@pytest.mark.parametrize(
    ("heading", "sentence", "control", "name", "value"),
    [
        ("Headers", "Secure Headers: HSTS, CSP, X-Frame-Options", "http/security-headers", "headers", ("HSTS", "CSP", "X-Frame-Options")),
        ("Releases", "SBOM: CycloneDX bill of materials attached to releases", "build/sbom", "format", "cyclonedx"),
        ("Limits", "File size limits prevent denial of service", "resources/limited", "what", "file size"),
        ("CI/CD", "Structured security event logging", "audit/trail", "where", "CI"),
        ("Scanning", "Safety/pip-audit: Dependency vulnerability scanning", "deps/vuln-scan", "tool", "safety, pip-audit"),
        ("Dependency Scanning", "**Tool**: [Safety](https://forge.example/safety)", "deps/vuln-scan", "tool", "safety"),
        ("Production", "Set `DEBUG=false` in production", "defaults/safe", "value", "false"),
        ("Out of Scope", "Issues requiring physical access to the host", "scope/declared", "item", "physical access to the host"),
        ("Out of Scope", "Untrusted content provided via uploads", "scope/declared", "item", "untrusted content"),
        ("Updates", "Critical: Immediate release (< 24 hours)", "fix/within", "within", "PT24H"),
        ("Reporting", "We will send you regular updates, at minimum every 7 days", "report/status-updates", "cadence", "P7D"),
        ("Review", "Required security reviews for sensitive changes", "branch/review-required", "scope", "security-sensitive"),
        ("Advisories", "Security updates are documented in the changelog", "disclosure/advisory-published", "channel", "changelog"),
    ],
)
def test_values_that_a_word_names(heading: str, sentence: str, control: str, name: str, value: object) -> None:
    found = promises(f"# P\n\n## {heading}\n\n- {sentence}\n")
    assert [(one.control, one.params.values.get(name)) for one in found] == [(control, value)]


def test_a_full_response_is_an_assessment_and_no_second_acknowledgement() -> None:
    found = promises("# P\n\n## Reporting\n\nYou can expect an acknowledgement within 48 hours and a full response within 7 days.\n")
    assert [(one.control, one.params.text("within")) for one in found] == [("report/ack-within", "PT48H"), ("report/assess-within", "P7D")]


@pytest.mark.parametrize("sentence", ["Access tokens expire automatically", "Clear error messages name the setting"])
def test_a_noun_that_looks_like_an_order_is_none(sentence: str) -> None:
    (one,) = read(f"# P\n\n## Security Features\n\n- {sentence}\n", "SECURITY.md").statements[-1:]
    assert one.modality is Modality.FEATURE


@pytest.mark.parametrize(
    ("sentence", "heard"),
    [
        ("Catches anything that bypassed pre-commit (e.g., `--no-verify`).", "dev/pre-commit-hooks"),
        ("HTTPS is an opt-in upgrade, configured after installation.", "transport/tls-required"),
        ("Time to respond to P0 incident: < 1 hour", "report/ack-within"),
        ("MCP clients generate a code verifier for each authorization request", "mcp/server-vetted"),
        ("Only users on the allowlist can send commands", "exec/command-allowlist"),
        ("LLM Cost Tracker handles API keys and cost data.", "ops/monitored"),
        ("The gateway acts as a reverse proxy for model calls.", "network/isolated"),
        ("Users must comply with applicable securities laws.", "compliance/claim-backed"),
    ],
)
def test_sentences_that_were_heard_as_another_control(sentence: str, heard: str) -> None:
    assert heard not in [control for _, control in pairs(f"# P\n\n## Security\n\n- {sentence}\n")]
