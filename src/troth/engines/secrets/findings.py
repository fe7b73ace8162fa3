"""The types of a scan's result."""

from __future__ import annotations

from dataclasses import dataclass, field

from troth.engines.packs.faults import Coverage

__all__ = ["Finding", "Occurrence", "Report"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a secret. Everything is safe to show: texts have been redacted.

    Attributes:
        kind: `blob`, `commit`, `tag`, `tree` (a file's name), `file` (of the work tree), `ref`, `config`, `stdin`.
        object: object id, hex; empty for files.
        path: path in the tree; empty where it has none, or where it is not known.
        line: 1-based line of the match; 0 where lines mean nothing.
        how: encodings and containers that were undone, outermost first.
        commit: the first commit, by date, that has it; empty where none is known (a dangling object).
        author: who made that commit, as recorded.
        when: its author date, ISO 8601 in UTC.
        in_head: whether it is still in the commit checked out; None where that was not asked.
    """

    kind: str
    object: str = ""
    path: str = ""
    line: int = 0
    how: tuple[str, ...] = ()
    commit: str = ""
    author: str = ""
    when: str = ""
    in_head: bool | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret, wherever and however often it stands.

    Attributes:
        rule: id of the rule.
        title: what it is.
        provider: whose it is.
        tier: `provider`, `near` or `context`.
        proof: `proved` or `unverified` (nobody was asked).
        score: 0 to 1.
        fingerprint: keyed; the same secret has the same fingerprint wherever it stands, under the same key.
        occurrences: places, at most `collector.SHOWN`.
        count: how many places there are.
        allowed: reason for which a baseline or allow-list lets it pass; empty otherwise.
    """

    rule: str
    title: str
    provider: str
    tier: str
    proof: str
    score: float
    fingerprint: str
    occurrences: tuple[Occurrence, ...]
    count: int
    allowed: str = ""

    @property
    def key(self) -> str:
        """What a finding is known by: rule and fingerprint, never a line number."""
        return f"{self.rule}:{self.fingerprint}"


@dataclass(slots=True)
class Report:
    """Result of a scan.

    Attributes:
        what: what was scanned, one phrase (`history`, `work tree`, `staged changes`, a range).
        findings: by rule and fingerprint.
        coverage: what was read, and what was not.
        engine: matching engine.
        rules: number of rules.
        earlier: objects that an earlier run had read already (incremental cache).
        cut_off: commits at which a shallow clone ends: the history before them was not scanned.
        reader: which pack reader read the objects, `compiled` or `Python`; empty where no packs were read.
    """

    what: str
    findings: tuple[Finding, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    engine: str = ""
    rules: int = 0
    earlier: int = 0
    cut_off: int = 0
    reader: str = ""

    @property
    def unfinished(self) -> bool:
        """True where something that was asked for is known not to have been scanned."""
        return bool(self.coverage.missing or self.cut_off)

    @property
    def open(self) -> tuple[Finding, ...]:
        """Findings that nothing allows."""
        return tuple(finding for finding in self.findings if not finding.allowed)
