"""Rights of others are taken away from named files, from nothing else, and given back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.jobs.acting.made import handler, request
from troth.jobs.handler import HandlerError, Reader, Tools

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    (made / "conf").mkdir(parents=True)
    for name, mode in ((".env", 0o644), ("conf/key.pem", 0o664), ("safe", 0o600), ("tool", 0o755)):
        (made / name).write_text("s3cret")
        (made / name).chmod(mode)
    return made


def modes(tree: Path) -> dict[str, int]:
    return {path.relative_to(tree).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in sorted(tree.rglob("*")) if path.is_file()}


def test_only_named_files_change_and_only_their_mode_and_undo_gives_it_back(tree: Path) -> None:
    before = modes(tree)
    asked, doer = request("repo.restrict-files", files=[".env", "conf/key.pem", "safe", "tool"]), handler("restrict-files")
    diff = doer.plan(asked, Reader(root=tree))
    assert before == modes(tree)
    assert [(".env", "mode 0644 -> 0600"), ("conf/key.pem", "mode 0664 -> 0600"), ("tool", "mode 0755 -> 0700")] == [(one.target, one.text) for one in diff.changes]
    assert b"s3cret" not in diff.encoded()
    doer.act(asked, diff, Tools(root=tree))

    assert {".env": 0o600, "conf/key.pem": 0o600, "safe": 0o600, "tool": 0o700} == modes(tree)
    doer.act(asked, diff, Tools(root=tree, attempt=2))
    with pytest.raises(HandlerError, match="Nobody else"):
        doer.plan(asked, Reader(root=tree))
    (tree / "tool").chmod(0o711)
    doer.undo(asked, diff, Tools(root=tree))
    assert before | {"tool": 0o711} == modes(tree)


def test_a_file_whose_mode_somebody_changed_meanwhile_is_left(tree: Path) -> None:
    asked, doer = request("repo.restrict-files", files=[".env"]), handler("restrict-files")
    diff = doer.plan(asked, Reader(root=tree))
    (tree / ".env").chmod(0o640)
    with pytest.raises(HandlerError) as caught:
        doer.act(asked, diff, Tools(root=tree))

    assert "plan-changed" == caught.value.reason
    assert 0o640 == modes(tree)[".env"]


@pytest.mark.parametrize("path", ["../outside", "link", "linked/outside", "twin", "conf", "none", "/etc/hostname", "pipe"])
def test_what_is_no_file_of_its_own_in_the_tree_is_refused(tree: Path, path: str) -> None:
    outside = tree.parent / "outside"
    outside.write_text("theirs")
    outside.chmod(0o644)
    (tree / "link").symlink_to(outside)
    (tree / "linked").symlink_to(tree.parent)
    os.link(outside, tree / "twin")
    os.mkfifo(tree / "pipe")
    with pytest.raises(HandlerError) as caught:
        handler("restrict-files").plan(request("repo.restrict-files", files=[path]), Reader(root=tree))

    assert "not-a-file" == caught.value.reason
    assert 0o644 == stat.S_IMODE(outside.stat().st_mode)


def test_a_link_that_is_put_in_a_planned_file_s_place_is_not_followed(tree: Path) -> None:
    outside = tree.parent / "outside"
    outside.write_text("theirs")
    outside.chmod(0o644)
    asked, doer = request("repo.restrict-files", files=[".env"]), handler("restrict-files")
    diff = doer.plan(asked, Reader(root=tree))
    (tree / ".env").unlink()
    (tree / ".env").symlink_to(outside)
    with pytest.raises(HandlerError):
        doer.act(asked, diff, Tools(root=tree))

    assert 0o644 == stat.S_IMODE(outside.stat().st_mode)
