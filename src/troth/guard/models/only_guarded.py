"""A context in which nothing in the process unpickles by name, unless a guarded load does it from its table of pinned objects.

It stands on CPython's audit event `pickle.find_class`, which both unpicklers raise whoever calls them (torch, joblib, numpy, pandas ...). An unpickler
that a program subclasses with an own `find_class` raises no event; such a class is the program's own decision. Audit hooks cannot be removed,
so the hook stays, asleep, after the context. The public loaders of torch, joblib, numpy, safetensors, Keras and transformers are closed besides (`doors`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from troth.errors import GuardError
from troth.guard.models.doors import closed

__all__ = ["only_guarded"]

_lock = threading.Lock()
_state = {"installed": False, "depth": 0}
_reopen: list[Callable[[], None]] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event == "pickle.find_class" and _state["depth"]:
        module, name = args[0], args[1]
        raise GuardError(f"an unguarded load asks for {module}.{name}; load the file with troth.guard.models.load")


@contextmanager
def only_guarded() -> Iterator[None]:
    """Refuse unguarded unpickling, and the public loaders of model libraries, in all threads while the context is open."""
    with _lock:
        if not _state["installed"]:
            sys.addaudithook(_hook)
            _state["installed"] = True
        _state["depth"] += 1
        if _state["depth"] == 1:
            _reopen.append(closed())
    try:
        yield
    finally:
        with _lock:
            _state["depth"] -= 1
            if not _state["depth"]:
                _reopen.pop()()
