"""The page of numbers: each promise in words, counts, times, what may be said of it, and its curve.

Rules: the figures are those of the signed statement, from the same function; a bound is said only where something was counted; every picture is told in words.
"""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from troth.app.desk.opening import Desk
from troth.desk.measures import Measure
from troth.desk.plot import distribution, words
from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed, parse
from troth.ledger.binomial import at_least
from troth.web.desk.words import CLOCK_NAMES

__all__ = ["kept_view"]


def kept_view(at: int, measure: Measure, desk: Desk) -> dict[str, object]:
    """One promise as the page tells and draws it.

    Args:
        at: its place on the page, which makes ids unique.
        measure: what was counted.
        desk: whose policies have the sentence.
    """
    name = CLOCK_NAMES.get(measure.clock, measure.clock) + (f" ({measure.severity})" if measure.severity and measure.severity != "any" else "")
    promised, length = _promised(measure.limit)
    times = (("half within", measure.median), ("90 % within", measure.p90), ("95 % within", measure.p95), ("longest", measure.longest))
    plot = distribution(measure, length, f"{name}: {promised or 'no time promised'}", identity=f"plot-{at}") if measure.times else ""
    return {
        "name": name, "promised": promised, "aim": not measure.binding, "says": desk.policies.get(measure.policy).sentences.get(measure.line, ""),
        "counts": [
            (label, count) for label, count in (
                ("decided", measure.cases), ("in time", measure.kept), ("late", measure.cases - measure.kept - measure.overdue_open), ("late and open", measure.overdue_open),
                ("not due yet", measure.pending), ("not owed", measure.cancelled),
            ) if count or label in ("decided", "in time")
        ],
        "times": [(label, words(one)) for label, one in times if one is not None],
        "bound": f"{100 * at_least(measure.kept, measure.cases):.1f} %" if measure.cases else "", "plot": Markup(plot),  # noqa: S704 - drawn by us, titles escaped there
    }  # fmt: skip


def _promised(limit: str) -> tuple[str, timedelta | None]:
    """A promised time in words, and its length for the axis (working days as calendar days at the least)."""
    span = parse(limit)
    if span is None:
        return "", None
    length = timedelta(days=span.days)
    match span:
        case Elapsed():
            return words(length), length
        case BusinessSpan():
            return f"{span.working_days} working days", length
        case CalendarSpan():
            parts = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in ((span.months, "month"), (span.whole_days, "day")) if count]
            return " and ".join(parts), length
