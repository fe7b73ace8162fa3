"""Runs git's plumbing on a repository that may be hostile.

Rules: read-only commands; no pager, hook, filter, textconv, file-system monitor, credential helper, ssh command or signature program
of the repository's configuration can run (each is overridden, and no transport is allowed at all, so that a partial clone cannot fetch);
the environment is empty but for PATH; output is capped; every call has a time limit. See docs/adr/0001 for what was tried against it.

This module does not interpret any output.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.errors import LookError

__all__ = ["OUTPUT_LIMIT_BYTES", "Git", "find_git"]

OUTPUT_LIMIT_BYTES: Final = 512 * 1024 * 1024
TIME_LIMIT_SECONDS: Final = 300.0

_SAFE_CONFIG: Final = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.checkStat=minimal",
    "core.trustctime=false",
    "core.pager=cat",
    "core.attributesFile=" + os.devnull,
    "core.excludesFile=" + os.devnull,
    "core.alternateRefsCommand=false",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "gpg.program=false",
    "gpg.ssh.program=false",
    "gpg.x509.program=false",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "uploadpack.packObjectsHook=",
)


def find_git() -> str:
    """Path of the git executable.

    Raises:
        LookError: there is none on PATH.
    """
    found = shutil.which("git")
    if found is None:
        raise LookError("a git executable on PATH", "Git is not installed.")
    return found


def _environment() -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return keep | {
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


@dataclass(frozen=True, slots=True)
class Git:
    """Read-only access to one repository.

    Attributes:
        root: directory in which git is started.
        executable: path of git.
    """

    root: Path
    executable: str

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of one plumbing command.

        Raises:
            LookError: git refused, took longer than 300 s, or wrote more than 512 MiB.
        """
        try:
            done = subprocess.run(  # noqa: S603 - our own argument list, no shell
                self._command(arguments),
                input=b"" if stdin is None else stdin,
                capture_output=True,
                env=_environment(),
                timeout=TIME_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LookError("a repository that git reads in 300 s", f"git {arguments[0]} took too long.") from error
        except OSError as error:
            raise LookError("a git executable that starts", f"git could not be started: {error.strerror}.") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            because = f"git {arguments[0]} failed: {said[-1][:200] if said else f'exit code {done.returncode}'}"
            raise LookError("a git repository that can be read", because)
        if len(done.stdout) > OUTPUT_LIMIT_BYTES:
            raise LookError("a smaller repository", f"git {arguments[0]} wrote more than 512 MiB.")
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A plumbing command that is asked many things, under the same rules; whoever starts it bounds what it reads and how long, and ends it.

        Raises:
            LookError: git cannot be started.
        """
        try:
            return subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                self._command(arguments), bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
            )
        except OSError as error:
            raise LookError("a git executable that starts", f"git could not be started: {error.strerror}.") from error

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        settings = [part for setting in _SAFE_CONFIG for part in ("-c", setting)]
        return [self.executable, "--no-pager", "--literal-pathspecs", *settings, "-C", os.fspath(self.root), *arguments]

    def try_run(self, *arguments: str) -> bytes | None:
        """Like `run`, but None where git refuses: for questions whose answer may be no (is there a HEAD, a remote?)."""
        try:
            return self.run(*arguments)
        except LookError:
            return None
