"""YAML loaders that build objects."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_UNSAFE = ("yaml.Loader", "yaml.UnsafeLoader", "yaml.CLoader", "yaml.loader.Loader", "yaml.loader.UnsafeLoader", "yaml.cyaml.CLoader")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("yaml.load", "yaml.load_all"):
        loader = site.argument(1, "Loader")
        if loader is None:
            if not site.opaque:
                yield Hit(site.line, "No loader is named; before PyYAML 6 that is one that builds any object.")
        elif module.names(loader, site.scope) & set(_UNSAFE):
            yield Hit(site.line, "The loader builds any object that the document names.")
    for site in module.calls("yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.UnsafeLoader().get_single_data", "ruamel.yaml.unsafe_load"):
        yield Hit(site.line, "It builds any object that the document names.")
    for site in module.calls("ruamel.yaml.YAML", "ruamel.yaml.main.YAML"):
        for line in module.flagged(site, site.argument(0, "typ"), lambda value: value == "unsafe"):
            yield Hit(line, "A reader of this kind builds any object that the document names.")


RULE = Rule(
    id="yaml-load",
    title="YAML that builds objects",
    why="A tag such as !!python/object/apply calls what it names.",
    mend="Use yaml.safe_load.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0011",),
    needs=((b"yaml",), (b"yaml.load", b"unsafe_load", b"load(", b"UnsafeLoader", b"\"unsafe\"", b"'unsafe'")),
    modules=frozenset(("yaml", "ruamel")),
    check=_check,
    bad=("import yaml\nyaml.load(open('a'))\n", "from yaml import load, Loader\nload('a', Loader=Loader)\n"),
    good=("import yaml\nyaml.load('a', Loader=yaml.CSafeLoader)\n", "import yaml\nyaml.safe_load('a')\n"),
)
