"""Databases in which something has been prepared once, copied for every test: SQLite as a file, PostgreSQL as a template.

Rules: what prepares runs the product's own code on an empty database and closes it; a copy is a database of its own, which its test may spoil. A file is copied
before anything has opened it and never after (closing a descriptor of a live SQLite file drops the locks of its process, ADR 0724).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

Prepare = Callable[[str], None]
"""Fills the database at an address and leaves no connection to it behind."""
_FILES: dict[Prepare, bytes] = {}


def migrated(url: str) -> None:
    """The product's tables, and nothing in them."""
    from troth.store import open_store

    with open_store(url) as store:
        store.migrate()


def sqlite_copy(path: Path, prepare: Prepare = migrated) -> str:
    """A prepared database at `path`, which must not exist yet, readable by its owner alone; gives its address."""
    if prepare not in _FILES:
        with tempfile.TemporaryDirectory(prefix="troth-prepared-") as made:
            whole = Path(made) / "prepared.db"
            prepare(f"sqlite:///{whole}")
            assert not Path(f"{whole}-wal").exists(), "what prepares must close the database: its last writes are not in the file"
            _FILES[prepare] = whole.read_bytes()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_FILES[prepare])
    return f"sqlite:///{path}"
