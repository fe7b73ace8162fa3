"""Redaction: the same detectors, turned round. Used by `guard` for logs, exceptions and streams; light to import (standard library only
until a redactor is asked for).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from troth.detectors.redaction.keys import secret_key

if TYPE_CHECKING:
    from troth.detectors.redaction.redactor import Redactor
    from troth.detectors.redaction.registry import Registry
    from troth.detectors.redaction.streams import StreamRedactor

__all__ = ["Redactor", "Registry", "StreamRedactor", "secret_key"]
_HOMES: Final = {"Redactor": "redactor", "Registry": "registry", "StreamRedactor": "streams"}


def __getattr__(name: str) -> object:
    """Rules and engines are loaded when the first redactor is made: a program that only imports the guard should not wait for them."""
    if name in _HOMES:
        return getattr(import_module(f"troth.detectors.redaction.{_HOMES[name]}"), name)
    raise AttributeError(name)
