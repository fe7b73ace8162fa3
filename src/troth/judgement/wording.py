"""How a count is said in a verdict's reason."""

from __future__ import annotations

__all__ = ["several"]


def several(count: int, one: str, many: str) -> str:
    """`1 line logs`, `2 lines log`: the count with the words that go with it."""
    return f"{count} {one if count == 1 else many}"
