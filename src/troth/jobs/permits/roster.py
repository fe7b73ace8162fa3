"""Who may approve: people, their keys, and how many of which it takes. The executor's root of trust, a file that only its owner can write.

Rules: a key belongs to one person; a key holds between two moments, so that a new one can be laid beside the old before the old ends (rotation); a removed person or a
revoked key counts from the moment the roster is read, also for permits signed before; the version only grows, and the executor remembers the highest that it has seen,
so that an older roster cannot bring back who was removed. More than one rule may match a job: each must be satisfied.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from troth.jobs.refusals import RosterError
from troth.jobs.registry import Category
from troth.jobs.session import ACTOR
from troth.jobs.strict import Json, parse
from troth.ledger.keys import is_weak, key_id
from troth.terms.tenant import Tenant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Approver", "Roster", "Rule", "TrustedKey", "load_roster", "parse_roster"]

LIMIT_BYTES: Final = 1024 * 1024
_ROLE: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SCOPE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}/(?:\*|[a-z0-9][a-z0-9-]{0,62})")
_MATCH: Final = re.compile(r"\*|[a-z][a-z0-9.-]{0,120}(?:\.\*)?")
_CATEGORIES: Final = {category.name.lower().replace("_", "-"): category for category in Category}


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may approve.

    Attributes:
        id: their name in permits.
        scopes: `tenant/project` or `tenant/*`; never everything.
        roles: what rules may ask for.
        also: other names under which the same person may ask for jobs; approving one's own request is refused under any of them.
    """

    id: str
    scopes: frozenset[str]
    roles: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    def may(self, tenant: Tenant) -> bool:
        """Whether this tenant is theirs to approve for."""
        return f"{tenant.id}/{tenant.project}" in self.scopes or f"{tenant.id}/*" in self.scopes

    def is_called(self, actor: str) -> bool:
        """Whether `actor` is this person."""
        return actor == self.id or actor in self.also


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and its time.

    Attributes:
        public: the key.
        holder: id of the one person who holds it.
        not_before: first second in which it counts, POSIX.
        not_after: first second in which it no longer counts.
        revoked: whether it was revoked: then nothing that it ever signed counts.
    """

    public: Ed25519PublicKey
    holder: str
    not_before: int
    not_after: int
    revoked: bool = False

    @property
    def id(self) -> str:
        """SHA-256 of the key, hex."""
        return key_id(self.public)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many approvers a job takes.

    Attributes:
        match: a job type, `prefix.*`, or `*`.
        category: least category that it speaks of.
        needed: number of distinct approvers.
        roles: roles of which each counted approver must have one; empty for any.
    """

    match: str = "*"
    category: Category = Category.OBSERVE
    needed: int = 1
    roles: frozenset[str] = frozenset()

    def speaks_of(self, job_type: str, category: Category) -> bool:
        """Whether it applies to jobs of this type and category."""
        named = self.match in ("*", job_type) or (self.match.endswith(".*") and job_type.startswith(self.match[:-1]))
        return named and category >= self.category


class Roster:
    """All approvers, keys and rules of one approving body.

    Args:
        version: grows with every change.
        issuer: name of the approving body, in every permit.
        approvers: the people.
        keys: their keys.
        rules: how many it takes; one approver is always needed.

    Raises:
        RosterError: a name twice (other names count), a key of two people, a key of nobody, or one under which anybody can sign.
    """

    __slots__ = ("_approvers", "_keys", "issuer", "rules", "version")

    def __init__(
        self, version: int, issuer: str, approvers: Iterable[Approver], keys: Iterable[TrustedKey], rules: Iterable[Rule] = ()
    ) -> None:
        people, held = tuple(approvers), tuple(keys)
        self.version = version
        self.issuer = issuer
        self.rules = (Rule(), *rules)
        self._approvers: Mapping[str, Approver] = MappingProxyType({one.id: one for one in people})
        self._keys: Mapping[str, TrustedKey] = MappingProxyType({key.id: key for key in held})
        if len(self._approvers) != len(people) or len(self._keys) != len(held):
            raise RosterError("twins", "The roster names a person or a key twice.")
        names = [name for one in people for name in {one.id, *one.also}]
        if len(set(names)) != len(names):
            raise RosterError("twins", "Two people of the roster share a name: one of them could count twice, or approve what they asked for.")
        if any(key.holder not in self._approvers for key in held):
            raise RosterError("holder", "The roster has a key of nobody whom it names.")
        if any(is_weak(key.public.public_bytes_raw()) for key in held):
            raise RosterError("weak-key", "The roster has a key under which anybody can sign.")

    def key(self, name: str) -> TrustedKey | None:
        """The key of this id; None where there is none."""
        return self._keys.get(name)

    def approver(self, name: str) -> Approver | None:
        """The person of this name; None where there is none."""
        return self._approvers.get(name)

    def with_key(self, key: TrustedKey) -> Roster:
        """The same roster and one more key: for a key of minutes that an identity provider vouches for."""
        return Roster(self.version, self.issuer, self._approvers.values(), (*self._keys.values(), key), self.rules[1:])


