"""`Cargo.toml`, `go.mod` and conda's `environment.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from troth.engines.dependencies.pins import cargo_pin, source_pin
from troth.engines.dependencies.requirements import entry_of
from troth.engines.documents import Node, TomlLines, parse_toml, parse_yaml
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.terms.facts.dependencies import Ecosystem, Entry, Manifest, Package, Pin, Scope
from troth.terms.place import Place

__all__ = ["parse_cargo", "parse_conda", "parse_go"]

_CARGO = {"dependencies": Scope.RUNTIME, "dev-dependencies": Scope.DEV, "build-dependencies": Scope.BUILD}
_GO_REQUIRE = re.compile(r"\s*(?:require\s+)?([\w.~-]+(?:/[\w.~+-]+)+)\s+(v\S+)")
_GO_REPLACE = re.compile(r"(?:replace\s+)?([\w.~/+-]+)(?:\s+(v\S+))?\s*=>\s*(\S+)(?:\s+(v\S+))?\Z")
_CONDA = re.compile(r"([\w.-]+(?:::[\w.-]+)?)\s*([=<>!~].*)?\Z")


def parse_cargo(path: str, text: str) -> Manifest:
    """Manifest of a `Cargo.toml`.

    Raises:
        DocumentError: it is not TOML.
    """
    data = parse_toml(text)
    lines = TomlLines(text)
    workspace = as_map(data.get("workspace"))
    entries: list[Entry] = []
    for section, scope in _CARGO.items():
        entries += _crates(path, data.get(section), scope, lines, section)
        for target, table in as_map(data.get("target")).items():
            entries += _crates(path, as_map(table).get(section), scope, lines, f"target.{target}.{section}")
    entries += _crates(path, workspace.get("dependencies"), Scope.RUNTIME, lines, "workspace.dependencies")
    return Manifest(
        path,
        "Cargo.toml",
        Ecosystem.CARGO,
        tuple(entries),
        package=_crate(path, data, workspace, lines),
        workspaces=tuple(as_text(item) for item in as_list(workspace.get("members")) if as_text(item)),
        lists_dependencies="dependencies" in data or "dependencies" in workspace,
    )


def _crates(path: str, table: Plain, scope: Scope, lines: TomlLines, section: str) -> Iterator[Entry]:
    for name, wish in as_map(table).items():
        details = as_map(wish)
        spec = as_text(wish) or as_text(details.get("version"))
        place = Place(path, lines.key(section, name))
        source = as_text(details.get("git")) or as_text(details.get("path"))
        if details.get("workspace") is True or "path" in details:
            pin = Pin.LOCAL
        elif "git" in details:
            pin = source_pin(f"{source}#{as_text(details.get('rev'))}")
        else:
            pin = cargo_pin(spec)
        real = as_text(details.get("package")) or name
        optional = details.get("optional") is True and scope is Scope.RUNTIME
        yield Entry(real, Ecosystem.CARGO, Scope.OPTIONAL if optional else scope, spec, pin, place, section, source)


def _crate(path: str, data: Mapping[str, Plain], workspace: Mapping[str, Plain], lines: TomlLines) -> Package | None:
    package, shared = as_map(data.get("package")), as_map(workspace.get("package"))
    if not package and not shared.get("version"):
        return None
    section, source = ("package", package) if package else ("workspace.package", shared)
    version = as_text(source.get("version"))
    publish = source.get("publish")
    rust = as_text(source.get("rust-version"))
    return Package(
        name=as_text(source.get("name")),
        version=version,
        place=Place(path, lines.key(section, "name") or lines.section(section)),
        version_place=Place(path, lines.key(section, "version")) if version else None,
        dynamic=as_map(source.get("version")).get("workspace") is True,
        private=publish is False or (isinstance(publish, list) and not publish),
        licence=as_text(source.get("license")),
        repository=as_text(source.get("repository")),
        engines=(("rust", rust, lines.key(section, "rust-version")),) if rust else (),
    )


def parse_go(path: str, text: str) -> Manifest:
    """Manifest of a `go.mod`: Go's minimal version selection makes every `require` one version."""
    entries, module, inside, line_of_module = [], "", False, 1
    replaced = _go_replaced(text)
    for number, raw in enumerate(text.split("\n")[:50_000], start=1):
        line, _, comment = raw.partition("//")
        if line.startswith("module "):
            module, line_of_module = line[7:].strip().strip('"'), number
        if re.match(r"\s*require\s*\(", line):
            inside = True
        elif line.strip() == ")":
            inside = False
        match = _GO_REQUIRE.match(line) if inside or line.startswith("require ") else None
        if match:
            indirect = "indirect" if "indirect" in comment else ""
            name, version = match.group(1), match.group(2)
            target, other = replaced.get((name, version)) or replaced.get((name, "")) or (name, version)
            local = target.startswith(("./", "../", "/"))
            entries.append(
                Entry(
                    name if local else target,
                    Ecosystem.GO,
                    Scope.RUNTIME,
                    version if local else other,
                    Pin.LOCAL if local else Pin.EXACT,
                    Place(path, number),
                    indirect,
                    target if local else "",
                )
            )
    package = Package(module, "", Place(path, line_of_module), dynamic=True) if module else None
    return Manifest(path, "go.mod", Ecosystem.GO, tuple(entries), package=package, lists_dependencies=True)


def _go_replaced(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What `replace` puts in the place of a module: (module, version or "") -> (path or module, version)."""
    found, inside = {}, False
    for raw in text.split("\n")[:50_000]:
        line = raw.partition("//")[0].strip() if "://" not in raw else raw.strip()
        if re.match(r"replace\s*\(", line):
            inside = True
        elif line == ")":
            inside = False
        match = _GO_REPLACE.match(line) if inside or line.startswith("replace ") else None
        if match:
            found[match.group(1), match.group(2) or ""] = (match.group(3), match.group(4) or "")
    return found


def parse_conda(path: str, text: str) -> Manifest | None:
    """Manifest of a conda `environment.yml`; None where it is another kind of YAML.

    Raises:
        DocumentError: it is not YAML.
    """
    documents = parse_yaml(text)
    node = documents[0].get("dependencies") if documents else None
    if node is None or node.kind != "list":
        return None
    return Manifest(path, "conda", Ecosystem.CONDA, tuple(_conda(path, node)))


def _conda(path: str, node: Node) -> Iterator[Entry]:
    for item in node.items:
        if item.kind == "map":
            pip = item.get("pip")
            for one in pip.items if pip is not None else ():
                entry = entry_of(one.text, Place(path, one.line), Scope.RUNTIME) if one.kind == "scalar" else None
                if entry is not None:
                    yield entry
            continue
        match = _CONDA.match(item.text.strip())
        if match:
            name, spec = match.group(1).rpartition("::")[2], (match.group(2) or "").strip()
            yield Entry(
                canonicalize_name(name), Ecosystem.CONDA, Scope.RUNTIME, spec, _conda_pin(spec), Place(path, item.line)
            )


def _conda_pin(spec: str) -> Pin:
    if not spec:
        return Pin.NONE
    if "," not in spec and "*" not in spec and spec.startswith("=") and not re.search(r"[<>!~]", spec):
        # `=1.2` is a prefix match; `==1.2` and `=1.2.3=build` are exact
        return Pin.EXACT if spec.startswith("==") or spec.count("=") == 2 or spec.count(".") >= 2 else Pin.BOUNDED
    return Pin.BOUNDED if "<" in spec or "*" in spec or spec.startswith("~=") else Pin.OPEN
