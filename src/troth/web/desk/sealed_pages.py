"""A sealed case in the browser of who holds its key: the page, the ciphertext, and the ciphertext of its files. The key itself never comes here."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.sealed import closed_case, closed_file, demand_readable
from troth.desk.storage.people_rows import Member
from troth.web.desk.guards import number_of
from troth.web.desk.public import desk_of
from troth.web.desk.render import page
from troth.web.desk.signin import person_of

__all__ = ["ROUTES", "sealed_page"]

ROUTES: Final = APIRouter(include_in_schema=False)


def sealed_page(request: Request, member: Member, number: int) -> Response:
    """The page in which a member opens a sealed case with their own key.

    Raises:
        DeskError: there is none, or it is not theirs.
    """
    desk: Desk = desk_of(request)
    with desk.store.read(TENANT) as t:
        row = demand_readable(desk, t, member, number)
    code = desk.cases.code(number)
    return page(request, "sealed.html.jinja", here="board", code=code, received=row.received_at, severity_word=row.severity, channel=row.channel)


@ROUTES.get("/board/{code}/sealed")
def sealed(request: Request, code: str) -> Response:
    """The ciphertext of a case."""
    member, desk = person_of(request), desk_of(request)
    return JSONResponse(dict(closed_case(desk, member, number_of(desk, code))))


@ROUTES.get("/board/{code}/sealed/{file}")
def sealed_file(request: Request, code: str, file: str) -> Response:
    """The ciphertext of a file."""
    member, desk = person_of(request), desk_of(request)
    found = closed_file(desk, member, number_of(desk, code), file[:64])
    if found is None:
        raise HTTPException(404)
    return StreamingResponse(found, media_type="application/octet-stream", headers={"content-disposition": "attachment", "content-security-policy": "sandbox; default-src 'none'"})