def load_roster(path: Path) -> Roster:
    """The roster in a file.

    Raises:
        RosterError: it cannot be read, others can write it, or it is no roster.
    """
    try:
        above = path.absolute().parent.stat().st_mode
        if above & 0o002 and not above & stat.S_ISVTX:
            raise RosterError("open-to-others", "Anybody can put another file in the roster's place: its folder is open to all.")
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o022 or status.st_uid not in (os.geteuid(), 0):
                raise RosterError("open-to-others", "Others can write the roster, or it is no file of ours.")
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise RosterError("unreadable", f"The roster cannot be read: {error.strerror or error}.") from error
    return parse_roster(content)


def parse_roster(content: bytes) -> Roster:
    """The roster that these bytes are; docs/jobs.md describes the fields.

    Raises:
        RosterError: they are none.
    """
    told = parse(content, limit=LIMIT_BYTES, depth=6, error=RosterError, what="roster")
    if told.keys() - {"rules"} != {"version", "issuer", "approvers", "keys"}:
        raise RosterError("form", "A roster is version, issuer, approvers, keys and perhaps rules.")
    return Roster(
        _number(told["version"]),
        _text(told["issuer"], ACTOR),
        [_approver(item) for item in _objects(told["approvers"])],
        [_key(item) for item in _objects(told["keys"])],
        [_rule(item) for item in _objects(told.get("rules", []))],
    )


def _approver(item: Mapping[str, Json]) -> Approver:
    _only(item, {"id", "scopes"}, {"roles", "also"})
    return Approver(
        _text(item["id"], ACTOR),
        _texts(item["scopes"], _SCOPE),
        _texts(item.get("roles", []), _ROLE),
        _texts(item.get("also", []), ACTOR),
    )


def _key(item: Mapping[str, Json]) -> TrustedKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    _only(item, {"holder", "public", "not_before", "not_after"}, {"revoked"})
    revoked = item.get("revoked", False)
    raw = _text(item["public"], re.compile(r"[0-9a-f]{64}"))
    begin, end = _number(item["not_before"]), _number(item["not_after"])
    if not isinstance(revoked, bool) or begin >= end:
        raise RosterError("form", "A key has a time that never is, or is neither revoked nor not.")
    return TrustedKey(Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw)), _text(item["holder"], ACTOR), begin, end, revoked)


def _rule(item: Mapping[str, Json]) -> Rule:
    _only(item, {"match", "needed"}, {"category", "roles"})
    category = item.get("category", "observe")
    needed = _number(item["needed"])
    if category not in _CATEGORIES or not 1 <= needed <= 16:
        raise RosterError("form", "A rule speaks of a category that there is not, or of an impossible number.")
    return Rule(_text(item["match"], _MATCH), _CATEGORIES[str(category)], needed, _texts(item.get("roles", []), _ROLE))


def _only(item: Mapping[str, Json], must: set[str], may: set[str]) -> None:
    if not must <= item.keys() <= must | may:
        raise RosterError("form", f"An entry of the roster has {', '.join(sorted(must))} and nothing unknown.")


def _objects(value: Json) -> list[Mapping[str, Json]]:
    if not isinstance(value, list):
        raise RosterError("form", "A list of the roster is none.")
    found: list[Mapping[str, Json]] = [item for item in value if isinstance(item, dict)]
    if len(found) != len(value):
        raise RosterError("form", "An entry of the roster is no object.")
    return found


def _text(value: Json, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RosterError("form", "The roster holds a name or a key that cannot be one.")
    return value


def _texts(value: Json, pattern: re.Pattern[str]) -> frozenset[str]:
    if not isinstance(value, list):
        raise RosterError("form", "A list of the roster is none.")
    return frozenset(_text(item, pattern) for item in value)


def _number(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RosterError("form", "The roster holds something that is not a whole number.")
    return value
