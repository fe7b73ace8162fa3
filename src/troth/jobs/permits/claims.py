"""What a permit says, typed; and how a permit is narrowed.

A permit names one executor, one tenant and one project: where it is spent is remembered there, and what could be spent in two places could be spent twice. A parent may
leave a choice of job types and jobs; what is spent must leave none. Every permit is for one use, and spending a child spends its parents too, so that narrowing never
multiplies.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from troth.jobs.refusals import PermitError
from troth.jobs.registry import NAME
from troth.jobs.session import ACTOR
from troth.jobs.strict import MAX_INTEGER, Json

__all__ = ["LONGEST_SECONDS", "Binding", "Claims", "narrow", "new_jti"]

LONGEST_SECONDS: Final = 15 * 60
"""Longest life of a permit."""

_MOST: Final = 16
"""Most entries of any list in a permit."""

_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAMES: Final = frozenset(
    {"iss", "aud", "tenant", "project", "job_type", "job", "approver", "jti", "nbf", "exp", "max_uses", "parent", "delegate"}
)
_JOB: Final = frozenset({"sha256", "plan", "evidence"})


_JOBS: Final = re.compile(r'\{"evidence":"([0-9a-f]{64})","plan":"([0-9a-f]{64})","sha256":"([0-9a-f]{64})"\}')


def _many(pattern: re.Pattern[str], least: int = 1) -> str:
    one = pattern.pattern
    listed = rf'((?:{one})(?:","(?:{one})){{0,{_MOST - 1}}})'
    return rf'\["{listed}"\]' if least else rf'\[(?:"{listed}")?\]'


def _form() -> re.Pattern[str]:
    job = _JOBS.pattern.replace("(", "(?:")
    fields = (
        ("approver", _many(ACTOR)),
        ("aud", f'"({ACTOR.pattern})"'),
        ("delegate", _many(_HEX64, least=0)),
        ("exp", "([1-9][0-9]{0,14})"),
        ("iss", f'"({ACTOR.pattern})"'),
        ("job", rf"\[({job}(?:,{job}){{0,{_MOST - 1}}})\]"),
        ("job_type", _many(NAME)),
        ("jti", f'"({_HEX32.pattern})"'),
        ("max_uses", "1"),
        ("nbf", "([1-9][0-9]{0,14})"),
        ("parent", f'"((?:{_HEX64.pattern})?)"'),
        ("project", f'"({_SLUG.pattern})"'),
        ("tenant", f'"({_SLUG.pattern})"'),
    )
    return re.compile(r"\{" + ",".join(f'"{name}":{form}' for name, form in fields) + r"\}")


_FORM: Final = _form()
_ONE_JOB: Final = 229
"""Characters of a single job in the claims."""


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """Exactly one job.

    Attributes:
        sha256: digest of the request's bytes, hex.
        plan: digest of the plan that the approvers saw, hex.
        evidence: root of the request's evidence, hex.
    """

    sha256: str
    plan: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a permit says. Lists are sorted and without twins, so that one permit has one text.

    Attributes:
        issuer: the approving body whose roster counts.
        audience: the executor that may spend it.
        tenant: the tenant.
        project: the tenant's project.
        job_types: types of job.
        jobs: the jobs, of which one may be run, once.
        approvers: who must have signed.
        jti: the permit's own number, 32 hex digits.
        not_before: first second in which it holds, POSIX.
        expires: first second in which it no longer holds, POSIX.
        parent: SHA-256 of the parent's payload, hex; "" for a permit that people signed.
        delegates: ids of keys that may sign a narrower child; none by default.
    """

    issuer: str
    audience: str
    tenant: str
    project: str
    job_types: tuple[str, ...]
    jobs: tuple[Binding, ...]
    approvers: tuple[str, ...]
    jti: str
    not_before: int
    expires: int
    parent: str = ""
    delegates: tuple[str, ...] = ()

    def plain(self) -> dict[str, Json]:
        """The claims as JSON data."""
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "tenant": self.tenant,
            "project": self.project,
            "job_type": list(self.job_types),
            "job": [{"sha256": job.sha256, "plan": job.plan, "evidence": job.evidence} for job in self.jobs],
            "approver": list(self.approvers),
            "jti": self.jti,
            "nbf": self.not_before,
            "exp": self.expires,
            "max_uses": 1,
            "parent": self.parent,
            "delegate": list(self.delegates),
        }

    def encoded(self) -> bytes:
        """The claims in the one form in which they are signed: strict JSON with sorted keys. No claim's grammar holds a character that JSON escapes."""
        jobs = ",".join(
            f'{{"evidence":"{job.evidence}","plan":"{job.plan}","sha256":"{job.sha256}"}}' for job in self.jobs
        )
        return (
            f'{{"approver":{_told(self.approvers)},"aud":"{self.audience}","delegate":{_told(self.delegates)},'
            f'"exp":{self.expires},"iss":"{self.issuer}","job":[{jobs}],"job_type":{_told(self.job_types)},'
            f'"jti":"{self.jti}","max_uses":1,"nbf":{self.not_before},"parent":"{self.parent}",'
            f'"project":"{self.project}","tenant":"{self.tenant}"}}'
        ).encode("ascii")

    @classmethod
    def decode(cls, payload: bytes) -> Claims:
        """Claims from exactly the bytes that `encoded` writes; anything else is refused, however a lenient reader would take it.

        One expression holds form and grammar together: parsing, checking and writing again for comparison would cost a third of a signature.

        Raises:
            PermitError: `form`, or a reason of `from_plain`.
        """
        found = _FORM.fullmatch(payload.decode("ascii", "replace"))
        if found is None:
            raise _explained(payload)
        approver, aud, delegate, exp, iss, job, job_type, jti, nbf, parent, project, tenant = found.groups()
        begin, end = int(nbf), int(exp)
        if not 0 < end - begin <= LONGEST_SECONDS:
            raise PermitError("lifetime", f"A permit holds for at most {LONGEST_SECONDS // 60} minutes.")
        if len(job) == _ONE_JOB:
            bindings: tuple[Binding, ...] = (Binding(job[163:227], job[87:151], job[13:77]),)
        else:
            bindings = tuple([Binding(sha256, plan, evidence) for evidence, plan, sha256 in _JOBS.findall(job)])
            if list(bindings) != sorted(set(bindings)):
                raise PermitError("claims", "The jobs of a permit are not sorted, or one is listed twice.")
        kinds = _sorted(job_type) if '"' in job_type else (job_type,)
        people = _sorted(approver) if '"' in approver else (approver,)
        return cls(iss, aud, tenant, project, kinds, bindings, people, jti, begin, end, parent, _sorted(delegate) if delegate else ())

    @classmethod
    def from_plain(cls, told: Json) -> Claims:
        """Typed claims; every field must be there, and no other.

        Raises:
            PermitError: `claims`, `lifetime` or `max-uses`.
        """
        if not isinstance(told, dict) or told.keys() != _NAMES:
            raise PermitError("claims", "The permit does not have exactly the claims of a permit.")
        if told["max_uses"] != 1 or told["max_uses"] is True or not isinstance(told["max_uses"], int):
            raise PermitError("max-uses", "A permit is for one use.")
        begin, end = _second(told["nbf"]), _second(told["exp"])
        if not 0 < end - begin <= LONGEST_SECONDS:
            raise PermitError("lifetime", f"A permit holds for at most {LONGEST_SECONDS // 60} minutes.")
        parent = told["parent"]
        return cls(
            issuer=_one(told["iss"], ACTOR),
            audience=_one(told["aud"], ACTOR),
            tenant=_one(told["tenant"], _SLUG),
            project=_one(told["project"], _SLUG),
            job_types=_list(told["job_type"], NAME),
            jobs=_jobs(told["job"]),
            approvers=_list(told["approver"], ACTOR),
            jti=_one(told["jti"], _HEX32),
            not_before=begin,
            expires=end,
            parent="" if parent == "" else _one(parent, _HEX64),
            delegates=_list(told["delegate"], _HEX64, least=0),
        )


