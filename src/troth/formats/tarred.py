"""A strict reader of tar archives: regular files and folders under plain names; links, devices, second names and leftovers are refused."""

from __future__ import annotations

import re
from typing import NamedTuple

from troth.formats.source import Source
from troth.formats.verdict import Budget, Refusal

__all__ = ["TarMember", "looks_like_tar", "read_tar"]

_BLOCK = 512
_SUM = re.compile(rb" {0,6}[0-7]{1,7}[\0 ]{1,2} ?\Z")


class TarMember(NamedTuple):
    """A regular file: its name and where its bytes lie."""

    name: str
    at: int
    size: int


def looks_like_tar(head: bytes) -> bool:
    """Whether the first block is a tar header; the form of 1979 has no magic, only its checksum."""
    if len(head) < _BLOCK:
        return False
    return head[257:262] == b"ustar" or (0x20 < head[0] < 0x7F and _SUM.match(head[148:156]) is not None and sum(head[:148]) + sum(head[156:_BLOCK]) + 256 == int(head[148:156].strip(b" \0") or b"0", 8))


def _number(field: bytes, at: int) -> int:
    text = field.rstrip(b"\0 ").lstrip(b" ")
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    try:
        return int(text or b"0", 8)
    except ValueError as error:
        raise Refusal("tar-header", "a number that is not octal", at) from error


def _text(raw: bytes, at: int) -> str:
    try:
        return raw.split(b"\0", 1)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("tar-name", "a name that is not UTF-8", at) from error


def _pax(data: bytes, at: int) -> dict[str, str]:
    found: dict[str, str] = {}
    pos = 0
    while pos < len(data):
        space = data.find(b" ", pos, pos + 12)
        if space < 0 or not data[pos:space].isdigit() or int(data[pos:space]) < 5:
            raise Refusal("tar-header", "a damaged extended header", at)
        length = int(data[pos:space])
        key, _, value = data[space + 1 : pos + length - 1].partition(b"=")
        if key.decode("latin-1") in found or key == b"linkpath" or key.startswith(b"GNU.sparse."):
            raise Refusal("tar-header", "an extended header that links, or says a thing twice", at)
        found[key.decode("latin-1")] = value.decode("utf-8", "replace")
        pos += length
    return found


def read_tar(source: Source, budget: Budget) -> list[TarMember]:
    """Regular files of the archive."""
    found: list[TarMember] = []
    seen: set[str] = set()
    pos, extended = 0, {}
    while pos + _BLOCK <= source.size:
        head = source.read(pos, _BLOCK)
        if head == bytes(_BLOCK):
            break
        _checksum(head, pos)
        kind, size = head[156:157], _number(head[124:136], pos)
        if kind == b"g" and size <= 65536:
            if set(_pax(source.read(pos + _BLOCK, size), pos)) - {"comment"}:
                raise Refusal("tar-header", "a header for all members that says more than a comment", pos)
        elif kind in (b"x", b"L"):
            if size > 65536:
                raise Refusal("tar-header", "an extended header of odd size", pos)
            data = source.read(pos + _BLOCK, size)
            extended.update(_pax(data, pos) if kind == b"x" else {"path": _text(data, pos)})
        else:
            prefix = _text(head[345:500], pos) if head[257:263] == b"ustar\0" else ""
            name = extended.get("path") or (f"{prefix}/" if prefix else "") + _text(head[:100], pos)
            size = int(extended["size"]) if extended.get("size", "").isdigit() else size
            extended = {}
            _check(kind, name, pos, seen)
            if size and (kind == b"5" or name.endswith("/")):
                raise Refusal("tar-header", "a folder with bytes, which readers skip, unpack as a file or take for further members", pos, name[:200])
            if kind in (b"0", b"\0") and not name.endswith("/"):
                found.append(TarMember(name, pos + _BLOCK, size))
        pos += _BLOCK + (size + _BLOCK - 1) // _BLOCK * _BLOCK
        if pos > source.size or len(found) > budget.members:
            raise Refusal("truncated" if pos > source.size else "budget-members", "a member reaches beyond the archive, or there are too many", pos)
    _rest(source, pos)
    return found


def _checksum(head: bytes, at: int) -> None:
    if sum(head) - sum(head[148:156]) + 256 != _number(head[148:156], at):
        raise Refusal("tar-header", "a header whose checksum is wrong", at)


def _check(kind: bytes, name: str, at: int, seen: set[str]) -> None:
    if kind not in (b"0", b"\0", b"5"):
        raise Refusal("tar-link", "a link, device or special member, which unpacking would follow or make", at, name[:200])
    parts = name.rstrip("/").split("/")
    inner = [part for part in parts if part != "."] if parts[0] == "." else parts
    if name.startswith("/") or "\\" in name or ".." in parts or "" in inner or ":" in parts[0]:
        raise Refusal("tar-name", "a name that leaves the folder", at, name[:200])
    key = "/".join(inner).casefold()
    if key in seen and kind != b"5":
        raise Refusal("tar-duplicate", "two members of one name", at, name[:200])
    seen.add(key)


def _rest(source: Source, pos: int) -> None:
    end = pos
    while end < source.size:
        step = min(1 << 20, source.size - end)
        if source.read(end, step).strip(b"\0"):
            raise Refusal("trailing-bytes", "bytes behind the end of the archive", end)
        end += step
        if end - pos > 64 << 20:
            raise Refusal("trailing-bytes", "more padding than any writer adds", end)
