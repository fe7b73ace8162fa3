"""Reports to authorities under Article 14 of Regulation (EU) 2024/2847: aware, decided, filed in three stages.

Rules: nothing runs before somebody is aware of active exploitation or of a severe incident, which is an event with its evidence; each stage is filed once;
whether a case is reportable, not, or reported freely (Article 15) is a decision by a human with a reason. The dates are `desk.clocks`' business. No legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Cra", "legal", "step"]

_CRA: Final = frozenset({EventKind.CRA_AWARE, EventKind.CRA_DECIDED, EventKind.CRA_MEASURE, EventKind.CRA_FILED})


@dataclass(frozen=True, slots=True)
class Cra:
    """What was noted for Article 14.

    Attributes:
        trigger: `exploited`, `incident`, or empty.
        aware: moment of awareness.
        decision: `reportable`, `not-reportable`, `voluntary`, or empty.
        measure: when a corrective or mitigating measure became available.
        filed: moment of filing, by stage.
    """

    trigger: str = ""
    aware: datetime | None = None
    decision: str = ""
    measure: datetime | None = None
    filed: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))


def legal(state: Cra) -> tuple[str, ...]:
    """Kinds that may follow."""
    if state.aware is None:
        return (EventKind.CRA_AWARE.value,)
    kinds = [EventKind.CRA_DECIDED] + ([EventKind.CRA_MEASURE] if state.measure is None else [])
    return tuple(kind.value for kind in (*kinds, *((EventKind.CRA_FILED,) if len(state.filed) < 3 else ())))


def step(state: Cra, event: Event) -> Cra:
    """The notes after an event.

    Raises:
        TransitionError: nobody is aware yet, a stage was filed already, a machine decided, or a moment lies in the future or before what it follows.
    """
    if event.kind not in _CRA:
        return state
    if event.kind is EventKind.CRA_AWARE:
        return _aware(state, event)
    if state.aware is None:
        raise refuse(event, "nobody has noted when the project became aware.", legal(state))
    if event.kind is EventKind.CRA_DECIDED:
        if not event.human:
            raise refuse(event, "whether a case is reportable is decided by a person.", legal(state))
        return replace(state, decision=event.text("decision"))
    if event.kind is EventKind.CRA_MEASURE:
        if state.measure is not None:
            raise refuse(event, "the measure was noted already.", legal(state))
        return replace(state, measure=_moment(event, "available_at"))
    return _filed(state, event)


def _aware(state: Cra, event: Event) -> Cra:
    if state.aware is not None:
        raise refuse(event, f"awareness was noted already ({state.trigger}).", legal(state))
    return replace(state, trigger=event.text("trigger"), aware=_moment(event, "aware_at"))


def _filed(state: Cra, event: Event) -> Cra:
    stage = event.text("stage")
    if stage in state.filed:
        raise refuse(event, f"the {stage} was filed already.", legal(state))
    if stage == "final" and "notification" not in state.filed:
        raise refuse(event, "the final report follows the notification.", legal(state))
    when = _moment(event, "filed_at")
    if state.aware is not None and when < state.aware:
        raise refuse(event, "nothing is filed before the project is aware.", legal(state))
    return replace(state, filed=MappingProxyType({**state.filed, stage: when}))


def _moment(event: Event, name: str) -> datetime:
    """The moment that an event names, or its own; never one in its future."""
    told = event.moment(name)
    if told is not None and told > event.at:
        raise refuse(event, f"{name} lies in the future.")
    return told or event.at
