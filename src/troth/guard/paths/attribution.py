"""Which directory the path of an audit event counts from, and which calls are the guard's own.

The event of `open` does not say whether a directory was given with `dir_fd`, so `os.open` is replaced by a function that notes it while the call runs. Whoever holds the old function
(taken before `watch`, or from `posix`) is not noted: a relative path of its own then counts from nowhere that anybody knows. All other events say it themselves.

The kernel is asked what directory a descriptor is (`/proc/self/fd`, F_GETPATH of macOS). Between that and the call another thread may give the number to another directory; this is a
net for mistakes, not a wall against hostile code.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["HERE", "UNKNOWN", "directory_of", "guards_own", "noted", "through_guard", "unwatch", "watch"]

HERE: Final = -1
"""What audit events say where no directory was given: the working directory."""
UNKNOWN: Final = -2
"""Nobody noted where the path counts from."""
_PATH_OF_DESCRIPTOR: Final = 50
"""F_GETPATH, sys/fcntl.h of macOS."""
_state = threading.local()
_watching: list[Callable[..., int]] = []
_users = [0]
_lock = threading.Lock()


def watch() -> None:
    """Note from now on what `os.open` is given; every call needs one of `unwatch`."""
    with _lock:
        _users[0] += 1
        if _users[0] == 1:
            _watching.append(_noting(os.open))
            os.open = _watching[0]
            os.supports_dir_fd.add(_watching[0])  # shutil and others look it up there and fall back to ways that race


def unwatch() -> None:
    """Give `os.open` back, unless somebody else has replaced it meanwhile."""
    with _lock:
        _users[0] -= 1
        if _users[0] == 0:
            ours = _watching.pop()
            if os.open is ours:
                os.open = ours.__wrapped__  # type: ignore[attr-defined]
            os.supports_dir_fd.discard(ours)


def _noting(original: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(original)
    def open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:  # noqa: ANN401 - as os.open
        before = getattr(_state, "directory", UNKNOWN)
        _state.directory = HERE if dir_fd is None else dir_fd
        try:
            return original(path, flags, mode, dir_fd=dir_fd)
        finally:
            _state.directory = before

    return open


def noted() -> int:
    """The directory of the `os.open` that runs now in this thread; `HERE`, or `UNKNOWN`."""
    return getattr(_state, "directory", UNKNOWN)


def directory_of(descriptor: int) -> str | None:
    """Real path of an open directory; None where the system does not tell."""
    if descriptor == HERE:
        try:
            return os.getcwd()
        except OSError:
            return None
    try:
        return os.readlink(f"/proc/self/fd/{int(descriptor)}")
    except OSError:
        pass
    try:
        import fcntl

        return os.fsdecode(fcntl.fcntl(descriptor, _PATH_OF_DESCRIPTOR, b"\0" * 1024).rstrip(b"\0")) or None
    except (ImportError, OSError):
        return None


@contextmanager
def through_guard() -> Iterator[None]:
    """Calls of this thread in here are the guard's own, which has judged them: `enforce` lets them pass. Never around code of a caller."""
    before = getattr(_state, "own", False)
    _state.own = True
    try:
        yield
    finally:
        _state.own = before


def guards_own() -> bool:
    """Whether this thread is in a call of the guard."""
    return bool(getattr(_state, "own", False))
