"""The board's API: JSON, described by `/api/openapi.json`. Callers authenticate with `Authorization: Bearer`; cookies count for nothing here, so that no other site can use them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict

from troth.app.board import Board, BoardError, SignedIn
from troth.app.jobs_shown import as_json
from troth.jobs.job import Job, State
from troth.jobs.request import JobRequest

__all__ = ["api_routes"]

class Refused(BaseModel):  # type: ignore[misc,unused-ignore]
    """Why a call was refused: `error` is a stable word, `says` a sentence."""

    model_config = ConfigDict(extra="allow")
    error: str
    says: str


class JobShown(BaseModel):  # type: ignore[misc,unused-ignore]
    """A job; docs/fix.md describes the fields."""

    model_config = ConfigDict(extra="allow")
    id: str
    project: str
    type: str
    category: str
    state: str
    reason: str
    requester: str
    risk: str
    submitted_at: str
    plan: dict[str, Any] | None
    outcome: dict[str, Any] | None


class Permits(BaseModel):  # type: ignore[misc,unused-ignore]
    """Permits for one job, each a DSSE envelope as text."""

    model_config = ConfigDict(extra="forbid")
    permits: list[str]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The length that the request names is no number."}, 413: {"description": "The request is longer than 256 KiB."},
    **{status: {"model": Refused} for status in (401, 403, 404)},
}  # fmt: skip


_BYTES: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


def _who(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]) -> SignedIn:
    if given is None:
        raise BoardError("session", "Nobody is signed in here.")
    board: Board = request.app.state.board
    return board.signed_in(given.credentials)


Who = Annotated[SignedIn, Depends(_who)]
"""Whoever a bearer token names."""

Id = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the request's bytes, hex.")]
"""Id of a job."""


def api_routes(board: Board) -> APIRouter:
    """Routes below `/api`."""
    routes = APIRouter(prefix="/api", responses=_REFUSALS)

    @routes.get("/jobs", response_model=list[JobShown])
    def list_jobs(caller: Who, state: Annotated[State | None, Query()] = None) -> object:
        """Jobs of the caller's projects, newest first."""
        found: list[Job] = [job for session in board.sessions(caller.person) for job in board.jobs.executor.list(session, state)]
        return [as_json(job) for job in sorted(found, key=lambda one: -one.submitted_at)]

    @routes.post("/jobs", response_model=JobShown, status_code=201, openapi_extra=_BYTES)
    async def submit(caller: Who, request: Request) -> object:
        """Submit a request's bytes and plan it; the tenant that it names must be one of the caller's."""
        content = await request.body()

        def submitted() -> Job:
            tenant = JobRequest.parse(content).tenant
            session = next((one for one in board.sessions(caller.person) if one.tenant == tenant), None)
            if session is None:
                raise BoardError("no-job", "The request is for no project of yours.")
            return board.jobs.submit(session, content)

        return JSONResponse(as_json(await run_in_threadpool(submitted)), 201)

    @routes.get("/jobs/{job_id}", response_model=JobShown)
    def show_job(caller: Who, job_id: Id) -> object:
        """One job, with its exact plan and evidence."""
        return as_json(board.job(caller.person, job_id)[1])

    @routes.post("/jobs/{job_id}/permits", response_model=JobShown)
    def hand_in(caller: Who, job_id: Id, given: Permits) -> object:
        """Hand permits in; the job runs if they are good for it."""
        _, job = board.job(caller.person, job_id)
        permits = [text.strip().encode("utf-8", "replace") for text in given.permits]
        board.jobs.demand(job, permits)
        return as_json(board.jobs.run(permits))

    @routes.post("/jobs/{job_id}/cancel", response_model=JobShown)
    def cancel(caller: Who, job_id: Id) -> object:
        """Cancel a job that has not begun."""
        session, job = board.job(caller.person, job_id)
        return as_json(board.jobs.executor.cancel(session, job.id))

    return routes
