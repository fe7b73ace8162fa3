"""Digests that files of the tree give for its models (`SHA256SUMS`, `model.pt.sha256`, tables of a model card), compared with the files.

A line counts where it holds one SHA-256 in hex and the name of exactly one model file of the tree; what speaks of a file that is not here says nothing. A pointer of Git LFS gives its own digest; other files are read,
up to a limit in all, which leaves the rest unread. Nothing is loaded.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterator
from typing import Final

from troth.engines.git.repository import Repository
from troth.engines.models.look import is_model
from troth.engines.models.objects import pointer_of
from troth.terms.facts.model_digests import DigestState, ModelDigests, PublishedDigest
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["HASH_LIMIT_BYTES", "look"]

HASH_LIMIT_BYTES: Final = 2 * 1024 * 1024 * 1024
_LISTS: Final = re.compile(r"(?:^|/)(?:sha256sums?|checksums?|digests?|hashes)[^/]*\Z|\.(?:sha256|sha256sum|sha256sums)\Z|(?:^|/)(?:readme|model[_-]?card|modelcard|security)[^/]*\.(?:md|markdown|rst|txt)\Z", re.IGNORECASE)
_DIGEST: Final = re.compile(r"(?<![0-9A-Za-z])([0-9a-fA-F]{64})(?![0-9A-Za-z])")
_NAME: Final = re.compile(r"[\w.@+-]+(?:/[\w.@+-]+)*")
_FILE_LIMIT: Final = 1024 * 1024


def look(repository: Repository, tree: Tree) -> ModelDigests:
    """Compare every published digest with its file."""
    models = [path for path, file in tree.files.items() if is_model(path) and file.mode in ("100644", "100755")]
    if not models:
        return ModelDigests()
    left, known = HASH_LIMIT_BYTES, {}
    found = []
    for path, file in tree.files.items():
        if not _LISTS.search(path) or not 0 < file.size < _FILE_LIMIT:
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            for digest, model in _named(path, line, models):
                if model not in known:
                    size = tree.files[model].size
                    left -= size
                    known[model] = _sha256(repository, tree, model) if left >= 0 else None
                actual = known[model]
                state = DigestState.UNREAD if actual is None else DigestState.RIGHT if actual == digest.lower() else DigestState.WRONG
                found.append(PublishedDigest(Place(path, number), model, digest.lower(), state, line.strip()[:200]))
    return ModelDigests(tuple(found))


def _named(path: str, line: str, models: list[str]) -> Iterator[tuple[str, str]]:
    """The digest and the model of a line that gives one of each."""
    digests = _DIGEST.findall(line[:2_000])
    if len(digests) != 1:
        return
    folder = posixpath.dirname(path)
    words = {posixpath.normpath(word) for word in _NAME.findall(line[:2_000]) if is_model(word) or "." in word}
    hits = {model for model in models for word in words if model in (word, posixpath.join(folder, word))}
    if not hits:
        names = {posixpath.basename(word) for word in words}
        hits = {model for model in models if posixpath.basename(model) in names}
    own = re.sub(r"\.sha256(?:sums?)?\Z", "", path)
    if not hits and own in models:
        hits = {own}
    if len(hits) == 1:
        yield digests[0], hits.pop()


def _sha256(repository: Repository, tree: Tree, path: str) -> str | None:
    """Digest of a file, or the one that its LFS pointer names; None where it cannot be had."""
    if tree.files[path].size < 1_024:
        pointer = pointer_of(tree.reader(path) or b"")
        if pointer is not None:
            return pointer[0]
    if repository.bare:
        data = tree.reader(path)
        return None if data is None else hashlib.sha256(data).hexdigest()
    try:
        descriptor = os.open(os.path.join(repository.root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        digest, pos = hashlib.sha256(), 0
        while chunk := os.pread(descriptor, 1 << 20, pos):
            digest.update(chunk)
            pos += len(chunk)
            if pos > HASH_LIMIT_BYTES:
                return None
        return digest.hexdigest()
    except OSError:
        return None
    finally:
        os.close(descriptor)
