"""The board: list, kanban and clock views, search, figures. Every view works as plain links and forms; HTMX only spares the reload.

Rules: nobody sees a title without a key; a view is an address, so that it can be kept and sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from troth.app.desk.lists import Listed, figures, list_cases, received_per_month, tag_numbers
from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.statements import kept_by_promise
from troth.desk.machines import Report
from troth.desk.storage.people_rows import Member
from troth.web.desk.numbers import kept_view
from troth.web.desk.public import desk_of
from troth.web.desk.render import page
from troth.web.desk.signin import person_of
from troth.web.desk.words import CLOCK_NAMES, span, state_words, tone_of

__all__ = ["ROUTES"]

ROUTES: Final = APIRouter(include_in_schema=False)
_VIEWS: Final = {"list": "List", "lanes": "Board", "clocks": "Clocks"}
_LANES: Final = (("received", "New"), ("valid", "Confirmed"), ("accepted", "Being fixed"), ("deferred", "Put off"), ("invalid", "Not a vulnerability"), ("closed", "Closed"))  # fmt: skip
_FIGURES: Final = (("waiting", "wait for us"), ("overdue", "overdue"), ("mine", "mine"), ("open", "open"), ("closed", "closed"))


def card(desk: Desk, listed: Listed, names: dict[str, str]) -> dict[str, object]:
    """A case for a list."""
    row, now = listed.row, desk.now()
    report = Report(row.state)
    told: dict[str, object] = {
        "code": listed.code, "title": listed.title, "state": state_words(report), "tone": tone_of(report), "severity": row.severity, "new": row.waiting,
        "received": row.received_at, "who": names.get(row.assignee, ""), "restricted": row.restricted, "cluster": row.cluster, "lane": row.lane, "clock": None,
        "group": _group(row.due_at, now), "channel": row.channel, "blind": row.blind, "erased": row.erased_at is not None, "advisory": row.advisory, "number": row.number,
    }  # fmt: skip
    if row.due_at is not None:
        left = row.due_at - now
        total = (row.due_at - row.received_at).total_seconds() or 1
        percent = min(100.0, max(0.0, 100 * (now - row.received_at).total_seconds() / total))
        tone = "is-bad" if left.total_seconds() < 0 else "is-warn" if percent > 75 else "is-calm"
        words = f"{span(left)} over" if left.total_seconds() < 0 else f"{span(left)} left"
        told["clock"] = {"label": CLOCK_NAMES.get(row.clock, row.clock), "words": words, "due": row.due_at, "percent": round(percent, 2), "running": True, "tone": tone}
    return told


def _group(due: datetime | None, now: datetime) -> str:
    """Heading of the clocks' view."""
    if due is None:
        return "Nothing due"
    hours = (due - now).total_seconds() / 3600
    return "Overdue" if hours < 0 else "Within a day" if hours < 24 else "Within a week" if hours < 168 else "Later"


def member_names(desk: Desk) -> dict[str, str]:
    """Names of members by id."""
    with desk.store.read(TENANT) as t:
        return {member.id: member.name for member in desk.people.all(t)}


@ROUTES.get("/board")
def board(request: Request) -> Response:
    """The board in one of its views."""
    member, desk, query = person_of(request), desk_of(request), request.query_params
    view = query.get("view", "list") if query.get("view", "list") in _VIEWS else "list"
    which, words, label = query.get("which", "open")[:20], query.get("q", "")[:100], query.get("tag", "")[:32]
    names = member_names(desk)
    shared: dict[str, Any] = {"view": view, "views": _VIEWS, "which": which, "q": words, "tag": label, "here": "board", "figures": _told_figures(desk, member, which), "address": _address(view, which, words, label), "here_address": _address(view, which, words, label, after=query.get("after", "")[:40], before=query.get("before", "")[:40]), "tags": tag_numbers(desk)[:12] if member.may("note") else ()}  # fmt: skip
    if view == "lanes":
        lanes = [{"name": name, "cases": [card(desk, one, names) for one in found.cases], "more": bool(found.later), "state": state} for state, name in _LANES for found in [list_cases(desk, member, state, words=words, label=label, most=30)]]  # fmt: skip
        return page(request, "board.html.jinja", lanes=lanes, cases=(), earlier="", later="", **shared)
    found = list_cases(desk, member, which, after=query.get("after", "")[:40], before=query.get("before", "")[:40], words=words, label=label)
    return page(request, "board.html.jinja", lanes=(), cases=[card(desk, one, names) for one in found.cases], earlier=found.earlier, later=found.later, **shared)


def _told_figures(desk: Desk, member: Member, which: str) -> list[dict[str, object]]:
    counted = figures(desk, member)
    return [{"which": name, "label": label, "count": counted[name], "tone": "is-bad" if name == "overdue" and counted[name] else "", "on": which == name} for name, label in _FIGURES]


def _address(view: str, which: str, words: str, label: str, *, after: str = "", before: str = "") -> str:
    asked = (("view", view), ("which", which), ("q", words), ("tag", label), ("after", after), ("before", before))
    return "/board?" + urlencode({name: value for name, value in asked if value})


@ROUTES.get("/board/numbers")
def numbers(request: Request) -> Response:
    """How the promises were kept, and what came in."""
    member, desk = person_of(request), desk_of(request)
    if not member.may("list"):
        raise HTTPException(403)
    tags, months = tag_numbers(desk) if member.may("note") else (), received_per_month(desk)
    rows = [kept_view(at, one, desk) for at, one in enumerate(kept_by_promise(desk)) if one.cases or one.pending]
    return page(request, "numbers.html.jinja", here="numbers", rows=rows, months=months, tags=tags, most=max([one[2] for one in tags] + [1]), peak=max([one[1] for one in months] + [1]))
