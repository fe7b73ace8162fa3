"""Calls to the kernel that lock a process, by ctypes: no_new_privs, MDWE, Landlock, seccomp, capabilities.

Sources: prctl(2), landlock(7), seccomp(2), capabilities(7). Each call either holds or raises `OSError`; nothing here decides whether doing without is acceptable.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

__all__ = [
    "deny_write_and_execute",
    "drop_capabilities",
    "filter_calls",
    "landlock",
    "landlock_abi",
    "no_new_privileges",
    "not_dumpable",
]

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_SET_MDWE = (
    4,
    22,
    24,
    38,
    47,
    65,
)
_SYS_LANDLOCK_CREATE, _SYS_LANDLOCK_ADD, _SYS_LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""ABI -> how many file-system rights it knows; from 5 on 16."""


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("steps", ctypes.c_void_p))


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _demand(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def no_new_privileges() -> None:
    """Programs started from here gain nothing by set-uid; needed by the rest."""
    _demand(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def not_dumpable() -> None:
    """Nobody of the same user may attach or read memory; no core file."""
    _demand(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


def deny_write_and_execute() -> bool:
    """Memory is either writable or code (Linux >= 6.3). False where the kernel does not know it: the filter holds the same by itself."""
    return bool(_libc.prctl(_PR_SET_MDWE, 1, 0, 0, 0) == 0)


def drop_capabilities() -> None:
    """Give up every capability, also what programs could regain."""
    _libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the last one, or not ours to drop: `capset` below is what counts
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _demand(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def landlock_abi() -> int:
    """Version of Landlock; 0 where the kernel has none or it is switched off."""
    return max(0, int(_libc.syscall(_SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)))


def landlock(readable: list[str]) -> int:
    """Refuse all use of the file system but reading below these directories, all TCP, and signals and abstract sockets to the outside where the ABI can.

    Returns:
        The ABI.

    Raises:
        OSError: Landlock is not there or refused.
    """
    abi = landlock_abi()
    if abi < 1:
        raise OSError(38, "landlock: not in this kernel")
    rules = _Rules((1 << _FILE_RIGHTS.get(abi, 16)) - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    descriptor = _demand(_libc.syscall(_SYS_LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0), "landlock")
    try:
        for path in readable:
            _allow_reading(descriptor, path)
        _demand(_libc.syscall(_SYS_LANDLOCK_RESTRICT, descriptor, 0), "landlock")
    finally:
        os.close(descriptor)
    return abi


def _allow_reading(ruleset: int, path: str) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
        rule = _Beneath(rights, parent)
        _demand(_libc.syscall(_SYS_LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0), "landlock rule")
    finally:
        os.close(parent)


def filter_calls(program: bytes) -> None:
    """Install a seccomp filter on this thread, for good."""
    steps = ctypes.create_string_buffer(program, len(program))
    given = _Program(len(program) // 8, ctypes.cast(steps, ctypes.c_void_p))
    _demand(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(given), 0, 0), "seccomp")
