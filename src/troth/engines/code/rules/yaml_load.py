"""YAML loaders that build objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity
from troth.engines.code.tables import fallback

__all__ = ["RULE"]

_UNSAFE = ("yaml.Loader", "yaml.UnsafeLoader", "yaml.CLoader", "yaml.loader.Loader", "yaml.loader.UnsafeLoader", "yaml.cyaml.CLoader", "yaml.CUnsafeLoader", "ruamel.yaml.Loader", "ruamel.yaml.UnsafeLoader", "oyaml.Loader", "oyaml.UnsafeLoader")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("yaml.load", "yaml.load_all", "ruamel.yaml.load", "ruamel.yaml.load_all", "oyaml.load", "ruamel_yaml.load"):
        loader = site.argument(1, "Loader")
        if loader is None:
            if not site.opaque:
                yield Hit(site.line, "No loader is named; before PyYAML 6 that is one that builds any object.")
        elif _loaders(module, site, loader) & set(_UNSAFE):
            yield Hit(site.line, "The loader builds any object that the document names.")
    for site in module.calls("yaml.unsafe_load", "yaml.unsafe_load_all", *(f"{loader}().{method}" for loader in _UNSAFE for method in ("get_single_data", "get_data")), "oyaml.unsafe_load", "ruamel.yaml.unsafe_load"):
        yield Hit(site.line, "It builds any object that the document names.")
    for site in module.calls("ruamel.yaml.YAML", "ruamel.yaml.main.YAML"):
        for line in module.flagged(site, site.argument(0, "typ"), lambda value: value == "unsafe"):
            yield Hit(line, "A reader of this kind builds any object that the document names.")


def _loaders(module: Module, site: Site, node: ast.expr) -> frozenset[str]:
    """What the loader may be; of `getattr(yaml, "CLoader", yaml.Loader)` the default, too."""
    default = fallback(node) if isinstance(node, ast.Call) else None
    return module.names(node, site.scope) | (module.names(default, site.scope) if default is not None else frozenset())


RULE = Rule(
    id="yaml-load",
    title="YAML that builds objects",
    why="A tag such as !!python/object/apply calls what it names.",
    mend="Use yaml.safe_load.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0011",),
    needs=((b"yaml",), (b"yaml.load", b"unsafe_load", b"load(", b"UnsafeLoader", b"Loader(", b"\"unsafe\"", b"'unsafe'")),
    modules=frozenset(("yaml", "ruamel", "oyaml", "ruamel_yaml")),
    check=_check,
    bad=("import yaml\nyaml.load(open('a'))\n", "from yaml import load, Loader\nload('a', Loader=Loader)\n"),
    good=("import yaml\nyaml.load('a', Loader=yaml.CSafeLoader)\n", "import yaml\nyaml.safe_load('a')\n"),
)
