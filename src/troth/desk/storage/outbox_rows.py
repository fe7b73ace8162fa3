"""Mail that is to be sent, written in the transaction that causes it: exactly one row per reason, sent at most once.

Rules: a reason has a key (`case/clock/rung`, `case/received/team`), and the key is unique: asking again changes nothing. A mail is marked `sending` and
committed before the first byte leaves; what is still `sending` after a crash is `unsure`: it may have been sent, so it is shown to people and not sent
again by the program. The text is an envelope under the desk's key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from troth.desk.crypt.envelope import place, seal, unseal
from troth.desk.tables import OUTBOX
from troth.store import Transaction

__all__ = ["BATCH", "Mail", "OutboxRows", "Waiting"]

_WAITING, _SENDING, _SENT, _FAILED, _UNSURE = "waiting", "sending", "sent", "failed", "unsure"
BATCH: Final = 20
"""Mails that are claimed at once."""
TRIES: Final = 8
"""How often a mail that a server put off is tried before it is shown as failed."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to send.

    Attributes:
        key: its reason; unique.
        case: uid, or empty.
        to: address.
        subject, text: carry no report text.
        due: when to send it; None = now.
    """

    key: str
    case: str
    to: str
    subject: str
    text: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is due."""

    id: str
    mail: Mail
    tries: int


@dataclass(frozen=True, slots=True)
class OutboxRows:
    """The outbox of one desk."""

    tenant: str
    wrapping: bytes

    def put(self, transaction: Transaction, mails: Sequence[Mail], at: datetime) -> int:
        """Ask for mails; those that were asked for before are left as they are. Returns how many are new."""
        wanted = {mail.key: mail for mail in mails}
        if not wanted:
            return 0
        known = {row.key for row in transaction.execute(select(OUTBOX.c.key).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.key.in_(list(wanted))))}
        rows = [self._row(mail, at) for key, mail in wanted.items() if key not in known]
        if rows:
            transaction.execute(insert(OUTBOX), rows)
        return len(rows)

    def _row(self, mail: Mail, at: datetime) -> dict[str, object]:
        from troth.desk.storage.case_rows import new_id

        id_ = new_id()
        body = {name: value for name, value in asdict(mail).items() if name in ("to", "subject", "text")}
        return {
            "tenant": self.tenant, "id": id_, "key": mail.key, "case_uid": mail.case, "made_at": at, "due_at": mail.due or at, "state": _WAITING, "tries": 0,
            "done_at": None, "sealed": seal(self.wrapping, json.dumps(body).encode(), place(self.tenant, "mail", id_)),
        }  # fmt: skip

    def claim(self, transaction: Transaction, now: datetime, most: int = BATCH) -> tuple[Waiting, ...]:
        """Take mails that are due, marking them `sending`; commit before sending them."""
        rows = transaction.execute(
            select(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.state == _WAITING, OUTBOX.c.due_at <= now).order_by(OUTBOX.c.due_at).limit(most)
        ).all()
        if rows:
            transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.id.in_([row.id for row in rows])).values(state=_SENDING))
        return tuple(self._waiting(row.id, row.key, row.case_uid, row.sealed, row.tries) for row in rows)

    def _waiting(self, id_: str, key: str, uid: str, sealed: bytes, tries: int) -> Waiting:
        body = json.loads(unseal(self.wrapping, sealed, place(self.tenant, "mail", id_)))
        return Waiting(id_, Mail(key, uid, body["to"], body["subject"], body["text"]), tries)

    def done(self, transaction: Transaction, id_: str, at: datetime) -> None:
        """A server took the mail: the address and text are dropped."""
        self._end(transaction, id_, _SENT, at)

    def fail(self, transaction: Transaction, id_: str, at: datetime) -> None:
        """A server refused the mail for good."""
        transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.id == id_).values(state=_FAILED, done_at=at))

    def put_off(self, transaction: Transaction, waiting: Waiting, until: datetime) -> None:
        """Try again later; only where it is certain that the server did not take it."""
        if waiting.tries + 1 >= TRIES:
            self.fail(transaction, waiting.id, until)
            return
        transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.id == waiting.id).values(state=_WAITING, tries=waiting.tries + 1, due_at=until))

    def settle_crash(self, transaction: Transaction) -> int:
        """After a start: what was being sent when the process ended may have left; returns how many."""
        changed = transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.state == _SENDING).values(state=_UNSURE))
        return int(changed.rowcount)

    def _end(self, transaction: Transaction, id_: str, state: str, at: datetime) -> None:
        transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.id == id_).values(state=state, done_at=at, sealed=b""))

    def drop(self, transaction: Transaction, uid: str) -> None:
        """Forget the mails of an erased case: their rows stay as reasons, without address and text."""
        transaction.execute(update(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.case_uid == uid).values(sealed=b"", state=_SENT))

    def keys_of(self, transaction: Transaction, uid: str) -> tuple[str, ...]:
        """Keys of the mails of a case, sent or not."""
        return tuple(row.key for row in transaction.execute(select(OUTBOX.c.key).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.case_uid == uid)))

    def counts(self, transaction: Transaction) -> dict[str, int]:
        """How many mails are in each state."""
        rows = transaction.execute(select(OUTBOX.c.state, func.count().label("many")).where(OUTBOX.c.tenant == self.tenant).group_by(OUTBOX.c.state))
        return {row.state: int(row.many) for row in rows}

    def forget(self, transaction: Transaction, before: datetime) -> None:
        """Drop old rows that were sent; their reasons are long past."""
        transaction.execute(delete(OUTBOX).where(OUTBOX.c.tenant == self.tenant, OUTBOX.c.state == _SENT, OUTBOX.c.done_at < before))
