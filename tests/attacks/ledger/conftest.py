"""Both back ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra: jobs or desk)")

from tests.attacks.ledger.scene import Scene
from tests.databases import migrated, sqlite_copy
from tests.postgres import Cluster, postgres  # noqa: F401
from troth.store import open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if request.param == "sqlite":
        url = sqlite_copy(tmp_path / "troth.db", played)
        with open_store(url) as store:
            yield Scene(store, url, tmp_path, played_by=STORIES["sqlite"])
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.copy(played) as url, open_store(url) as store:
        yield Scene(store, url, tmp_path, played_by=STORIES["postgresql"])


STORIES: dict[str, Scene] = {}
"""By dialect: who filled the database that is copied, with the client's key and checkpoints."""


def played(url: str) -> None:
    """The product's tables, and the log as `Scene` begins it."""
    migrated(url)
    with open_store(url) as store:
        STORIES[store.dialect] = Scene(store, url, Path())
