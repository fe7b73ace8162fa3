"""Redaction of objects: containers are rebuilt, data classes and the like become dictionaries, exceptions become their text.

Written with an explicit stack: an object nested 100,000 deep must not end the interpreter.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from troth.detectors.redaction import secret_key

if TYPE_CHECKING:
    from troth.detectors.redaction import Redactor

__all__ = ["redact", "remember", "shared_redactor", "use"]

FAILED: Final = "[redaction failed]"
_NAME_NAMES: Final = ("name", "Name", "key", "Key", "variable", "ParameterKey", "ParameterName", "OptionName", "header")
_VALUE_NAMES: Final = ("value", "Value", "val", "ParameterValue")
CYCLE: Final = "[cycle]"
_lock = threading.Lock()
shared: list[Redactor] = []
"""The redactor of this process, once there is one."""
_waiting: list[tuple[str, str]] = []
"""Values that were told before there was one."""


def shared_redactor() -> Redactor:
    """The redactor of this process; made at first use (some milliseconds)."""
    if not shared:
        with _lock:
            if not shared:
                from troth.detectors.redaction import Redactor

                made = Redactor()
                _register(made)
                shared.append(made)
    return shared[0]


def use(redactor: Redactor) -> None:
    """Make another redactor the one of this process (other rules, or a shared registry)."""
    with _lock:
        _register(redactor)
        shared[:] = [redactor]


def _register(redactor: Redactor) -> None:
    while _waiting:
        redactor.registry.add(*_waiting.pop())


def remember_soon(value: str, name: str) -> None:
    """As `remember`, for whoever only tells what is secret: nothing is made ready for it, the value is known as soon as there is anything to redact.

    Args:
        value: the secret.
        name: shown in its place.
    """
    with _lock:
        if not shared:
            _waiting.append((value, name))
            return
    shared[0].registry.add(value, name)


def remember(value: str, name: str = "known-value") -> bool:
    """Register a value that is secret, so that it is redacted in every encoding from now on.

    Args:
        value: the secret; too short or too common values are refused (they would destroy the text around them).
        name: shown in its place; must not be secret itself.

    Returns:
        Whether it was registered.
    """
    return shared_redactor().registry.add(value, name)


def redact(value: Any, *, redactor: Redactor | None = None) -> Any:  # noqa: ANN401 - any object in, plain data out
    """The same without secrets.

    Args:
        value: text, bytes, containers, data classes, attrs and pydantic objects, exceptions, anything with a `str`.
        redactor: the process's own where None is given.

    Returns:
        Text for text, bytes for bytes, new containers of the same kind for containers, dictionaries for objects with fields, text for everything else.
    """
    worker = redactor or shared_redactor()
    if isinstance(value, str):
        return _text(value, worker)
    return _Rebuild(worker).run(value)


def _text(value: str, worker: Redactor) -> str:
    try:
        return worker.text(value)
    except Exception:  # noqa: BLE001 - whatever failed, the text must not get through
        return FAILED


def _fields(value: object) -> Mapping[Any, Any] | None:
    """Named fields of an object that has them, or None."""
    if isinstance(value, Mapping):
        return value
    if hasattr(type(value), "__dataclass_fields__"):
        import dataclasses  # imports inspect: only where there is one

        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}  # type: ignore[arg-type]
    attrs = getattr(type(value), "__attrs_attrs__", None)
    if attrs is not None:
        return {field.name: getattr(value, field.name, None) for field in attrs}
    names = getattr(type(value), "model_fields", None)  # pydantic 2
    if isinstance(names, Mapping):
        extra = getattr(value, "model_extra", None) or {}
        return {**{name: getattr(value, name, None) for name in names}, **extra}
    return None


def _secret(name: object) -> str:
    """A name that says that its value is secret, as text; empty for every other. A key of several parts or of an enumeration is named by any of its parts."""
    if isinstance(name, tuple):
        return next((secret for part in name if (secret := _secret(part))), "")
    if isinstance(name, Enum) and not isinstance(name, str):
        return _secret(name.value) or _secret(name.name)
    text = name.decode("latin-1") if isinstance(name, bytes) else name if isinstance(name, str) else ""
    return text if text and secret_key(text) else ""


def _told_value(fields: Mapping[Any, Any]) -> str:
    """The name that a mapping of `name` and `value` speaks of (settings of containers and of builds are listed so), where it is secret."""
    if not any(name in fields for name in _VALUE_NAMES):
        return ""
    return next((secret for name in _NAME_NAMES if (secret := _secret(fields.get(name)))), "")


def _named(item: object, children: list[Any]) -> dict[int, str]:
    """Places in a row whose values are secret by their names: fields of a named tuple, the second of a pair (headers, items of a mapping), what follows an option of a command."""
    if isinstance(item, (set, frozenset)):
        return {}
    names = getattr(type(item), "_fields", None)
    if isinstance(names, tuple):
        return {number: name for number, name in enumerate(map(_secret, names)) if name}
    if len(children) == 2 and (name := _secret(children[0])) and (isinstance(item, tuple) or not _word(children[1])):
        return {1: name}
    return {
        number + 1: name
        for number, option in enumerate(children[:-1])
        if isinstance(option, str) and option.startswith("--") and str(children[number + 1])[:1] != "-" and (name := _secret(option.lstrip("-")))
    }


def _children(item: Iterable[Any]) -> list[Any]:
    """What a row holds; of an address in parts, its place with what stands before it: a password there is one by its place only."""
    children = list(item)
    if "netloc" in getattr(type(item), "_fields", ()) and isinstance(children[1], str) and "@" in children[1]:
        children[1] = f"x://{children[1]}"
    return children


def _word(value: object) -> bool:
    """Whether the second of two in a list is a name like the first, and no value."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return not isinstance(text, str) or text.replace("_", "").isalpha()


