"""Plays the cases, all in one world: what one leaves behind must not help or hurt another."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.attacks.jobs import (
    bundles_and_evidence,
    cases,
    egress,
    executor,
    forges,
    identities,
    kept_aside,
    permits_bound,
    permits_forged,
    permits_narrowed,
    permits_people,
    requests,
    rows_of_jobs,
    rows_of_queue,
    second_acts,
    second_after,
    second_modules,
    second_permits,
    second_tenants,
    tenants,
    trees,
    weak_keys,
)
from tests.jobs.world import world

_SUITES = (permits_forged, permits_bound, permits_narrowed, permits_people, requests, bundles_and_evidence, tenants, executor, egress, rows_of_jobs, rows_of_queue, trees, weak_keys, kept_aside, identities, forges, second_permits, second_tenants, second_acts, second_modules, second_after)


def chosen(backend: str) -> list[cases.Case]:
    """Cases for a back end."""
    assert _SUITES
    return [one for one in cases.CASES if one.only in ("", backend)]


def play_all(url: str, trees: Path, backend: str) -> list[cases.Verdict]:
    """Every case, in order; those whose library is not installed are left out."""
    found = []
    with world(url, trees) as made:
        for one in chosen(backend):
            with contextlib.suppress(pytest.skip.Exception):
                found.append(cases.play(one, made))
    return found
