"""The child processes of a lane: a clean parent that forks, a keeper for each task, and the worker below it.

The parent starts with an empty environment, imports the handlers once, holds nothing of the executor's, and forks a keeper for each task. The keeper is the reaper of
everything below it, also of what daemonises: to end a task, it kills until nothing is left. If the executor dies, the parent sees its socket close and ends every keeper;
if the parent dies, the kernel tells the keepers. Linux gives all of it; elsewhere a task is one process group.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from troth.jobs.lane.task import Report, Task
from troth.jobs.lane.work import work

__all__ = ["main"]

_PDEATHSIG: Final = 1
_DUMPABLE: Final = 4
_SUBREAPER: Final = 36
_NO_NEW_PRIVS: Final = 38
_PATIENCE_SECONDS: Final = 10.0
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def main(descriptor: int, modules: list[str]) -> NoReturn:
    """Serve the executor until its end of the socket closes.

    Args:
        descriptor: our end of the socket.
        modules: modules of handlers, imported before the first task.
    """
    _prctl(_DUMPABLE, 0)
    for name in modules:
        with contextlib.suppress(ImportError):
            # A handler that cannot be loaded refuses its tasks by name; it must not stop the others.
            importlib.import_module(name)
    # what is loaded stays: a child that looks through it for rubbish, or writes its counts into it, would have each page of it copied
    gc.collect()
    gc.freeze()
    keepers: set[int] = set()
    with socket.socket(fileno=descriptor) as control:
        while True:
            try:
                message, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
            except OSError:
                break
            if not message:
                break
            told = json.loads(message)
            if told["do"] == "run":
                control.send(json.dumps({"pid": _forked(control, descriptors, keepers)}).encode())
            else:
                _end(int(told["pid"]), keepers)
                control.send(b"{}")
    for pid in tuple(keepers):
        _end(pid, keepers)
    os._exit(0)


def _forked(control: socket.socket, descriptors: list[int], keepers: set[int]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        _keep(parent, *descriptors)
    keepers.add(pid)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _end(pid: int, keepers: set[int]) -> None:
    if pid not in keepers:
        return
    keepers.discard(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _keep(parent: int, source: int, sink: int) -> NoReturn:
    """The keeper: forks the worker, waits to be told to end, and then kills everything below."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _prctl(_SUBREAPER, 1)
    _prctl(_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    worker = os.fork()
    if worker == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _work(source, sink)
    os.close(source)
    os.close(sink)
    signal.sigwait({signal.SIGTERM})
    _kill_below(worker)
    os._exit(0)


def _kill_below(worker: int) -> None:
    for _ in range(1000):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def _children() -> Iterator[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError):
        for pid in listed.read_text().split():
            yield int(pid)


def _work(source: int, sink: int) -> NoReturn:
    """The worker: one task, one report, gone."""
    try:
        os.setsid()
        _prctl(_PDEATHSIG, signal.SIGKILL)
        _prctl(_NO_NEW_PRIVS, 1)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.set_inheritable(source, False)
        os.set_inheritable(sink, False)
        with os.fdopen(source, "rb") as file:
            task = Task.decode(file.read())
        report = work(task)
    except BaseException as error:  # noqa: BLE001 - the process ends here, and the executor must learn of it
        report = Report("broke", type(error).__name__[:60], "The worker broke.")
    content = report.encoded()
    with contextlib.suppress(OSError), os.fdopen(sink, "wb") as file:
        file.write(len(content).to_bytes(4, "big") + content)
    os._exit(0)


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
