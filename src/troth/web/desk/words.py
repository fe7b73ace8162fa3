"""How the desk says things: clocks, states, times and sizes in plain words.

Rules: every time is shown in the team's zone with its name, and in UTC beside it; what a program did is never told as what a person did; a reporter's page
says "you" and "we".
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from troth.desk.clocks import Clock, Phase
from troth.desk.machines import Case, Report

__all__ = ["CLOCK_NAMES", "ClockView", "clock_views", "fenced", "in_zone", "plain_state", "promised", "size", "span", "state_words", "tone_of", "utc"]

CLOCK_NAMES: Final = {
    "acknowledge": "A person confirms that they read it",
    "assess": "We say what we think of it",
    "plan": "We say when it will be fixed",
    "update": "We say how it goes",
    "fix": "Fixed",
    "develop": "A fix is ready",
    "not-before": "Published no earlier than",
    "disclose": "Published",
    "embargo": "Agreed date",
    "reporter-silent": "We wait for an answer",
    "credit": "Thanks settled, before it is published",
    "variants": "Looked for the same elsewhere, before it is published",
    "cra-24h": "Early warning to the authorities",
    "cra-72h": "Notification to the authorities",
    "cra-14d": "Final report to the authorities",
    "cra-1m": "Final report of the incident",
}
_STATES: Final = {
    Report.RECEIVED: ("Received", "is-calm"),
    Report.VALID: ("Confirmed", "is-seal"),
    Report.INVALID: ("Not a vulnerability", "is-calm"),
    Report.ACCEPTED: ("Being fixed", "is-seal"),
    Report.DEFERRED: ("Put off", "is-warn"),
    Report.CLOSED: ("Closed", "is-good"),
}
_OPEN: Final = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.OVERDUE})


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock as pages draw it: label, what is left in words, how far it went (0 to 100), tone, and the policy's sentence."""

    name: str
    label: str
    words: str
    due: datetime | None
    percent: float
    running: bool
    tone: str
    says: str
    aim: bool


_SPAN: Final = re.compile(r"P(?P<time>T)?(?P<count>\d{1,6})(?P<unit>(?<=\d)(?:BD|D|W|M|Y|H))")


def span(length: timedelta) -> str:
    """A stretch of time in words: "3 days", "41 hours", "20 minutes"."""
    seconds = abs(length.total_seconds())
    for unit, name, least in ((86_400, "day", 172_800), (3_600, "hour", 5_400), (60, "minute", 0)):
        if seconds >= least:
            count = max(1, round(seconds / unit))
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "a moment"


def promised(text: str) -> str:
    """A span of a policy (`PT48H`, `P7D`, `P2BD`, `P1M`) for people; as it is written where it is of another form."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return text
    count = int(found["count"])
    name = {"TH": "hour", "TM": "minute", "D": "day", "BD": "working day", "W": "week", "M": "month", "Y": "year"}[(found["time"] or "") + found["unit"]]
    return f"{count} {name}{'' if count == 1 else 's'}"


def clock_views(clocks: Iterable[Clock], now: datetime, says: Callable[[Clock], str], *, reporter: bool) -> tuple[ClockView, ...]:
    """Clocks to draw; a reporter sees what was promised to them, and none of the team's own."""
    shown = [clock for clock in clocks if not (reporter and (clock.name.startswith(("cra-", "probe:")) or clock.name in ("credit", "variants", "reporter-silent", "develop")))]
    return tuple(_view(clock, now, says(clock)) for clock in shown if clock.phase is not Phase.CANCELLED)


def _view(clock: Clock, now: datetime, says: str) -> ClockView:
    words, tone = _words(clock, now)
    aim = clock.force.value == "aim"
    total = (clock.due - clock.started).total_seconds() if clock.due is not None else 0.0
    end = clock.stopped or clock.ended or now
    percent = min(100.0, max(0.0, 100 * (end - clock.started).total_seconds() / total)) if total > 0 else 100.0
    if clock.phase in (Phase.OVERDUE, Phase.LATE, Phase.MISSED):
        percent = 100.0
    label = CLOCK_NAMES.get(clock.name, clock.name.partition(":")[2] or clock.name)
    return ClockView(clock.name, f"{label}{' (aim)' if aim else ''}", words, clock.due, round(percent, 2), clock.phase in _OPEN, tone, says, aim)


