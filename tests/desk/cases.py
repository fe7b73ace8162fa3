"""Events for tests: short ways to write them, and generated histories that the machines accept."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from troth.desk.events import _CHOICES, _FIELDS, Event, EventKind, make
from troth.desk.machines import Case, TransitionError, apply

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DESK_WIDE = (EventKind.INTAKE_OPENED, EventKind.INTAKE_PAUSED, EventKind.INTAKE_CLOSED, EventKind.CHANNEL_PROBED)
KINDS = tuple(kind for kind in EventKind if kind not in DESK_WIDE)


def event(kind: EventKind, hours: float = 0, actor: str = "team:ada", case: str = "C-1", **data: object) -> Event:
    return make(kind, START + timedelta(hours=hours), actor, case, **data)


def received(hours: float = 0, **data: object) -> Event:
    return event(EventKind.REPORT_RECEIVED, hours, "reporter", **{"channel": "form", **data})


def any_event(rng: random.Random, at: datetime, kind: EventKind | None = None) -> Event:
    """A well-formed event of any kind, legal or not."""
    kind = kind or rng.choice(KINDS)
    data = {}
    for name, kinds in _FIELDS[kind].items():
        if kinds.endswith("?") and rng.random() < 0.4:
            continue
        base = kinds.removesuffix("?")
        if base == "instant":
            past = name in ("received_at", "aware_at", "available_at", "filed_at", "occurred_at")
            data[name] = at + timedelta(hours=rng.uniform(-30, 0) if past else rng.uniform(-20, 24 * 40))
        elif base in _CHOICES:
            data[name] = rng.choice(sorted(_CHOICES[base]))
        else:
            data[name] = {"flag": rng.random() < 0.5, "number": rng.randrange(9), "texts": ("1.0.x", "2.x")[: rng.randint(0, 2)]}.get(
                base, rng.choice(("1.0.x", "2.x", "bob", "eve"))
            )
    actor = rng.choice(("team:ada", "team:ada", "coordinator:cy", "reporter", "system", "participant:bob"))
    return make(kind, at, actor, "C-1", **data)


def history(rng: random.Random, length: int) -> tuple[list[Event], list[Case]]:
    """Accepted events, and the states after each; illegal tries are dropped after it was made sure that they changed nothing."""
    events, states, case, at = [], [Case()], Case(), START
    while len(events) < length:
        at += timedelta(hours=rng.expovariate(1 / 12))
        tried = any_event(rng, at, EventKind.REPORT_RECEIVED if not events else None)
        before = repr(case)
        try:
            moved = apply(case, tried)
        except TransitionError as error:
            assert repr(case) == before
            assert error.reason
            assert error.event is tried
            continue
        case = moved
        events.append(tried)
        states.append(case)
    return events, states
