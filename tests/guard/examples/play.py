"""Plays one example of docs/guard-examples in this process: `python -m tests.guard.examples.play FILE` prints what came of it as JSON.

The unguarded program first, since some guards stay on until the process ends.
"""

from __future__ import annotations

import json
import runpy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def play(path: str) -> dict[str, Any]:
    """What came of the attack and of the ordinary use, for both programs."""
    example = runpy.run_path(path)
    told: dict[str, Any] = {}
    for program in ("unguarded", "guarded"):
        for use in ("works", "attack"):
            told[f"{use} {program}"] = _one(example[use], example[program])
    return told


def _one(use: Callable[[Any, str], object], program: object) -> bool | str:
    from troth.errors import GuardError

    with tempfile.TemporaryDirectory() as folder:
        try:
            return bool(use(program, str(Path(folder).resolve())))
        except GuardError as error:
            return f"refused: {error.code}"
        except Exception as error:  # shown to whoever reads the test's failure
            return f"failed: {type(error).__name__}: {error}"


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr
    told = play(sys.argv[1])
    out.write(json.dumps(told) + "\n")
    out.flush()
