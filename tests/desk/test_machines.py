from __future__ import annotations

import random
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.cases import START, any_event, event, history, received
from troth.desk.events import EventKind as K
from troth.desk.events import make
from troth.desk.machines import (
    SKEW,
    Case,
    Consent,
    Credit,
    IntakeMode,
    Line,
    Mode,
    Publication,
    Report,
    TransitionError,
    apply,
    fold,
    fold_intake,
    legal,
)
from troth.desk.machines.case_state import Fact, after, histories, may_follow, states
from troth.desk.machines.report import _TABLE, MOVES


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_any_accepted_history_folds_to_the_same_state_and_every_prefix_to_its_own(seed: int, length: int) -> None:
    events, seen = history(random.Random(seed), length)

    assert fold(events) == seen[-1]
    for cut in range(0, length + 1, 7):
        assert fold(events[:cut]) == seen[cut]
        assert fold(events[cut:], fold(events[:cut])) == seen[-1]


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_not_listed_as_legal_is_refused_unless_no_machine_minds(seed: int) -> None:
    rng = random.Random(seed)
    _, seen = history(rng, rng.randint(1, 25))
    case = seen[-1]
    tried = any_event(rng, case.last + timedelta(hours=1))
    if tried.kind.value not in legal(case):
        with pytest.raises(TransitionError):
            apply(case, tried)


def test_the_report_moves_as_its_table_says_and_in_no_other_way() -> None:
    data = {K.REPORT_INVALIDATED: {"reason": "x"}, K.REPORT_DEFERRED: {"reason": "x"}, K.REPORT_CLOSED: {"reason": "fixed"}, K.REPORT_RECEIVED: {"channel": "x"}}
    reach = {
        Report.RECEIVED: [],
        Report.VALID: [K.REPORT_VALIDATED],
        Report.INVALID: [K.REPORT_INVALIDATED],
        Report.ACCEPTED: [K.REPORT_VALIDATED, K.REPORT_ACCEPTED],
        Report.DEFERRED: [K.REPORT_VALIDATED, K.REPORT_DEFERRED],
        Report.CLOSED: [K.REPORT_INVALIDATED, K.REPORT_CLOSED],
    }
    moved = refused = 0
    for state, way in reach.items():
        case = fold([received(), *(event(kind, hour + 1, **data.get(kind, {})) for hour, kind in enumerate(way))])
        assert case.report is state
        for kind in MOVES:
            tried = event(kind, 50, **data.get(kind, {}))
            if kind in _TABLE[state]:
                assert apply(case, tried).report is _TABLE[state][kind]
                moved += 1
            else:
                with pytest.raises(TransitionError):
                    apply(case, tried)
                refused += 1
    assert (moved, refused) == (10, 26)


def test_there_are_32_states_and_70_histories_and_both_agree() -> None:
    assert len(set(states())) == 32
    orders = set(histories())
    assert len(orders) == 70

    def allowed(order: tuple[Fact, ...]) -> bool:
        place = {fact: number for number, fact in enumerate(order)}
        return (
            place[Fact.V] < place[Fact.F] < place[Fact.D]
            and (place[Fact.P] < place[Fact.X] or place[Fact.P] == place[Fact.X] + 1)
            and (place[Fact.V] < place[Fact.P] or place[Fact.V] == place[Fact.P] + 1)
            and not (place[Fact.X] + 1 == place[Fact.P] and place[Fact.V] > place[Fact.P] + 1)
        )

    assert orders == {order for order in permutations(Fact) if allowed(order)}


@given(st.sampled_from(states()), st.sampled_from(list(Fact)))
def test_a_fact_only_adds_and_what_it_implies_is_there_at_once(facts, fact) -> None:
    found = after(facts, fact)

    assert facts | {fact} <= found
    assert found in states()
    assert not (Fact.X in found and Fact.P not in found)
    if fact in may_follow(facts) and fact is not Fact.X and (Fact.V in facts or fact is not Fact.P):
        assert found == facts | {fact}


def test_a_program_never_acknowledges() -> None:
    case = fold([received(), event(K.RECEIPT_SENT, 0, "system")])

    assert case.acknowledged is None
    with pytest.raises(TransitionError, match="only a person"):
        apply(case, event(K.REPORT_ACKNOWLEDGED, 1, "system"))
    assert apply(case, event(K.REPORT_ACKNOWLEDGED, 1)).acknowledged == START + timedelta(hours=1)


def test_a_refusal_says_why_and_what_would_be_possible() -> None:
    with pytest.raises(TransitionError, match=r"advisory.published is refused: there is no draft yet. Possible now: advisory.drafted\.") as caught:
        apply(fold([received()]), event(K.ADVISORY_PUBLISHED, 1))

    assert caught.value.legal == ("advisory.drafted",)
    assert caught.value.code == "desk-transition"


def test_a_clock_that_went_back_is_refused_beyond_the_skew() -> None:
    case = fold([received(10)])

    assert apply(case, make(K.NOTE_ADDED, case.last - SKEW, "team", "C-1")).last == case.last
    with pytest.raises(TransitionError, match="went back"):
        apply(case, make(K.NOTE_ADDED, case.last - SKEW - timedelta(microseconds=1), "team", "C-1"))


