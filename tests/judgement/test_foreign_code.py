"""Code of other people in the tree: named so, and not looked into for what the project itself does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.engines.code.programs.look import look as look_at_programs
from troth.engines.code.python import look as look_at_calls
from troth.engines.git.repository import open_repository
from troth.engines.git.tree import look as look_at_tree
from troth.terms.facts.tree import is_foreign

LOADS = "import torch\n\n\ndef validate_model(path):\n    return torch.load(path)\n"


@pytest.mark.parametrize(
    "path",
    ["vendor/github.com/a/b/SECURITY.md", "web/node_modules/left-pad/index.js", "venv/lib/python3.12/site-packages/numpy/core.py", "third-party/x.c", "src/third_party/y.rs", ".venv/a.py"],
)
def test_copies_are_foreign(path: str) -> None:
    assert is_foreign(path)


@pytest.mark.parametrize("path", ["src/vendors.py", "vendor.py", "app/vendor_api/client.py", "docs/venv.md", "environment/a.py", "my-node_modules.txt"])
def test_names_that_are_like_it_are_not(path: str) -> None:
    assert not is_foreign(path)


def test_an_environment_that_was_committed_is_not_the_program(tmp_path: Path) -> None:
    MadeRepository(tmp_path).commit(MadeCommit(files={"app.py": LOADS, "venv/lib/python3.12/site-packages/acme/load.py": LOADS, "vendor/acme/load.py": LOADS}))
    tree = look_at_tree(open_repository(tmp_path))

    assert [call.place.path for call in look_at_calls(tree).calls] == ["app.py"]
    assert {unit.place.path for unit in look_at_programs(tree).units} == {"app.py"}
