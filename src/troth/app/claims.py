"""Looks up what a report cites in the real repository, at the version that the report names.

Rules: git's plumbing behind the wall of `engines.git` (nothing of the repository's configuration runs, nothing is fetched); names from a report reach git only
as fixed strings behind `-e`; files above 2 MiB and binary ones are not read; every answer is bounded. Where the version has no tag, HEAD is looked at, and said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from troth.desk.claims import Checked, Kind, Seen, check_claims, find_claims, summary
from troth.engines.git.command import Git
from troth.engines.git.repository import open_repository
from troth.errors import LookError

__all__ = ["ClaimCheck", "GitSources", "check_report", "sources_at"]

READ_LIMIT_BYTES: Final = 2 * 1024 * 1024
MAX_NAMES: Final = 120
MAX_PLACES: Final = 8
_DEFINES: Final = r"(?:^|[\s(])(?:def|fn|func|function|class|struct|enum|trait|interface|type|module|macro_rules!|sub|impl|const|let|var|val|#define|async|static|public|private|protected|void|int|char|bool|auto)\b[^\n]{0,80}?\b"


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """The list for the board: where it was looked, each claim, one sentence."""

    label: str
    checked: tuple[Checked, ...]
    says: str


@dataclass
class GitSources:
    """A repository at one commit, as `desk.claims` wants it.

    Attributes:
        git: read-only access.
        commit: full id. label: for people.
        tags: names of all tags.
    """

    git: Git
    commit: str
    label: str
    tags: tuple[str, ...]
    _blobs: dict[str, str] = field(default_factory=dict)

    def paths(self) -> Iterable[str]:
        """All files of the commit; submodules and links left out."""
        if not self._blobs:
            for record in self.git.run("ls-tree", "-r", "-z", "--full-tree", self.commit).split(b"\0")[:-1]:
                head, _, raw = record.partition(b"\t")
                mode, _, blob = head.decode("ascii").split(" ")
                if mode in ("100644", "100755"):
                    self._blobs[os.fsdecode(raw)] = blob
        return self._blobs.keys()

    def line_count(self, path: str) -> int | None:
        """Lines of a file; None for what is binary, large or not there."""
        self.paths()
        blob = self._blobs.get(path)
        size = self.git.try_run("cat-file", "-s", blob) if blob else None
        if blob is None or size is None or int(size) > READ_LIMIT_BYTES:
            return None
        data = self.git.try_run("cat-file", "blob", blob)
        if data is None or b"\0" in data[:8_000]:
            return None
        return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))

    def find(self, names: Sequence[str]) -> dict[str, tuple[Seen, ...]]:
        """Places of whole words; definitions first."""
        wanted = [name for name in names if re.fullmatch(r"[\w$-]{2,120}", name)][:MAX_NAMES]
        found: dict[str, list[Seen]] = {}
        if not wanted:
            return {}
        patterns = [part for name in wanted for part in ("-e", name)]
        output = self.git.try_run("grep", "-n", "-z", "-F", "-I", "--no-color", "--no-textconv", "--full-name", "-m", "200", *patterns, self.commit)
        tests = {name: (re.compile(rf"(?<![\w$-]){re.escape(name)}(?![\w$])"), re.compile(_DEFINES + re.escape(name) + r"\b|(?<![\w.])" + re.escape(name) + r"\s*(?:=(?!=)|:=|:\s*(?:function|async|\())")) for name in wanted}
        for line in (output or b"").split(b"\n"):
            parts = line.split(b"\0")
            if len(parts) != 3 or not parts[1].isdigit():
                continue
            path, text = os.fsdecode(parts[0].removeprefix(self.commit.encode() + b":")), parts[2][:2_000].decode("utf-8", "replace")
            for name, (occurs, defines) in tests.items():
                if name in text and occurs.search(text):
                    found.setdefault(name, []).append(Seen(path, int(parts[1]), defines.search(text) is not None))
        return {name: tuple(sorted(places, key=lambda one: not one.defines)[:MAX_PLACES]) for name, places in found.items()}

    def has_version(self, version: str) -> bool:
        """A tag names it."""
        return _tag_of(version, self.tags) is not None

    def has_commit(self, commit: str) -> bool:
        """The commit is there."""
        return bool(re.fullmatch(r"[0-9a-f]{7,40}", commit)) and self.git.try_run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None


def _tag_of(version: str, tags: Sequence[str]) -> str | None:
    """The tag of a version: itself, with a `v`, or behind a name (`leaf-1.2.3`, `leaf/v1.2.3`, `leaf@1.2.3`)."""
    exact = re.compile(rf"(?:.*[-_/@])?v?{re.escape(version)}(?:\.0)?\Z", re.IGNORECASE)
    return next((tag for tag in sorted(tags, key=len) if exact.match(tag)), None)


def sources_at(root: Path, version: str = "") -> GitSources:
    """The repository at a version; at HEAD where no version is given or none has its tag.

    Raises:
        UsageError: `root` is no directory.
        LookError: no git repository, or one without a commit.
    """
    repository = open_repository(root)
    git = repository.need_git()
    if repository.commit is None:
        raise LookError("a first commit", "The repository has no commit yet.")
    tags = tuple(os.fsdecode(line) for line in git.run("for-each-ref", "--format=%(refname:strip=2)", "refs/tags").split(b"\n") if line)[:50_000]
    tag = _tag_of(version, tags) if version else None
    commit = git.try_run("rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}") if tag else None
    if commit is not None:
        return GitSources(git, commit.decode("ascii").strip(), f"{version} (tag {tag})", tags)
    note = f" ({version} has no tag)" if version else ""
    return GitSources(git, repository.commit, f"HEAD {repository.commit[:12]}{note}", tags)


def check_report(root: Path, text: str, version: str = "") -> ClaimCheck:
    """Look up everything that a report cites.

    Args:
        root: the repository.
        text: the report; data.
        version: the one that the reporter tested; else the first that the text names and that has a tag.

    Raises:
        UsageError, LookError: see `sources_at`.
    """
    claims = find_claims(text)
    if not version:
        version = next((claim.name for claim in claims if claim.kind is Kind.VERSION), "")
    sources = sources_at(root, version)
    checked = check_claims(claims, sources)
    return ClaimCheck(sources.label, checked, summary(checked, sources.label))
