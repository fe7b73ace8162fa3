"""The short way of `troth secrets scan PATH` says what the long way says, and leaves to it whatever does not go smoothly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.detectors.test_rules import RULES, token


def run(code: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120, env=os.environ)
    return done.returncode, done.stdout, done.stderr


SHORT = "import sys; sys.argv[0] = 'troth'; from troth.__main__ import main; main()"
LONG = "import sys; from troth.cli import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    rule = next(item for item in RULES if item.id == "github-pat")
    (tmp_path / "clean.py").write_text("x = 1\n" * 50)
    (tmp_path / "bad.py").write_bytes(b"key = '" + token(rule, 4)[0] + b"'\n")
    return tmp_path


@pytest.mark.parametrize("name", ["clean.py", "bad.py", "", "absent.py"])
def test_both_ways_say_the_same(tree: Path, name: str):
    path = str(tree / name)
    short, long = run(SHORT, "secrets", "scan", path), run(LONG, "secrets", "scan", path)
    assert short == long
    assert short[0] == {"clean.py": 0, "bad.py": 1, "": 1, "absent.py": 2}[name]


def test_the_short_way_needs_no_library_for_options_and_no_reader_of_packs(tree: Path):
    code = (
        "import sys; from troth.engines.secrets.quick import answered; assert answered(sys.argv[1]) == 0; "
        "print(sorted(set(sys.modules) & {'click', 'numpy', 'troth.engines.packs.store', 'troth.detectors.redaction.redactor', 'tomllib', 'subprocess'}))"
    )
    run(LONG, "secrets", "scan", str(tree / "clean.py"))  # fills the cache
    done = run(code, str(tree / "clean.py"))
    assert done[0] == 0, done[2]
    if os.environ.get("TROTH_CACHE") != "":
        assert done[1].splitlines()[-1] == "[]"


def test_a_closed_pipe_is_no_traceback(tree: Path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", SHORT, "secrets", "scan", str(tree / "clean.py")],
            stdout=closed, stderr=subprocess.PIPE, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
