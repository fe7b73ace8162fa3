from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.check.catalogue import shipped
from troth.desk.events import Severity
from troth.desk.policy_record import from_json, to_json
from troth.desk.promise_reading import desk_policy
from troth.desk.promises import DeskPolicy, Force
from troth.errors import DeskError, UsageError
from troth.policy import read
from troth.policy.match import match

ROOT = Path(__file__).resolve().parents[2]


def policy(text: str) -> DeskPolicy:
    reading = read(text, "SECURITY.md")
    return desk_policy(reading, match(reading.statements, shipped()))


def times(text: str) -> dict[str, str]:
    found = policy(text)
    told = {name: getattr(found, name) for name in ("acknowledge", "assess", "plan", "update", "embargo", "not_before", "not_before_release")}
    fixes = {f"fix.{severity}": fix.limit or fix.target for severity, fix in found.fix.items()}
    return {name: f"{limit.span}{'' if limit.binding else '~'}" for name, limit in {**told, **fixes}.items() if limit is not None}


def test_the_facts_of_the_specification_are_read_without_an_edit() -> None:
    if "TROTH_SEEDS" not in os.environ:
        pytest.skip("TROTH_SEEDS does not name the policies")
    spec = importlib.util.spec_from_file_location("eval_desk", ROOT / "tools" / "eval_desk.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    _, wrong, seen = tool.compare(Path(os.environ["TROTH_SEEDS"]))

    assert wrong == []
    assert seen == len(tool.FACTS) == 5


LIST = """# Security policy

## Reporting a Vulnerability

Please e-mail security@maple-leaf.dev.

### Response timeline

{lines}
"""


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("- **Acknowledgment**: within 48 hours\n- **Initial assessment**: within 5 business days", {"acknowledge": "PT48H", "assess": "P5BD"}),
        ("- We aim to acknowledge your report within 3 days", {"acknowledge": "P3D~"}),
        ("- We will send status updates every two weeks", {"update": "P14D"}),
        ("- **Critical**: fix within 1-2 weeks\n- **Low**: fix within 3 months", {"fix.critical": "P14D", "fix.low": "P3M"}),
        ("- **Resolution**: Target 30 days for non-critical, 7 days for critical", {"fix.any": "P30D~", "fix.critical": "P7D~"}),
        ("- We will provide a timeline for a fix within 10 days", {"plan": "P10D"}),
        ("We aim to acknowledge within **48 hours** and provide a remediation plan or patch ETA within **7 days**.", {"acknowledge": "PT48H~", "plan": "P7D~"}),
        ("| Severity | Fix |\n|---|---|\n| Critical | 7 days |\n| High | 30 days |", {"fix.critical": "P7D", "fix.high": "P30D"}),
        ("| Timeframe | Action |\n|---|---|\n| 24 hours | Acknowledgment of report |\n| 30 days | Fix development |", {"acknowledge": "PT24H", "fix.any": "P30D"}),
        ("Treat these as targets rather than an SLA.\n\n- **Acknowledgment**: within 48 hours", {"acknowledge": "PT48H~"}),
        ("- **Initial assessment**: within five business days for high-severity reports", {"assess": "P5BD~"}),
        ("- **Day 0**: Report\n- **Day 1-2**: Acknowledgment sent\n- **Day 3-7**: Assessment\n- **Day 45+**: Public disclosure", {"acknowledge": "P2D", "assess": "P7D", "not_before": "P45D"}),
        ("- **Fix timeline**: typically 14-30 days depending on severity", {"fix.any": "P30D~"}),
        ("- **Fix Timeline**: Depends on severity\n  - Critical: 7-14 days\n  - Low: 60-90 days", {"fix.critical": "P14D", "fix.low": "P90D"}),
        ("- **Resolution**: Varies by severity (P0: immediate, P1: 1 week, P2: 1 month)", {"fix.high": "P7D", "fix.medium": "P1M"}),
        ("- Fix for critical issues: 14 days; high: 30 days.", {"fix.critical": "P14D", "fix.high": "P30D"}),
        ("We will acknowledge receipt within 48 hours and aim to release a fix within 7 days for critical issues.", {"acknowledge": "PT48H", "fix.critical": "P7D~"}),
        ("| Event | Target |\n|---|---|\n| Initial triage | **≤ 5 business days** |\n| Patch release (Critical/High) | **≤ 30 days** |", {"assess": "P5BD", "fix.critical": "P30D", "fix.high": "P30D"}),
        ("| Severity | Score | Expected Response |\n|---|---|---|\n| High | 7.0 | Patch within 30 days |", {"fix.high": "P30D"}),
        ("Critical vulnerabilities are fixed within 14 days, high severity within 30 days.", {"fix.critical": "P14D", "fix.high": "P30D"}),
        ("We fix critical issues within 7 days, high within 14 days, and medium within 60 days.", {"fix.critical": "P7D", "fix.high": "P14D", "fix.medium": "P60D"}),
        ("- Please rotate your keys within 30 days", {}),
    ],
)
def test_a_policy_s_words_become_typed_times(lines: str, wanted: dict[str, str]) -> None:
    assert times(LIST.format(lines=lines)) == wanted


