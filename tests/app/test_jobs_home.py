"""The directory of one machine's jobs: what is made at first use is whole for everybody who comes at once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from troth.app.jobs_home import Home
from troth.errors import UsageError


def _home(path: Path) -> Home:
    return Home(path, "executor", "issuer", "sqlite://", {}, frozenset())


def test_those_who_make_the_seal_at_once_hold_the_same_one(tmp_path: Path) -> None:
    for _ in range(20):
        (tmp_path / "seal.key").unlink(missing_ok=True)
        start = Barrier(8)

        def first(_number: int, start: Barrier = start) -> bytes:
            start.wait()
            return _home(tmp_path).seal_key()

        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(first, range(8)))
        assert len(keys) == 1
        assert len(keys.pop()) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["seal.key"]
    assert stat.S_IMODE((tmp_path / "seal.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_seal_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seal.key").write_bytes(content)
    (tmp_path / "seal.key").chmod(0o600)
    with pytest.raises(UsageError, match="no key"):
        _home(tmp_path).seal_key()