def new_jti() -> str:
    """A number that no other permit has: 16 random bytes, hex."""
    return secrets.token_hex(16)


def narrow(parent: Claims, parent_sha256: str, **smaller: object) -> Claims:
    """Claims of a child: the parent's, with some of them smaller, a number of its own and nobody to delegate to unless said.

    Args:
        parent: what is narrowed.
        parent_sha256: digest of the parent's payload.
        smaller: fields of `Claims` to replace; whether they shrink is checked here and again when the permit is presented.

    Raises:
        PermitError: `broader`: the child would allow what the parent does not.
    """
    child = replace(parent, **{"jti": new_jti(), "parent": parent_sha256, "delegates": (), **smaller})  # type: ignore[arg-type]
    Claims.from_plain(child.plain())
    require_narrower(child, parent)
    return child


def require_narrower(child: Claims, parent: Claims) -> None:
    """Hold a child within its parent.

    Raises:
        PermitError: `broader`.
    """
    same = all(getattr(child, name) == getattr(parent, name) for name in ("issuer", "audience", "tenant", "project", "approvers"))
    within = parent.not_before <= child.not_before and child.expires <= parent.expires
    lists = (
        (child.job_types, parent.job_types),
        (child.jobs, parent.jobs),
        (child.delegates, parent.delegates),
    )
    if not same or not within or child.jti == parent.jti or not all(set(few) <= set(many) for few, many in lists):
        raise PermitError("broader", "A child permit allows something that its parent does not.")


