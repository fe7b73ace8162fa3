"""Opens one path below a directory descriptor without ever leaving it: `openat2` on Linux >= 5.6, a component walk elsewhere.

Source: openat2(2). Both ways resolve and open in one act on a held descriptor, so there is no moment between check and use.
Does not judge what was opened; `root` does.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from troth.guard.paths.attribution import through_guard

if TYPE_CHECKING:
    HAS_OPENAT2: bool
    """Whether this kernel has openat2 and lets us use it; asked once, when it is first needed."""

__all__ = ["HAS_OPENAT2", "open_beneath", "walk_beneath"]

RESOLVE_NO_XDEV: Final = 0x01
RESOLVE_NO_MAGICLINKS: Final = 0x02
RESOLVE_NO_SYMLINKS: Final = 0x04
RESOLVE_BENEATH: Final = 0x08
SYS_OPENAT2: Final = 437
"""The same number on every Linux architecture that Python supports (it came after the tables were unified)."""
_HOW_SIZE: Final = 24
_TRIES: Final = 64
"""openat2 answers EAGAIN when a rename elsewhere raced with `..`; the kernel's advice is to try again."""


Opener = Callable[[int, str, int, int, int], int]


@lru_cache(maxsize=1)
def _opener() -> Opener | None:
    """openat2 as a function of directory, path, flags, mode and resolve; None where it is not, or is forbidden.

    Made when it is first needed: ctypes takes longer to import than everything else here.
    """
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    class OpenHow(ctypes.Structure):
        _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))

    call: Callable[..., int] = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(OpenHow), ctypes.c_size_t]  # type: ignore[attr-defined]
    call.restype = ctypes.c_long  # type: ignore[attr-defined]
    byref, get_errno = ctypes.byref, ctypes.get_errno

    def opened(directory: int, path: str, flags: int, mode: int, resolve: int) -> int:
        how = OpenHow(flags | os.O_CLOEXEC | os.O_NOCTTY, mode if flags & os.O_CREAT else 0, resolve)
        name = os.fsencode(path)
        code = 0
        for _ in range(_TRIES):
            descriptor = call(SYS_OPENAT2, directory, name, byref(how), _HOW_SIZE)
            if descriptor >= 0:
                return int(descriptor)
            code = get_errno()
            if code not in (errno.EAGAIN, errno.EINTR):
                break
        raise OSError(code, os.strerror(code))

    return opened if _works(opened) else None


def open_beneath(
    directory: int, path: str, flags: int, mode: int = 0, *, links: bool = True, other_devices: bool = False
) -> int:
    """A descriptor of `path`, resolved below `directory` by the kernel.

    Args:
        directory: descriptor of the root.
        path: relative path, already checked for NUL and emptiness.
        flags: flags of open(2); `O_CLOEXEC` and `O_NOCTTY` are added.
        mode: permission bits for a file that is created.
        links: whether symbolic links that stay below the root are followed.
        other_devices: whether mount points below the root may be crossed.

    Raises:
        OSError: as open(2); `EXDEV` or `ELOOP` where the path would leave.
    """
    opened = _opener()
    if opened is None:
        return walk_beneath(directory, path, flags, mode, other_devices=other_devices)
    resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
    resolve |= 0 if links else RESOLVE_NO_SYMLINKS
    resolve |= 0 if other_devices else RESOLVE_NO_XDEV
    return opened(directory, path, flags, mode, resolve)


def walk_beneath(directory: int, path: str, flags: int, mode: int = 0, *, other_devices: bool = False) -> int:
    """The same without openat2: every component is opened with `O_NOFOLLOW`; no link and no `..` is accepted at all.

    Stricter than `open_beneath` (links inside the root are refused), so that it needs no kernel support.

    Raises:
        OSError: as open(2); `ELOOP` for a link, `EXDEV` for `..` or another device.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or path.startswith("/") or not parts:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    device = os.fstat(directory).st_dev
    current = os.dup(directory)
    try:
        for part in parts[:-1]:
            with through_guard():
                deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
            os.close(current)
            current = deeper
            if not other_devices and os.fstat(current).st_dev != device:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        with through_guard():
            return os.open(parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY, mode, dir_fd=current)
    finally:
        os.close(current)


def _works(opened: Opener) -> bool:
    try:
        with through_guard():  # asked once, maybe when `enforce` is on already: it must not be told that the kernel has none
            directory = os.open(os.sep, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False  # a sandbox that does not even show the root
    try:
        os.close(opened(directory, ".", os.O_RDONLY | os.O_DIRECTORY, 0, RESOLVE_BENEATH))
    except OSError:
        return False  # an old kernel, or a sandbox that forbids the call
    finally:
        os.close(directory)
    return True


def __getattr__(name: str) -> bool:
    """`HAS_OPENAT2` is asked of the kernel when somebody asks for it."""
    if name == "HAS_OPENAT2":
        return _opener() is not None
    raise AttributeError(name)
