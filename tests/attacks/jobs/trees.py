"""Trees and repositories that are not what they were, or not whose: W1. Patches and branches that reach further than they say: W2."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.jobs.bundles_and_evidence import _git, repository
from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import ACME, OTHER, REGISTRY, World
from troth.jobs.executor import Executor
from troth.jobs.job import State
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.request import EvidenceItem


@case("W1", "a try that could not look at the world acts on another one in the next")
def _hesitant(world: World) -> Tried:
    tree = world.trees[ACME]

    def attack() -> None:
        job = world.planned("repo.hesitant", attempts=3)
        permit, before = world.permit(job), world.effects()
        (tree / "busy").touch()
        (tree / "moves").write_text("someone pushed")
        try:
            ended = world.executor.run([permit])
        finally:
            (tree / "basis").unlink(missing_ok=True)
        assert (ended.state, ended.reason) == (State.FAILED, "plan-changed"), ended
        assert world.effects() == before

    def twin() -> None:
        job = world.planned("repo.hesitant", attempts=3)
        permit = world.permit(job)
        (tree / "busy").touch()
        runs(world, permit)

    return Tried(attack, twin)


def _swapped(title: str, swap: Callable[[Path, Path], None], restore: Callable[[Path, Path], None]) -> None:
    """A link to another tenant's tree is put where a tenant's tree was."""

    @case("W1", title, "tree")
    def prepare(world: World) -> Tried:
        mine, theirs = world.trees[ACME], world.trees[OTHER]
        job = world.planned()
        permit = world.permit(job)

        def attack() -> object:
            swap(mine, theirs)
            try:
                return world.executor.run([permit])
            finally:
                restore(mine, theirs)

        return Tried(attack, lambda: runs(world, permit))


def _link(mine: Path, theirs: Path) -> None:
    mine.rename(mine.with_name("aside"))
    mine.symlink_to(theirs)


def _unlink(mine: Path, theirs: Path) -> None:
    mine.unlink()
    mine.with_name("aside").rename(mine)


def _link_above(mine: Path, theirs: Path) -> None:
    mine.parent.rename(mine.parent.with_name("acme-aside"))
    mine.parent.symlink_to(theirs.parent)


def _unlink_above(mine: Path, theirs: Path) -> None:
    mine.parent.unlink()
    mine.parent.with_name("acme-aside").rename(mine.parent)


_swapped("a link to another tenant's tree lies where the tree was", _link, _unlink)
_swapped("a link lies where the folder above the tree was", _link_above, _unlink_above)


@case("W1", "a tree is swapped while its approved job waits")
def _swapped_in_queue(world: World) -> Tried:
    mine, theirs = world.trees[ACME], world.trees[OTHER]
    job, other = world.planned(), world.planned()
    world.executor.approve([world.permit(job)])
    world.executor.approve([world.permit(other)])

    def attack() -> None:
        before = world.effects(OTHER)
        _link(mine, theirs)
        try:
            ended = world.executor.work(ACME, job.id)
        finally:
            _unlink(mine, theirs)
        assert (ended.state, ended.reason) == (State.FAILED, "tree")
        assert world.effects(OTHER) == before

    def twin() -> None:
        assert world.executor.work(ACME, other.id).state is State.DONE

    return Tried(attack, twin)


def _borrowed(title: str, *reasons: str):
    """A tenant's tree borrows another tenant's history; the twin is its own."""

    def register(borrow: Callable[[Path, Path], Callable[[], None]]):
        @case("W1", title, *reasons)
        def prepare(world: World) -> Tried:
            mine, theirs = world.trees[ACME], world.trees[OTHER]
            own, foreign = repository(world, ACME), repository(world, OTHER)
            two = hashlib.sha256(b"two\nthree\n").hexdigest()
            good, bad = (EvidenceItem("git", f"{commit}:ci.yml#L2-L3", two, "three") for commit in (own, foreign))

            def attack() -> object:
                undo = borrow(mine, theirs)
                try:
                    return world.planned("repo.proven", evidence=(bad,))
                finally:
                    undo()

            return Tried(attack, lambda: runs(world, world.permit(world.planned("repo.proven", evidence=(good,)))))

        return borrow

    return register


@_borrowed("evidence by a .git file that names another tenant's repository", "tree", "not-there")
def _gitfile(mine: Path, theirs: Path) -> Callable[[], None]:
    (mine / ".git").rename(mine / "git-aside")
    (mine / ".git").write_text(f"gitdir: {theirs / '.git'}\n")

    def undo() -> None:
        (mine / ".git").unlink()
        (mine / "git-aside").rename(mine / ".git")

    return undo


@_borrowed("evidence by a .git that is a link to another tenant's", "tree", "not-there", "no-tree")
def _gitlink(mine: Path, theirs: Path) -> Callable[[], None]:
    (mine / ".git").rename(mine / "git-aside")
    (mine / ".git").symlink_to(theirs / ".git")

    def undo() -> None:
        (mine / ".git").unlink()
        (mine / "git-aside").rename(mine / ".git")

    return undo


@_borrowed("evidence by objects that are borrowed from another tenant", "tree")
def _alternates(mine: Path, theirs: Path) -> Callable[[], None]:
    info = mine / ".git" / "objects" / "info" / "alternates"
    info.parent.mkdir(exist_ok=True)
    info.write_text(f"{theirs / '.git' / 'objects'}\n")
    foreign = _git(theirs, "rev-parse", "HEAD")
    _git(mine, "update-ref", "refs/heads/borrowed", foreign)

    def undo() -> None:
        _git(mine, "update-ref", "-d", "refs/heads/borrowed")
        info.unlink()

    return undo


@_borrowed("evidence by a common directory that is another tenant's", "tree", "not-there", "no-tree")
def _commondir(mine: Path, theirs: Path) -> Callable[[], None]:
    (mine / ".git").rename(mine / "git-aside")
    made = mine / ".git"
    made.mkdir()
    (made / "HEAD").write_text("ref: refs/heads/main\n")
    (made / "commondir").write_text(f"{theirs / '.git'}\n")

    def undo() -> None:
        shutil.rmtree(made)
        (mine / "git-aside").rename(mine / ".git")

    return undo


# --- branches and patches ---


def _opens(world: World, branch: str, patch: str) -> Any:
    commit = repository(world)
    return world.planned("repo.open", base=commit, branch=branch, patch=patch, title="a change", name="x")


def _adding(path: str, mode: str = "100644") -> str:
    return file_diff(None, Version("new.txt", "hello\n", "100644")).replace("new.txt", path).replace("100644", mode)


def _open(title: str, branch: str, patch: str, *reasons: str) -> None:
    @case("W2", title, *reasons)
    def prepare(world: World) -> Tried:
        repository(world)
        refs = _git(world.trees[ACME], "for-each-ref")

        def attack() -> object:
            try:
                return _opens(world, branch, patch)
            finally:
                assert refs == _git(world.trees[ACME], "for-each-ref"), "a reference was written"

        def twin() -> None:
            job = _opens(world, f"troth/fix-{world.count}", _adding(f"docs/new-{world.count}.txt"))
            done = world.executor.run([world.permit(job)])
            assert done.state is State.DONE, done

        return Tried(attack, twin)


for _title, _branch in (
    ("the branch that everybody works on", "main"), ("a branch above the branches", "../../HEAD"), ("a branch that is an option", "--force"), ("a branch that is a lock", "troth/fix.lock"),
    ("a branch with an end of line", "troth/fix\nmain"), ("a branch with a revision's mark", "troth/fix^{}"), ("a branch with two dots", "a..b"), ("a branch of a colon", "a:main"),
    ("a branch that begins at the root", "/refs/heads/main"), ("an empty branch", "."), ("a branch with a mark of the reflog", "a@{1}"), ("a branch beside the branches", "../tags/v1"),
):  # fmt: skip
    _open(_title, _branch, _adding("docs/new.txt"), "branch", "branch-exists", "params", "text")

for _title, _path in (
    ("the repository's settings", ".git/config"), ("a hook", ".git/hooks/pre-commit"), ("the repository in capitals", ".GIT/config"), ("the repository's short name", "git~1/config"),
    ("the repository with a dot", ".git./config"), ("the repository with an invisible letter", ".g\u200cit/config"), ("the repository with another invisible letter", ".gi\u200et/config"), ("the repository behind a mark of byte order", "\ufeff.git/config"), ("a path above", "../outside.txt"), ("an absolute path", "/etc/cron.d/x"),
    ("a path with a step up in the middle", "docs/../../outside.txt"), ("a backslash", "..\\outside.txt"), ("a drive", "C:/outside.txt"), ("a stream", "docs/a.txt:hidden"),
    ("a nested repository", "sub/.git/config"), ("a name of a device", "docs/NUL"),
):  # fmt: skip
    _open(f"a patch to {_title}", "troth/fix-path", _adding(_path), "path", "patch")

for _title, _mode in (("a link", "120000"), ("a repository in the repository", "160000"), ("a program of somebody else's rights", "104755"), ("a folder", "040000")):
    _open(f"a patch that makes {_title}", "troth/fix-mode", _adding("docs/new.txt", _mode), "patch", "mode", "path")


@case("W2", "a branch that became a symbolic one before it is written")
def _symbolic(world: World) -> Tried:
    commit, tree = repository(world), world.trees[ACME]
    branch = f"troth/sym-{world.count}"
    job = _opens(world, branch, _adding("docs/sym.txt"))
    permit = world.permit(job)

    def attack() -> None:
        _git(tree, "symbolic-ref", f"refs/heads/{branch}", "refs/heads/main")
        try:
            ended = world.executor.run([permit])
            assert ended.state is State.FAILED, ended
            assert _git(tree, "rev-parse", "refs/heads/main") == commit, "the branch that everybody works on was moved"
        finally:
            _git(tree, "symbolic-ref", "-d", f"refs/heads/{branch}")

    def twin() -> None:
        other = _opens(world, f"{branch}-too", _adding("docs/sym.txt"))
        assert world.executor.run([world.permit(other)]).state is State.DONE

    return Tried(attack, twin)


@case("W2", "a hook, a filter and a signing program of the repository run when a branch is opened")
def _programs(world: World) -> Tried:
    tree = world.trees[ACME]
    repository(world)
    ran = tree / "ran.txt"
    program = tree / ".git" / "evil"
    program.write_text(f"#!/bin/sh\necho $0 >> {ran}\ncat\n")
    program.chmod(0o755)

    def armed() -> None:
        for name in ("reference-transaction", "post-commit", "pre-commit", "post-index-change", "update"):
            hook = tree / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            shutil.copy(program, hook)
        for key, value in (
            ("filter.evil.clean", program), ("filter.evil.process", program), ("gpg.program", program), ("commit.gpgSign", "true"), ("core.fsmonitor", program), ("core.hooksPath", tree / ".git" / "hooks"),
            ("core.sshCommand", program), ("core.alternateRefsCommand", program), ("uploadpack.packObjectsHook", program),
        ):  # fmt: skip
            _git(tree, "config", key, str(value))
        (tree / ".git" / "info").mkdir(exist_ok=True)
        (tree / ".git" / "info" / "attributes").write_text("* filter=evil\n")

    def disarmed() -> None:
        for key in ("filter.evil.clean", "filter.evil.process", "gpg.program", "commit.gpgSign", "core.fsmonitor", "core.hooksPath", "core.sshCommand", "core.alternateRefsCommand", "uploadpack.packObjectsHook"):
            _git(tree, "config", "--unset", key)
        (tree / ".git" / "info" / "attributes").unlink()
        shutil.rmtree(tree / ".git" / "hooks")

    def attack() -> None:
        armed()
        ran.unlink(missing_ok=True)
        try:
            job = _opens(world, f"troth/armed-{world.count}", _adding("docs/armed.txt"))
            assert world.executor.run([world.permit(job)]).state is State.DONE
        finally:
            ran.unlink() if (found := ran.exists()) else None
            disarmed()
        assert not found, "a program of the repository ran"

    def twin() -> None:
        job = _opens(world, f"troth/unarmed-{world.count}", _adding("docs/armed.txt"))
        assert world.executor.run([world.permit(job)]).state is State.DONE

    return Tried(attack, twin)


@case("W1", "an executor that was told of a link keeps to where it led")
def _told_of_link(world: World) -> Tried:
    mine, theirs = world.trees[ACME], world.trees[OTHER]
    link = mine.parent / "named"
    link.unlink(missing_ok=True)
    link.symlink_to(mine)
    from dataclasses import replace

    second = Executor(world.store, REGISTRY, replace(world.settings, trees={**world.trees, ACME: link}))
    one, two = world.planned(), world.planned()

    def attack() -> None:
        before = world.effects(OTHER)
        link.unlink()
        link.symlink_to(theirs)
        try:
            second.run([world.permit(one)])
        except Exception as error:
            assert getattr(error, "reason", "") == "tree", error
        else:
            raise AssertionError("it ran in another tenant's tree")
        finally:
            link.unlink()
            link.symlink_to(mine)
        assert world.effects(OTHER) == before

    def twin() -> None:
        with second:
            assert second.run([world.permit(two)]).state is State.DONE

    return Tried(attack, twin)
