"""What is not history: the files of a work tree, what is staged, the changes of a range of commits, a stream.

Files are opened without following symbolic links, read in pieces where they are large, and never executed or filtered.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

from troth.detectors.scanner import Scanner, default
from troth.engines.packs.faults import Coverage, Fault, Limits
from troth.engines.secrets.collector import Collector, make_findings
from troth.engines.secrets.findings import Occurrence, Report
from troth.engines.secrets.fingerprint import Fingerprints, local_key
from troth.engines.secrets.safe import SafeText
from troth.errors import LookError, UsageError

if TYPE_CHECKING:
    from troth.engines.packs.layout import Repository

__all__ = ["scan_range", "scan_staged", "scan_stream", "scan_tree"]

WHOLE = 64 << 20
PIECE = 8 << 20
OVERLAP = 16 << 10
NAMES = 128
SMALL = 32 << 10
"""Files up to this size are asked about as quickly as can be first: looking twice costs less than looking closely at each."""
NOT_SCANNED = frozenset({".git", ".hg", ".svn"})


def scan_tree(path: Path, key: bytes = b"", scanner: Scanner | None = None) -> Report:
    """Scan a file, or the files of a directory: tracked and untracked, not ignored, where git can tell; all files otherwise.

    Raises:
        UsageError: the path does not exist.
    """
    scanner = scanner or default()
    collector, coverage = Collector(scanner, Fingerprints(key or local_key())), Coverage()
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    root = path if path.is_dir() else path.parent
    names = list(_files(path, coverage)) if path.is_dir() else [os.fsencode(path.name)]
    for at in range(0, len(names), NAMES):
        some = names[at : at + NAMES]
        named = not collector.clean_names(some)  # nearly no name is a secret, so many are asked about together
        for name in some:
            _one(os.fspath(root), name, named, collector, coverage)
    return _report("work tree", collector, coverage, scanner)


def scan_stream(stream: IO[bytes], key: bytes = b"", scanner: Scanner | None = None) -> Report:
    """Scan standard input, in pieces; bounded memory."""
    scanner = scanner or default()
    collector, coverage = Collector(scanner, Fingerprints(key or local_key())), Coverage()
    _pieces(stream, Occurrence("stdin"), collector, coverage)
    coverage.objects["stdin"] += 1
    return _report("standard input", collector, coverage, scanner)


def scan_staged(path: Path, key: bytes = b"", scanner: Scanner | None = None) -> Report:
    """Scan what the next commit would add: secrets in staged files that the same file does not have in HEAD.

    Raises:
        LookError: no repository, or git did not answer.
    """
    from troth.engines.packs.layout import open_repository

    scanner = scanner or default()
    repository = open_repository(path)
    rows = _raw(repository, "diff", "--cached")
    return _changes("staged changes", repository, rows, (), (scanner, key))


def scan_range(path: Path, revisions: str, key: bytes = b"", scanner: Scanner | None = None) -> Report:
    """Scan what the commits of a range (`A..B`) add, file by file and message by message.

    Raises:
        LookError: no repository, or git does not know the range.
        UsageError: the range is not one.
    """
    from troth.engines.packs.layout import open_repository

    if revisions.startswith("-") or not revisions or any(char in revisions for char in "\n\0 "):
        raise UsageError("A range is two revisions with two dots between them, such as main..HEAD.")
    scanner = scanner or default()
    repository = open_repository(path)
    rows = _raw(repository, "log", "--format=", "--diff-merges=first-parent", "--root", revisions)
    commits = _output(repository, "rev-list", revisions, "--").split()
    return _changes(f"commits {SafeText(scanner)(revisions)}", repository, rows, commits, (scanner, key))


def _report(what: str, collector: Collector, coverage: Coverage, scanner: Scanner) -> Report:
    records, _, cut = collector.drain()
    if cut:
        coverage.note(
            f"{cut} container(s) (zip, gzip, pickle ...) were damaged, encrypted or over the limits and only read in part"
        )
    merged = {(record.rule.id, record.fingerprint): record for record in records}
    return Report(what, make_findings(merged, SafeText(scanner)), coverage, scanner.engine, len(scanner.rules))


def _files(root: Path, coverage: Coverage) -> Iterable[bytes]:
    """Names of files below a directory: from git where it is a repository, from the directory otherwise."""
    import subprocess

    from troth.engines.packs.catfile import environment, git_command
    from troth.engines.packs.layout import open_repository

    try:
        repository = open_repository(root)
    except LookError:
        return _walk(root, coverage)
    if repository.bare:
        return _walk(root, coverage)
    command = [*git_command("-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard")]
    env = environment(repository) | {"GIT_WORK_TREE": str(repository.root)}
    try:
        done = subprocess.run(command, env=env, capture_output=True, check=False, timeout=300)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return _walk(root, coverage)
    if done.returncode:
        return _walk(root, coverage)
    return dict.fromkeys(name for name in done.stdout.split(b"\0") if name)


def _walk(root: Path, coverage: Coverage) -> Iterator[bytes]:
    def failed(_error: OSError) -> None:
        coverage.fault(Fault.ABSENT)
        coverage.note("a directory could not be read")

    for folder, folders, names in os.walk(os.fsencode(root), onerror=failed):
        folders[:] = sorted(name for name in folders if os.fsdecode(name) not in NOT_SCANNED)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), os.fsencode(root))


_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _place(name: bytes) -> Occurrence:
    text = os.fsdecode(name)
    return Occurrence("file", path=text if os.sep == "/" else text.replace(os.sep, "/"))


def _one(root: str, name: bytes, named: bool, collector: Collector, coverage: Coverage) -> None:
    """Scan one file.

    Args:
        root: directory.
        name: below it.
        named: whether its name is to be scanned as well.
        collector: who looks.
        coverage: to be counted in.
    """
    path = f"{root}{os.sep}{os.fsdecode(name)}"
    if named:
        collector.name(name, _place(name))
    try:
        if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):
            collector.text(os.fsencode(os.readlink(path)), _place(name))
            return
        handle = os.open(path, _FLAGS)
    except OSError:
        _not_opened(path, _place(name), collector, coverage)
        return
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return
        if status.st_size <= WHOLE:
            data = _whole(handle, status.st_size)
            coverage.bytes["file"] += len(data)
            if len(data) > SMALL or not collector.clean(data):
                collector.text(data, _place(name))
        else:
            with os.fdopen(handle, "rb", closefd=False) as file:
                _pieces(file, _place(name), collector, coverage)
    except OSError:
        _not_opened(path, _place(name), collector, coverage)
        return
    finally:
        os.close(handle)
    coverage.objects["file"] += 1


def _whole(handle: int, size: int) -> bytes:
    """A file of about `size` bytes, up to `WHOLE` of them; asked for with one byte more than it should have, so that most take two calls."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    left = WHOLE - len(data)
    while data and left > 0:
        data = os.read(handle, min(left, PIECE))
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _not_opened(path: str, place: Occurrence, collector: Collector, coverage: Coverage) -> None:
    """A symbolic link (its target may be the secret), a submodule, or a fault."""
    try:
        if os.path.islink(path):
            collector.text(os.fsencode(os.readlink(path)), place)
            return
    except OSError:
        pass  # gone meanwhile: the fault below
    if os.path.isdir(path):
        return  # a submodule: its own repository
    coverage.fault(Fault.ABSENT)
    coverage.note("some files that git lists could not be read (deleted, or no permission)")


