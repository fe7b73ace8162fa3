"""The embargo (EM of Vultron) and each participant's consent (PEC): proposed, active, revised, exited.

Rules:

* nothing is negotiated once the vulnerability or an exploit is public; an active embargo ends at that event, without anybody saying so. Observed attacks only
  advise to end it (`should_exit`);
* an end that has passed and an invitation that nobody answered lapse *when one looks* (`mode_at`, `consent_at`), not by an event: there is no timer to lose;
* an answer is never refused because it is late; the date by which one is asked for is never after the embargo's end;
* a longer embargo needs everyone's word again: who had agreed to the shorter one is LAPSED until then. A shorter one is covered by the old word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines.refusal import refuse

__all__ = ["Consent", "Embargo", "Invitation", "Mode", "Terms", "legal", "step"]


class Mode(StrEnum):
    """States of an embargo."""

    NONE = "none"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REVISE = "revise"
    EXITED = "exited"


class Consent(StrEnum):
    """What a participant said to the embargo."""

    NO_EMBARGO = "no embargo"
    INVITED = "invited"
    SIGNATORY = "signatory"
    LAPSED = "lapsed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Terms:
    """Until when, as an exact instant; and in whose zone it was agreed, to show it (never to reckon)."""

    until: datetime
    zone: str = "UTC"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One participant's consent; `rsvp` is the date by which an answer is asked for, None for no date."""

    consent: Consent
    rsvp: datetime | None = None


@dataclass(frozen=True, slots=True)
class Embargo:
    """An embargo as events left it.

    Attributes:
        mode: state.
        terms: what is in force, or was until it ended.
        proposal: what is on the table (PROPOSED, REVISE).
        participants: by id, in order of invitation.
        exited_at: when it was ended; None while it was not (it may have lapsed: see `mode_at`).
        attacked: attacks were observed.
    """

    mode: Mode = Mode.NONE
    terms: Terms | None = None
    proposal: Terms | None = None
    participants: Mapping[str, Invitation] = field(default_factory=lambda: MappingProxyType({}))
    exited_at: datetime | None = None
    attacked: bool = False

    def mode_at(self, now: datetime) -> Mode:
        """The state at a moment: what ran out has ended."""
        if self.mode in (Mode.ACTIVE, Mode.REVISE) and self.terms is not None and now >= self.terms.until:
            return Mode.EXITED
        if self.mode is Mode.PROPOSED and self.proposal is not None and now >= self.proposal.until:
            return Mode.NONE
        if self.mode is Mode.REVISE and self.proposal is not None and now >= self.proposal.until:
            return Mode.ACTIVE
        return self.mode

    def binds(self, now: datetime) -> bool:
        """Something must stay unpublished at this moment."""
        return self.mode_at(now) in (Mode.ACTIVE, Mode.REVISE)

    @property
    def should_exit(self) -> bool:
        """Attacks were observed: silence now helps the attackers more than the users."""
        return self.attacked and self.mode in (Mode.ACTIVE, Mode.REVISE)

    def rsvp(self, participant: str) -> datetime | None:
        """Date by which an answer is asked for, never after the embargo's end."""
        asked = self.participants[participant].rsvp if participant in self.participants else None
        end = self.terms.until if self.terms is not None else self.proposal.until if self.proposal is not None else None
        if asked is None or end is None:
            return asked or end
        return min(asked, end)

    def consent_at(self, participant: str, now: datetime) -> Consent:
        """Consent at a moment: an invitation that nobody answered in time has lapsed, and can still be accepted."""
        if participant not in self.participants:
            return Consent.NO_EMBARGO
        consent = self.participants[participant].consent
        due = self.rsvp(participant)
        return Consent.LAPSED if consent is Consent.INVITED and due is not None and now >= due else consent


_MOVES: Final[Mapping[Mode, tuple[EventKind, ...]]] = MappingProxyType(
    {
        Mode.NONE: (EventKind.EMBARGO_PROPOSED,),
        Mode.PROPOSED: (EventKind.EMBARGO_PROPOSED, EventKind.EMBARGO_ACCEPTED, EventKind.EMBARGO_REJECTED),
        Mode.ACTIVE: (EventKind.EMBARGO_PROPOSED, EventKind.EMBARGO_EXITED),
        Mode.REVISE: (EventKind.EMBARGO_PROPOSED, EventKind.EMBARGO_ACCEPTED, EventKind.EMBARGO_REJECTED, EventKind.EMBARGO_EXITED),
        Mode.EXITED: (),
    }
)
_TERMS: Final = frozenset({EventKind.EMBARGO_PROPOSED, EventKind.EMBARGO_ACCEPTED, EventKind.EMBARGO_REJECTED, EventKind.EMBARGO_EXITED})
_PEOPLE: Final = frozenset({EventKind.PARTICIPANT_INVITED, EventKind.PARTICIPANT_ACCEPTED, EventKind.PARTICIPANT_DECLINED})
_PUBLIC: Final = frozenset({EventKind.PUBLIC_KNOWN, EventKind.EXPLOIT_PUBLIC, EventKind.ADVISORY_PUBLISHED})


