"""Delivers what jobs left for other systems: after the job's end is recorded, at least once, each message with a key by which the other side drops a second.

A sender is the operator's code. It raises `TryAgainError` where a later try may succeed; anything else it raises makes the message dead, visibly. A message is taken by
moving its `not_before` ahead before it is sent, so that two deliverers seldom send the same one; if the deliverer dies, the message is sent again after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Row, select, update

from troth.errors import TrothError
from troth.jobs.executor import rows, seals
from troth.jobs.executor.works import Works
from troth.jobs.handler import Message, TryAgainError
from troth.jobs.refusals import JobStateError
from troth.jobs.strict import parse
from troth.jobs.tables import OUTBOX
from troth.terms.tenant import Tenant

__all__ = ["ATTEMPTS", "Sender", "deliver"]

Sender = Callable[[Message], None]
"""Sends one message."""

ATTEMPTS: Final = 8
_TAKEN_MILLISECONDS: Final = 60_000
_MOST: Final = 100


def deliver(works: Works, tenant: Tenant, senders: Mapping[str, Sender]) -> int:
    """Deliver what waits for a tenant's project.

    Returns:
        Number of messages that were sent.
    """
    with works.store.read(tenant) as t:
        mine = OUTBOX.c.tenant == str(tenant)
        due = (OUTBOX.c.state == "waiting") & (OUTBOX.c.not_before <= works.now()) & OUTBOX.c.kind.in_(list(senders))
        waiting = t.execute(select(OUTBOX).where(mine, due).order_by(OUTBOX.c.not_before, OUTBOX.c.id).limit(_MOST)).all()
    return sum(_deliver_one(works, tenant, row, senders[row.kind]) for row in waiting)


def _deliver_one(works: Works, tenant: Tenant, row: Row[Any], sender: Sender) -> bool:
    if not _left_by_its_job(works, tenant, row):
        _set(works, tenant, row, {"state": "dead", "reason": "tampered"}, leaf="outbox.dead")
        return False
    now = works.now()
    taken = {"not_before": now + _TAKEN_MILLISECONDS, "attempt": row.attempt + 1}
    if not _set(works, tenant, row, taken):
        return False
    works.settings.step("outbox:taken")
    body = parse(bytes(row.body), limit=16 * 1024 * 1024, depth=12, error=JobStateError, what="message")
    try:
        sender(Message(row.kind, row.key, body))
    except TryAgainError as error:
        wait = min(1000 * 2**row.attempt, 3_600_000)
        dead = row.attempt + 1 >= ATTEMPTS
        told = {"state": "dead", "reason": error.reason} if dead else {"not_before": now + wait, "reason": error.reason}
        _set(works, tenant, row, told, attempt=row.attempt + 1, leaf="outbox.dead" if dead else "")
        return False
    except TrothError as error:
        _set(works, tenant, row, {"state": "dead", "reason": error.code}, attempt=row.attempt + 1, leaf="outbox.dead")
        return False
    works.settings.step("outbox:sent")
    return _set(works, tenant, row, {"state": "sent", "reason": ""}, attempt=row.attempt + 1, leaf="outbox.sent")


def _left_by_its_job(works: Works, tenant: Tenant, row: Row[Any]) -> bool:
    """Whether the job that a message names left exactly this one: whoever can write the database cannot have something sent."""
    with works.store.read(tenant) as t:
        words = seals.told(works, t, row.job, seals.DONE)
    messages = None if words is None else words.get("messages")
    return isinstance(messages, list) and rows.message_digest(row.kind, row.key, bytes(row.body)) in messages


def _set(
    works: Works, tenant: Tenant, row: Row[Any], values: dict[str, Any], *, attempt: int | None = None, leaf: str = ""
) -> bool:
    with works.store.write(tenant) as t:
        mine = (OUTBOX.c.tenant == str(tenant)) & (OUTBOX.c.id == row.id)
        unchanged = (OUTBOX.c.attempt == (row.attempt if attempt is None else attempt)) & (OUTBOX.c.state == "waiting")
        changed = bool(t.execute(update(OUTBOX).where(mine, unchanged).values(**values)).rowcount)
        if changed and leaf:
            works.leaf(t, leaf, works.settings.name, row.job, {"kind": row.kind, "message": row.id})
        return changed
