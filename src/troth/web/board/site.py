"""The board's pages.

Rules: nobody sees anything before they are signed in; a write needs the session's cookie, its form token and our own origin; the policy for content allows our own files
and nothing inline; what people and tools wrote is escaped, and control characters are made visible.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from troth.app.board import Board, BoardError, SignedIn
from troth.errors import JobError, TrothError
from troth.jobs.job import Job, State
from troth.report.untrusted import visible
from troth.web.board.api import api_routes
from troth.web.board.bounds import Bounded
from troth.web.board.differences import Shown, shown

__all__ = ["COOKIE", "CSP", "application"]

COOKIE: Final = "troth_board"
CSP: Final = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS: Final = {
    "content-security-policy": CSP, "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}  # fmt: skip
_STATIC: Final = {"board.css": "text/css", "passkey.js": "text/javascript"}
_JOB: Final = re.compile(r"[0-9a-f]{64}")
_BODY: Final = 256 * 1024


def application(board: Board) -> FastAPI:
    """The board as an application: pages below `/`, the API below `/api`."""
    app = FastAPI(title="Troth board", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.board = board
    app.include_router(api_routes(board))
    _pages(app, board)
    _writes(app, board)
    _passkeys(app, board)

    app.add_middleware(Bounded, most_bytes=_BODY)

    @app.middleware("http")
    async def headers(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    @app.exception_handler(TrothError)
    async def refused(request: Request, error: Exception) -> Response:
        reason = getattr(error, "reason", "refused")
        status = 401 if reason in ("session", "link") else 404 if reason == "no-job" else 403 if isinstance(error, JobError) else 400
        if request.url.path.startswith(("/api/", "/passkey/")):
            return JSONResponse({"error": reason, "says": getattr(error, "says", str(error))}, status)
        return _page("refused.html.jinja", None, status=status, says=str(error), help=error.help if isinstance(error, TrothError) else "")

    return app


def _pages(app: FastAPI, board: Board) -> None:
    @app.get("/", include_in_schema=False)
    def pending(request: Request) -> Response:
        who = _who(request, board)
        jobs = [job for session in board.sessions(who.person) for job in board.jobs.pending(session)]
        return _page("pending.html.jinja", who, jobs=[_told(job) for job in sorted(jobs, key=lambda one: one.submitted_at)])

    @app.get("/past", include_in_schema=False)
    def past(request: Request) -> Response:
        who = _who(request, board)
        jobs = [job for session in board.sessions(who.person) for job in board.jobs.executor.list(session) if job.state is not State.PLANNED]
        return _page("past.html.jinja", who, jobs=[_told(job) for job in sorted(jobs, key=lambda one: -one.changed_at)])

    @app.get("/jobs/{job_id}", include_in_schema=False)
    def one(request: Request, job_id: str) -> Response:
        who = _who(request, board)
        _, job = board.job(who.person, _id(job_id))
        return _page("job.html.jinja", who, job=_told(job), passkeys=len(board.passkeys(who.person)), own=job.requester == who.person, said=request.query_params.get("said", "")[:40])

    @app.get("/enter", include_in_schema=False)
    def door(request: Request) -> Response:
        return _page("enter.html.jinja", None, token=request.query_params.get("token", "")[:100])

    @app.get("/you", include_in_schema=False)
    def you(request: Request) -> Response:
        who = _who(request, board)
        return _page("you.html.jinja", who, passkeys=board.passkeys(who.person))

    @app.get("/static/{digest}/{name}", include_in_schema=False)
    def static(digest: str, name: str) -> Response:
        if name not in _STATIC or digest != _static_digest(name):
            return PlainTextResponse("not found", 404)
        return Response(_static(name), media_type=_STATIC[name], headers={"cache-control": "public, max-age=31536000, immutable"})


def _writes(app: FastAPI, board: Board) -> None:
    @app.post("/enter", include_in_schema=False)
    async def enter(request: Request) -> Response:
        _own_site(request, board)
        form = await request.form()
        secret = board.enter(str(form.get("token", "")))
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, secret, max_age=8 * 3600, httponly=True, samesite="strict", secure=board.origin.startswith("https:"), path="/")
        return answer

    @app.post("/leave", include_in_schema=False)
    async def leave(request: Request) -> Response:
        await _form(request, board)
        board.leave(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/enter", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @app.post("/jobs/{job_id}/permit", include_in_schema=False)
    async def permit(request: Request, job_id: str) -> Response:
        who, form = await _form(request, board)
        _, job = board.job(who.person, _id(job_id))
        permits = [line.strip().encode("ascii", "replace") for line in str(form.get("permit", "")).splitlines() if line.strip()]
        if not permits:
            raise BoardError("no-permit", "No permit was handed in.")
        board.jobs.demand(job, permits)
        done = await run_in_threadpool(board.jobs.run, permits)
        return RedirectResponse(f"/jobs/{done.id}?said=ran", 303)

    @app.post("/jobs/{job_id}/cancel", include_in_schema=False)
    async def cancel(request: Request, job_id: str) -> Response:
        who, _ = await _form(request, board)
        session, job = board.job(who.person, _id(job_id))
        board.jobs.executor.cancel(session, job.id)
        return RedirectResponse(f"/jobs/{job.id}?said=cancelled", 303)


def _passkeys(app: FastAPI, board: Board) -> None:
    async def asked(request: Request) -> tuple[SignedIn, str]:
        who = _who(request, board)
        _own_site(request, board)
        if not hmac.compare_digest(request.headers.get("x-csrf", "").encode(), who.csrf.encode()):
            raise BoardError("form", "The request does not come from the board's own page.")
        return who, (await request.body()).decode("utf-8", "replace")

    @app.post("/passkey/register/options", include_in_schema=False)
    async def register_options(request: Request) -> Response:
        who, _ = await asked(request)
        return Response(board.ask_registration(who.person), media_type="application/json")

    @app.post("/passkey/register", include_in_schema=False)
    async def register(request: Request) -> Response:
        who, answer = await asked(request)
        board.register(who.person, answer)
        return JSONResponse({"go": "/you"})

    @app.post("/passkey/approve/{job_id}/options", include_in_schema=False)
    async def approve_options(request: Request, job_id: str) -> Response:
        who, _ = await asked(request)
        _, job = board.job(who.person, _id(job_id))
        return Response(board.ask_approval(who.person, job), media_type="application/json")

    @app.post("/passkey/approve/{job_id}", include_in_schema=False)
    async def approve(request: Request, job_id: str) -> Response:
        who, answer = await asked(request)
        _, job = board.job(who.person, _id(job_id))
        permit = await run_in_threadpool(board.approve, who.person, job, answer)
        done = await run_in_threadpool(board.jobs.run, [permit])
        return JSONResponse({"go": f"/jobs/{done.id}?said=ran"})


async def _form(request: Request, board: Board) -> tuple[SignedIn, dict[str, object]]:
    who = _who(request, board)
    _own_site(request, board)
    form = await request.form()
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), who.csrf.encode()):
        raise BoardError("form", "The form does not come from the board's own page; open the page again.")
    return who, dict(form)


def _who(request: Request, board: Board) -> SignedIn:
    return board.signed_in(request.cookies.get(COOKIE, ""))


def _own_site(request: Request, board: Board) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # a browser that is told to send no referrer says `Origin: null` on our own forms; what it says of the site is then what counts
    if site not in ("same-origin", "none") if site is not None else origin not in (None, board.origin):
        raise BoardError("other-site", "The request comes from another site.")


def _id(text: str) -> str:
    if not _JOB.fullmatch(text):
        raise BoardError("no-job", "There is no such job.")
    return text


def _told(job: Job) -> dict[str, Any]:
    request = json.loads(job.content)
    body = str(request["params"].get("body", ""))
    changes: list[Shown] = [shown(one) for one in job.diff.changes] if job.diff is not None else []
    return {
        "id": job.id, "short": job.id[:12], "type": job.type, "state": job.state.value, "reason": visible(job.reason), "requester": job.requester, "risk": request["risk"],
        "project": str(job.tenant), "category": job.category.name.lower().replace("_", "-"), "summary": visible(job.diff.summary if job.diff else job.type),
        "plan": job.diff.sha256 if job.diff else "", "basis": job.diff.basis if job.diff else "", "changes": changes, "evidence": request["evidence"], "body": visible(body),
        "when": datetime.fromtimestamp(job.submitted_at / 1000, UTC), "outcome": visible(job.outcome.summary) if job.outcome else "", "pending": job.state is State.PLANNED,
    }  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(loader=PackageLoader("troth.web.board", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["static"] = lambda name: f"/static/{_static_digest(name)}/{name}"
    made.filters["visible"] = visible
    return made


def _page(name: str, who: SignedIn | None, *, status: int = 200, **told: object) -> HTMLResponse:
    return HTMLResponse(_environment().get_template(name).render(who=who, **told), status)


@cache
def _static(name: str) -> bytes:
    return resources.files("troth.web.board").joinpath("static", name).read_bytes()


@cache
def _static_digest(name: str) -> str:
    return hashlib.sha256(_static(name)).hexdigest()[:16]
