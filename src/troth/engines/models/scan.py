"""Judges model files on disk: each is opened once, by descriptor, as a regular file, and handed to `formats.judge`.

Directories are walked whole, whatever files are called. Links are followed only where they stay inside the named tree (as the caches of hubs do);
pipes, sockets and devices are `unreadable`. A file that changes while it is read is `unreadable`. Nothing is written, imported, executed or fetched.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from troth.errors import UsageError
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, UNREADABLE, Budget, Judgement, Reason

__all__ = ["Scanned", "paths_under", "scan", "scan_file"]

_SKIPPED_FOLDERS = frozenset((".git", ".hg", ".svn", "__pycache__", "node_modules"))
_MANY = 64
"""Number of files above which the work is spread over processes."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file and what was found.

    Attributes:
        path: as it was named, or found under the named directory.
        judgement: format, verdict and reasons.
        size: bytes; 0 where it could not be opened.
        sha256: hex digest, where it was asked for.
    """

    path: str
    judgement: Judgement
    size: int = 0
    sha256: str = ""


def paths_under(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(path, tree) of every file below the named paths; a file's tree is its own folder.

    Raises:
        UsageError: a named path does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"there is no {path}")
        if not os.path.isdir(path):
            yield path, os.path.dirname(path) or "."
            continue
        for folder, folders, files in os.walk(path, followlinks=False):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
            for name in sorted(files):
                yield os.path.join(folder, name), path


def _unreadable(path: str, code: str, says: str) -> Scanned:
    return Scanned(path, Judgement("unknown", UNREADABLE, (Reason(code, says),)))


def _inside(path: str, tree: str) -> bool:
    root = os.path.realpath(tree)
    # A hub's snapshot points to its blobs: ../../blobs/<digest>, beside the snapshots folder.
    roots = [root, *([root[: root.rindex("/snapshots/")]] if "/snapshots/" in root + "/" else [])]
    real = os.path.realpath(path)
    return any(real.startswith(base.rstrip("/") + "/") for base in roots)


def _open(path: str, tree: str) -> int | Scanned:
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        if os.path.islink(path):
            if not _inside(path, tree):
                return _unreadable(path, "link-outside", "a link that leaves the tree; scan its target by its own name")
        else:
            flags |= os.O_NOFOLLOW
        descriptor = os.open(path, flags)
    except OSError as error:
        return _unreadable(path, "open", f"cannot be opened: {error.strerror or error}")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return _unreadable(path, "not-a-file", "a pipe, socket, device or folder, not a regular file")
    return descriptor


def scan_file(path: str, tree: str = "", budget: Budget = BUDGET, digest: bool = False, name: str = "") -> Scanned:
    """Judge one file.

    Args:
        path: the file.
        tree: folder that links may not leave; the file's own folder where empty.
        budget: limits.
        digest: also compute its SHA-256.
        name: what the file is called where its path does not say it (an object of a store); the path where empty.
    """
    opened = _open(path, tree or os.path.dirname(path) or ".")
    if isinstance(opened, Scanned):
        return opened
    try:
        before = os.fstat(opened)
        found = judge(Source(opened, before.st_size), name or path, budget=budget)
        sha256 = _sha256(opened) if digest else ""
        after = os.fstat(opened)
    except OSError as error:
        return _unreadable(path, "read", f"cannot be read: {error.strerror or error}")
    finally:
        os.close(opened)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return _unreadable(path, "changed-while-read", "the file changed while it was read")
    return Scanned(path, found, before.st_size, sha256)


def _sha256(descriptor: int) -> str:
    digest, pos = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, 1 << 20, pos):
        digest.update(chunk)
        pos += len(chunk)
    return digest.hexdigest()


def _one(job: tuple[str, str, Budget, bool]) -> Scanned:
    return scan_file(*job)


def scan(
    paths: Sequence[str],
    *,
    budget: Budget = BUDGET,
    digest: bool = False,
    processes: int = 0,
    tell: Callable[[str, int, int], None] | None = None,
) -> list[Scanned]:
    """Judge every file below the named paths, in order.

    Args:
        paths: files and directories.
        budget: limits of each file.
        digest: also compute digests.
        processes: how many work at once; 0 = as many as there are processors, and one for few files.
        tell: called with what is done and how much there is.
    """
    jobs = [(path, tree, budget, digest) for path, tree in paths_under(paths)]
    workers = min(processes or (os.cpu_count() or 1), len(jobs))
    if workers < 2 or (not processes and len(jobs) < _MANY):
        found = []
        for job in jobs:
            found.append(_one(job))
            if tell is not None:
                tell("model files", len(found), len(jobs))
        return found
    return _spread(jobs, workers, tell)


def _spread(
    jobs: list[tuple[str, str, Budget, bool]], workers: int, tell: Callable[[str, int, int], None] | None
) -> list[Scanned]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    found: list[Scanned] = []
    with ProcessPoolExecutor(workers) as pool:
        waiting = [pool.submit(_one, job) for job in jobs]
        for job, future in zip(jobs, waiting, strict=True):
            try:
                found.append(future.result())
            except BrokenProcessPool:
                found.append(
                    _unreadable(
                        job[0], "reader-died", "a reading process died on this file or one beside it; scan it alone"
                    )
                )
            if tell is not None:
                tell("model files", len(found), len(jobs))
    return found
