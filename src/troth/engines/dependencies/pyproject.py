"""`pyproject.toml`: PEP 621, PEP 735, build requirements, Poetry; and `Pipfile`, which is TOML too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name

from troth.engines.dependencies.pins import pypi_pin, source_pin
from troth.engines.dependencies.requirements import entry_of
from troth.engines.documents import TomlLines, parse_toml
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.terms.facts.dependencies import Ecosystem, Entry, Manifest, Package, Pin, Scope
from troth.terms.place import Place

__all__ = ["parse", "parse_pipfile", "version_in"]

_DEV_GROUP = re.compile(r"dev|test|lint|doc|type|ci|bench|quality|security", re.IGNORECASE)
_VERSION = re.compile(
    r"""^(?:__version__|VERSION|version)\s*(?::\s*[\w.\[\]]+\s*)?=\s*["']([^"']{1,100})["']""", re.MULTILINE
)
_POETRY_STAR = re.compile(r"=*\s*\d+(?:\.\d+)*\.\*\Z")
_POETRY_EXACT = re.compile(r"=*\s*\d[\w.+!-]*\Z")


def parse(path: str, text: str, read: Callable[[str], str | None]) -> Manifest | None:
    """Manifest of a `pyproject.toml`; None where it only configures tools.

    Raises:
        DocumentError: it is not TOML.
    """
    data = parse_toml(text)
    lines = TomlLines(text)
    project, poetry = as_map(data.get("project")), as_map(as_map(data.get("tool")).get("poetry"))
    groups = as_map(data.get("dependency-groups"))
    if not project and not poetry and not groups:
        return None
    entries = [*_pep621(path, project, lines), *_groups(path, groups, lines), *_poetry(path, poetry, lines)]
    entries += _listed(
        path,
        as_list(as_map(data.get("build-system")).get("requires")),
        Scope.BUILD,
        lines,
        section="build-system",
        key="requires",
    )
    sources: dict[str, Plain] = {canonicalize_name(name): wish for name, wish in as_map(as_map(as_map(data.get("tool")).get("uv")).get("sources")).items()}
    entries = [_from_uv(entry, sources[entry.name]) if entry.name in sources else entry for entry in entries]
    dynamic = {as_text(item) for item in as_list(project.get("dynamic"))}
    return Manifest(
        path,
        "pyproject",
        Ecosystem.PYPI,
        tuple(entries),
        package=_package(path, data, lines, read),
        scripts=tuple(_scripts(project, lines)),
        incomplete="dependencies" in dynamic,
        lists_dependencies="dependencies" in project or "dependencies" in dynamic or "dependencies" in poetry,
    )


def _from_uv(entry: Entry, wish: Plain) -> Entry:
    """An entry as `[tool.uv.sources]` has it: a folder, a member, an address, or a repository; the least exact of several by marker. Another index changes nothing."""
    found = []
    for one in as_list(wish) if isinstance(wish, list) else (wish,):
        details = as_map(one)
        source = next((as_text(details[key]) for key in ("git", "url", "path") if key in details), "")
        if details.get("workspace") is True or "path" in details:
            found.append((Pin.LOCAL, source))
        elif source:
            ref = as_text(details.get("rev"))
            found.append((source_pin(f"{source}#{ref}" if ref else source), source))
    if not found:
        return entry
    pin, source = next((one for one in found if not one[0].exact), found[0])
    return replace(entry, pin=pin, source=source)


def _listed(
    path: str, items: object, scope: Scope, lines: TomlLines, *, section: str, key: str, group: str = ""
) -> Iterator[Entry]:
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, str):
            line = lines.value(section, item, key) or lines.key(section, key)
            entry = entry_of(item, Place(path, line), scope, group=group)
            if entry is not None:
                yield entry


def _pep621(path: str, project: object, lines: TomlLines) -> Iterator[Entry]:
    data = as_map(project if isinstance(project, dict) else {})
    yield from _listed(path, data.get("dependencies"), Scope.RUNTIME, lines, section="project", key="dependencies")
    for name, items in as_map(data.get("optional-dependencies")).items():
        scope = Scope.DEV if _DEV_GROUP.search(name) else Scope.OPTIONAL
        yield from _listed(path, items, scope, lines, section="project.optional-dependencies", key=name, group=name)


def _groups(path: str, groups: object, lines: TomlLines) -> Iterator[Entry]:
    for name, items in as_map(groups if isinstance(groups, dict) else {}).items():
        yield from _listed(path, items, Scope.DEV, lines, section="dependency-groups", key=name, group=name)


def _poetry(path: str, poetry: object, lines: TomlLines) -> Iterator[Entry]:
    data = as_map(poetry if isinstance(poetry, dict) else {})
    yield from _table(
        path, data.get("dependencies"), Scope.RUNTIME, lines, section="tool.poetry.dependencies", group=""
    )
    yield from _table(
        path, data.get("dev-dependencies"), Scope.DEV, lines, section="tool.poetry.dev-dependencies", group="dev"
    )
    for name, group in as_map(data.get("group")).items():
        section = f"tool.poetry.group.{name}.dependencies"
        yield from _table(path, as_map(group).get("dependencies"), Scope.DEV, lines, section=section, group=name)


def _table(path: str, table: Plain, scope: Scope, lines: TomlLines, *, section: str, group: str) -> Iterator[Entry]:
    for name, wish in as_map(table).items():
        if name.lower() == "python":
            continue
        for one in as_list(wish) if isinstance(wish, list) else (wish,):
            details = as_map(one)
            spec = as_text(one) or as_text(details.get("version"))
            source = next((as_text(details[key]) for key in ("git", "url", "path", "file") if key in details), "")
            if "path" in details or "file" in details:
                pin = Pin.LOCAL
            elif source:
                ref = as_text(details.get("rev")) or as_text(details.get("ref"))
                pin = source_pin(f"{source}#{ref}" if ref else source)
            else:
                pin = _poetry_pin(spec)
            optional = details.get("optional") is True and scope is Scope.RUNTIME
            yield Entry(
                canonicalize_name(name), Ecosystem.PYPI, Scope.OPTIONAL if optional else scope, spec, pin,
                Place(path, lines.key(section, name)), group, source,
            )  # fmt: skip


def _poetry_pin(spec: str) -> Pin:
    spec = spec.strip()
    if spec in ("", "*"):
        return Pin.NONE
    if _POETRY_EXACT.match(spec) and not spec.endswith(".*"):
        return Pin.EXACT
    if _POETRY_STAR.match(spec):
        return Pin.BOUNDED
    if spec.startswith(("^", "~")) and not spec.startswith("~="):
        return Pin.BOUNDED
    return pypi_pin(spec)


def _scripts(project: object, lines: TomlLines) -> Iterator[tuple[str, str, int]]:
    data = as_map(project if isinstance(project, dict) else {})
    for name, target in as_map(data.get("scripts")).items():
        yield name, as_text(target), lines.key("project.scripts", name)


def version_in(text: str) -> tuple[str, int] | None:
    """The version that a module assigns to `__version__`, and its line."""
    match = _VERSION.search(text)
    return (match.group(1), text.count("\n", 0, match.start()) + 1) if match else None


def _package(path: str, data: object, lines: TomlLines, read: Callable[[str], str | None]) -> Package | None:
    document = as_map(data if isinstance(data, dict) else {})
    project, tool = as_map(document.get("project")), as_map(document.get("tool"))
    poetry = as_map(tool.get("poetry"))
    source, section = (project, "project") if project.get("name") else (poetry, "tool.poetry")
    name = as_text(source.get("name"))
    if not name:
        return None
    version = as_text(source.get("version"))
    place = Place(path, lines.key(section, "version")) if version else None
    dynamic = "version" in {as_text(item) for item in as_list(project.get("dynamic"))}
    if not version:
        found = _dynamic_version(path, name, tool, read)
        version, place = found if found else ("", None)
    classifiers = tuple(
        (as_text(item), lines.value(section, as_text(item), "classifiers"))
        for item in as_list(source.get("classifiers"))
    )
    licence = source.get("license")
    urls = {key.lower(): as_text(url) for key, url in as_map(source.get("urls")).items()}
    python = as_text(source.get("requires-python")) or as_text(as_map(source.get("dependencies")).get("python"))
    people = [*as_list(source.get("authors")), *as_list(source.get("maintainers"))]
    return Package(
        name=name,
        version=version,
        place=Place(path, lines.key(section, "name")),
        version_place=place,
        dynamic=dynamic and not version,
        private=any(text.startswith("Private ::") for text, _ in classifiers),
        classifiers=classifiers,
        licence=as_text(licence) or as_text(as_map(licence).get("text")),
        repository=as_text(source.get("repository")) or next((urls[key] for key in ("repository", "source", "source code", "github", "code", "homepage") if key in urls), ""),
        engines=(("python", python, lines.key(section, "requires-python")),) if python else (),
        emails=tuple(_emails(people, lines, section)),
    )  # fmt: skip


def _emails(people: list[Plain], lines: TomlLines, section: str) -> Iterator[tuple[str, int]]:
    for person in people:
        email = as_text(as_map(person).get("email"))
        match = re.search(r"<([^<>\s]+@[^<>\s]+)>", as_text(person))
        if email or match:
            yield email or (match.group(1) if match else ""), lines.value(section, email or as_text(person))


def _dynamic_version(path: str, name: str, tool: object, read: Callable[[str], str | None]) -> tuple[str, Place] | None:
    tools = as_map(tool if isinstance(tool, dict) else {})
    folder = path.rpartition("/")[0]
    base = f"{folder}/" if folder else ""
    attribute = as_text(
        as_map(as_map(as_map(as_map(tools.get("setuptools")).get("dynamic")).get("version"))).get("attr")
    )
    module = name.replace("-", "_").lower()
    wanted = [
        as_text(as_map(as_map(tools.get("hatch")).get("version")).get("path")),
        as_text(as_map(as_map(tools.get("pdm")).get("version")).get("path")),
    ]
    if attribute:
        dotted = attribute.rpartition(".")[0].replace(".", "/")
        wanted += [f"{prefix}{dotted}{suffix}" for prefix in ("", "src/") for suffix in (".py", "/__init__.py")]
    wanted += [
        f"{prefix}{module}/{file}"
        for prefix in ("", "src/")
        for file in ("__init__.py", "_version.py", "version.py", "__about__.py")
    ]
    for candidate in wanted:
        text = read(base + candidate.removeprefix("./")) if candidate else None
        found = version_in(text) if text else None
        if found:
            return found[0], Place(base + candidate.removeprefix("./"), found[1])
    return None


def parse_pipfile(path: str, text: str) -> Manifest:
    """Manifest of a `Pipfile`.

    Raises:
        DocumentError: it is not TOML.
    """
    data = parse_toml(text)
    lines = TomlLines(text)
    entries = (
        *_table(path, data.get("packages"), Scope.RUNTIME, lines, section="packages", group=""),
        *_table(path, data.get("dev-packages"), Scope.DEV, lines, section="dev-packages", group="dev"),
    )
    return Manifest(path, "Pipfile", Ecosystem.PYPI, entries)
