"""The part of mending that no file does: what modules recommend to do on the forge becomes jobs, one for each, each approved on its own.

The token that can write is the executor's alone: it is asked for by name when a job's handler runs, goes into that process and nowhere else. Modules, requests, permits
and this module never see it. What is on the forge already makes no job: the handler's dry run says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, cast

from troth.app.fix import Fixed, Proposed, evidence_at, tree_of
from troth.app.jobs import Jobs
from troth.app.jobs_home import Home
from troth.app.suggest import Suggested
from troth.errors import JobError, UsageError
from troth.jobs.handler import HandlerError
from troth.jobs.job import Job, State
from troth.jobs.recommend.recommendation import ForgeAction, Recommendation
from troth.jobs.request import Constraints, JobRequest, Risk
from troth.jobs.session import Session
from troth.jobs.strict import Json

__all__ = ["Asked", "Pull", "act_on_forge", "ask_forge", "ask_pull", "open_pull"]

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
    wanted = [(one, one.action) for one in suggested.round.recommendations if one.action is not None]
    return tuple(_asked(jobs, one, session, partial(_request, home.host, one, action, session, commit=commit)) for one, action in wanted)


def _submitted(jobs: Jobs, session: Session, write: Callable[[datetime], bytes]) -> Job:
    """The job of a request whose key names the second. What ended badly within this very second may be asked for again: it is the next second's job then."""
    moment = datetime.now(UTC).replace(microsecond=0)
    job = jobs.executor.submit(session, write(moment))
    if job.state.over and job.state is not State.DONE:
        job = jobs.executor.submit(session, write(moment + timedelta(seconds=1)))
    return job


def _asked(jobs: Jobs, one: Recommendation, session: Session, write: Callable[[datetime], bytes]) -> Asked:
    try:
        job = _submitted(jobs, session, write)
        if job.state is State.DONE:  # within a second the key is that of a job that may have run meanwhile
            return Asked(one, None, "It was done just now.", there=True)
        return Asked(one, jobs.executor.plan(session, job.id))
    except HandlerError as error:
        there = error.reason in ("nothing-to-do", "issue-exists")
        return Asked(one, None, error.says, there=there)
    except JobError as error:
        return Asked(one, None, str(error))


def _request(host: str, one: Recommendation, action: ForgeAction, session: Session, moment: datetime, *, commit: str) -> bytes:
    """The request's bytes; the same action for the same commit has one key within a second, as a plan that failed may be asked for again."""
    params = cast("dict[str, Json]", dict(action.params))
    if host != _USUAL:
        params["api"] = f"https://{host}"
    digest = hashlib.sha256(json.dumps([commit, action.kind, params], sort_keys=True).encode()).hexdigest()
    return JobRequest.write(
        session.tenant, f"forge.{action.kind}", params, idempotency_key=f"fix-{digest[:24]}-{int(moment.timestamp())}", expires_at=moment + timedelta(hours=12),
        evidence=evidence_at((one,), commit), risk=Risk(one.risk.value), constraints=Constraints(_SECONDS, 3),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request that was asked for.

    Attributes:
        job: planned, or None where nothing could be planned.
        because: why there is no job; "" where there is one.
        same: after it was opened: whether the forge's tree is, by its id, the one that was checked on the branch; None before.
    """

    job: Job | None
    because: str = ""
    same: bool | None = None


def ask_pull(jobs: Jobs, home: Home, proposed: Proposed, repository: str, into: str, fork: str = "") -> Pull:  # noqa: PLR0917 - who, where from, where to
    """Submit and plan a pull request with exactly the change that was proposed for a branch. Reads the forge, changes nothing there.

    Args:
        jobs: of the home.
        home: says which forge.
        proposed: the change; its commit must be the tip of `into` on the forge.
        repository: `owner/name` on the forge.
        into: the branch there that the change is for.
        fork: `owner/name` of the fork that the branch is written to, for who may not write to the repository; made where it is not there. "" for none.

    Raises:
        UsageError: nobody said which repository and branch.
    """
    if not repository or not into:
        raise UsageError("which repository and branch the pull request is for is not known: name them with --repository and --branch")
    told = JobRequest.parse(proposed.job.content)
    params: dict[str, Json] = {**told.params, "repository": repository, "into": into, **({"fork": fork} if fork else {})}
    if home.host != _USUAL:
        params["api"] = f"https://{home.host}"
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()

    def written(moment: datetime) -> bytes:
        return JobRequest.write(
            proposed.session.tenant, "forge.open-pull-request", params, idempotency_key=f"pull-{digest[:24]}-{int(moment.timestamp())}", expires_at=moment + timedelta(hours=12),
            evidence=told.evidence, risk=told.risk, constraints=Constraints(_SECONDS, 3),
        )  # fmt: skip

    try:
        job = _submitted(jobs, proposed.session, written)
        if job.state is State.DONE:
            return Pull(None, "It was opened just now.")
        return Pull(jobs.executor.plan(proposed.session, job.id))
    except HandlerError as error:
        return Pull(None, error.says)
    except JobError as error:
        return Pull(None, str(error))


def open_pull(jobs: Jobs, proposed: Proposed, fixed: Fixed, permits: list[bytes]) -> Pull:
    """Run an approved pull request, hold the forge's tree against the branch that was checked, and write both into the ledger.

    Raises:
        JobError: the permit does not allow it.
    """
    done = jobs.run(permits)
    if done.state is not State.DONE or done.outcome is None:
        return Pull(done, done.reason)
    tree = tree_of(jobs.home.trees[done.tenant], fixed.commit)
    same = done.outcome.facts.get("tree") == tree
    told = {"job": done.id, "kind": "open-pull-request", "url": done.outcome.facts.get("url"), "tree": done.outcome.facts.get("tree"), "checked": fixed.commit, "same": same}
    jobs.record(done.tenant, "forge.changed", proposed.session.actor, done.id, {name: value for name, value in told.items() if value is not None})
    return Pull(done, same=same)


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
