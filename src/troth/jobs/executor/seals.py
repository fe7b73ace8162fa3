"""What the executor said about a job and means to believe later, under a key that is not in the database.

Between asking, approving and running, a job is a row in a database. Who can write that row, but is not the executor, could otherwise name another requester (and then approve
their own request), say that a job waits which nobody approved, or put other bytes into one that was. So moments are sealed, each once: that a job was `submitted` (by
whom), and that it was `queued` (for which plan, by whose approval, until when). That it was `begun` is sealed too, and that once: a row that is put back to waiting does not begin again; and what it left for other
systems when it was `done`, so that nobody else has something sent. A seal is an HMAC-SHA256 over the tenant, the job, the moment and the words.

Without a key in the settings a seal is a plain digest: it then shows carelessness, and not malice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from troth.jobs.executor.works import Works
from troth.jobs.job import Job
from troth.jobs.refusals import JobStateError
from troth.jobs.request import JobRequest
from troth.jobs.strict import Json, encode, parse
from troth.jobs.tables import SEALS
from troth.store import Transaction

__all__ = ["BEGUN", "DONE", "QUEUED", "SUBMITTED", "demand_requester", "demand_whole", "put", "told"]

SUBMITTED: Final = "submitted"
QUEUED: Final = "queued"
BEGUN: Final = "begun"
DONE: Final = "done"
_LIMIT: Final = 64 * 1024


def put(works: Works, t: Transaction, job_id: str, moment: str, words: Mapping[str, Json]) -> bool:
    """Seal what is true of a job now; False where that moment of it is sealed already."""
    content = encode(dict(words))
    return t.insert_new(SEALS, {"job": job_id, "moment": moment, "words": content, "mac": _mac(works, t, job_id, moment, content)})


def told(works: Works, t: Transaction, job_id: str, moment: str) -> Mapping[str, Json] | None:
    """What was sealed; None where nothing was, or it is no longer what was sealed."""
    mine = (SEALS.c.tenant == str(t.tenant)) & (SEALS.c.job == job_id) & (SEALS.c.moment == moment)
    row = t.execute(select(SEALS.c.words, SEALS.c.mac).where(mine)).one_or_none()
    if row is None or not hmac.compare_digest(row.mac.encode(), _mac(works, t, job_id, moment, bytes(row.words)).encode()):
        return None
    return parse(bytes(row.words), limit=_LIMIT, depth=4, error=JobStateError, what="seal")


def demand_whole(job: Job, request: JobRequest) -> None:
    """Refuse a job whose row says something else than its request.

    Raises:
        JobStateError: `tampered`.
    """
    whole = hashlib.sha256(job.content).hexdigest() == job.id and (request.type, request.tenant) == (job.type, job.tenant)
    if not whole:
        raise JobStateError("tampered", "The request that is kept is not the one that was submitted.")


def demand_requester(works: Works, t: Transaction, job: Job) -> None:
    """Refuse a job whose row names another requester than the one who submitted it.

    Raises:
        JobStateError: `tampered`.
    """
    words = told(works, t, job.id, SUBMITTED)
    if words is None or words.get("requester") != job.requester:
        raise JobStateError("tampered", "Who asked for the job is not who submitted it, or was written by somebody else than this executor.")


def _mac(works: Works, t: Transaction, job_id: str, moment: str, content: bytes) -> str:
    spelled = encode([str(t.tenant), job_id, moment, hashlib.sha256(content).hexdigest()])
    return hmac.new(works.settings.seal, b"troth.jobs.seal\0" + spelled, hashlib.sha256).hexdigest()
