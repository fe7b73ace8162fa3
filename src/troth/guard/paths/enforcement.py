"""An audit hook that reports or stops every `open` of the process that did not go through a guard.

Source: PEP 578. A hook cannot be removed; `enforce` returns a handle that switches it off again. It sees what Python opens, not what C libraries open by
themselves: it is a net for mistakes, not a wall against hostile code (that is `guard.sandbox`).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from troth.guard.paths.attribution import HERE, UNKNOWN, directory_of, guards_own, noted, unwatch, watch
from troth.guard.paths.blacklist import Blacklist
from troth.guard.paths.refusal import PathRefusedError

__all__ = ["Enforcement", "enforce"]

_EVENTS: Final[dict[str, tuple[tuple[int, int | None], ...]]] = {
    **dict.fromkeys(("os.listdir", "os.scandir", "os.truncate", "os.setxattr", "os.removexattr", "sqlite3.connect"), ((0, None),)),
    **dict.fromkeys(("os.remove", "os.rmdir", "shutil.rmtree"), ((0, 1),)),
    **dict.fromkeys(("os.mkdir", "os.chmod"), ((0, 2),)),
    **dict.fromkeys(("os.chown", "os.utime"), ((0, 3),)),
    **dict.fromkeys(("os.rename", "os.link"), ((0, 2), (1, 3))),
    **dict.fromkeys(("shutil.copyfile", "shutil.move", "shutil.copytree"), ((0, None), (1, None))),
}
"""Audit events (docs.python.org/3/library/audit_events.html), and of which of their arguments are paths and which say the directory (`dir_fd`) these count from: what is moved or linked is judged at both ends."""
_SPECIAL: Final = frozenset(("open", "os.symlink"))
"""Events whose arguments do not say all of it by themselves."""
_NO_FILES = frozenset(("", ":memory:"))
"""Names of databases that are in memory."""


class Enforcement:
    """A hook that is on until `stop` is called."""

    def __init__(
        self, allowed: tuple[str, ...], blacklist: Blacklist, mode: str, report: Callable[[str, str], None]
    ) -> None:
        self._allowed = allowed
        self._blacklist = blacklist
        self._mode = mode
        self._report = report
        self._busy = threading.local()
        self.active = True
        self.seen: list[str] = []

    def stop(self) -> None:
        """Let everything pass again."""
        if self.active:
            self.active = False
            unwatch()

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The hook itself; see sys.addaudithook."""
        if not self.active or (event not in _EVENTS and event not in _SPECIAL) or getattr(self._busy, "now", False) or not arguments or guards_own():
            return
        self._busy.now = True
        try:
            for name, directory in _named(event, arguments):
                self._judge(event, _real(name, directory))
        finally:
            self._busy.now = False

    def _judge(self, event: str, path: str | None) -> None:
        if path is None:
            self._refuse(event, "(a path relative to a directory that nobody noted)")
            return
        root = next((root for root in self._allowed if path == root or path.startswith(root.rstrip("/") + "/")), None)
        if root is not None and not self._blacklist.covers(path, root=root):
            return
        self._refuse(event, path)

    def _refuse(self, event: str, path: str) -> None:
        self.seen.append(path)
        self._report(event, path)
        if self._mode == "stop":
            raise PathRefusedError("outside", "This program may not open that path")


def _named(event: str, arguments: tuple[object, ...]) -> Iterator[tuple[str, int]]:
    """Paths of an event, each with the directory that it counts from. A descriptor instead of a path is none: what it names was opened before, and was seen then."""
    if event == "open":
        # os.open says no mode; everything else that opens (io, importlib) has no dir_fd
        yield from _text(arguments[0], noted() if len(arguments) > 1 and arguments[1] is None else HERE)
    elif event == "os.symlink":
        for name, directory in _text(arguments[1], _descriptor(arguments, 2)):
            yield name, directory
            for target, _ in _text(arguments[0], HERE):  # a link's target counts from where the link lies
                yield os.path.join(os.path.dirname(name), target), directory
    else:
        for path, where in _EVENTS[event]:
            if path < len(arguments):
                yield from _text(arguments[path], HERE if where is None else _descriptor(arguments, where))


def _descriptor(arguments: tuple[object, ...], number: int) -> int:
    value = arguments[number] if number < len(arguments) else HERE
    return HERE if value is None else value if isinstance(value, int) else UNKNOWN


def _text(name: object, directory: int) -> Iterator[tuple[str, int]]:
    if isinstance(name, (str, bytes, os.PathLike)) and os.fsdecode(name) not in _NO_FILES:
        yield os.fsdecode(name), directory


def _real(name: str, directory: int) -> str | None:
    """Real path of a name; None where nobody knows where it counts from."""
    if os.path.isabs(name) or directory == HERE:
        return os.path.realpath(name)
    base = None if directory == UNKNOWN else directory_of(directory)
    return os.path.realpath(os.path.join(base, name)) if base is not None and os.path.isabs(base) else None


def enforce(
    allowed: Iterable[str | os.PathLike[str]],
    *,
    blacklist: Blacklist | None = None,
    mode: Literal["report", "stop"] = "stop",
    report: Callable[[str, str], None] = lambda _event, _path: None,
    interpreter: bool = True,
) -> Enforcement:
    """Watch every path that this process opens through Python.

    Args:
        allowed: directories (or files) that may be opened.
        blacklist: names refused even there; the default list where None is given.
        mode: `stop` raises, `report` only calls `report`.
        report: called with the audit event's name and the real path.
        interpreter: also allow Python's own installation and the import path, without which no import works.

    Returns:
        A handle; `.seen` lists what was met, `.stop()` ends it.
    """
    own = [sys.prefix, sys.base_prefix, *(entry for entry in sys.path if entry)] if interpreter else []
    roots = tuple(os.path.realpath(entry) for entry in (*(os.fspath(entry) for entry in allowed), *own))
    hook = Enforcement(roots, blacklist or Blacklist(), mode, report)
    watch()
    sys.addaudithook(hook)
    return hook
