"""Runs a piece of work in a child process that is stopped for certain: by the clock, by its processor time, by its memory, by the size of its answer.

The answer comes back as JSON, never as a pickle: a child that was taken over must not be able to run code in its parent. The child is the leader of a process
group, which is killed as a whole. POSIX only (fork, setrlimit); elsewhere it refuses to run rather than run without limits.

Fork copies one thread only. Use it before threads hold locks that the work needs, or give the work a process of its own with `guard.sandbox`. This is a limit, not a
sandbox: the child can open files and sockets like its parent.
"""

from __future__ import annotations

import functools
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from troth.guard.limits.exceeded import LimitExceededError

__all__ = ["limited", "run_limited"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
_CHUNK: Final = 65_536
_GRACE_SECONDS: Final = 0.5


def limited(
    *,
    wall_seconds: float,
    cpu_seconds: float | None = None,
    memory_bytes: int | None = None,
    output_bytes: int = 16 * 1024 * 1024,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Make a function run under limits; see `run_limited` for the arguments and errors."""

    def wrap(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @functools.wraps(function)
        def inside(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            return run_limited(
                functools.partial(function, *args, **kwargs),
                wall_seconds=wall_seconds,
                cpu_seconds=cpu_seconds,
                memory_bytes=memory_bytes,
                output_bytes=output_bytes,
            )

        return inside

    return wrap


def run_limited(
    work: Callable[[], Answer],
    *,
    wall_seconds: float,
    cpu_seconds: float | None = None,
    memory_bytes: int | None = None,
    output_bytes: int = 16 * 1024 * 1024,
) -> Answer:
    """Run `work` in a child process and return its answer.

    Args:
        work: takes nothing; its answer must be JSON data (tuples come back as lists).
        wall_seconds: time by the clock.
        cpu_seconds: processor time (whole seconds, rounded up); None = only the clock counts.
        memory_bytes: address space that the child may add to what it inherits; None = no limit.
        output_bytes: size of the answer as JSON.

    Raises:
        LimitExceededError: a limit was reached, and the child and all that it started are gone.
        RuntimeError: `work` raised; the message is the child's own traceback as text.
    """
    if not hasattr(os, "fork"):
        raise LimitExceededError(
            "platform", "This platform has no fork; work cannot be limited here and was not started"
        )
    import json  # noqa: F401 - the child needs it, and may have no memory left to import
    import traceback  # noqa: F401

    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        _child(work, writable, cpu_seconds, memory_bytes, output_bytes)
    os.close(writable)
    with suppress(OSError):
        os.setpgid(child, child)  # both sides do it, so that neither can be late
    try:
        data = _collect(readable, time.monotonic() + wall_seconds, wall_seconds, output_bytes)
    finally:
        os.close(readable)
        status = _end(child)
    return _answer(data, status, cpu_seconds, memory_bytes)  # type: ignore[no-any-return]


def _child(
    work: Callable[[], object], writable: int, cpu_seconds: float | None, memory_bytes: int | None, output_bytes: int
) -> NoReturn:
    import json
    import traceback

    code = 1
    try:
        os.setpgid(0, 0)
        _limit_self(cpu_seconds, memory_bytes)
        try:
            told = {"answer": work()}
            message = json.dumps(told).encode()
        except MemoryError:
            message = b'{"limit": "memory_bytes"}'
        except BaseException as error:  # noqa: BLE001 - a child reports everything to its parent, whatever it is
            message = json.dumps({"error": "".join(traceback.format_exception_only(error))[-4000:]}).encode()
        if len(message) > output_bytes:
            message = b'{"limit": "output_bytes"}'
        view = memoryview(message)
        while view:
            view = view[os.write(writable, view) :]
        code = 0
    finally:
        os._exit(code)  # no handlers, no flushing of what was the parent's


def _limit_self(cpu_seconds: float | None, memory_bytes: int | None) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_seconds is not None:
        whole = max(1, int(-(-cpu_seconds // 1)))
        used = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + whole, used + whole + 1))
    if memory_bytes is not None:
        limit = _address_space() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    """Bytes of address space in use; 0 where it cannot be told (the limit is then the whole)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _collect(readable: int, deadline: float, wall_seconds: float, output_bytes: int) -> bytes:
    data = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([readable], [], [], left)[0]:
            raise LimitExceededError("wall_seconds", f"The work took longer than {wall_seconds} s and was stopped")
        chunk = os.read(readable, _CHUNK)
        if not chunk:
            return bytes(data)
        data += chunk
        if len(data) > output_bytes + _CHUNK:
            raise LimitExceededError("output_bytes", f"The answer is longer than {output_bytes} bytes")


def _end(child: int) -> int:
    """Kill the child's whole group and collect its status."""
    pid, status = os.waitpid(child, os.WNOHANG)
    end = time.monotonic() + _GRACE_SECONDS
    while pid == 0 and time.monotonic() < end:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == 0:
            time.sleep(0.001)
    if pid == 0:
        _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # what the child started and left behind
    return status


def _answer(data: bytes, status: int, cpu_seconds: float | None, memory_bytes: int | None) -> Any:  # noqa: ANN401 - whatever the work answered, as JSON data
    import json

    try:
        told = json.loads(data)
    except ValueError:
        told = {}
    if "answer" in told:
        return told["answer"]
    if "error" in told:
        raise RuntimeError(f"The limited work failed: {told['error'].strip()}")
    limit = told.get("limit")
    if limit == "output_bytes":
        raise LimitExceededError("output_bytes", "The answer is longer than allowed")
    if limit == "memory_bytes" or (
        memory_bytes is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGSEGV, signal.SIGBUS)
    ):
        raise LimitExceededError("memory_bytes", f"The work wanted more than {memory_bytes} further bytes of memory")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) and cpu_seconds is not None:
        raise LimitExceededError("cpu_seconds", f"The work used more than {cpu_seconds} s of processor time")
    raise RuntimeError(f"The limited work died without an answer (status {status})")
