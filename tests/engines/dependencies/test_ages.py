from datetime import UTC, datetime

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import open_session
from troth.terms.facts.dependency_ages import DependencyAges

LOCK = '[[package]]\nname = "flask"\nversion = "{}"\nsource = {{ registry = "r" }}\n'
MANIFEST = '[project]\nname = "a"\nversion = "{}"\ndependencies = ["flask>=1"]\n'


def ages(root):
    session = open_session(root, lenient=True, now=datetime(2026, 2, 1, tzinfo=UTC))
    found = session.looks.get(DependencyAges)
    assert isinstance(found, DependencyAges)
    return found.read()


def test_a_commit_moves_a_dependency_only_if_its_version_became_another(tmp_path):
    made = MadeRepository(tmp_path / "r")
    made.commit(MadeCommit(files={"pyproject.toml": MANIFEST.format(1), "uv.lock": LOCK.format("1.0")}, date="2025-01-01T00:00:00+00:00"))
    moved = made.commit(MadeCommit(files={"uv.lock": LOCK.format("1.1")}, date="2025-02-01T00:00:00+00:00"))
    made.commit(MadeCommit(files={"pyproject.toml": MANIFEST.format(2)}, date="2025-03-01T00:00:00+00:00"))
    made.commit(MadeCommit(files={"uv.lock": LOCK.format("1.1") + LOCK.format("9").replace("flask", "click")}, date="2025-04-01T00:00:00+00:00"))
    made.commit(MadeCommit(files={"uv.lock": "]]"}, date="2025-05-01T00:00:00+00:00"))
    made.commit(MadeCommit(files={"uv.lock": LOCK.format("1.1")}, date="2025-06-01T00:00:00+00:00"))

    found = ages(tmp_path / "r")

    assert [item.path for item in found.files] == ["uv.lock"]
    assert [(move.commit, move.packages) for move in found.files[0].moves] == [(moved, ("flask",))]
    assert not found.partial


def test_a_manifest_without_a_lock_tells_by_its_wishes(tmp_path):
    made = MadeRepository(tmp_path / "r")
    made.commit(MadeCommit(files={"requirements.txt": "flask==1.0\n"}))
    made.commit(MadeCommit(files={"requirements.txt": "flask==1.1\n"}, date="2026-01-20T00:00:00+00:00"))

    assert [move.packages for move in ages(tmp_path / "r").files[0].moves] == [("flask",)]


def test_too_many_files_are_told_as_partial(tmp_path):
    files = {f"p{number}/requirements.txt": "flask==1.0\n" for number in range(12)}
    MadeRepository(tmp_path / "r").commit(MadeCommit(files=files))

    assert ages(tmp_path / "r").partial


@pytest.mark.parametrize("name", ["a b", "-x", ":(top)", "*"])
def test_a_path_is_taken_as_it_is_written(tmp_path, name):
    made = MadeRepository(tmp_path / "r")
    made.commit(MadeCommit(files={f"{name}/requirements.txt": "flask==1.0\n"}))
    made.commit(MadeCommit(files={f"{name}/requirements.txt": "flask==1.1\n"}, date="2026-01-20T00:00:00+00:00"))

    assert len(ages(tmp_path / "r").files[0].moves) == 1
