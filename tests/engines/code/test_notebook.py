"""Notebooks: code cells are read as Python, lines are those of the file, magics are none, and what is no notebook is named."""

from __future__ import annotations

import json

import pytest

from troth.engines.code.notebook import notebook
from troth.engines.code.prefilter import Prefilter
from troth.engines.code.rule import Context
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_files

PLAIN = Prefilter(every_rule(), search="bytes")


def book(*cells: tuple[str, object]) -> dict[str, object]:
    return {"nbformat": 4, "cells": [{"cell_type": kind, "metadata": {}, "source": source, "outputs": []} for kind, source in cells]}


BODY = book(
    ("markdown", ["torch.load('x')\n"]),
    ("code", ["%pip install torch\n", "import torch\n", "größe = 1\n"]),
    ("code", "state = torch.load('a.pt', weights_only=False)\n!ls\nsafe = torch.load('a.pt', weights_only=True)"),
    ("code", ["%%bash\n", "torch.load(\n"]),
)


@pytest.mark.parametrize("indent", [1, None])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_line_of_a_cell_is_found_at_the_line_of_the_file(indent: int | None, ascii_only: bool) -> None:
    data = json.dumps(BODY, indent=indent, ensure_ascii=ascii_only).encode()
    scan = scan_files([("a.ipynb", data)], PLAIN, Context())

    assert not scan.unread
    (finding,) = scan.findings
    assert finding.rule.id == "torch-load"
    assert "weights_only=False" in data.decode().split("\n")[finding.line - 1]


def test_a_file_that_is_no_notebook_is_named() -> None:
    broken = [("a.ipynb", b"{"), ("b.ipynb", b"[]"), ("c.ipynb", b'{"cells": 1}'), ("d.ipynb", b"\xff\xfe")]
    scan = scan_files([*broken, ("e.ipynb", json.dumps(book(("code", "import torch\ntorch.load('a'\n"))).encode())], PLAIN, Context())

    assert [path for path, _ in scan.unread] == ["a.ipynb", "b.ipynb", "c.ipynb", "d.ipynb", "e.ipynb"]


def test_old_notebooks_hold_their_cells_in_worksheets() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["import pickle\n", "pickle.load(f)"]}]}]}
    text, places = notebook(json.dumps(old, indent=1).encode())

    assert text == b"import pickle\npickle.load(f)\n"
    assert len(places) == 3


def test_magics_leave_blocks_whole_and_other_languages_hold_no_python() -> None:
    lines = ["if here:\n", "    !pip install x\n", "files = !ls\n", "files?\n", "model.eval()\n", "x = a % b\n"]
    text, _ = notebook(json.dumps(book(("code", lines))).encode())

    assert text == b"if here:\n    pass\npass\npass\nmodel.eval()\nx = a % b\n"
    other = book(("code", "x <- torch.load(")) | {"metadata": {"language_info": {"name": "R"}}}
    assert notebook(json.dumps(other).encode()) == (b"", [1])
