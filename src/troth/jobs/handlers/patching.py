"""A patch, held against the files that it is for: which blobs there are afterwards, and what people are shown. Pure; the files come from a `Source`.

A request is at most 64 KB, so that a long patch travels packed (zlib, base 85); what people and permits see is always the patch itself.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from troth.jobs.handler import Change, HandlerError
from troth.jobs.recommend.checking import portable_path, safe_path
from troth.jobs.recommend.diffs import DiffError, FileDiff, applied, parse_diff
from troth.jobs.strict import Json

__all__ = ["PLAIN_LIMIT", "Entry", "Planned", "Source", "folded", "pack", "planned", "unpack"]

PLAIN_LIMIT: Final = 24_000
"""Characters up to which a patch stands in the request as it is."""

_LIMIT: Final = 3 * 1024 * 1024
_PACKED: Final = "zlib85:"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the tree that the patch is for: its git mode, its blob's id, its bytes."""

    mode: str
    blob: str
    content: bytes


class Source(Protocol):
    """Gives files of one tree."""

    def entry(self, path: str) -> Entry | None:
        """The file at `path`; None where there is nothing. What is no regular file has its mode, and no bytes."""

    def names(self, folder: str) -> frozenset[str]:
        """Names of what lies in a folder, "" for the root; none where there is no such folder."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One file afterwards.

    Attributes:
        path: where it will be.
        mode: git mode; "" where nothing will be at `path`.
        content: its bytes; None where an existing blob is meant.
        blob: id of that blob.
        change: what people are shown.
    """

    path: str
    mode: str
    content: bytes | None
    blob: str
    change: Change


def pack(patch: str) -> str:
    """A patch as a parameter of a request."""
    if len(patch) <= PLAIN_LIMIT and patch.isascii() and not patch.startswith(_PACKED):
        return patch
    return _PACKED + base64.b85encode(zlib.compress(patch.encode("utf-8"), 9)).decode("ascii")


def unpack(value: Json) -> str:
    """The patch of a request's parameter.

    Raises:
        HandlerError: it is damaged, or longer than 3 MiB.
    """
    if not isinstance(value, str):
        raise HandlerError("patch", "The request holds no patch.")
    if not value.startswith(_PACKED):
        return value
    try:
        reader = zlib.decompressobj()
        raw = reader.decompress(base64.b85decode(value.removeprefix(_PACKED)), _LIMIT + 1)
        text = raw.decode("utf-8")
    except (ValueError, zlib.error) as error:
        raise HandlerError("patch", "The patch of the request is damaged.") from error
    if len(raw) > _LIMIT or reader.unconsumed_tail or reader.unused_data or not reader.eof:
        raise HandlerError("patch", f"The patch is longer than {_LIMIT} bytes, broken off, or has something behind its end.")
    return text


def planned(patch: str, source: Source) -> tuple[Planned, ...]:
    """Every file that the patch changes, as it will be.

    Raises:
        HandlerError: the patch does not fit, or names what no patch may touch.
    """
    try:
        diffs = parse_diff(patch)
    except DiffError as error:
        raise HandlerError("patch", str(error)) from error
    if not diffs:
        raise HandlerError("patch", "The patch changes nothing.")
    texts = _texts(patch)
    made = tuple(one for diff, text in zip(diffs, texts, strict=True) for one in _planned(diff, text, source))
    _demand_places({diff.new for diff in diffs if diff.new and diff.new != diff.old}, {one.path for one in made if not one.mode}, source)
    return made


def _demand_places(new: set[str], gone: set[str], source: Source) -> None:
    """Each new file has a place of its own on every system: where names differ only in case, or in how an accent is written, one file would lie over the other when the branch is checked out.

    Raises:
        HandlerError: `exists`.
    """
    taken: dict[tuple[str, ...], str] = {}
    for path in sorted(new):
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            here, where = "/".join(parts[:length]), tuple(map(folded, parts[:length]))
            beside = {name for name in source.names("/".join(parts[: length - 1])) if folded(name) == where[-1]} - {parts[length - 1]}
            if any("/".join((*parts[: length - 1], name)) not in gone for name in beside) or taken.setdefault(where, here) != here:
                raise HandlerError("exists", f"{here} and something beside it have one name where case or accents do not count.")
            if length < len(parts) and here in new:
                raise HandlerError("exists", f"{here} is a file, and {path} would lie in it.")


def folded(name: str) -> str:
    """A name as file systems compare it for which neither case nor the way of writing an accent counts."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _texts(patch: str) -> list[str]:
    """The patch, file by file: a line that begins so is always a header, as every line of a hunk begins with its mark."""
    parts = ("\n" + patch).split("\ndiff --git ")
    return [f"diff --git {part}\n" if not part.endswith("\n") else f"diff --git {part}" for part in parts[1:]]


def _planned(diff: FileDiff, text: str, source: Source) -> tuple[Planned, ...]:
    for path in (diff.old, diff.new):
        if path and not safe_path(path):
            raise HandlerError("path", "The patch names a path that no patch may touch.")
    old = _regular(source, diff.old) if diff.old else None
    if diff.new and diff.new != diff.old:
        _room(source, diff.new)
    before = hashlib.sha256(old.content).hexdigest() if old else ""
    if old is not None and diff.old_mode and diff.old_mode != old.mode:
        raise HandlerError("mode", f"{diff.old} has another mode than the patch says.")
    if not diff.new:
        return (Planned(diff.old, "", None, "", Change(diff.old, "delete", text, before, "")),)
    mode = diff.new_mode or (old.mode if old else "100644")
    content, blob = _content(diff, old)
    after = hashlib.sha256(content).hexdigest() if content is not None else before
    action = "create" if old is None else "change"
    made = Planned(diff.new, mode, content, blob, Change(diff.new, action, text, before if diff.old == diff.new else "", after))
    if old is None or diff.old == diff.new:
        return (made,)
    return (Planned(diff.old, "", None, "", Change(diff.old, "delete", "", before, "")), made)


def _room(source: Source, path: str) -> None:
    """There is nothing at `path`, every system can hold a file there, and what it would lie in is a folder, or not there yet."""
    if not portable_path(path):
        raise HandlerError("path", "The patch names a path that not every system can hold a file at.")
    if source.entry(path) is not None:
        raise HandlerError("exists", f"There is something at {path} already.")
    parts = path.split("/")
    for length in range(1, len(parts)):
        above = source.entry("/".join(parts[:length]))
        if above is not None and above.mode not in ("040000", "40000"):
            raise HandlerError("exists", f"{'/'.join(parts[:length])} is a file, and {path} would lie in it.")


def _regular(source: Source, path: str) -> Entry:
    found = source.entry(path)
    if found is None or found.mode not in ("100644", "100755"):
        raise HandlerError("not-a-file", f"{path} is no regular file of the tree.")
    return found


def _content(diff: FileDiff, old: Entry | None) -> tuple[bytes | None, str]:
    if not diff.hunks and old is not None:
        return None, old.blob
    try:
        text = old.content.decode("utf-8") if old else ""
        return applied(diff, text).encode("utf-8"), ""
    except UnicodeDecodeError as error:
        raise HandlerError("not-text", f"{diff.old} is no text in UTF-8.") from error
    except DiffError as error:
        raise HandlerError("does-not-fit", f"The patch was made for another version of {diff.old or diff.new}.") from error


def text_of(params: Mapping[str, Json], name: str) -> str:
    """A parameter that the registry has found to be a text; "" where absent."""
    value = params.get(name, "")
    return value if isinstance(value, str) else ""
