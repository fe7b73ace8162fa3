"""All rules: every file of this folder is one, and adding one edits nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from troth.engines.code.rule import Rule
from troth.errors import CatalogueError

__all__ = ["every_rule"]


@cache
def every_rule() -> tuple[Rule, ...]:
    """All rules, by id.

    Raises:
        CatalogueError: a file of the folder is no rule, or its id is not its name.
    """
    rules = []
    for item in pkgutil.iter_modules(__path__):
        rule = getattr(importlib.import_module(f"{__name__}.{item.name}"), "RULE", None)
        if not isinstance(rule, Rule) or rule.id != item.name.replace("_", "-"):
            raise CatalogueError(f"{item.name}.py in the folder of code rules is no rule of that name")
        rules.append(rule)
    return tuple(sorted(rules, key=lambda rule: rule.id))
