"""The desk's own page: members and their links, canned replies, announced pauses; what an owner or admin does without reading a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from troth.app.desk.announcing import announce_pause, open_intake
from troth.app.desk.canned import add_reply, drop_reply, replies
from troth.app.desk.keeping import status
from troth.app.desk.opening import TENANT, Desk, new_member
from troth.app.desk.reports import intake_mode
from troth.desk.storage.people_rows import ROLES, Member
from troth.errors import DeskError
from troth.store import Transaction
from troth.web.desk.public import desk_of
from troth.web.desk.render import page
from troth.web.desk.signin import checked_fields, person_of
from troth.web.desk.uploads import receive_fields

__all__ = ["ROUTES"]

ROUTES: Final = APIRouter(include_in_schema=False)


def _page(request: Request, member: Member, link: str = "") -> Response:
    desk = desk_of(request)
    with desk.store.read(TENANT) as t:
        people = desk.people.all(t)
    mode, note = intake_mode(desk)
    return page(request, "desk.html.jinja", here="desk", people=people, roles=[role for role in ROLES if _names(member, role)], link=link, mode=mode.value, note=note, canned=replies(desk), state={**status(desk), "refused for room": f"{request.app.state.volume.told('refused for room')} within a day"})  # fmt: skip


@ROUTES.get("/board/desk")
def desk_page(request: Request) -> Response:
    """The desk's own page."""
    member = person_of(request)
    if not member.may("manage"):
        raise HTTPException(403)
    return _page(request, member)


@ROUTES.post("/board/desk/{what}")
async def change(request: Request, what: str) -> Response:
    """Name a member, let one leave, keep a canned reply, announce a pause."""
    member = await run_in_threadpool(person_of, request)
    fields = checked_fields(request, await receive_fields(request))
    if not member.may("manage"):
        raise HTTPException(403)
    if what == "member":
        if not _names(member, fields.get("role", "")):
            raise HTTPException(403, "Who reads no case names nobody who reads them; an owner can.")
        _new, link = await run_in_threadpool(new_member, desk_of(request), fields.get("name", ""), fields.get("mail", ""), fields.get("role", ""))
        return await run_in_threadpool(_page, request, member, link)
    if what == "link":
        link = await run_in_threadpool(_link, desk_of(request), member, fields)
        return await run_in_threadpool(_page, request, member, link)
    doings = {"leave": _leave, "canned": _canned, "uncanned": _uncanned, "pause": _pause, "open": _open}
    if what not in doings:
        raise HTTPException(404)
    await run_in_threadpool(doings[what], desk_of(request), member, fields)
    return RedirectResponse("/board/desk", 303)


def _names(member: Member, role: str) -> bool:
    """Whether somebody may name people of a role. Who reads nothing names nobody who reads: the link of whoever they name is theirs first. A guest reads only what was shared."""
    return member.role == "owner" or (role in ROLES and role != "owner" and (role == "guest" or member.may("read") or "read" not in ROLES[role]))


def _link(desk: Desk, member: Member, fields: dict[str, str]) -> str:
    """A new link for somebody who is there: for a passkey that was not kept in time. Who has a passkey signs in by it and adds no other without theirs."""

    def work(t: Transaction) -> str:
        whom = desk.people.get(t, fields.get("member", "")[:64])
        if whom is None or whom.left or not _names(member, whom.role):
            raise DeskError("there is no such member, or you may not make a link for them")
        now = desk.now()
        desk.events.chronicle.tell(t, "link.made", now, member.actor, {"member": whom.id})
        return desk.people.invite(t, whom.id, now + timedelta(days=2))

    return f"{desk.settings.origin}/welcome/{desk.writer.write(work)}"


def _leave(desk: Desk, member: Member, fields: dict[str, str]) -> None:
    if fields.get("member") == member.id:
        raise DeskError("you cannot take yourself off the desk")

    def work(t: Transaction) -> None:
        whom = desk.people.get(t, fields.get("member", "")[:64])
        if whom is None or (whom.role == "owner" and member.role != "owner"):
            raise DeskError("only an owner takes an owner off the desk" if whom is not None else "there is no such member")
        desk.people.leave(t, whom.id, desk.now())

    desk.writer.write(work)


def _canned(desk: Desk, _member: Member, fields: dict[str, str]) -> None:
    add_reply(desk, fields.get("title", ""), fields.get("text", ""))


def _uncanned(desk: Desk, _member: Member, fields: dict[str, str]) -> None:
    drop_reply(desk, fields.get("id", ""))


def _pause(desk: Desk, member: Member, fields: dict[str, str]) -> None:
    zone = ZoneInfo(desk.settings.zone)
    try:
        starts, ends = (datetime.fromisoformat(fields.get(name, "")).replace(tzinfo=zone) for name in ("starts", "ends"))
    except ValueError as error:
        raise DeskError("a pause needs a beginning and an end") from error
    announce_pause(desk, _actor(member), starts, ends, hold=fields.get("mode") == "hold")


def _open(desk: Desk, member: Member, _fields: dict[str, str]) -> None:
    open_intake(desk, _actor(member))


def _actor(member: Member) -> str:
    return member.actor
