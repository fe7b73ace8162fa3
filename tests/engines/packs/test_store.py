"""The store reads exactly what `git cat-file` reads: packed, deltified, loose, borrowed, in worktrees, with SHA-1 and SHA-256."""

from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path

import pytest

from tests.engines.secrets.planted import Planted
from troth.engines.packs import Fault, Limits, ObjectStore, open_repository
from troth.errors import LookError

pytestmark = pytest.mark.usefixtures("walks")


class Everything:
    """A sink that keeps all whole objects, and rebuilds what it can from names and pieces."""

    margin = 64
    magics = ()

    def __init__(self) -> None:
        self.objects: dict[bytes, tuple[str, bytes]] = {}
        self.streams: dict[bytes, bytearray] = {}
        self.ranged = 0

    def screen(self, objects):
        return range(len(objects))

    def screen_batch(self, batch):
        return range(batch.count())

    def whole(self, kind, oid, data, ranges, number=-1):
        assert oid not in self.objects
        self.objects[oid] = (kind, data)
        self.ranged += ranges is not None
        return False

    def piece(self, oid, data, offset, last):
        stream = self.streams.setdefault(oid, bytearray())
        assert offset <= len(stream)
        stream[offset:] = data

    def plain(self, names):
        return False

    def names(self, fragments):
        return list(range(len(fragments)))

    def marked(self, oid):
        return False


def make(root: Path, *options: str) -> Planted:
    repository = Planted.__new__(Planted)
    repository.root = root
    root.mkdir(parents=True)
    repository.git("init", "-q", "-b", "main", *options)
    chance = random.Random(7)
    lines = [f"line {number} {chance.random()}" for number in range(400)]
    for number in range(25):
        lines[chance.randrange(400)] = f"changed in {number}"
        repository.file("src/a.txt", "\n".join(lines))
        repository.file(f"src/new{number}.txt", f"{number}\n" * 50)
        repository.file("bin", chance.randbytes(3000))
        repository.commit(f"commit {number}")
    repository.git("tag", "-a", "v1", "-m", "a tag")
    return repository


def read(root: Path, limits: Limits | None = None, **how) -> tuple[Everything, ObjectStore]:
    store = ObjectStore(open_repository(root, limits), limits, **how)
    sink, retry = Everything(), []
    for task in store.tasks(16):
        coverage, again = store.run(task, sink)
        store.coverage.add(coverage)
        retry += again
    store.coverage.add(store.retry(retry, sink))
    return sink, store


def of_git(repository: Planted) -> dict[bytes, tuple[str, bytes]]:
    ids = repository.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)").splitlines()
    found = {}
    for line in ids:
        oid, kind = line.split()
        raw = subprocess.run(
            ["git", "-C", str(repository.root), "cat-file", kind, oid], capture_output=True, check=True
        ).stdout
        found[bytes.fromhex(oid)] = (kind, raw)
    return found


def same(sink: Everything, truth: dict[bytes, tuple[str, bytes]]) -> None:
    assert set(sink.objects) == set(truth)
    for oid, thing in sink.objects.items():
        assert truth[oid] == thing


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
@pytest.mark.parametrize("form", ["loose", "packed", "ref deltas", "two packs", "index v1"])
def test_every_object_is_read_as_git_reads_it(tmp_path, options, form):
    repository = make(tmp_path / "r", *options)
    if form != "loose":
        repository.git("repack", "-q", "-a", "-d", "-f", "--depth=30", "--window=30")
    if form == "ref deltas":
        repository.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")
    if form == "two packs":
        repository.file("later.txt", "later\n")
        repository.commit("later")
        repository.git("repack", "-q")
    if form == "index v1":
        if options:
            pytest.skip("index version 1 is SHA-1 only")
        repository.git("-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f")
    sink, store = read(repository.root)
    truth = of_git(repository)
    same(sink, truth)
    assert store.coverage.complete
    assert store.coverage.objects.total() == len(truth) == store.count
    if form not in ("loose",):
        assert sink.ranged > 5


def test_an_object_in_two_packs_is_read_once(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a")
    repository.git("repack", "-q", "-a", "-f", "--depth=3")
    sink, store = read(repository.root)
    assert store.coverage.objects.total() == len(of_git(repository))
    same(sink, of_git(repository))


def test_a_linked_worktree_and_borrowed_objects_are_followed(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("worktree", "add", "-q", str(tmp_path / "w"), "-b", "other")
    assert open_repository(tmp_path / "w" / "src").common_dir == open_repository(repository.root).common_dir
    subprocess.run(["git", "clone", "-q", "--shared", str(repository.root), str(tmp_path / "c")], check=True)
    sink, store = read(tmp_path / "c")
    assert store.coverage.complete
    same(sink, of_git(repository))


def test_alternates_that_loop_or_lead_nowhere_end(tmp_path):
    repository = make(tmp_path / "r")
    objects = repository.root / ".git" / "objects"
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_text(f"{objects}\n../objects\n/does/not/exist\n\n# comment\n")
    _, store = read(repository.root)
    assert store.coverage.notes == ["an alternate object directory does not exist: its objects are missing"]


def test_a_shallow_clone_is_said(tmp_path):
    repository = make(tmp_path / "r")
    subprocess.run(["git", "clone", "-q", "--depth=2", f"file://{repository.root}", str(tmp_path / "s")], check=True)
    _, store = read(tmp_path / "s")
    assert any("shallow" in note for note in store.coverage.notes)
    assert not store.coverage.complete


def test_a_directory_without_repository_is_an_error(tmp_path):
    with pytest.raises(LookError):
        open_repository(tmp_path)


def test_a_large_blob_is_streamed_in_overlapping_pieces(tmp_path):
    repository = make(tmp_path / "r")
    big = random.Random(3).randbytes(1 << 20) + b"end"
    repository.file("big", big)
    repository.commit("big")
    limits = Limits(object_bytes=256 << 10, piece_bytes=64 << 10, overlap_bytes=1 << 10)
    for packed in (False, True):
        if packed:
            repository.git("-c", "core.bigFileThreshold=100k", "repack", "-q", "-a", "-d", "-f")
        sink, store = read(repository.root, limits)
        assert [hashlib.sha256(bytes(data)).digest() for data in sink.streams.values()] == [
            hashlib.sha256(big).digest()
        ]
        assert store.coverage.complete


def test_dropping_bases_changes_nothing_but_the_work(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")
    sink, store = read(repository.root, Limits(held_bytes=1))
    same(sink, of_git(repository))
    assert store.coverage.complete


def test_chains_over_the_limit_are_left_to_git(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")
    sink, store = read(repository.root, Limits(depth=2))
    same(sink, of_git(repository))
    assert any("through git" in note for note in store.coverage.notes)


def test_the_budget_stops_the_work_and_counts_the_rest(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f")
    _, store = read(repository.root, Limits(expanded_bytes=20_000))
    assert store.coverage.faults[Fault.BUDGET] > 0
    assert store.coverage.total == len(of_git(repository))


def test_only_wanted_objects_are_read(tmp_path):
    repository = make(tmp_path / "r")
    repository.git("repack", "-q", "-a", "-d", "-f")
    truth = of_git(repository)
    some = {oid for number, oid in enumerate(sorted(truth)) if number % 7 == 0}
    sink, store = read(repository.root, wanted=some.__contains__)
    assert set(sink.objects) == some
    assert store.coverage.objects.total() == len(some)
