from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.cases import START, event, received
from tests.desk.clock_oracle import random_history
from troth.app.check import run_check
from troth.desk.events import EventKind as K
from troth.desk.measures import CaseLog, measures, observations, quantile
from troth.desk.plot import distribution, words
from troth.desk.promise_reading import desk_policy
from troth.desk.promises import DeskPolicy, Force, Limit
from troth.desk.spans import Elapsed
from troth.desk.statement import claim, sign_statement, statement
from troth.errors import EvidenceFileError, UsageError
from troth.ledger.binomial import at_least, at_most, beta_share, needed
from troth.ledger.desk_statement import verify_desk_statement
from troth.ledger.keys import key_id
from troth.policy import read
from troth.policy.match import match
from troth.terms.place import Place
from troth.terms.verdict import name_of

KEY = Ed25519PrivateKey.generate()
ID = key_id(KEY.public_key())


def tail(kept: int, cases: int, share: Fraction) -> Fraction:
    """Probability of at least so many kept, exactly."""
    return sum((math.comb(cases, number) * share**number * (1 - share) ** (cases - number) for number in range(kept, cases + 1)), Fraction(0))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 120), st.data())
def test_the_bound_is_where_the_exact_tail_meets_the_confidence(cases: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, cases))
    bound = at_least(kept, cases)

    assert tail(kept, cases, Fraction(bound) - Fraction(1, 10**9)) < Fraction(5, 100) < tail(kept, cases, Fraction(bound) + Fraction(1, 10**9))
    if kept < cases:
        upper = at_most(kept, cases)
        assert abs(1 - float(tail(kept + 1, cases, Fraction(upper))) - 0.05) < 1e-9


def test_the_bound_agrees_with_a_numeric_library_up_to_many_cases() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(3)
    for _ in range(300):
        cases = rng.choice((1, 2, 10, 59, 1_000, 100_000))
        kept = rng.randint(1, cases)
        assert at_least(kept, cases) == pytest.approx(stats.beta.ppf(0.05, kept, cases - kept + 1), abs=1e-9)
        x, a, b = rng.random(), rng.uniform(0.3, 200), rng.uniform(0.3, 200)
        assert beta_share(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-10)


def test_what_it_takes_to_say_so() -> None:
    assert (needed(0.95), needed(0.90), needed(0.99)) == (59, 29, 299)
    assert at_least(59, 59) > 0.95 > at_least(58, 58)
    assert (at_least(0, 0), at_least(0, 9), at_most(0, 0), at_most(9, 9)) == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("make", [lambda: at_least(3, 2), lambda: at_least(-1, 2), lambda: at_least(1, 2, 1.0), lambda: needed(1.0), lambda: needed(0.9, 0.0)])
def test_what_is_no_share_is_refused(make) -> None:
    with pytest.raises(UsageError):
        make()


TEXT = "# Security policy\n\n## Reporting a Vulnerability\n\nPlease e-mail security@maple-leaf.dev.\n\n### Response timeline\n\n- **Acknowledgment**: within 48 hours\n- **Status updates**: every 7 days\n"


def policy(text: str = TEXT) -> DeskPolicy:
    from troth.check.catalogue import shipped

    reading = read(text, "SECURITY.md")
    return desk_policy(reading, match(reading.statements, shipped()))


def case(number: int, acknowledged: float | None, start: float = 0, **data: object) -> CaseLog:
    name = f"C-{number}"
    events = [event(K.REPORT_RECEIVED, start, "reporter", name, channel=data.pop("channel", "form"))]
    if acknowledged is not None:
        events.append(event(K.REPORT_ACKNOWLEDGED, start + acknowledged, "team:ada", name))
    return CaseLog(policy(), tuple(events))


def measured(cases: list[CaseLog], hours: float, clock: str = "acknowledge"):
    found = measures(observations(cases, START + timedelta(hours=hours)))
    return next((one for one in found if one.clock == clock), None)


