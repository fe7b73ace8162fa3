"""Makes "currently disabled" true: a module that a policy calls disabled cannot be imported, whoever asks and by whatever road.

    disable("package.distributed", "package.optim")

What is loaded already is taken out, with the attribute of its package, so that a name which was imported early is not left behind. References that somebody took before
the call stay usable: disable first of all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from troth.errors import GuardError

__all__ = ["Disabled", "ModuleDisabledError", "disable"]

_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


class ModuleDisabledError(GuardError, ImportError):
    """A disabled module was asked for; an ImportError, so that optional imports take their other branch."""

    code = "module-disabled"
    help = "The program's policy calls this module disabled; take the call to troth.guard.modules.disable away on purpose."


class Disabled:
    """Stands first among the finders; `lift` takes it away."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol of finders
        """Refuse what is disabled and everything below it; say nothing about the rest.

        Raises:
            ModuleDisabledError: it is disabled.
        """
        if any(name == one or name.startswith(one + ".") for one in self.names):
            raise ModuleDisabledError(f"{name} is disabled in this program")
        return None

    def lift(self) -> None:
        """Allow the modules again."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]


def disable(*names: str) -> Disabled:
    """Disable modules and everything below them, from now on.

    Args:
        names: full dotted names.

    Returns:
        A handle; `.lift()` allows them again.

    Raises:
        ValueError: something is no name of a module, or nothing is named.
    """
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError("name at least one module by its full dotted name")
    finder = Disabled(frozenset(names))
    sys.meta_path.insert(0, finder)
    for loaded in list(sys.modules):
        if any(loaded == one or loaded.startswith(one + ".") for one in names):
            module = sys.modules.pop(loaded)
            parent, _, own = loaded.rpartition(".")
            if parent in sys.modules and getattr(sys.modules[parent], own, None) is module:
                delattr(sys.modules[parent], own)
    return finder
