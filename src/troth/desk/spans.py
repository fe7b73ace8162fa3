"""Stretches of time as policies mean them: elapsed, calendar and business time are three types, and are never mixed.

* `Elapsed`: "48 hours". Seconds that pass, whatever clocks on walls do.
* `CalendarSpan`: "7 days", "1 month". Same time of day, so many days or months later, where the team lives; a month that has no such day ends on its last.
* `BusinessSpan`: "2 business days". Same time of day, so many working days later; what arrives while closed counts from the next opening.

`parse` reads what `terms.values.Duration` writes (ISO 8601 with `BD` for business days). A word without a number ("regular", "asap") is no span: it gives None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from troth.errors import UsageError

__all__ = ["BusinessSpan", "CalendarSpan", "Elapsed", "Span", "parse", "parse_strict", "shortest"]


@dataclass(frozen=True, slots=True)
class Elapsed:
    """So many seconds."""

    seconds: int

    @property
    def days(self) -> float:
        """Length in days, to compare."""
        return self.seconds / 86_400

    def __str__(self) -> str:
        """ISO 8601, in hours where whole."""
        if self.seconds % 3600 == 0:
            return f"PT{self.seconds // 3600}H"
        return f"PT{self.seconds // 60}M" if self.seconds % 60 == 0 else f"PT{self.seconds}S"


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """So many months, then so many days."""

    whole_days: int
    months: int = 0

    @property
    def days(self) -> float:
        """Length in days, to compare; a month counts 30."""
        return self.whole_days + 30.0 * self.months

    def __str__(self) -> str:
        """ISO 8601."""
        return "P" + (f"{self.months}M" if self.months else "") + (f"{self.whole_days}D" if self.whole_days or not self.months else "")


@dataclass(frozen=True, slots=True)
class BusinessSpan:
    """So many working days."""

    working_days: int

    @property
    def days(self) -> float:
        """Length in calendar days at the least, to compare: five working days take a week."""
        return self.working_days * 7 / 5

    def __str__(self) -> str:
        """`P2BD`, which ISO does not know."""
        return f"P{self.working_days}BD"


Span = Elapsed | CalendarSpan | BusinessSpan

MAX_DAYS: Final = 3_660
"""Ten years: a longer limit is none."""
_BUSINESS: Final = re.compile(r"P(\d{1,3})BD\Z")
_ISO: Final = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?\Z")


def parse(text: str | None) -> Span | None:
    """The span that a text writes; None for a word without a number, for nothing at all, for a mixture of days and hours, and for more than ten years.

    >>> parse("PT48H"), parse("P1M"), parse("P2BD"), parse("regular")
    (Elapsed(seconds=172800), CalendarSpan(whole_days=0, months=1), BusinessSpan(working_days=2), None)
    """
    business = _BUSINESS.match(text or "")
    if business:
        return BusinessSpan(int(business[1])) if int(business[1]) else None
    match = _ISO.match(text or "")
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    clock = hours * 3600 + minutes * 60 + seconds
    dated = bool(years or months or weeks or days)
    if (clock > 0) is dated:
        return None
    found: Span = CalendarSpan(weeks * 7 + days, years * 12 + months) if dated else Elapsed(clock)
    return found if found.days <= MAX_DAYS else None


def parse_strict(text: str) -> Span:
    """Like `parse`, for settings that people write.

    Raises:
        UsageError: the text writes no span.
    """
    found = parse(text)
    if found is None:
        raise UsageError(f"{text[:40]!r} is no stretch of time; write PT48H, P7D, P1M or P2BD")
    return found


def shortest(*spans: Span | None) -> Span | None:
    """The span that ends first, roughly (a month as 30 days, five working days as a week); None where there is none."""
    told = [span for span in spans if span is not None]
    return min(told, key=lambda span: span.days) if told else None
