"""The seccomp filter as a classic BPF program: an allow-list, with arguments looked at where the number alone says too little.

Sources: seccomp(2), linux/seccomp.h, linux/bpf_common.h. A 64-bit argument is two words; only the low word of flags matters to the kernel's `int` parameters, and
where the parameter is a `long` both words are looked at.

Rules: another architecture than ours, and x32, kill the process; `clone3` answers ENOSYS (glibc then falls back to `clone`, which is refused); the rest answers EPERM.
`sealed` takes away every call that names a path, and mapping files as code.
"""

from __future__ import annotations

import struct
from typing import Final

from .tables import Machine

__all__ = ["ALLOWED_ALWAYS", "ALLOWED_UNSEALED", "CLOCKS", "program"]

_LOAD, _JUMP_EQUAL, _JUMP_NOT_LESS, _JUMP_BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERRNO: Final = 0x00050000
EPERM, ENOTTY, EROFS, ENOSYS = 1, 25, 30, 38
_NR, _ARCH, _ARGS = 0, 4, 16
_X32_BIT: Final = 0x40000000

PROT_WRITE, PROT_EXEC = 2, 4
_OPEN_TO_CHANGE: Final = 0x3 | 0x40 | 0x200 | 0x400 | 0x400000
"""Access mode other than reading, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE: the same bits on both architectures."""

ALLOWED_ALWAYS: Final = (
    "read", "write", "close", "fstat", "lseek", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "pread64", "readv", "writev", "sched_yield", "mremap",
    "madvise", "nanosleep", "getpid", "exit", "gettimeofday", "getrusage", "times", "getuid", "getgid", "geteuid", "getegid", "sigaltstack", "gettid", "futex",
    "exit_group", "getrandom", "rseq",
)  # fmt: skip
ALLOWED_UNSEALED: Final = ("stat", "lstat", "newfstatat", "statx", "getdents64", "getcwd")

CLOCKS: Final = ("clock_gettime", "clock_getres", "clock_nanosleep")
"""Allowed for the machine's clocks only: a number below zero means the processor time of a process (clock_getcpuclockid(3)), and so tells whether it is there and how busy it is."""
_CLOCKS_END: Final = 16
"""MAX_CLOCKS of linux/time.h."""


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _answer(value: int) -> bytes:
    return _step(_RETURN, value)


def _when(number: int, body: bytes) -> bytes:
    """`body` for this number, which must end in an answer; the accumulator holds the number before and after."""
    return _step(_JUMP_EQUAL, number, 0, len(body) // 8) + body


def _low_word(argument: int) -> bytes:
    return _step(_LOAD, _ARGS + 8 * argument)


def _without_bits(argument: int, bits: int, error: int) -> bytes:
    """Allowed unless one of the bits is set in the argument's low word."""
    return _low_word(argument) + _step(_JUMP_BITS, bits, 0, 1) + _answer(_ERRNO | error) + _answer(_ALLOW)


def _not_both(argument: int, bits: int, error: int) -> bytes:
    """Allowed unless all of the bits are set."""
    return (
        _low_word(argument)
        + _step(_AND, bits)
        + _step(_JUMP_EQUAL, bits, 0, 1)
        + _answer(_ERRNO | error)
        + _answer(_ALLOW)
    )


def _one_of(argument: int, values: tuple[int, ...], error: int) -> bytes:
    body = b"".join(_step(_JUMP_EQUAL, value, 0, 1) + _answer(_ALLOW) for value in values)
    return _low_word(argument) + body + _answer(_ERRNO | error)


def _below(argument: int, end: int, error: int) -> bytes:
    """Allowed where the argument's low word, read without a sign, is below."""
    return _low_word(argument) + _step(_JUMP_NOT_LESS, end, 0, 1) + _answer(_ERRNO | error) + _answer(_ALLOW)


def program(machine: Machine, *, sealed: bool) -> bytes:
    """The filter as `struct sock_filter[]`.

    Args:
        machine: table of the processor.
        sealed: no call that takes a path, no file mapped as code.
    """
    numbers = machine.numbers
    parts = [
        _step(_LOAD, _ARCH),
        _step(_JUMP_EQUAL, machine.audit, 1, 0),
        _answer(_KILL),
        _step(_LOAD, _NR),
    ]
    if machine.x32:
        parts += [_step(_JUMP_NOT_LESS, _X32_BIT, 0, 1), _answer(_KILL)]
    allowed = ALLOWED_ALWAYS if sealed else ALLOWED_ALWAYS + ALLOWED_UNSEALED
    parts += [_when(numbers[name], _answer(_ALLOW)) for name in allowed if name in numbers]
    parts += [_when(numbers[name], _below(0, _CLOCKS_END, EPERM)) for name in CLOCKS if name in numbers]
    mapping = _without_bits(2, PROT_EXEC, EPERM) if sealed else _not_both(2, PROT_WRITE | PROT_EXEC, EPERM)
    parts += [
        _when(numbers["mmap"], mapping),
        _when(numbers["mprotect"], _without_bits(2, PROT_EXEC, EPERM)),
        # F_GETFD, F_SETFD, F_GETFL; F_DUPFD_CLOEXEC where there are files at all
        _when(numbers["fcntl"], _one_of(1, (1, 2, 3) if sealed else (1, 2, 3, 1030), EPERM)),
        _when(numbers["ioctl"], _answer(_ERRNO | ENOTTY)),
        _when(numbers["clone3"], _answer(_ERRNO | ENOSYS)),
    ]
    if not sealed:
        parts.append(_when(numbers["openat"], _without_bits(2, _OPEN_TO_CHANGE, EROFS)))
    parts.append(_answer(_ERRNO | EPERM))
    return b"".join(parts)
