"""The distribution of how long something took, as an SVG that the server draws: no script, no font, readable without seeing it.

Rules: the curve is the share of cases that were done within a time, steps and all; the promised time is a line; what is late and open, or ended undone, is a ring at its
age and lifts the curve nowhere. Title and description say in words what the picture shows; colours come from the page (`currentColor` and custom properties), so it follows light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Final

from troth.desk.measures import Measure

__all__ = ["distribution", "words"]

WIDTH: Final = 640
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 16, 40
MAX_STEPS: Final = 500


def words(span: timedelta) -> str:
    """A time in the words of people: `36 min`, `47 h`, `12 d`.

    >>> words(timedelta(hours=47)), words(timedelta(days=12, hours=3))
    ('47 h', '12 d')
    """
    minutes = span.total_seconds() / 60
    if minutes < 100:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 60 * 100 else f"{minutes / 1440:.0f} d"


def distribution(measure: Measure, limit: timedelta | None, title: str, *, identity: str = "plot") -> str:
    """The picture.

    Args:
        measure: what was counted.
        limit: the promised time; None where there is none to draw.
        title: what it is about ("Acknowledged within 48 hours").
        identity: unique on its page; letters, digits and dashes.
    """
    names = "".join(char for char in identity if char.isalnum() or char == "-") or "plot"
    told = _description(measure, limit)
    body = _axes(measure, limit) + _curve(measure, _whole(measure.times, limit)) if measure.times else _empty()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{names}-title {names}-desc" '
        f'font-family="inherit" font-size="12" fill="none" stroke="currentColor">'
        f'<title id="{names}-title">{escape(title)}</title><desc id="{names}-desc">{escape(told)}</desc>{body}</svg>'
    )


def _description(measure: Measure, limit: timedelta | None) -> str:
    if not measure.times or measure.median is None or measure.p95 is None or measure.longest is None:
        return "No case was due yet."
    promised = f"; promised: {words(limit)}" if limit is not None else ""
    late = f"; {measure.overdue_open} late and still open, at their age" if measure.overdue_open else ""
    return f"{measure.kept} of {measure.cases} in time{promised}. Half within {words(measure.median)}, 95 % within {words(measure.p95)}, the longest {words(measure.longest)}{late}."


def _whole(times: Sequence[timedelta], limit: timedelta | None) -> timedelta:
    """Length of the time axis."""
    longest = max([times[-1], limit or timedelta(0), timedelta(minutes=1)])
    return longest * 1.05


def _x(time: timedelta, whole: timedelta) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (time / whole), 1)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share, 1)


def _axes(measure: Measure, limit: timedelta | None) -> str:
    whole = _whole(measure.times, limit)
    lines = []
    for share in (0.0, 0.5, 1.0):
        lines.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_y(share)}" y2="{_y(share)}" stroke-opacity="0.2"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{_y(share) + 4}" text-anchor="end" fill="currentColor" stroke="none">{share * 100:.0f} %</text>')
    for part in range(5):
        time = whole * part / 4
        anchor = "start" if not part else "end" if part == 4 else "middle"
        lines.append(f'<text x="{_x(time, whole)}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="{anchor}" fill="currentColor" stroke="none">{words(time)}</text>')
    if limit is not None:
        at = _x(limit, whole)
        side, shift = ("end", -4) if at > WIDTH * 0.7 else ("start", 4)
        lines.append(f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" stroke="var(--plot-limit, currentColor)" stroke-dasharray="5 4"/>')
        lines.append(f'<text x="{at + shift}" y="{_TOP + 10}" text-anchor="{side}" fill="var(--plot-limit, currentColor)" stroke="none">promised: {words(limit)}</text>')
    return "".join(lines)


def _curve(measure: Measure, whole: timedelta) -> str:
    """Steps of the share that is done, thinned where there are more than can be seen; what was never done is a ring at its age, and lifts nothing."""
    undone = list(measure.undone)
    done = list(measure.times)
    for age in undone:
        done.remove(age)
    count, stride = len(measure.times), max(1, len(done) // MAX_STEPS)
    points = [(done[number], (number + 1) / count) for number in range(stride - 1, len(done), stride)]
    if done and points[-1][1] * count < len(done):
        points.append((done[-1], len(done) / count))
    path = f"M{_x(timedelta(0), whole)} {_y(0.0)}" + "".join(f"H{_x(time, whole)}V{_y(share)}" for time, share in points) + f"H{WIDTH - _RIGHT}"
    level = _y(len(done) / count)
    rings = "".join(f'<circle cx="{_x(age, whole)}" cy="{level}" r="4" stroke="var(--plot-limit, currentColor)"/>' for age in undone[:MAX_STEPS])
    return f'<path d="{path}" stroke="var(--plot-curve, currentColor)" stroke-width="2"/>{rings}'


def _empty() -> str:
    return f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle" fill="currentColor" stroke="none">No case was due yet.</text>'
