"""Where a module's process runs: what it can reach, and what happens where that cannot be had.

Rules: a lane that cannot give what it promises refuses; nothing falls back to less by itself. Every lane gives an empty environment, no inherited descriptors but the
three standard ones, an empty working directory, limits on time, memory and output, and an end to the whole process group.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from troth.jobs.recommend.recommendation import RecommendationError

__all__ = ["Bubblewrap", "Isolation", "IsolationError", "Limits", "PlainProcess", "chosen"]

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


class IsolationError(RecommendationError):
    """Modules cannot be shut in here."""

    code = "isolation"
    help = "Install bubblewrap on Linux, or name the weaker lane yourself with --isolation process (only Troth's own modules run in it)."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one module may use: seconds of wall time, bytes of memory, bytes of answer."""

    seconds: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024
    answer_bytes: int = 8 * 1024 * 1024


class Isolation(Protocol):
    """A lane.

    Attributes:
        name: as people name it.
        strong: whether code that nobody has read may run in it.
    """

    name: str
    strong: bool

    def run(self, command: Sequence[str], content: bytes, readable: Sequence[Path], limits: Limits) -> bytes:
        """Standard output of a command that got `content` as standard input.

        Raises:
            RecommendationError: it failed, took too long, or said too much.
        """


class PlainProcess:
    """A process of its own: empty environment, limits, no descriptors. It can still read what its user can read, so that only Troth's own modules belong here."""

    name = "process"
    strong = False

    def run(self, command: Sequence[str], content: bytes, readable: Sequence[Path], limits: Limits) -> bytes:
        """See `Isolation`."""
        del readable
        with tempfile.TemporaryDirectory(prefix="troth-module-") as empty:
            return _exchange(list(command), content, limits, Path(empty))


class Bubblewrap:
    """Namespaces of its own: no network, no processes but its own, no files but Python's and the module's own, read-only.

    Raises:
        IsolationError: bubblewrap is not installed, or does not shut a probe in.
    """

    name = "bubblewrap"
    strong = True
    _proven = False

    def __init__(self) -> None:
        found = shutil.which("bwrap")
        if found is None:
            raise IsolationError("no-sandbox", "bubblewrap is not installed, so that modules cannot be shut in.")
        self._program = found
        if not Bubblewrap._proven:
            self._prove()
            Bubblewrap._proven = True

    def run(self, command: Sequence[str], content: bytes, readable: Sequence[Path], limits: Limits) -> bytes:
        """See `Isolation`."""
        with tempfile.TemporaryDirectory(prefix="troth-module-") as empty:
            return _exchange([*self._prefix(readable), *command], content, limits, Path(empty))

    def _prefix(self, readable: Sequence[Path]) -> list[str]:
        words = [self._program, "--unshare-all", "--unshare-user", "--disable-userns", "--new-session", "--die-with-parent", "--clearenv", "--cap-drop", "ALL"]
        for name, value in _ENVIRONMENT.items():
            words += ["--setenv", name, value]
        for system in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache"):
            words += ["--ro-bind-try", system, system]
        words += ["--proc", "/proc", "--dev", "/dev", "--dir", "/nowhere", "--chdir", "/nowhere"]
        for path in dict.fromkeys(str(one) for one in readable):
            words += ["--ro-bind", path, path]
        return [*words, "--remount-ro", "/", "--"]

    def _prove(self) -> None:
        """One probe tries what modules must not be able to do; the lane is refused where one of them succeeds, or the probe does not run at all."""
        probe = (
            "import os,socket,sys\n"
            "bad=[]\n"
            "try:\n s=socket.create_connection(('127.0.0.1',int(sys.argv[1])),2); bad.append('network')\n"
            "except OSError: pass\n"
            "try:\n open('/nowhere/x','w'); bad.append('write')\n"
            "except OSError: pass\n"
            "bad+=['home'] if os.path.exists(sys.argv[2]) else []\n"
            "bad+=['environment'] if set(os.environ)-{'LC_ALL','PYTHONDONTWRITEBYTECODE','PWD','LC_CTYPE'} else []\n"
            "print('shut' if not bad else ','.join(bad))\n"
        )
        import socket

        with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.NamedTemporaryFile(prefix="troth-canary-") as canary:
            port = str(listener.getsockname()[1])
            answer = self.run([*python(), "-c", probe, port, canary.name], b"", python_files(), Limits(seconds=20))
        if answer.strip() != b"shut":
            raise IsolationError("sandbox-leaks", f"The sandbox does not hold a probe back: {answer.strip()[:100]!r}.")


def python() -> list[str]:
    """The interpreter, shut off from the user's own files and variables."""
    return [sys.executable, "-I", "-B"]


def python_files() -> tuple[Path, ...]:
    """Directories that the interpreter and its libraries are read from, Troth among them."""
    import troth

    places = [sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]]
    places += [str(Path(sys.executable).parent), str(Path(os.path.realpath(sys.executable)).parent), str(Path(troth.__file__).resolve().parents[1])]
    return tuple(Path(place) for place in dict.fromkeys(places) if Path(place).is_dir() and place not in ("/", "/usr", "/usr/bin", "/bin"))


def chosen(name: str = "") -> Isolation:
    """The lane of this name: `guard` (the default), `bubblewrap` or `process`.

    Raises:
        IsolationError: it cannot be had here.
    """
    if name == "process":
        return PlainProcess()
    if name == "bubblewrap":
        return Bubblewrap()
    if name in ("", "guard"):
        from troth.jobs.recommend.guarded import Guarded

        return Guarded()
    raise IsolationError("lane", f"There is no lane {name!r}: guard, bubblewrap or process.")


_LIMITED: Final = (
    "import os,resource as r,sys\n"
    "memory,cpu,size=map(int,sys.argv[1:4])\n"
    "r.setrlimit(r.RLIMIT_CORE,(0,0)); r.setrlimit(r.RLIMIT_AS,(memory,memory)); r.setrlimit(r.RLIMIT_CPU,(cpu,cpu)); r.setrlimit(r.RLIMIT_FSIZE,(size,size))\n"
    "os.execv(sys.argv[4],sys.argv[4:])\n"
)
"""Sets limits on itself and becomes the command: safe beside threads, as code between fork and exec is not."""


def _limited(command: list[str], limits: Limits) -> list[str]:
    numbers = (limits.memory_bytes, int(limits.seconds) + 1, limits.answer_bytes)
    return [*python(), "-S", "-c", _LIMITED, *map(str, numbers), *command]


def _exchange(command: list[str], content: bytes, limits: Limits, empty: Path) -> bytes:
    """Run and read, bounded: the answer goes through a file whose size the kernel limits."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink, tempfile.TemporaryFile() as said:
        source.write(content)
        source.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                _limited(command, limits), stdin=source, stdout=sink, stderr=said, env=dict(_ENVIRONMENT), cwd=empty, close_fds=True, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise IsolationError("start", f"The module's process cannot be started: {error.strerror}.") from error
        try:
            status = process.wait(limits.seconds)
        except subprocess.TimeoutExpired as error:
            raise RecommendationError("module-time", f"The module took longer than {limits.seconds:g} s and was ended.") from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        sink.seek(0)
        answer = sink.read(limits.answer_bytes + 1)
        if status or len(answer) > limits.answer_bytes:
            said.seek(0)
            told = said.read(4000).decode("utf-8", "replace").strip().splitlines()
            raise RecommendationError("module-failed", f"The module ended with {status}: {told[-1][:200] if told else 'it said nothing'}")
    return answer
