"""Verifies the evidence of a request: the executor looks itself, and believes digests of bytes that it has read.

* `file`, `PATH`: a regular file of the tenant's tree (opened below it, whatever its links), its digest, and the quoted text within;
* `git`, `COMMIT:PATH` or `COMMIT:PATH#L3-L9`: the commit is of the tenant's repository, the path a file in it, the digest that of the file or of those lines with their
  ends, and the quoted text within;
* `http`, an address: refused unless the job type declares the host; then fetched by `troth.jobs.egress`.

A tenant's evidence is looked for in that tenant's tree only. It reads, and runs nothing of the tree; git runs behind the wall of `troth.engines.git`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.engines.git.command import Git, find_git
from troth.errors import GuardError, LookError
from troth.guard.paths import Root
from troth.jobs.handler import Web
from troth.jobs.refusals import EgressError, JobEvidenceError
from troth.jobs.request import EvidenceItem

__all__ = ["Witness", "verify_evidence"]

LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Largest file that is evidence."""

_TAKEN: Final = ("refs/heads", "refs/tags", "refs/remotes/origin")
"""Branches and tags. What lies elsewhere (pull requests, changes under review, notes, what was laid aside) may be anybody's."""
_GIT: Final = re.compile(r"(?P<commit>[0-9a-f]{40}|[0-9a-f]{64}):(?P<path>[^\x00\n#]{1,1024})(?:#L(?P<first>[1-9][0-9]{0,6})(?:-L(?P<last>[1-9][0-9]{0,6}))?)?")


@dataclass(frozen=True, slots=True)
class Witness:
    """Where evidence is looked for.

    Attributes:
        root: the tenant's tree; None where there is none, and files and commits prove nothing.
        http: the network, None where the job type names no host.
    """

    root: Path | None = None
    http: Web | None = None


def verify_evidence(evidence: tuple[EvidenceItem, ...], witness: Witness) -> None:
    """Look at every piece.

    Raises:
        JobEvidenceError: `no-tree`, `locator`, `not-there`, `digest`, `quote` or `http`: one is not what the request says.
    """
    for piece in evidence:
        content = _READERS[piece.kind](piece, witness)
        if hashlib.sha256(content).hexdigest() != piece.sha256:
            raise JobEvidenceError("digest", "A piece of evidence has another digest than the request says.")
        if piece.quote and piece.quote.encode("utf-8") not in content:
            raise JobEvidenceError("quote", "A piece of evidence does not hold the text that the request quotes.")


def _tree(witness: Witness) -> Path:
    if witness.root is None:
        raise JobEvidenceError("no-tree", "The executor has no tree of this tenant to look into.")
    return witness.root


def _file(piece: EvidenceItem, witness: Witness) -> bytes:
    try:
        with Root(_tree(witness)) as root, root.open(piece.locator) as file:
            content = file.read(LIMIT_BYTES + 1)
    except (GuardError, OSError, ValueError) as error:
        raise JobEvidenceError("not-there", "A file of the evidence is not in the tenant's tree.") from error
    return _bounded(content if isinstance(content, bytes) else content.encode("utf-8"))


def _git(piece: EvidenceItem, witness: Witness) -> bytes:
    found = _GIT.fullmatch(piece.locator)
    if found is None or found["path"].startswith(("/", ":", "./", "../")):
        raise JobEvidenceError("locator", "A place in the history is COMMIT:PATH, perhaps with #L3-L9.")
    try:
        content = _blob(Git(_tree(witness), find_git()), found["commit"], found["path"])
    except (LookError, ValueError) as error:
        raise JobEvidenceError("not-there", "A commit or a file of the evidence is not in the tenant's repository.") from error
    if not found["first"]:
        return content
    lines = content.splitlines(keepends=True)
    first, last = int(found["first"]), int(found["last"] or found["first"])
    if not first <= last <= len(lines):
        raise JobEvidenceError("not-there", "The lines of the evidence are not in the file.")
    return b"".join(lines[first - 1 : last])


def _blob(git: Git, commit: str, path: str) -> bytes:
    top = git.run("rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
    if Path(top).resolve() != git.root.resolve():
        raise JobEvidenceError("no-tree", "The tenant's tree is no repository of its own.")
    git.run("cat-file", "-e", f"{commit}^{{commit}}")
    if not git.run("for-each-ref", "--count=1", f"--contains={commit}", *_TAKEN) and git.try_run("merge-base", "--is-ancestor", commit, "HEAD") is None:
        # Objects that no branch or tag reaches may have been pushed by anyone (a fork, a rejected request).
        raise JobEvidenceError("not-there", "No branch or tag of the tenant's repository holds the commit.")
    if int(git.run("cat-file", "-s", f"{commit}:{path}")) > LIMIT_BYTES:
        raise JobEvidenceError("size", "A piece of evidence is too large.")
    return git.run("cat-file", "blob", f"{commit}:{path}")


def _http(piece: EvidenceItem, witness: Witness) -> bytes:
    if witness.http is None:
        raise JobEvidenceError("http", "This type of job takes no evidence from the network.")
    try:
        status, _, content = witness.http.send("GET", piece.locator)
    except EgressError as error:
        raise JobEvidenceError("http", f"Evidence cannot be fetched: {error.says}") from error
    if status != 200:
        raise JobEvidenceError("not-there", "The address of the evidence answers something else than its content.")
    return _bounded(content)


def _bounded(content: bytes) -> bytes:
    if len(content) > LIMIT_BYTES:
        raise JobEvidenceError("size", "A piece of evidence is too large.")
    return content


_READERS: Final = {"file": _file, "git": _git, "http": _http}
