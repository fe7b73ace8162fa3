"""Both back ends, with the tables in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra: jobs or desk)")

from tests.databases import sqlite_copy
from tests.postgres import Cluster, postgres  # noqa: F401
from tests.store.things import declared
from troth.store import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated store with the tables of `tests.store.things` beside those of the product."""
    if request.param == "sqlite":
        with open_store(sqlite_copy(tmp_path / "data" / "troth.db", with_things)) as opened:
            yield opened
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.copy(with_things) as url, open_store(url) as opened:
        yield opened


def with_things(url: str) -> None:
    """The product's tables and those of `tests.store.things`."""
    with open_store(url) as store:
        store.migrate()
        declared(store)
