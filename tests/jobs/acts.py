"""Handlers that tests name to the executor: they run in the lane's own processes, so what they did is read from files."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from troth.jobs.handler import Change, Diff, HandlerError, Message, Outcome, Reader, Tools, TryAgainError
from troth.jobs.request import JobRequest


def _log(root: Path | None, line: str) -> None:
    assert root is not None
    with open(root / "effects.log", "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


class Touch:
    """Appends one line to the tree's log: an effect that would show a second run."""

    name = "touch"
    safe_to_retry = False

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        basis = ""
        if reader.root is not None and (reader.root / "basis").exists():
            basis = hashlib.sha256((reader.root / "basis").read_bytes()).hexdigest()
        return Diff(f"touch {request.params['name']}", (Change(str(request.params["name"]), "create", f"+{request.params['name']}\n"),), basis)

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, f"{request.sha256} {diff.changes[0].target}")
        return Outcome("touched", {"target": diff.changes[0].target, "env": sorted(os.environ)})


class Slow(Touch):
    """Begins, sleeps as long as it is told, ends; starts processes that try to outlive it."""

    name = "slow"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, f"begin {request.sha256}")
        late = tools.root / "late.log"  # type: ignore[operator]
        script = f"import os,signal,time; signal.signal(15, signal.SIG_IGN); os.setsid() if os.getpid() != os.getsid(0) else None; time.sleep(2.5); open({str(late)!r}, 'a').write('late')"
        subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(int(str(request.params["seconds"])))
        _log(tools.root, f"end {request.sha256}")
        return Outcome("slept")


class Flaky(Touch):
    """Fails without effect until the tree's counter is used up."""

    name = "flaky"
    safe_to_retry = True

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, f"try {tools.attempt}")
        if tools.attempt < int(str(request.params["times"])):
            raise TryAgainError("busy", "The other side is busy.")
        return Outcome("went through", {"attempt": tools.attempt})


class FlakyUnsafe(Flaky):
    """The same, by a handler that does not say that repeating is safe."""

    name = "flaky-unsafe"
    safe_to_retry = False


class Broken(Touch):
    """Breaks in the middle and can take back."""

    name = "broken"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, "half")
        raise RuntimeError(f"no handler's text comes back: {tools.secrets}")

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, "undone")
        return Outcome("taken back")


class Keyed(Touch):
    """Uses a declared secret, and leaks it where the request says so."""

    name = "keyed"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        value = tools.secrets[str(request.params["secret"])]
        leak = str(request.params["name"])
        if leak == "leak-raw":
            return Outcome("told", {"value": value})
        if leak == "leak-hex":
            return Outcome("told", {"value": "x" + value.encode().hex()})
        if leak == "leak-error":
            raise HandlerError("told", f"it is {value}")
        return Outcome("kept", {"length": len(value), "names": sorted(tools.secrets), "env": sorted(os.environ)})


class Telltale(Touch):
    """Tells its secret, in a form that the request names."""

    name = "telltale"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        value = tools.secrets[str(request.params["secret"])]
        forms = {
            "as-base64": base64.b64encode(value.encode()).decode(), "as-base64-moved": base64.b64encode(b"x" + value.encode()).decode(), "as-base32": base64.b32encode(value.encode()).decode(),
            "in-capitals": value.upper(), "as-escapes": "".join(f"\\u{ord(c):04x}" for c in value), "letter-by-letter": "-".join(value), "backwards": value[::-1],
            "hex-with-colons": value.encode().hex(":"), "percent-twice": "".join(f"%25{byte:02X}" for byte in value.encode()), "in-parts": [value[:8], value[8:]],
            "as-entities": "".join(f"&#{ord(c)};" for c in value),
        }  # fmt: skip
        name = str(request.params["name"])
        if name == "as-a-key":
            return Outcome("told", {value: 1})
        if name == "in-the-title":
            return Outcome(f"told {value}")
        return Outcome("told", {"value": forms[name]})


class Telling(Touch):
    """Leaves a message for another system."""

    name = "telling"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        kind = "mail" if request.params["name"] != "other" else "undeclared"
        return Outcome("told", {}, (Message(kind, f"{request.sha256}-1", {"to": "board", "say": "done"}),))


class Straying(Touch):
    """Plans something else each time it is asked."""

    name = "straying"

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        return Diff("stray", (Change("x", "create", str(time.time_ns())),))


class Dying(Touch):
    """Kills its own process."""

    name = "dying"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        _log(tools.root, "dying")
        os.kill(os.getpid(), signal.SIGKILL)
        return Outcome("never")


class Looking(Touch):
    """Looks for what a handler must not have."""

    name = "looking"

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        found = []
        for name in os.listdir("/proc/self/fd"):
            try:
                found.append(os.readlink(f"/proc/self/fd/{name}"))
            except OSError:
                continue
        parent = ""
        try:
            parent = Path(f"/proc/{os.getppid()}/environ").read_bytes().decode("utf-8", "replace")
        except OSError:
            parent = "closed"
        modules = [name for name in sys.modules if name.startswith(("sqlalchemy", "troth.store", "troth.jobs.executor", "troth.ledger.log"))]
        return Outcome("looked", {"env": sorted(os.environ), "fds": [name for name in found if not name.startswith(("pipe:", "/dev/null", "/proc"))], "modules": modules, "secret_in_parent": "TOP-SECRET-VALUE" in parent})


class Hesitant(Touch):
    """Cannot look at the world in its first try to act: the other system is busy."""

    name = "hesitant"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        assert reader.root is not None
        busy = reader.root / "busy"
        if busy.exists():
            busy.unlink()
            moves = reader.root / "moves"
            if moves.exists():
                moves.rename(reader.root / "basis")
            raise TryAgainError("busy", "The other system is busy.")
        return super().plan(request, reader)
