"""Files of torch's distributed checkpoints (`__0_0.distcp`): checkpoints behind each other, each an archive of its own."""

from __future__ import annotations

from struct import unpack_from
from typing import Final

from troth.formats.archives import judge_zip
from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["read_parts"]

_WINDOW: Final = 1 << 20
_TRIES: Final = 1000


def _end(source: Source, start: int) -> int:
    """Where the archive that begins at `start` ends: behind the first end record whose directory ends where the record (or its 64-bit form) begins."""
    pos, tries = start, 0
    while pos < source.size and tries < _TRIES:
        data = source.read(pos, min(_WINDOW + 22, source.size - pos))
        at = data.find(b"PK\5\6")
        while 0 <= at <= len(data) - 22:
            size, directory = unpack_from("<II", data, at + 12)
            wide = pos + at - 76 - start
            if (directory + size == pos + at - start or directory + size == wide) and data[at + 20 : at + 22] == b"\0\0":
                return pos + at + 22
            tries += 1
            at = data.find(b"PK\5\6", at + 1)
        pos += _WINDOW
    raise Refusal("zip-end", "a part of the checkpoint has no end", start)


def read_parts(source: Source, allow: AllowList, budget: Budget) -> Judgement:
    """Prove every part.

    Raises:
        Refusal: a part is no archive of torch, or is refused.
    """
    found: list[Judgement] = []
    start = 0
    while start < source.size:
        end = _end(source, start)
        try:
            found.append(judge_zip(source.part(start, end - start), "part.pt", allow, budget, 1))
        except Refusal as refusal:
            raise refusal.inside(f"part {len(found)}") from refusal
        if found[-1].verdict != INERT or found[-1].format != "torch-zip":
            raise Refusal("not-as-declared", f"a part that is {found[-1].format}, not a checkpoint", start)
        if len(found) > budget.members:
            raise Refusal("budget-members", f"more than {budget.members} parts", start)
        start = end
    memory = sum(part.memory for part in found)
    if memory > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {memory} bytes; the limit is {budget.memory}")
    names = sorted({name for part in found for name in part.globals})
    tier = max((part.tier for part in found), key=("", "weights", "libs", "custom").index, default="")
    return Judgement("torch-parts", INERT, (), memory, sum(part.tensors for part in found), tuple(names), tier)
