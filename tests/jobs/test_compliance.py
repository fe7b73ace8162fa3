from __future__ import annotations

from datetime import UTC, datetime

from troth.jobs.compliance import DEMANDS, Recorded, pack

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
DAY = 86_400_000


def entry(number: int, kind: str, days_ago: int = 0, **body: object) -> Recorded:
    return Recorded(number, kind, MS - days_ago * DAY, "ana", "job", dict(body))  # type: ignore[arg-type]


def shown(made: dict[str, object], demand: str, words: str) -> dict[str, object]:
    (found,) = [one for one in made["demands"] if one["id"] == demand]  # type: ignore[attr-defined,index]
    (fact,) = [one for one in found["shown"] if words in one["says"]]
    return fact


def test_every_count_names_its_entries_and_nothing_is_called_compliant() -> None:
    entries = [entry(0, "check.found"), entry(1, "permit.refused"), entry(2, "job.running"), entry(3, "job.done"), entry(4, "permit.refused"), Recorded(5, "job.done", MS, "ana", "x", None)]
    made = pack(entries, origin="o", size=6, retention_days=0, made=NOW)

    assert {"says": "permits were refused", "count": 2, "entries": [1, 4]} == shown(made, "SOC 2 CC7.2", "permits were refused")
    assert {"says": "bodies are gone", "count": 1, "entries": [5]} == shown(made, "GDPR Article 25", "bodies are gone")
    assert [3, 5] == shown(made, "GDPR Article 30", "effects")["entries"]
    assert "compliant" not in str(made).lower()
    assert all(demand.not_shown for demand in DEMANDS)
    assert ["SOC 2 CC7.2", "GDPR Article 25", "GDPR Article 30", "HIPAA 164.312(b)"] == [demand.id for demand in DEMANDS]


def test_what_never_happened_counts_zero() -> None:
    made = pack([], origin="o", size=0, retention_days=0, made=NOW)

    assert {0} == {fact["count"] for demand in made["demands"] for fact in demand["shown"]}  # type: ignore[union-attr,index,call-overload]


def test_personal_data_in_bodies_is_counted_and_old_bodies_are_named() -> None:
    entries = [entry(0, "job.settled", 40, note="spoke with jo.doe@corp-mail.org"), entry(1, "job.done", 2)]
    made = pack(entries, origin="o", size=2, retention_days=30, made=NOW)

    assert [0] == shown(made, "GDPR Article 25", "personal data")["entries"]
    assert {"days": 30, "bodies_kept_longer": [0]} == made["retention"]
