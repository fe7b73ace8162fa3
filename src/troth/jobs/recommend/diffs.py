"""Unified diffs as `git apply` takes them: made, read strictly, applied exactly, and merged.

Rules: a diff is applied only where every context and removed line stands where the diff says, byte for byte: no fuzz, no offset, no guess. Lines end at a line
feed and nowhere else, so that carriage returns and odd separators are ordinary characters. A missing line feed at the end of a file is kept and said.

This module reads and writes no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from troth.errors import JobError

__all__ = ["DiffError", "FileDiff", "Hunk", "Version", "applied", "file_diff", "lines_of", "merged", "parse_diff"]

_CONTEXT: Final = 3
_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@[^\n]*\n?")
_NO_END: Final = "\\ No newline at end of file\n"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./@+,=~ ()\[\]-]+")
_MODE: Final = re.compile(r"100(?:644|755)")
LIMIT_CHARS: Final = 4 * 1024 * 1024
"""Longest diff that is read."""


class DiffError(JobError):
    """A diff is malformed, or does not fit the text that it is to change."""

    code = "diff"
    help = "The tree has changed since the recommendation was made, or the diff is damaged: make it anew."


@dataclass(frozen=True, slots=True)
class Version:
    """A file at one moment: path, text, git mode."""

    path: str
    text: str
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class Hunk:
    """One stretch: it replaces the lines `[start, start + len(before))` (from 0) of the old text. Lines carry their line feed; context is in both."""

    start: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a diff does to one file; an empty `old` is a new file, an empty `new` one that goes away. Modes are "" where the diff does not say them."""

    old: str
    new: str
    hunks: tuple[Hunk, ...] = ()
    old_mode: str = ""
    new_mode: str = ""


def lines_of(text: str) -> list[str]:
    """Lines with their line feeds; the last may lack it."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def file_diff(old: Version | None, new: Version | None) -> str:
    """The diff from one version of a file to another, with git's header; "" where nothing differs.

    Args:
        old: None for a new file.
        new: None for a file that goes away.
    """
    left, right = old or new, new or old
    if left is None or right is None:
        return ""
    body = "".join(_hunks(lines_of(old.text if old else ""), lines_of(new.text if new else "")))
    head = [f"diff --git {_quoted('a/' + left.path)} {_quoted('b/' + right.path)}\n"]
    if old is None:
        head.append(f"new file mode {right.mode}\n")
    elif new is None:
        head.append(f"deleted file mode {left.mode}\n")
    else:
        if old.mode != new.mode:
            head += [f"old mode {old.mode}\n", f"new mode {new.mode}\n"]
        if old.path != new.path:
            head += ["similarity index 100%\n"] if not body else []
            head += [f"rename from {_quoted(old.path)}\n", f"rename to {_quoted(new.path)}\n"]
    if not body:
        return "".join(head) if len(head) > 1 else ""
    before = "/dev/null" if old is None else _quoted("a/" + left.path)
    after = "/dev/null" if new is None else _quoted("b/" + right.path)
    return "".join((*head, f"--- {before}{_tab(before)}\n+++ {after}{_tab(after)}\n", body))


def _tab(name: str) -> str:
    """Git ends a name with spaces by a tab, so that the name's end is known."""
    return "\t" if " " in name else ""


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, low, high, new_low, new_high in group:
            if tag == "equal":
                yield from _marked(" ", before[low:high])
                continue
            yield from _marked("-", before[low:high])
            yield from _marked("+", after[new_low:new_high])


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n{_NO_END}"


def _range(low: int, high: int) -> str:
    length = high - low
    return f"{low + 1 if length else low},{length}"


def _quoted(path: str) -> str:
    """A path as git writes it: quoted with octal escapes where it holds anything but plain characters."""
    if _PLAIN.fullmatch(path):
        return path
    escapes = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r"}
    shown = "".join(
        escapes.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in path.encode("utf-8")
    )
    return f'"{shown}"'