def _told(names: tuple[str, ...]) -> str:
    return '["' + '","'.join(names) + '"]' if names else "[]"


def _sorted(listed: str) -> tuple[str, ...]:
    names = tuple(listed.split('","'))
    if names != tuple(sorted(set(names))):
        raise PermitError("claims", "A claim that lists something is not sorted, or lists it twice.")
    return names


def _explained(payload: bytes) -> PermitError:
    """Why a payload that has not the one form is refused; never a way in."""
    try:
        Claims.from_plain(json.loads(payload.decode("ascii")))
    except PermitError as error:
        return error
    except (ValueError, RecursionError):
        return PermitError("form", "The claims are not JSON.")
    return PermitError("form", "The claims are not written in the one form that claims have.")


def _second(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_INTEGER:
        raise PermitError("claims", "A permit's time is not a whole second.")
    return value


def _one(value: Json, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise PermitError("claims", "A claim has a form that it cannot have.")
    return value


def _list(value: Json, pattern: re.Pattern[str], least: int = 1) -> tuple[str, ...]:
    if not isinstance(value, list) or not least <= len(value) <= _MOST:
        raise PermitError("claims", "A claim that lists something is not a list, is empty or is too long.")
    if len(value) == 1:
        return (_one(value[0], pattern),)
    found = [_one(item, pattern) for item in value]
    if found != sorted(set(found)):
        raise PermitError("claims", "A claim that lists something is not sorted, or lists it twice.")
    return tuple(found)


def _jobs(value: Json) -> tuple[Binding, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST:
        raise PermitError("claims", "A permit names at least one job, and not too many.")
    found = [_binding(item) for item in value]
    if len(found) > 1 and found != sorted(set(found)):
        raise PermitError("claims", "The jobs of a permit are not sorted, or one is listed twice.")
    return tuple(found)


def _binding(value: Json) -> Binding:
    told: Mapping[str, Json] = value if isinstance(value, dict) else {}
    if told.keys() != _JOB:
        raise PermitError("claims", "A job in a permit is its digest, its plan's and its evidence's.")
    return Binding(_one(told["sha256"], _HEX64), _one(told["plan"], _HEX64), _one(told["evidence"], _HEX64))
