"""Lists the files that count for a check and reads them safely.

What counts: in a work tree, what git tracks (as it lies there now) and what is neither tracked nor ignored; in a bare repository, HEAD;
in a plain directory, everything below it but the usual heaps of foreign files. Symlinks are never followed by the operating system:
one that names another file of the tree is resolved by name, once; anything else reads as nothing. Devices, FIFOs and files over 8 MiB read as nothing.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from troth.engines.git.blobs import blobs_of
from troth.engines.git.repository import Repository
from troth.errors import LookError
from troth.terms.facts.tree import File, Tree

__all__ = ["look"]

READ_LIMIT_BYTES: Final = 8 * 1024 * 1024
FILES_LIMIT: Final = 500_000
DIRTY_BUDGET_BYTES: Final = 64 * 1024 * 1024
_FOREIGN: Final = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", "__pycache__", ".mypy_cache")
)
_SYMLINK = "120000"
_SUBMODULE = "160000"


def look(repository: Repository) -> Tree:
    """All files that count, with a reader.

    Raises:
        LookError: the directory or the repository cannot be listed, or holds more than 500,000 files.
    """
    notes: tuple[str, ...] = ()
    if repository.git is None:
        files = _plain_files(repository.root)
        read: Callable[[str], bytes | None] = _disk_reader(repository.root)
    elif repository.bare:
        files, blobs = _committed_files(repository)
        read = _blob_reader(repository, blobs)
    else:
        files, notes, sparse = _work_tree_files(repository)
        read = _disk_reader(repository.root, _blob_reader(repository, sparse))
    ordered = dict(sorted(files.items()))
    return Tree(
        files=ordered,
        reader=_following_links(ordered, read),
        commit=repository.commit,
        dirty=_is_dirty(repository),
        notes=(*repository.notes, *notes),
        origin=repository.origin,
    )


def _is_dirty(repository: Repository) -> bool | None:
    """Whether the work tree differs from the commit, by content, or None where that would cost too much to tell.

    Git's own comparison may start a filter program that the configuration names, so the object ids are computed here.
    """
    if repository.git is None or repository.bare or repository.commit is None:
        return None
    git = repository.git
    committed = {
        path: blob
        for path, (blob, _) in _entries(git.run("ls-tree", "-r", "-z", "--full-tree", repository.commit)).items()
    }
    staged = _entries(git.run("ls-files", "-s", "-t", "-z"))
    if committed != {path: blob for path, (blob, _) in staged.items()}:
        return True
    budget = DIRTY_BUDGET_BYTES
    for path, (blob, tag) in staged.items():
        size, _link = _on_disk(repository.root, path)
        if tag == "S" or size is None:
            if tag != "S" and not (repository.root / path).is_dir():
                return True
            continue
        budget -= size
        if budget < 0 or size > READ_LIMIT_BYTES:
            return None
        if not _same(repository, path, blob):
            return True
    return False


def _entries(listing: bytes) -> dict[str, tuple[str, str]]:
    """(object id, tag) by path, from `ls-tree -z` (no tag) or `ls-files -s -t -z`; submodules left out."""
    entries = {}
    for record in listing.split(b"\0")[:-1]:
        head, _, raw = record.partition(b"\t")
        words = head.decode("ascii").split(" ")
        tag, mode, blob = (words[0], words[1], words[2]) if len(words) == 4 else ("H", words[0], words[2])
        if mode != _SUBMODULE:
            entries[os.fsdecode(raw)] = (blob, tag)
    return entries


def _same(repository: Repository, path: str, blob: str) -> bool:
    data = _disk_reader(repository.root)(path)
    if data is None:
        return True  # a device, or no permission: nothing to say of its content
    digest = hashlib.sha256 if len(blob) == 64 else hashlib.sha1
    for content in (data, data.replace(b"\r\n", b"\n")):  # a checkout may have changed line ends
        if digest(b"blob %d\0" % len(content) + content).hexdigest() == blob:
            return True
    committed = repository.need_git().try_run("cat-file", "blob", blob)
    return committed is not None and committed.startswith(b"version https://git-lfs.github.com/spec/")


def _work_tree_files(repository: Repository) -> tuple[dict[str, File], tuple[str, ...], dict[str, str]]:
    git = repository.need_git()
    files: dict[str, File] = {}
    sparse: dict[str, str] = {}
    deleted = 0
    # -t prints S for entries that a sparse checkout leaves out of the work tree: their content is in the commit.
    for record in git.run("ls-files", "-s", "-t", "-z").split(b"\0")[:-1]:
        head, _, raw = record.partition(b"\t")
        tag, mode, blob, _stage = head.decode("ascii").split(" ")
        path = os.fsdecode(raw)
        size, link = _on_disk(repository.root, path)
        if tag == "S":
            sparse[path] = blob
        elif size is None and mode != _SUBMODULE:
            deleted += 1
            continue
        files[path] = File(path, -1 if size is None else size, _SYMLINK if link else mode)
        _bounded(files)
    others = git.run("ls-files", "--others", "--exclude-standard", "-z")
    for raw in others.split(b"\0")[:-1]:
        path = os.fsdecode(raw)
        size, link = _on_disk(repository.root, path)
        if size is not None and not path.endswith("/"):
            files.setdefault(path, File(path, size, _SYMLINK if link else "100644", tracked=False))
            _bounded(files)
    notes = (f"{deleted} tracked files are missing from the work tree; they count as deleted.",) if deleted else ()
    return files, notes, sparse


def _bounded(files: dict[str, File]) -> None:
    if len(files) > FILES_LIMIT:
        raise LookError("a tree of at most 500,000 files", "The tree holds more files than that.")


def _on_disk(root: Path, path: str) -> tuple[int | None, bool]:
    """Size in bytes (None where nothing is there), and whether it is a link now, whatever the index says: the link is what would be read."""
    try:
        status = os.lstat(root / path)
    except (OSError, ValueError):
        return None, False
    return status.st_size, stat.S_ISLNK(status.st_mode)


def _committed_files(repository: Repository) -> tuple[dict[str, File], dict[str, str]]:
    files: dict[str, File] = {}
    blobs: dict[str, str] = {}
    if repository.commit is None:
        return files, blobs
    for record in (
        repository.need_git().run("ls-tree", "-r", "-l", "-z", "--full-tree", repository.commit).split(b"\0")[:-1]
    ):
        head, _, raw = record.partition(b"\t")
        mode, _kind, blob, size = head.decode("ascii").split()
        path = os.fsdecode(raw)
        files[path] = File(path, int(size) if size.isdigit() else -1, mode, blob=blob)
        blobs[path] = blob
        _bounded(files)
    return files, blobs


def _plain_files(root: Path) -> dict[str, File]:
    files: dict[str, File] = {}
    for path, status in _walk(root):
        mode = _SYMLINK if stat.S_ISLNK(status.st_mode) else "100755" if status.st_mode & stat.S_IXUSR else "100644"
        files[path] = File(path, status.st_size, mode, tracked=False)
        _bounded(files)
    return files


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError as error:
            if not folder:
                raise LookError("permission to read the directory", f"{error.strerror}: {root.name}.") from error
            continue
        for entry in entries:
            path = posixpath.join(folder, entry.name)
            status = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _FOREIGN:
                    pending.append(path)
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield path, status


def _disk_reader(
    root: Path, missing: Callable[[str], bytes | None] = lambda _path: None
) -> Callable[[str], bytes | None]:
    base = os.fspath(root)

    def read(path: str) -> bytes | None:
        full = os.path.join(base, path)
        try:
            if stat.S_ISLNK(os.lstat(full).st_mode):
                return os.fsencode(os.readlink(full))
            handle = os.open(
                full,
                os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),
            )
        except FileNotFoundError:
            return missing(path)
        except (OSError, ValueError):
            return None
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > READ_LIMIT_BYTES:
                return None
            return _all_of(handle, status.st_size)
        except OSError:
            return None
        finally:
            os.close(handle)

    return read


def _all_of(handle: int, size: int) -> bytes:
    """What an open file holds, up to the limit; one call where its size is as it was said to be."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    with open(handle, "rb", closefd=False) as file:
        return (data + file.read(READ_LIMIT_BYTES))[:READ_LIMIT_BYTES]


def _blob_reader(repository: Repository, blobs: dict[str, str]) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        blob = blobs.get(path)
        if blob is None:
            return None
        return blobs_of(repository.need_git()).read(blob, READ_LIMIT_BYTES)

    return read


def _following_links(files: dict[str, File], read: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
    @lru_cache(maxsize=4096)
    def follow(path: str) -> bytes | None:
        file = files.get(path)
        if file is None or file.mode == _SUBMODULE:
            return None
        data = read(path)
        if file.mode != _SYMLINK or data is None:
            return data
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(data)))
        linked = files.get(target)
        return None if linked is None or linked.mode in (_SYMLINK, _SUBMODULE) else read(target)

    return follow
