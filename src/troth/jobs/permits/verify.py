"""Verifies permits: who really signed what, and whether that is what the job at hand needs.

Pure: bytes, a roster and a moment in; an `Allowed` or a `PermitError` out. No clock, no store, and no limit in wall time: a valid permit verifies on a loaded machine.
Whether a permit was spent or revoked is asked by the executor, in the transaction that spends it.

Every signature must count: one by an unknown, revoked or outdated key, or by someone whom the claims do not name, refuses the permit rather than being skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature

from troth.jobs.permits.claims import Claims, require_narrower
from troth.jobs.permits.envelope import Sealed, read
from troth.jobs.permits.roster import Approver, Roster
from troth.jobs.refusals import PermitError
from troth.jobs.registry import Category
from troth.terms.tenant import Tenant

__all__ = ["MOST_LINKS", "Allowed", "MayApprove", "Wanted", "demand_entitled", "verify"]

MOST_LINKS: Final = 4
"""Longest chain of permits, the root and the leaf counted."""
_tenant: Final = lru_cache(maxsize=1024)(Tenant)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The job that a permit must be for, as the executor knows it.

    Attributes:
        tenant: whose it is.
        job_type: its type.
        category: the type's category, from the registry.
        sha256: digest of the request's bytes.
        plan: digest of the plan.
        evidence: root of its evidence.
        requester: who asked for it.
    """

    tenant: Tenant
    job_type: str
    category: Category
    sha256: str
    plan: str
    evidence: str
    requester: str


MayApprove = Callable[[Approver, Wanted], bool]
"""A further policy: whether this person may approve this job (`troth.jobs.permits.cedar`)."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Permits whose signatures are true.

    Attributes:
        leaf: claims of the permit that is spent.
        approvers: the people who signed the root, each once.
        tenant: the tenant of the leaf: the only one that the job may be of.
        permits: digests of all payloads, root first.
        jtis: numbers of all of them, root first; all are spent together.
        keys: ids of all keys that signed.
    """

    leaf: Claims
    approvers: tuple[Approver, ...]
    tenant: Tenant
    permits: tuple[str, ...]
    jtis: tuple[str, ...]
    keys: tuple[str, ...]

    def require(self, wanted: Wanted, roster: Roster, also: MayApprove | None = None) -> None:
        """Hold the permit against the job.

        Raises:
            PermitError: `tenant`, `job-type`, `job`, `self-approval`, `policy` or `threshold`.
        """
        leaf = self.leaf
        if self.tenant != wanted.tenant:
            raise PermitError("tenant", "The permit is for another tenant or project.")
        if leaf.job_types != (wanted.job_type,):
            raise PermitError("job-type", "The permit is for another type of job.")
        binding = leaf.jobs[0]
        if (binding.sha256, binding.plan, binding.evidence) != (wanted.sha256, wanted.plan, wanted.evidence):
            raise PermitError("job", "The permit is for another job, plan or evidence.")
        demand_entitled(self.approvers, wanted, roster, also)


def demand_entitled(approvers: Iterable[Approver], wanted: Wanted, roster: Roster, also: MayApprove | None = None) -> None:
    """Hold the people who approved against the job: asked when a permit is spent, and again when a job that waited begins.

    Args:
        approvers: as the roster names them now.
        wanted: the job.
        roster: whose rules count.
        also: a further policy.

    Raises:
        PermitError: `self-approval`, `policy` or `threshold`.
    """
    entitled: list[Approver] = []
    for person in approvers:
        if person.is_called(wanted.requester):
            raise PermitError("self-approval", "Whoever asks for a job does not approve it.")
        if person.may(wanted.tenant):
            entitled.append(person)
    if also is not None and not all(also(person, wanted) for person in entitled):
        raise PermitError("policy", "A policy does not let one of the approvers approve this.")
    for rule in roster.rules:
        if rule.speaks_of(wanted.job_type, wanted.category):
            counted = [person for person in entitled if rule.roles & person.roles] if rule.roles else entitled
            if len(counted) < rule.needed:
                raise PermitError("threshold", f"It takes {rule.needed} approvers entitled to approve this.")


