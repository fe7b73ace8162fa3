"""A repository may be built to attack whoever looks at it. Nothing of it runs, nothing is written into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository, repository
from troth.engines.git import history, tree
from troth.engines.git.repository import open_repository
from troth.errors import LookError, UsageError


def look_everywhere(root: Path) -> None:
    found = open_repository(root)
    files = tree.look(found)
    for path in files.files:
        files.text(path)
    if found.git is not None and found.commit is not None:
        history.look(found)
        history.look_changes(found)


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def script(path: Path, marker: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho ran >> {marker}\ncat\n")
    path.chmod(0o755)
    return path


HOSTILE_SETTINGS = [
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.textconv",
    "diff.evil.command",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "pager.log",
    "pager.diff",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "merge.evil.driver",
    "sequence.editor",
    "ssh.variant",
]


@pytest.mark.parametrize("setting", HOSTILE_SETTINGS)
def test_no_program_that_the_configuration_names_is_started(setting: str, tmp_path: Path, marker: Path) -> None:
    evil = script(tmp_path / "evil.sh", marker)
    files = {".gitattributes": "* filter=evil diff=evil merge=evil\n", "README.md": "hello\n", "a.txt": "1\n"}
    made = repository(tmp_path / "repo", files)
    made.commit(MadeCommit(files={"a.txt": "2\n"}, signed="gpg"))
    made.git("config", setting, str(evil))
    made.git("config", "log.showSignature", "true")
    (made.root / "a.txt").write_text("changed in the work tree\n")

    look_everywhere(made.root)

    assert not marker.exists()


def test_no_hook_runs(tmp_path: Path, marker: Path) -> None:
    made = repository(tmp_path / "repo", {"README.md": "hello\n"})
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout", "pre-auto-gc"):
        script(made.root / ".git" / "hooks" / hook, marker)
    (made.root / "README.md").write_text("changed\n")

    look_everywhere(made.root)

    assert not marker.exists()


def test_a_partial_clone_fetches_nothing(tmp_path: Path, marker: Path) -> None:
    evil = script(tmp_path / "evil.sh", marker)
    made = repository(tmp_path / "repo", {"README.md": "hello\n", "big.bin": "x" * 100})
    made.git("config", "remote.origin.url", f"ext::{evil}")
    made.git("config", "remote.origin.promisor", "true")
    made.git("config", "extensions.partialClone", "origin")
    made.git("config", "protocol.ext.allow", "always")
    blob = made.git("rev-parse", "HEAD:big.bin")
    (made.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    look_everywhere(made.root)

    assert not marker.exists()


def test_looking_writes_nothing_into_the_repository(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"README.md": "hello\n", "src/a.py": "1\n"})
    os.utime(made.root / "README.md", (1, 1))
    before = snapshot(made.root)

    look_everywhere(made.root)

    assert before == snapshot(made.root)


def test_a_configuration_that_points_elsewhere_does_not_move_the_tree(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"README.md": "hello\n"})
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "private.txt").write_text("private\n")
    made.git("config", "core.worktree", str(secret))

    assert "private.txt" not in tree.look(open_repository(made.root)).files


def test_links_out_of_the_tree_read_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("private\n")
    made = MadeRepository(tmp_path / "repo")
    (made.root / "docs").mkdir()
    (made.root / "docs" / "real.md").write_text("inside\n")
    (made.root / "SECURITY.md").symlink_to("docs/real.md")
    (made.root / "out.md").symlink_to("../secret.txt")
    (made.root / "absolute.md").symlink_to(tmp_path / "secret.txt")
    (made.root / "loop").symlink_to("loop")
    (made.root / "folder").symlink_to("..")
    made.commit(MadeCommit(files={"README.md": "x\n"}))
    found = tree.look(open_repository(made.root))

    assert found.text("SECURITY.md") == "inside\n"
    assert {None} == {found.text(path) for path in ("out.md", "absolute.md", "loop", "folder")}


def test_what_became_a_link_has_the_mode_of_a_link(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"code.py": "x = 1\n", "same.py": "y = 1\n"})
    (made.root / "code.py").unlink()
    (made.root / "code.py").symlink_to("/nonexistent")
    (made.root / "new.py").symlink_to("same.py")
    files = tree.look(open_repository(made.root)).files

    assert [files[path].mode for path in ("code.py", "new.py", "same.py")] == ["120000", "120000", "100644"]


def test_a_fifo_does_not_hang_the_reader(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"README.md": "x\n"})
    os.mkfifo(made.root / "pipe")

    assert tree.look(open_repository(made.root)).text("pipe") is None


def test_a_plain_directory_has_files_and_no_history(tmp_path: Path) -> None:
    (tmp_path / "plain" / "node_modules").mkdir(parents=True)
    (tmp_path / "plain" / "node_modules" / "x.js").write_text("1")
    (tmp_path / "plain" / "a b ü.md").write_text("hi")
    found = open_repository(tmp_path / "plain")

    assert list(tree.look(found).files) == ["a b ü.md"]
    with pytest.raises(LookError, match="plain directory"):
        history.look(found)


def test_a_bare_repository_is_judged_at_head(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"SECURITY.md": "# Security\n"})
    shutil.copytree(made.root / ".git", tmp_path / "bare.git")
    made.git("--git-dir", str(tmp_path / "bare.git"), "config", "core.bare", "true")
    found = tree.look(open_repository(tmp_path / "bare.git"))

    assert found.text("SECURITY.md") == "# Security\n"
    assert found.commit == made.git("rev-parse", "HEAD")


def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"a": "1"})
    made.commit(MadeCommit(files={"a": "2"}))
    made.git("clone", "--quiet", "--depth=1", f"file://{made.root}", str(tmp_path / "shallow"))
    found = open_repository(tmp_path / "shallow")

    assert any("shallow" in note for note in found.notes)
    assert history.look(found).shallow


def test_a_copied_checkout_is_not_dirty_and_a_changed_one_is(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"a": "1\n", "b": "2\n"})
    shutil.copytree(made.root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert tree.look(open_repository(tmp_path / "copy")).dirty is False

    (tmp_path / "copy" / "b").write_text("3\n")
    assert tree.look(open_repository(tmp_path / "copy")).dirty is True


def test_a_repository_without_commits_is_a_tree_without_history(tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "repo")
    (made.root / "SECURITY.md").write_text("# Security\n")
    found = open_repository(made.root)

    assert tree.look(found).commit is None
    with pytest.raises(LookError, match="no commit"):
        history.look(found)


def test_what_is_no_directory_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("file", "missing"):
        with pytest.raises(UsageError):
            open_repository(tmp_path / name)


def test_a_folder_inside_a_repository_is_judged_against_the_whole(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"pkg/SECURITY.md": "x\n", ".github/workflows/ci.yml": "on: push\n"})
    found = open_repository(made.root / "pkg")

    assert (found.root, found.asked) == (made.root.resolve(), "pkg")
    assert ".github/workflows/ci.yml" in tree.look(found).files


def test_an_ignored_folder_inside_a_repository_is_a_plain_directory(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {".gitignore": "build/\n"})
    (made.root / "build").mkdir()
    (made.root / "build" / "x").write_text("1")

    assert open_repository(made.root / "build").git is None


def test_history_reads_signatures_without_any_program(tmp_path: Path) -> None:
    made = repository(tmp_path / "repo", {"a": "1"}, signed="ssh")
    made.commit(MadeCommit(files={"a": "2"}, signed="gpg", tag="v1"))
    made.commit(MadeCommit(files={"a": "3"}, signed="gpg", committer="GitHub", committer_email="noreply@github.com"))
    made.commit(MadeCommit(files={"a": None, "b c\n": "4"}, message="Subject\n\nBody line\n"))
    found = history.look(open_repository(made.root))
    changes = history.look_changes(open_repository(made.root))

    assert [commit.signature.value for commit in found.commits] == ["none", "forge", "gpg", "ssh"]
    assert (found.commits[0].subject, found.commits[0].body) == ("Subject", "Body line")
    assert [tag.name for tag in found.tags] == ["v1"]
    assert {("D", "a"), ("A", "b c\n")} == {
        (change.status, change.path) for change in changes.changes if change.commit == found.commits[0].id
    }
