"""The plugin makes one item of each control: passed, failed or skipped, and a program that cannot be set up fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging
from troth.guard import logs
from troth.guard.tensors import Devices

def refuse(value):
    raise ValueError

def good():
    logging.basicConfig(level=logging.INFO)
    logs.install(streams=False)
    return {"device": Devices("cpu").demand, "rate": refuse}

def bad():
    logging.basicConfig(level=logging.INFO)
    return {"device": str}

def broken():
    raise RuntimeError
"""


@pytest.mark.parametrize(("target", "passed", "failed", "skipped"), [("good", 2, 0, 1), ("bad", 0, 2, 0), ("broken", 0, 1, 0)])
def test_each_control_is_an_item(tmp_path: Path, target: str, passed: int, failed: int, skipped: int) -> None:
    (tmp_path / "program_of_plugin.py").write_text(PROGRAM)
    source = str(Path(__file__).resolve().parents[3] / "src")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "troth.guard.prove.pytest_plugin", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "--troth-prove", f"program_of_plugin:{target}", "-v"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": source}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    summary = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|skipped)", done.stdout.splitlines()[-1])}
    assert summary == {word: count for word, count in (("passed", passed), ("failed", failed), ("skipped", skipped)) if count}, done.stdout
    assert (done.returncode == 0) == (failed == 0)