def _pieces(file: IO[bytes], place: Occurrence, collector: Collector, coverage: Coverage) -> None:
    carry = b""
    while data := file.read(PIECE):
        coverage.bytes["file"] += len(data)
        collector.text(carry + data, place)
        carry = data[-OVERLAP:]


def _output(repository: Repository, *arguments: str) -> bytes:
    import subprocess

    from troth.engines.packs.catfile import environment, git_command

    try:
        done = subprocess.run(  # noqa: S603 - no shell; revisions were checked not to be options
            git_command(*arguments), env=environment(repository), capture_output=True, timeout=600, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookError("a git executable that answers", f"git {arguments[0]} did not.") from error
    if done.returncode:
        raise LookError("revisions that git knows", f"git {arguments[0]} failed.")
    return done.stdout


def _raw(repository: Repository, *arguments: str) -> list[tuple[bytes, bytes, str]]:
    """(old blob, new blob, path) of a diff; zeros for none."""
    fixed = ("--raw", "-z", "--no-renames", "--no-abbrev", "--no-color", "--no-ext-diff", "--no-textconv")
    words = _output(repository, arguments[0], *fixed, *arguments[1:], "--").split(b"\0")
    found = []
    for head, path in pairwise(words):
        parts = head.lstrip(b"\n").split(b" ")
        if len(parts) == 5 and parts[0].startswith(b":") and parts[1] != b"160000":
            found.append((parts[2], parts[3], path.decode("utf-8", "replace")))
    return found


def _changes(
    what: str,
    repository: Repository,
    rows: list[tuple[bytes, bytes, str]],
    commits: Iterable[bytes],
    how: tuple[Scanner, bytes],
) -> Report:
    """Secrets in the new sides of changes that are not in their old sides."""
    from troth.engines.packs.catfile import read_objects

    scanner, key = how
    fingerprints = Fingerprints(key or local_key())
    collector, old, coverage = Collector(scanner, fingerprints), Collector(scanner, fingerprints), Coverage()
    before, after = _sides(rows)

    def take(kind: str, oid: bytes, data: bytes) -> None:
        coverage.objects[kind] += 1
        coverage.bytes[kind] += len(data)
        path = after.get(oid, "")
        collector.text(path.encode("utf-8", "replace"), Occurrence(kind, oid.hex(), path))
        collector.text(data, Occurrence(kind, oid.hex(), path))

    def known(_kind: str, oid: bytes, data: bytes) -> None:
        old.text(data, Occurrence("blob", oid.hex()))

    wanted = [*after, *(bytes.fromhex(oid.decode()) for oid in commits)]
    failed, large = read_objects(repository, wanted, Limits().object_bytes, take)
    read_objects(repository, before, Limits().object_bytes, known)
    for oid in failed:
        coverage.fault(Fault.ABSENT, oid.hex())
    for oid in large:
        coverage.fault(Fault.TOO_LARGE, oid.hex())
    there = {(record.rule.id, record.fingerprint) for record in old.records.values()}
    records = {mark: record for mark, record in collector.records.items() if mark not in there}
    return Report(what, make_findings(records, SafeText(scanner)), coverage, scanner.engine, len(scanner.rules))


def _sides(rows: list[tuple[bytes, bytes, str]]) -> tuple[list[bytes], dict[bytes, str]]:
    """Old blobs that no change of the same set made, and new blobs with a path."""
    after = {bytes.fromhex(new.decode()): path for _, new, path in rows if new.strip(b"0")}
    before = {bytes.fromhex(old.decode()) for old, _, _ in rows if old.strip(b"0")}
    return sorted(before - set(after)), after
