"""What everyone can reach: the form, the reporter's page behind its link, promises, published reports, security.txt, the key.

Rules: no account, no cookie, no script needed; whoever shows no valid link sees one and the same page; whatever is a write says where it comes from.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from troth.app.desk import reports
from troth.app.desk.announcing import published, security_txt
from troth.app.desk.gates import is_banned, spend, welcome
from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.room import FullError, demand_room, files_refused, used_bytes
from troth.desk.crypt.mail_keys import MailKeys
from troth.desk.intake import work
from troth.desk.intake.fields import ESSENTIAL, FIELDS, GROUPS, FormError, Submission, read
from troth.desk.intake.links import new_nonce, well_formed
from troth.desk.machines import Case, IntakeMode, Publication, Report
from troth.desk.machines.embargo import Mode
from troth.desk.storage.thread_rows import Item
from troth.web.desk.guards import network_of, own_site, sent_kib
from troth.web.desk.render import STATIC, page, static_bytes
from troth.web.desk.uploads import Received, receive, receive_fields
from troth.web.desk.words import CLOCK_NAMES, clock_views, plain_state, promised, size, state_words, tone_of

__all__ = ["ROUTES", "confirmed"]

LOG: Final = logging.getLogger("troth.desk")
ROUTES: Final = APIRouter(include_in_schema=False)
_REPORT_NAMES: Final = {"description": "description", "steps": "steps", "impact": "impact", "fix": "fix", "contact": "contact", "version": "version"}


def desk_of(request: Request) -> Desk:
    """The desk that a request is for."""
    desk: Desk = request.app.state.desk
    return desk


@ROUTES.get("/static/{digest}/{name}")
def static(digest: str, name: str) -> Response:
    """A static file; its address changes with its content."""
    del digest
    if name not in STATIC:
        raise HTTPException(404)
    return Response(static_bytes(name), media_type=STATIC[name], headers={"cache-control": "public, max-age=31536000, immutable"})


def required_fields(desk: Desk) -> tuple[str, ...]:
    """Names of the fields that a report must have: the owner's choice, and what the policy asks for without an "if"."""
    asked = (_field_name(one.name) for one in desk.policy.policy.fields if not one.optional)
    # a contact is never demanded: without one, the reporter's page is the way back
    return tuple(name for name in dict.fromkeys((*desk.settings.required, *asked)) if name in FIELDS and name not in ("contact", "fix"))


def _field_name(name: str) -> str:
    """Our field for what a policy calls it."""
    words = name.lower()
    found = next((field for word, field in (("step", "steps"), ("reprod", "steps"), ("impact", "impact"), ("version", "version"), ("descri", "description")) if word in words), "")
    return found or _REPORT_NAMES.get(words, "")


def _promises(desk: Desk) -> list[dict[str, str]]:
    record = desk.policy
    shown = []
    for name, limit in (("acknowledge", record.policy.acknowledge), ("assess", record.policy.assess), ("plan", record.policy.plan), ("update", record.policy.update)):
        if limit is not None:
            shown.append({"label": CLOCK_NAMES[name], "says": record.says(limit.place), "within": promised(str(limit.span)), "aim": "" if limit.binding else "aim"})
    for severity, fix in record.policy.fix.items():
        one = fix.limit or fix.target
        if one is not None:
            shown.append({"label": f"Fixed ({severity})" if severity != "any" else "Fixed", "says": record.says(one.place), "within": promised(str(one.span)), "aim": "" if one.binding else "aim"})
    return shown


def _form(request: Request, status: int = 200, values: dict[str, str] | None = None, problems: dict[str, str] | None = None) -> Response:
    desk, values, problems = desk_of(request), values or {}, problems or {}
    mode, note = reports.intake_mode(desk)
    notices = []
    if mode is IntakeMode.PAUSED:
        notices.append({"tone": "is-warn", "title": "Reports are paused.", "text": note})
    elif mode is IntakeMode.CLOSED:
        notices.append({"tone": "is-bad", "title": "This desk takes no reports at present.", "text": ""})
    elif note:
        notices.append({"tone": "is-calm", "title": "Please note.", "text": note})
    groups = [(group, [field for field in FIELDS.values() if field.group == group]) for group in GROUPS]
    opened = {group for group, members in groups if any(values.get(field.name) or problems.get(field.name) for field in members)} | {"About you"}
    nonce = values.get("nonce", "")
    return page(
        request, "report.html.jinja", status, here="report", notices=notices, problems=problems, values=values, required={"title", "description", *required_fields(desk)},
        essential=[FIELDS[name] for name in ESSENTIAL], groups=groups, open_groups=opened, nonce=nonce if well_formed(nonce) else new_nonce(), form_token="",
        promises=_promises(desk), taking=mode is IntakeMode.OPEN or (mode is IntakeMode.PAUSED and "wait" in note),
        challenge=dict(work.challenge(desk.keys.forms, desk.now())),
    )  # fmt: skip


