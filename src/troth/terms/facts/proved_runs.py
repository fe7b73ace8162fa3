"""What runs of a program showed, as signed files of `troth prove` tell it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Observation", "ProvedRuns"]


@dataclass(frozen=True, slots=True)
class Observation:
    """One guard, tried once.

    Attributes:
        control: id of the control that it decides.
        held: whether every attack was refused and a benign twin taken; None where the run could not tell.
        says: one sentence.
        program: `module:callable` that was run.
        commit: commit of the tree at the time; empty where it had uncommitted changes.
        finished: when, ISO 8601.
        lane: `walled` or `process` (weaker: the program was not isolated).
        source: name of the evidence file and its signer's key id.
    """

    control: str
    held: bool | None
    says: str
    program: str
    commit: str
    finished: str
    lane: str
    source: str


@dataclass(frozen=True, slots=True)
class ProvedRuns:
    """All observations of all files; always there, empty where none was handed over."""

    observations: tuple[Observation, ...] = ()
    problems: tuple[str, ...] = ()