def _unquoted(word: str) -> str:
    word = word.removesuffix("\t")
    if not word.startswith('"'):
        return word
    if len(word) < 2 or not word.endswith('"'):
        raise DiffError("name", "A name in the diff is not quoted as git quotes.")
    raw = bytearray()
    plain = {"n": 0x0A, "t": 0x09, "r": 0x0D, '"': 0x22, "\\": 0x5C}
    for part in re.findall(r"\\[0-7]{3}|\\.|[^\\]", word[1:-1], re.DOTALL):
        if part.startswith("\\") and len(part) == 4:
            raw.append(int(part[1:], 8) & 0xFF)
        elif part.startswith("\\"):
            if part[1:] not in plain:
                raise DiffError("name", "A name in the diff is not quoted as git quotes.")
            raw.append(plain[part[1:]])
        else:
            raw += part.encode("utf-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DiffError("name", "A name in the diff is not UTF-8.") from error


def parse_diff(diff: str) -> tuple[FileDiff, ...]:
    """The files of a diff in the form that `file_diff` writes.

    Raises:
        DiffError: anything else.
    """
    if len(diff) > LIMIT_CHARS:
        raise DiffError("size", f"The diff is longer than {LIMIT_CHARS} characters.")
    lines = lines_of(diff)
    found: list[FileDiff] = []
    at = 0
    while at < len(lines):
        if not lines[at].startswith("diff --git "):
            raise DiffError("form", "The diff has a line where a file's header should be.")
        one, at = _file(lines, at + 1, lines[at].removeprefix("diff --git ").rstrip("\n"))
        found.append(one)
    if len({path for one in found for path in {one.old, one.new} if path}) != sum(len({one.old, one.new} - {""}) for one in found):
        raise DiffError("twice", "The diff names a file twice.")
    return tuple(found)


_HEADS: Final = {
    "new file mode ": "new_mode", "deleted file mode ": "old_mode", "old mode ": "old_mode", "new mode ": "new_mode",
    "rename from ": "old", "rename to ": "new",
}  # fmt: skip


def _same_name(words: str) -> str:
    """The name of a file that keeps its name, from the first line; "" where that names two (then the other lines do)."""
    half = len(words) // 2
    left, right = words[:half], words[half + 1 :]
    try:
        old, new = _unquoted(left), _unquoted(right)
    except DiffError:
        return ""
    return old[2:] if words[half : half + 1] == " " and old[:2] == "a/" and new == f"b/{old[2:]}" else ""


def _file(lines: list[str], at: int, words: str) -> tuple[FileDiff, int]:
    told: dict[str, str] = {}
    kind, name = "", _same_name(words)
    while at < len(lines) and not lines[at].startswith(("--- ", "diff --git ", "@@")):
        line = lines[at].rstrip("\n")
        head = next((start for start in _HEADS if line.startswith(start)), "")
        if not head and line != "similarity index 100%":
            raise DiffError("form", "The diff's header has a line that this form does not have.")
        if head:
            told[_HEADS[head]] = line.removeprefix(head)
            kind = kind or head.split(" ", maxsplit=1)[0]
        at += 1
    renamed = tuple(_unquoted(told[side]) for side in ("old", "new") if side in told)
    hunks: list[Hunk] = []
    if at < len(lines) and lines[at].startswith("--- "):
        if at + 1 >= len(lines) or not lines[at + 1].startswith("+++ "):
            raise DiffError("form", "The diff names an old file and no new one.")
        told["old"], told["new"] = _side(lines[at], "--- ", "a/"), _side(lines[at + 1], "+++ ", "b/")
        at += 2
        while at < len(lines) and lines[at].startswith("@@"):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
    else:
        told = {key: _unquoted(value) if key in ("old", "new") else value for key, value in told.items()}
        if kind == "old" and name:
            told |= {"old": name, "new": name}
    if not all(_MODE.fullmatch(told[name]) for name in ("old_mode", "new_mode") if name in told):
        raise DiffError("mode", "The diff gives a file a mode other than 100644 or 100755.")
    if not told.get("old") and not told.get("new"):
        raise DiffError("form", "The diff names no file.")
    _demand_one_story(words, name, renamed, (told.get("old", ""), told.get("new", "")))
    return FileDiff(told.get("old", ""), told.get("new", ""), tuple(hunks), told.get("old_mode", ""), told.get("new_mode", "")), at


def _demand_one_story(words: str, name: str, renamed: tuple[str, ...], sides: tuple[str, str]) -> None:
    """The first line, the lines of a new name and the lines above the first hunk speak of the same files: people read the first, and what is done is the last.

    Raises:
        DiffError: they do not.
    """
    old, new = sides
    if name:
        agreed = not renamed and {old, new} - {""} == {name}
    else:
        agreed = renamed == (old, new) and words == f"{_quoted(f'a/{old}')} {_quoted(f'b/{new}')}"
    if not agreed:
        raise DiffError("name", "The lines of the diff's header speak of different files.")


def _side(line: str, start: str, prefix: str) -> str:
    name = _unquoted(line.rstrip("\n").removeprefix(start))
    if name == "/dev/null":
        return ""
    if not name.startswith(prefix):
        raise DiffError("name", "A name in the diff lacks git's prefix.")
    return name.removeprefix(prefix)


def _hunk(lines: list[str], at: int) -> tuple[Hunk, int]:
    match = _HUNK.fullmatch(lines[at])
    if match is None:
        raise DiffError("hunk", "A hunk's header is malformed.")
    start, old, new = int(match[1]), int(match[2] or 1), int(match[4] or 1)
    before: list[str] = []
    after: list[str] = []
    at += 1
    while len(before) < old or len(after) < new:
        if at >= len(lines) or lines[at][:1] not in (" ", "-", "+"):
            raise DiffError("hunk", "A hunk is shorter than its header says.")
        mark, body = lines[at][0], lines[at][1:]
        at += 1
        if at < len(lines) and lines[at] == _NO_END:
            body, at = body.removesuffix("\n"), at + 1
        before += [body] if mark in " -" else []
        after += [body] if mark in " +" else []
    if len(before) != old or len(after) != new:
        raise DiffError("hunk", "A hunk is longer than its header says.")
    return Hunk(start - 1 if old else start, tuple(before), tuple(after)), at


def applied(diff: FileDiff, text: str) -> str:
    """The text after the diff.

    Raises:
        DiffError: a line is not where the diff says, or hunks are out of order.
    """
    lines, out, at = lines_of(text), [], 0
    for hunk in diff.hunks:
        end = hunk.start + len(hunk.before)
        if hunk.start < at or tuple(lines[hunk.start : end]) != hunk.before:
            raise DiffError("does-not-fit", "The text is not the one that the diff was made for.")
        out += [*lines[at : hunk.start], *hunk.after]
        at = end
    if any(not line.endswith("\n") for line in (*out, *lines[at:])[:-1]):
        raise DiffError("does-not-fit", "The diff would join two lines.")
    return "".join((*out, *lines[at:]))


def merged(original: str, variants: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """One text with the changes of several variants of it, and the indices of variants that clash with an earlier one (and are left out).

    Changes clash where they touch the same or adjacent lines and differ; the same change twice is one change.
    """
    base = lines_of(original)
    taken: list[Hunk] = []
    clashing: list[int] = []
    for index, variant in enumerate(variants):
        own = _changes(base, lines_of(variant))
        new = [hunk for hunk in own if hunk not in taken]
        if any(_clash(hunk, other) for hunk in new for other in taken):
            clashing.append(index)
        else:
            taken += new
    diff = FileDiff("x", "x", tuple(sorted(taken, key=lambda hunk: hunk.start)))
    return applied(replace(diff), original), tuple(clashing)


def _changes(base: list[str], other: list[str]) -> list[Hunk]:
    codes = SequenceMatcher(None, base, other, autojunk=False).get_opcodes()
    return [Hunk(low, tuple(base[low:high]), tuple(other[new:end])) for tag, low, high, new, end in codes if tag != "equal"]


def _clash(one: Hunk, other: Hunk) -> bool:
    return one.start <= other.start + len(other.before) and other.start <= one.start + len(one.before)
