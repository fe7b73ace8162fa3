"""Digests that the project publishes for its model files, and whether they are right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["DigestState", "ModelDigests", "PublishedDigest"]


class DigestState(StrEnum):
    """How a published digest and the file agree. UNREAD: the bytes are not here, or beyond a limit."""

    RIGHT = "right"
    WRONG = "wrong"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class PublishedDigest:
    """A line that gives the SHA-256 of a model file of the tree.

    Attributes:
        place: the line.
        path: the model file.
        digest: hex digest as published.
        state: whether the file has it.
        text: the line, cut at 200 characters.
    """

    place: Place
    path: str
    digest: str
    state: DigestState
    text: str = ""

    @property
    def evidence(self) -> Evidence:
        """The line as evidence."""
        says = {
            DigestState.RIGHT: "{} has the digest that is published here.",
            DigestState.WRONG: "{} has another digest than the one that is published here.",
            DigestState.UNREAD: "Whether {} has the digest that is published here was not seen.",
        }[self.state]
        return Evidence(says.format(self.path), self.place, self.text)


@dataclass(frozen=True, slots=True)
class ModelDigests:
    """All such lines, by path and line."""

    published: tuple[PublishedDigest, ...] = ()

    def of(self, state: DigestState) -> tuple[PublishedDigest, ...]:
        """Those in one state."""
        return tuple(item for item in self.published if item.state is state)
