"""Each failing program really fails, the same with one guard call does not, and both work in ordinary use; every sentence has its example, and the page shows them all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guard.examples.page import FOLDER, examples, page, sentences

ROOT = FOLDER.parents[1]


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_the_attack_succeeds_without_the_guard_and_not_with_it(path: Path) -> None:
    if path.stem == "inputs_half_validated":
        pytest.importorskip("pydantic")
    if path.stem == "untrusted_code_by_exec":
        from troth.guard.sandbox import SandboxError, run

        try:
            run("def main(payload):\n    return 1", None)
        except SandboxError as error:
            pytest.skip(f"there is no sandbox here: {error}")
    done = subprocess.run([sys.executable, "-m", "tests.guard.examples.play", str(path)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["works unguarded"] is True, told
    assert told["attack unguarded"] is True, told
    assert told["works guarded"] is True, told
    assert told["attack guarded"] is False or str(told["attack guarded"]).startswith("refused: "), told


def test_every_sentence_has_an_example_and_every_example_a_sentence() -> None:
    assert {item["example"] for item in sentences()} == {path.stem for path in examples()}
    assert len(sentences()) >= 43


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_a_guarded_program_imports_the_guard_and_the_other_does_not(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    before, _, guarded = source.partition("def guarded(")

    assert "troth" not in before
    assert re.search(r"from troth\.guard[.\w]* import", guarded.partition("\ndef ")[0])


def test_the_page_is_made_from_the_table_and_the_programs() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page()
