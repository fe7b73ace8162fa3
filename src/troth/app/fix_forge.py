"""The part of mending that no file does: what modules recommend to do on the forge becomes jobs, one for each, each approved on its own.

The token that can write is the executor's alone: it is asked for by name when a job's handler runs, goes into that process and nowhere else. Modules, requests, permits
and this module never see it. What is on the forge already makes no job: the handler's dry run says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from troth.app.fix import evidence_at
from troth.app.jobs import Jobs
from troth.app.jobs_home import Home
from troth.app.suggest import Suggested
from troth.errors import JobError
from troth.jobs.handler import HandlerError
from troth.jobs.job import Job, State
from troth.jobs.recommend.recommendation import ForgeAction, Recommendation
from troth.jobs.request import Constraints, JobRequest, Risk
from troth.jobs.session import Session
from troth.jobs.strict import Json

__all__ = ["Asked", "act_on_forge", "ask_forge"]

_SECONDS: Final = 120
_USUAL: Final = "api.github.com"


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to do on the forge.

    Attributes:
        recommendation: what a module said.
        job: planned, and waiting for approval; None where there is nothing to do or nothing could be planned.
        because: why there is no job; "" where there is one.
        there: whether it is on the forge already.
    """

    recommendation: Recommendation
    job: Job | None
    because: str = ""
    there: bool = False


def ask_forge(jobs: Jobs, home: Home, suggested: Suggested, session: Session, commit: str) -> tuple[Asked, ...]:
    """Submit and plan a job for each action that modules recommend. Reads the forge, changes nothing there.

    Args:
        jobs: of the home.
        home: says which forge.
        suggested: what modules said.
        session: who asks.
        commit: the commit whose policy is the evidence.
    """
    requests = [(one, _request(home.host, one, one.action, session, commit)) for one in suggested.round.recommendations if one.action is not None]
    return tuple(_asked(jobs, one, session, content) for one, content in requests)


def _asked(jobs: Jobs, one: Recommendation, session: Session, content: bytes) -> Asked:
    try:
        job = jobs.executor.submit(session, content)
        if job.state is State.DONE:  # within a second the key is that of a job that may have run meanwhile
            return Asked(one, None, "It was done just now.", there=True)
        return Asked(one, jobs.executor.plan(session, job.id))
    except HandlerError as error:
        there = error.reason in ("nothing-to-do", "issue-exists")
        return Asked(one, None, error.says, there=there)
    except JobError as error:
        return Asked(one, None, str(error))


def _request(host: str, one: Recommendation, action: ForgeAction, session: Session, commit: str) -> bytes:
    """The request's bytes; the same action for the same commit has one key within a second, as a plan that failed may be asked for again."""
    params = cast("dict[str, Json]", dict(action.params))
    if host != _USUAL:
        params["api"] = f"https://{host}"
    moment = datetime.now(UTC).replace(microsecond=0)
    digest = hashlib.sha256(json.dumps([commit, action.kind, params], sort_keys=True).encode()).hexdigest()
    return JobRequest.write(
        session.tenant, f"forge.{action.kind}", params, idempotency_key=f"fix-{digest[:24]}-{int(moment.timestamp())}", expires_at=moment + timedelta(hours=12),
        evidence=evidence_at((one,), commit), risk=Risk(one.risk.value), constraints=Constraints(_SECONDS, 3),
    )  # fmt: skip


def act_on_forge(jobs: Jobs, asked: Asked, permits: list[bytes], actor: str) -> Job:
    """Run an approved action, and write into the ledger which findings it was for.

    Raises:
        JobError: the permit does not allow it.
    """
    done = jobs.run(permits)
    if done.state is State.DONE:
        told: Mapping[str, object] = {"job": done.id, "kind": asked.recommendation.action.kind if asked.recommendation.action else "", "findings": list(asked.recommendation.mends[:200])}
        jobs.record(done.tenant, "forge.changed", actor, done.id, dict(told))
    return done
