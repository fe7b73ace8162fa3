"""All rules: every file of this folder is one of Python, and of `rules_ecma` and `rules_rust` one of TypeScript, JavaScript or Rust; adding one edits nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Final

from troth.engines.code.rule import Rule
from troth.errors import CatalogueError

__all__ = ["every_rule"]


_FOLDERS: Final = {"python": "troth.engines.code.rules", "ecma": "troth.engines.code.rules_ecma", "rust": "troth.engines.code.rules_rust"}


@cache
def every_rule(language: str = "python") -> tuple[Rule, ...]:
    """All rules of a language (`python`, `ecma`, `rust`), by id.

    Raises:
        CatalogueError: a file of the folder is no rule of that language, or its id is not its name.
    """
    rules = []
    package = importlib.import_module(_FOLDERS[language])
    for item in pkgutil.iter_modules(package.__path__):
        rule = getattr(importlib.import_module(f"{package.__name__}.{item.name}"), "RULE", None)
        if not isinstance(rule, Rule) or rule.id != item.name.replace("_", "-") or rule.language != language:
            raise CatalogueError(f"{item.name}.py in the folder of code rules is no rule of that name")
        rules.append(rule)
    return tuple(sorted(rules, key=lambda rule: rule.id))
