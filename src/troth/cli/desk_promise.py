"""`troth desk promise`: the strictest promise that a team can keep, from its people, hours, holidays and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import date, time

    from troth.desk.capacity import Answer

__all__ = ["promise"]


@click.command()
@click.option("--people", type=click.IntRange(1, 200), default=1, show_default=True, help="How many look at reports.")
@click.option("--hours", metavar="HH:MM-HH:MM", default="19:00-21:00", show_default=True, help="When each of them has time for reports on a working day.")
@click.option("--zone", "zone_name", default="UTC", show_default=True, help="Where they live, such as Europe/Berlin.")
@click.option("--weekends/--no-weekends", default=False, help="They work on Saturdays and Sundays too.")
@click.option("--holidays", "country", metavar="COUNTRY[-PART]", help="Public holidays, such as DE or DE-BY.")
@click.option("--leave", type=click.IntRange(0, 120), default=14, show_default=True, help="Days in a row that each is away, once a year.")
@click.option("--rate", type=click.FloatRange(0.0, 500.0), default=0.1, show_default=True, help="Reports a day.")
@click.option("--history", type=click.Path(exists=True, dir_okay=False), help="Instead of --rate: a file with the day of each report (YYYY-MM-DD), one a line.")
@click.option("--acknowledge", "acknowledge_minutes", type=click.FloatRange(1, 10_000), default=15, show_default=True, help="Minutes to acknowledge one.")
@click.option("--assess", "assess_hours", type=click.FloatRange(0.1, 1_000), default=3, show_default=True, help="Hours to assess one, on average.")
@click.option("--fix", "fix_hours", type=click.FloatRange(0.1, 5_000), default=12, show_default=True, help="Hours to fix one, on average.")
@click.option("--valid", type=click.FloatRange(0.0, 1.0), default=0.3, show_default=True, help="Share of reports that need a fix.")
@click.option("--share", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="Share of reports for which it has to hold.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def promise(
    *,
    people: int,
    hours: str,
    zone_name: str,
    weekends: bool,
    country: str | None,
    leave: int,
    rate: float,
    history: str | None,
    acknowledge_minutes: float,
    assess_hours: float,
    fix_hours: float,
    valid: float,
    share: float,
    form: str,
) -> None:
    """The strictest promise that holds for nearly every report.

    Simulated with a fixed seed: the same question gives the same answer. Nothing is stored or sent.
    """
    from datetime import timedelta

    from troth.desk.calendars import Calendar, holidays_of
    from troth.desk.capacity import Load, Team, Work, calculate

    opens, closes = _office(hours)
    free = frozenset[int]() if weekends else frozenset({5, 6})
    nation, _, part = (country or "").upper().partition("-")
    days = holidays_of(nation, part or None) if nation else frozenset()
    team = Team(people, Calendar(zone_name, free, days, opens, closes), leave)
    load = Load(
        rate,
        _history(history),
        Work(timedelta(minutes=acknowledge_minutes), "fixed"),
        Work(timedelta(hours=assess_hours)),
        Work(timedelta(hours=fix_hours)),
        valid,
    )
    _print(calculate(team, load, share=share), share, form)


def _office(text: str) -> tuple[time, time]:
    """Opening and closing from `09:00-17:30`."""
    from datetime import time

    from troth.errors import UsageError

    first, dash, last = text.partition("-")
    try:
        opens, closes = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
    except ValueError as error:
        raise UsageError(f"--hours {text!r}: write them like 19:00-21:00") from error
    if not dash or opens.tzinfo is not None or closes.tzinfo is not None:
        raise UsageError(f"--hours {text!r}: write them like 19:00-21:00")
    return opens, closes


def _history(path: str | None) -> tuple[date, ...]:
    """Days of a file, one a line; at most 100,000."""
    if path is None:
        return ()
    from datetime import date
    from itertools import islice
    from pathlib import Path

    from troth.errors import UsageError

    found: list[date] = []
    number = 0
    try:
        with Path(path).open(encoding="utf-8") as file:
            for line in islice(file, 100_000):
                number += 1
                if line.strip():
                    found.append(date.fromisoformat(line.strip()[:10]))
    except ValueError as error:
        raise UsageError(f"{path}, line {number}: no day like 2026-03-31") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(found) < 2:
        raise UsageError(f"{path} names fewer than two days; use --rate")
    return tuple(found)


def _print(answer: Answer, share: float, form: str) -> None:
    if form == "json":
        import json

        told = [
            {
                "stage": offer.stage,
                "promiseSeconds": offer.promise.total_seconds() if offer.promise is not None else None,
                "share": offer.share,
                "atLeast": offer.at_least,
                "medianSeconds": offer.median.total_seconds() if offer.median is not None else None,
                "p95Seconds": offer.p95.total_seconds() if offer.p95 is not None else None,
                "reports": offer.reports,
            }
            for offer in answer.offers
        ]
        click.echo(json.dumps({"busy": answer.busy, "sustainable": answer.sustainable, "wanted": share, "offers": told}, indent=2))
        return
    from troth.desk.plot import words

    click.echo(f"The work takes {answer.busy * 100:.0f} % of the hours.")
    if not answer.sustainable:
        click.echo("There is more work than there are hours: no promise holds. Fewer reports, more people, or less work on each.")
        return
    for offer in answer.offers:
        usual = f"half within {words(offer.median)}" if offer.median is not None else ""
        if offer.promise is None:
            click.echo(f"{offer.stage:12} no time up to 180 days holds for {share * 100:.0f} % ({usual})")
        else:
            click.echo(f"{offer.stage:12} within {words(offer.promise)} holds for at least {offer.at_least * 100:.1f} % of {offer.reports:,} simulated reports ({usual})")
