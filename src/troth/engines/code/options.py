"""What an expression is worth unless somebody says otherwise: the default of a look-up, and that of an option of the command line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from troth.engines.code.scopes import Built, Scope
from troth.engines.code.tables import fallback
from troth.engines.code.worth import Constant

if TYPE_CHECKING:
    from troth.engines.code.module import Module

__all__ = ["likely"]

_PARSED: Final = (".parse_args()", ".parse_known_args()", ".parse_known_args()[]", ".parse_args_into_dataclasses()", ".parse_args()[]")
_NAMED: Final = frozenset(("args", "opts", "options", "opt", "cli_args", "flags", "FLAGS", "arguments", "parsed"))
_STEPS: Final = 4


def likely(module: Module, node: ast.expr | None, scope: Scope) -> frozenset[Constant] | None:
    """Constants that an expression is worth, and where nobody can tell, what it is worth unless told otherwise: `os.getenv(name, default)`, `given or default`, an option's default; None where nothing says."""
    known = module.values(node, scope)
    for _ in range(_STEPS):
        if known is not None or node is None:
            return known
        found = scope.find(node.id) if isinstance(node, ast.Name) else None
        if found is not None:
            single = found[0][0] if len(found[0]) == 1 else None
            node, scope = (single, found[1]) if isinstance(single, ast.expr) else (None, scope)
        else:
            option = _option(module, node, scope)
            node, scope = option or (fallback(node), scope)
        known = module.values(node, scope)
    return known


def _option(module: Module, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """The default of the option behind a field of what a parser of the command line gave."""
    if not isinstance(node, ast.Attribute):
        return None
    if module.built.options is None:
        module.built.options = {}
        for field, told, where in _defaults(module.built):
            module.built.options.setdefault(field, []).append((told, where))
    every = module.built.options.get(node.attr, [])
    near = [one for one in every if one[1] is scope] or every
    if len(near) != 1 or near[0][0] is None:
        return None
    default = near[0][0], near[0][1]
    named = isinstance(node.value, ast.Name) and node.value.id in _NAMED
    return default if named or any(name.endswith(_PARSED) for name in module.names(node.value, scope)) else None


def _defaults(built: Built) -> Iterator[tuple[str, ast.expr | None, Scope]]:
    """For each option that is added to a parser in the file: the field that it becomes, its default if there is one, and where it stands."""
    for call, scope in built.calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_argument":
            continue
        given = {item.arg: item.value for item in call.keywords}
        names = [item.value for item in call.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        long = next((name for name in names if name.startswith("--")), names[0] if names else "")
        told = given.get("dest")
        field = told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else long.lstrip("-").replace("-", "_")
        action = given.get("action")
        default = given.get("default")
        if default is None and isinstance(action, ast.Constant) and action.value == "store_false":
            default = ast.copy_location(ast.Constant(value=True), call)
        if field:
            yield field, default, scope
