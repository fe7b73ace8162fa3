"""One case on the board: what was written, what is due, what may happen next; and each thing that a member can do to it.

Rules: replies and notes are two forms with two addresses, so that no slip sends one as the other; what cannot happen now is not offered, and is refused where
it is sent all the same; files are only ever saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from troth.app.claims import ClaimCheck, check_report
from troth.app.desk import triage
from troth.app.desk.alike import alike, group_of
from troth.app.desk.canned import replies
from troth.app.desk.drafting import FORMS, draft, drafts
from troth.app.desk.gates import ban
from troth.app.desk.opening import TENANT, Desk
from troth.desk.crypt.envelope import CryptError
from troth.desk.events import CLOSE_REASONS, Severity
from troth.desk.storage.people_rows import Member
from troth.errors import DeskError
from troth.web.desk.guards import number_of
from troth.web.desk.public import desk_of, download, letter
from troth.web.desk.render import page
from troth.web.desk.sealed_pages import sealed_page
from troth.web.desk.signin import checked_fields, person_of
from troth.web.desk.uploads import receive, receive_fields
from troth.web.desk.words import clock_views, size, state_words, tone_of, utc

__all__ = ["ROUTES"]

ROUTES: Final = APIRouter(include_in_schema=False)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
# what the board offers for an event: label, fields (name, kind of input), and whether a letter to the reporter goes with it
_OFFERS: Final[Mapping[str, tuple[str, tuple[tuple[str, str, str], ...], bool]]] = {
    "report.acknowledged": ("I have read it", (), True),
    "report.validated": ("Confirm: it is a vulnerability", (), True),
    "report.invalidated": ("Not a vulnerability", (("reason", "Why", "line"), ("rule", "Rule of the policy", "line?")), True),
    "report.accepted": ("Accept: we fix it", (), True),
    "report.deferred": ("Put off", (("reason", "Why", "line"),), True),
    "report.assessed": ("Assessment told", (("severity", "Severity", "severity?"),), True),
    "report.closed": ("Close", (("reason", "Why", "close"), ("of", "Duplicate of", "line?")), True),
    "plan.sent": ("Plan told", (("target", "Fixed by", "moment?"),), True),
    "severity.set": ("Set the severity", (("severity", "Severity", "severity"), ("vector", "Vector", "line?")), False),
    "embargo.proposed": ("Propose a date", (("until", "Nothing is published before", "moment"),), True),
    "embargo.accepted": ("Agree to the date", (), False),
    "embargo.exited": ("End the embargo", (("reason", "Why", "exit"),), True),
    "line.fix-ready": ("Fix ready", (("line", "Version line", "version"),), False),
    "line.released": ("Released", (("line", "Version line", "version"), ("version", "In version", "line")), True),
    "line.not-affected": ("Not affected", (("line", "Version line", "version"),), False),
    "variants.audited": ("Looked for the same elsewhere", (("found", "More places found", "number"),), False),
    "credit.asked": ("Ask how to be named", (), True),
    "cra.aware": ("Exploited: the authorities' clocks start", (("trigger", "Trigger", "trigger"), ("evidence", "Evidence", "line?")), False),
    "cra.decided": ("Decide about the authorities", (("decision", "Decision", "decision"), ("reason", "Why", "line")), False),
    "cra.measure-available": ("A measure is available", (("what", "Which", "line?"),), False),
    "cra.filed": ("Filed with the authorities", (("stage", "Stage", "stage"), ("receipt", "Their receipt", "line?")), False),
}
_CHOICES: Final = {
    "severity": tuple(one.value for one in Severity), "close": tuple(sorted(CLOSE_REASONS)), "exit": ("agreed", "public", "exploit-public", "attacks", "other"),
    "trigger": ("exploited", "incident"), "decision": ("reportable", "not-reportable", "voluntary"), "stage": ("early-warning", "notification", "final"),
}  # fmt: skip


_NOT_FOR_GUESTS: Final = frozenset({"contact", "private", "key"})
_SILENT: Final = frozenset({"message.sent", "message.received", "note.added", "report.receipt-sent", "report.received"})


@ROUTES.get("/board/{code}")
def show(request: Request, code: str) -> Response:
    """A case."""
    member, desk = person_of(request), desk_of(request)
    number = number_of(desk, code)
    try:
        opened = triage.open_case(desk, member, number)
    except CryptError:
        return sealed_page(request, member, number)
    record = desk.policies.get(opened.row.policy)
    with desk.store.read(TENANT) as t:
        everyone = desk.people.all(t)
    names, now = {one.id: one.name for one in everyone}, desk.now()
    people = [one for one in everyone if one.may("read")]
    row = opened.row
    case = {
        "code": code, "title": opened.title, "state": state_words(opened.state.report), "tone": tone_of(opened.state.report), "severity": row.severity,
        "channel": row.channel, "received": row.received_at, "lane": row.lane, "cluster": row.cluster, "restricted": row.restricted, "blind": row.blind,
        "embargo": opened.state.embargo, "mode": opened.state.embargo.mode_at(now).value, "credit": opened.state.credit.value, "lines": opened.state.lines,
        "contact": opened.report.get("contact"), "name": opened.report.get("name"), "advisory": opened.state.advisory.value, "assignee": names.get(row.assignee, ""),
        "exploited": opened.report.exploited, "waiting": row.waiting, "acknowledged": row.acknowledged, "credit_as": opened.report.get("credit_as") or opened.report.get("name"),
    }  # fmt: skip
    return page(
        request, "case.html.jinja", here="board", case=case, letters=_letters(opened, names, guest=member.role == "guest"), clocks=clock_views(opened.clocks, now, lambda clock: record.says(clock.place), reporter=False),
        offers=_offers(opened, desk) if member.may("judge") else [], tags=opened.tags, people=people, holders=opened.holders, canned=replies(desk) if member.may("note") else (),
        closed=opened.state.report.value == "closed", scope=record.policy.scope[:30], choices=_CHOICES,
        claims=_claims(desk, opened) if "claims" in request.query_params and member.may("note") else None, repository=bool(desk.settings.repository),
        group=group_of(desk, member, row) if member.may("note") else (), alike=alike(desk, member, row) if member.may("note") else (),
        forms={name: label for name, (label, _write) in FORMS.items()}, drafts=drafts(desk, opened) if "advisory" in request.query_params and member.may("judge") else None,
        publishable="advisory.published" in opened.legal or "advisory.drafted" in opened.legal,
    )  # fmt: skip


def _claims(desk: Desk, opened: triage.Opened) -> ClaimCheck | None:
    """What the report cites, looked up in the repository; None where there is none to look in."""
    if not desk.settings.repository:
        return None
    text = "\n".join(opened.report.get(name) for name in ("title", "description", "steps", "component", "fix"))
    return check_report(Path(desk.settings.repository), text, opened.report.get("version"))


def _letters(opened: triage.Opened, names: Mapping[str, str], *, guest: bool) -> list[dict[str, object]]:
    """Letters, notes and events, in order of time."""
    by_item: dict[str, list[dict[str, str]]] = {}
    for one in opened.files:
        by_item.setdefault(one.item, []).append({"id": one.id, "name": one.name, "size": size(one.size)})
    told = [letter(item, by_item.get(item.id, []), "The desk" if item.author == "system" else names.get(item.author, ""), hide=_NOT_FOR_GUESTS if guest else frozenset()) for item in opened.items]
    for event in opened.events if not guest else ():
        if event.kind.value not in _SILENT:
            who = names.get(event.actor.partition(":")[2], event.role)
            words = ", ".join(_plain(value) for name, value in event.data.items() if name not in ("message", "policy", "lines") and value not in ("", None))
            told.append({"kind": "event", "id": "", "at": event.at, "text": f"{who}: {event.kind.value.replace('.', ' ').replace('-', ' ')}{f' ({words})' if words else ''}"})
    return sorted(told, key=lambda one: str(one["at"]))


def _plain(value: object) -> str:
    """A field of an event, for people: an instant to the minute, a list with commas."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return utc(datetime.fromisoformat(value))
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _offers(opened: triage.Opened, desk: Desk) -> list[dict[str, object]]:
    """What may happen now, as forms."""
    lines = list(opened.state.lines) or list(desk.policies.get(opened.row.policy).policy.supported)
    found = []
    for kind, (label, fields, writes) in _OFFERS.items():
        if kind in opened.legal or (kind.startswith("line.") and lines) or kind.startswith("cra."):
            if kind == "report.acknowledged" and opened.row.acknowledged:
                continue
            if kind.startswith("cra.") and kind not in opened.legal:
                continue
            found.append({"kind": kind, "label": label, "fields": [{"name": name, "label": text, "input": how.rstrip("?"), "must": not how.endswith("?")} for name, text, how in fields], "writes": writes, "lines": lines, "first": kind.startswith("report.") or kind in ("severity.set", "embargo.accepted")})  # fmt: skip
    return found


