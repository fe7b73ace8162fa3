"""The JSON API: send a report, read its state, write to the team, fetch the receipt; described by OpenAPI at `/api/openapi.json`.

Rules: the same rules as the form: no account, the answer is given after the report is on the disk, `Idempotency-Key` makes a retry safe; types are strict;
the link's token goes in the `Authorization` header and never in an address.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from troth.app.desk import reports
from troth.app.desk.gates import spend, welcome
from troth.app.desk.opening import Desk
from troth.app.desk.room import FullError, demand_room
from troth.desk.intake.fields import FIELDS, read
from troth.desk.intake.links import new_nonce, well_formed
from troth.web.desk.guards import network_of, sent_kib
from troth.web.desk.public import confirmed, no_room, required_fields
from troth.web.desk.words import plain_state

__all__ = ["ROUTES"]

ROUTES: Final = APIRouter(prefix="/api", tags=["reports"])
_ID: Final = r"^[A-Za-z0-9_-]{43}$"


class _Strict(BaseModel):  # type: ignore[misc]  # pydantic counts as untyped
    model_config = ConfigDict(extra="forbid", strict=True)


class Report(_Strict):
    """A report: names of fields and what they say; the names are those of `GET /api/fields`."""

    fields: dict[str, str] = Field(max_length=60)
    proof: str = Field("", max_length=2000)


class Stored(_Strict):
    """A report was stored."""

    case: str
    token: str
    page: str
    fresh: bool


class Message(_Strict):
    """Something to write to the team."""

    text: str = Field(min_length=1, max_length=50_000)


class Clock(_Strict):
    """A promise with its date."""

    name: str
    due: str | None
    phase: str


class State(_Strict):
    """Where a report stands."""

    case: str
    state: str
    said: str
    acknowledged: bool
    clocks: list[Clock]
    messages: int


class Problem(_Strict):
    """Why something was refused."""

    error: str
    detail: str
    problems: dict[str, str] = {}


class Receipt(_Strict):
    """The signed receipt, as the text of its file."""

    receipt: str


class FieldNames(_Strict):
    """Fields of a report, and which of them are needed."""

    fields: dict[str, str]
    needed: list[str]


_REFUSED: Final = {400: {"model": Problem}, 404: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}, 503: {"model": Problem}}
Token = Annotated[str, Header(alias="Authorization", description="Bearer TOKEN, from the answer to the report", max_length=200)]


def _token(authorization: str) -> str:
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not well_formed(token.strip()):
        raise HTTPException(404)
    return token.strip()


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _demand_room(request: Request) -> None:
    try:
        demand_room(_desk(request), sent_kib(request))
    except FullError:
        no_room(request)
        raise


@ROUTES.get("/fields")
def fields(request: Request) -> FieldNames:
    """Which fields a report has."""
    return FieldNames(fields={name: field.label for name, field in FIELDS.items()}, needed=["title", "description", *required_fields(_desk(request))])


@ROUTES.post("/reports", status_code=201, responses=_REFUSED)  # type: ignore[arg-type]
async def send(request: Request, report: Report, idempotency_key: Annotated[str, Header(pattern=_ID, description="43 characters of base64url")] = "") -> Stored:
    """Send a report. Sent again with the same `Idempotency-Key`, it is stored once and gets the same answer."""
    desk = _desk(request)
    await run_in_threadpool(reports.demand_open, desk)
    checked = read(report.fields, required_fields(desk))
    await run_in_threadpool(_demand_room, request)
    await run_in_threadpool(welcome, desk, checked.get("contact"), network_of(request))
    proven = request.app.state.quota.hit(network_of(request)) and await spend(desk, report.proof)
    arrival = reports.bound(desk, reports.begin(desk), idempotency_key or new_nonce(), checked)
    stored = await reports.submit_async(desk, arrival, checked, channel="api", proven=proven, confirm=confirmed(request, checked))
    return Stored(case=desk.cases.code(stored.number), token=arrival.token, page=f"{desk.settings.origin}/r/{arrival.token}", fresh=stored.fresh)


def _visit(request: Request, authorization: str) -> reports.Visit:
    if request.app.state.misses.over(network_of(request)):
        raise HTTPException(429)
    found = reports.visit(_desk(request), _token(authorization))
    if found is None:
        request.app.state.misses.hit(network_of(request))
        raise HTTPException(404)
    return found


@ROUTES.get("/reports/mine", responses=_REFUSED)  # type: ignore[arg-type]
def mine(request: Request, authorization: Token) -> State:
    """Where my report stands."""
    seen, desk = _visit(request, authorization), _desk(request)
    shown = [Clock(name=one.name, due=one.due.isoformat() if one.due else None, phase=one.phase.value) for one in seen.clocks if not one.name.startswith("cra-")]
    return State(
        case=desk.cases.code(seen.row.number), state=seen.state.report.value, said=plain_state(seen.state), acknowledged=seen.state.acknowledged is not None, clocks=shown,
        messages=len(seen.items),
    )  # fmt: skip


@ROUTES.post("/reports/mine/messages", status_code=201, responses=_REFUSED)  # type: ignore[arg-type]
def write(request: Request, message: Message, authorization: Token, idempotency_key: Annotated[str, Header(pattern=_ID)] = "") -> State:
    """Write to the team."""
    _visit(request, authorization)
    _demand_room(request)
    reports.reply(_desk(request), _token(authorization), message.text, (), nonce=idempotency_key)
    return mine(request, authorization)


@ROUTES.get("/reports/mine/receipt", responses=_REFUSED)  # type: ignore[arg-type]
def receipt(request: Request, authorization: Token) -> Receipt:
    """The signed receipt."""
    _visit(request, authorization)
    found = reports.receipt_of(_desk(request), _token(authorization))
    if found is None:
        raise HTTPException(404)
    return Receipt(receipt=found[1])
