"""How the desk kept its promises, from all events; and the signed statement of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from troth import __version__
from troth.app.desk.opening import TENANT, Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock, Phase
from troth.desk.events import Event
from troth.desk.measures import CaseLog, measures, observations
from troth.desk.statement import sign_statement, statement
from troth.desk.storage.event_rows import codes_of
from troth.desk.tables import CASES
from troth.ledger.notes import note_signer

__all__ = ["Kept", "all_events", "signed_statement", "summary"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise over all cases: how many clocks, kept, missed, still open and overdue; the middle and the longest time in hours."""

    clock: str
    count: int
    kept: int
    missed: int
    overdue: int
    median: float
    longest: float


def all_events(desk: Desk) -> tuple[tuple[str, str, tuple[Event, ...]], ...]:
    """Every case's events, without free words: (short id, digest of its policy, events)."""
    with desk.store.read(TENANT) as t:
        rows = t.execute(select(CASES.c.uid, CASES.c.number, CASES.c.policy).where(CASES.c.tenant == desk.cases.tenant)).all()
        codes = codes_of(((row.uid, row.number) for row in rows), desk.settings.prefix)
        events = desk.events.read_all(t, codes)
    grouped: dict[str, list[Event]] = {}
    for uid, event in events:
        grouped.setdefault(uid, []).append(event)
    return tuple((codes[row.uid], row.policy, tuple(grouped.get(row.uid, ()))) for row in rows)


def summary(desk: Desk) -> tuple[Kept, ...]:
    """Each promise with a date, over all cases; what is overdue counts with its age so far."""
    now = desk.now()
    found: dict[str, list[Clock]] = {}
    for _code, policy, events in all_events(desk):
        for clock in clocks(desk.policies.get(policy).policy, events, now, desk.team):
            if clock.due is not None and clock.name in ("acknowledge", "assess", "plan", "fix", "update") and clock.phase is not Phase.CANCELLED:
                found.setdefault(clock.name, []).append(clock)
    return tuple(_kept(name, many, now) for name, many in found.items())


def signed_statement(desk: Desk, project: str, days: int = 365) -> str:
    """The statement of how promises were kept, signed with the desk's key, with a checkpoint of its ledger.

    Args:
        desk: the desk.
        project: whose it is (`owner/name`).
        days: reports received within so many days before now.

    Raises:
        UsageError: the desk has no policy.
    """
    now = desk.now()
    period = (now - timedelta(days=days), now)
    cases = all_events(desk)
    records = {digest: desk.policies.get(digest) for digest in {desk.policy.digest, *(policy for _code, policy, _events in cases)} if digest}
    logs = [CaseLog(records[policy].policy, events) for _code, policy, events in cases if policy]
    counted = measures(observations(logs, now, desk.team, period))
    with desk.store.read(TENANT) as t:
        checkpoint = desk.events.chronicle.log.checkpoint(t, note_signer(desk.keys.signer)).decode("ascii", "surrogateescape")
    names = {digest: record.policy.path for digest, record in records.items()}
    return sign_statement(statement(counted, project=project, at=now, period=period, policies=names, version=__version__, checkpoint=checkpoint), desk.keys.signer)


def _kept(name: str, many: list[Clock], now: datetime) -> Kept:
    taken = sorted((((clock.stopped or clock.ended or now) - clock.started) / timedelta(hours=1)) for clock in many if clock.phase is not Phase.RUNNING)
    kept = sum(clock.phase is Phase.MET for clock in many)
    missed = sum(clock.phase in (Phase.LATE, Phase.MISSED) for clock in many)
    overdue = sum(clock.phase is Phase.OVERDUE for clock in many)
    return Kept(name, len(many), kept, missed, overdue, round(taken[len(taken) // 2], 1) if taken else 0.0, round(taken[-1], 1) if taken else 0.0)