def test_another_case_s_event_is_refused() -> None:
    with pytest.raises(TransitionError, match="belongs to C-2"):
        apply(fold([received()]), event(K.NOTE_ADDED, 1, case="C-2"))


def embargoed(*more, until: float = 1000):
    return fold([received(), event(K.EMBARGO_PROPOSED, 1, until=START + timedelta(hours=until)), event(K.EMBARGO_ACCEPTED, 2, "reporter"), *more])


@pytest.mark.parametrize("kind", [K.PUBLIC_KNOWN, K.EXPLOIT_PUBLIC])
def test_an_embargo_ends_at_once_when_the_matter_is_public(kind: K) -> None:
    case = embargoed(event(kind, 5))

    assert case.embargo.mode is Mode.EXITED
    assert case.embargo.exited_at == START + timedelta(hours=5)
    assert case.public
    with pytest.raises(TransitionError, match="public"):
        apply(case, event(K.EMBARGO_PROPOSED, 6, until=START + timedelta(hours=99)))


def test_attacks_advise_to_end_an_embargo_and_do_not_end_it() -> None:
    case = embargoed(event(K.ATTACKS_OBSERVED, 5))

    assert case.embargo.mode is Mode.ACTIVE
    assert case.embargo.should_exit


def test_nothing_is_published_under_an_embargo_and_everything_is_once_it_has_lapsed() -> None:
    case = embargoed(event(K.ADVISORY_DRAFTED, 5), until=100)

    with pytest.raises(TransitionError, match="embargo is in force"):
        apply(case, event(K.ADVISORY_PUBLISHED, 99))
    assert apply(case, event(K.ADVISORY_PUBLISHED, 100)).advisory is Publication.PUBLISHED


def test_an_invitation_lapses_when_one_looks_and_a_late_answer_counts() -> None:
    case = embargoed(event(K.PARTICIPANT_INVITED, 3, participant="bob", rsvp=START + timedelta(hours=20)))

    assert case.embargo.consent_at("bob", START + timedelta(hours=19)) is Consent.INVITED
    assert case.embargo.consent_at("bob", START + timedelta(hours=20)) is Consent.LAPSED
    late = apply(case, event(K.PARTICIPANT_ACCEPTED, 500, "participant:bob", participant="bob"))
    assert late.embargo.consent_at("bob", START + timedelta(hours=501)) is Consent.SIGNATORY
    later = apply(case, event(K.PARTICIPANT_ACCEPTED, 5000, "participant:bob", participant="bob"))
    assert later.embargo.consent_at("bob", START + timedelta(hours=5001)) is Consent.SIGNATORY
    assert later.embargo.mode_at(START + timedelta(hours=5001)) is Mode.EXITED


def test_the_date_to_answer_by_is_never_after_the_end() -> None:
    case = embargoed(event(K.PARTICIPANT_INVITED, 3, participant="bob", rsvp=START + timedelta(hours=2000)))
    assert case.embargo.rsvp("bob") == START + timedelta(hours=1000)

    shorter = fold([event(K.EMBARGO_PROPOSED, 4, until=START + timedelta(hours=50)), event(K.EMBARGO_ACCEPTED, 5)], case)
    assert shorter.embargo.rsvp("bob") == START + timedelta(hours=50)


def test_a_longer_embargo_needs_everyone_s_word_again_and_a_shorter_one_does_not() -> None:
    joined = embargoed(event(K.PARTICIPANT_INVITED, 3, participant="bob"), event(K.PARTICIPANT_ACCEPTED, 4, participant="bob"))
    longer = fold([event(K.EMBARGO_PROPOSED, 5, until=START + timedelta(hours=1500)), event(K.EMBARGO_ACCEPTED, 6)], joined)
    shorter = fold([event(K.EMBARGO_PROPOSED, 5, until=START + timedelta(hours=500)), event(K.EMBARGO_ACCEPTED, 6)], joined)

    assert longer.embargo.participants["bob"].consent is Consent.LAPSED
    assert shorter.embargo.participants["bob"].consent is Consent.SIGNATORY
    assert apply(longer, event(K.PARTICIPANT_ACCEPTED, 7, participant="bob")).embargo.participants["bob"].consent is Consent.SIGNATORY


def test_a_revision_that_is_rejected_leaves_the_old_terms() -> None:
    case = fold([event(K.EMBARGO_PROPOSED, 5, until=START + timedelta(hours=1500)), event(K.EMBARGO_REJECTED, 6)], embargoed())

    assert (case.embargo.mode, case.embargo.terms.until) == (Mode.ACTIVE, START + timedelta(hours=1000))


