"""The self-test of a new sandbox: attacks that must fail, run as an ordinary job. Sent as source; returns the names of those that succeeded.

Every probe answers True only when it got what it wanted. An exception is a refusal. Numbers of system calls: x86-64 | aarch64.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from typing import Any, NoReturn

__all__ = ["main"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.syscall.restype = ctypes.c_long
CALLS = {
    "x86_64": {"unshare": 272, "ptrace": 101, "process_vm_readv": 310, "io_uring_setup": 425, "bpf": 321, "memfd_create": 319, "pidfd_getfd": 438, "keyctl": 250, "userfaultfd": 323, "mount": 165, "prlimit64": 302, "shmget": 29},
    "aarch64": {"unshare": 97, "ptrace": 117, "process_vm_readv": 270, "io_uring_setup": 425, "bpf": 280, "memfd_create": 279, "pidfd_getfd": 438, "keyctl": 219, "userfaultfd": 282, "mount": 40, "prlimit64": 261, "shmget": 194},
}  # fmt: skip


def _call(number: int, *arguments: int) -> bool:
    """Whether the kernel did anything but refuse: even a complaint about the arguments means that the call was let in."""
    result = _libc.syscall(ctypes.c_long(number), *[ctypes.c_long(item) for item in arguments])
    return bool(result >= 0 or ctypes.get_errno() not in (1, 13, 38))


def _reads(path: str) -> bool:
    with open(path, "rb") as file:
        return bool(file.read(1))


def _writes(path: str) -> bool:
    with open(path, "wb") as file:
        file.write(b"x")
    return True


def _connects(family: int, kind: int, address: Any) -> bool:  # noqa: ANN401 - an address of any family
    with socket.socket(family, kind) as tried:
        tried.connect(address)
        tried.send(b"x")
    return True


def _descriptors() -> bool:
    found = 0
    for number in range(1, 32):
        try:
            os.fstat(number)
            found += 1
        except OSError:
            continue
    return found > 0


def _forks() -> bool:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return True


def _signals(pid: int) -> bool:
    os.kill(pid, 0)
    return True


def _executes() -> NoReturn:
    os.execv("/bin/sh", ["sh", "-c", "exit 77"])  # noqa: S606 - has to fail


def _writable_code() -> bool:
    return bool(_libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_size_t(0)) != ctypes.c_void_p(-1).value)


def _made_code() -> bool:
    place = _libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_size_t(0))
    return bool(_libc.mprotect(ctypes.c_void_p(place), ctypes.c_size_t(4096), 5) == 0)


def main(bait: dict[str, Any]) -> dict[str, Any]:
    """Try everything; `bait` names the living targets outside."""
    calls = CALLS[bait["machine"]]
    parent = bait["parent"]
    probes: dict[str, Callable[[], bool]] = {
        "read a secret file": lambda: _reads(bait["file"]),
        "see that a file exists": lambda: bool(os.stat(bait["file"])),
        "read /etc/passwd": lambda: _reads("/etc/passwd"),
        "read an environment in /proc": lambda: _reads("/proc/self/environ"),
        "write a file": lambda: _writes("/tmp/troth-canary"),  # noqa: S108 - has to fail
        "find an environment variable": lambda: bool(os.environ),
        "find an inherited descriptor": _descriptors,
        "connect by TCP": lambda: _connects(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", bait["port"])),
        "send by UDP": lambda: _connects(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", bait["port"])),
        "connect to a socket file": lambda: _connects(socket.AF_UNIX, socket.SOCK_STREAM, bait["socket"]),
        "connect to an abstract socket": lambda: _connects(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + bait["abstract"]),
        "fork": _forks,
        "execute a program": _executes,
        "signal another process": lambda: _signals(parent),
        "map writable code": _writable_code,
        "turn data into code": _made_code,
        "read another process": lambda: _call(calls["process_vm_readv"], parent, 0, 0, 0, 0, 0),
        "trace a process": lambda: _call(calls["ptrace"], 16, parent, 0, 0),
        "take a descriptor": lambda: _call(calls["pidfd_getfd"], 0, 0, 0),
        "make a user namespace": lambda: _call(calls["unshare"], 0x10000000),
        "mount": lambda: _call(calls["mount"], 0, 0, 0, 0, 0),
        "use io_uring": lambda: _call(calls["io_uring_setup"], 1, 0),
        "load BPF": lambda: _call(calls["bpf"], 0, 0, 0),
        "use the key ring": lambda: _call(calls["keyctl"], 0, -3, 0),
        "use userfaultfd": lambda: _call(calls["userfaultfd"], 0),
        "make a file in memory": lambda: _call(calls["memfd_create"], 0, 0),
        "share memory": lambda: _call(calls["shmget"], 0, 4096, 0o1777),
        "raise a limit": lambda: _call(calls["prlimit64"], 0, 9, 0, 0),
        "learn the host's name": lambda: os.uname().nodename != "sandbox",
    }
    succeeded = []
    for name, probe in probes.items():
        try:
            if probe():
                succeeded.append(name)
        except (OSError, RuntimeError):
            continue
    return {"tried": len(probes), "succeeded": succeeded, "control": sum(range(10))}
