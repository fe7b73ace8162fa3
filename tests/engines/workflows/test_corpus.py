"""A fuzz corpus of workflow files: each is read, judged in time and never a crash, alone and beside the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.timing import processor_seconds
from troth.engines import tools, workflows
from troth.terms.facts.tree import File, Tree

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "workflows"
NAMES = sorted(path.name for path in CORPUS.iterdir())
SELF = b"runs: {using: composite, steps: [{uses: ./.github/actions/self}]}\n"


def tree_of(*names: str) -> Tree:
    files = {f".github/workflows/{name}": (CORPUS / name).read_bytes() for name in names} | {".github/actions/self/action.yml": SELF}
    return Tree({path: File(path, len(data)) for path, data in files.items()}, files.get)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_read_or_refused_with_a_reason(name: str) -> None:
    with processor_seconds(10):
        tree = tree_of(name)
        found = workflows.look(tree)
        tools.look(tree, found)

    assert 1 == len(found.workflows)
    assert all(problem.says for problem in found.workflows[0].problems)


def test_all_of_them_at_once_do_not_hide_each_other() -> None:
    found = workflows.look(tree_of(*NAMES))

    assert len(NAMES) == len(found.workflows)
    assert len(NAMES) >= 25


REFUSED = ("needs_itself.yml", "needs_circle.yml", "on_null.yml", "steps_mapping.yml", "uses_and_run.yml", "tag_bomb.yml", "tabs_and_bom.yml", "two_documents.yml")


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_forge_refuses_never_counts_as_running(name: str) -> None:
    assert not workflows.look(tree_of(name)).valid
