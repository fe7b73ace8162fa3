"""Every attack on the jobs is refused and every twin goes through, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.jobs import cases
from tests.attacks.jobs.play import chosen
from tests.jobs.world import World, world
from tests.postgres import Cluster, postgres

__all__ = ["postgres"]


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    room: Path = tmp_path_factory.mktemp("jobs")
    with world(f"sqlite:///{room / 'jobs.db'}", room / "trees") as made:
        yield made


@pytest.fixture(scope="module")
def on_postgres(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with postgres.database() as url, world(url, tmp_path_factory.mktemp("jobs") / "trees") as made:
        yield made


def _holds(one: cases.Case, made: World) -> None:
    verdict = cases.play(one, made)

    assert not verdict.succeeded
    assert not verdict.twin_refused


@pytest.mark.parametrize("one", chosen("sqlite"), ids=lambda one: f"{one.letter} {one.title}"[:80])
def test_an_attack_is_refused_and_its_twin_is_not_on_sqlite(one: cases.Case, on_sqlite: World) -> None:
    _holds(one, on_sqlite)


@pytest.mark.parametrize("one", [one for one in chosen("postgresql") if (one.letter[0] == "E" and one.letter not in ("E10", "E12")) or one.letter[0] in "DW" or one.letter in ("T6", "T9", "T18", "T20")], ids=lambda one: f"{one.letter} {one.title}"[:80])
def test_an_attack_on_what_is_kept_is_refused_and_its_twin_is_not_on_postgresql(one: cases.Case, on_postgres: World) -> None:
    _holds(one, on_postgres)


def test_there_are_as_many_cases_as_promised() -> None:
    letters = [one.letter for one in cases.CASES]

    assert sum(letter[0] == "T" or letter in ("E1", "E2", "E4", "E5", "E7", "E9") for letter in letters) >= 60
    assert sum(letter in ("E3", "E10", "new") for letter in letters) >= 12
    assert {"T1", "T2", "T3", "T4", "T5", "T6", "T9", "T10", "T11", "T14", "T16", "T17", "T18", "T20", "T21", "T22", "T23", "T24", "T25", "T27", "T28"} <= set(letters)
    assert {"E1", "E2", "E3", "E4", "E5", "E7", "E8", "E9", "E10", "E12"} <= set(letters)


def test_a_case_whose_attack_goes_through_is_seen(on_sqlite: World) -> None:
    job = on_sqlite.planned()
    naive = cases.Case("T0", "nothing is wrong with it", frozenset({"spent"}), lambda w: cases.Tried(lambda: w.executor.run([w.permit(job)]), lambda: None))

    assert "was not refused" in cases.play(naive, on_sqlite).succeeded
