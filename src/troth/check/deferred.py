"""A verifier that is imported when it is asked. Which ones exist and that each can be imported was seen by a full load before; see `remembered`."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass

from troth.errors import CatalogueError
from troth.terms.verdict import Verdict

__all__ = ["Deferred", "verifier"]


def verifier(package: str, control_id: str) -> Callable[..., Verdict]:
    """Import a control's `verify`.

    Args:
        package: dotted name of the control's folder.
        control_id: for the message.

    Raises:
        CatalogueError: there is no function of that name, or a parameter or its result has no type.
    """
    verify = getattr(importlib.import_module(f"{package}.verify"), "verify", None)
    if not inspect.isfunction(verify):
        raise CatalogueError(f"{package.replace('.', '/')}: verify.py of {control_id} has no function `verify`")
    hints = typing.get_type_hints(verify)
    untyped = [name for name in inspect.signature(verify).parameters if name not in hints]
    if untyped or "return" not in hints:
        raise CatalogueError(f"{package.replace('.', '/')}: verify() needs a type for {', '.join(untyped) or 'its return value'}")
    return typing.cast("Callable[..., Verdict]", verify)


@dataclass(frozen=True, slots=True)
class Deferred:
    """Stands for a control's `verify` until somebody asks for it."""

    package: str
    control_id: str

    @property
    def resolved(self) -> Callable[..., Verdict]:
        """The verifier itself.

        Raises:
            CatalogueError: as `verifier`.
        """
        return verifier(self.package, self.control_id)

    def __call__(self, **facts: object) -> Verdict:
        """Ask it."""
        return self.resolved(**facts)