def test_a_fix_is_ready_and_deployed_only_when_it_is_so_on_every_affected_line() -> None:
    case = fold([received(lines=("1.0.x", "2.x", "3.x")), event(K.LINE_FIX_READY, 1, line="1.0.x"), event(K.LINE_NOT_AFFECTED, 2, line="3.x")])
    assert Fact.F not in case.facts
    case = fold([event(K.LINE_FIX_READY, 3, line="2.x"), event(K.LINE_RELEASED, 4, line="1.0.x", version="1.0.4")], case)
    assert Fact.F in case.facts
    assert Fact.D not in case.facts
    case = apply(case, event(K.LINE_RELEASED, 5, line="2.x", version="2.1"))
    assert Fact.D in case.facts
    assert Fact.D not in apply(case, event(K.LINE_REOPENED, 6, line="2.x", reason="incomplete fix")).facts


def test_lines_that_are_all_unaffected_are_no_fix() -> None:
    case = fold([received(lines=("1.0.x",)), event(K.LINE_NOT_AFFECTED, 2, line="1.0.x")])

    assert not {Fact.F, Fact.D} & case.facts


def test_an_unknown_line_and_a_release_without_a_fix_are_refused() -> None:
    case = fold([received(lines=("1.0.x",))])

    with pytest.raises(TransitionError, match=r"no line 9\.x"):
        apply(case, event(K.LINE_FIX_READY, 1, line="9.x"))
    with pytest.raises(TransitionError, match=r"line 1\.0\.x is to do") as caught:
        apply(case, event(K.LINE_RELEASED, 1, line="1.0.x", version="1"))
    assert "line.fix-ready" in caught.value.legal
    assert case.lines["1.0.x"] is Line.TODO


def test_a_credit_may_be_taken_back_until_the_advisory_is_out() -> None:
    case = fold([received(), event(K.CREDIT_ASKED, 1), event(K.CREDIT_ANSWERED, 2, "reporter", choice="named"), event(K.ADVISORY_DRAFTED, 3)])
    assert apply(case, event(K.CREDIT_REVOKED, 4, "reporter")).credit is Credit.ASKED
    out = apply(case, event(K.ADVISORY_PUBLISHED, 5))
    with pytest.raises(TransitionError, match="correction"):
        apply(out, event(K.CREDIT_REVOKED, 6, "reporter"))


def test_a_closed_case_can_still_be_published_and_nothing_else_moves_it() -> None:
    case = fold([received(), event(K.REPORT_INVALIDATED, 1, reason="no such function"), event(K.REPORT_CLOSED, 2, reason="not-a-vulnerability")])

    assert case.closed_for == "not-a-vulnerability"
    assert fold([event(K.ADVISORY_DRAFTED, 3), event(K.ADVISORY_PUBLISHED, 4)], case).public
    with pytest.raises(TransitionError, match="closed"):
        apply(case, event(K.SEVERITY_SET, 3, severity="low"))


def test_the_authority_notes_follow_their_order() -> None:
    case = fold([received()])
    with pytest.raises(TransitionError, match="aware"):
        apply(case, event(K.CRA_FILED, 1, stage="early-warning"))
    case = fold([event(K.CRA_AWARE, 1, trigger="exploited"), event(K.CRA_FILED, 2, stage="early-warning")], case)
    with pytest.raises(TransitionError, match="already"):
        apply(case, event(K.CRA_FILED, 3, stage="early-warning"))
    with pytest.raises(TransitionError, match="follows the notification"):
        apply(case, event(K.CRA_FILED, 3, stage="final"))
    with pytest.raises(TransitionError, match="decided by a person"):
        apply(case, event(K.CRA_DECIDED, 3, "system", decision="reportable", reason="x"))


def desk(kind: K, hours: float, **data: object):
    return make(kind, START + timedelta(hours=hours), "team:ada", "", **data)


def test_an_announced_pause_is_in_force_only_between_its_ends() -> None:
    intake = fold_intake([desk(K.INTAKE_PAUSED, 0, starts=START + timedelta(hours=48), ends=START + timedelta(hours=96), mode="hold")])

    assert [intake.mode_at(START + timedelta(hours=hour)) for hour in (47, 48, 95, 96)] == [IntakeMode.OPEN, IntakeMode.PAUSED, IntakeMode.PAUSED, IntakeMode.OPEN]
    assert intake.pause.holds
    with pytest.raises(TransitionError, match="before it begins"):
        fold_intake([desk(K.INTAKE_PAUSED, 5, starts=START, ends=START + timedelta(hours=9))])
    with pytest.raises(TransitionError, match="open"):
        fold_intake([desk(K.INTAKE_OPENED, 0)])


def test_a_probe_that_did_not_arrive_moves_only_the_date_of_the_last_try() -> None:
    intake = fold_intake([desk(K.CHANNEL_PROBED, 1, channel="email", arrived=True), desk(K.CHANNEL_PROBED, 2, channel="email", arrived=False)])

    assert (intake.last_good["email"], intake.last_probe["email"]) == (START + timedelta(hours=1), START + timedelta(hours=2))


def test_an_empty_case_takes_only_a_report() -> None:
    assert legal(Case()) == ("report.received",)
    with pytest.raises(TransitionError, match="nothing was reported"):
        apply(Case(), event(K.NOTE_ADDED))
