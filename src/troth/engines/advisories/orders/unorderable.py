"""What is raised where a text is no version."""

from __future__ import annotations

from troth.errors import FormatError

__all__ = ["UnorderableError"]


class UnorderableError(FormatError):
    """A text that has no place in the order of its ecosystem's versions; whoever compares says so, and decides nothing from it."""

    code = "version-unorderable"
    help = "The version is not one that the registry's rules order; what depends on it stays undecided."