def test_what_is_late_and_open_counts_at_its_age_and_what_is_not_due_counts_neither_way() -> None:
    found = measured([case(1, 5), case(2, 47), case(3, None), case(4, 60), case(5, None, start=180)], 200)

    assert (found.cases, found.kept, found.overdue_open, found.pending) == (4, 2, 1, 1)
    assert found.longest == timedelta(hours=200)
    assert found.median == timedelta(hours=47)
    assert found.undone == (timedelta(hours=200),)


def test_the_auto_receipt_raises_no_count() -> None:
    log = case(1, None)
    with_receipt = CaseLog(log.policy, (*log.events, event(K.RECEIPT_SENT, 0.1, "system")))

    assert (measured([with_receipt], 10).kept, measured([with_receipt], 10).pending) == (0, 1)


def test_spam_is_told_apart_and_cannot_hide_a_miss() -> None:
    base = case(1, None)
    late_verdict = CaseLog(base.policy, (*base.events, event(K.REPORT_INVALIDATED, 60, reason="spam"), event(K.REPORT_CLOSED, 61, reason="spam")))
    in_time = CaseLog(base.policy, (*base.events, event(K.REPORT_INVALIDATED, 10, reason="spam"), event(K.REPORT_CLOSED, 11, reason="spam")))

    assert (measured([late_verdict], 99).cases, measured([late_verdict], 99).kept, measured([late_verdict], 99).spam) == (1, 0, (1, 0))
    assert (measured([in_time], 99).cases, measured([in_time], 99).cancelled) == (0, 1)


def test_each_round_of_updates_is_counted() -> None:
    log = case(1, 1)
    events = (*log.events, event(K.MESSAGE_SENT, 24 * 5), event(K.MESSAGE_SENT, 24 * 20))
    found = measured([CaseLog(log.policy, events)], 24 * 21, "update")

    assert (found.cases, found.kept, found.pending) == (3, 2, 1)


def test_a_promise_that_changed_is_counted_as_two() -> None:
    other = replace(policy(), digest="f" * 64)
    found = measures(observations([case(1, 5), CaseLog(other, case(2, 5).events)], START + timedelta(hours=9)))

    assert len([one for one in found if one.clock == "acknowledge"]) == 2


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_counts_add_up_whatever_happened(seed: int) -> None:
    rng = random.Random(seed)
    history = random_history(rng)
    found = observations([CaseLog(history.policy, history.events)], history.now, history.team)
    for one in measures(found):
        group = [each for each in found if each.group == (one.clock, one.policy, one.line, one.limit, one.severity, one.binding)]
        assert one.cases + one.pending + one.cancelled == len(group)
        assert one.kept + one.overdue_open <= one.cases == len(one.times)
        assert list(one.times) == sorted(one.times)
        assert sum(cases for _, cases, _ in one.channels) == one.cases


@settings(max_examples=100)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_a_quantile_is_a_time_that_occurred_and_holds_for_its_share(raw: list[int], share: float) -> None:
    times = sorted(timedelta(seconds=one) for one in raw)
    found = quantile(times, share)

    assert found in times
    assert sum(one <= found for one in times) >= share * len(times) - 1e-6
    assert sum(one < found for one in times) < share * len(times) + 1e-6


def signed(cases: list[CaseLog], hours: float = 500, **changes: object) -> str:
    now = START + timedelta(hours=hours)
    found = measures(observations(cases, now))
    told = statement(found, **{"project": "maple/leaf", "at": now, "period": (START, now), "policies": {policy().digest: "SECURITY.md"}, "version": "0", **changes})
    return sign_statement(told, KEY)


def test_a_third_party_verifies_with_one_file_and_a_key_id() -> None:
    content = signed([case(number, 5) for number in range(30)], checkpoint="origin\n30\nAAAA\n").encode()
    told = verify_desk_statement(content, trusted_id=ID)

    (first, *_) = [one for one in told.counted if one.clock == "acknowledge"]
    assert (first.control, first.cases, first.kept, first.line, first.limit) == ("report/ack-within", 30, 30, 9, "PT48H")
    assert first.at_least == pytest.approx(0.05 ** (1 / 30))
    assert told.checkpoint.startswith("origin")
    assert told.signer == ID


