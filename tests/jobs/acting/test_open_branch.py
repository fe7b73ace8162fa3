from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from tests.jobs.acting.made import handler, request
from tests.repositories import MadeCommit, MadeRepository
from troth.jobs.handler import HandlerError, Reader, Tools
from troth.jobs.handlers.patching import pack, unpack
from troth.jobs.recommend.diffs import Version, file_diff

FILES = {"a.txt": "one\ntwo\n", "crlf.txt": "x\r\ny\r\n", "dir/b.sh": "#!/bin/sh\n", "m.bin": b"\x00\xff\x80"}
PATCH = file_diff(Version("a.txt", "one\ntwo\n"), Version("a.txt", "one\nthree\n")) + file_diff(Version("crlf.txt", "x\r\ny\r\n"), Version("crlf.txt", "x\r\nz\r\n")) + file_diff(None, Version("new/c.yml", "c\n")) + file_diff(Version("dir/b.sh", ""), Version("dir/b.sh", "", "100755")) + file_diff(Version("m.bin", ""), Version("q/m.bin", ""))


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "repo")
    made.commit(MadeCommit(files=FILES))
    return made


def asked(repository: MadeRepository, patch: str = PATCH, branch: str = "troth/fix-1", base: str = "") -> object:
    return request("repo.open-branch", base=base or repository.git("rev-parse", "HEAD"), branch=branch, patch=patch, title="Mend it", body="Because.")


