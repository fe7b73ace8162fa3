"""Answers of registries decide whether published packages carry provenance, over what files promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.registries.made import NOW, REAL, npm, page, pypi, real
from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import judge, open_session
from troth.engines.registries.pages import write_pages
from troth.terms.verdict import Broken, Kept, Partly, Unknown, Verdict

WORKFLOW = "on: {release: {types: [published]}}\njobs:\n  p:\n    runs-on: ubuntu-latest\n    permissions: {id-token: write}\n    steps:\n      - uses: pypa/gh-action-pypi-publish@release/v1\n"


def verdict(tmp_path: Path, pages: list | None, name: str = "rocket", origin: str = "") -> Verdict:
    files = {
        "SECURITY.md": "# Security\n\nPublished packages carry provenance attestations.\n",
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "1.0"\n',
        ".github/workflows/release.yml": WORKFLOW,
    }
    made = MadeRepository(tmp_path / "repository")
    made.commit(MadeCommit(files=files))
    if origin:
        made.git("remote", "add", "origin", f"https://github.com/{origin}.git")
    path = None
    if pages is not None:
        path = tmp_path / "registries.json"
        write_pages(path, pages)
    session = open_session(tmp_path / "repository", now=NOW, registries=path)
    promise = next(each for each in session.promises if each.control == "publish/provenance")
    return judge(session, (promise,), None)[0].verdict


def test_files_decide_where_nobody_asked(tmp_path: Path) -> None:
    assert isinstance(verdict(tmp_path, None), Kept)


def test_a_release_without_attestations_breaks_what_the_workflow_promised(tmp_path: Path) -> None:
    found = verdict(tmp_path, pypi())
    assert isinstance(found, Broken)
    assert found.evidence[0].source.startswith("GET https://pypi.org/pypi/rocket/json")


@pytest.mark.parametrize("status", [403, 500])
def test_a_registry_that_does_not_answer_leaves_it_undecided(tmp_path: Path, status: int) -> None:
    pytest.importorskip("pypi_attestations")
    assert isinstance(verdict(tmp_path, pypi(provenance="", status=status)), Unknown)


def test_answers_about_other_packages_leave_it_to_the_files(tmp_path: Path) -> None:
    assert isinstance(verdict(tmp_path, npm()), Kept)
    assert isinstance(verdict(tmp_path / "b", [page("https://pypi.org/pypi/rocket/json", "", 404)]), Kept)


@pytest.mark.skipif(REAL is None, reason="TROTH_ATTESTATIONS is not set (test/assets of the sdist of pypi-attestations)")
@pytest.mark.parametrize(("origin", "kind"), [("", Kept), ("trailofbits/pypi-attestations", Kept), ("acme/rocket", Partly), ("trailofbits/pypi", Partly)])
def test_real_provenance_keeps_it_if_the_same_repository_signed(tmp_path: Path, origin: str, kind: type) -> None:
    pytest.importorskip("pypi_attestations")
    assert isinstance(verdict(tmp_path, real(), "pypi-attestations", origin), kind)
