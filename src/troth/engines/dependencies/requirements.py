"""pip's requirements files: entries, `-r` and `-c`, hashes, continued lines, environment markers.

`-r` is followed inside the tree only and never twice on one path: a circle ends where it closes. What pip would fetch from a URL is not followed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from troth.engines.dependencies.pins import pypi_pin, source_pin
from troth.terms.facts.dependencies import Ecosystem, Entry, Manifest, Pin, Scope
from troth.terms.place import Place

__all__ = ["entry_of", "is_requirements", "parse"]

_NAME = re.compile(r"(?:^|[/_.-])(?:requirements?|constraints|deps)(?:[_.-][\w.-]*)?\.(?:txt|in|pip)\Z", re.IGNORECASE)
_FOLDER = re.compile(r"(?:^|/)requirements/[\w.-]+\.(?:txt|in)\Z", re.IGNORECASE)
_DEV = re.compile(
    r"(?:^|[/_.-])(?:dev|devel|develop|development|tests?|testing|lint|docs?|ci|local|tools?)(?=[_./-]|\Z)"
)
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(\S+)")
_HASH = re.compile(r"\s--hash[= ]\S+")
_OPTION = re.compile(r"\s--(?:global-option|install-option|config-settings?)[= ].*\Z")
_COMMENT = re.compile(r"(?:^|\s)#.*\Z")
_LINE_LIMIT = 20_000


def is_requirements(path: str) -> bool:
    """Whether a path is one of pip's requirements files by its name."""
    return bool(_NAME.search(path) or _FOLDER.search(path))


def parse(path: str, text: str, read: Callable[[str], str | None]) -> Manifest:
    """Entries of a requirements file and of the files that it includes.

    Args:
        path: path of the file in the tree.
        text: its content.
        read: text of another file of the tree; None where there is none.
    """
    included: list[str] = []
    bounds: dict[str, list[Entry]] = {}
    scope = Scope.DEV if _DEV.search(path.lower()) else Scope.RUNTIME
    entries = tuple(_entries(path, text, scope, read, included=included, seen={path}, bounds=bounds))
    bound = tuple(_bounded(entry, bounds.get(entry.name, [])) for entry in entries)
    return Manifest(path, "requirements", Ecosystem.PYPI, bound, includes=tuple(included))


def _bounded(entry: Entry, bounds: list[Entry]) -> Entry:
    """An entry of the registry as a constraints file has it, where that names one version under every marker."""
    if entry.pin.exact or entry.source or not bounds or not all(bound.pin in (Pin.EXACT, Pin.HASH) and not bound.source for bound in bounds):
        return entry
    pin = Pin.HASH if all(bound.pin is Pin.HASH for bound in bounds) else Pin.EXACT
    return replace(entry, pin=pin, spec=bounds[0].spec if len({bound.spec for bound in bounds}) == 1 else entry.spec)


def _entries(
    path: str,
    text: str,
    scope: Scope,
    read: Callable[[str], str | None],
    *,
    included: list[str],
    seen: set[str],
    bounds: dict[str, list[Entry]],
) -> Iterator[Entry]:
    for number, line in _logical_lines(text):
        include = _INCLUDE.match(line)
        if include:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), include.group(2)))
            if "://" in include.group(2) or target in seen:
                continue
            seen.add(target)
            inner = read(target)
            if inner is not None:
                included.append(target)
                found = _entries(target, inner, scope, read, included=included, seen=seen, bounds=bounds)
                if include.group(1) in ("-r", "--requirement"):
                    yield from found
                    continue
                for bound in found:  # a constraints file installs nothing by itself
                    bounds.setdefault(bound.name, []).append(bound)
            continue
        entry = _entry(line, Place(path, number), scope)
        if entry is not None:
            yield entry


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    start, parts = 0, []
    for number, raw in enumerate(text.split("\n")[:_LINE_LIMIT], start=1):
        start = start or number
        if raw.rstrip().endswith("\\") and not raw.lstrip().startswith("#"):
            parts.append(raw.rstrip()[:-1])
            continue
        parts.append(raw)
        line = _COMMENT.sub("", " ".join(parts)).strip()
        if line:
            yield start, line
        start, parts = 0, []


def _entry(line: str, place: Place, scope: Scope) -> Entry | None:
    editable = _EDITABLE.match(line)
    if editable:
        return _from_source(editable.group(1), place, scope)
    if line.startswith("-"):
        return None
    hashed = bool(_HASH.search(line))
    line = _OPTION.sub("", _HASH.sub("", line)).strip()
    if re.match(r"[a-z+]+://|\.{0,2}/|[A-Za-z]:\\", line) or line in (".", ".."):
        return _from_source(line, place, scope)
    return entry_of(line, place, scope, hashed=hashed)


def _from_source(source: str, place: Place, scope: Scope) -> Entry:
    egg = re.search(r"#egg=([\w.-]+)", source)
    local = "://" not in source and not source.startswith("git+")
    name = egg.group(1) if egg else posixpath.basename(source.rstrip("/").split("@")[0].split("#")[0])
    pin = Pin.LOCAL if local else source_pin(source.partition("#egg=")[0])
    return Entry(canonicalize_name(name or "."), Ecosystem.PYPI, scope, "", pin, place, source=source)


def entry_of(text: str, place: Place, scope: Scope, *, group: str = "", hashed: bool = False) -> Entry | None:
    """Entry of one PEP 508 requirement; None where the text is none."""
    try:
        found = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None
    if found.url:
        local = found.url.startswith(("file:", ".", "/"))
        pin = Pin.LOCAL if local else source_pin(found.url)
    else:
        pin = pypi_pin(str(found.specifier), hashed=hashed)
    return Entry(
        canonicalize_name(found.name), Ecosystem.PYPI, scope, str(found.specifier), pin, place, group, found.url or ""
    )
