"""A second blind set on the executor and its handlers: what people read beside what is done, secrets in other clothes, patches with two readings, evidence that nobody else can see."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.jobs.bundles_and_evidence import _git, repository
from tests.attacks.jobs.cases import ANY, Tried, case, runs
from tests.attacks.jobs.trees import _adding, _opens
from tests.jobs.acting.made import TOKEN, handler, request
from tests.jobs.world import ACME, SECRETS, World
from troth.errors import TrothError
from troth.jobs.executor.rows import need
from troth.jobs.handler import Reader
from troth.jobs.handlers.patching import pack, unpack
from troth.jobs.job import State
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.request import EvidenceItem

COMMIT = "a" * 40
PLAIN = file_diff(None, Version("docs/new.txt", "hello\n"))

# --- words that people approve --------------------------------------------------------------------------------------------


def _words(title: str, field: str, value: str) -> None:
    """A title or a text that reads as something else than it is."""

    @case("W3", title, *ANY)
    def prepare(world: World) -> Tried:
        def ask(**changed: str) -> object:
            told: dict[str, Any] = {"base": COMMIT, "branch": "troth/fix", "patch": PLAIN, "title": "Pin the actions", "body": "Because.\n\nMore."} | changed
            return request("repo.open-branch", **told)

        return Tried(lambda: ask(**{field: value}), lambda: ask(**{field: "Épingler les actions: 固定, \u05d0\u05d1\u05d2"}))


_words("a title whose direction is turned", "title", "Pin \u202egnihton od\u202c actions")
_words("a title with a line that only some readers see", "title", "Pin the actions\u2028Approved-by: ana")
_words("a title with a next line of another alphabet", "title", "Pin the actions\u0085Approved-by: ana")
_words("a title with letters of no width", "title", "Pin\u200b the\u2060 actions")
_words("a title of isolates", "title", "Pin \u2066the\u2069 actions")
_words("a title of spaces alone", "title", "   ")
_words("a text with the executor's own trailer in it", "body", f"Because.\n\nTroth-Job: {'0' * 64}")
_words("a text that clears the terminal", "body", "Because.\x1b[2J\x1b[H")
_words("a text whose direction is turned", "body", "Because \u202eti si ton\u202c")
_words("a text of carriage returns that lie over each other", "body", "delete everything\rBecause it is safe.")

# --- secrets that a handler tells -------------------------------------------------------------------------------------------


def _told(title: str, mode: str) -> None:
    """What a handler answers holds its secret, in a form of its own; neither the row nor the ledger may hold it afterwards."""

    @case("T24", title)
    def prepare(world: World) -> Tried:
        value = SECRETS["forge-token"]
        forms = {value, value[::-1], value.upper(), value.encode().hex(), base64.b32encode(value.encode()).decode().rstrip("="), "".join(f"\\u{ord(c):04x}" for c in value), "&#" + ";&#".join(str(ord(c)) for c in value), "-".join(value)}
        forms |= {base64.b64encode(b"x" * lead + value.encode()).decode()[4 if lead else 0 : -4] for lead in range(3)}

        def attack() -> None:
            job = world.planned("repo.telltale", secret="forge-token", name=mode)
            world.executor.run([world.permit(job)])
            with world.store.read(ACME) as t:
                row = need(t, job.id)
                kept = [row.outcome.encoded() if row.outcome is not None else b"", *(part or b"" for leaf in world.executor.works.log.leaves(t) for part in (leaf[0], leaf[2]))]
            found = [form for form in forms for text in kept if form.encode() in text]
            assert not found, f"it was kept as {mode}"

        def twin() -> None:
            job = world.planned("repo.keyed", secret="forge-token", name="fine")
            assert world.executor.run([world.permit(job)]).state is State.DONE

        return Tried(attack, twin)


for _mode in ("as-base64", "as-base64-moved", "as-base32", "as-a-key", "in-capitals", "as-escapes", "letter-by-letter", "in-the-title", "backwards", "as-entities"):
    _told(f"a handler tells its secret {_mode.replace('-', ' ')}", _mode)

# --- patches with two readings ------------------------------------------------------------------------------------------------


def _patch(title: str, patch: Callable[[], str], *reasons: str) -> None:
    @case("W2", title, *(reasons or ANY))
    def prepare(world: World) -> Tried:
        repository(world)

        def twin() -> None:
            job = _opens(world, f"troth/second-{world.count}", _adding(f"docs/second-{world.count}.txt"))
            assert world.executor.run([world.permit(job)]).state is State.DONE

        return Tried(lambda: _opens(world, "troth/second", patch()), twin)


def _packed(content: bytes) -> str:
    return "zlib85:" + base64.b85encode(content).decode()


_patch("a packed patch with something behind its end", lambda: _packed(zlib.compress(PLAIN.encode()) + b"and more"))
_patch("a packed patch of two streams", lambda: _packed(zlib.compress(PLAIN.encode()) + zlib.compress(PLAIN.encode())))
_patch("a packed patch that unpacks to another packed one", lambda: _packed(zlib.compress(pack(PLAIN + "é").encode())))
_patch("a packed patch of a hundred mebibytes", lambda: _packed(zlib.compress(b"+" * (100 << 20), 9))[:56_000])
_patch("a patch to the repository's settings, spelled in octal", lambda: _adding("docs/new.txt").replace("a/docs/new.txt", '"a/\\056git/config"').replace("b/docs/new.txt", '"b/\\056git/config"'))
_patch("two files that take each other's name", lambda: "diff --git a/ci.yml b/b.yml\nsimilarity index 100%\nrename from ci.yml\nrename to b.yml\ndiff --git a/b.yml b/ci.yml\nsimilarity index 100%\nrename from b.yml\nrename to ci.yml\n")
_patch("a file that is taken away and made anew in capitals", lambda: "diff --git a/ci.yml b/CI.yml\nsimilarity index 100%\nrename from ci.yml\nrename to CI.yml\n" + _adding("ci.yml"))
_patch("a patch with words before its first file", lambda: "Subject: [PATCH] nothing\n\n" + PLAIN)
_patch("a patch whose last line is of no hunk", lambda: PLAIN + "+one more line\n")

# --- evidence ---------------------------------------------------------------------------------------------------------------


def _seen(title: str, locator: Callable[[Path, str], str]) -> None:
    """Evidence at a place that is no part of what people see of the repository."""

    @case("T28", title, *ANY)
    def prepare(world: World) -> Tried:
        tree, commit = world.trees[ACME], repository(world)
        content = f"{_git(tree, 'cat-file', 'blob', f'{commit}:ci.yml')}\n".encode()

        def ask(place: str) -> object:
            return world.planned("repo.proven", evidence=(EvidenceItem("git", place, hashlib.sha256(content).hexdigest()),))

        def attack() -> object:
            before = _git(tree, "for-each-ref")
            place = locator(tree, commit)
            try:
                return ask(place)
            finally:
                for line in set(_git(tree, "for-each-ref").splitlines()) - set(before.splitlines()):
                    _git(tree, "update-ref", "-d", line.split("\t")[-1])

        return Tried(attack, lambda: ask(f"{commit}:ci.yml"))


def _loose(tree: Path, commit: str) -> str:
    return _git(tree, "-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", f"{commit}^{{tree}}", "-p", commit, "-m", f"loose {os.urandom(4).hex()}")


def _under(tree: Path, commit: str, name: str) -> str:
    made = _loose(tree, commit)
    _git(tree, "update-ref", name, made)
    return f"{made}:ci.yml"


_seen("a commit that no branch reaches", lambda tree, commit: f"{_loose(tree, commit)}:ci.yml")
_seen("a commit that only a stash reaches", lambda tree, commit: _under(tree, commit, "refs/stash"))
_seen("a commit that only a note reaches", lambda tree, commit: _under(tree, commit, "refs/notes/evil"))
_seen("a commit that only somebody's open request reaches", lambda tree, commit: _under(tree, commit, "refs/pull/7/head"))
_seen("a commit by a shorter name", lambda tree, commit: f"{commit[:12]}:ci.yml")
_seen("a commit in capitals", lambda tree, commit: f"{commit.upper()}:ci.yml")
_seen("a commit by the name of its branch", lambda tree, commit: "main:ci.yml")
_seen("a tree's name in the commit's place", lambda tree, commit: f"{_git(tree, 'rev-parse', f'{commit}^{{tree}}')}:ci.yml")

# --- names of the forge and of files ----------------------------------------------------------------------------------------


def _asked(title: str, kind: str, **params: Any) -> None:
    """What a forge's handler asks for stays below the repository that people approved."""

    @case("T22", title)
    def prepare(world: World) -> Tried:
        def attack() -> None:
            asked: list[str] = []

            class Web:
                def send(self, method: str, url: str, **_: object) -> tuple[int, dict[str, str], bytes]:
                    asked.append(url)
                    return 404, {}, b'{"message": "Not Found"}'

            with contextlib.suppress(TrothError):
                handler(kind.removeprefix("forge.")).plan(request(kind, **{"repository": "o/n", **params}), Reader(http=Web(), secrets={"forge_token": TOKEN}))
            for url in asked:
                path = url.removeprefix("https://api.github.com/repos/o/n")
                assert path != url, url
                assert ".." not in path.split("/"), path
                assert "?" not in path, path
                assert "%2e" not in path.lower(), path

        return Tried(attack, lambda: runs(world, world.permit(world.planned())))


