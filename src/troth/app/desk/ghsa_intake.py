"""Reports that came to GitHub become cases: from a file that somebody fetched there, each once, their clocks running since they came there.

Rules: answers to them are written on GitHub, for nobody there has the case's link, and the team is told so; a report that was closed or published there is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from troth.app.desk import reports
from troth.app.desk.opening import Desk
from troth.desk.intake.ghsa import Reported, read_advisories

__all__ = ["Taken", "take_advisories"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one: its id there, its short id here (empty where it was left out), whether it is new."""

    id: str
    code: str
    fresh: bool


def take_advisories(desk: Desk, raw: bytes, *, everything: bool = False) -> tuple[Taken, ...]:
    """Take the reports of a file.

    Args:
        desk: the desk.
        raw: JSON of one repository advisory, or of a list.
        everything: also those that were closed or published there.

    Raises:
        AdvisoryError: the file is none; nothing was taken.
    """
    found = read_advisories(raw)
    return tuple(_take(desk, one) if one.open or everything else Taken(one.id, "", fresh=False) for one in found)


def _take(desk: Desk, told: Reported) -> Taken:
    arrival = reports.begin(desk, f"ghsa {told.id}")
    who = f" by @{told.login}" if told.login else ""
    note = f"Came to GitHub as {told.id}{who}. Whoever wrote it reads answers there, not here."
    if told.cut:
        note += f" Cut, for it was longer than a report may be: {', '.join(told.cut)}."
    created = told.created if told.created is not None and told.created <= desk.now() else None
    stored = reports.submit(desk, arrival, told.report, channel="ghsa", proven=True, note=note, confirm=False, since=created).result()
    return Taken(told.id, desk.cases.code(stored.number), stored.fresh)
