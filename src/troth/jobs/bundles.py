"""Reads job bundles and replay bundles of other systems (ops-autopilot, JobForge) into requests of our own.

What such a bundle says about its own harmlessness (`is_action_job`, `required_scopes`, `policy`, `risk_level`, `dry_run`), whom to call back and which token it brings
are ignored and reported, never believed; its tenant must be the session's; a replay is a new request that needs a new approval, for the tenant that the record was of.

The result is bytes of requests, to be submitted like any other. Their shapes are known from the systems' own schemas; unknown fields are reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from troth.errors import TrothError
from troth.jobs.refusals import RequestError
from troth.jobs.request import JobRequest, Risk
from troth.jobs.session import Session
from troth.jobs.strict import Json, encode, parse
from troth.terms.tenant import Tenant

__all__ = ["Imported", "import_bundle", "import_replay"]

LIMIT_BYTES: Final = 4 * 1024 * 1024
_MOST: Final = 100
_CLAIMS: Final = frozenset(
    {
        "callback", "dry_run", "is_action_job", "metadata", "policy", "policy_token", "priority", "required_scopes", "requires_approval",
        "requires_policy_token", "risk_level", "cost_estimate", "constraints", "scopes",
    }
)  # fmt: skip
_READ: Final = frozenset({"version", "job_type", "tenant_context", "tenant_id", "project_id", "payload", "params", "idempotency_key", "requested_at", "expires_at", "evidence_links"})


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a bundle.

    Attributes:
        requests: bytes of requests, in the bundle's order.
        ignored: what the bundle said and nobody believed, one line each: for people.
    """

    requests: tuple[bytes, ...]
    ignored: tuple[str, ...]


def import_bundle(content: bytes, session: Session, names: Mapping[str, str], *, expires_at: datetime) -> Imported:
    """Requests from a bundle of another system.

    Args:
        content: the bundle: `{bundle_id, trace_id, requests: [...]}`, or a single request of that system.
        session: whose they become; every tenant in the bundle must be this one.
        names: which job type of ours stands for which of theirs; a type that is not here refuses the bundle.
        expires_at: when the requests run out.

    Raises:
        RequestError: it is no bundle, is another tenant's, or holds a type that has no name here; nothing of it is imported then.
    """
    told = parse(content, limit=LIMIT_BYTES, depth=16, error=RequestError, what="bundle")
    listed = told.get("requests", [told])
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST:
        raise RequestError("bundle", f"A bundle holds between 1 and {_MOST} requests.")
    ignored = [f"bundle: {name}" for name in sorted(told.keys() & _CLAIMS)] if "requests" in told else []
    if "requests" in told:
        _same_tenant(told, session, required=False)
    requests = []
    for number, item in enumerate(listed, 1):
        if not isinstance(item, dict):
            raise RequestError("bundle", f"Request {number} of the bundle is no object.")
        fallback = "import-" + hashlib.sha256(encode([hashlib.sha256(content).hexdigest(), number])).hexdigest()[:40]
        requests.append(_request(item, session, names, expires_at, fallback))
        ignored += [f"request {number}: {name}" for name in sorted(item.keys() - _READ)]
        ignored += [f"request {number}: evidence_links (no digest, so nothing that could be verified)"] if item.get("evidence_links") else []
    return Imported(tuple(requests), tuple(ignored))


def import_replay(content: bytes, session: Session, names: Mapping[str, str], *, expires_at: datetime) -> Imported:
    """Requests from a replay bundle: the recorded input is held against its own digest, and becomes new requests of the same tenant.

    Args:
        content: `{input: <canonical JSON text>, input_sha256, ...}`.
        session: whose they become.
        names: which job type of ours stands for which of theirs.
        expires_at: when the requests run out.

    Raises:
        RequestError: `replay`: the digest is not the input's; or as `import_bundle`.
    """
    told = parse(content, limit=LIMIT_BYTES, depth=16, error=RequestError, what="replay bundle")
    recorded, digest = told.get("input"), told.get("input_sha256")
    if not isinstance(recorded, str) or hashlib.sha256(recorded.encode("utf-8")).hexdigest() != digest:
        raise RequestError("replay", "The recorded input is not the one that the bundle's digest names.")
    found = import_bundle(recorded.encode("utf-8"), session, names, expires_at=expires_at)
    said = sorted(told.keys() - {"input", "input_sha256"})
    return Imported(found.requests, (*(f"replay: {name}" for name in said), *found.ignored))


def _request(
    item: Mapping[str, Json], session: Session, names: Mapping[str, str], expires_at: datetime, fallback: str
) -> bytes:
    context = item.get("tenant_context")
    _same_tenant(context if isinstance(context, dict) else item, session, required=True)
    kind = item.get("job_type")
    if not isinstance(kind, str) or kind not in names:
        raise RequestError("unregistered", "A request of the bundle is of a type that has no name here.")
    params = item.get("payload", item.get("params", {}))
    if not isinstance(params, dict):
        raise RequestError("params", "The payload of a request is no object.")
    key = item.get("idempotency_key")
    name = key if isinstance(key, str) else fallback
    return JobRequest.write(session.tenant, names[kind], params, idempotency_key=name, expires_at=expires_at, risk=Risk.HIGH)


def _same_tenant(told: Mapping[str, Json], session: Session, *, required: bool) -> None:
    tenant, project = told.get("tenant_id"), told.get("project_id")
    if not required and tenant is None and project is None:
        return
    try:
        same = Tenant(tenant, project) == session.tenant  # type: ignore[arg-type]
    except TrothError as error:
        raise RequestError("tenant", "The bundle names no tenant and project, or one that none has.") from error
    if not same:
        raise RequestError("tenant", "The bundle is for another tenant or project than its sender's.")
