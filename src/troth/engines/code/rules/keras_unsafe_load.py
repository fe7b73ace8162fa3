"""Keras models loaded without safe mode."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SWITCHES = ("keras.config.enable_unsafe_deserialization", "tensorflow.keras.config.enable_unsafe_deserialization", "keras.src.saving.serialization_lib.enable_unsafe_deserialization", "keras.saving.enable_unsafe_deserialization")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        given = site.keywords.get("safe_mode")
        if given is None and any(name.endswith(".SafeModeScope") for name in site.names):
            given = site.argument(0)
        for line in module.flagged(site, given, lambda value: value is False):
            yield Hit(line, "safe_mode is off: Lambda layers run code from the file.")
    for site in module.calls(*_SWITCHES):
        yield Hit(site.line, "Safe mode is switched off for the whole process.")


RULE = Rule(
    id="keras-unsafe-load",
    title="A Keras model is loaded without safe mode",
    why="A Lambda layer is Python bytecode in the file; safe mode refuses it.",
    mend="Leave safe_mode on, and register custom layers by name.",
    severity=Severity.HIGH,
    cwe=("CWE-502", "CWE-94"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=((b"keras",), (b"safe_mode", b"enable_unsafe_deserialization", b"SafeModeScope")),
    modules=frozenset(("keras", "tensorflow",)),
    check=_check,
    bad=("import keras\nkeras.models.load_model('m', safe_mode=False)\n",),
    good=("import keras\nkeras.models.load_model('m')\n",),
)