@ROUTES.get("/")
def form(request: Request) -> Response:
    """The form."""
    return _form(request)


async def _remembered(request: Request) -> None:
    """Have at hand whether reports are taken and who is banned: one of those who wait asks the store, in a thread, and the others wait for its answer."""
    desk, state = desk_of(request), request.app.state
    if desk.recent.knows("intake") and desk.recent.knows("banned") and desk.recent.knows("room"):
        return
    if state.asking is None or state.asking.done():
        state.asking = asyncio.ensure_future(run_in_threadpool(_ask, desk))
    await asyncio.shield(state.asking)


def _ask(desk: Desk) -> None:
    desk.recent.forget()
    reports.intake_mode(desk)
    is_banned(desk, ())
    used_bytes(desk)


@ROUTES.post("/report")
async def send(request: Request) -> Response:
    """A report arrives."""
    desk = desk_of(request)
    if not own_site(request):
        raise HTTPException(403, "A report has to be sent from this desk's own page.")
    await _remembered(request)
    reports.demand_open(desk)
    arrival = reports.begin(desk)

    def key_of(_fields: dict[str, str]) -> bytes:
        return arrival.key

    sent = sent_kib(request)
    got = await receive(request, desk, key_of, files_refused(desk, sent))
    try:
        report: Submission = read(got.fields, required_fields(desk))
        if well_formed(nonce := got.fields.get("nonce", "")):
            arrival = reports.bound(desk, arrival, nonce, report, got.files)
        got.demand_whole()
        demand_room(desk, sent)
    except FormError as error:
        if got.refused:
            no_room(request)
        return await run_in_threadpool(_form, request, 422, got.fields, {**got.problems, **error.problems})
    except FullError as error:
        no_room(request)
        return await run_in_threadpool(_form, request, 503, got.fields, {"": str(error)})
    await _remembered(request)
    welcome(desk, report.get("contact"), network_of(request))
    proven = request.app.state.quota.hit(network_of(request)) and await spend(desk, got.fields.get("altcha", ""))
    stored = await reports.submit_async(desk, arrival, report, channel="form", proven=proven, files=got.files, chunks=got.chunks, confirm=confirmed(request, report))
    del stored
    return RedirectResponse(f"/r/{arrival.token}?new", 303)


def no_room(request: Request) -> None:
    """Somebody was refused for lack of room: counted for who keeps the desk."""
    LOG.warning("a report was refused for lack of room")
    request.app.state.volume.count("refused for room")


def confirmed(request: Request, report: Submission) -> bool:
    """Whether the address in a report is written to: three times a day, for anybody can type anybody's; the page shows all that the mail would say."""
    contact = report.get("contact").casefold()
    return not contact or bool(request.app.state.contacts.hit(f"contact {contact}"))


def _visit(request: Request, token: str) -> reports.Visit:
    """What the link shows.

    Raises:
        HTTPException: 404 where it leads nowhere, 429 where a network tries too many.
    """
    network = network_of(request)
    if request.app.state.misses.over(network):
        raise HTTPException(429)
    found = reports.visit(desk_of(request), token) if well_formed(token) else None
    if found is None:
        request.app.state.misses.hit(network)
        raise HTTPException(404)
    return found


@ROUTES.get("/r/{token}")
def status(request: Request, token: str) -> Response:
    """The reporter's page."""
    return _status(request, token)