def test_a_statement_names_no_case_and_nobody() -> None:
    content = json.loads(signed([case(7, 5)]))
    import base64

    assert b"C-7" not in base64.b64decode(content["payload"])
    assert b"ada" not in base64.b64decode(content["payload"])


@pytest.mark.parametrize("spot", [30, 200, 700, -300])
def test_a_statement_that_was_changed_does_not_verify(spot: int) -> None:
    content = bytearray(signed([case(1, 5)]).encode())
    content[spot] ^= 1
    with pytest.raises(EvidenceFileError):
        verify_desk_statement(bytes(content), trusted_id=ID)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told["promises"][0].update(kept=9), "more kept"),
        (lambda told: told["promises"][0].update(atLeast=0.99), "bound above"),
        (lambda told: told["promises"][0].update(cases=-1), "no count"),
        (lambda told: told["promises"][0].update(policy="0" * 64), "not among its subjects"),
        (lambda told: told["promises"][0].update(binding="yes"), "malformed"),
        (lambda told: told.update(promises={}), "counts no promises"),
        (lambda told: told.update(period=None), "no period"),
        (lambda told: told.update(at="2020-01-01T00:00:00Z"), "before"),
        (lambda told: told.update(at="yesterday"), "no time"),
        (lambda told: told.update(project=3), "short text"),
    ],
)
def test_a_signed_statement_that_cannot_be_is_refused(change, says: str) -> None:
    now = START + timedelta(hours=100)
    told = statement(measures(observations([case(1, 5), case(2, 60)], now)), project="maple/leaf", at=now, period=(START, now), policies={policy().digest: "SECURITY.md"}, version="0")
    change(told["predicate"])
    with pytest.raises(EvidenceFileError, match=says):
        verify_desk_statement(sign_statement(told, KEY).encode(), trusted_id=ID)


def test_another_key_vouches_for_nothing() -> None:
    with pytest.raises(EvidenceFileError, match="not by"):
        verify_desk_statement(signed([case(1, 5)]).encode(), trusted_id="0" * 64)


def test_a_statement_without_its_policies_is_refused() -> None:
    with pytest.raises(UsageError, match="missing"):
        signed([case(1, 5)], policies={"f" * 64: "SECURITY.md"})


def test_a_claim_is_never_stronger_than_its_cases() -> None:
    assert "It takes 59 cases" in claim(measured([case(number, 5) for number in range(58)], 100)).says
    many = claim(measured([case(number, 5) for number in range(59)], 100))
    assert many.enough
    assert "It takes" not in many.says
    assert claim(measured([case(1, None)], 5)).says == "No case was due; 1 is not due yet: nothing can be said."
    assert "1 of the others still open" in claim(measured([case(1, 5), case(2, None)], 100)).says


# --- what check makes of it ---------------------------------------------------------------------------------------------------------------------------


def verdicts(tree: Path, cases: list[CaseLog] | None, *, settings_text: str | None = None, text: str = TEXT, made: float = 0.0) -> dict[str, tuple[str, str]]:
    """Verdict and reason by control, of a tree with a statement that was made `made` days before today."""
    from datetime import UTC, datetime

    tree.mkdir(exist_ok=True)
    (tree / "SECURITY.md").write_text(text)
    if cases is not None:
        now = datetime.now(UTC) - timedelta(days=made)
        shift = now - timedelta(hours=400) - START
        moved = [CaseLog(one.policy, tuple(replace(each, at=each.at + shift) for each in one.events)) for one in cases]
        told = statement(measures(observations(moved, now)), project="maple/leaf", at=now, period=(START + shift, now), policies={policy().digest: "SECURITY.md"}, version="0")
        (tree / "desk.json").write_text(sign_statement(told, KEY))
    (tree / "troth.toml").write_text(settings_text if settings_text is not None else f'[desk]\nstatement = "desk.json"\nkey = "{ID}"\n')
    found = run_check(tree).findings
    return {one.promise.control: (name_of(one.verdict), one.verdict.because) for one in found}


