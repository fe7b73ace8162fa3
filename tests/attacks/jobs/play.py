"""Plays the cases, all in one world: what one leaves behind must not help or hurt another."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.jobs import cases, executor_and_egress, permits_bound, permits_forged, requests_and_tenants
from tests.jobs.world import world

_SUITES = (permits_forged, permits_bound, requests_and_tenants, executor_and_egress)


def chosen(backend: str) -> list[cases.Case]:
    """Cases for a back end."""
    assert _SUITES
    return [one for one in cases.CASES if one.only in ("", backend)]


def play_all(url: str, trees: Path, backend: str) -> list[cases.Verdict]:
    """Every case, in order."""
    with world(url, trees) as made:
        return [cases.play(one, made) for one in chosen(backend)]
