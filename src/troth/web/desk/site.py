"""The web application of one desk: routes, headers, errors; nothing of FastAPI is in reach of the model.

Rules: what went wrong is told in one sentence, never with a traceback; a page that is asked for with a wrong link is not told apart from one that never was.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from troth import __version__
from troth.app.desk.gates import BannedError
from troth.app.desk.mailing import Pump
from troth.app.desk.opening import Desk
from troth.app.desk.reports import ClosedError
from troth.app.desk.room import FullError
from troth.app.desk.settings import DeskSettings
from troth.desk.crypt.envelope import CryptError
from troth.desk.intake.fields import FormError
from troth.desk.machines import TransitionError
from troth.desk.storage.writer import BusyError
from troth.errors import DeskError
from troth.web.desk import api, board, case_pages, keeping_pages, public, sealed_pages, signin
from troth.web.desk.counting import Limiter
from troth.web.desk.door import Door
from troth.web.desk.guards import Headers
from troth.web.desk.render import Site, page

__all__ = ["Gates", "make_site"]

LOG: Final = logging.getLogger("troth.desk")


@dataclass(frozen=True, slots=True)
class Gates:
    """What is counted per network, by all processes of a desk together.

    Attributes:
        quota: reports in the fast lane. misses: links and sign-ins that were wrong.
        contacts: confirmations to one address, which anybody may have typed. volume: KiB within a day; `refused`: how often there was no room, within a day.
    """

    quota: Limiter
    misses: Limiter
    contacts: Limiter
    volume: Limiter

    @staticmethod
    def of(settings: DeskSettings) -> Gates:
        """New counts for a desk; processes that are forked afterwards share them."""
        return Gates(Limiter(settings.hourly, 3600), Limiter(40, 60), Limiter(3, 86_400), Limiter(settings.daily_mib * 1024, 86_400))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    pump = Pump(app.state.desk)
    pump.start()
    yield
    pump.stop()
    app.state.desk.close()


def make_site(desk: Desk, gates: Gates | None = None) -> FastAPI:
    """The application for a desk that is open; it closes the desk when it ends.

    Args:
        desk: the desk.
        gates: counts that other processes share; its own without.
    """
    gates = gates if gates is not None else Gates.of(desk.settings)
    app = FastAPI(
        title=f"{desk.settings.project}: vulnerability reports", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=_lifespan
    )
    app.state.desk, app.state.site = desk, Site(desk)
    app.state.asking = None
    app.state.quota, app.state.misses, app.state.contacts, app.state.volume = gates.quota, gates.misses, gates.contacts, gates.volume
    for routes in (public.ROUTES, signin.ROUTES, board.ROUTES, keeping_pages.ROUTES, sealed_pages.ROUTES, case_pages.ROUTES, api.ROUTES):
        app.include_router(routes)
    app.add_middleware(Door, path="/report", handler=public.send, failed=_failed)
    app.add_middleware(Headers, secure=desk.settings.secure)
    for kind in (HTTPException, DeskError, RequestValidationError, Exception):
        app.add_exception_handler(kind, _failed)
    return app


async def _failed(request: Request, error: Exception) -> Response:
    """One answer for every failure: a sentence, and no more."""
    status, title, text = _told(error)
    if status == 500:
        LOG.error("unforeseen %s at %s", type(error).__name__, request.scope.get("route_path", "a page"))
    headers = {"retry-after": "10"} if status in (429, 503) else {}
    if request.url.path.startswith("/api/"):
        problems = dict(error.problems) if isinstance(error, FormError) else {}
        return JSONResponse({"error": title, "detail": text, "problems": problems}, status, headers)
    answer = page(request, "plain.html.jinja", status, title=title, text=text, action=("To the start", "/"), more="")
    answer.headers.update(headers)
    return answer


_OURS: Final = (
    (FormError, 422, "Please look again"), (TransitionError, 409, "That cannot happen now"), (ClosedError, 503, "Not at present"), (FullError, 503, "No room at present"),
    (BannedError, 403, "Not from you, here"),
)  # fmt: skip
"""Errors that say themselves what is the matter."""


def _told(error: Exception) -> tuple[int, str, str]:
    """Status, title and sentence for a failure."""
    for kind, status, title in _OURS:
        if isinstance(error, kind):
            return status, title, str(error)
    if isinstance(error, BusyError):
        return 503, "Very busy right now", "Nothing was lost: go back and send it again in a few seconds."
    if isinstance(error, CryptError):
        return 403, "Not yours to read", "You hold no key of this case."
    if isinstance(error, DeskError):
        return 400, "That does not work", str(error)
    if isinstance(error, RequestValidationError):
        return 422, "Please look again", "; ".join(f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in error.errors()[:5])
    if isinstance(error, HTTPException):
        titles = {404: "Nothing here", 403: "Not allowed", 401: "Please sign in", 405: "Not like this", 429: "Too many tries", 413: "Too large"}
        texts = {404: "The address is wrong, or what was here is gone.", 429: "Wait a minute, then try again."}
        return error.status_code, titles.get(error.status_code, "That does not work"), texts.get(error.status_code, str(error.detail))
    return 500, "Something broke", "It is our fault, and nothing that you sent was lost if a page confirmed it."
