"""What takes the objects of a repository: the interface between reading packs (`walk`) and looking at what is read (`engines.secrets`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from troth.engines.packs.delta import Ranges

if TYPE_CHECKING:
    from troth.engines.packs._native import Walker

__all__ = ["Sink", "Waiting"]

Waiting = tuple[int, int, str, bytes, Ranges | None]
"""An object that waits to be looked at: entry, entry of its base (-1: none), kind, content, where it differs from its base (None = anywhere)."""


class Sink(Protocol):
    """What takes the objects."""

    margin: int
    """How much context around a change the sink needs, in bytes."""
    magics: tuple[bytes, ...]
    """First bytes of blobs (besides tar archives) that `batch.containers` is to name."""

    def screen(self, objects: Sequence[Waiting]) -> Collection[int]:
        """Tell quickly which of some objects have to be looked at one by one; `whole` is called for these, and need not be for the others."""
        ...

    def screen_batch(self, batch: Walker) -> Collection[int]:
        """As `screen`, for a batch of the compiled walk: its buffer is the text of all small parts, `where` tells whose an offset is, `parts` names the large ones."""
        ...

    def whole(self, kind: str, oid: bytes, data: bytes, ranges: Ranges | None, number: int = -1) -> bool:
        """Take one object.

        Args:
            kind: `blob`, `commit`, `tag` or `tree`.
            oid: object id.
            data: content.
            ranges: where it differs from an object that this sink already took and for which it answered False; None = look at everything.
            number: its number in what `screen` was given last, where it was screened with the same ranges.

        Returns:
            True where objects made from this one must be looked at as a whole.
        """
        ...

    def piece(self, oid: bytes, data: bytes, offset: int, last: bool) -> None:
        """Take a piece of a blob too large to be held; consecutive pieces overlap by `Limits.overlap_bytes`."""
        ...

    def plain(self, names: bytes) -> bool:
        r"""Whether `names` would want none of the trees whose new parts stand in `names`, one after another with `\0\n\0` between them."""
        ...

    def names(self, fragments: list[bytes]) -> list[int]:
        """Take the new parts of some trees as they are stored in their deltas; returns which of these trees are wanted as a whole."""
        ...

    def marked(self, oid: bytes) -> bool:
        """For an object that is not handed over again (read in an earlier run): what `whole` answered then."""
        ...
