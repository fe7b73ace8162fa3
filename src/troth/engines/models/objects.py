"""Pointers of Git LFS and the objects of a clone that they name. Nothing is fetched."""

from __future__ import annotations

import os
import re
import stat
from typing import Final

from troth.engines.git.repository import Repository

__all__ = ["object_path", "pointer_of"]

_POINTER: Final = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-[^\n]{1,200}\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n?\Z")


def pointer_of(data: bytes) -> tuple[str, int] | None:
    """Digest (hex) and size in bytes that a pointer stands for; None where the bytes are no whole pointer.

    The form is that of git-lfs (docs/spec.md of its repository): version first, then keys in order, less than 1,024 bytes in all.
    """
    found = _POINTER.match(data) if len(data) < 1_024 else None
    return (found[1].decode("ascii"), int(found[2])) if found else None


def object_path(repository: Repository, oid: str) -> str | None:
    """Path of an LFS object in the clone; None where it is not there, or is no regular file of its own."""
    if repository.git is None:
        return None
    answer = repository.git.try_run("rev-parse", "--git-common-dir")
    if not answer:
        return None
    folder = os.path.join(repository.root, os.fsdecode(answer).rstrip("\n"), "lfs", "objects")
    path = os.path.join(folder, oid[:2], oid[2:4], oid)
    try:
        status = os.lstat(path)
    except OSError:
        return None
    inside = os.path.realpath(path).startswith(os.path.realpath(os.path.dirname(os.path.dirname(folder))) + os.sep)
    return path if stat.S_ISREG(status.st_mode) and inside else None