def _status(request: Request, token: str, code: int = 200, problems: dict[str, str] | None = None, written: str = "") -> Response:
    desk, seen = desk_of(request), _visit(request, token)
    record = desk.policies.get(seen.row.policy)
    views = clock_views(seen.clocks, desk.now(), lambda clock: record.says(clock.place), reporter=True)
    case = {
        "code": desk.cases.code(seen.row.number), "title": seen.title, "received": seen.row.received_at, "state_words": state_words(seen.state.report),
        "tone": tone_of(seen.state.report), "plain": plain_state(seen.state), "writable": True, **_embargo(seen.state), **_credit(seen),
    }  # fmt: skip
    path = f"/r/{token}"
    shared: dict[str, Any] = {"case": case, "clocks": views, "path": path, "hidden_page": True}
    if "new" in request.query_params:
        return page(request, "received.html.jinja", link=f"{desk.settings.origin}{path}", **shared)
    return page(
        request, "status.html.jinja", code, thread=_thread(seen), nonce=new_nonce(), problems=problems or {}, written=written, notices=[], **shared
    )  # fmt: skip


def _embargo(state: Case) -> dict[str, object]:
    own = state.embargo
    binding = own.terms is not None and own.mode in (Mode.ACTIVE, Mode.REVISE)
    asked = own.proposal is not None and own.mode in (Mode.PROPOSED, Mode.REVISE) and own.proposal.by != "reporter"
    return {"embargo": own.terms.until if binding and own.terms else None, "embargo_asked": own.proposal.until if asked and own.proposal else None}


def _credit(seen: reports.Visit) -> dict[str, object]:
    """What the page says about thanks; what the reporter wished for in the form stands in the field until they answer."""
    state = seen.state
    out = state.advisory in (Publication.PUBLISHED, Publication.CORRECTED, Publication.WITHDRAWN)
    words = {"named": "named", "anonymous": "anonymous"}.get(state.credit.value, "")
    report = next((Submission.from_canonical(item.body) for item in seen.items if item.kind == "report"), None)
    wished = "" if report is None or report.get("credit") == "anonymous" else report.get("credit_as") or report.get("name")
    return {"credit_open": not out and not (state.report is Report.CLOSED and state.closed_for not in ("fixed", "duplicate")), "credit_words": words, "credit_as": wished}


def _thread(seen: reports.Visit) -> list[dict[str, object]]:
    """Letters in order; what the reporter wrote first is told field by field."""
    by_item: dict[str, list[dict[str, str]]] = {}
    for one in seen.files:
        by_item.setdefault(one.item, []).append({"id": one.id, "name": one.name, "size": size(one.size)})
    return [letter(item, by_item.get(item.id, []), "The team") for item in seen.items if item.kind in ("report", "message")]


def letter(item: Item, files: list[dict[str, str]], author: str, *, hide: frozenset[str] = frozenset()) -> dict[str, object]:
    """A letter of a thread, for a template."""
    told: dict[str, object] = {"id": item.id, "kind": item.kind, "at": item.at, "own": item.author == "reporter", "author": author, "files": files, "answers": [], "text": "", "sealed": "", "audience": item.audience}
    if item.kind == "report":
        report = Submission.from_canonical(item.body)
        told["answers"] = [(FIELDS[name].label, _answer(name, value)) for name, value in ((name, report.get(name)) for name in FIELDS if name != "title" and name not in hide) if value]
        told["sealed"] = report.sealed
    else:
        told["text"] = item.text
    return told


def _answer(name: str, value: str) -> str:
    return FIELDS[name].choices.get(value, "Yes" if FIELDS[name].kind == "flag" else value)


def _reply(desk: Desk, token: str, text: str, got: Received) -> None:
    reports.reply(desk, token, text, got.files, nonce=got.fields.get("nonce", ""), chunks=got.chunks)


@ROUTES.post("/r/{token}/reply")
async def reply(request: Request, token: str) -> Response:
    """The reporter writes."""
    desk = desk_of(request)
    if not own_site(request):
        raise HTTPException(403)
    await run_in_threadpool(_visit, request, token)
    _row, key = await run_in_threadpool(reports.key_of, desk, token)
    sent = sent_kib(request)
    got = await receive(request, desk, lambda _fields: key, await run_in_threadpool(files_refused, desk, sent))
    text = got.fields.get("text", "")
    try:
        got.demand_whole()
        await run_in_threadpool(demand_room, desk, sent)
        await run_in_threadpool(_reply, desk, token, text, got)
    except FullError as error:
        no_room(request)
        return await run_in_threadpool(_status, request, token, 503, {"": str(error)}, text)
    except FormError as error:
        if got.refused:
            no_room(request)
        return await run_in_threadpool(_status, request, token, 422, dict(error.problems), text)
    return RedirectResponse(f"/r/{token}", 303)


