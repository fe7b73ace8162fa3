"""How the desk kept its promises, from all events; and the signed statement of it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from troth import __version__
from troth.app.desk.opening import TENANT, Desk
from troth.desk.events import Event
from troth.desk.measures import CaseLog, Measure, measures, observations
from troth.desk.statement import sign_statement, statement
from troth.desk.storage.event_rows import codes_of
from troth.desk.tables import CASES
from troth.ledger.notes import note_signer

__all__ = ["all_events", "kept_by_promise", "signed_statement"]


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


def kept_by_promise(desk: Desk) -> tuple[Measure, ...]:
    """Each promise over all cases, as the statement counts them: late and open at its age, cancelled apart, a changed policy as another promise."""
    logs = [CaseLog(desk.policies.get(policy).policy, events) for _code, policy, events in all_events(desk)]
    return measures(observations(logs, desk.now(), desk.team))


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
