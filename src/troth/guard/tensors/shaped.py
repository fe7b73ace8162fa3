"""Shapes and dtypes as annotations, checked when the function is called; names must mean the same length everywhere.

    @shaped
    def loss(predicted: Annotated[Tensor, Shape("batch 10", "float32")], wanted: Annotated[Tensor, Shape("batch")]) -> Annotated[Tensor, Shape("")]: ...

A shape is words: a number is a length, a name is any length (the same for the same name), `_` is any, `...` is any number of dimensions (once).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from troth.guard.tensors.names import BYTES, _plain_name
from troth.guard.tensors.refusal import TensorRefusedError

__all__ = ["Shape", "shaped"]

P = ParamSpec("P")
R = TypeVar("R")
_WORD: Final = re.compile(r"(?:[0-9]{1,9}|[A-Za-z_][A-Za-z0-9_]{0,30}|\.\.\.)\Z")


class Shape:
    """What a tensor or array must look like.

    Args:
        words: the dimensions.
        dtypes: any of these; none = any plain dtype.
    """

    def __init__(self, words: str, *dtypes: str) -> None:
        self.words = tuple(words.split())
        if any(not _WORD.match(word) for word in self.words) or self.words.count("...") > 1:
            raise ValueError(f"no shape: {words!r}")
        if any(name not in BYTES for name in dtypes):
            raise ValueError(f"no plain dtype in {dtypes}")
        self.dtypes = frozenset(dtypes)

    def demand(self, value: object, lengths: dict[str, int], where: str) -> None:
        """Check a value, and bind the names that are new.

        Args:
            value: anything with `shape` and `dtype`.
            lengths: what names mean so far; grows.
            where: name of the parameter, for the message.

        Raises:
            TensorRefusedError: it looks otherwise.
        """
        shape = getattr(value, "shape", None)
        dtype = _plain_name(getattr(value, "dtype", None))
        if not isinstance(shape, tuple) or not dtype:
            raise TensorRefusedError("annotation", f"{where} is no tensor or array of plain numbers")
        if self.dtypes and dtype not in self.dtypes:
            raise TensorRefusedError(
                "annotation", f"{where} is of dtype {dtype}, not {' or '.join(sorted(self.dtypes))}"
            )
        for word, length in zip(self._spread(len(shape), where), (int(item) for item in shape), strict=True):
            wanted = int(word) if word.isdigit() else length if word == "_" else lengths.setdefault(word, length)
            if wanted != length:
                raise TensorRefusedError("annotation", f"{where}: {word} is {length}, and was to be {wanted}")

    def _spread(self, count: int, where: str) -> tuple[str, ...]:
        """Words for exactly so many dimensions."""
        if "..." in self.words:
            place = self.words.index("...")
            missing = count - len(self.words) + 1
            if missing >= 0:
                return (*self.words[:place], *["_"] * missing, *self.words[place + 1 :])
        elif count == len(self.words):
            return self.words
        raise TensorRefusedError("annotation", f"{where} has {count} dimensions, not {' '.join(self.words) or 'none'}")


def _rules(function: Callable[..., Any]) -> dict[str, Shape]:
    hints = get_type_hints(function, include_extras=True)
    found = {}
    for name, hint in hints.items():
        if get_origin(hint) is Annotated:
            for item in get_args(hint)[1:]:
                if isinstance(item, Shape):
                    found[name] = item
    return found


def shaped(function: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments and the result of a function against its `Shape` annotations, at each call.

    Raises:
        ValueError: when decorating: there is nothing to check.
        TensorRefusedError: when called.
    """
    rules = _rules(function)
    if not rules:
        raise ValueError(f"{function.__qualname__} has no Shape annotation, so nothing would be checked")
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        lengths: dict[str, int] = {}
        for name, value in bound.arguments.items():
            if name in rules:
                rules[name].demand(value, lengths, name)
        result = function(*args, **kwargs)
        if "return" in rules:
            rules["return"].demand(result, lengths, "the result")
        return result

    return checked