async def _checked(request: Request) -> tuple[Member, dict[str, str]]:
    member = await run_in_threadpool(person_of, request)
    return member, checked_fields(request, await receive_fields(request))


def _back(code: str, anchor: str = "") -> Response:
    return RedirectResponse(f"/board/{code}{anchor}", 303)


@ROUTES.post("/board/{code}/reply")
async def reply(request: Request, code: str) -> Response:
    """Write to the reporter."""
    member, desk = await run_in_threadpool(person_of, request), desk_of(request)
    number = number_of(desk, code)
    key = await run_in_threadpool(_key, desk, member, number)
    got = await receive(request, desk, lambda _fields: key)
    fields = checked_fields(request, got.fields)
    got.demand_whole()
    await run_in_threadpool(lambda: triage.reply(desk, member, number, fields.get("text", ""), got.files, chunks=got.chunks, question=fields.get("question") == "yes"))
    return _back(code, "#end")


def _key(desk: Desk, member: Member, number: int) -> bytes:
    with desk.store.read(TENANT) as t:
        return triage.key_for(desk, t, member, triage.open_row(desk, t, number))


@ROUTES.post("/board/{code}/note")
async def note(request: Request, code: str) -> Response:
    """Write for the team only."""
    member, fields = await _checked(request)
    desk = desk_of(request)
    await run_in_threadpool(triage.note, desk, member, number_of(desk, code), fields.get("text", ""))
    return _back(code, "#end")