def legal(state: Embargo, *, public: bool = False) -> tuple[str, ...]:
    """Kinds that may move an embargo, once it is (or is not yet) public."""
    if public:
        return ()
    people = [EventKind.PARTICIPANT_INVITED] if state.mode not in (Mode.NONE, Mode.EXITED) else []
    if people and any(one.consent in (Consent.INVITED, Consent.LAPSED) for one in state.participants.values()):
        people.append(EventKind.PARTICIPANT_ACCEPTED)
    if people and any(one.consent is not Consent.DECLINED for one in state.participants.values()):
        people.append(EventKind.PARTICIPANT_DECLINED)
    return tuple(kind.value for kind in (*_MOVES[state.mode], *people))


def step(state: Embargo, event: Event, *, public: bool) -> Embargo:
    """The embargo after an event.

    Args:
        state: before.
        event: any event of the case.
        public: the vulnerability or an exploit of it was public before the event.

    Raises:
        TransitionError: the event may not follow.
    """
    if event.kind in _PUBLIC:
        return _made_public(state, event)
    if event.kind is EventKind.ATTACKS_OBSERVED:
        return replace(state, attacked=True)
    if event.kind in _TERMS:
        if public and event.kind is not EventKind.EMBARGO_EXITED:
            raise refuse(event, "the vulnerability is public; there is nothing left to keep silent about.")
        return _terms(state, event)
    if event.kind in _PEOPLE:
        return _people(state, event)
    return state


def _made_public(state: Embargo, event: Event) -> Embargo:
    """An embargo ends at once when its subject is public; a proposal is moot."""
    if state.mode in (Mode.ACTIVE, Mode.REVISE):
        return replace(state, mode=Mode.EXITED, proposal=None, exited_at=event.at)
    return replace(state, mode=Mode.NONE, proposal=None) if state.mode is Mode.PROPOSED else state


def _terms(state: Embargo, event: Event) -> Embargo:
    if event.kind not in _MOVES[state.mode]:
        raise refuse(event, f"the embargo is {state.mode}.", legal(state))
    if event.kind is EventKind.EMBARGO_PROPOSED:
        return _proposed(state, event)
    if event.kind is EventKind.EMBARGO_ACCEPTED:
        return _accepted(state, event)
    if event.kind is EventKind.EMBARGO_REJECTED:
        return replace(state, mode=Mode.NONE if state.mode is Mode.PROPOSED else Mode.ACTIVE, proposal=None)
    return replace(state, mode=Mode.EXITED, proposal=None, exited_at=event.at)


def _proposed(state: Embargo, event: Event) -> Embargo:
    until = event.moment("until")
    if until is None or until <= event.at:
        raise refuse(event, "an embargo ends in the future.", legal(state))
    if state.mode_at(event.at) is Mode.EXITED:
        raise refuse(event, "the embargo's end has passed; what was agreed cannot be prolonged afterwards.")
    mode = Mode.REVISE if state.mode in (Mode.ACTIVE, Mode.REVISE) else Mode.PROPOSED
    return replace(state, mode=mode, proposal=Terms(until, event.text("zone") or "UTC", event.text("by") or event.actor))


def _accepted(state: Embargo, event: Event) -> Embargo:
    """The proposal is in force; where it is longer than what was, everyone else has to agree again."""
    proposal = state.proposal
    if proposal is None or proposal.until <= event.at:
        raise refuse(event, "the end that was proposed has passed; propose a later one.", (EventKind.EMBARGO_PROPOSED.value,))
    longer = state.terms is not None and proposal.until > state.terms.until
    agreed = {proposal.by, event.text("by") or event.actor}
    people = {
        name: replace(one, consent=Consent.LAPSED) if longer and one.consent is Consent.SIGNATORY and name not in agreed else one
        for name, one in state.participants.items()
    }
    return replace(state, mode=Mode.ACTIVE, terms=proposal, proposal=None, participants=MappingProxyType(people))


def _people(state: Embargo, event: Event) -> Embargo:
    """Invitations and answers; lateness is never a reason to refuse an answer."""
    who = event.text("participant")
    known = state.participants.get(who)
    if event.kind is EventKind.PARTICIPANT_INVITED:
        if state.mode in (Mode.NONE, Mode.EXITED):
            raise refuse(event, f"there is no embargo to be invited to (it is {state.mode}).", legal(state))
        if known is not None and known.consent is Consent.SIGNATORY:
            raise refuse(event, f"{who} has agreed already.", legal(state))
        return _with(state, who, Invitation(Consent.INVITED, event.moment("rsvp")))
    if known is None:
        raise refuse(event, f"{who} was never invited.", (EventKind.PARTICIPANT_INVITED.value,))
    if state.mode in (Mode.NONE, Mode.EXITED):
        raise refuse(event, f"there is no embargo to answer to (it is {state.mode}).", legal(state))
    if event.kind is EventKind.PARTICIPANT_ACCEPTED:
        if known.consent in (Consent.SIGNATORY, Consent.DECLINED):
            raise refuse(event, f"{who} is {known.consent} already.", legal(state))
        return _with(state, who, replace(known, consent=Consent.SIGNATORY))
    if known.consent is Consent.DECLINED:
        raise refuse(event, f"{who} has declined already.", legal(state))
    return _with(state, who, replace(known, consent=Consent.DECLINED))


def _with(state: Embargo, who: str, invitation: Invitation) -> Embargo:
    return replace(state, participants=MappingProxyType({**state.participants, who: invitation}))
