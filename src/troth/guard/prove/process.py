"""The plain lane: the program in a child process with an almost empty environment. It is not isolated, and whoever shows the result has to say so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from troth.guard.limits import LimitExceededError

__all__ = ["run_process"]

_CHUNK = 65_536


def run_process(root: Path, folders: Iterable[str], payload: Mapping[str, object], seconds: float) -> dict[str, Any]:
    """What `driver.observe` says of a payload in a process of its own.

    Args:
        root: where the process starts.
        folders: what Python imports from.
        payload: `target` and `folder`.
        seconds: by the clock, for all of it.

    Raises:
        LimitExceededError: it took longer.
    """
    with tempfile.TemporaryDirectory(prefix="troth-home-") as home, tempfile.TemporaryFile() as answer:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "PYTHONPATH": os.pathsep.join(folders),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [
            sys.executable,
            "-c",
            "from troth.guard.prove.driver import main; main()",
            json.dumps(payload),
            str(answer.fileno()),
        ]
        try:
            subprocess.run(  # noqa: S603 - the user named this program
                command,
                cwd=root,
                env=environment,
                pass_fds=[answer.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LimitExceededError("wall_seconds", f"The program took longer than {seconds} s") from None
        answer.seek(0)
        try:
            told = json.loads(answer.read(1 << 20))
        except ValueError:
            return {"observations": [], "error": "The program ended its process"}
    return told if isinstance(told, dict) else {}
