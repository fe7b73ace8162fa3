"""Proofs that an entry is in a log, and that a log only grew: verified with nothing but hashes.

Rules: a proof is right or raises `ProofError`; it has exactly the length that its sizes ask for; indexes and sizes are whole numbers below 2^63, never booleans.
In binary a proof is its hashes, 32 bytes each (at most 640 bytes at 10^6 entries): sizes and index belong to what is asked, not to the answer. As JSON it
carries them, so that it can be kept.

The algorithms are those of RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from troth.errors import LedgerError
from troth.ledger.tree import EMPTY, HASH_BYTES, LIMIT, node_hash

__all__ = ["Consistency", "Inclusion", "ProofError", "parse_proof"]

_LIMIT_BYTES: Final = 64 * 1024
_HASHES: Final = 126
"""More than any proof below 2^63 needs."""


class ProofError(LedgerError):
    """A proof does not show what it claims."""

    code: ClassVar[str] = "ledger-proof"
    help: ClassVar[str] = "Ask for the proof again; if it still fails, the log or the checkpoint was changed."


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf is entry `index` of a log of `size`.

    Attributes:
        index: from 0.
        size: of the log.
        hashes: from below.
    """

    index: int
    size: int
    hashes: tuple[bytes, ...]

    def verify(self, leaf: bytes, root: bytes) -> None:
        """Raise unless the leaf's hash leads to the root.

        Args:
            leaf: its hash.
            root: of the log at `size`, from a checkpoint.

        Raises:
            ProofError: it does not.
        """
        _demand(self.hashes, (leaf, root), self.index, self.size)
        if self.index >= self.size:
            raise ProofError(f"a log of {self.size} has no entry {self.index}")
        number, last, node = self.index, self.size - 1, leaf
        for sibling in self.hashes:
            if last == 0:
                raise ProofError("the proof is too long")
            if number & 1 or number == last:
                node = node_hash(sibling, node)
                while not number & 1 and number:
                    number, last = number >> 1, last >> 1
            else:
                node = node_hash(node, sibling)
            number, last = number >> 1, last >> 1
        if last:
            raise ProofError("the proof is too short")
        if node != root:
            raise ProofError(f"entry {self.index} is not in the log of {self.size} entries that the checkpoint names")

    def to_bytes(self) -> bytes:
        """The hashes, one after the other."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, index: int, size: int, content: bytes) -> Inclusion:
        """From `to_bytes`, for what was asked.

        Raises:
            ProofError: it is not made of hashes.
        """
        return cls(index, size, _cut(content))

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps({"proof": "inclusion", "index": self.index, "size": self.size, "hashes": _texts(self.hashes)})


@dataclass(frozen=True, slots=True)
class Consistency:
    """That a log of `old` entries is the beginning of the log of `new`."""

    old: int
    new: int
    hashes: tuple[bytes, ...]

    def verify(self, old_root: bytes, new_root: bytes) -> None:
        """Raise unless the one is the beginning of the other.

        Raises:
            ProofError: it is not: an entry was changed, removed or put in between, or these are two logs.
        """
        _demand(self.hashes, (old_root, new_root), self.old, self.new)
        if self.old > self.new:
            raise ProofError(f"the log shrank from {self.old} to {self.new}")
        if self.old in (0, self.new):
            if self.hashes:
                raise ProofError("the proof is too long")
            if (self.old == self.new and old_root != new_root) or (self.old == 0 and old_root != EMPTY):
                raise ProofError(f"two different logs of {self.old} entries")
            return
        self._fold(old_root, new_root)

    def _fold(self, old_root: bytes, new_root: bytes) -> None:
        hashes = list(self.hashes)
        if self.old & (self.old - 1) == 0:
            hashes.insert(0, old_root)
        if not hashes:
            raise ProofError("the proof is too short")
        number, last = self.old - 1, self.new - 1
        while number & 1:
            number, last = number >> 1, last >> 1
        before = after = hashes[0]
        for sibling in hashes[1:]:
            if last == 0:
                raise ProofError("the proof is too long")
            if number & 1 or number == last:
                before, after = node_hash(sibling, before), node_hash(sibling, after)
                while not number & 1 and number:
                    number, last = number >> 1, last >> 1
            else:
                after = node_hash(after, sibling)
            number, last = number >> 1, last >> 1
        if last:
            raise ProofError("the proof is too short")
        if before != old_root or after != new_root:
            raise ProofError(f"the log of {self.new} entries does not begin with the log of {self.old} that was seen before")

    def to_bytes(self) -> bytes:
        """The hashes, one after the other."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, old: int, new: int, content: bytes) -> Consistency:
        """From `to_bytes`, for what was asked.

        Raises:
            ProofError: it is not made of hashes.
        """
        return cls(old, new, _cut(content))

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps({"proof": "consistency", "old": self.old, "new": self.new, "hashes": _texts(self.hashes)})


def parse_proof(content: bytes) -> Inclusion | Consistency:
    """A proof from JSON.

    Raises:
        ProofError: it is none.
    """
    if len(content) > _LIMIT_BYTES:
        raise ProofError("a proof has never that many bytes")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProofError("the proof is not JSON") from error
    if not isinstance(told, dict) or not isinstance(told.get("hashes"), list):
        raise ProofError("the proof has no hashes")
    hashes = tuple(_hash(text) for text in told["hashes"])
    names = {"inclusion": ("index", "size"), "consistency": ("old", "new")}.get(str(told.get("proof")))
    if names is None or set(told) != {"proof", "hashes", *names}:
        raise ProofError("the proof is neither of inclusion nor of consistency")
    one, other = (_number(told[name]) for name in names)
    return Inclusion(one, other, hashes) if told["proof"] == "inclusion" else Consistency(one, other, hashes)


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LIMIT:
        raise ProofError("a size or index is a whole number below 2^63")
    return value


def _demand(hashes: Sequence[bytes], ends: Sequence[bytes], *numbers: int) -> None:
    for number in numbers:
        _number(number)
    if len(hashes) > _HASHES:
        raise ProofError("the proof is too long")
    if any(not isinstance(item, bytes) or len(item) != HASH_BYTES for item in (*hashes, *ends)):
        raise ProofError("a hash has 32 bytes")


def _cut(content: bytes) -> tuple[bytes, ...]:
    if len(content) % HASH_BYTES or len(content) > _HASHES * HASH_BYTES:
        raise ProofError("the proof is not made of hashes of 32 bytes")
    return tuple(content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES))


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(item).decode("ascii") for item in hashes]


def _hash(text: object) -> bytes:
    try:
        made = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError) as error:
        raise ProofError("a hash is not base64") from error
    if len(made) != HASH_BYTES or base64.b64encode(made).decode("ascii") != text:
        raise ProofError("a hash is not 32 bytes in base64")
    return made
