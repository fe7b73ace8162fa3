"""Lock files: every package with its exact version, or a `DocumentError` that says where the file stops making sense.

The formats: `poetry.lock`, `uv.lock`, `pdm.lock`, `Pipfile.lock`, `pylock.toml`, `package-lock.json` and `npm-shrinkwrap.json` (versions 1-3),
`bun.lock`, `Cargo.lock`, `go.sum`; `locks_yarn_pnpm` holds `yarn.lock` (v1 and Berry) and `pnpm-lock.yaml` (5-9).
Packages that stand for the project itself (path, workspace, editable) are left out.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from packaging.utils import canonicalize_name

from troth.engines.dependencies.locks_yarn_pnpm import pnpm, yarn
from troth.engines.documents import DocumentError, JsonLines, parse_json, parse_toml
from troth.engines.documents.plain import TEXT_LIMIT, Plain, as_list, as_map, as_text
from troth.terms.facts.dependencies import Ecosystem, Locked

__all__ = ["KINDS", "kind_of", "parse_lock"]

_PYLOCK = re.compile(r"pylock(?:\.[\w-]+)?\.toml\Z")
_TABLE = re.compile(r"^[ \t]*\[\[\s*packages?\s*\]\]", re.MULTILINE)
_GO_SUM = re.compile(r"(\S+) (v[^\s/]+)(/go\.mod)? (h1:\S+)\Z")
_NUMBERED = re.compile(r"\d[\w.+!-]*\Z")


def kind_of(path: str) -> str | None:
    """Name of the lock format that a path stands for, or None."""
    name = posixpath.basename(path)
    if _PYLOCK.match(name):
        return "pylock.toml"
    if name == "npm-shrinkwrap.json":
        return "package-lock.json"
    return name if name in KINDS else None


def parse_lock(kind: str, text: str) -> tuple[Locked, ...]:
    """Packages of a lock file, in its order.

    Raises:
        DocumentError: the file is not in that format.
    """
    parser, _ = KINDS[kind]
    if parser is None:
        raise DocumentError("It is a binary format that is not read.")
    if len(text) > TEXT_LIMIT:
        raise DocumentError(f"It is longer than {TEXT_LIMIT:,} characters.")
    return tuple(parser(text))


def _tables(text: str, key: str) -> Iterator[tuple[Mapping[str, Plain], int]]:
    data = parse_toml(text)
    found = data.get(key)
    if found is None:
        return
    if not isinstance(found, list):
        raise DocumentError(f"`{key}` is no list of tables.")
    places, line, at = list[int](), 1, 0
    for match in _TABLE.finditer(text):
        line, at = line + text.count("\n", at, match.start()), match.start()
        places.append(line)
    for index, item in enumerate(found):
        line = places[index] if index < len(places) else 0
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            raise DocumentError("A package has no name.", line)
        yield item, line


def _poetry(text: str) -> Iterator[Locked]:
    legacy = as_map(as_map(parse_toml(text).get("metadata")).get("files"))
    for item, line in _tables(text, "package"):
        source = as_map(item.get("source"))
        if as_text(source.get("type")) in ("directory", "file"):
            continue
        name = as_text(item.get("name"))
        hashed = bool(as_list(item.get("files")) or as_list(legacy.get(name)))
        where = as_text(source.get("url")) if source.get("type") in ("git", "url") else ""
        yield Locked(canonicalize_name(name), as_text(item.get("version")), line, hashed, where)


def _uv(text: str) -> Iterator[Locked]:
    for item, line in _tables(text, "package"):
        source = as_map(item.get("source"))
        if any(key in source for key in ("editable", "virtual", "directory", "path")):
            continue
        hashed = bool(
            as_map(item.get("sdist")).get("hash")
            or any(as_map(wheel).get("hash") for wheel in as_list(item.get("wheels")))
        )
        where = as_text(source.get("git")) or as_text(source.get("url"))
        yield Locked(canonicalize_name(as_text(item.get("name"))), as_text(item.get("version")), line, hashed, where)


def _pdm(text: str) -> Iterator[Locked]:
    seen: set[tuple[str, str]] = set()
    for item, line in _tables(text, "package"):
        key = (canonicalize_name(as_text(item.get("name"))), as_text(item.get("version")))
        # a package with extras has an entry for each set of them
        if key not in seen and "path" not in item:
            seen.add(key)
            yield Locked(
                *key, line, bool(as_list(item.get("files"))), as_text(item.get("git")) or as_text(item.get("url"))
            )


def _pylock(text: str) -> Iterator[Locked]:
    for item, line in _tables(text, "packages"):
        if "directory" in item:
            continue
        vcs = as_map(item.get("vcs"))
        files = [as_map(each) for each in (*as_list(item.get("wheels")), item.get("sdist"), item.get("archive"))]
        where = as_text(vcs.get("url")) or as_text(as_map(item.get("archive")).get("url"))
        version = as_text(item.get("version")) or as_text(vcs.get("commit-id"))
        yield Locked(
            canonicalize_name(as_text(item.get("name"))),
            version,
            line,
            any(as_map(each.get("hashes")) for each in files),
            where,
        )


def _object(text: str) -> Mapping[str, Plain]:
    data = parse_json(text, unique=True)
    if not isinstance(data, Mapping):
        raise DocumentError("It is JSON, but no object.", 1)
    return as_map(data)


def _pipfile(text: str) -> Iterator[Locked]:
    document, lines = _object(text), JsonLines(text)
    seen: set[tuple[str, str]] = set()
    for section in ("default", "develop"):
        for name, value in as_map(document.get(section)).items():
            details = as_map(value)
            if not details:
                raise DocumentError(f"{name} is no table.", lines.key(section, name))
            version = as_text(details.get("version")).removeprefix("==") or as_text(details.get("ref"))
            key = (canonicalize_name(name), version)
            if version and key not in seen:
                seen.add(key)
                yield Locked(
                    *key, lines.key(section, name), bool(as_list(details.get("hashes"))), as_text(details.get("git"))
                )


def _npm(text: str) -> Iterator[Locked]:
    document, lines = _object(text), JsonLines(text)
    if isinstance(document.get("packages"), Mapping):
        yield from _npm_packages(as_map(document.get("packages")), lines)
        return
    yield from _npm_tree(as_map(document.get("dependencies")), lines, 0)


def _npm_packages(packages: Mapping[str, Plain], lines: JsonLines) -> Iterator[Locked]:
    for path, value in packages.items():
        details = as_map(value)
        if "node_modules/" not in path or details.get("link") is True or not details:
            continue
        name = as_text(details.get("name")) or path.rpartition("node_modules/")[2]
        resolved = as_text(details.get("resolved"))
        where = resolved if resolved.startswith("git") else ""
        if "version" not in details and not where:
            continue
        version = as_text(details.get("version")) or where.rpartition("#")[2]
        yield Locked(name, version, lines.key("packages", path), "integrity" in details, where)


def _npm_tree(tree: Mapping[str, Plain], lines: JsonLines, depth: int) -> Iterator[Locked]:
    if depth > 60:
        raise DocumentError("It is nested too deeply.")
    for name, value in tree.items():
        details = as_map(value)
        version = as_text(details.get("version"))
        if version.startswith("npm:"):
            name, _, version = version[4:].rpartition("@")
        where = version if "://" in version or version.startswith("git") else ""
        if version and not version.startswith(("file:", "link:")):
            yield Locked(
                name,
                version.rpartition("#")[2] if where else version,
                lines.key("dependencies", name),
                "integrity" in details,
                where,
            )
        yield from _npm_tree(as_map(details.get("dependencies")), lines, depth + 1)


def _bun(text: str) -> Iterator[Locked]:
    document, lines = _object(text), JsonLines(text)
    after = lines.key("packages")
    for key, value in as_map(document.get("packages")).items():
        items = as_list(value)
        label = as_text(items[0]) if items else ""
        name, _, version = label.rpartition("@")
        if not name and not version:
            raise DocumentError(f"{key} names no package.", lines.value(after, key))
        if version.startswith(("workspace:", "link:", "file:", "root:")):
            continue
        where = version if "://" in version or version.startswith(("git", "github:")) else ""
        hashed = any(as_text(item).startswith("sha") for item in items[1:])
        yield Locked(name, version.rpartition("#")[2] if where else version, lines.value(after, key), hashed, where)


def _cargo(text: str) -> Iterator[Locked]:
    old = as_map(parse_toml(text).get("metadata"))
    for item, line in _tables(text, "package"):
        source, version = as_text(item.get("source")), as_text(item.get("version"))
        name = as_text(item.get("name"))
        if not version:
            raise DocumentError(f"{name} has no version.", line)
        if source:
            hashed = "checksum" in item or f"checksum {name} {version} ({source})" in old
            yield Locked(name, version, line, hashed, source if source.startswith("git+") else "")


def _go(text: str) -> Iterator[Locked]:
    for number, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        match = _GO_SUM.match(raw.strip())
        if match is None:
            raise DocumentError("It is no line of go.sum.", number)
        if not match.group(3):
            yield Locked(match.group(1), match.group(2), number, True)


KINDS: Final[Mapping[str, tuple[Callable[[str], Iterator[Locked]] | None, Ecosystem]]] = {
    "poetry.lock": (_poetry, Ecosystem.PYPI),
    "uv.lock": (_uv, Ecosystem.PYPI),
    "pdm.lock": (_pdm, Ecosystem.PYPI),
    "Pipfile.lock": (_pipfile, Ecosystem.PYPI),
    "pylock.toml": (_pylock, Ecosystem.PYPI),
    "package-lock.json": (_npm, Ecosystem.NPM),
    "pnpm-lock.yaml": (pnpm, Ecosystem.NPM),
    "yarn.lock": (yarn, Ecosystem.NPM),
    "bun.lock": (_bun, Ecosystem.NPM),
    "bun.lockb": (None, Ecosystem.NPM),
    "Cargo.lock": (_cargo, Ecosystem.CARGO),
    "go.sum": (_go, Ecosystem.GO),
}
"""Lock file name -> its parser (None: not read) and its ecosystem."""
