"""One job, in a process of its own: closes what it inherited, takes limits, installs the filter, then runs the code and answers with JSON.

The order is the rule: the code is read from the job's socket before the filter, parsed and compiled after it. Nothing that the code can change decides anything
outside: the answer is bytes of a capped length, and the other side treats it as untrusted.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import sys
import types
from typing import Any

from . import kernel

__all__ = ["run"]

_JOB = 0
_PRINTED = 64 * 1024


class _Printed(io.TextIOBase):
    """Keeps the first part of what is printed."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = _PRINTED

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0:
            self.parts.append(text[: self.left])
            self.left -= len(text)
        return len(text)


def _read_all(length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = os.read(_JOB, min(1 << 20, length - len(data)))
        if not piece:
            os._exit(120)
        data += piece
    return bytes(data)


def _limit(header: dict[str, Any]) -> None:
    memory = header["base"] + header["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (header["cpu"], header["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _say(told: dict[str, Any], limit: int) -> None:
    try:
        data = json.dumps(told, allow_nan=False).encode()
    except MemoryError:
        data = b'{"limit": "memory_bytes"}'
    except (TypeError, ValueError, RecursionError) as error:
        data = json.dumps({"error": f"The answer is no JSON data: {error}"[:2000]}).encode()
    if len(data) > limit:
        data = json.dumps({"limit": "output_bytes"}).encode()
    sent = memoryview(len(data).to_bytes(8, "big") + data)
    while sent:
        sent = sent[os.write(_JOB, sent) :]


def _callable(request: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the code defines
    if request.get("call"):
        module, _, name = request["call"].partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    module = types.ModuleType("sandboxed")
    sys.modules["sandboxed"] = module  # data classes and type hints look their module up
    space = module.__dict__
    exec(compile(request["source"], "<sandboxed>", "exec"), space)  # noqa: S102 - running code is what this process is for
    return space.get(request["entry"])


def _work(request: dict[str, Any]) -> dict[str, Any]:
    try:
        work = _callable(request)
        if not callable(work):
            return {"error": f"The code defines no function {request['entry']!r}"}
        return {"answer": work(request["payload"])}
    except MemoryError:
        return {"limit": "memory_bytes"}
    except RecursionError:
        return {"error": "RecursionError: too deep"}
    except SystemExit as stop:
        return {"error": f"SystemExit: {stop.code}"[:2000]}
    except BaseException as error:  # noqa: BLE001 - reported as text: nothing of a stranger's exception is an object for us
        return {"error": f"{type(error).__name__}: {error}"[:2000]}


def run(descriptor: int, header: dict[str, Any], program: bytes) -> None:
    """Be the job; never returns."""
    try:
        os.dup2(descriptor, _JOB, inheritable=False)
        os.closerange(1, 1 << 20)
        os.setpgid(0, 0)
        _limit(header)
        content = _read_all(header["length"])
        kernel.filter_calls(program)
        try:  # the filter's own canary, in every job: if this call is answered, nothing runs
            os.uname()
            os._exit(121)
        except PermissionError:
            printed = _Printed()
            sys.stdout = sys.stderr = printed
            sys.stdin = io.StringIO()
            told = _work(json.loads(content))
            told["printed"] = "".join(printed.parts)
            _say(told, header["output"])
    except BaseException:  # noqa: BLE001 - no traceback leaves; the other side sees a job that died without an answer
        os._exit(122)
    os._exit(0)
