"""What a run may know of the forge: its settings, or why there are none. Unlike `Forge` itself, this fact is always there, so that a control which files can decide too does not go blind without a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.terms.facts.forge_answer import NotSeen

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge

__all__ = ["ForgeShown"]


@dataclass(frozen=True, slots=True)
class ForgeShown:
    """The settings of the repository that is judged, where somebody let Troth look.

    Attributes:
        forge: what was seen; None where nothing was.
        gap: why nothing was seen; not used where `forge` is there.
        asked: somebody asked for the look, so that its failure is a failure of the run.
    """

    forge: Forge | None
    gap: NotSeen
    asked: bool = False
