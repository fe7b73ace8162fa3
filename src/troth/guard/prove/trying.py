"""How one door is tried: attacks that it has to refuse, benign twins that it has to take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["SECONDS", "refuses", "seen", "takes", "try_door"]

SECONDS: Final = 2.0
"""A refusal that takes longer is none: the work was done first."""


def seen(control: str, held: bool | None, says: str) -> dict[str, object]:
    """One observation: the control, whether it held (None = could not be told), one sentence."""
    return {"control": control, "held": held, "says": says[:300]}


def refuses(door: Callable[..., object], *values: object) -> bool:
    """Whether the door raises, soon. Running out of memory is no refusal: the work was begun."""
    begun = time.monotonic()
    try:
        door(*values)
    except MemoryError:
        return False
    except Exception:  # noqa: BLE001 - any exception is the door's refusal; which one is the program's own business
        return time.monotonic() - begun < SECONDS
    return False


def takes(door: Callable[..., object], *values: object) -> bool:
    """Whether the door lets the values in."""
    try:
        door(*values)
    except Exception:  # noqa: BLE001 - the twin was refused
        return False
    return True


def try_door(
    control: str,
    door: Callable[..., object],
    attacks: Iterable[tuple[object, ...]],
    twins: Iterable[tuple[object, ...]],
) -> dict[str, object]:
    """Try all attacks and twins, each a row of arguments. A door that takes no twin is no evidence: refusing everything keeps no promise."""
    tried, kept = list(attacks), list(twins)
    taken = [values for values in kept if takes(door, *values)]
    passed = [values for values in tried if not refuses(door, *values)]
    if not taken:
        return seen(control, None, "The door refused every benign twin, so its refusals prove nothing")
    if passed:
        return seen(
            control, False, f"{len(passed)} of {len(tried)} attacks passed, the first: {str(passed[0][0])[:60]!r}"
        )
    return seen(control, True, f"{len(tried)} attacks were refused, {len(taken)} of {len(kept)} benign twins taken")
