"""No attack of any class succeeds and no benign twin is refused: `python -m tests.attacks`, class by class, in processes of their own (they take over handlers, hooks and descriptors); and a short race and fuzz."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.paths.race import race
from tests.attacks.redaction.fuzz import inputs
from troth.guard.redact import shared_redactor

AT_LEAST = {"paths": 40, "redaction": 60, "secrets_file": 10, "bombs": 40}
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", AT_LEAST)
def test_no_attack_succeeds_and_no_twin_is_refused(name: str) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.attacks", "--only", name], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert max(int(count) for count in re.findall(r"(\d+) (?:attacks|tried)", done.stdout)) >= AT_LEAST[name], done.stdout


def test_no_racing_open_escapes() -> None:
    opened, escapes, _ = race(5_000)

    assert opened == 5_000
    assert escapes == 0


def test_the_redactor_fails_on_no_input() -> None:
    for text in inputs(100):
        shared_redactor().text(text)