_asked("a branch to protect with a step up in the middle", "forge.protect-branch", branch="a/../../../user")
_asked("a branch to protect with a question behind", "forge.protect-branch", branch="main%3Fx=1?y")
_asked("a branch to protect with an encoded step up", "forge.protect-branch", branch="a/%2e%2e/%2e%2e/user")
_asked("a branch to protect with an encoded slash", "forge.protect-branch", branch="..%2f..%2fuser")


def _restricted(title: str, make: Callable[[Path], str]) -> None:
    @case("W1", title, *ANY)
    def prepare(world: World) -> Tried:
        room = Path(tempfile.mkdtemp(prefix="troth-modes-"))
        (room / "tree").mkdir()
        (room / "tree" / "key").write_text("x")
        (room / "tree" / "key").chmod(0o644)
        (room / "outside").write_text("x")
        (room / "outside").chmod(0o644)

        def ask(name: str) -> object:
            return handler("restrict-files").plan(request("repo.restrict-files", files=[name]), Reader(root=room / "tree"))

        return Tried(lambda: ask(make(room)), lambda: ask("key"))


def _link(room: Path) -> str:
    (room / "tree" / "link").symlink_to(room / "outside")
    return "link"


def _second_name(room: Path) -> str:
    os.link(room / "outside", room / "tree" / "twin")
    return "twin"


def _folder_link(room: Path) -> str:
    (room / "tree" / "up").symlink_to(room)
    return "up/outside"


_restricted("a link that leads out of the tree, to change its rights", _link)
_restricted("a second name of a file outside, to change its rights", _second_name)
_restricted("a folder's link out of the tree, to change rights there", _folder_link)
_restricted("a step up, to change rights there", lambda room: "../outside")


@case("T25", "a packed patch that is unpacked without an end")
def _bomb(world: World) -> Tried:
    import tracemalloc

    def attack() -> None:
        content = _packed(zlib.compress(b"\n" * (200 << 20), 9))
        tracemalloc.start()
        try:
            unpack(content)
        except Exception as error:
            assert getattr(error, "code", ""), error
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert most < 32 << 20, most

    return Tried(attack, lambda: unpack(pack(PLAIN)))