def test_check_takes_a_desk_s_statement_as_evidence(tmp_path: Path) -> None:
    assert verdicts(tmp_path, [case(number, 5) for number in range(20)])["report/ack-within"][0] == "kept"
    assert verdicts(tmp_path, [case(1, 5), case(2, 5), case(3, None)])["report/ack-within"][0] == "partly"
    assert verdicts(tmp_path, [case(1, 5), case(2, None), case(3, 60)])["report/ack-within"][0] == "broken"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"settings_text": ""}, "written down where they are handled"),
        ({"settings_text": f'[desk]\nstatement = "other.json"\nkey = "{ID}"\n'}, "cannot be read"),
        ({"settings_text": f'[desk]\nstatement = "desk.json"\nkey = "{"0" * 64}"\n'}, "does not verify"),
        ({"made": 101}, "more than 100 days"),
        ({"made": -3}, "future"),
        ({"text": TEXT + "\nAnd more.\n"}, "another text"),
        ({"cases": []}, "does not count"),
        ({"cases": [case(1, None, start=390)]}, "was due yet"),
    ],
)
def test_a_statement_that_is_missing_stale_unsigned_or_of_something_else_decides_nothing(tmp_path: Path, change: dict, says: str) -> None:
    found = verdicts(tmp_path, **{"cases": [case(1, 5)], **change})["report/ack-within"]

    assert found[0] == "unknown"
    assert says in found[1]


@pytest.mark.parametrize(
    "text",
    ['[desk]\nstatement = "../x.json"\nkey = "%s"' % ID, '[desk]\nstatement = "x.json"\nkey = "abc"', '[desk]\nstatement = "x.json"\nkey = "%s"\nmax_age_days = 0' % ID, '[desk]\ncolour = "red"', "desk = 3"],
)
def test_settings_of_a_desk_are_read_strictly(tmp_path: Path, text: str) -> None:
    from troth.errors import SettingsError

    with pytest.raises(SettingsError):
        verdicts(tmp_path, None, settings_text=text)


# --- the picture --------------------------------------------------------------------------------------------------------------------------------------


def test_the_picture_is_well_formed_says_what_it_shows_and_holds_no_script() -> None:
    found = measured([case(1, 5), case(2, 47), case(3, None)], 200)
    picture = distribution(found, timedelta(hours=48), 'Acknowledged <b> & "in time"', identity='x" onload="y')
    root = ElementTree.fromstring(picture)

    assert root.attrib["role"] == "img"
    title, desc = root[0], root[1]
    assert title.text == 'Acknowledged <b> & "in time"'
    assert "2 of 3 in time; promised: 48 h" in desc.text
    assert f"{title.attrib['id']} {desc.attrib['id']}" == root.attrib["aria-labelledby"]
    assert "onload=" not in picture
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 1


def test_a_picture_of_nothing_says_so_and_one_of_many_stays_small() -> None:
    empty = measured([case(1, None)], 1)
    assert "No case was due yet" in distribution(empty, None, "x")
    many = replace(empty, cases=50_000, kept=50_000, times=tuple(timedelta(seconds=number) for number in range(50_000)), median=timedelta(1), p95=timedelta(1), longest=timedelta(1))
    assert len(distribution(many, timedelta(hours=48), "x")) < 40_000


def test_times_are_told_as_people_do() -> None:
    assert [words(timedelta(minutes=number)) for number in (36, 47 * 60, 12 * 1440)] == ["36 min", "47 h", "12 d"]


def test_an_aim_that_is_missed_is_never_broken(tmp_path: Path) -> None:
    aim = DeskPolicy("0" * 64, acknowledge=Limit(Elapsed(3600), Force.AIM, Place("SECURITY.md", 1)))
    found = measures(observations([CaseLog(aim, (received(),))], START + timedelta(hours=9)))

    assert (found[0].binding, found[0].kept, found[0].overdue_open) == (False, 0, 1)
