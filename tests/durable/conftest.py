"""The three engines, each beside a store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("dbos", reason="DBOS is not installed (extra: jobs)")

from tests.databases import migrated, sqlite_copy
from tests.postgres import Cluster, postgres  # noqa: F401
from troth.durable import Engine, Queue, open_engine
from troth.store import Store, open_store

QUEUES = [Queue("jobs", per_worker=4, per_tenant=1), Queue("mail", per_worker=2, per_tenant=1)]


@dataclass
class Setting:
    """An engine, its store and how it is opened again."""

    kind: str
    url: str | None
    store: Store
    engine: Engine


def demand_sqlite(kind: str) -> None:
    """Skip where the engine refuses this Python's SQLite."""
    if kind == "sqlite":
        from troth.durable.dbos_engine import tells_no_parts_of_seconds

        if tells_no_parts_of_seconds():
            pytest.skip("this Python's SQLite is older than 3.42, and the engine says so")


@pytest.fixture(params=["inline", "sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    with contextlib.ExitStack() as opened:
        if request.param == "postgresql":
            cluster: Cluster = request.getfixturevalue("postgres")
            url = opened.enter_context(cluster.copy(with_engine))
        else:
            demand_sqlite(request.param)
            url = sqlite_copy(tmp_path / "troth.db", migrated if request.param == "inline" else with_engine)
        store = opened.enter_context(open_store(url))
        engine = open_engine(None if request.param == "inline" else url, QUEUES, poll_seconds=0.05, pause=0.05)
        yield Setting(request.param, None if request.param == "inline" else url, store, engine)
        engine.stop(2)


def with_engine(url: str) -> None:
    """The product's tables and the engine's own."""
    from dbos import DBOS

    migrated(url)
    DBOS.migrate(url)
