"""Small sizes of the load and crash commands (`bench.jobs`); larger ones are marked slow (docs/testing.md), the full ones are named in docs/jobs.md."""

from __future__ import annotations

import pytest
from bench.jobs.crashes import measure as crash
from bench.jobs.double_spend import measure as present
from bench.jobs.verify_load import measure as verify


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_of_many_presentations_at_once_one_spends(backend: str) -> None:
    found = present(backend, presentations=240, processes=3, permits=20)

    assert (20, 0, 0, 20) == (found.spent_once, found.spent_more, found.never_spent, found.spent_rows)


def test_no_valid_permit_is_refused_on_a_loaded_machine() -> None:
    assert 0 == verify(permits=1200, load=4)[0]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_killed_executor_runs_nothing_twice_and_loses_nothing_silently(backend: str) -> None:
    found = crash(backend, jobs=1, at_random=9 if backend == "sqlite" else 2)

    assert found.kills >= 11
    assert (0, 0, []) == (found.twice, found.silent, found.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_of_thousands_of_presentations_at_once_one_spends(backend: str) -> None:
    found = present(backend, presentations=6_000, processes=4, permits=100)

    assert (100, 0, 0, 100) == (found.spent_once, found.spent_more, found.never_spent, found.spent_rows)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_an_executor_that_is_killed_at_many_moments_runs_nothing_twice(backend: str) -> None:
    found = crash(backend, jobs=4, at_random=60)

    assert found.kills >= 44
    assert (0, 0, []) == (found.twice, found.silent, found.wrong)
