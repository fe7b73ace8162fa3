"""The self-test: every Kept of the demonstration falls, one that cannot fall is found, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app import self_test as module
from troth.app.self_test import self_test
from troth.cli import run
from troth.demo import built
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.verdict import Evidence, Kept, name_of


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_kept_of_the_demonstration_falls_or_says_why_it_was_not_tried():
    with built() as tree:
        before = snapshot(tree)
        trials = self_test(tree)

        assert before == snapshot(tree)
    assert len([trial for trial in trials if trial.flipped_by]) >= 25
    assert not [trial for trial in trials if trial.survived]
    assert {name_of(trial.finding.verdict) for trial in trials} == {"kept"}


POLICY = "# Security\n\n## Dependencies\n\n- Dependabot proposes updates weekly\n"
BOT = "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: weekly\n"


@pytest.fixture
def tree(tmp_path):
    MadeRepository(tmp_path / "tree").commit(MadeCommit(files={"SECURITY.md": POLICY, ".github/dependabot.yml": BOT, "requirements.txt": "requests==2.32.0\n"}))
    return tmp_path / "tree"


def test_a_kept_that_nothing_shakes_is_named_and_the_command_fails(tree, monkeypatch, capsys):
    """A verifier that cannot say no: the self-test is there to find it."""
    real = module.judge

    def stubborn(session, promises, progress):
        kept = Kept((Evidence("It is there.", Place(".github/dependabot.yml", 1)),), "always")
        return tuple(replace(finding, verdict=kept) for finding in real(session, promises, progress))

    monkeypatch.setattr(module, "judge", stubborn)
    (trial,) = self_test(tree)

    assert trial.survived
    assert trial.tried >= 5
    assert 1 == run(["check", str(tree), "--self-test"])
    assert "SURVIVED  SECURITY.md:5 deps/update-bot" in capsys.readouterr().err


def test_an_honest_kept_falls_and_the_command_keeps_the_checks_own_exit_code(tree, capsys):
    assert 0 == run(["check", str(tree), "--self-test"])
    assert "self-test: 1 of 1 Kept fall, 0 survive, 0 not tried" in capsys.readouterr().err


def test_a_spoiled_tree_differs_only_where_it_was_spoiled(tree):
    whole = module.open_session(tree).tree
    spoiled = module._spoiled(whole, {"requirements.txt": None, "new.txt": b"x"})

    assert isinstance(spoiled, Tree)
    assert set(spoiled.files) == (set(whole.files) - {"requirements.txt"}) | {"new.txt"}
    assert spoiled.reader("requirements.txt") is None
    assert whole.reader("SECURITY.md") == spoiled.reader("SECURITY.md")