@ROUTES.post("/r/{token}/{what}")
async def act(request: Request, token: str, what: str) -> Response:
    """The reporter answers: to a date, about thanks, or asks for a new address."""
    desk = desk_of(request)
    if not own_site(request):
        raise HTTPException(403)
    await run_in_threadpool(_visit, request, token)
    fields = await receive_fields(request)
    if what == "embargo":
        await run_in_threadpool(reports.answer_embargo, desk, token, agree=fields.get("answer") == "accept")
    elif what == "credit":
        await run_in_threadpool(reports.answer_credit, desk, token, fields.get("choice", ""), fields.get("credit_as", ""))
    elif what == "renew":
        token = await run_in_threadpool(reports.renew, desk, token)
        return RedirectResponse(f"/r/{token}?new", 303)
    else:
        raise HTTPException(404)
    return RedirectResponse(f"/r/{token}", 303)


@ROUTES.get("/r/{token}/receipt")
def receipt(request: Request, token: str) -> Response:
    """The signed receipt, as a file."""
    _visit(request, token)
    found = reports.receipt_of(desk_of(request), token)
    if found is None:
        raise HTTPException(404)
    code, text = found
    return Response(text, media_type="application/json", headers={"content-disposition": f'attachment; filename="troth-receipt-{code}.json"'})


@ROUTES.get("/r/{token}/files/{file}")
def file(request: Request, token: str, file: str) -> Response:
    """A file that the reporter may have; always as a download, never shown."""
    desk = desk_of(request)
    _visit(request, token)
    row, key = reports.key_of(desk, token)
    with desk.store.read(TENANT) as t:
        found = desk.threads.file(t, row.uid, key, file, ("reporter",))
    if found is None:
        raise HTTPException(404)
    return download(desk, key, found.id, found.name)


def download(desk: Desk, key: bytes, id_: str, name: str) -> Response:
    """A file's content, streamed; a browser may only save it."""

    def pieces() -> object:
        with desk.store.read(TENANT) as t:
            yield from desk.threads.content(t, key, id_)

    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "content-security-policy": "sandbox; default-src 'none'"}
    return StreamingResponse(pieces(), media_type="application/octet-stream", headers=headers)  # type: ignore[arg-type]


@ROUTES.get("/promises")
def promises(request: Request) -> Response:
    """The policy's promises, in its own words."""
    desk = desk_of(request)
    return page(request, "promises.html.jinja", here="promises", promises=_promises(desk), text=desk.policies.text(desk.policy.digest), needs=desk.policy.policy.needs)


@ROUTES.get("/published")
def published_list(request: Request) -> Response:
    """What was published."""
    return page(request, "published.html.jinja", here="published", advisories=published(desk_of(request)), one=None)


@ROUTES.get("/published/{code}")
def published_one(request: Request, code: str) -> Response:
    """One published report."""
    found = next((one for one in published(desk_of(request)) if one.code == code), None)
    if found is None:
        raise HTTPException(404)
    return page(request, "published.html.jinja", here="published", advisories=(), one=found)


@ROUTES.get("/.well-known/security.txt")
def well_known(request: Request) -> Response:
    """security.txt (RFC 9116)."""
    return PlainTextResponse(security_txt(desk_of(request)), headers={"cache-control": "max-age=3600"})


@ROUTES.get("/openpgp.asc")
def openpgp(request: Request) -> Response:
    """The OpenPGP key that signs security.txt and opens mail."""
    certificate = MailKeys.read(desk_of(request).folder / "keys").certificate
    if not certificate:
        raise HTTPException(404)
    return Response(certificate, media_type="application/pgp-keys", headers={"cache-control": "max-age=3600"})


@ROUTES.get("/key")
def key(request: Request) -> Response:
    """The key that signs receipts, and how to check one."""
    return page(request, "key.html.jinja", here="key", mail=MailKeys.read(desk_of(request).folder / "keys"))


__all__ += ["desk_of", "download", "letter", "required_fields"]
