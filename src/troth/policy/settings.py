"""`troth.toml` and `[tool.troth]`: what a maintainer says about single promises.

Rules: one file counts (the one given, else `troth.toml`, else `[tool.troth]` of `pyproject.toml`); every key is known or the file is refused; every
message names the line of its entry. Documented in docs/settings.md; what entries do is in `pins`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from troth.errors import SettingsError
from troth.policy.entries import DIGEST_LENGTH, Attest, Entry, Settings, quote_digest, sentence_digest
from troth.policy.pins import apply, bind, pinned
from troth.terms.facts.desk_records import DeskSource
from troth.terms.facts.tree import Tree
from troth.terms.promise import Promise
from troth.terms.values import Value

__all__ = ["Settings", "apply", "bind", "parse_settings", "pinned", "read_settings", "snippet"]

MAX_BYTES: Final = 256 * 1024
"""Largest settings file, in bytes."""
MAX_ENTRIES: Final = 2_000

_KEYS: Final = frozenset({"policy", "quote", "digest", "control", "params", "why", "ignore", "attest"})
_ATTEST_KEYS: Final = frozenset({"by", "until", "note"})
_DESK_KEYS: Final = frozenset({"statement", "key", "max_age_days"})
_KEY: Final = re.compile(r"[0-9a-f]{64}\Z")
_LINE: Final = re.compile(r"at line (\d+)")
_CONTROL: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_DIGEST: Final = re.compile(rf"(?:sha256:)?([0-9a-f]{{{DIGEST_LENGTH},64}})\Z")


def read_settings(tree: Tree, given: Path | None = None, *, known: Collection[str] | None = None) -> Settings:
    """Read the settings that count for a tree.

    Args:
        tree: the judged tree.
        given: a file to use instead of the tree's own.
        known: ids of all controls; None = names are not checked.

    Raises:
        SettingsError: unreadable, not TOML, or something impossible in it.
    """
    if given is not None:
        return parse_settings(_outside(given), str(given), known=known)
    notes: list[str] = []
    own = "troth.toml" in tree.files
    project = _section(tree) if "pyproject.toml" in tree.files else None
    if own:
        if project:
            notes.append("troth.toml counts; [tool.troth] in pyproject.toml is not read beside it.")
        data = tree.reader("troth.toml")
        if data is None:
            raise SettingsError("troth.toml cannot be read")
        found = parse_settings(data, "troth.toml", known=known)
        return replace(found, notes=tuple(notes))
    if project:
        return parse_settings(project, "pyproject.toml", known=known)
    return Settings()


def _section(tree: Tree) -> bytes | None:
    """Bytes of a pyproject.toml that has a `[tool.troth]`; a broken one without it is not our business."""
    data = tree.reader("pyproject.toml")
    if data is None or b"troth" not in data or not re.search(rb"(?m)^\s*\[+\s*tool\s*\.\s*troth\b|^\s*tool\s*\.\s*troth\b|^\s*troth\b", data):
        return None
    return data


def _outside(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise SettingsError(f"{path}: no such file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def parse_settings(data: bytes, source: str, *, known: Collection[str] | None = None) -> Settings:
    """Parse settings.

    Args:
        data: bytes of a TOML file.
        source: its path; a `pyproject.toml` has its settings in `[tool.troth]`.
        known: ids of all controls; None = names are not checked.

    Raises:
        SettingsError: see `read_settings`.
    """
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{source}: more than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
        parsed: Mapping[str, object] = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line_number = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{source}:{line_number}: not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        number = int(line.group(1)) if line else text.count("\n") + 1
        raise SettingsError(f"{source}:{number}: {error}") from error
    except (RecursionError, ValueError) as error:
        raise SettingsError(f"{source}: not readable as TOML: {error}") from error
    section = parsed
    prefix = ""
    if Path(source).name == "pyproject.toml":
        tool = parsed.get("tool")
        found = tool.get("troth", {}) if isinstance(tool, dict) else {}
        if not isinstance(found, dict):
            raise SettingsError(f"{source}: [tool.troth] must be a table")
        section, prefix = found, "tool.troth."
    entries = _entries(section, _Lines(text, source, f"{prefix}promise"), known)
    return Settings(entries, source, desk=_desk(section.get("desk"), f"{source}, [{prefix}desk]"))


class _Lines:
    """Lines at which the entries of an array of tables start; TOML parsers do not keep them."""

    def __init__(self, text: str, source: str, name: str) -> None:
        pattern = re.compile(r"^\s*\[\[\s*" + r"\s*\.\s*".join(re.escape(part) for part in name.split(".")) + r"\s*\]\]")
        self.source = source
        self.lines = [number for number, line in enumerate(text.split("\n"), start=1) if pattern.match(line)]

    def place(self, index: int) -> str:
        """`file:line` of an entry; the file and the entry's number where it is written inline."""
        if index < len(self.lines):
            return f"{self.source}:{self.lines[index]}"
        return f"{self.source}, promise {index + 1}"