@ROUTES.post("/board/{code}/act")
async def act(request: Request, code: str) -> Response:
    """Something happens to the case."""
    member, fields = await _checked(request)
    desk = desk_of(request)
    kind = fields.get("kind", "")
    if kind not in _OFFERS:
        raise HTTPException(404)
    data: dict[str, object] = {}
    for name, _label, how in _OFFERS[kind][1]:
        value = fields.get(name, "").strip()
        if value:
            data[name] = _value(value, how.rstrip("?"), desk)
    if kind == "embargo.proposed":
        data["zone"] = desk.settings.zone
    await run_in_threadpool(lambda: triage.act(desk, member, number_of(desk, code), kind, data, message=fields.get("message", "")))
    return _back(code)


def _value(text: str, how: str, desk: Desk) -> object:
    """A form's text as the event wants it.

    Raises:
        DeskError: it is none of that.
    """
    try:
        if how == "moment":
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(desk.settings.zone))
        return int(text) if how == "number" else text
    except ValueError as error:
        raise DeskError(f"{text[:40]!r} is no {'date and time' if how == 'moment' else 'number'}") from error


def _simple(what: Callable[[Desk, Member, int, dict[str, str]], None]) -> Callable[[Request, str], object]:
    async def handler(request: Request, code: str) -> Response:
        member, fields = await _checked(request)
        desk = desk_of(request)
        await run_in_threadpool(what, desk, member, number_of(desk, code), fields)
        return _back(code)

    return handler


def _assign(desk: Desk, member: Member, number: int, fields: dict[str, str]) -> None:
    triage.act(desk, member, number, "case.assigned", {"to": fields.get("to") or member.id})


def _ban(desk: Desk, member: Member, number: int, fields: dict[str, str]) -> None:
    del fields
    triage.forbid(member, "lead")
    opened = triage.open_case(desk, member, number)
    contact = opened.report.get("contact")
    if not contact:
        raise DeskError("the reporter gave no address; there is nothing that a ban could hold on to")
    ban(desk, contact, opened.row.uid, member.actor)
    triage.note(desk, member, number, "Sender banned.")


def _cluster(desk: Desk, member: Member, number: int, fields: dict[str, str]) -> None:
    triage.cluster(desk, member, number, number_of(desk, fields.get("other", "").strip().upper()))


def _erase(desk: Desk, member: Member, number: int, fields: dict[str, str]) -> None:
    if fields.get("sure", "").strip().upper() != desk.cases.code(number):
        raise DeskError(f"type {desk.cases.code(number)} to erase it; this cannot be undone")
    triage.erase(desk, member, number)


_SIMPLE: Final[Mapping[str, Callable[[Desk, Member, int, dict[str, str]], None]]] = {
    "tag": lambda desk, member, number, fields: triage.tag(desk, member, number, fields.get("name", "")),
    "untag": lambda desk, member, number, fields: triage.untag(desk, member, number, fields.get("label", "")),
    "assign": _assign,
    "cluster": _cluster,
    "restrict": lambda desk, member, number, _fields: triage.restrict(desk, member, number),
    "open": lambda desk, member, number, _fields: triage.reopen_to_team(desk, member, number),
    "share": lambda desk, member, number, fields: triage.share(desk, member, number, fields.get("member", ""), take=fields.get("take") == "yes"),
    "publish": lambda desk, member, number, fields: triage.publish(desk, member, number, fields.get("title", ""), fields.get("text", "")),
    "ban": _ban,
}
for _name, _what in _SIMPLE.items():
    ROUTES.add_api_route(f"/board/{{code}}/{_name}", _simple(_what), methods=["POST"])


@ROUTES.post("/board/{code}/erase")
async def erase(request: Request, code: str) -> Response:
    """Destroy what a case says."""
    member, fields = await _checked(request)
    desk = desk_of(request)
    await run_in_threadpool(_erase, desk, member, number_of(desk, code), fields)
    return RedirectResponse("/board", 303)


@ROUTES.get("/board/{code}/advisory/{form}")
def advisory(request: Request, code: str, form: str) -> Response:
    """A draft of the advisory in one format, as a download."""
    member, desk = person_of(request), desk_of(request)
    text = draft(desk, member, number_of(desk, code), form)
    return Response(text, media_type="application/json", headers={"content-disposition": f'attachment; filename="{code}.{form}.json"'})


@ROUTES.get("/board/{code}/files/{file}")
def file(request: Request, code: str, file: str) -> Response:
    """A file of a case, as a download."""
    member, desk = person_of(request), desk_of(request)
    with desk.store.read(TENANT) as t:
        row = triage.open_row(desk, t, number_of(desk, code))
        key = triage.key_for(desk, t, member, row)
        found = desk.threads.file(t, row.uid, key, file, ("reporter",) if member.role == "guest" else ("reporter", "team"))
    if found is None:
        raise HTTPException(404)
    return download(desk, key, found.id, found.name)
