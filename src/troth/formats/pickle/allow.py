"""Which names a pickle may import, from data files that are made per library release by `tools/allowlists`.

Names are exact pairs (module, name) without dots in the name; methods that `getattr` may name stand under `attr:module.Class`, which no stream can ask for. Tiers: `weights` (what checkpoints of plain tensors need), `libs` (audited classes and
functions of machine-learning libraries), `custom` (what the caller adds, as objects). A name outside the lists is refused: the list says what is
known to be harmless, never what is known to be bad.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Final

from troth.formats.pickle.values import Global
from troth.formats.verdict import Refusal

__all__ = ["TIERS", "AllowList"]

_HERE: Final = os.path.join(os.path.dirname(__file__), "lists")
TIERS: Final = ("weights", "libs", "custom")

_PYTHON_2: Final = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins", "UserDict": "collections", "UserList": "collections"}
"""Modules that loaders rename in streams of protocol 0 to 2; no other renamed module is on a list, which a test holds."""
_PYTHON_2_NAMES: Final = {
    ("__builtin__", "unicode"): "str", ("__builtin__", "long"): "int", ("__builtin__", "xrange"): "range", ("UserDict", "IterableUserDict"): "UserDict",
}  # fmt: skip

Names = dict[tuple[str, str], str]


def _read(path: str) -> Names:
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    names: Names = {}
    for group in data["groups"]:
        rule = group["rule"]
        for module, members in group["names"].items():
            for name in members:
                names[module, name] = rule
    return names


class AllowList:
    """Names of the chosen tiers.

    Args:
        tiers: `weights` alone, or with `libs`.
        custom: further names -> rule, for the tier `custom`.

    Attributes:
        widest: index in `TIERS` of the widest tier that was needed so far.
    """

    __slots__ = ("_custom", "_libs", "_loaded", "_weights", "widest")

    _files: dict[str, list[str]] | None = None
    _cache: dict[str, Names] = {}  # noqa: RUF012

    def __init__(self, tiers: Iterable[str] = ("weights", "libs"), custom: Names | None = None) -> None:
        self._libs = "libs" in tiers
        self._custom = dict(custom or {})
        self._weights = self._load("weights.json")
        self.widest = -1

    @classmethod
    def _load(cls, name: str) -> Names:
        if name not in cls._cache:
            cls._cache[name] = _read(os.path.join(_HERE, name))
        return cls._cache[name]

    @classmethod
    def _of_library(cls, library: str) -> list[Names]:
        """Lists of one top-level package, every release that the product knows."""
        if cls._files is None:
            files: dict[str, list[str]] = {}
            for name in sorted(os.listdir(_HERE), reverse=True):  # the newest release speaks first
                if name.endswith(".json") and name != "weights.json":
                    files.setdefault(name.rsplit("-", 1)[0], []).append(name)
            cls._files = files
        return [cls._load(name) for name in cls._files.get(library, ())]

    def rule(self, module: str, name: str) -> tuple[str, str] | None:
        """(rule, tier) of a name, or None where it is on no list."""
        if (module, name) in self._custom:
            return self._custom[module, name], "custom"
        rule = self._weights.get((module, name))
        if rule is not None:
            return rule, "weights"
        if self._libs:
            for names in self._of_library(module.removeprefix("attr:").split(".", 1)[0]):
                if (module, name) in names:
                    return names[module, name], "libs"
        return None

    def find(self, module: str, name: str, protocol: int, offset: int) -> Global:
        """The allowed global.

        Raises:
            Refusal: the name is dotted, not an identifier, or on no list.
        """
        if protocol < 3:
            name = _PYTHON_2_NAMES.get((module, name), name)
            module = _PYTHON_2.get(module, module)
        full = f"{module}.{name}"
        if not module.isascii() or ":" in module or not name.isascii() or not name.isidentifier():
            hint = "; pickled with protocol 3 its parts are named one by one" if module.startswith("scipy.") else ""
            raise Refusal("dotted-name", f"the name {name[:200]!r} of {module[:200]!r} is not a plain identifier{hint}", offset, full[:400])
        found = self.rule(module, name)
        if found is None:
            from troth.formats.pickle.advice import advice

            hint = advice(full)
            says = f"loading would import {full[:400]}, which is on no allow-list" + (f"; {hint}" if hint else "")
            raise Refusal("global-not-allowed", says, offset, full[:400])
        self.widest = max(self.widest, TIERS.index(found[1]))
        return Global(module, name, found[0], found[1], offset)
