"""One machine per supported version line: to do, fix ready, released, not affected, will not be fixed.

Rules: a line is released only from a fix that was ready; a line that was settled is reopened with a reason (the fix was incomplete), and its clock then
runs from its first start. Of the whole case a fix is ready, or deployed, when it is so on every line that is affected: the AND over the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Line", "Lines", "fix_ready", "legal", "released", "settled", "step"]


class Line(StrEnum):
    """States of a supported version line."""

    TODO = "to do"
    FIX_READY = "fix ready"
    RELEASED = "released"
    NOT_AFFECTED = "not affected"
    WONT_FIX = "will not be fixed"


Lines = Mapping[str, Line]
"""Lines by name (`1.0.x`), in the order in which they were added."""

_TABLE: Final[Mapping[Line, Mapping[EventKind, Line]]] = MappingProxyType(
    {
        Line.TODO: {
            EventKind.LINE_FIX_READY: Line.FIX_READY,
            EventKind.LINE_NOT_AFFECTED: Line.NOT_AFFECTED,
            EventKind.LINE_WONT_FIX: Line.WONT_FIX,
        },
        Line.FIX_READY: {
            EventKind.LINE_RELEASED: Line.RELEASED,
            EventKind.LINE_NOT_AFFECTED: Line.NOT_AFFECTED,
            EventKind.LINE_WONT_FIX: Line.WONT_FIX,
            EventKind.LINE_REOPENED: Line.TODO,
        },
        Line.RELEASED: {EventKind.LINE_REOPENED: Line.TODO},
        Line.NOT_AFFECTED: {EventKind.LINE_REOPENED: Line.TODO},
        Line.WONT_FIX: {EventKind.LINE_REOPENED: Line.TODO},
    }
)
MOVES: Final = frozenset(kind for row in _TABLE.values() for kind in row) | {EventKind.LINE_ADDED}
MAX_LINES: Final = 200


def legal(lines: Lines) -> tuple[str, ...]:
    """Kinds that may move some line."""
    kinds = [EventKind.LINE_ADDED, *(kind for state in lines.values() for kind in _TABLE[state])]
    return tuple(dict.fromkeys(kind.value for kind in kinds))


def opened(names: Iterable[str]) -> Lines:
    """Lines that are all to do."""
    return MappingProxyType(dict.fromkeys(list(names)[:MAX_LINES], Line.TODO))


def step(lines: Lines, event: Event) -> Lines:
    """The lines after an event.

    Raises:
        TransitionError: the line is unknown, known already, or in another state than the event wants.
    """
    if event.kind not in MOVES:
        return lines
    name = event.text("line")
    if event.kind is EventKind.LINE_ADDED:
        if name in lines or len(lines) >= MAX_LINES:
            raise refuse(event, f"line {name} is there already." if name in lines else f"a case has at most {MAX_LINES} lines.", legal(lines))
        return MappingProxyType({**lines, name: Line.TODO})
    if name not in lines:
        raise refuse(event, f"there is no line {name[:60]}; there is {', '.join(lines) or 'none'}.", (EventKind.LINE_ADDED.value,))
    after = _TABLE[lines[name]].get(event.kind)
    if after is None:
        raise refuse(event, f"line {name} is {lines[name]}.", tuple(kind.value for kind in _TABLE[lines[name]]))
    return MappingProxyType({**lines, name: after})


def _affected(lines: Lines) -> list[Line]:
    return [state for state in lines.values() if state is not Line.NOT_AFFECTED]


def fix_ready(lines: Lines) -> bool:
    """Every line that is affected has its fix, and at least one is affected."""
    affected = _affected(lines)
    return bool(affected) and all(state in (Line.FIX_READY, Line.RELEASED) for state in affected)


def released(lines: Lines) -> bool:
    """Every line that is affected has its release, and at least one is affected."""
    affected = _affected(lines)
    return bool(affected) and all(state is Line.RELEASED for state in affected)


def settled(lines: Lines) -> bool:
    """Nothing is left to do on any line, whatever was decided for it."""
    return bool(lines) and all(state in (Line.RELEASED, Line.NOT_AFFECTED, Line.WONT_FIX) for state in lines.values())
