"""Public loaders of libraries, closed while only guarded loads are wanted: torch, joblib, numpy, safetensors, Keras and transformers.

A closed door raises for everyone but a guarded load of this package in the same thread. Doors of libraries that were imported before are closed; a name that a program had
taken out of its module (`from torch import load`) leads past its door, and there only the hook on unpickling holds (see `only_guarded`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from troth.errors import GuardError

__all__ = ["DOORS", "closed", "guarded"]

DOORS: Final = (
    ("torch", "load", "torch_load"), ("torch.jit", "load", "verified"), ("torch.hub", "load", "torch_load"), ("joblib", "load", "joblib_load"), ("numpy", "load", "numpy_load"),
    ("safetensors", "safe_open", "safetensors_load"), ("safetensors.torch", "load_file", "safetensors_load"), ("safetensors.torch", "load", "safetensors_load"),
    ("safetensors.numpy", "load_file", "safetensors_load"), ("safetensors.numpy", "load", "safetensors_load"),
    ("keras.saving", "load_model", "keras_load"), ("keras.models", "load_model", "keras_load"),
    ("transformers.modeling_utils", "PreTrainedModel.from_pretrained", "transformers_from_pretrained"),
    ("transformers.models.auto.auto_factory", "_BaseAutoModelClass.from_pretrained", "transformers_from_pretrained"),
    ("transformers.models.auto.tokenization_auto", "AutoTokenizer.from_pretrained", "transformers_from_pretrained"),
)  # fmt: skip
"""Module, name in it, and the guarded function that stands for it."""
_thread = threading.local()


@contextmanager
def guarded() -> Iterator[None]:
    """Let the libraries' own loaders through, in this thread: the file is proved and pinned."""
    before = getattr(_thread, "inside", False)
    _thread.inside = True
    try:
        yield
    finally:
        _thread.inside = before


def _closed(full: str, instead: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(*args: Any, **named: Any) -> Any:  # noqa: ANN401
        if getattr(_thread, "inside", False):
            return original(*args, **named)
        raise GuardError(f"{full} is closed: only guarded loads are allowed here; use troth.guard.models.{instead}")

    return refuse


def closed() -> Callable[[], None]:
    """Close the doors of the libraries that are imported; gives what opens them again."""
    undo: list[tuple[Any, str, Any]] = []
    for module, name, instead in DOORS:
        owner: Any = sys.modules.get(module)
        *classes, last = name.split(".")
        for part in classes:
            owner = getattr(owner, part, None)
        if owner is None or not hasattr(owner, last):
            continue
        kept = vars(owner).get(last, getattr(owner, last))
        if isinstance(kept, classmethod):
            setattr(owner, last, classmethod(_closed(f"{module}.{name}", instead, kept.__func__)))
        else:
            setattr(owner, last, _closed(f"{module}.{name}", instead, kept))
        undo.append((owner, last, kept))

    def reopen() -> None:
        for owner, last, kept in reversed(undo):
            setattr(owner, last, kept)

    return reopen
