"""ruff's `S` rules (a port of bandit's), run from the wheel where it is installed; where it is not, that is said and nothing is taken for clean.

The files' own ruff settings are not used (`--isolated`), and their `noqa` comments not obeyed: a promise is judged by what the code does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["RuffFinding", "RuffRun", "run_ruff"]

_TIMEOUT_SECONDS: Final = 300
_BATCH: Final = 2000
_MOST: Final = 50_000


@dataclass(frozen=True, slots=True)
class RuffFinding:
    """One finding of ruff: its code, where, and its sentence."""

    code: str
    path: str
    line: int
    says: str


@dataclass(frozen=True, slots=True)
class RuffRun:
    """A run of ruff, or why there was none.

    Attributes:
        ran: every file was handed over and ruff finished.
        findings: by path and line.
        why: where it did not run: why.
        version: of ruff; empty where it did not run.
    """

    ran: bool
    findings: tuple[RuffFinding, ...] = ()
    why: str = ""
    version: str = ""


def program() -> str | None:
    """Ruff beside this Python, or on the path; None where neither is."""
    beside = Path(sys.executable).with_name("ruff")
    return str(beside) if beside.is_file() else shutil.which("ruff")


def run_ruff(root: Path, paths: Sequence[str], *, ruff: str | None = None) -> RuffRun:
    """Run the S rules on files of a folder, by their paths in it."""
    found = ruff or program()
    if found is None:
        return RuffRun(False, why="ruff is not installed (pip install troth[code])")
    findings: list[RuffFinding] = []
    safe = [path for path in paths if "\0" not in path and "\n" not in path]
    for start in range(0, len(safe), _BATCH):
        batch = _batch(found, root, safe[start : start + _BATCH])
        if isinstance(batch, str):
            return RuffRun(False, why=batch)
        findings += batch
    if len(findings) > _MOST:
        return RuffRun(False, why=f"ruff named more than {_MOST:,} lines")
    ordered = sorted(findings, key=lambda item: (item.path, item.line, item.code))
    return RuffRun(True, tuple(ordered), version=_version(found))


def _batch(ruff: str, root: Path, paths: Sequence[str]) -> list[RuffFinding] | str:
    command = [
        ruff, "check", "--isolated", "--no-cache", "--ignore-noqa", "--select", "S", "--output-format", "json", "--exit-zero", "--force-exclude",
        "--", *(f"./{path}" for path in paths),
    ]  # fmt: skip
    try:
        run = subprocess.run(  # noqa: S603 - a fixed program, a list of words, no shell
            command, cwd=root, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False, env={"PATH": os.environ.get("PATH", ""), "NO_COLOR": "1"}
        )
        items = json.loads(run.stdout) if run.returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return f"ruff did not finish ({type(error).__name__})"
    if not isinstance(items, list):
        return f"ruff ended with {run.returncode}"
    base = os.path.realpath(root)
    return [
        RuffFinding(str(item["code"]), os.path.relpath(item["filename"], base), int(item["location"]["row"]), str(item["message"]))
        for item in items
        if item.get("code")
    ]


def _version(ruff: str) -> str:
    run = subprocess.run([ruff, "--version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - as above
    return run.stdout.removeprefix("ruff").strip()[:40]