@pytest.mark.parametrize(
    ("line", "agreed"),
    [
        ("- **Bug bounty**: not offered at present, but we welcome responsible disclosure", True),
        ("- **Bug bounty**: none. We do not follow coordinated disclosure", False),
        ("- **Bug bounty**: none", False),
    ],
)
def test_disclosure_by_agreement_may_be_said_in_passing(line: str, agreed: bool) -> None:
    assert policy(f"# Security\n\n## Contact\n\n- **E-mail**: security@maple-leaf.dev\n{line}\n").coordinated is agreed


def test_a_range_has_a_target_and_a_limit() -> None:
    fix = policy(LIST.format(lines="- **High**: fix within 2-4 weeks")).fix_for(Severity.HIGH)

    assert (str(fix.target.span), str(fix.limit.span)) == ("P14D", "P28D")
    assert fix.target.force is Force.AIM
    assert fix.limit.binding
    assert policy(LIST.format(lines="- **High**: fix within 2-4 weeks")).fix_for(Severity.LOW) is None


def test_a_cadence_without_a_number_is_a_need_and_a_number_settles_it() -> None:
    found = policy(LIST.format(lines="- **Updates**: We will send you regular updates about our progress"))

    assert [(need.setting, need.place.line) for need in found.needs] == [("update", 9)]
    assert found.update is None
    settled = found.settled("update", "P14D")
    assert (str(settled.update.span), settled.needs, settled.update.place.line) == ("P14D", (), 9)
    assert settled.digest == found.digest


@pytest.mark.parametrize(("setting", "span"), [("updates", "P7D"), ("update", "regular"), ("update", "P0D"), ("fix.urgent", "P7D"), ("acknowledge.high", "P7D"), ("update", "P99999D")])
def test_what_is_no_setting_or_no_time_is_refused(setting: str, span: str) -> None:
    with pytest.raises(UsageError):
        policy(LIST.format(lines="")).settled(setting, span)


def test_a_contact_in_doubt_says_why() -> None:
    found = policy("# Security\n\n## Reporting a Vulnerability\n\nPlease email security@maple-leaf.dev (if available).\n\nOr open a private security advisory on GitHub.\n")

    assert [(one.kind, bool(one.doubt)) for one in found.channels] == [("email", True), ("ghsa", False)]


def test_pauses_are_there_only_where_the_policy_says_so() -> None:
    assert policy(LIST.format(lines="- **Fix**: within 30 days")).pauses.clocks == frozenset()
    found = policy(LIST.format(lines="- **Fix**: within 30 days\n- The clock stops while we wait for information from the reporter, for at most 14 days in all."))
    assert (found.pauses.clocks, found.pauses.cap_days) == ({"assess", "fix", "develop"}, 14)


RICH = LIST.format(
    lines="- **Acknowledgment**: within 48 hours\n- **Updates**: regular updates about our progress\n- **Critical**: fix within 1-2 weeks\n- **Day 7-30**: Fix development\n- **Day 30+**: Public disclosure\n"
    "\n## Supported Versions\n\n| Version | Supported |\n|---|---|\n| 1.0.x | :white_check_mark: |\n| < 1.0 | :x: |\n\n## Out of scope\n\n- Social engineering attacks\n\nInclude in your report:\n\n- Description\n- Steps to reproduce\n"
)


def test_a_policy_comes_back_equal_from_its_record() -> None:
    found = policy(RICH)

    assert found.develop
    assert found.needs
    assert found.scope
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_record_is_refused_or_reads_as_a_policy_and_never_crashes(data: st.DataObject) -> None:
    record = json.loads(json.dumps(to_json(policy_of_rich())))
    spots = [record]
    while isinstance(spots[-1], (dict, list)) and spots[-1] and data.draw(st.integers(0, 3)):
        spot = spots[-1]
        spots.append(spot[data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))])
    holders = [spot for spot in spots if isinstance(spot, (dict, list)) and spot]
    holder = holders[-1]
    key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = data.draw(st.sampled_from([None, 3, -1, "x", [], {}, [1], {"a": 1}, True]))
    try:
        assert isinstance(from_json(record), DeskPolicy)
    except DeskError as error:
        assert str(error)


_RICH: list[DeskPolicy] = []


def policy_of_rich() -> DeskPolicy:
    if not _RICH:
        _RICH.append(policy(RICH))
    return _RICH[0]
