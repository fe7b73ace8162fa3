"""One call of a parsed file, as rules see it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from troth.engines.code.scopes import Scope

if TYPE_CHECKING:
    from troth.engines.code.module import Module

__all__ = ["Given", "Site"]

Given = tuple[tuple[ast.expr, ...], dict[str, ast.expr], bool]
"""Arguments of a call by position and by keyword, and whether some cannot be followed."""


class Site:
    """One call: the node, where it stands, and the names that it may mean; names and arguments are followed when they are asked for, which few calls are."""

    __slots__ = ("_given", "_module", "_names", "node", "scope")

    def __init__(self, node: ast.Call, scope: Scope, module: Module) -> None:
        """A call of a module."""
        self.node = node
        self.scope = scope
        self._module = module
        self._names: frozenset[str] | None = None
        self._given: Given | None = None

    @property
    def names(self) -> frozenset[str]:
        """Dotted names that are perhaps called."""
        if self._names is None:
            self._names = self._module.names(self.node.func, self.scope)
        return self._names

    @property
    def line(self) -> int:
        """Line of the call."""
        return self.node.lineno

    @property
    def _all(self) -> Given:
        if self._given is None:
            self._given = self._module.given(self.node, self.scope)
        return self._given

    @property
    def arguments(self) -> tuple[ast.expr, ...]:
        """Arguments by position, those of `partial` before."""
        return self._all[0]

    @property
    def keywords(self) -> dict[str, ast.expr]:
        """Arguments by keyword, those of `partial` and of tables that are handed over with `**` among them."""
        return self._all[1]

    @property
    def opaque(self) -> bool:
        """Some arguments cannot be followed."""
        return self._all[2]

    def argument(self, position: int, *keywords: str) -> ast.expr | None:
        """An argument by any of its keywords, or by position (negative: by keyword only)."""
        for keyword in keywords:
            if keyword in self.keywords:
                return self.keywords[keyword]
        return self.arguments[position] if 0 <= position < len(self.arguments) else None
