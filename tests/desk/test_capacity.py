from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from troth.desk.calendars import Calendar
from troth.desk.capacity import STEPS, Load, Team, Work, calculate, simulate
from troth.errors import UsageError

ALWAYS = Calendar(closed_weekdays=frozenset())
HOUR = timedelta(hours=1)


def hours(times: list[timedelta]) -> list[float]:
    return [one / HOUR for one in times]


def one_stage(people: int, per_day: float, work: Work, *, enough: int = 20_000) -> list[float]:
    return hours(simulate(Team(people, ALWAYS), Load(per_day, assess=work), enough=enough, seed=7)["assess"])


def share_above(times: list[float], bound: float) -> float:
    return sum(one > bound for one in times) / len(times)


def test_one_server_with_random_work_is_m_m_1() -> None:
    """Time in the system is exponential with rate mu - lambda (Kleinrock, Queueing Systems I, 3.2)."""
    rate, service = 14 / 24, 1.0  # per hour
    times = one_stage(1, 14, Work(HOUR))
    for bound in (1.0, 3.0, 6.0):
        assert share_above(times, bound) == pytest.approx(math.exp(-(service - rate) * bound), abs=0.02)
    assert sum(times) / len(times) == pytest.approx(1 / (service - rate), rel=0.05)


def test_several_servers_are_m_m_c() -> None:
    """Mean time = 1/mu + C(c, a) / (c mu - lambda), with Erlang's C."""
    servers, rate = 3, 48 / 24
    load = rate / 1.0
    terms = [load**number / math.factorial(number) for number in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    waits = last / (sum(terms) + last)
    times = one_stage(servers, 48, Work(HOUR))

    assert sum(times) / len(times) == pytest.approx(1.0 + waits / (servers - rate), rel=0.05)


def test_one_server_with_fixed_work_is_m_d_1() -> None:
    """Mean wait = rho / (2 mu (1 - rho)) (Pollaczek and Khinchine)."""
    rho = 16 / 24
    times = one_stage(1, 16, Work(HOUR, "fixed"))

    assert sum(times) / len(times) == pytest.approx(1.0 + rho / (2 * (1 - rho)), rel=0.05)
    assert min(times) >= 1.0 - 1e-9


def test_many_servers_only_work() -> None:
    times = one_stage(20, 6, Work(2 * HOUR, "fixed"), enough=1_000)

    assert max(times) == pytest.approx(2.0)


EVENINGS = Calendar("Europe/Berlin", opens=time(19), closes=time(21))
SMALL = Load(0.1, acknowledge=Work(timedelta(minutes=15), "fixed"), assess=Work(3 * HOUR), fix=Work(12 * HOUR), valid=0.3)


def test_one_person_with_two_hours_an_evening_can_promise_days_and_not_hours() -> None:
    answer = calculate(Team(1, EVENINGS, leave_days=14), SMALL)
    offers = {offer.stage: offer for offer in answer.offers}

    assert answer.sustainable
    assert offers["acknowledge"].promise >= timedelta(days=3)
    assert offers["acknowledge"].promise < offers["assess"].promise <= offers["fix"].promise
    for offer in answer.offers:
        assert offer.promise in STEPS
        assert offer.share >= offer.at_least >= 0.95
        assert offer.promise >= offer.p95


def test_without_leave_weekends_still_count() -> None:
    (ack, *_) = calculate(Team(1, EVENINGS), SMALL).offers

    assert timedelta(hours=48) < ack.promise <= timedelta(days=5)


def test_more_people_promise_no_later() -> None:
    one = calculate(Team(1, EVENINGS, leave_days=14), SMALL)
    three = calculate(Team(3, EVENINGS, leave_days=14), SMALL)

    for first, second in zip(one.offers, three.offers, strict=True):
        assert second.promise <= first.promise
    assert three.busy == pytest.approx(one.busy / 3)


def test_more_work_than_hours_is_told_and_nothing_promised() -> None:
    answer = calculate(Team(1, EVENINGS), replace(SMALL, per_day=5))

    assert not answer.sustainable
    assert [offer.promise for offer in answer.offers] == [None, None, None]


def test_the_same_question_has_the_same_answer_and_another_seed_nearly() -> None:
    team = Team(2, EVENINGS, leave_days=14)
    assert calculate(team, SMALL, seed=3) == calculate(team, SMALL, seed=3)
    first, second = calculate(team, SMALL, seed=3).offers[0], calculate(team, SMALL, seed=4).offers[0]
    assert abs(STEPS.index(first.promise) - STEPS.index(second.promise)) <= 1


def test_a_history_gives_the_rate() -> None:
    history = tuple(date(2026, 1, 1) + timedelta(days=10 * number) for number in range(20))
    load = replace(SMALL, per_day=0.0, history=history)

    assert load.rate == pytest.approx(0.1)
    assert calculate(Team(1, EVENINGS), load).busy == pytest.approx(calculate(Team(1, EVENINGS), SMALL).busy)


@pytest.mark.parametrize(
    ("team", "load"),
    [
        (Team(0, ALWAYS), SMALL),
        (Team(1, ALWAYS), replace(SMALL, per_day=0.0)),
        (Team(1, ALWAYS), replace(SMALL, valid=1.5)),
        (Team(1, ALWAYS), Load(1.0)),
        (Team(1, ALWAYS), Load(1.0, assess=Work(timedelta(0)))),
        (Team(1, ALWAYS), Load(1.0, assess=Work(HOUR, "sometimes"))),
    ],
)
def test_a_question_without_sense_is_refused(team: Team, load: Load) -> None:
    with pytest.raises(UsageError):
        calculate(team, load)


def test_the_command_answers_in_text_and_json(tmp_path) -> None:
    import json

    from click.testing import CliRunner

    from troth.cli.desk_promise import promise

    told = CliRunner().invoke(promise, ["--people", "2", "--zone", "Europe/Berlin", "--rate", "0.2"])
    assert told.exit_code == 0
    assert "acknowledge  within 3 d holds" in told.output or "acknowledge  within 72 h holds" in told.output

    days = tmp_path / "days.txt"
    days.write_text("".join(f"2026-0{month}-01\n" for month in range(1, 9)))
    told = CliRunner().invoke(promise, ["--history", str(days), "--format", "json"])
    assert [offer["stage"] for offer in json.loads(told.output)["offers"]] == ["acknowledge", "assess", "fix"]
    assert "no promise holds" in CliRunner().invoke(promise, ["--rate", "40"]).output


@pytest.mark.parametrize("arguments", [["--hours", "19-25"], ["--hours", "19:00"], ["--zone", "Nowhere"], ["--holidays", "Atlantis"], ["--hours", "21:00-19:00"]])
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    from click.testing import CliRunner

    from troth.cli.desk_promise import promise

    assert isinstance(CliRunner().invoke(promise, arguments).exception, UsageError)
