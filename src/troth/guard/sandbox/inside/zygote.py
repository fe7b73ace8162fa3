"""The clean parent of jobs: starts by exec with nothing in its memory, loads modules, locks itself, then forks one child a job.

Protocol on descriptor 0 (a SEQPACKET socket): first a plan as JSON; the answer is `{"ready": layers}` or `{"missing": text}`. Then, for each job, a header as JSON with
the job's own socket attached; the answer is how the child ended. The zygote never reads what a job is about: only the child reads the job's socket, so that no job
finds traces of an earlier one. The end of the socket is the end of everything.
"""

from __future__ import annotations

import gc
import importlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any

from . import child, filters, kernel, tables

__all__ = ["main"]

_HEADER_BYTES = 65536
_NOBODY = 65534


def _load(names: list[str], folders: list[str]) -> None:
    """Import what jobs may use, before the walls close."""
    sys.path[:] = [*(item for item in sys.path if item and os.path.isdir(item)), *folders]
    for name in names:
        try:
            importlib.import_module(name.lstrip("?"))
        except ImportError:
            if not name.startswith("?"):
                raise
    import platform

    # `platform` asks the kernel for the host's name; jobs get this instead
    platform._uname_cache = platform.uname_result("Linux", "sandbox", "", "", platform.machine())  # type: ignore[attr-defined]


def _lock(plan: dict[str, Any]) -> dict[str, object]:
    """Everything that needs not be done in each child again; what is inherited by `fork` holds there, too."""
    os.environ.clear()
    os.chdir("/")
    os.umask(0o077)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    if os.geteuid() == 0 and plan["sealed"]:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.not_dumpable()
    memory = kernel.deny_write_and_execute()
    abi = kernel.landlock([] if plan["sealed"] else plan["readable"])
    return {"landlock": abi, "mdwe": memory}


def _address_space() -> int:
    """Bytes of address space in use, found without /proc: the smallest limit under which one more page can be had."""
    page, low, high = mmap.PAGESIZE, 0, 1 << 46
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    while high - low > page:
        middle = (low + high) // 2
        try:
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
            mmap.mmap(-1, page).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    return high


def _watch(pid: int, control: socket.socket, wall_seconds: float) -> dict[str, object]:
    """Wait for the child, at most so long; the end of the control socket ends it as well."""
    end = time.monotonic() + wall_seconds
    handle = os.pidfd_open(pid)
    late = gone = False
    try:
        while True:
            ready, _, _ = select.select([handle, control.fileno()], [], [], max(0.0, end - time.monotonic()))
            if handle in ready:
                break
            gone = bool(ready)
            late = not gone
            break
    finally:
        os.close(handle)
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    _, status, usage = os.wait4(pid, 0)
    if gone:
        sys.exit(0)
    return {"status": status, "late": late, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * 1024}


def _serve(control: socket.socket, program: bytes) -> None:
    base = _address_space()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _HEADER_BYTES, 1)
        if not message or len(descriptors) != 1:
            return
        header = {**json.loads(message), "base": base}
        pid = os.fork()
        if pid == 0:
            child.run(descriptors[0], header, program)
        os.close(descriptors[0])
        control.send(json.dumps(_watch(pid, control, header["wall"])).encode())


def main() -> None:
    """Run as the sandbox's own process; returns when the other side is gone."""
    control = socket.socket(fileno=0)
    try:
        plan = json.loads(control.recv(_HEADER_BYTES))
        table = tables.machine()
        _load(plan["modules"], plan["folders"])
        layers = _lock(plan)
        program = filters.program(table, sealed=plan["sealed"])
        gc.collect()
        gc.freeze()
    except Exception as error:  # noqa: BLE001 - told to the other side, which refuses
        control.send(json.dumps({"missing": f"{type(error).__name__}: {error}"[:2000]}).encode())
        return
    control.send(json.dumps({"ready": layers}).encode())
    _serve(control, program)
