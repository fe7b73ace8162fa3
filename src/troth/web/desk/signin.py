"""Signing in: a link from the desk once, then passkeys (WebAuthn), or an identity provider; sessions on the server; tokens against forged forms.

Rules: no passwords; a session's token is in an HttpOnly cookie and its digest in the store; every sign-in makes a new one; forms carry a token that is bound to
the session, and what a browser says of its own origin is checked as well.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from troth.app.desk import entry
from troth.app.desk.opening import TENANT
from troth.desk.intake.links import well_formed
from troth.desk.storage.people_rows import Member
from troth.web.desk import confirming
from troth.web.desk.guards import network_of, own_site
from troth.web.desk.public import desk_of
from troth.web.desk.render import page
from troth.web.desk.uploads import receive_fields

__all__ = ["ROUTES", "checked_fields", "person_of"]

ROUTES: Final = APIRouter(include_in_schema=False)
_SEEN: Final = timedelta(minutes=5)


def _cookie(request: Request) -> str:
    return "__Host-troth" if desk_of(request).settings.secure else "troth"


def person_of(request: Request) -> Member:
    """Who is signed in; also makes the person and the token for forms known to templates.

    Raises:
        HTTPException: 401 where nobody is.
    """
    desk, token = desk_of(request), request.cookies.get(_cookie(request), "")
    now = desk.now()
    found = None
    if token and len(token) < 100:
        with desk.store.read(TENANT) as t:
            found = desk.people.session(t, token, now)
    if found is None:
        raise HTTPException(401, "Sign in to see this.")
    member, seen = found
    if now - seen > _SEEN:
        desk.writer.write(lambda t: desk.people.touch(t, token, now))
    request.state.person = member
    request.state.csrf = _csrf(request, token)
    return member


def _csrf(request: Request, token: str) -> str:
    return hmac.new(desk_of(request).keys.forms, b"csrf " + token.encode(), hashlib.sha256).hexdigest()


def checked_fields(request: Request, fields: dict[str, str]) -> dict[str, str]:
    """Fields of a form that came from our own page and this session.

    Raises:
        HTTPException: 403 otherwise.
    """
    sent = fields.pop("csrf", "")
    expected = getattr(request.state, "csrf", "")
    if not own_site(request) or not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise HTTPException(403, "This form was not made for your session. Go back, load the page again, and repeat it.")
    return fields


def _signed_in(request: Request, member: Member, to: str = "/board", how: str = "") -> Response:
    desk = desk_of(request)
    old = request.cookies.get(_cookie(request), "")

    def work(t):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - a closure for the writer
        if old:
            desk.people.sign_out(t, old)
        return desk.people.sign_in(t, member.id, desk.now())

    token = desk.writer.write(work)
    answer = RedirectResponse(to, 303)
    answer.set_cookie(_cookie(request), token, max_age=12 * 3600, httponly=True, secure=desk.settings.secure, samesite="lax", path="/")
    if how:
        confirming.remember(answer, desk, token, how)
    return answer


def _confirmed(request: Request, member: Member) -> str:
    """How somebody who is signed in showed who they are, a moment ago; empty where they did not."""
    desk = desk_of(request)
    return confirming.confirmed_by(request, desk, request.cookies.get(_cookie(request), ""), has_passkeys=entry.has_passkeys(desk, member))


@ROUTES.get("/signin")
def signin(request: Request) -> Response:
    """How to sign in."""
    return page(request, "signin.html.jinja", hidden_page=True, welcome="", options="", oidc=bool(desk_of(request).settings.oidc.issuer))


@ROUTES.get("/welcome/{token}")
def welcome(request: Request, token: str) -> Response:
    """A link that signs in once; asks first, so that a mail program that looks at links does not use it up."""
    return page(request, "signin.html.jinja", hidden_page=True, welcome=token if well_formed(token) else "", options="", oidc=False)


@ROUTES.post("/welcome/{token}")
def use_welcome(request: Request, token: str) -> Response:
    """Use the link."""
    if not own_site(request):
        raise HTTPException(403)
    desk, network = desk_of(request), network_of(request)
    if request.app.state.misses.over(network):
        raise HTTPException(429)
    member = desk.writer.write(lambda t: desk.people.use_invite(t, token, desk.now())) if well_formed(token) else None
    if member is None:
        request.app.state.misses.hit(network)
        raise HTTPException(404)
    return _signed_in(request, member, "/passkey", confirming.LINK)


@ROUTES.post("/signout")
async def signout(request: Request) -> Response:
    """End the session."""
    await run_in_threadpool(person_of, request)
    checked_fields(request, await receive_fields(request))
    desk, token = desk_of(request), request.cookies.get(_cookie(request), "")
    await run_in_threadpool(desk.writer.write, lambda t: desk.people.sign_out(t, token))
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(_cookie(request), path="/", secure=desk.settings.secure, httponly=True, samesite="lax")
    confirming.drop(answer, desk)
    return answer


@ROUTES.get("/passkey")
def passkey(request: Request) -> Response:
    """Offer to keep a passkey for the next time; who has one confirms with it first."""
    member, desk = person_of(request), desk_of(request)
    sure, more = _confirmed(request, member), entry.has_passkeys(desk, member)
    options = entry.registration(desk, member) if sure else entry.challenge(desk, member) if more else ""
    return page(request, "passkey.html.jinja", options=options, sure=bool(sure), more=more, oidc=bool(desk.settings.oidc.issuer))


@ROUTES.post("/passkey/confirm")
async def confirm_passkey(request: Request) -> Response:
    """Show with a passkey that it is still the same person who is signed in."""
    member, desk = await run_in_threadpool(person_of, request), desk_of(request)
    fields, network = checked_fields(request, await receive_fields(request)), network_of(request)
    if request.app.state.misses.over(network):
        raise HTTPException(429)
    credential = fields.get("credential", "")
    if await run_in_threadpool(entry.verify, desk, credential, member) is None:
        request.app.state.misses.hit(network)
        raise HTTPException(403, "That is no passkey of yours.")
    answer = RedirectResponse("/passkey", 303)
    confirming.remember(answer, desk, request.cookies.get(_cookie(request), ""), confirming.named(entry.key_named_in(credential)))
    return answer


@ROUTES.post("/passkey")
async def keep_passkey(request: Request) -> Response:
    """Keep a passkey that the browser made."""
    member, desk = await run_in_threadpool(person_of, request), desk_of(request)
    fields = checked_fields(request, await receive_fields(request))
    sure = await run_in_threadpool(_confirmed, request, member)
    await run_in_threadpool(entry.register, desk, member, fields.get("credential", ""), sure)
    answer = RedirectResponse("/board", 303)
    confirming.drop(answer, desk)
    return answer


@ROUTES.post("/signin/options")
def options(request: Request) -> Response:
    """A challenge for a passkey."""
    if not own_site(request):
        raise HTTPException(403)
    return JSONResponse(json.loads(entry.challenge(desk_of(request))))


@ROUTES.post("/signin")
async def use_passkey(request: Request) -> Response:
    """Sign in with a passkey."""
    if not own_site(request):
        raise HTTPException(403)
    fields = await receive_fields(request)
    how = confirming.named(entry.key_named_in(fields.get("credential", "")))
    return await _enter(request, lambda given: entry.verify(desk_of(request), given.get("credential", "")), fields, how)


async def _enter(request: Request, who: Callable[[dict[str, str]], Member | None], fields: dict[str, str], how: str = "") -> Response:
    network = network_of(request)
    if request.app.state.misses.over(network):
        raise HTTPException(429)
    member = await run_in_threadpool(who, fields)
    if member is None:
        request.app.state.misses.hit(network)
        raise HTTPException(403, "That is not known here. A coordinator can send you a new link.")
    return await run_in_threadpool(_signed_in, request, member, "/board", how)


def _away(request: Request, member: Member | None) -> Response:
    """To the identity provider, with the state in a cookie of five minutes, so that the answer counts in this browser alone."""
    desk = desk_of(request)
    if not desk.settings.oidc.issuer:
        raise HTTPException(404)
    address, state = entry.oidc_address(desk, member)
    answer = RedirectResponse(address, 303)
    answer.set_cookie(f"{_cookie(request)}-oidc", state, max_age=300, httponly=True, secure=desk.settings.secure, samesite="lax", path="/")
    return answer


@ROUTES.get("/oidc")
def oidc(request: Request) -> Response:
    """Go to the identity provider, to sign in."""
    return _away(request, None)


@ROUTES.get("/oidc/keep")
def oidc_keep(request: Request) -> Response:
    """Go to the identity provider, to sign in that way from now on; a link (forms may not lead elsewhere) that carries the session's token."""
    member = person_of(request)
    if not hmac.compare_digest(request.query_params.get("csrf", "").encode(), request.state.csrf.encode()):
        raise HTTPException(403, "This link was not made for your session.")
    entry.demand_confirmed(_confirmed(request, member))
    return _away(request, member)


@ROUTES.get("/oidc/back")
async def oidc_back(request: Request) -> Response:
    """Come back from the identity provider."""
    desk = desk_of(request)
    if not desk.settings.oidc.issuer:
        raise HTTPException(404)
    name = f"{_cookie(request)}-oidc"
    found = await run_in_threadpool(entry.oidc_return, desk, dict(request.query_params), request.cookies.get(name, ""))
    subject, wanted = found if found is not None else ("", "")
    if wanted:
        member = await run_in_threadpool(person_of, request)
        if member.id != wanted:
            raise HTTPException(403, "Somebody else was signed in when this began.")
        await run_in_threadpool(entry.bind, desk, member, subject)
        answer: Response = RedirectResponse("/board", 303)
    else:
        answer = await _enter(request, lambda _fields: entry.member_of(desk, subject) if subject else None, {})
    answer.delete_cookie(name, path="/", secure=desk.settings.secure, httponly=True, samesite="lax")
    return answer