def snapshot(root: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything outside the object store, with times: what a handler must not touch."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            short = path.relative_to(root).as_posix()
            if not short.startswith((".git/objects/", "objects/")):
                status = path.lstat()
                found[short] = (path.read_bytes(), status.st_mtime_ns, status.st_mode)
    return found


def test_a_branch_holds_exactly_the_patch_and_nothing_else_of_the_repository_has_changed(repository: MadeRepository) -> None:
    (repository.root / "a.txt").write_text("dirty\n")
    (repository.root / "staged.txt").write_text("staged\n")
    repository.git("add", "staged.txt")
    before = snapshot(repository.root)
    doer, want = handler("open-branch"), asked(repository)
    diff = doer.plan(want, Reader(root=repository.root))
    assert before == snapshot(repository.root)
    outcome = doer.act(want, diff, Tools(root=repository.root))
    new = {name for name in snapshot(repository.root) if name not in before}

    assert {".git/refs/heads/troth/fix-1", ".git/logs/refs/heads/troth/fix-1"} >= new
    assert all(snapshot(repository.root)[name] == value for name, value in before.items())
    assert "one\nthree" == repository.git("show", "troth/fix-1:a.txt")
    assert "100755" == repository.git("ls-tree", "troth/fix-1", "dir/b.sh").split()[0]
    assert repository.git("rev-parse", "HEAD:m.bin") == repository.git("rev-parse", "troth/fix-1:q/m.bin")
    assert ["A\tnew/c.yml", "M\ta.txt", "M\tcrlf.txt", "M\tdir/b.sh", "R100\tm.bin\tq/m.bin"] == sorted(repository.git("diff", "--name-status", "-M", "main", "troth/fix-1").split("\n"))
    assert repository.git("rev-parse", "main") == outcome.facts["base"] == repository.git("rev-parse", "troth/fix-1^")
    assert f"Troth-Job: {want.sha256}" in repository.git("log", "-1", "--format=%B", "troth/fix-1")
    assert [one.text for one in diff.changes if one.target == "a.txt"] == [PATCH.split("diff --git a/crlf")[0]]
    assert "Opened" in doer.act(want, diff, Tools(root=repository.root, attempt=2)).summary
    doer.undo(want, diff, Tools(root=repository.root))
    assert "" == repository.git("branch", "--list", "troth/*")


HOSTILE = """
[core]
	hooksPath = {hooks}
	fsmonitor = {hooks}/run
	pager = {hooks}/run
	sshCommand = {hooks}/run
	alternateRefsCommand = {hooks}/run
	splitIndex = true
[filter "evil"]
	clean = {hooks}/run
	smudge = {hooks}/run
	process = {hooks}/run
	required = true
[commit]
	gpgSign = true
[gpg]
	program = {hooks}/run
[diff]
	external = {hooks}/run
[credential]
	helper = {hooks}/run
"""


def test_no_hook_filter_or_program_of_the_repository_runs(repository: MadeRepository, tmp_path: Path) -> None:
    hooks, marker = tmp_path / "hooks", tmp_path / "ran"
    hooks.mkdir()
    for folder in (hooks, repository.root / ".git/hooks"):
        folder.mkdir(exist_ok=True)
        for name in ("run", "pre-commit", "post-commit", "reference-transaction", "post-index-change", "post-checkout", "pre-auto-gc", "commit-msg", "update"):
            (folder / name).write_text(f"#!/bin/sh\necho {name} >> {marker}\nexit 1\n")
            (folder / name).chmod(0o755)
    with (repository.root / ".git/config").open("a") as config:
        config.write(HOSTILE.format(hooks=hooks))
    (repository.root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    doer, want = handler("open-branch"), asked(repository)
    doer.act(want, doer.plan(want, Reader(root=repository.root)), Tools(root=repository.root))

    assert not marker.exists(), marker.read_text()
    assert not list((repository.root / ".git").glob("sharedindex*"))
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    subprocess.run(["git", "-C", str(repository.root), "-c", "core.pager=cat", "update-ref", "refs/heads/probe", want.params["base"]], env=env, capture_output=True)
    assert marker.exists(), "the traps are armed: plain git runs them"


def test_a_bare_repository_takes_a_branch_too(repository: MadeRepository, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(repository.root), str(bare)], check=True, capture_output=True)
    doer, want = handler("open-branch"), asked(repository)
    doer.act(want, doer.plan(want, Reader(root=bare)), Tools(root=bare))

    assert "three" in subprocess.run(["git", "-C", str(bare), "show", "troth/fix-1:a.txt"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"branch": "main"}, "branch-exists"),
        ({"branch": "a..b"}, "branch"),
        ({"branch": "x.lock"}, "branch"),
        ({"branch": "a//b"}, "branch"),
        ({"base": "0" * 40}, "no-commit"),
        ({"patch": file_diff(None, Version("a.txt/x", "1\n"))}, "exists"),
        ({"patch": file_diff(None, Version(".git/hooks/x", "1\n"))}, "path"),
        ({"patch": file_diff(None, Version(".GiT/x", "1\n"))}, "path"),
        ({"patch": file_diff(Version("m.bin", "x\n"), Version("m.bin", "y\n"))}, "not-text"),
        ({"patch": file_diff(Version("dir/b.sh", "", "100755"), Version("dir/b.sh", "", "100644"))}, "mode"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_no_branch(repository: MadeRepository, change: dict[str, str], reason: str) -> None:
    doer, want = handler("open-branch"), asked(repository, **change)
    with pytest.raises(HandlerError) as caught:
        doer.act(want, doer.plan(want, Reader(root=repository.root)), Tools(root=repository.root))

    assert reason == caught.value.reason
    assert "main" == repository.git("for-each-ref", "--format=%(refname:short)")


def test_a_branch_on_which_somebody_works_is_not_deleted(repository: MadeRepository) -> None:
    doer, want = handler("open-branch"), asked(repository)
    diff = doer.plan(want, Reader(root=repository.root))
    doer.act(want, diff, Tools(root=repository.root))
    repository.git("update-ref", "refs/heads/troth/fix-1", "main")
    with pytest.raises(HandlerError) as caught:
        doer.undo(want, diff, Tools(root=repository.root))

    assert "branch-moved" == caught.value.reason
    assert "" != repository.git("branch", "--list", "troth/fix-1")


@given(st.text(max_size=400), st.integers(0, 200))
@bounded(max_examples=100)
def test_a_packed_patch_comes_back_the_same(text: str, times: int) -> None:
    text = text.replace("\x00", "") * times

    assert text == unpack(pack(text))


def test_a_patch_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(HandlerError):
        unpack(pack("a" * 4_000_000))
