"""An audit hook that reports or stops every `open` of the process that did not go through a guard.

Source: PEP 578. A hook cannot be removed; `enforce` returns a handle that switches it off again. It sees what Python opens, not what C libraries open by
themselves: it is a net for mistakes, not a wall against hostile code (that is `guard.sandbox`).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Literal

from troth.guard.paths.blacklist import Blacklist
from troth.guard.paths.refusal import PathRefusedError

__all__ = ["Enforcement", "enforce"]

_EVENTS = {
    **dict.fromkeys(("open", "os.listdir", "os.scandir", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "sqlite3.connect", "shutil.rmtree"), 1),
    **dict.fromkeys(("shutil.copyfile", "shutil.move", "shutil.copytree", "os.rename", "os.link", "os.symlink"), 2),
}
"""Audit events (docs.python.org/3/library/audit_events.html), and how many of their first arguments are paths: what is moved or linked is judged at both ends."""
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
        self.active = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The hook itself; see sys.addaudithook."""
        if not self.active or event not in _EVENTS or getattr(self._busy, "now", False) or not arguments:
            return
        self._busy.now = True
        try:
            for name in arguments[: _EVENTS[event]]:
                # else a descriptor: what it names was opened before, and was seen then
                if isinstance(name, (str, bytes, os.PathLike)) and os.fsdecode(name) not in _NO_FILES:
                    self._judge(event, os.path.realpath(os.fsdecode(name)))
        finally:
            self._busy.now = False

    def _judge(self, event: str, path: str) -> None:
        root = next((root for root in self._allowed if path == root or path.startswith(root.rstrip("/") + "/")), None)
        if root is not None and not self._blacklist.covers(path, root=root):
            return
        self.seen.append(path)
        self._report(event, path)
        if self._mode == "stop":
            raise PathRefusedError("outside", "This program may not open that path")


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
    sys.addaudithook(hook)
    return hook