def _exception_text(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


class _Rebuild:
    """One walk over an object; results are put together on the way back."""

    def __init__(self, worker: Redactor) -> None:
        self.worker = worker
        self.done: list[Any] = []
        self.open: set[int] = set()

    def run(self, value: object) -> Any:  # noqa: ANN401 - plain data
        """Walk with an explicit stack of tasks: look at a value, or build a container from the newest results."""
        tasks: list[tuple[str, Any, bool, str]] = [("look", value, False, "")]
        while tasks:
            what, item, covered, key = tasks.pop()
            if what == "look":
                self._look(item, covered, key, tasks)
            else:
                self._build(what, item, key)
        return self.done.pop()

    def _look(self, item: Any, covered: bool, key: str, tasks: list[tuple[str, Any, bool, str]]) -> None:  # noqa: ANN401
        if item is None or isinstance(item, bool):
            self.done.append(item)
            return
        fields = None if isinstance(item, (str, bytes, int, float)) else _fields(item)
        children = _children(item) if fields is None and isinstance(item, (list, tuple, set, frozenset)) else None
        if fields is None and children is None:
            self.done.append(self._leaf(item, covered, key))
            return
        if id(item) in self.open:
            self.done.append(CYCLE)
            return
        self.open.add(id(item))
        if fields is not None:
            names = list(fields)
            tasks.append(("mapping", (names, id(item)), covered, key))
            told = _told_value(fields)
            for name in reversed(names):
                secret = _secret(name) or (told if name in _VALUE_NAMES else "")
                own = covered or secret != ""
                tasks.append(("look", fields[name], own, secret if own and not covered else key))
        else:
            tasks.append(("list", (type(item), len(children or ()), id(item)), covered, key))
            named = _named(item, children or [])
            for number in range(len(children or ()) - 1, -1, -1):
                name = named.get(number, "")
                tasks.append(("look", (children or [])[number], covered or bool(name), name or key))

    def _leaf(self, item: Any, covered: bool, key: str) -> Any:  # noqa: ANN401
        if covered:
            return f"[redacted key {_text(key, self.worker)[:60]}]"
        if isinstance(item, (int, float)):
            return item
        try:
            if isinstance(item, str):
                return self.worker.text(item)
            if isinstance(item, (bytes, bytearray, memoryview)):
                return self.worker.bytes(bytes(item))
            return self.worker.text(_exception_text(item) if isinstance(item, BaseException) else str(item))
        except Exception:  # noqa: BLE001 - a `str` of a stranger failed, or we did: nothing gets through
            return FAILED

    def _build(self, what: str, item: Any, key: str) -> None:  # noqa: ANN401, ARG002
        if what == "mapping":
            names, identity = item
            values = self._take(len(names))
            # a key can be the secret itself
            self.done.append(dict(zip((self._name(name) for name in names), values, strict=True)))
        else:
            kind, count, identity = item
            self.done.append(_as(kind, self._take(count)))
        self.open.discard(identity)

    def _name(self, name: object) -> object:
        if isinstance(name, str):
            return _text(name, self.worker)
        if name is None or isinstance(name, (bool, int, float)):
            return name
        return _text(str(name), self.worker)

    def _take(self, count: int) -> list[Any]:
        if not count:
            return []
        values = self.done[-count:]
        del self.done[-count:]
        return values


def _as(kind: type, values: Iterable[Any]) -> Any:  # noqa: ANN401
    """A container of the nearest plain kind; unhashable members make a list of a set."""
    if issubclass(kind, tuple):
        return tuple(values)
    if issubclass(kind, (set, frozenset)):
        listed = list(values)
        try:
            return frozenset(listed) if issubclass(kind, frozenset) else set(listed)
        except TypeError:
            return listed
    return list(values)
