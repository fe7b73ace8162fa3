"""Why something was refused: the kinds of `JobError`, by what was at fault.

Every refusal carries a `reason` in kebab-case that tests, the ledger and programs compare, and one sentence for people that repeats nothing of what was refused
(a permit, a secret or a hostile string never comes back through an error).
"""

from __future__ import annotations

from troth.errors import JobError

__all__ = ["EgressError", "JobEvidenceError", "JobStateError", "PermitError", "RequestError", "RosterError"]


class RequestError(JobError):
    """The bytes of a request, a bundle or its parameters are not what a request is."""

    code = "job-request"
    help = "Mend the request; what is approved is its bytes, so a mended request needs a new approval."


class PermitError(JobError):
    """A permit does not allow this job, here, now, by these people."""

    code = "permit"
    help = "Ask the approvers for a permit for exactly this job and this plan; docs/jobs.md says what a permit binds."


class RosterError(JobError):
    """The list of approvers and keys is malformed, rolled back, or open to others."""

    code = "roster"
    help = "Mend the roster of approvers; docs/jobs.md says what it holds and who may write it."


class JobEvidenceError(JobError):
    """A piece of evidence in a request is not what the request says it is."""

    code = "job-evidence"
    help = "Collect the evidence again and submit a new request: evidence is verified by the executor, never believed."


class JobStateError(JobError):
    """A job is not in a state in which this can happen to it, or it is not this tenant's."""

    code = "job-state"
    help = "Look at the job with: troth jobs show ID."


class EgressError(JobError):
    """A handler asked for an address that jobs do not speak with."""

    code = "egress"
    help = "Declare the host in the job type's list; private addresses, redirects elsewhere and bare numbers are never followed."
