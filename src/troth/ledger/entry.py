"""One entry of a log: what happened, when, by whom, to what, and a commitment to what was said about it.

Rules:

* secrets are taken out (`troth.detectors.redaction`) of every text *before* anything is hashed: what is in a log cannot be taken out of it;
* the bytes that are hashed (the leaf) hold kind, time, actor, subject, the log's name and the entry's number, and SHA-256(salt + body); the body, with its
  32 random bytes of salt, is kept beside them. Once both are erased nobody can tell or guess what was said, and every proof still holds;
* a leaf has exactly one spelling: JSON, ASCII, sorted keys, no spaces. One that is read back and spelled anew must be the same bytes;
* what is too large, too deep or no JSON is refused, never cut.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import Any, ClassVar, Final, NamedTuple

from troth.detectors.redaction import Redactor, secret_key
from troth.errors import LedgerError

__all__ = ["BODY_LIMIT", "SALT_BYTES", "SKEW_MS", "Entry", "EntryError", "Kept", "Leaf", "body_bytes", "commitment", "kept", "kept_many", "leaf_bytes", "parse_leaf", "redacted"]

BODY_LIMIT: Final = 64 * 1024
"""Most bytes of a body, redacted and spelled out."""
SALT_BYTES: Final = 32
SKEW_MS: Final = 120_000
"""How far an entry's time may lie before its log's latest: machines' clocks differ."""
_NAME_LIMIT: Final = 256
_DEPTH: Final = 32
_VERSION: Final = 1
_LAST_MOMENT: Final = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""
_KIND: Final = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SCALARS: Final = frozenset((str, int, float, bool, type(None)))
_ONE_SPELLING: Final = JSONEncoder(ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
_APART: Final = b"\n" + bytes(64) + b"\n"
"""Between entries that are looked through together: no name reaches over it to a value, as NUL is neither a space nor a letter of either."""
_TOGETHER: Final = 8 * 1024
"""Most bytes that are looked through together: the detectors look into so many encoded runs of one text, and a small text cannot hold more."""
_SPELLED_TOGETHER: Final = 64
"""Most bodies that are spelled in one go: it bounds the text that is made."""
_BETWEEN: Final = "\0"
_BETWEEN_SPELLED: Final = b',"\\u0000",'
_FIELDS: Final = frozenset({"actor", "at", "body", "kind", "log", "number", "subject", "v"})


class EntryError(LedgerError):
    """An entry cannot be written: too large, no JSON, a time that runs backwards. Nothing was added."""

    code: ClassVar[str] = "ledger-entry"
    help: ClassVar[str] = "Write less, or mend the field that the message names; long texts belong beside the ledger, with their digest in it."


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written.

    Attributes:
        kind: what happened: lower-case words with dots or hyphens, `permit.spent`.
        at: when, POSIX milliseconds.
        actor: who; up to 256 characters, one line.
        subject: to what; the same.
        body: what is said about it: JSON, up to 64 KiB.
    """

    kind: str
    at: int
    actor: str
    subject: str
    body: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not _is_kind(self.kind):
            raise EntryError("an entry's kind is up to 64 lower-case letters, digits, dots and hyphens")
        if isinstance(self.at, bool) or not isinstance(self.at, int) or not 0 <= self.at <= _LAST_MOMENT:
            raise EntryError("an entry's time is a whole number of milliseconds since 1970")
        for name, value in (("actor", self.actor), ("subject", self.subject)):
            if not isinstance(value, str) or len(value) > _NAME_LIMIT or (not value.isprintable() and _CONTROL.search(value)):
                raise EntryError(f"an entry's {name} is one line of up to {_NAME_LIMIT} characters")
        if not isinstance(self.body, Mapping):
            raise EntryError("an entry's body is a mapping")


class Leaf(NamedTuple):
    """An entry as it stands in a log.

    Attributes:
        number: from 0.
        log: name of the log: the origin line of its checkpoints.
        kind, at, actor, subject: as in `Entry`.
        body: commitment to the body, SHA-256(salt + body), hex.
    """

    number: int
    log: str
    kind: str
    at: int
    actor: str
    subject: str
    body: str


@lru_cache(maxsize=256)
def _is_kind(kind: str) -> bool:
    return len(kind) <= 64 and _KIND.fullmatch(kind) is not None


def _spelled(value: object) -> bytes:
    try:
        return _ONE_SPELLING(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise EntryError("an entry's body is not JSON") from error


def redacted(value: object, redactor: Redactor, depth: int = 0) -> object:
    """`value` without secrets: values under keys that name a secret, and whatever a detector finds in a text or a key.

    Raises:
        EntryError: it is no JSON, or nested too deeply to be looked through.
    """
    if depth > _DEPTH:
        raise EntryError(f"an entry's body is nested more than {_DEPTH} deep")
    if isinstance(value, str):
        return redactor.text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        made: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise EntryError("a key of an entry's body is not text")
            name = redactor.text(key)
            hidden = secret_key(key) and isinstance(item, str | int | float) and not isinstance(item, bool) and item != ""
            if name in made:
                raise EntryError("two keys of an entry's body are the same without their secrets")
            made[name] = "[redacted]" if hidden else redacted(item, redactor, depth + 1)
        return made
    if isinstance(value, list | tuple):
        return [redacted(item, redactor, depth + 1) for item in value]
    raise EntryError(f"a {type(value).__name__} in an entry's body is not JSON")


class Kept(NamedTuple):
    """What of an entry may be kept.

    Attributes:
        actor, subject: without secrets.
        body: redacted, in its one spelling.
    """

    actor: str
    subject: str
    body: bytes


def kept(entry: Entry, redactor: Redactor) -> Kept:
    """An entry without its secrets.

    Raises:
        EntryError: the body is too large, too deep, or no JSON.
    """
    return kept_many((entry,), redactor)[0]


def kept_many(entries: Sequence[Entry], redactor: Redactor) -> tuple[Kept, ...]:
    """Entries without their secrets.

    Texts that are spelled as they are (no escape) are spelled together and looked through together, as the bodies spell them and each on a line of its own; only where
    something is found is each entry, and each of its texts, looked through alone. What is found is the same either way; it is the looking that is shared.

    Raises:
        EntryError: a body is too large, too deep, or no JSON.
    """
    made: list[Kept] = []
    waiting: list[Kept] = []
    size = 0
    for start, (entry, plain) in enumerate(zip(entries, _as_they_are(entries), strict=True)):
        length = 2 * len(plain.body) + len(plain.actor) + len(plain.subject) + 3 * len(_APART) if plain is not None else 0
        if plain is None or size + length > _TOGETHER:
            made += _looked_through(waiting, entries[start - len(waiting) : start], redactor)
            waiting, size = [], 0
        if plain is None:
            made.append(_alone(entry, redactor))
        else:
            waiting.append(plain)
            size += length
    made += _looked_through(waiting, entries[len(entries) - len(waiting) :], redactor)
    return tuple(made)


def _looked_through(waiting: Sequence[Kept], entries: Sequence[Entry], redactor: Redactor) -> Sequence[Kept]:
    """Entries as they are where nothing is found in their texts, looked through in one piece."""
    if not waiting:
        return ()
    bodies = _APART.join([plain.body for plain in waiting])
    names = "\n".join([f"{plain.actor}\n{plain.subject}" for plain in waiting])
    whole = _APART.join((bodies, bodies.replace(b'"', b"\n"), names.encode("ascii")))
    if redactor.bytes(whole) is whole:
        return waiting
    return [_alone(entry, redactor) for entry in entries]


def _alone(entry: Entry, redactor: Redactor) -> Kept:
    return Kept(redactor.text(entry.actor), redactor.text(entry.subject), body_bytes(entry.body, redactor))


def _as_they_are(entries: Sequence[Entry]) -> Sequence[Kept | None]:
    """Entries as they would be kept if they held no secret; None where that takes more than one look (an escape, a key that names a secret, a type of its own, size, depth)."""
    found: list[Kept | None] = [None] * len(entries)
    plain = [number for number, entry in enumerate(entries) if entry.actor.isascii() and entry.subject.isascii() and _is_plain(entry.body)]
    for start in range(0, len(plain), _SPELLED_TOGETHER):
        numbers = plain[start : start + _SPELLED_TOGETHER]
        for number, spelled in zip(numbers, _spelled_together([entries[number].body for number in numbers]), strict=True):
            if b"\\" not in spelled and len(spelled) <= BODY_LIMIT:
                found[number] = Kept(entries[number].actor, entries[number].subject, spelled)
    return found


def _spelled_together(bodies: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Each body's spelling. They are spelled as one list with a text between them that has an escape, and parted at it: setting the speller up costs as much as a body."""
    if len(bodies) > 1:
        whole: list[object] = [_BETWEEN] * (2 * len(bodies) - 1)
        whole[::2] = bodies
        parts = _spelled(whole)[1:-1].split(_BETWEEN_SPELLED)
        if len(parts) == len(bodies):  # a body that holds that text itself makes one more
            return parts
    return [_spelled(body) for body in bodies]


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value is of JSON's own types, not nested too deeply, and has no key that names a secret."""
    if type(value) is dict:
        for key in value:
            if type(key) is not str or secret_key(key):
                return False
        items: Any = value.values()
    elif type(value) in (list, tuple):
        items = value
    else:
        return False
    if depth == _DEPTH and items:
        return False
    for item in items:  # noqa: SIM110 - a generator costs as much as the looking
        if type(item) not in _SCALARS and not _is_plain(item, depth + 1):
            return False
    return True


def _demand_size(spelled: bytes, limit: int) -> None:
    if len(spelled) > limit:
        raise EntryError(f"an entry's body has {len(spelled)} bytes, more than {BODY_LIMIT}")


def body_bytes(body: Mapping[str, Any], redactor: Redactor) -> bytes:
    """A body as it is kept: redacted piece by piece, in its one spelling.

    Raises:
        EntryError: too large, too deep, or no JSON.
    """
    spelled = _spelled(redacted(body, redactor))
    # a secret that is spread over what lies beside each other is seen only in the whole
    safe = redactor.bytes(spelled)
    if safe is not spelled:
        spelled = _spelled({"redacted": safe.decode("ascii", "replace")})
    _demand_size(spelled, BODY_LIMIT)
    return spelled


def commitment(salt: bytes, body: bytes) -> str:
    """SHA-256(salt + body), hex; the salt has 32 bytes.

    Raises:
        EntryError: the salt has another length.
    """
    if len(salt) != SALT_BYTES:
        raise EntryError("a salt has 32 bytes")
    return hashlib.sha256(salt + body).hexdigest()


def leaf_bytes(leaf: Leaf) -> bytes:
    """The bytes that are hashed: sorted keys, ASCII, no spaces. Written out, as each entry is spelled once when it is made and again by whoever verifies it."""
    text = encode_basestring_ascii
    return (
        f'{{"actor":{text(leaf.actor)},"at":{leaf.at:d},"body":{text(leaf.body)},"kind":{text(leaf.kind)},"log":{text(leaf.log)},'
        f'"number":{leaf.number:d},"subject":{text(leaf.subject)},"v":{_VERSION}}}'
    ).encode("ascii")


def parse_leaf(content: bytes) -> Leaf:
    """A leaf from its bytes.

    Raises:
        LedgerError: they are not the one spelling of a leaf.
    """
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise LedgerError("an entry is not JSON") from error
    if not isinstance(told, dict) or set(told) != _FIELDS or told["v"] != _VERSION or isinstance(told["v"], bool):
        raise LedgerError("an entry does not have the fields of an entry")
    texts = all(isinstance(told[name], str) for name in ("log", "kind", "actor", "subject", "body"))
    numbers = all(isinstance(told[name], int) and not isinstance(told[name], bool) for name in ("number", "at"))
    if not texts or not numbers:
        raise LedgerError("an entry's field has another type")
    leaf = Leaf(told["number"], told["log"], told["kind"], told["at"], told["actor"], told["subject"], told["body"])
    if leaf_bytes(leaf) != content:
        raise LedgerError("an entry is not in its one spelling")
    return leaf
