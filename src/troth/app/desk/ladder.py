"""Reminders: each clock climbs its ladder, and whoever a rung is for hears of it once.

Rules: a rung has the clock's own key, so it exists once, whatever crashed meanwhile; the assignee hears first, then the team, then the backup; at the due date of a
promise the reporter is told honestly that it was not kept, where the desk can read whom to tell and has written to them before. Nothing that somebody wrote is in a
reminder. Cases are looked at in the order of what is due, so many a round, and the next round goes on where the last one stopped: many that are overdue do not
keep the others from being looked at.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, tuple_

from troth.app.desk.acting import TEAM_CLOCKS
from troth.app.desk.mail_texts import missed_mail
from troth.app.desk.opening import TENANT, Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock, Rung, rungs_due
from troth.desk.crypt.envelope import CryptError
from troth.desk.intake.fields import Submission
from troth.desk.storage.case_rows import COLUMNS, CaseRow, row_of
from troth.desk.storage.outbox_rows import Mail
from troth.desk.tables import CASES, NEVER
from troth.store import Transaction

__all__ = ["Place", "climb"]

Place = tuple[datetime, int]
"""Where a round stopped: due date and number of the last case."""


def climb(desk: Desk, most: int = 500, after: Place | None = None) -> Place | None:
    """Put reminders of clocks that reached a rung into the outbox.

    Args:
        desk: the desk.
        most: cases to look at.
        after: where the last round stopped.

    Returns:
        Where to go on; None where all were looked at.
    """
    now, tenant = desk.now(), desk.cases.tenant
    mails: list[Mail] = []
    with desk.store.read(TENANT) as t:
        query = select(*COLUMNS).where(CASES.c.tenant == tenant, CASES.c.due_at < NEVER, CASES.c.erased_at.is_(None))
        if after is not None:
            query = query.where(tuple_(CASES.c.due_at, CASES.c.number) > after)
        rows = [row_of(one) for one in t.execute(query.order_by(CASES.c.due_at, CASES.c.number).limit(most))]
        for row in rows:
            mails += _of_case(desk, t, row, now)
    if mails:
        desk.writer.write(lambda t: desk.outbox.put(t, mails, now))
    last = rows[-1] if len(rows) == most else None
    return (last.due_at, last.number) if last is not None and last.due_at is not None else None


def _of_case(desk: Desk, t: Transaction, row: CaseRow, now: datetime) -> list[Mail]:
    code = desk.cases.code(row.number)
    mails: list[Mail] = []
    for clock in clocks(desk.policies.get(row.policy).policy, desk.events.read(t, row.uid, code), now, desk.team):
        if clock.open and clock.name in TEAM_CLOCKS:
            for key, _when, rung in rungs_due(clock, now):
                to = _whom(desk, t, row, rung)
                if to:
                    mails.append(_reminder(desk, row, clock, (key, rung), to))
                if rung.reporter:
                    mails += _to_reporter(desk, t, row, clock, key)
    return mails


def _whom(desk: Desk, t: Transaction, row: CaseRow, rung: Rung) -> str:
    """Address for a rung; the team's where the one that is meant has none."""
    mail = desk.settings.mail
    if rung.tells == "assignee" and row.assignee:
        lead = desk.people.get(t, row.assignee)
        if lead is not None and lead.mail and not lead.left:
            return lead.mail
    return (mail.backup if rung.tells in ("backup", "coordinator") else "") or mail.team


def _reminder(desk: Desk, row: CaseRow, clock: Clock, step: tuple[str, Rung], to: str) -> Mail:
    (key, rung), code = step, desk.cases.code(row.number)
    due = f"{clock.due:%Y-%m-%d %H:%M} UTC" if clock.due is not None else "soon"
    more = "\nThink of asking a coordinator outside of the project for help (a national CERT, CERT/CC).\n" if rung.tells == "coordinator" else ""
    text = f"The clock {clock.name!r} of {code} stands at {rung.percent} %. It is due {due}.\n\n{desk.settings.origin}/board/{code}\n{more}"
    return Mail(f"{row.uid}/{key}", row.uid, to, f"[{code}] {clock.name} at {rung.percent} %", text)


def _to_reporter(desk: Desk, t: Transaction, row: CaseRow, clock: Clock, key: str) -> tuple[Mail, ...]:
    """The honest word at the due date; none where the desk cannot read the address, or never confirmed the report by mail."""
    if f"{row.uid}/received/reporter" not in desk.outbox.keys_of(t, row.uid):
        return ()
    try:
        report = desk.threads.one(t, row.uid, desk.cases.desk_key(t, row.uid), "report")
    except CryptError:
        return ()
    if report is None or clock.due is None:
        return ()
    says = desk.policies.get(row.policy).says(clock.place)
    return tuple(missed_mail(desk, row, Submission.from_canonical(report.body), f"{row.uid}/{key}/reporter", says=says, due=clock.due))