def _words(clock: Clock, now: datetime) -> tuple[str, str]:
    """What is left or how it ended, and its tone."""
    if clock.due is None:
        return ("open", "is-calm") if clock.open else ("done", "is-good")
    if clock.phase is Phase.OVERDUE:
        return f"{span(now - clock.due)} over", "is-bad"
    if clock.phase is Phase.PAUSED:
        return "waits for an answer", "is-warn"
    if clock.phase is Phase.RUNNING:
        left = clock.due - now
        return f"{span(left)} left", "is-warn" if left < (clock.due - clock.started) / 4 else "is-calm"
    if clock.phase is Phase.MET:
        return f"kept, {span(clock.due - (clock.stopped or clock.due))} early", "is-good"
    if clock.phase is Phase.EARLY:
        return "too early", "is-bad"
    return f"{span((clock.stopped or clock.ended or now) - clock.due)} late", "is-bad"


def state_words(state: Report) -> str:
    """A state in one or two words."""
    return _STATES.get(state, ("New", "is-calm"))[0]


def tone_of(state: Report) -> str:
    """The tone of a state's chip."""
    return _STATES.get(state, ("New", "is-calm"))[1]


def plain_state(case: Case) -> str:
    """Where a case stands, told to its reporter."""
    if case.report is Report.RECEIVED:
        return "We have it. Someone read it and is looking into it." if case.acknowledged else "We have it. Nobody has read it yet."
    told = {
        Report.VALID: "We could confirm it. Next we decide how to go on.",
        Report.INVALID: "We do not think that this is a vulnerability. The reason is below; tell us if we are wrong.",
        Report.ACCEPTED: "We are working on a fix.",
        Report.DEFERRED: "It is real, and it has to wait. The reason is below.",
    }
    if case.report is Report.CLOSED:
        reasons = {
            "fixed": "It is fixed. Thank you.", "duplicate": "Someone else reported the same problem; you are told when it is out.",
            "not-a-vulnerability": "It is closed: not a vulnerability.", "unsupported-version": "It is closed: it concerns a version that gets no fixes any more.",
            "other-vendor": "It is closed here: another project has to fix it.", "wont-fix": "It is closed: it will not be fixed.", "withdrawn": "It is closed, as you asked.",
        }  # fmt: skip
        return reasons.get(case.closed_for, "It is closed.")
    return told.get(case.report, "We have it.")


def utc(moment: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def in_zone(moment: datetime, zone: str) -> str:
    """A time on the wall of a zone, with its name."""
    local = moment.astimezone(zoneinfo.ZoneInfo(zone))
    name = "UTC" if zone == "UTC" else (local.tzname() or zone)
    return f"{local.day} {local:%b %Y, %H:%M} {name}"


def fenced(text: str) -> tuple[tuple[str, str], ...]:
    """A text in pieces, `words` and `code`: what people wrote between lines of three backticks or tildes, and what they wrote around it. Nothing else that is written is a mark.

    Line by line, so that a text of nothing but fences takes no longer than another; a fence that is never closed is words.
    """
    if "```" not in text and "~~~" not in text:
        return (("words", text),)
    pieces: list[tuple[str, list[str]]] = [("words", [])]
    mark = ""
    for line in text.split("\n"):
        if not mark and line[:3] in ("```", "~~~") and len(line) <= 43 and "`" not in line[3:]:
            mark = line[:3]
            pieces.append(("code", [line]))
        elif mark and line.rstrip() == mark:
            mark = ""
            pieces[-1][1].pop(0)
            pieces.append(("words", []))
        else:
            pieces[-1][1].append(line)
    if mark:
        pieces[-1] = ("words", pieces[-1][1])
    told = ((kind, "\n".join(lines).strip("\n")) for kind, lines in pieces)
    return tuple((kind, part) for kind, part in told if part)


def size(count: int) -> str:
    """A size in words."""
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.0f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"
