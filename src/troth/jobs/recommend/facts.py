"""What a module is given: findings that failed, and the texts of the files that it asked for. Data only; nothing here opens anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

__all__ = ["Complaint", "Facts", "Json", "Seen", "SourceFile", "digest"]

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
"""What JSON can hold."""


def digest(text: str) -> str:
    """SHA-256 of a text as UTF-8, hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the tree.

    Attributes:
        path: POSIX path relative to the root.
        text: exact content; UTF-8 both ways, a byte order mark and the line ends included.
        mode: git mode, `100644` or `100755`.
    """

    path: str
    text: str
    mode: str = "100644"

    @property
    def sha256(self) -> str:
        """Digest of its bytes, hex."""
        return digest(self.text)


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence of a finding: a place, what was seen there, the line. `path` stands in round brackets for what is no file."""

    path: str
    line: int
    says: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A finding that is to be mended.

    Attributes:
        fingerprint: its name, stable across runs.
        control: id of the control.
        verdict: `broken`, `partly` or `unknown`.
        how: in which way it fails; "" for `unknown`.
        policy: path of the policy; "" where the policy lies outside the tree.
        line: line of the sentence.
        quote: exact source text of the sentence.
        text: the sentence without markup.
        because: why, a sentence.
        mend: what `check` says about mending it.
        params: what the sentence asks for.
        evidence: the decisive first.
    """

    fingerprint: str
    control: str
    verdict: str
    how: str
    policy: str
    line: int
    quote: str
    text: str
    because: str
    mend: str = ""
    params: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    evidence: tuple[Seen, ...] = ()

    def word(self, name: str) -> str:
        """A parameter that is a text; "" otherwise."""
        value = self.params.get(name)
        return value if isinstance(value, str) else ""

    def words(self, name: str) -> tuple[str, ...]:
        """A parameter that is a list of texts (one text is a list of one)."""
        value = self.params.get(name)
        if isinstance(value, str):
            return (value,)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a module may know.

    Attributes:
        complaints: findings of the controls that the module named.
        files: texts of the files that it asked for, by path.
        paths: every path of the tree, sorted, with its git mode.
        commits: `owner/name@ref` (lower case up to the `@`) -> full commit id, as far as somebody could tell.
        repository: `owner/name` on the forge; "" where unknown.
        branch: the default branch; "" where unknown.
    """

    complaints: tuple[Complaint, ...] = ()
    files: Mapping[str, SourceFile] = field(default_factory=lambda: MappingProxyType({}))
    paths: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    commits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repository: str = ""
    branch: str = ""

    def matching(self, *patterns: str) -> tuple[SourceFile, ...]:
        """Files whose path matches a glob (`*` also matches `/`), by path."""
        return tuple(
            self.files[path] for path in sorted(self.files) if any(fnmatchcase(path, pattern) for pattern in patterns)
        )

    def of(self, *controls: str) -> tuple[Complaint, ...]:
        """Complaints of the controls."""
        return tuple(one for one in self.complaints if one.control in controls)
