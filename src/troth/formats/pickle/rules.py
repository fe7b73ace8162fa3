"""Dispatch of allowed calls and states to their validators.

A rule is named by the allow-list; its validator sees the arguments and gives the value, or refuses. A rule that only allows to *name* something
(`type`, `function`) has no validator, so that calling it is refused. States (`BUILD`) are validated by the kind of object that they are set on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from troth.formats.pickle import rules_numpy, rules_objects, rules_python, rules_torch
from troth.formats.pickle.values import Global, Items, Obj
from troth.formats.verdict import Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["build", "call"]

Call = Callable[["Machine", Global, tuple[object, ...], int], object]
Build = Callable[["Machine", Obj, object, int], None]

_CALLS: Final[dict[str, Call]] = {**rules_python.CALLS, **rules_numpy.CALLS, **rules_torch.CALLS, **rules_objects.CALLS}
_BUILDS: Final[dict[str, Build]] = {**rules_python.BUILDS, **rules_numpy.BUILDS, **rules_torch.BUILDS, **rules_objects.BUILDS}


def _call_of(rule: str) -> Call | None:
    found = _CALLS.get(rule)
    if found is None:
        from troth.formats.pickle import rules_arrow, rules_libraries  # plain checkpoints start without them

        found = rules_libraries.CALLS.get(rule) or rules_arrow.CALLS.get(rule)
    return found


def _build_of(kind: str) -> Build | None:
    found = _BUILDS.get(kind)
    if found is None:
        from troth.formats.pickle import rules_libraries

        found = rules_libraries.BUILDS.get(kind)
    return found


_NAMED: Final = frozenset(("namedargs", "instance", "module", "empty"))
"""Rules whose `NEWOBJ_EX` may carry an empty dict of named arguments."""


def call(  # noqa: PLR0917
    vm: Machine, func: Global, args: tuple[object, ...], kwargs: Items | None, offset: int, how: str
) -> object:
    """The value of an allowed call.

    Raises:
        Refusal: the rule has no validator for calls, or the arguments do not pass.
    """
    if kwargs is not None and (kwargs.items or func.rule not in _NAMED):
        raise Refusal("odd-arguments", f"{func.full} is called with named arguments", offset, func.full)
    validator = _call_of(func.rule)
    if validator is None:
        raise Refusal("call-not-allowed", f"{func.full} may be named, but not called", offset, func.full)
    if how == "reduce" and func.rule in rules_objects.ONLY_NEW:
        raise Refusal("call-not-allowed", f"{func.full} is called as a function, not made as an empty object", offset, func.full)
    return validator(vm, func, args, offset)


def build(vm: Machine, target: Obj, state: object, offset: int, after: int) -> None:
    """Apply a state to an object.

    Raises:
        Refusal: the kind takes no state, or this one does not pass.
    """
    name = target.cls.full if target.cls is not None else target.kind
    if target.kind == "joblib-array":
        rules_numpy.raw_array(vm, target, state, offset, after)
        return
    validator = _build_of(target.kind)
    if validator is None:
        raise Refusal("build-of-odd-object", f"a state is set on {name}, which takes none", offset, name)
    validator(vm, target, state, offset)
    target.built = True
    target.parts = (*target.parts, state)