def _entries(section: Mapping[str, object], lines: _Lines, known: Collection[str] | None) -> tuple[Entry, ...]:
    for key in section:
        if key not in ("promise", "desk"):
            raise SettingsError(f"{lines.source}: unknown key {key!r}; the settings have [[promise]] entries and a [desk] table only")
    listed = section.get("promise", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise SettingsError(f"{lines.source}: 'promise' must be an array of tables: [[promise]]")
    if len(listed) > MAX_ENTRIES:
        raise SettingsError(f"{lines.source}: more than {MAX_ENTRIES:,} entries")
    entries = tuple(_entry(item, lines.place(index)) for index, item in enumerate(listed))
    for entry in entries:
        if known is not None and entry.control is not None and entry.control not in known:
            raise SettingsError(f"{entry.place}: there is no control {entry.control!r}")
    return entries


def _desk(item: object, place: str) -> DeskSource:
    """The table that names a desk's signed statement and the key that has to have signed it."""
    if item is None:
        return DeskSource()
    if not isinstance(item, dict) or set(item) - _DESK_KEYS:
        raise SettingsError(f"{place}: known keys are {', '.join(sorted(_DESK_KEYS))}")
    path, key, age = _text(item, "statement", place), _text(item, "key", place).lower().removeprefix("sha256:"), item.get("max_age_days", 100)
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise SettingsError(f"{place}: 'statement' is the path of a file in the tree")
    if not _KEY.match(key):
        raise SettingsError(f"{place}: 'key' is the id of the desk's key: 64 hexadecimal digits")
    if not isinstance(age, int) or isinstance(age, bool) or not 1 <= age <= 400:
        raise SettingsError(f"{place}: 'max_age_days' is a whole number from 1 to 400")
    return DeskSource(path, key, age)


def _entry(item: Mapping[str, object], place: str) -> Entry:
    unknown = sorted(set(item) - _KEYS)
    if unknown:
        raise SettingsError(f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    quote, ignore = _text(item, "quote", place), _text(item, "ignore", place)
    if not quote:
        raise SettingsError(f"{place}: 'quote' is missing: the sentence that the entry is about")
    if "ignore" in item and not ignore:
        raise SettingsError(f"{place}: 'ignore' needs a reason")
    attest = _attest(item["attest"], place) if "attest" in item else None
    control = _control(item, place)
    if sum((bool(ignore), attest is not None)) > 1:
        raise SettingsError(f"{place}: an entry either ignores or attests, not both")
    if not ignore and attest is None and control is None:
        raise SettingsError(f"{place}: says nothing: give 'control', 'ignore' or 'attest'")
    params = item.get("params", {})
    if not isinstance(params, dict):
        raise SettingsError(f"{place}: 'params' must be a table")
    if params and (ignore or attest):
        raise SettingsError(f"{place}: 'params' belong to a pin, not to 'ignore' or 'attest'")
    return Entry(
        digest=_digest(item, quote, place),
        quote=quote,
        policy=_text(item, "policy", place) or None,
        control=control,
        params={str(name): _value(value, place) for name, value in params.items()},
        why=_text(item, "why", place),
        ignore=ignore,
        attest=attest,
        place=place,
    )


def _text(item: Mapping[str, object], key: str, place: str) -> str:
    value = item.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f"{place}: {key!r} must be text")
    return value.strip()


def _control(item: Mapping[str, object], place: str) -> str | None:
    name = _text(item, "control", place)
    if not name:
        return None
    if "/" not in name:
        name = name.replace(".", "/", 1)
    if not _CONTROL.match(name):
        raise SettingsError(f"{place}: {name!r} is not the id of a control (topic/name)")
    return name


def _digest(item: Mapping[str, object], quote: str, place: str) -> str:
    given = _text(item, "digest", place).lower()
    if not given:
        return quote_digest(quote)
    match = _DIGEST.match(given)
    if match is None:
        raise SettingsError(f"{place}: 'digest' must be at least {DIGEST_LENGTH} hexadecimal digits of a SHA-256")
    return match.group(1)


def _attest(value: object, place: str) -> Attest:
    if not isinstance(value, dict) or set(value) - _ATTEST_KEYS:
        raise SettingsError(f"{place}: 'attest' must be a table of 'by', 'until' and, if you like, 'note'")
    by, note, until = _text(value, "by", place), _text(value, "note", place), value.get("until")
    if not by:
        raise SettingsError(f"{place}: 'attest' names nobody ('by')")
    if isinstance(until, str):
        try:
            until = date.fromisoformat(until)
        except ValueError as error:
            raise SettingsError(f"{place}: 'until' is not a date: {until!r}") from error
    if isinstance(until, datetime):
        until = until.date()
    if not isinstance(until, date):
        raise SettingsError(f"{place}: 'attest' needs the day on which it runs out ('until = 2027-03-31')")
    return Attest(by, until, note)


def _value(value: object, place: str) -> Value:
    """A parameter's value as plain data."""
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, list):
        return tuple(_value(each, place) for each in value)
    if isinstance(value, dict):
        return {str(name): _value(each, place) for name, each in value.items()}
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise SettingsError(f"{place}: a parameter cannot be {value!r}")


def snippet(promise: Promise) -> str:
    """An entry for a promise, ready to paste into troth.toml: a pin of what was matched."""
    statement = promise.statement
    quote = " ".join(statement.text.split())[:300]
    return (
        f"[[promise]]\npolicy = {_quoted(statement.path)}\nquote = {_quoted(quote)}\n"
        f'digest = "{sentence_digest(statement.text)[:32]}"\ncontrol = "{promise.control}"\n'
    )


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.encode("utf-8", "replace").decode("utf-8").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}" for char in escaped) + '"'
