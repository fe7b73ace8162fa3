"""One sandbox: a zygote of its own behind the walls, tested when it starts, running one job at a time."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from troth.guard.limits.exceeded import LimitExceededError
from troth.guard.sandbox import walls
from troth.guard.sandbox.bait import bait
from troth.guard.sandbox.refusal import SandboxedCodeError, SandboxError
from troth.guard.sandbox.terms import Answer, Isolation, SandboxLimits

__all__ = ["CANARIES", "Sandbox"]

CANARIES: Final = 29
"""Attacks that every new sandbox withstands before its first job."""
_START_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 2.0
_HEADER_BYTES: Final = 65536
_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")
_CANARY: Final = Path(__file__).resolve().parent / "inside" / "canary.py"


class Sandbox:
    """Runs untrusted Python behind walls that were tested when they were raised.

    Args:
        tenant: whose code this is; a sandbox serves one tenant in its life.
        isolation: which walls must stand.
        modules: names loaded before the walls close, beyond the usual ones; they run trusted, so name only your own.
        readable: further files and folders that jobs may read (`FULL` only), at the same place.
        folders: of those, which ones imports look in.
        limits: for jobs that bring none.

    Raises:
        SandboxError: when started, naming what is missing; nothing has been run then.
    """

    def __init__(
        self,
        tenant: str = "",
        *,
        isolation: Isolation = Isolation.FULL,
        modules: tuple[str, ...] = (),
        readable: tuple[str, ...] = (),
        folders: tuple[str, ...] = (),
        limits: SandboxLimits | None = None,
    ) -> None:
        self.tenant, self.isolation = tenant, isolation
        self._modules, self._folders = modules, folders
        self._readable = tuple(os.path.realpath(path) for path in readable)
        self._limits = limits or SandboxLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()
        self.layers: dict[str, object] = {}

    def __enter__(self) -> Sandbox:
        """Raise and test the walls."""
        with self._lock:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything inside."""
        self.close()

    def close(self) -> None:
        """End everything inside."""
        with self._lock:
            self._end()

    def run(
        self, source: str, payload: object = None, *, entry: str = "main", limits: SandboxLimits | None = None
    ) -> Any:  # noqa: ANN401 - JSON data
        """Run code and call its function `entry` with the payload.

        Args:
            source: Python; it defines `entry(payload)`, which returns JSON data.
            payload: JSON data.
            entry: name of the function.
            limits: for this job.

        Returns:
            What the function returned, as JSON data; untrusted.

        Raises:
            SandboxError: no sandbox that holds can be had; nothing was run.
            SandboxedCodeError: the code failed or did what is forbidden.
            LimitExceededError: the job used too much and was stopped.
        """
        return self.answer({"source": source, "entry": entry, "payload": payload}, limits).value

    def call(self, target: str, payload: object = None, *, limits: SandboxLimits | None = None) -> Any:  # noqa: ANN401 - JSON data
        """The same for `module:callable` in a folder that jobs may read."""
        return self.answer({"call": target, "entry": target, "payload": payload}, limits).value

    def answer(self, request: dict[str, object], limits: SandboxLimits | None = None) -> Answer:
        """The same with what was printed and used."""
        with self._lock:
            self._start()
            return self._job(request, limits or self._limits)

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        command, readable = walls.command(self.isolation, self._readable)
        sealed = self.isolation is Isolation.SEALED
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, with nothing of a caller's but paths
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={},
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        self._control = ours
        modules = [*walls.DEFAULT_MODULES, *self._modules]
        plan = {"modules": modules, "folders": list(self._folders), "readable": readable, "sealed": sealed}
        try:
            self._send(json.dumps(plan).encode())
            told = self._receive(_START_SECONDS)
            self.layers = {
                **self._ready(told),
                "seccomp": "sealed" if sealed else "read-only",
                "bubblewrap": not sealed,
            }
            self._prove()
        except BaseException:
            self._end()
            raise

    def _ready(self, told: dict[str, Any]) -> dict[str, object]:
        if isinstance(told.get("ready"), dict):
            return dict(told["ready"])
        raise SandboxError(
            str(told.get("missing", "an interpreter that starts behind the walls")), self._complaint(told)
        )

    def _complaint(self, told: dict[str, Any]) -> str:
        """What the start-up command wrote before it died."""
        if told or self._process is None or self._process.stderr is None:
            return "The walls could not be raised."
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        os.set_blocking(self._process.stderr.fileno(), False)
        wrote = (self._process.stderr.read() or b"")[:500].decode("utf-8", "replace").strip()
        return f"The walls could not be raised: {wrote or 'no reason given'}."

    def _prove(self) -> None:
        """The self-test: every attack of the canary has to fail."""
        with bait() as targets:
            request: dict[str, object] = {"source": _CANARY.read_text(), "entry": "main", "payload": targets}
            try:
                told = self._job(request, SandboxLimits(wall_seconds=10, cpu_seconds=10)).value
            except (SandboxedCodeError, LimitExceededError) as error:
                raise SandboxError(
                    "a sandbox that passes its self-test", f"The self-test did not finish: {error}."
                ) from error
        if not isinstance(told, dict) or told.get("tried") != CANARIES or told.get("control") != 45:
            raise SandboxError("a sandbox that passes its self-test", "The self-test did not run as a whole.")
        if told["succeeded"]:
            raise SandboxError(
                "walls that hold", f"In a self-test a job could {', could '.join(map(str, told['succeeded']))}."
            )

    def _job(self, request: dict[str, object], limits: SandboxLimits) -> Answer:
        content = self._content(request, limits)
        header = {
            "length": len(content), "wall": limits.wall_seconds, "cpu": math.ceil(limits.cpu_seconds), "memory": limits.memory_bytes, "output": limits.output_bytes,
        }  # fmt: skip
        end = time.monotonic() + limits.wall_seconds + _GRACE_SECONDS
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(json.dumps(header).encode(), theirs.fileno())
            data = self._exchange(ours, content, end, limits.output_bytes)
        ended = self._receive(max(0.1, end - time.monotonic()) + _GRACE_SECONDS)
        if "status" not in ended:
            self._end()
            raise LimitExceededError("wall_seconds", "The sandbox did not answer in time and was ended")
        return _judge(data, ended, limits)

    @staticmethod
    def _content(request: dict[str, object], limits: SandboxLimits) -> bytes:
        try:
            content = json.dumps(request, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise SandboxError("a payload of JSON data", str(error)[:200]) from None
        if len(content) > limits.input_bytes:
            raise LimitExceededError("input_bytes", f"Code and payload are longer than {limits.input_bytes} bytes")
        return content

    def _exchange(self, channel: socket.socket, content: bytes, end: float, most: int) -> bytes:
        """Send the job and take its answer, at most so many bytes, until so late; what is missing shows later."""
        channel.setblocking(False)
        left, data = memoryview(content), bytearray()
        while len(data) <= most + 8:
            ready = select.select([channel], [channel] if left else [], [], max(0.0, end - time.monotonic()))
            if not ready[0] and not ready[1]:
                break
            try:
                if ready[1]:
                    left = left[channel.send(left[: 1 << 20]) :]
                if ready[0]:
                    piece = channel.recv(1 << 20)
                    if not piece:
                        break
                    data += piece
            except BlockingIOError:
                continue
            except OSError:
                break  # the job is gone; its status says why
            if len(data) >= 8 and len(data) >= 8 + int.from_bytes(data[:8], "big"):
                break
        return bytes(data)

    def _send(self, message: bytes, descriptor: int | None = None) -> None:
        if self._control is None:
            raise SandboxError("a running sandbox")
        try:
            if descriptor is None:
                self._control.send(message)
            else:
                socket.send_fds(self._control, [message], [descriptor])
        except OSError as error:
            raise SandboxError("a running sandbox", f"{self._complaint({})} {error.strerror}.") from error

    def _receive(self, seconds: float) -> dict[str, Any]:
        if self._control is None or not select.select([self._control], [], [], seconds)[0]:
            return {}
        try:
            message = self._control.recv(_HEADER_BYTES)
        except OSError:
            return {}
        told = json.loads(message) if message else {}
        return told if isinstance(told, dict) else {}

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()  # the zygote kills its job and goes
            self._control = None
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _judge(data: bytes, ended: dict[str, Any], limits: SandboxLimits) -> Answer:
    """What a job's bytes and its end come to."""
    if ended.get("late") and not _whole(data):
        raise LimitExceededError("wall_seconds", f"The job took longer than {limits.wall_seconds} s and was ended")
    if len(data) > limits.output_bytes + 8:
        raise LimitExceededError("output_bytes", f"The answer is longer than {limits.output_bytes} bytes")
    told: Any = {}
    if _whole(data):
        with suppress(ValueError, RecursionError):
            # a job may write its answer itself: only what JSON can say counts, in UTF-8, and no number that is none
            read = json.loads(data[8:].decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
            if b"\\u" in data or b"\\U" in data:
                json.dumps(read, ensure_ascii=False).encode("utf-8")  # a lone surrogate would fail wherever the answer is written
            told = read
    told = told if isinstance(told, dict) else {}
    printed = told.get("printed") if isinstance(told.get("printed"), str) else ""
    if "answer" in told:
        return Answer(told["answer"], str(printed), float(ended["cpu"]), int(ended["memory"]))
    limit = told.get("limit")
    if limit in ("output_bytes", "memory_bytes"):
        raise LimitExceededError(limit, f"The job wanted more than {getattr(limits, limit)} bytes")
    if "error" in told:
        raise SandboxedCodeError("raised", _shown(told["error"]), str(printed))
    raise _death(int(ended["status"]), float(ended["cpu"]), limits)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond what can be told apart from infinity")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of whose names stands once: of two, readers differ in which they take."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice")
    return made


def _shown(text: object) -> str:
    """An error as it may go to a terminal or a log: no control characters but tabs and line ends."""
    return str(text)[:2000].translate(_CONTROLS)


def _whole(data: bytes) -> bool:
    return len(data) >= 8 and len(data) == 8 + int.from_bytes(data[:8], "big")


def _death(status: int, cpu_seconds: float, limits: SandboxLimits) -> Exception:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGSYS:
            return SandboxedCodeError(
                "forbidden", "The code made a system call in a way that is forbidden, and was killed"
            )
        if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_seconds >= limits.cpu_seconds / 2):
            return LimitExceededError("cpu_seconds", f"The job used more than {limits.cpu_seconds} s of processor time")
        return SandboxedCodeError("died", f"The code died of signal {number}")
    if os.WEXITSTATUS(status) == 121:
        return SandboxError(
            "a system-call filter that holds",
            "The filter let a forbidden call pass, and the job was ended before its code ran.",
        )
    return SandboxedCodeError("died", "The code ended its process without an answer")
