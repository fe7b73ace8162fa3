"""System calls that a job may make, by number, for x86-64 and aarch64.

Source: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`. The list is what CPython needs to compute; everything else is refused.
"""

from __future__ import annotations

import platform
import sys
from typing import Final, NamedTuple

__all__ = ["MACHINES", "Machine", "machine"]

_X86_64: Final = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "pread64": 17, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25,
    "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "fcntl": 72, "getcwd": 79, "gettimeofday": 96, "getrusage": 98, "times": 100, "getuid": 102,
    "getgid": 104, "geteuid": 107, "getegid": 108, "sigaltstack": 131, "gettid": 186, "futex": 202, "getdents64": 217, "clock_gettime": 228,
    "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "openat": 257, "newfstatat": 262, "getrandom": 318, "statx": 332, "rseq": 334, "clone3": 435,
}  # fmt: skip
_AARCH64: Final = {
    "getcwd": 17, "fcntl": 25, "ioctl": 29, "openat": 56, "close": 57, "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66,
    "pread64": 67, "newfstatat": 79, "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "sched_yield": 124, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153,
    "getrusage": 165, "gettimeofday": 169, "getpid": 172, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "brk": 214,
    "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "statx": 291, "rseq": 293, "clone3": 435,
}  # fmt: skip


class Machine(NamedTuple):
    """One processor family.

    Attributes:
        audit: AUDIT_ARCH value that the kernel gives a filter (linux/audit.h).
        numbers: name -> number of the system call.
        x32: whether numbers from 0x40000000 up are a second way in (x86-64's x32).
    """

    audit: int
    numbers: dict[str, int]
    x32: bool


MACHINES: Final = {
    "x86_64": Machine(0xC000003E, _X86_64, x32=True),
    "aarch64": Machine(0xC00000B7, _AARCH64, x32=False),
}


def machine() -> Machine:
    """The table of this processor.

    Raises:
        OSError: there is none (a 32-bit process on a 64-bit kernel included).
    """
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if name not in MACHINES or sys.maxsize < 2**32:
        raise OSError(f"there is no table of system calls for {name}")
    return MACHINES[name]
