"""Runs of scanners that somebody else made, as their SARIF files tell them: who looked, with how many rules, when, at which commit, and whether the run went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ScanReports", "ScanRun"]


@dataclass(frozen=True, slots=True)
class ScanRun:
    """One run of one tool.

    Attributes:
        tool: name as the file gives it.
        version: of the tool; "" where it is not said.
        rules: how many rules the run had; none means that it looked for nothing.
        results: how many it found.
        errors: what went wrong in the run, each one line; any makes the run no evidence.
        finished: end of the run; None where the file does not say.
        commit: id of the commit that was scanned; "" where the file does not say.
        source: name of the file and SHA-256 of its bytes.
    """

    tool: str
    version: str
    rules: int
    results: int
    errors: tuple[str, ...]
    finished: datetime | None
    commit: str
    source: str

    @property
    def sound(self) -> bool:
        """It looked for something, and nothing went wrong."""
        return self.rules > 0 and not self.errors


@dataclass(frozen=True, slots=True)
class ScanReports:
    """All runs of all files that were handed to the check; always there, empty where none was handed over.

    Attributes:
        runs: in the order of the files.
        problems: files that could not be read, each with its reason; such a file is never evidence.
    """

    runs: tuple[ScanRun, ...] = ()
    problems: tuple[str, ...] = ()
