"""The advisory and the credit: drafted, scheduled, published, corrected or withdrawn; asked, named, anonymous or declined.

Rules: nothing is published while an embargo binds; what was published is corrected or withdrawn, never unpublished; a credit may be changed or taken
back until the advisory is out, and after that only by a correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Credit", "Publication", "credit_step", "legal", "legal_credit", "step"]


class Publication(StrEnum):
    """States of an advisory."""

    NONE = "none"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Credit(StrEnum):
    """States of the credit for the reporter."""

    NONE = "not asked"
    ASKED = "asked"
    NAMED = "named"
    ANONYMOUS = "anonymous"
    DECLINED = "declined"


OUT: Final = frozenset({Publication.PUBLISHED, Publication.CORRECTED, Publication.WITHDRAWN})
"""States of an advisory that the public has seen."""

_TABLE: Final[Mapping[Publication, Mapping[EventKind, Publication]]] = MappingProxyType(
    {
        Publication.NONE: {EventKind.ADVISORY_DRAFTED: Publication.DRAFT},
        Publication.DRAFT: {EventKind.ADVISORY_SCHEDULED: Publication.SCHEDULED, EventKind.ADVISORY_PUBLISHED: Publication.PUBLISHED},
        Publication.SCHEDULED: {
            EventKind.ADVISORY_DRAFTED: Publication.DRAFT,
            EventKind.ADVISORY_SCHEDULED: Publication.SCHEDULED,
            EventKind.ADVISORY_PUBLISHED: Publication.PUBLISHED,
        },
        Publication.PUBLISHED: {EventKind.ADVISORY_CORRECTED: Publication.CORRECTED, EventKind.ADVISORY_WITHDRAWN: Publication.WITHDRAWN},
        Publication.CORRECTED: {EventKind.ADVISORY_CORRECTED: Publication.CORRECTED, EventKind.ADVISORY_WITHDRAWN: Publication.WITHDRAWN},
        Publication.WITHDRAWN: {},
    }
)
_MOVES: Final = frozenset(kind for row in _TABLE.values() for kind in row)
_CREDIT: Final = frozenset({EventKind.CREDIT_ASKED, EventKind.CREDIT_ANSWERED, EventKind.CREDIT_REVOKED})


def legal(state: Publication) -> tuple[str, ...]:
    """Kinds that may move an advisory."""
    return tuple(kind.value for kind in _TABLE[state])


def step(state: Publication, event: Event, *, bound: bool) -> Publication:
    """The advisory after an event; `bound`: an embargo binds at the event's time.

    Raises:
        TransitionError: the event may not follow, or an embargo forbids it.
    """
    if event.kind not in _MOVES:
        return state
    after = _TABLE[state].get(event.kind)
    if after is None:
        raise refuse(event, "there is no draft yet." if state is Publication.NONE else f"the advisory is {state}.", legal(state))
    if event.kind is EventKind.ADVISORY_PUBLISHED and bound:
        raise refuse(event, "an embargo is in force.", (EventKind.EMBARGO_EXITED.value, EventKind.ADVISORY_SCHEDULED.value))
    when = event.moment("when")
    if event.kind is EventKind.ADVISORY_SCHEDULED and (when is None or when <= event.at):
        raise refuse(event, "an advisory is scheduled for the future.", legal(state))
    return after


def legal_credit(state: Credit, advisory: Publication) -> tuple[str, ...]:
    """Kinds that may move the credit."""
    if advisory in OUT:
        return ()
    kinds = [EventKind.CREDIT_ANSWERED]
    if state is Credit.NONE:
        kinds.insert(0, EventKind.CREDIT_ASKED)
    elif state is not Credit.ASKED:
        kinds.append(EventKind.CREDIT_REVOKED)
    return tuple(kind.value for kind in kinds)


def credit_step(state: Credit, event: Event, advisory: Publication) -> Credit:
    """The credit after an event. A reporter who says at intake how to be named answers before being asked.

    Raises:
        TransitionError: the event may not follow, or the advisory is out.
    """
    if event.kind not in _CREDIT:
        return state
    possible = legal_credit(state, advisory)
    if event.kind.value not in possible:
        why = "the advisory is out; a credit is then changed by a correction." if advisory in OUT else f"the credit is {state}."
        raise refuse(event, why, possible)
    if event.kind is EventKind.CREDIT_ANSWERED:
        return Credit(event.text("choice"))
    return Credit.ASKED
