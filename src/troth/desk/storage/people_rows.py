"""People of the desk: members with their roles and keys, passkeys, sessions, links that sign in once.

Rules: names and addresses are sealed under the desk's key; tokens of sessions and links are kept as digests only; an admin has no key pair, so that managing
the desk never opens a case; who left keeps nothing that opens one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from troth.desk.crypt.envelope import CryptError, place, seal, unseal
from troth.desk.crypt.wraps import new_identity
from troth.desk.intake.links import digest_of, new_nonce
from troth.desk.storage.case_rows import new_id
from troth.desk.tables import CREDENTIALS, INVITES, MEMBERS, SESSIONS, WRAPS
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["ROLES", "Member", "Passkey", "PeopleRows"]

ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "guest": frozenset({"read", "reply"}),
        "member": frozenset({"list", "read", "reply", "note", "judge"}),
        "coordinator": frozenset({"list", "read", "reply", "note", "judge", "lead", "erase"}),
        "owner": frozenset({"list", "read", "reply", "note", "judge", "lead", "erase", "manage"}),
        "admin": frozenset({"list", "manage", "erase"}),
        "auditor": frozenset({"list", "audit"}),
    }
)
"""Role -> what it may do. `read` needs a key as well; `admin` and `auditor` have none and see no content."""

SESSION: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who signs in."""

    id: str
    role: str
    name: str
    mail: str
    recipient: str
    left: bool

    def may(self, what: str) -> bool:
        """Whether the role has a right."""
        return not self.left and what in ROLES.get(self.role, frozenset())

    @property
    def actor(self) -> str:
        """How events name them."""
        role = {"coordinator": "coordinator", "owner": "coordinator", "guest": "participant"}.get(self.role, "team")
        return f"{role}:{self.id}"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public key that a member signs in with."""

    id: str
    member: str
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class PeopleRows:
    """People of one desk."""

    tenant: str
    wrapping: bytes

    def add(self, transaction: Transaction, name: str, mail: str, role: str, *, at: datetime, subject: str = "") -> Member:
        """A new member; those who may read get a key pair.

        Raises:
            DeskError: no such role, or a name that is empty or too long.
        """
        if role not in ROLES:
            raise DeskError(f"there is no role {role[:30]!r}; roles are {', '.join(ROLES)}")
        if not name.strip() or len(name) > 120 or len(mail) > 254:
            raise DeskError("a member needs a name of at most 120 characters")
        id_ = new_id()
        identity, recipient = new_identity() if "read" in ROLES[role] else ("", "")
        transaction.execute(insert(MEMBERS), [{
            "tenant": self.tenant, "id": id_, "role": role, "recipient": recipient, "made_at": at, "left_at": None, "subject": subject,
            "identity_sealed": seal(self.wrapping, identity.encode(), place(self.tenant, "identity", id_)),
            "who_sealed": seal(self.wrapping, json.dumps({"name": name.strip(), "mail": mail.strip()}).encode(), place(self.tenant, "member", id_)),
        }])  # fmt: skip
        return Member(id_, role, name.strip(), mail.strip(), recipient, left=False)

    def _member(self, row: Any) -> Member:  # noqa: ANN401 - a row of SQLAlchemy
        who = json.loads(unseal(self.wrapping, row.who_sealed, place(self.tenant, "member", row.id)))
        return Member(row.id, row.role, who["name"], who["mail"], row.recipient, row.left_at is not None)

    def all(self, transaction: Transaction) -> tuple[Member, ...]:
        """All members, those who left too."""
        return tuple(self._member(row) for row in transaction.execute(select(MEMBERS).where(MEMBERS.c.tenant == self.tenant).order_by(MEMBERS.c.made_at)))

    def get(self, transaction: Transaction, id_: str) -> Member | None:
        """A member by id."""
        row = transaction.execute(select(MEMBERS).where(MEMBERS.c.tenant == self.tenant, MEMBERS.c.id == id_)).first()
        return self._member(row) if row is not None else None

    def by_subject(self, transaction: Transaction, subject: str) -> Member | None:
        """A member by what an identity provider calls them (a digest)."""
        row = transaction.execute(select(MEMBERS).where(MEMBERS.c.tenant == self.tenant, MEMBERS.c.subject == subject)).first() if subject else None
        return self._member(row) if row is not None else None

    def bind(self, transaction: Transaction, id_: str, subject: str) -> None:
        """Keep what an identity provider calls a member (a digest), instead of what was kept before."""
        transaction.execute(update(MEMBERS).where(MEMBERS.c.tenant == self.tenant, MEMBERS.c.id == id_, MEMBERS.c.left_at.is_(None)).values(subject=subject))

    def identity(self, transaction: Transaction, id_: str) -> str:
        """A member's age identity.

        Raises:
            CryptError: they have none, or have left.
        """
        row = transaction.execute(select(MEMBERS.c.identity_sealed, MEMBERS.c.left_at).where(MEMBERS.c.tenant == self.tenant, MEMBERS.c.id == id_)).first()
        identity = unseal(self.wrapping, row.identity_sealed, place(self.tenant, "identity", id_)).decode() if row is not None and row.left_at is None else ""
        if not identity:
            raise CryptError("this member has no key")
        return identity

    def leave(self, transaction: Transaction, id_: str, at: datetime) -> None:
        """A member leaves: sessions, passkeys, links and wraps go at once."""
        transaction.execute(update(MEMBERS).where(MEMBERS.c.tenant == self.tenant, MEMBERS.c.id == id_).values(left_at=at, identity_sealed=b"", subject=""))
        for table in (SESSIONS, CREDENTIALS, INVITES):
            transaction.execute(delete(table).where(table.c.tenant == self.tenant, table.c.member == id_))
        transaction.execute(delete(WRAPS).where(WRAPS.c.tenant == self.tenant, WRAPS.c.holder == f"member:{id_}"))

    def invite(self, transaction: Transaction, id_: str, ends: datetime) -> str:
        """The token of a link that signs a member in once."""
        token = new_nonce()
        transaction.execute(insert(INVITES), [{"tenant": self.tenant, "digest": digest_of(token), "member": id_, "ends_at": ends, "used_at": None}])
        return token

    def use_invite(self, transaction: Transaction, token: str, now: datetime) -> Member | None:
        """The member whom a link signs in; None where it was used, has ended or never was."""
        changed = transaction.execute(
            update(INVITES).where(INVITES.c.tenant == self.tenant, INVITES.c.digest == digest_of(token), INVITES.c.used_at.is_(None), INVITES.c.ends_at > now).values(used_at=now)
        )
        if changed.rowcount != 1:
            return None
        found = transaction.execute(select(INVITES.c.member).where(INVITES.c.tenant == self.tenant, INVITES.c.digest == digest_of(token))).scalar()
        member = self.get(transaction, str(found))
        return member if member is not None and not member.left else None

    def sign_in(self, transaction: Transaction, id_: str, now: datetime) -> str:
        """The token of a new session; always a new one, so that none can be planted."""
        token = secrets.token_urlsafe(32)
        row = {"tenant": self.tenant, "digest": digest_of(token), "member": id_, "made_at": now, "seen_at": now, "ends_at": now + SESSION}
        transaction.execute(insert(SESSIONS), [row])
        transaction.execute(delete(SESSIONS).where(SESSIONS.c.tenant == self.tenant, SESSIONS.c.ends_at < now))
        return token

    def session(self, transaction: Transaction, token: str, now: datetime) -> tuple[Member, datetime] | None:
        """Who has a session, and when it was last seen; None where it has ended, was idle too long, or the member left."""
        row = transaction.execute(select(SESSIONS).where(SESSIONS.c.tenant == self.tenant, SESSIONS.c.digest == digest_of(token))).first()
        if row is None or row.ends_at <= now or row.seen_at + IDLE <= now:
            return None
        member = self.get(transaction, row.member)
        return (member, row.seen_at) if member is not None and not member.left else None

    def touch(self, transaction: Transaction, token: str, now: datetime) -> None:
        """A session was used."""
        transaction.execute(update(SESSIONS).where(SESSIONS.c.tenant == self.tenant, SESSIONS.c.digest == digest_of(token)).values(seen_at=now))

    def sign_out(self, transaction: Transaction, token: str) -> None:
        """End a session."""
        transaction.execute(delete(SESSIONS).where(SESSIONS.c.tenant == self.tenant, SESSIONS.c.digest == digest_of(token)))

    def add_passkey(self, transaction: Transaction, key: Passkey, at: datetime) -> None:
        """Keep a passkey."""
        row = {"tenant": self.tenant, "id": key.id, "member": key.member, "public_key": key.public_key, "sign_count": key.sign_count, "made_at": at}
        transaction.execute(insert(CREDENTIALS), [row])

    def passkey(self, transaction: Transaction, id_: str) -> Passkey | None:
        """A passkey by its id (base64url)."""
        row = transaction.execute(select(CREDENTIALS).where(CREDENTIALS.c.tenant == self.tenant, CREDENTIALS.c.id == id_)).first()
        return Passkey(row.id, row.member, bytes(row.public_key), row.sign_count) if row is not None else None

    def passkeys(self, transaction: Transaction, member: str) -> tuple[str, ...]:
        """Ids of a member's passkeys."""
        return tuple(row.id for row in transaction.execute(select(CREDENTIALS.c.id).where(CREDENTIALS.c.tenant == self.tenant, CREDENTIALS.c.member == member)))

    def counted(self, transaction: Transaction, id_: str, count: int) -> None:
        """A passkey was used; its counter only grows."""
        transaction.execute(update(CREDENTIALS).where(CREDENTIALS.c.tenant == self.tenant, CREDENTIALS.c.id == id_).values(sign_count=count))

    def number(self, transaction: Transaction) -> int:
        """How many members there are."""
        return int(transaction.execute(select(func.count()).select_from(MEMBERS).where(MEMBERS.c.tenant == self.tenant)).scalar() or 0)
