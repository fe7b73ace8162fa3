"""Examples in the project's own texts that load models: those which let a file run code."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["ModelExamples", "UnsafeExample"]


@dataclass(frozen=True, slots=True)
class UnsafeExample:
    """A line of an example that loads unsafely: where, by which rule of the code engine, that rule's sentence, and the line."""

    place: Place
    rule: str
    says: str
    text: str

    @property
    def evidence(self) -> Evidence:
        """The line as evidence."""
        return Evidence(f"The example loads unsafely: {self.says}", self.place, self.text)


@dataclass(frozen=True, slots=True)
class ModelExamples:
    """What the texts show.

    Attributes:
        unsafe: by path and line.
        unread: examples that speak of loading and could not be parsed, with their place.
    """

    unsafe: tuple[UnsafeExample, ...] = ()
    unread: tuple[Place, ...] = ()

    def of(self, *rules: str) -> tuple[UnsafeExample, ...]:
        """Those of the given rules."""
        return tuple(item for item in self.unsafe if item.rule in rules)
