"""Who is let in how fast: proofs of work that count once, bans, and the reason for each.

Rules: a gate only chooses a lane; the one that refuses is a ban, which a person set, with a case as its reason, and which is told as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from troth.app.desk.opening import TENANT, Desk
from troth.desk.intake import work
from troth.desk.tables import BANS, SPENT
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["BannedError", "ban", "is_banned", "rationed", "spend", "spend_once", "unban", "welcome"]


class BannedError(DeskError):
    """The team banned this sender; a person decided that, not a program."""

    code = "desk-banned"
    help = "Write to the project by another way that it publishes; a ban can be lifted at the desk."


def welcome(desk: Desk, contact: str, network: str) -> None:
    """Let a sender pass.

    Raises:
        BannedError: the address or network is banned.
    """
    names = [desk.sender(one) for one in (contact, f"net {network}") if one]
    if is_banned(desk, names):
        raise BannedError("The team of this project takes no more reports from you here.")


def is_banned(desk: Desk, names: Sequence[str]) -> bool:
    """Whether one of these senders (keyed digests) is banned."""
    return not desk.recent.get("banned", lambda: _banned(desk)).isdisjoint(names)


def _banned(desk: Desk) -> frozenset[str]:
    with desk.store.read(TENANT) as t:
        return frozenset(row.sender for row in t.execute(select(BANS.c.sender).where(BANS.c.tenant == desk.cases.tenant)))


async def spend(desk: Desk, proof: str) -> bool:
    """Whether a proof of work is good and was not used before; it is used up now."""
    if not work.check(desk.keys.forms, proof):
        return False
    return await desk.writer.submit_async(_Spender(desk.cases.tenant, desk.now).many, work.spent_name(proof))


def spend_once(desk: Desk, name: str) -> bool:
    """Whether something that counts once, within the lifetime of a proof of work, was not used before; it is used up now.

    Args:
        desk: the desk.
        name: 64 hex digits, which nobody can guess.
    """
    return desk.writer.submit(_Spender(desk.cases.tenant, desk.now).many, name).result()


def rationed(desk: Desk, name: str, most: int, amount: int = 1) -> bool:
    """Whether something may happen once more within a day; it counts, all of it or nothing. Kept in the store, for a mail may be taken by a process of its own.

    Args:
        desk: the desk.
        name: of what is counted; only a digest of it is kept.
        most: a day.
        amount: how many at once.
    """
    digest = desk.sender(f"ration {name}")[:60]
    names = [f"{digest}/{at:03}" for at in range(min(most, 999))]
    tenant = desk.cases.tenant

    def work_(t: Transaction) -> bool:
        now = desk.now()
        known = {row.name: row.ends_at for row in t.execute(select(SPENT.c.name, SPENT.c.ends_at).where(SPENT.c.tenant == tenant, SPENT.c.name.in_(names)))}
        free = [one for one in names if one not in known or known[one] <= now][:amount]
        if len(free) < amount:
            return False
        t.execute(delete(SPENT).where(SPENT.c.tenant == tenant, SPENT.c.name.in_(free)))
        t.execute(insert(SPENT), [{"tenant": tenant, "name": one, "ends_at": now + timedelta(days=1)} for one in free])
        return True

    return desk.writer.write(work_)


@dataclass(frozen=True, slots=True)
class _Spender:
    """Uses up proofs, many at once."""

    tenant: str
    now: Callable[[], datetime]

    def many(self, transaction: Transaction, names: Sequence[str]) -> list[bool]:
        now = self.now()
        used = {row.name for row in transaction.execute(select(SPENT.c.name).where(SPENT.c.tenant == self.tenant, SPENT.c.name.in_(names)))}
        good = []
        for name in names:
            good.append(name not in used)
            used.add(name)
        fresh = [name for name, one in zip(names, good, strict=True) if one]
        if fresh:
            transaction.execute(insert(SPENT), [{"tenant": self.tenant, "name": name, "ends_at": now + work.LIFETIME * 2} for name in fresh])
            transaction.execute(delete(SPENT).where(SPENT.c.tenant == self.tenant, SPENT.c.ends_at < now - timedelta(hours=1)))
        return good


def ban(desk: Desk, contact: str, uid: str, actor: str) -> None:
    """Take no more reports from an address.

    Args:
        desk: the desk.
        contact: the address.
        uid: the case that is the reason.
        actor: who decided.
    """
    row = {"tenant": desk.cases.tenant, "sender": desk.sender(contact), "at": desk.now(), "actor": actor, "case_uid": uid}

    def work_(t: Transaction) -> None:
        t.execute(delete(BANS).where(BANS.c.tenant == desk.cases.tenant, BANS.c.sender == row["sender"]))
        t.execute(insert(BANS), [row])

    desk.writer.write(work_)
    desk.recent.forget()


def unban(desk: Desk, contact: str) -> None:
    """Take reports from an address again."""
    desk.writer.write(lambda t: t.execute(delete(BANS).where(BANS.c.tenant == desk.cases.tenant, BANS.c.sender == desk.sender(contact))) and None)
    desk.recent.forget()
