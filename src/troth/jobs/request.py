"""Job requests: what someone asks the executor to do. A request is its bytes; what is approved is their SHA-256.

Rules:

* parsed once, by `troth.jobs.strict`; nothing is re-serialised, completed or normalised, so there is no second form that could mean something else;
* every field is known and typed; an unknown one is refused, because it could mean something to someone;
* a request does not say how privileged it is (`category`, `is_action_job`, scopes, approvals) nor whom to call back: such a field is refused with its own reason;
* the tenant stands in the bytes, and must be the tenant of the session that submits them and of the permit that allows them.

It does not check parameters against a job type: `troth.jobs.registry` does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from troth.errors import TrothError
from troth.jobs.refusals import RequestError
from troth.jobs.registry import NAME
from troth.jobs.strict import Json, encode, parse
from troth.terms.tenant import Tenant

__all__ = ["LIMIT_BYTES", "VERSION", "Constraints", "EvidenceItem", "JobRequest", "Risk", "evidence_root", "instant", "stamp"]

VERSION: Final = 1
LIMIT_BYTES: Final = 64 * 1024
"""A request is names, places and digests; whatever is larger belongs into the tree or the evidence."""

_DEPTH: Final = 6
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FIELDS: Final = frozenset(
    {"version", "tenant_id", "project_id", "type", "params", "evidence", "risk", "constraints", "idempotency_key", "expires_at"}
)
SELF_DECLARED: Final = frozenset(
    {
        "action", "act", "allowed_tools", "approved", "approver_roles", "approvers", "automation_level", "category",
        "is_action", "is_action_job", "is_dry_run", "dry_run", "policy", "policy_token", "privilege", "privileged",
        "required_scopes", "requires_approval", "requires_policy_token", "scopes",
    }
)  # fmt: skip
"""Fields with which requests of other systems say how harmless they are."""

_CALLS_BACK: Final = frozenset({"callback", "callback_url", "callbacks", "headers", "webhook", "webhook_url"})
_EVIDENCE_KINDS: Final = frozenset({"file", "git", "http"})


class Risk(Enum):
    """What the requester thinks could go wrong; shown to approvers, believed by nobody."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One piece of evidence, to be verified by the executor.

    Attributes:
        kind: `file` (a file of the tenant's tree), `git` (lines of a file in a commit) or `http`.
        locator: where: `PATH`, `COMMIT:PATH` or `COMMIT:PATH#L3-L9`, or an address.
        sha256: digest of exactly those bytes, hex.
        quote: text that must stand there; "" for none.
    """

    kind: str
    locator: str
    sha256: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits that the requester asks for; a job type's own are the ceiling.

    Attributes:
        timeout_seconds: longest run.
        attempts: most tries.
    """

    timeout_seconds: int = 60
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request that was well-formed.

    Attributes:
        content: the bytes as submitted.
        sha256: their digest, hex: the job's id and what a permit binds.
        tenant: tenant and project that it says it is for.
        type: name of the job type.
        params: its parameters; typed by the registry.
        evidence: why, with places and digests.
        risk: the requester's own opinion.
        constraints: limits asked for.
        idempotency_key: same key and same bytes are the same job; same key and other bytes are refused.
        expires_at: after this it does not start.
    """

    content: bytes
    sha256: str
    tenant: Tenant
    type: str
    params: Mapping[str, Json]
    evidence: tuple[EvidenceItem, ...]
    risk: Risk
    constraints: Constraints
    idempotency_key: str
    expires_at: datetime

    @classmethod
    def parse(cls, content: bytes) -> JobRequest:
        """The request that these bytes are.

        Raises:
            RequestError: they are none; the reason says which rule they break.
        """
        told = parse(content, limit=LIMIT_BYTES, depth=_DEPTH, error=RequestError, what="request")
        _known(told)
        version = told["version"]
        if isinstance(version, bool) or version != VERSION:
            raise RequestError("version", f"Only requests of version {VERSION} are read.")
        return cls(
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            tenant=_tenant(told),
            type=_matched(told, "type", NAME, 128),
            params=_params(told["params"]),
            evidence=_evidence(told["evidence"]),
            risk=_risk(told["risk"]),
            constraints=_constraints(told["constraints"]),
            idempotency_key=_matched(told, "idempotency_key", _KEY, 128),
            expires_at=instant(told["expires_at"]),
        )

    @staticmethod
    def write(
        tenant: Tenant,
        kind: str,
        params: Mapping[str, Json],
        *,
        idempotency_key: str,
        expires_at: datetime,
        evidence: tuple[EvidenceItem, ...] = (),
        risk: Risk = Risk.MEDIUM,
        constraints: Constraints | None = None,
    ) -> bytes:
        """Bytes of a request, for whoever makes one; they parse back to these fields.

        Raises:
            RequestError: no request can say that.
        """
        limits = constraints or Constraints()
        content = encode(
            {
                "version": VERSION,
                "tenant_id": tenant.id,
                "project_id": tenant.project,
                "type": kind,
                "params": dict(params),
                "evidence": [_item(piece) for piece in evidence],
                "risk": risk.value,
                "constraints": {"timeout_seconds": limits.timeout_seconds, "attempts": limits.attempts},
                "idempotency_key": idempotency_key,
                "expires_at": stamp(expires_at),
            }
        )
        JobRequest.parse(content)
        return content


def evidence_root(evidence: tuple[EvidenceItem, ...]) -> str:
    """One digest over all evidence of a request, hex; a permit names it, so that nobody approves without it."""
    return hashlib.sha256(encode([_item(piece) for piece in evidence])).hexdigest()


def instant(value: Json) -> datetime:
    """A moment in the one form that requests write: `2026-11-21T12:00:00Z`.

    Raises:
        RequestError: `instant`.
    """
    if not isinstance(value, str) or not value.isascii() or not _INSTANT.fullmatch(value):
        raise RequestError("instant", "A moment is written 2026-11-21T12:00:00Z, in UTC and to the second.")
    try:
        # by its parts: `strptime` is a module that each worker would load anew
        year, month, day, hour, minute, second = (int(value[at : at + (2 if at else 4)]) for at in (0, 5, 8, 11, 14, 17))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise RequestError("instant", "A moment names a day or an hour that does not exist.") from error


def stamp(moment: datetime) -> str:
    """The text that `instant` reads."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _item(piece: EvidenceItem) -> dict[str, Json]:
    told: dict[str, Json] = {"kind": piece.kind, "locator": piece.locator, "sha256": piece.sha256}
    return {**told, "quote": piece.quote} if piece.quote else told


def _known(told: Mapping[str, Json]) -> None:
    fields = set(told)
    if fields & SELF_DECLARED:
        raise RequestError("self-declared", "The request says itself how privileged it is; the registry says that.")
    if fields & _CALLS_BACK:
        raise RequestError("callback", "The request names whom to call back; jobs call nobody that a request names.")
    if fields - _FIELDS:
        raise RequestError("unknown-field", "The request has a field that requests do not have.")
    if _FIELDS - fields:
        raise RequestError("missing-field", f"The request lacks {', '.join(sorted(_FIELDS - fields))}.")


def _tenant(told: Mapping[str, Json]) -> Tenant:
    tenant, project = told["tenant_id"], told["project_id"]
    if not isinstance(tenant, str) or not isinstance(project, str):
        raise RequestError("tenant", "Tenant and project are texts.")
    try:
        return Tenant(tenant, project)
    except TrothError as error:
        raise RequestError("tenant", "Tenant or project has a name that no tenant has.") from error


def _matched(told: Mapping[str, Json], name: str, pattern: re.Pattern[str], longest: int) -> str:
    value = told[name]
    if not isinstance(value, str) or len(value) > longest or not pattern.fullmatch(value):
        raise RequestError(name.replace("_", "-"), f"The request's {name} has a form that it cannot have.")
    return value


def _params(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise RequestError("params", "The parameters are not an object.")
    if set(value) & SELF_DECLARED:
        raise RequestError("self-declared", "The parameters say how privileged the job is; the registry says that.")
    return MappingProxyType(value)


def _risk(value: Json) -> Risk:
    try:
        return Risk(value)
    except ValueError as error:
        raise RequestError("risk", "The risk is low, medium, high or critical.") from error


def _constraints(value: Json) -> Constraints:
    if not isinstance(value, dict) or set(value) - {"timeout_seconds", "attempts"}:
        raise RequestError("constraints", "The constraints are timeout_seconds and attempts.")
    seconds, attempts = value.get("timeout_seconds", 60), value.get("attempts", 1)
    for number, most in ((seconds, 86_400), (attempts, 100)):
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
            raise RequestError("constraints", "A constraint is not a possible number.")
    return Constraints(int(str(seconds)), int(str(attempts)))


def _evidence(value: Json) -> tuple[EvidenceItem, ...]:
    if not isinstance(value, list) or len(value) > 64:
        raise RequestError("evidence", "The evidence is not a list of at most 64.")
    return tuple(_piece(item) for item in value)


def _piece(item: Json) -> EvidenceItem:
    if not isinstance(item, dict) or set(item) - {"kind", "locator", "sha256", "quote"}:
        raise RequestError("evidence", "A piece of evidence is kind, locator, sha256 and perhaps quote.")
    kind, locator, digest, quote = item.get("kind"), item.get("locator"), item.get("sha256"), item.get("quote", "")
    if not (isinstance(kind, str) and isinstance(locator, str) and isinstance(digest, str) and isinstance(quote, str)):
        raise RequestError("evidence", "A piece of evidence lacks its kind, its locator or its digest.")
    if kind not in _EVIDENCE_KINDS or not _SHA256.fullmatch(digest) or not 0 < len(locator) <= 2048 or len(quote) > 4096:
        raise RequestError("evidence", "A piece of evidence has a kind, place or digest that evidence cannot have.")
    return EvidenceItem(kind, locator, digest, quote)