def verify(chain: Sequence[bytes], roster: Roster, *, executor: str, at: int) -> Allowed:
    """Verify a permit, or a chain of permits that narrow each other.

    Args:
        chain: envelopes, the one that people signed first, the narrowest last; usually one.
        roster: who may approve.
        executor: the name of this executor.
        at: now, POSIX seconds.

    Raises:
        PermitError: why not: `chain`, `issuer`, `not-yet`, `expired`, `unknown-key`, `revoked`, `key-window`, `signature`, `approvers`, `broader`, `delegate`,
            `audience`, `choice`, or a reason of `troth.jobs.permits.envelope.read`.
    """
    if not 1 <= len(chain) <= MOST_LINKS:
        raise PermitError("chain", f"Between 1 and {MOST_LINKS} permits are presented together.")
    # loops, not comprehensions: what is not the signature is held below a quarter of it, and each of six comprehensions would take a hundredth
    links, permits, jtis, names = [], [], [], []
    for content in chain:
        links.append(read(content))
    for link in links:
        claims = link.claims
        _timely(claims, roster, at)
        permits.append(link.sha256)
        jtis.append(claims.jti)
        for name, _ in link.signatures:
            names.append(name)
    root = links[0]
    if root.claims.parent:
        raise PermitError("chain", "The first permit has a parent that was not presented.")
    people = _approvers(root, _signer(root, roster, at), roster)
    if len(links) > 1:
        _narrowed(links, [_signer(link, roster, at) for link in links[1:]])
    if executor != claims.audience:
        raise PermitError("audience", "The permit is for another executor.")
    if not len(claims.job_types) == len(claims.jobs) == 1:
        raise PermitError("choice", "The permit leaves a choice; narrow it to one job.")
    return Allowed(claims, people, _tenant(claims.tenant, claims.project), tuple(permits), tuple(jtis), tuple(names))


def _narrowed(links: Sequence[Sealed], holders: Sequence[tuple[str, ...]]) -> None:
    for number, who in enumerate(holders):
        _linked(links[number], links[number + 1], who)


def _timely(claims: Claims, roster: Roster, at: int) -> None:
    if claims.issuer != roster.issuer:
        raise PermitError("issuer", "The permit comes from another approving body.")
    if at < claims.not_before:
        raise PermitError("not-yet", "The permit does not hold yet.")
    if at >= claims.expires:
        raise PermitError("expired", "The permit no longer holds.")


def _signer(link: Sealed, roster: Roster, at: int) -> tuple[str, ...]:
    """Holders of the keys that signed, after each signature was verified."""
    message, holders = link.signed, []
    begin = link.claims.not_before
    for name, signature in link.signatures:
        key = roster.key(name)
        if key is None:
            raise PermitError("unknown-key", "A signature is by a key that the roster does not know.")
        if key.revoked:
            raise PermitError("revoked", "A signature is by a key that was revoked.")
        if key.not_before > begin or not key.not_before <= at < key.not_after:
            raise PermitError("key-window", "A signature is by a key outside its time.")
        try:
            key.public.verify(signature, message)
        except InvalidSignature as error:
            raise PermitError("signature", "A signature does not verify.") from error
        holders.append(key.holder)
    return tuple(holders)


def _approvers(root: Sealed, holders: tuple[str, ...], roster: Roster) -> tuple[Approver, ...]:
    if holders != root.claims.approvers and set(holders) != set(root.claims.approvers):
        raise PermitError("approvers", "Those who signed are not exactly those whom the permit names.")
    people = []
    for name in root.claims.approvers:
        person = roster.approver(name)
        if person is not None:
            people.append(person)
    return tuple(people)


def _linked(parent: Sealed, child: Sealed, holders: tuple[str, ...]) -> None:
    if child.claims.parent != parent.sha256:
        raise PermitError("chain", "A permit names another parent than the one before it.")
    names = {name for name, _ in child.signatures}
    if not holders or not names <= set(parent.claims.delegates):
        raise PermitError("delegate", "A child permit is signed by a key to which its parent delegates nothing.")
    require_narrower(child.claims, parent.claims)
