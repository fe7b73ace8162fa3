"""An evidence pack from a tenant's ledger: what its entries show about three demands that auditors ask for, and what they do not show.

Rules: every count is counted from entries whose proofs were verified before they came here, and names them; nothing is called compliant: whether a demand is met is
for people to say; what the ledger cannot show stands beside what it shows, with who could.

Sources: AICPA TSC 2017 (2022 points of focus) CC7.2; Regulation (EU) 2016/679, Articles 25 and 30; 45 CFR 164.312(b). This module reads no store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from troth.jobs.recommend.personal import find
from troth.jobs.strict import Json

__all__ = ["DEMANDS", "Demand", "Fact", "Recorded", "pack"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry of the ledger, proven: number, kind, time (POSIX milliseconds), actor, subject, and its body; None where that was erased."""

    number: int
    kind: str
    at: int
    actor: str
    subject: str
    body: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that entries show: a sentence, how many entries, and the first of them."""

    says: str
    count: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand.

    Attributes:
        id: as auditors name it.
        asks: what it asks for, in our words.
        shows: what entries show about it.
        not_shown: what the ledger cannot show, and who could.
    """

    id: str
    asks: str
    shows: tuple[tuple[str, Callable[[Recorded], bool]], ...]
    not_shown: tuple[str, ...]


def _kind(*starts: str) -> Callable[[Recorded], bool]:
    return lambda one: one.kind.startswith(starts)


def _personal(one: Recorded) -> bool:
    return (one.body is not None and bool(find(str(dict(one.body))))) or bool(find(f"{one.actor} {one.subject}"))


DEMANDS: Final = (
    Demand(
        "SOC 2 CC7.2", "The system is monitored for anomalies that point to malicious acts, disasters and errors, and they are looked into.",
        (
            ("checks of the repository were recorded", _kind("check.")),
            ("permits were refused", _kind("permit.refused")),
            ("permits, keys or approvers were revoked", _kind("permit.revoked")),
            ("jobs failed", _kind("job.failed")),
            ("jobs were lost and became visible", _kind("job.lost")),
            ("lost jobs were settled by a person", _kind("job.settled")),
        ),
        ("whether somebody reads these entries, and how soon: your incident records", "what happens outside the executor (hosts, networks, people with access to the database): your own monitoring"),
    ),
    Demand(
        "GDPR Article 25", "Data protection by design and by default: no more personal data than needed, for no longer than needed.",
        (
            ("entries were written after secrets had been taken out", lambda one: one.body is not None),
            ("entries hold what reads like personal data (actors count)", _personal),
            ("bodies were erased while every proof still holds", _kind("ledger.erased")),
            ("bodies are gone", lambda one: one.body is None),
        ),
        ("personal data in the systems that jobs change: a data map of those", "whether what was kept was needed: your assessment"),
    ),
    Demand(
        "GDPR Article 30", "Records of processing: who, what for, which data, who receives them, how long, which safeguards.",
        (
            ("requests name who asked and what for", _kind("job.submitted")),
            ("approvals name who approved which plan", lambda one: one.kind in ("job.running", "job.queued")),
            ("effects were recorded with their outcome", _kind("job.done")),
        ),
        ("purposes and legal bases, categories of people, recipients, transfers: your own record of processing", "the names of controller, representative and data protection officer"),
    ),
    Demand(
        "HIPAA 164.312(b)", "Mechanisms that record and examine activity in systems that hold electronic protected health information.",
        (
            ("steps of jobs were recorded with actor and time", _kind("job.")),
            ("uses of permits were recorded", lambda one: one.kind in ("job.running", "job.queued", "permit.refused")),
            ("what was found before and after was recorded", _kind("check.")),
        ),
        ("access to health information itself: the audit logs of the systems that hold it", "that the records are examined: your review procedure"),
    ),
)  # fmt: skip


def pack(entries: Sequence[Recorded], *, origin: str, size: int, retention_days: int, made: datetime) -> dict[str, Json]:
    """The evidence pack as data.

    Args:
        entries: all of them, proven.
        origin: name of the log.
        size: entries that the verified checkpoint covers.
        retention_days: how long bodies are kept, as the settings say; 0 for no limit.
        made: now.
    """
    kinds = Counter(one.kind for one in entries)
    times = [one.at for one in entries]
    overdue = [one.number for one in entries if retention_days and one.body is not None and made.timestamp() * 1000 - one.at > retention_days * 86_400_000]
    demands: list[Json] = []
    for demand in DEMANDS:
        demands.append({"id": demand.id, "asks": demand.asks, "shown": [_fact(says, test, entries) for says, test in demand.shows], "not_shown": list(demand.not_shown)})
    return {
        "made": made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "log": origin, "entries": size, "from": _moment(min(times, default=0)), "to": _moment(max(times, default=0)),
        "kinds": dict(sorted(kinds.items())), "verified": "every entry is proven to be in the log by an inclusion proof against a signed checkpoint",
        "says_nothing_about": "whether a demand is met; that is for people to say", "retention": {"days": retention_days, "bodies_kept_longer": list(overdue[:100])}, "demands": demands,
    }  # fmt: skip


def _fact(says: str, test: Callable[[Recorded], bool], entries: Sequence[Recorded]) -> Json:
    found = [one.number for one in entries if test(one)]
    return {"says": says, "count": len(found), "entries": list(found[:20])}


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
