"""Licences of dependencies from files: `license` in `package-lock.json` (version 2 and 3), and vendored packages' `package.json`, `METADATA` and `Cargo.toml`.

Other lock files hold no licences; they are named as silent, so that what nobody told is never taken for allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.documents import DocumentError, JsonLines, parse_json, parse_toml
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.licences import Licences, PackageLicence
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["look"]

_VENDORED = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party|site-packages)/(?:.+/)?(package\.json|METADATA|Cargo\.toml)\Z")
_FIELD = re.compile(r"^(Name|Version|License-Expression|License): *(.+)$", re.MULTILINE)
_MOST = 20_000


def look(tree: Tree, dependencies: Dependencies) -> Licences:
    """What the tree's files tell of licences."""
    found: list[PackageLicence] = []
    silent: list[tuple[str, int]] = []
    unread = [lock.path for lock in dependencies.locks if not lock.read]
    for lock in dependencies.locks:
        if not lock.read:
            continue
        told = list(_npm(lock.path, tree)) if lock.kind == "package-lock.json" else []
        if told:
            found += told
        elif lock.packages:
            silent.append((lock.path, len(lock.packages)))
    for path in tree.paths():
        match = _VENDORED.search(path)
        if match and len(found) < _MOST:
            found += _vendored(path, match.group(1), tree, unread)
    return Licences(tuple(found), tuple(silent), tuple(unread))


def _npm(path: str, tree: Tree) -> Iterator[PackageLicence]:
    try:
        text = tree.text(path) or ""
        packages = as_map(as_map(parse_json(text)).get("packages"))
    except DocumentError:
        # the lock engine has read it already; a version 1 lock has no such field and counts as silent
        return
    if not any("license" in as_map(value) for value in packages.values()):
        return
    lines = JsonLines(text)
    for key, value in packages.items():
        details = as_map(value)
        if "node_modules/" in key and details.get("link") is not True:
            name = as_text(details.get("name")) or key.rpartition("node_modules/")[2]
            yield PackageLicence(name, as_text(details.get("version")), _named(details.get("license")), Place(path, lines.key("packages", key)))


def _named(value: Plain) -> str:
    """The field of npm: a text, or in old packages an object or a list of objects, of which any may be chosen."""
    if isinstance(value, (list, tuple)):
        return " OR ".join(filter(None, (_named(each) for each in as_list(value))))
    return as_text(value) or as_text(as_map(value).get("type"))


def _vendored(path: str, kind: str, tree: Tree, unread: list[str]) -> list[PackageLicence]:
    text = tree.text(path)
    if text is None:
        unread.append(path)
        return []
    if kind == "METADATA":
        fields = dict(reversed(_FIELD.findall(text.split("\n\n", 1)[0])))
        expression = fields.get("License-Expression") or fields.get("License", "")
        return [PackageLicence(fields["Name"], fields.get("Version", ""), expression, Place(path, 1))] if "Name" in fields else []
    try:
        data = as_map(parse_json(text)) if kind == "package.json" else as_map(parse_toml(text).get("package"))
    except DocumentError:
        unread.append(path)
        return []
    name = as_text(data.get("name"))
    field = data.get("license") or data.get("licenses")
    return [PackageLicence(name, as_text(data.get("version")), _named(field), Place(path, 1))] if name else []
