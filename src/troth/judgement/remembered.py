"""What was found in a file's content, kept by the id of that content while somebody walks through many commits: nearly all files are the same from one to the next.

Off unless `remembering` is entered, and then only for files that are read from commits (`File.blob`): what lies on disk has no such id. What is kept depends on nothing but the content and the key, which names the question and everything else that the answer depends on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar, cast

__all__ = ["of_blob", "remembering"]

LIMIT: Final = 160 * 1024 * 1024
"""Sum of the weights that are kept."""
_BASE: Final = 300
"""Weight of an answer beside what it is said to hold, in bytes."""
T = TypeVar("T")


class _Memory:
    """Answers by key, the least recently used of which are forgotten first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.answers: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()

    def put(self, key: Hashable, answer: object, weight: int) -> None:
        """Keep an answer."""
        self.answers[key] = (answer, weight)
        self.held += weight
        while self.held > self.limit:
            _, (_, freed) = self.answers.popitem(last=False)
            self.held -= freed


_memory: _Memory | None = None


@contextmanager
def remembering(limit: int = LIMIT) -> Iterator[None]:
    """Remember until the block is left; blocks within it share its memory."""
    global _memory  # noqa: PLW0603 - one memory a process, as long as one walk through history takes
    before = _memory
    _memory = before or _Memory(limit)
    try:
        yield
    finally:
        _memory = before


def of_blob(blob: str, question: Hashable, weight: int, find: Callable[[], T]) -> T:
    """The answer to a question about a content: remembered, or found now.

    Args:
        blob: id of the content; empty where it has none, and then nothing is remembered.
        question: what is asked, with all that the answer depends on beside the content.
        weight: bytes that the answer may hold.
        find: finds it.
    """
    memory = _memory
    if memory is None or not blob:
        return find()
    key = (blob, question)
    if key in memory.answers:
        memory.answers.move_to_end(key)
        return cast("T", memory.answers[key][0])
    answer = find()
    memory.put(key, answer, max(weight, 0) + _BASE)
    return answer
