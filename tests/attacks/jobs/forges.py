"""What may be asked of a forge, and what a repository does to those who look into it: names that climb, patches that say one thing and do another, history that is not what its ids say."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.attacks.jobs.bundles_and_evidence import _git, repository
from tests.attacks.jobs.cases import Tried, case, runs
from tests.attacks.jobs.trees import _adding, _open, _opens
from tests.jobs.world import ACME, World
from troth.jobs.handlers.types import job_types
from troth.jobs.job import State
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.registry import Registry
from troth.jobs.request import EvidenceItem, JobRequest

FORGE = Registry(job_types())
_ISSUE = {"repository": "acme/web", "title": "a title", "body": "why"}
_PULL = {**_ISSUE, "base": "a" * 40, "branch": "troth/fix", "into": "main", "patch": _adding("docs/new.txt")}
_PROTECT = {"repository": "acme/web", "branch": "release/1.x"}


def _asked(title: str, kind: str, good: dict[str, object], **bad: object) -> None:
    @case("T22", f"{kind} with {title}", "params", "text")
    def prepare(world: World) -> Tried:
        def admitted(**changes: object) -> object:
            told = JobRequest.write(ACME, kind, {**good, **changes}, idempotency_key=f"key-{world.count}", expires_at=datetime.now(UTC) + timedelta(hours=1))  # type: ignore[arg-type]
            return FORGE.admit(JobRequest.parse(told))

        return Tried(lambda: admitted(**bad), admitted)


for _title, _repository in (
    ("a repository above all", "../.."), ("a repository whose owner is the folder above", "../user"), ("a repository whose name is the folder above", "acme/.."),
    ("a repository that is this folder", "./."), ("a repository whose name is this folder", "acme/."), ("a repository and a way beyond it", "acme/web/../../user"),
    ("a repository with a question", "acme/web?x=1"), ("a repository with a fragment", "acme/web#x"), ("a repository in code", "acme/%2e%2e"), ("a repository with an end of line", "acme/web\n"),
):  # fmt: skip
    _asked(_title, "forge.open-issue", _ISSUE, repository=_repository)

for _title, _into in (
    ("a target above the branches", "x/../../../../other/web/git/ref/heads/main"), ("a target that is the folder above", "a/.."), ("a target with two dots", "a..b"), ("a target of two slashes", "a//b"),
    ("a target that is a lock", "a.lock"), ("a target with a question", "main?x=1"),
):  # fmt: skip
    _asked(_title, "forge.open-pull-request", _PULL, into=_into)

for _title, _branch in (("a branch that is the folder above", ".."), ("a branch that is this folder", "."), ("a branch with an end of line", "main\n"), ("a branch without a name", "")):
    _asked(_title, "forge.protect-branch", _PROTECT, branch=_branch)

for _title, _api in (
    ("an interface behind the forge's name", "https://api.github.com.evil.example"), ("an interface behind a user", "https://api.github.com@evil.example"), ("an interface without TLS", "http://api.github.com"),
    ("an interface with a way up", "https://api.github.com/api/v3/../.."), ("an interface on another port", "https://api.github.com:8443"), ("an interface of look-alike letters", "https://api.github.c\u043em"),
):  # fmt: skip
    _asked(_title, "forge.open-issue", _ISSUE, api=_api)


# --- patches that say one thing and do another ---

_CI = Version("ci.yml", f"one {ACME}\ntwo\nthree\n", "100644")


def _changing(text: str) -> str:
    return file_diff(_CI, Version("ci.yml", text, "100644"))


_ONE = _changing(f"one {ACME}\nTWO\nthree\n")
for _title, _patch in (
    ("one file twice", _ONE + _changing(f"one {ACME}\ntwo\nTHREE\n")),
    ("a new file twice", _adding("docs/new.txt") + _adding("docs/new.txt")),
    ("a file and what lies in it", _adding("docs/x") + _adding("docs/x/y")),
    ("two names that differ in case", _adding("docs/New.txt") + _adding("docs/new.txt")),
    ("a new file that differs in case from one that is there", _adding("CI.yml")),
    ("two names that differ in how an accent is written", _adding("docs/\u00e9.txt") + _adding(unicodedata.normalize("NFD", "docs/\u00e9.txt"))),
    ("more lines than its counts say", _ONE.replace("+TWO\n", "+TWO\n+FOUR\n")),
    ("fewer lines than its counts say", _ONE.replace(" three\n", "")),
    ("a place that is another", _ONE.replace("@@ -1", "@@ -2")),
    ("a name in its head and another below it", _ONE.replace("+++ b/ci.yml", "+++ b/other.yml")),
    ("a head for another file", _ONE.replace("diff --git a/ci.yml b/ci.yml", "diff --git a/ci.yml b/other.yml")),
    ("text before its first file", "Ignore what follows.\n" + _ONE),
    ("text after its last line", _ONE + "and one thing more\n"),
    ("bytes that git packs", "diff --git a/docs/b.bin b/docs/b.bin\nnew file mode 100644\nindex 0000000..1111111\nGIT binary patch\nliteral 1\nIcmZQz\n\n"),
    ("a copy of a file that people may not see", "diff --git a/ci.yml b/docs/copy.yml\nsimilarity index 100%\ncopy from ci.yml\ncopy to docs/copy.yml\n"),
    ("lines that end in another way", _ONE.replace("\n", "\r\n")),
):  # fmt: skip
    _open(f"a patch with {_title}", "troth/fix-form", _patch, "patch", "path", "exists", "does-not-fit", "mode")


@case("W2", "a patch for a file that has become a link since", "not-a-file", "no-commit", "does-not-fit")
def _now_a_link(world: World) -> Tried:
    repository(world)
    tree = world.trees[ACME]
    _git(tree, "checkout", "-q", "-b", f"link-{world.count}")
    (tree / "linked.yml").symlink_to("ci.yml")
    _git(tree, "add", "linked.yml")
    _git(tree, "commit", "-q", "-m", "a link")
    commit = _git(tree, "rev-parse", "HEAD")
    _git(tree, "checkout", "-q", "main")
    patch = file_diff(Version("linked.yml", f"one {ACME}\ntwo\nthree\n", "100644"), Version("linked.yml", f"one {ACME}\nTWO\nthree\n", "100644"))
    return Tried(
        lambda: world.planned("repo.open", base=commit, branch="troth/link", patch=patch, title="a change", name="x"), lambda: _opens(world, f"troth/fix-{world.count}", _ONE)
    )


# --- history that is not what its ids say ---

_LINES = b"two\nthree\n"


def _witnessed(title: str, make: Callable[[World, Path, str], tuple[EvidenceItem, Callable[[], None]]], *reasons: str) -> None:
    @case("T28", title, *reasons)
    def prepare(world: World) -> Tried:
        commit, tree = repository(world), world.trees[ACME]
        good = EvidenceItem("git", f"{commit}:ci.yml#L2-L3", hashlib.sha256(_LINES).hexdigest(), "three")

        def attack() -> object:
            bad, undo = make(world, tree, commit)
            try:
                return world.planned("repo.proven", evidence=(bad,))
            finally:
                undo()

        return Tried(attack, lambda: runs(world, world.permit(world.planned("repo.proven", evidence=(good,)))))


def _stranger(tree: Path, *refs: str) -> tuple[EvidenceItem, Callable[[], None]]:
    """A commit that somebody without rights made, under references that are no branch and no tag."""
    blob = _git_in(tree, b"made up\n", "hash-object", "-w", "--stdin")
    made = _git_in(tree, f"100644 blob {blob}\tci.yml\n".encode(), "mktree")
    commit = _git(tree, "commit-tree", made, "-m", "from a stranger")
    for ref in refs:
        _git(tree, "update-ref", ref, commit)

    def undo() -> None:
        for ref in refs:
            _git(tree, "update-ref", "-d", ref)

    return EvidenceItem("git", f"{commit}:ci.yml", hashlib.sha256(b"made up\n").hexdigest()), undo


def _git_in(tree: Path, content: bytes, *arguments: str) -> str:
    import subprocess

    return subprocess.run(["git", "-C", str(tree), *arguments], input=content, capture_output=True, check=True).stdout.decode().strip()


_witnessed("a commit of a pull request that nobody took", lambda w, tree, commit: _stranger(tree, "refs/pull/7/head"), "not-there")
_witnessed("a commit of a merge request that nobody took", lambda w, tree, commit: _stranger(tree, "refs/merge-requests/7/head"), "not-there")
_witnessed("a commit of a note", lambda w, tree, commit: _stranger(tree, "refs/notes/commits"), "not-there")
_witnessed("a commit that was laid aside", lambda w, tree, commit: _stranger(tree, "refs/stash"), "not-there")
_witnessed("a commit that a change under review made", lambda w, tree, commit: _stranger(tree, "refs/changes/01/1/1"), "not-there")


def _replaced(world: World, tree: Path, commit: str) -> tuple[EvidenceItem, Callable[[], None]]:
    other, undo = _stranger(tree)
    _git(tree, "replace", commit, other.locator.partition(":")[0])
    return EvidenceItem("git", f"{commit}:ci.yml", other.sha256), lambda: (_git(tree, "replace", "-d", commit), undo())[1]


_witnessed("a commit that another was put in the place of", _replaced, "digest")


def _grafted(world: World, tree: Path, commit: str) -> tuple[EvidenceItem, Callable[[], None]]:
    other, undo = _stranger(tree)
    grafts = tree / ".git" / "info" / "grafts"
    grafts.write_text(f"{commit} {other.locator.partition(':')[0]}\n")
    return other, lambda: (grafts.unlink(), undo())[1]


_witnessed("a commit that a graft makes an ancestor of the branch", _grafted, "not-there", "digest")


@case("W2", "a repository without its objects has a program fetch them when somebody looks")
def _promised(world: World) -> Tried:
    commit, tree = repository(world), world.trees[ACME]
    mark = tree.parent / f"ran-{world.count}"
    program = tree.parent / f"program-{world.count}"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    blob = _git(tree, "rev-parse", f"{commit}:ci.yml")
    place = tree / ".git" / "objects" / blob[:2] / blob[2:]
    settings = tree / ".git" / "config"

    def attack() -> None:
        before, aside = settings.read_text(), place.read_bytes()
        settings.write_text(
            before + '[extensions]\n\tpartialClone = far\n[remote "far"]\n\tpromisor = true\n\turl = ' + f"ext::{program}\n\tuploadpack = {program}\n" + '[protocol "ext"]\n\tallow = always\n[protocol]\n\tallow = always\n'
        )
        os.chmod(place, 0o600)
        place.unlink()
        try:
            world.planned("repo.proven", evidence=(EvidenceItem("git", f"{commit}:ci.yml", "0" * 64),))
        except Exception:  # whatever it says: what counts is what ran
            pass
        finally:
            settings.write_text(before)
            place.write_bytes(aside)
        assert not mark.exists(), "a program of the repository ran"

    def twin() -> None:
        good = EvidenceItem("git", f"{commit}:ci.yml#L2-L3", hashlib.sha256(_LINES).hexdigest(), "three")
        assert world.executor.run([world.permit(world.planned("repo.proven", evidence=(good,)))]).state is State.DONE

    return Tried(attack, twin)
