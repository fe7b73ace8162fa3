"""The optional compiled part of the pack reader: whether it is there, and whether it may be used.

It walks the entries of a pack in C (`native/` in the sources) and gives, object for object, what `walk` and `survey` give; nothing else is different
(tests/engines/packs/test_native.py). An installation without a compiler does not have it. `TROTH_NATIVE=0` leaves it out where it is installed.
"""

from __future__ import annotations

import os
from types import ModuleType

__all__ = ["SAID", "module"]

OFF = "TROTH_NATIVE"
API = 1
"""Which form of the compiled part this package knows: one from an older source tree is left alone."""
SAID = {True: "compiled", False: "Python"}
"""What reports call the two."""

_native: ModuleType | None
try:
    from troth.engines.packs import _native  # type: ignore[no-redef,unused-ignore]
except ImportError:  # built without a compiler, or for another platform
    _native = None


def module() -> ModuleType | None:
    """The compiled part, or None."""
    return None if _native is None or _native.API != API or os.environ.get(OFF) == "0" else _native
