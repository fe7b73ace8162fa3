"""Puts settings before inference: where the forge showed a setting, it decides; where it did not, files and history may.

Rules: a look that nobody asked for changes nothing; a look that was asked for and failed is the reason that an undecided verdict gives. Evidence from files stays with a verdict that settings leave open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.verdict import Unknown, Verdict

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge

__all__ = ["settings_or"]


def settings_or(shown: ForgeShown, judge: Callable[[Forge], Verdict], otherwise: Callable[[], Verdict]) -> Verdict:
    """The verdict of the settings, else that of files and history.

    Args:
        shown: what the forge showed.
        judge: decides from settings; Unknown where they do not say.
        otherwise: decides without them.
    """
    if shown.forge is None:
        other = otherwise()
        if isinstance(other, Unknown) and shown.asked:
            return replace(other, missing=shown.gap.missing, because=shown.gap.because)
        return other
    told = judge(shown.forge)
    if not isinstance(told, Unknown):
        return told
    other = otherwise()
    if not isinstance(other, Unknown):
        return other
    return replace(told, evidence=(*told.evidence, *other.evidence))
