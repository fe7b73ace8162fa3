"""The executor's side of a lane: starts the clean parent, gives it tasks, waits as long as a task may take, and ends its whole process tree."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final

from troth.jobs.handler import HandlerError
from troth.jobs.lane.task import LIMIT_BYTES, Report, Task

__all__ = ["Lane", "StoppedError"]

_BOOT: Final = (
    "import json, sys; told = json.loads(sys.argv[1]); sys.path[:] = told['path']; "
    "from troth.jobs.lane.keeper import main; main(told['socket'], told['modules'])"
)
_BEAT_SECONDS: Final = 0.2


class StoppedError(HandlerError):
    """The task was ended from outside: `timeout` or `cancelled`. How far it came is not known."""

    code = "handler-stopped"
    help = "Look at what the job's plan names: part of it may have happened."


class Lane:
    """A clean parent process and its tasks. One lane serves many threads.

    Args:
        handlers: `module:Class` of every handler that may be asked for.
        beat_seconds: how often `beat` is called while a task runs.
    """

    def __init__(self, handlers: Iterable[str], *, beat_seconds: float = _BEAT_SECONDS) -> None:
        self._modules = sorted({name.partition(":")[0] for name in handlers})
        self._beat = beat_seconds
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Lane:
        """The lane itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End every task and the parent."""
        self.close()

    def close(self) -> None:
        """End every task and the parent."""
        with self._lock:
            self._forget()

    def run(self, task: Task, seconds: float, beat: Callable[[], bool] = lambda: True) -> Report:
        """Run a task to its report.

        Args:
            task: what to do.
            seconds: longest time; then its processes are killed.
            beat: called now and then; False ends the task.

        Raises:
            StoppedError: `timeout` or `cancelled`: its processes were killed.
            HandlerError: `worker-died`: it ended without a report.
        """
        source, to_worker = os.pipe()
        from_worker, sink = os.pipe()
        try:
            pid = self._ask({"do": "run"}, (source, sink))["pid"]
        except OSError as error:
            os.close(to_worker)
            os.close(from_worker)
            raise HandlerError("worker-died", "No worker could be started.") from error
        finally:
            os.close(source)
            os.close(sink)
        try:
            with contextlib.suppress(BrokenPipeError), os.fdopen(to_worker, "wb") as file:
                file.write(task.encoded())
            return Report.decode(self._answer(from_worker, seconds, beat))
        finally:
            os.close(from_worker)
            with contextlib.suppress(OSError):
                self._ask({"do": "end", "pid": pid})

    def _answer(self, descriptor: int, seconds: float, beat: Callable[[], bool]) -> bytes:
        until, raw = time.monotonic() + seconds, bytearray()
        next_beat = time.monotonic() + self._beat
        while len(raw) < 4 or len(raw) < 4 + int.from_bytes(raw[:4], "big"):
            now = time.monotonic()
            if now >= until:
                raise StoppedError("timeout", "The job took longer than it may; its processes were killed.")
            if now >= next_beat:
                next_beat = now + self._beat
                if not beat():
                    raise StoppedError("cancelled", "The job was cancelled while it ran; its processes were killed.")
            if select.select([descriptor], [], [], min(until - now, next_beat - now if next_beat > now else 0))[0]:
                chunk = os.read(descriptor, 1 << 16)
                if not chunk or len(raw) > LIMIT_BYTES:
                    raise HandlerError("worker-died", "The worker ended without a report.")
                raw += chunk
        return bytes(raw[4 : 4 + int.from_bytes(raw[:4], "big")])

    def _ask(self, question: dict[str, object], descriptors: tuple[int, ...] = ()) -> dict[str, int]:
        with self._lock:
            try:
                return self._exchange(question, descriptors)
            except OSError:
                self._forget()
                if question["do"] == "end":
                    raise
                return self._exchange(question, descriptors)

    def _exchange(self, question: dict[str, object], descriptors: tuple[int, ...]) -> dict[str, int]:
        control = self._control if self._control is not None else self._start()
        socket.send_fds(control, [json.dumps(question).encode()], descriptors)
        answer = control.recv(4096)
        if not answer:
            raise ConnectionResetError("the parent of the workers is gone")
        told: dict[str, int] = json.loads(answer)
        return told

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = {"path": sys.path, "socket": theirs.fileno(), "modules": self._modules}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": "/nonexistent"}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code, no shell
                [sys.executable, "-I", "-c", _BOOT, json.dumps(told)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        finally:
            theirs.close()
        self._control = ours
        return ours

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
