from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.desk.cases import START, event, received
from tests.desk.clock_oracle import HERE, History, expected, random_history
from troth.desk.calendars import Calendar
from troth.desk.clock_rules import clocks, probes
from troth.desk.clocks import Clock, Phase, next_change, rungs, rungs_due
from troth.desk.events import EventKind as K
from troth.desk.events import make
from troth.desk.promises import Credit, DeskPolicy, Fix, Force, Limit, Pauses, Window
from troth.desk.spans import CalendarSpan, Elapsed, parse

HISTORIES = int(os.environ.get("TROTH_CLOCK_HISTORIES", "600"))


def told(clock: Clock) -> tuple:
    base = (clock.due, clock.phase.value, clock.paused)
    return (*base, sum(not lap.kept for lap in clock.laps), len(clock.laps)) if clock.name == "update" else base


def compare(history: History) -> None:
    wanted = expected(history)
    found = {clock.name: told(clock) for clock in clocks(history.policy, history.events, history.now, history.team) if clock.name in wanted or not clock.name.startswith("cra")}

    assert found == wanted


@pytest.mark.parametrize("seed", range(4))
def test_clocks_say_what_walking_through_time_says(seed: int) -> None:
    rng = random.Random(1_000_003 * seed + 17)
    for number in range(HISTORIES // 4):
        history = random_history(rng)
        try:
            compare(history)
        except AssertionError as error:
            raise AssertionError(f"history {number} of seed {seed}: {history.team.zone_name} now {history.now}\n" + "\n".join(map(str, history.events)) + f"\n{history.policy}\n{error}") from error


def test_asking_for_an_earlier_moment_gives_what_was_true_then() -> None:
    rng = random.Random(5)
    for _ in range(100):
        history = random_history(rng)
        until = tuple(one for one in history.events if one.at <= history.now)
        assert clocks(history.policy, history.events, history.now, history.team) == clocks(history.policy, until, history.now, history.team)


def limit(iso: str, force: Force = Force.LIMIT) -> Limit:
    return Limit(parse(iso), force, HERE)


POLICY = DeskPolicy(
    digest="0" * 64,
    acknowledge=limit("PT48H"),
    assess=limit("P7D"),
    update=limit("P7D"),
    fix={"critical": Fix(limit("P7D", Force.AIM), limit("P14D")), "high": Fix(None, limit("P28D"))},
    develop=Window(CalendarSpan(7), CalendarSpan(30), HERE),
    not_before=limit("P30D"),
    credit=Credit(promised=True, opt_out=True, place=HERE),
    variants=True,
)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def clock(name: str, events: list, hours: float, policy: DeskPolicy = POLICY, team: Calendar | None = None) -> Clock | None:
    return next((one for one in clocks(policy, events, at(hours), team) if one.name == name), None)


def test_the_automatic_receipt_stops_nothing_and_a_person_does() -> None:
    events = [received(), event(K.RECEIPT_SENT, 0.1, "system")]

    assert clock("acknowledge", events, 47).phase is Phase.RUNNING
    assert clock("acknowledge", events, 48).phase is Phase.RUNNING
    assert clock("acknowledge", events, 48.01).phase is Phase.OVERDUE
    assert clock("acknowledge", [*events, event(K.REPORT_ACKNOWLEDGED, 48)], 99).phase is Phase.MET
    assert clock("acknowledge", [*events, event(K.REPORT_ACKNOWLEDGED, 48.01)], 99).phase is Phase.LATE


def test_time_counts_from_arrival_and_not_from_when_it_was_written_down() -> None:
    late = received(5, received_at=at(0))

    assert clock("acknowledge", [late], 6).due == at(48)


def test_spam_ends_a_clock_only_from_its_verdict_on() -> None:
    judged = [event(K.REPORT_INVALIDATED, 10, reason="spam"), event(K.REPORT_CLOSED, 11, reason="spam")]
    assert clock("acknowledge", [received(), *judged], 100).phase is Phase.CANCELLED
    too_late = [event(K.REPORT_INVALIDATED, 60, reason="spam"), event(K.REPORT_CLOSED, 61, reason="spam")]
    assert clock("acknowledge", [received(), *too_late], 100).phase is Phase.MISSED
    otherwise = [event(K.REPORT_INVALIDATED, 10, reason="x"), event(K.REPORT_CLOSED, 11, reason="not-a-vulnerability")]
    assert clock("acknowledge", [received(), *otherwise], 100).phase is Phase.OVERDUE


def test_a_change_of_severity_selects_again_from_the_original_start() -> None:
    events = [received(), event(K.SEVERITY_SET, 24, severity="high"), event(K.SEVERITY_SET, 24 * 10, severity="critical")]

    assert clock("fix", events, 30).due == at(24 * 28)
    found = clock("fix", events, 24 * 11)
    assert (found.started, found.due, found.target) == (at(0), at(24 * 14), at(24 * 7))
    assert [(one.severity.value, one.due) for one in found.selections] == [("high", at(24 * 28)), ("critical", at(24 * 14))]
    assert clock("fix", [received()], 30) is None


def test_an_aim_is_never_a_limit() -> None:
    policy = replace(POLICY, fix={"critical": Fix(limit("P7D", Force.AIM), None)})
    found = clock("fix", [received(), event(K.SEVERITY_SET, 1, severity="critical")], 24 * 9, policy)

    assert (found.phase, found.force) == (Phase.OVERDUE, Force.AIM)
    assert not any(step.reporter for _, _, step in rungs(found))


def test_a_fix_is_there_when_every_affected_line_has_its_release() -> None:
    events = [received(lines=("1.x", "2.x")), event(K.SEVERITY_SET, 1, severity="critical"), event(K.LINE_FIX_READY, 2, line="1.x"), event(K.LINE_RELEASED, 3, line="1.x", version="1.1")]
    assert clock("fix", events, 24 * 20).phase is Phase.OVERDUE
    events += [event(K.LINE_NOT_AFFECTED, 24 * 21, line="2.x")]
    assert clock("fix", events, 24 * 22).phase is Phase.LATE
    assert clock("fix", [*events, event(K.LINE_REOPENED, 24 * 23, line="1.x", reason="incomplete")], 24 * 24).phase is Phase.OVERDUE


def test_a_vulnerability_that_will_not_be_fixed_is_a_promise_not_kept_and_none_is_nothing_owed() -> None:
    start = [received(lines=("1.x",)), event(K.SEVERITY_SET, 1, severity="critical"), event(K.REPORT_VALIDATED, 2), event(K.REPORT_ACCEPTED, 3)]
    assert clock("fix", [*start, event(K.REPORT_CLOSED, 4, reason="wont-fix")], 5).phase is Phase.MISSED
    assert clock("fix", [*start, event(K.REPORT_CLOSED, 4, reason="duplicate", of="C-0")], 5).phase is Phase.CANCELLED


def test_a_clock_stands_still_only_where_the_policy_says_so_and_only_up_to_its_cap() -> None:
    events = [received(), event(K.REPORT_ACKNOWLEDGED, 1), event(K.MESSAGE_SENT, 24, question=True), event(K.MESSAGE_RECEIVED, 24 * 6, "reporter")]
    assert clock("assess", events, 24 * 3).due == at(24 * 7)

    policy = replace(POLICY, pauses=Pauses(frozenset({"assess"}), 3))
    assert clock("assess", events, 24 * 3, policy).phase is Phase.PAUSED
    assert clock("assess", events, 24 * 5, policy).phase is Phase.RUNNING  # the cap of three days is used up
    found = clock("assess", events, 24 * 8, policy)
    assert (found.due, found.paused) == (at(24 * 10), timedelta(days=3))
    assert clock("acknowledge", events[:1], 24, policy).due == at(48)


def test_a_question_of_a_program_or_a_word_without_a_question_pauses_nothing() -> None:
    policy = replace(POLICY, pauses=Pauses(frozenset({"assess"}), 30))
    events = [received(), event(K.MESSAGE_SENT, 24, "system", question=True), event(K.MESSAGE_SENT, 25)]

    assert clock("assess", events, 24 * 5, policy).paused == timedelta(0)


def test_updates_roll_until_the_matter_is_public() -> None:
    events = [received(), event(K.MESSAGE_SENT, 24 * 6), event(K.MESSAGE_SENT, 24 * 15)]
    found = clock("update", events, 24 * 16)
    assert [lap.kept for lap in found.laps] == [True, False]
    assert (found.started, found.due, found.phase) == (at(24 * 15), at(24 * 22), Phase.RUNNING)
    assert clock("update", [*events, event(K.PUBLIC_KNOWN, 24 * 20)], 24 * 90).phase is Phase.CANCELLED
    assert clock("update", [*events, event(K.PUBLIC_KNOWN, 24 * 23)], 24 * 90).phase is Phase.MISSED


def test_publishing_before_the_floor_breaks_it_and_what_others_publish_does_not() -> None:
    draft = [received(), event(K.ADVISORY_DRAFTED, 1)]
    assert clock("not-before", [*draft, event(K.ADVISORY_PUBLISHED, 24 * 29)], 24 * 40).phase is Phase.EARLY
    assert clock("not-before", [*draft, event(K.ADVISORY_PUBLISHED, 24 * 30)], 24 * 40).phase is Phase.MET
    assert clock("not-before", [*draft, event(K.PUBLIC_KNOWN, 24 * 3), event(K.ADVISORY_PUBLISHED, 24 * 4)], 24 * 5).phase is Phase.CANCELLED


def test_credit_and_variants_are_due_before_publication() -> None:
    accepted = [received(), event(K.REPORT_VALIDATED, 1), event(K.REPORT_ACCEPTED, 2), event(K.ADVISORY_DRAFTED, 3)]
    assert (clock("credit", accepted, 5).phase, clock("credit", accepted, 5).due) == (Phase.RUNNING, None)
    out = [*accepted, event(K.ADVISORY_PUBLISHED, 9)]
    assert (clock("credit", out, 10).phase, clock("variants", out, 10).phase) == (Phase.MISSED, Phase.MISSED)
    good = [*accepted, event(K.CREDIT_ASKED, 4), event(K.VARIANTS_AUDITED, 5, found=0), event(K.ADVISORY_PUBLISHED, 9)]
    assert (clock("credit", good, 10).phase, clock("variants", good, 10).phase) == (Phase.MET, Phase.MET)
    assert clock("credit", [received()], 5) is None


def test_an_embargo_runs_to_its_exact_instant() -> None:
    events = [received(), event(K.EMBARGO_PROPOSED, 1, until=at(100)), event(K.EMBARGO_ACCEPTED, 2, "reporter")]

    assert [clock("embargo", events, hour).phase for hour in (3, 99, 100)] == [Phase.RUNNING, Phase.RUNNING, Phase.MET]
    assert clock("embargo", [*events, event(K.PUBLIC_KNOWN, 50)], 60).phase is Phase.CANCELLED


def test_a_reporter_who_is_silent_holds_nothing_up() -> None:
    events = [received(), event(K.MESSAGE_SENT, 24, question=True), event(K.MESSAGE_SENT, 24 * 3)]
    found = clock("reporter-silent", events, 24 * 16)

    assert (found.started, found.phase) == (at(24), Phase.OVERDUE)
    assert rungs_due(found, at(24 * 30)) == ()
    assert clock("reporter-silent", [*events, event(K.MESSAGE_RECEIVED, 24 * 4, "reporter")], 24 * 30) is None


def test_the_law_s_clocks_start_from_the_right_events() -> None:
    events = [received(), event(K.CRA_AWARE, 10, trigger="exploited")]
    assert [(one.name, one.due) for one in clocks(POLICY, events, at(11)) if one.name.startswith("cra")] == [("cra-24h", at(34)), ("cra-72h", at(82))]
    events += [event(K.CRA_FILED, 30, stage="early-warning"), event(K.CRA_FILED, 90, stage="notification"), event(K.CRA_MEASURE, 200)]
    assert [clock(name, events, 201).phase for name in ("cra-24h", "cra-72h", "cra-14d")] == [Phase.MET, Phase.LATE, Phase.RUNNING]
    found = clock("cra-14d", events, 201)
    assert found.due == at(200 + 14 * 24)
    assert found.extended > found.due
    assert clock("cra-1m", events, 201) is None


def test_an_incident_has_its_month_from_the_notification() -> None:
    events = [received(), event(K.CRA_AWARE, 0, trigger="incident"), event(K.CRA_FILED, 24, stage="notification")]

    assert clock("cra-1m", events, 25).due == START.replace(month=4, day=3)
    assert clock("cra-24h", events, 25).phase is Phase.MET


@pytest.mark.parametrize("decision", ["not-reportable", "voluntary"])
def test_what_is_not_reportable_has_no_clock_of_the_law(decision: str) -> None:
    events = [received(), event(K.CRA_AWARE, 0, trigger="exploited"), event(K.CRA_DECIDED, 1, decision=decision, reason="x")]

    assert not [one for one in clocks(POLICY, events, at(2)) if one.name.startswith("cra")]


def test_a_channel_that_no_probe_reached_for_a_day_is_overdue() -> None:
    def probe(hours: float, arrived: bool):
        return make(K.CHANNEL_PROBED, at(hours), "system", "", channel="email", arrived=arrived)

    (good,) = probes(POLICY, [probe(0, True)], at(23))
    assert good.phase is Phase.RUNNING
    (bad,) = probes(POLICY, [probe(0, True), probe(24, False)], at(24.5))
    assert (bad.phase, bad.due) == (Phase.OVERDUE, at(24))
    (never,) = probes(POLICY, [probe(0, False)], at(1))
    assert never.phase is Phase.OVERDUE


def test_the_ladder_tells_each_step_once_and_the_reporter_only_after_the_date() -> None:
    found = clock("acknowledge", [received()], 1)
    assert [(step.percent, when) for _, when, step in rungs(found)] == [(50, at(24)), (75, at(36)), (90, at(43.2)), (100, at(48)), (125, at(60)), (200, at(96))]
    assert [key for key, _, _ in rungs_due(found, at(48))] == ["C-1|acknowledge|50", "C-1|acknowledge|75", "C-1|acknowledge|90"]
    late = clock("acknowledge", [received()], 49)
    assert [step.reporter for _, _, step in rungs_due(late, at(49))] == [False, False, False, True]
    assert len({key for hour in range(0, 200) for key, _, _ in rungs_due(clock("acknowledge", [received()], hour), at(hour))}) == 6


def test_a_clock_that_was_stopped_climbs_no_further() -> None:
    events = [received(), event(K.REPORT_ACKNOWLEDGED, 30)]

    assert [step.percent for _, _, step in rungs_due(clock("acknowledge", events, 500), at(500))] == [50]


def test_each_round_of_updates_has_its_own_keys() -> None:
    events = [received(), event(K.MESSAGE_SENT, 24 * 6)]
    first = {key for key, _, _ in rungs(clock("update", events[:1], 24 * 5))}
    second = {key for key, _, _ in rungs(clock("update", events, 24 * 8))}

    assert not first & second


def test_the_next_change_is_the_nearest_step() -> None:
    assert next_change(clocks(DeskPolicy("0" * 64, acknowledge=limit("PT48H")), [received()], at(25)), at(25)) == at(36)
    assert next_change((), at(0)) is None


def test_without_a_report_there_are_no_clocks() -> None:
    assert clocks(POLICY, [], at(0)) == ()
    assert clocks(POLICY, [received(5)], at(1)) == ()


def test_seconds_are_counted_exactly() -> None:
    assert clock("acknowledge", [received()], 1, DeskPolicy("0" * 64, acknowledge=Limit(Elapsed(61), Force.LIMIT, HERE))).due == START + timedelta(seconds=61)
