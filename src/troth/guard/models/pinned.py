"""Unpicklers whose `find_class` is a table: names that the static proof reported, resolved to objects before loading begins.

A name that is not in the table is refused, even if the file changed since it was proved. Nothing is imported while the stream is read.
"""

from __future__ import annotations

import importlib
import io
import pickle
import types
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final

from troth.errors import GuardError
from troth.formats.pickle.allow import AllowList

__all__ = ["Table", "pickle_module", "table_of", "unpickle"]

Table = Mapping[tuple[str, str], object]


def _objects(extra: Iterable[object]) -> dict[tuple[str, str], object]:
    found = {}
    for item in extra:
        module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
        if not isinstance(module, str) or not isinstance(name, str) or "." in name:
            raise GuardError(f"extra_allow takes classes and functions of a module, not {item!r:.100}")
        found[module, name] = item
    return found


def names_of(extra: Iterable[object]) -> dict[tuple[str, str], str]:
    """Rules for the caller's own objects: classes may be made and given a state, functions may be named."""
    return {key: "pure" if isinstance(item, type) else "function" for key, item in _objects(extra).items()}


def table_of(names: Iterable[str], extra: Iterable[object]) -> Table:
    """Objects for the names that a proof reported.

    Args:
        names: `module.name`, as the stream spells them.
        extra: objects that the caller allowed.

    Raises:
        GuardError: a library that the file needs is not installed, or does not have the name.
    """
    own = _objects(extra)
    table: dict[tuple[str, str], object] = {}
    for full in names:
        module, _, name = full.rpartition(".")
        if (module, name) in own:
            table[module, name] = own[module, name]
            continue
        target = AllowList(custom=names_of(extra)).find(module, name, 2, 0)
        if (target.module, target.name) in _INSTEAD:
            table[module, name] = table[target.module, target.name] = _INSTEAD[target.module, target.name]
            continue
        try:
            table[module, name] = getattr(importlib.import_module(target.module), target.name)
        except (ImportError, AttributeError) as error:
            raise GuardError(f"the file needs {full}, which is not installed here: {error}") from error
        table[target.module, target.name] = table[module, name]
    return table


def _audited_getattr(owner: Any, name: str) -> Any:  # noqa: ANN401
    """What stands for `getattr` in the table: methods that the lists name under their class, a lazy module's own hooks, and scipy's own `_entropy`."""
    cls = owner if isinstance(owner, type) else type(owner)
    full = f"attr:{getattr(cls, '__module__', '')}.{getattr(cls, '__qualname__', '')}"
    own_entropy = name == "_entropy" and cls.__module__.startswith("scipy.stats.") and cls is not owner
    found = AllowList().rule(full, name)
    # the rule tells what may be asked of an object; everything else is asked of a class
    if not own_entropy and (found is None or (found[0] == "method") is (cls is owner)):
        raise GuardError(f"the stream asks for the attribute {name!r:.80} of {full[5:]}, which its proof did not report")
    if found is not None and found[0] == "method" and name in getattr(owner, "__dict__", {}):
        raise GuardError(f"the stream put something in the place of {full[5:]}.{name!s:.80}")
    return getattr(owner, name)


def _singleton_type(value: object) -> type:
    """What stands for `type` in the table: with one argument, for None, Ellipsis and NotImplemented."""
    if value is not None and value is not Ellipsis and value is not NotImplemented:
        raise GuardError("the stream asks for the type of a value, which its proof did not report")
    return type(value)


_INSTEAD: Final = {("builtins", "getattr"): _audited_getattr, ("builtins", "type"): _singleton_type}
"""Names that are narrowed rather than pinned: the proof saw their arguments, and this holds them to it."""


def _unpickler(table: Table) -> type[pickle.Unpickler]:
    class Pinned(pickle.Unpickler):
        """CPython's unpickler over a table of objects."""

        def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401
            try:
                return table[module, name]
            except KeyError:
                raise GuardError(f"the stream asks for {module}.{name}, which its proof did not report") from None

    return Pinned


def pickle_module(table: Table) -> types.ModuleType:
    """A stand-in for `pickle` that torch's loader takes."""
    made = types.ModuleType("pickle")
    cls = _unpickler(table)

    def load(file: BinaryIO, **options: Any) -> Any:  # noqa: ANN401
        return cls(file, **options).load()

    def loads(data: bytes, **options: Any) -> Any:  # noqa: ANN401
        return cls(io.BytesIO(data), **options).load()

    made.__dict__.update(Unpickler=cls, load=load, loads=loads, UnpicklingError=pickle.UnpicklingError)
    return made


def unpickle(file: BinaryIO, table: Table) -> object:
    """The value of one stream."""
    return _unpickler(table)(file).load()
