"""What a sentence's surroundings do to it: lead-ins, tables of threats, checklists, calls for attention; and what a promise is about."""

from __future__ import annotations

import pytest

from tests.policy_match.test_match import pairs, promises
from troth.policy.sections import type_of
from troth.terms.promise import Section


def test_a_lead_in_that_names_a_way_stays_where_only_fields_stand_below() -> None:
    text = "# P\n\n## Reporting\n\nPlease report it through **GitHub Security Advisories**:\n\n1. Describe the issue and its impact\n2. Include steps to reproduce\n"
    assert {control for _, control in pairs(text)} == {"report/private-contact", "report/required-fields"}


def test_a_lead_in_that_names_a_way_gives_way_to_the_ways_below_it() -> None:
    text = "# P\n\n## Reporting\n\nInstead, please report them via email to:\n\n- security@example.org\n"
    assert [control for _, control in pairs(text)] == ["report/private-contact"]


@pytest.mark.parametrize("lead", ["Scan published images:", "Verify the image signature:", "Check dependencies for vulnerabilities:"])
def test_a_lead_in_that_says_what_a_sample_does_orders_nothing(lead: str) -> None:
    assert [control for _, control in pairs(f"# P\n\n## Verification\n\n{lead}\n\n```bash\nscanner --all image\n```\n")] == ["policy/samples-run"]


@pytest.mark.parametrize("lead", ["Never log passwords or tokens:", "Secrets must be provided via environment variables:"])
def test_a_lead_in_that_orders_is_a_promise_beside_its_sample(lead: str) -> None:
    found = {control for _, control in pairs(f"# P\n\n## Practices\n\n{lead}\n\n```python\nlog.info('signed in')\n```\n")}
    assert "policy/samples-run" in found
    assert len(found) == 2


def test_a_sample_is_not_part_of_a_line_that_only_says_when() -> None:
    assert pairs("# P\n\n## Containers\n\nWhen running in Docker:\n\n```yaml\n# docker compose\nservices:\n  app:\n    user: '1001'\n```\n") == [(8, "policy/samples-run")]


def test_what_must_not_be_published_is_one_promise_with_its_list() -> None:
    (one,) = promises("# P\n\n## Reporting\n\nDo not publish reproduction details for:\n\n- Sandbox escapes\n- Firewall bypasses\n- Leaked credentials\n")
    assert one.control == "report/no-public-issue"
    assert {7, 8, 9} <= set(one.statement.lines)


def test_a_row_of_threats_promises_its_remedy_even_under_a_heading_of_scope() -> None:
    head = "# P\n\n### Threats We Protect Against\n\n| Threat | Scenario | Mitigation |\n|---|---|---|\n"
    assert pairs(f"{head}| **Interception** | Traffic is read on its way | All provider calls use TLS 1.2 |\n") == [(7, "transport/tls-required")]
    assert pairs(f"{head}| **Token theft** | A token is copied | Tokens are stored in the OS keyring |\n") == [(7, "secrets/external-store")]


def test_a_row_without_a_remedy_is_scope() -> None:
    assert pairs("# P\n\n### Threats We Don't Protect Against\n\n| Threat | Why |\n|---|---|\n| Stolen laptops | Use disk encryption |\n") == [(7, "scope/declared")]


def test_a_checklist_hands_nothing_down_to_its_lines() -> None:
    assert not pairs("# P\n\n## Security Checks\n\n### Security Scanning Checklist for Pull Requests\n\n- [ ] Financial wording carries its notes\n")


@pytest.mark.parametrize("call", ["**IMPORTANT**: ", "**Note:** ", "**Warning** - ", ""])
def test_a_call_for_attention_is_no_part_of_what_is_said(call: str) -> None:
    assert pairs(f"# P\n\n## Access Control\n\n{call}Always configure the list of allowed users.\n") == [(5, "auth/allowlist")]


def test_where_credit_is_given_is_no_way_to_report() -> None:
    assert [control for _, control in pairs("# P\n\n## What to Expect\n\n- You will be credited in the release notes and GitHub Security Advisory\n")] == ["disclosure/credit-reporter"]


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("Security model and scope", Section.FEATURES),
        ("Scope & Threat Model", Section.FEATURES),
        ("Scope", Section.SCOPE_IN),
        ("Threat Model", Section.SCOPE_IN),
        ("What This Project Does NOT Handle", Section.SCOPE_OUT),
        ("For other security concerns:", Section.CONTACT),
        ("Preferred channel: open a private advisory on GitHub:", Section.REPORTING),
        ("Security Advisories", Section.DISCLOSURE),
        ("Version | Date | Security Changes", Section.OTHER),
    ],
)
def test_types_of_headings_that_share_their_words(heading: str, section: Section) -> None:
    assert type_of(heading) is section


@pytest.mark.parametrize(
    ("heading", "sentence", "name", "value"),
    [
        ("Features", "The interpreter process is sandboxed", "what", "The interpreter process"),
        ("Features", "Safe evaluation: only literal values are accepted, in a sandbox", "what", "literal values only"),
        ("Models", "Never load untrusted .pkl files from unknown sources", "what", ".pkl files"),
        ("Publishing", "Follow the principle of least privilege", "what", "least privilege"),
        ("Features", "Set rate limits on your API provider", "where", "API provider"),
        ("Features", "The server requires an API key when binding to 0.0.0.0", "when", "host in 0.0.0.0"),
        ("Review", "Code review is required for all changes", "scope", "all changes"),
    ],
)
def test_what_a_promise_is_about_is_read_from_its_words(heading: str, sentence: str, name: str, value: str) -> None:
    found = promises(f"# P\n\n## {heading}\n\n- {sentence}\n")
    assert value in [one.params.values.get(name) for one in found]


def test_what_the_words_do_not_say_is_left_out() -> None:
    (one,) = promises("# P\n\n## Features\n\n- All code is sandboxed\n")
    assert {"where", "when"}.isdisjoint(one.params.values)


def test_in_a_list_of_what_is_trusted_every_line_draws_the_line() -> None:
    found = pairs("# P\n\n## Threat Model\n\n**The library trusts:**\n\n- The kernel it runs on\n- Frames that a resolver hands over\n\nWorker processes are sandboxed.\n")
    assert [control for _, control in found] == ["scope/declared", "scope/declared", "exec/untrusted-code-sandboxed"]


def test_prose_about_the_page_draws_no_line_under_a_threat_model() -> None:
    assert pairs("# P\n\n## Threat Model\n\nThis section describes threats in general.\n") == []


def test_what_is_not_allowed_is_no_list_of_exclusions() -> None:
    found = pairs("# P\n\n## What is NOT allowed\n\n- No write access to any resource\n")
    assert "scope/declared" not in [control for _, control in found]


def test_lines_that_explain_an_order_belong_to_it() -> None:
    found = pairs("# P\n\n## For Users\n\n1. **Never commit `.env`**\n   - Holds tokens of the whole team\n   - Kept out by the ignore file\n")
    assert len(found) == 1
    assert found[0][1] == "secrets/env-ignored"
