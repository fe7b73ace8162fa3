"""The catalogue from memory is the catalogue from its files, and any change of a file goes past the memory."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from troth.check.catalogue import CONTROLS, Catalogue, load, load_remembered
from troth.check.deferred import Deferred
from troth.check.looks import signature_of
from troth.errors import CatalogueError

TOPIC = "publish"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of one topic of the catalogue, importable as `kept_controls`, with a cache of its own."""
    monkeypatch.setenv("TROTH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "kept_controls"
    shutil.copytree(CONTROLS / TOPIC, folder / TOPIC, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("kept_controls")]:
        del sys.modules[name]


def read(root: Path) -> Catalogue:
    return load_remembered(root, "kept_controls")


def deferred(catalogue: Catalogue) -> bool:
    return all(isinstance(control.verify, Deferred) for control in catalogue.values() if control.decides != "not-yet")


def remember(root: Path) -> None:
    first = read(root)
    assert not deferred(first)
    first.remember()


def test_from_memory_it_is_the_same_and_imports_nothing(root: Path) -> None:
    remember(root)
    full = load(root, "kept_controls")
    for name in [name for name in sys.modules if name.startswith("kept_controls")]:
        del sys.modules[name]

    again = read(root)

    assert deferred(again)
    assert not [name for name in sys.modules if name.startswith("kept_controls")]
    assert [replace(control, verify=None) for control in again.values()] == [replace(control, verify=None) for control in full.values()]
    for name, control in again.items():
        if control.verify is not None:
            assert signature_of(control.verify) == signature_of(full[name].verify)


def test_a_catalogue_that_was_not_looked_over_is_not_remembered(root: Path) -> None:
    read(root)

    assert not deferred(read(root))


@pytest.mark.parametrize("name", ["README.md", "verify.py"])
def test_a_changed_file_goes_past_the_memory(root: Path, name: str) -> None:
    remember(root)
    path = root / TOPIC / "scoped" / name
    path.write_text(path.read_text() + "\n")

    assert not deferred(read(root))


def test_a_change_that_keeps_the_size_goes_past_the_memory(root: Path) -> None:
    remember(root)
    path = root / TOPIC / "scoped" / "verify.py"
    before = path.stat()
    path.write_text(path.read_text().replace("a", "o", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    assert path.stat().st_size == before.st_size
    assert not deferred(read(root))


def test_a_half_made_folder_stops_the_run_in_spite_of_the_memory(root: Path) -> None:
    remember(root)
    (root / TOPIC / "scoped" / "verify.py").unlink()

    with pytest.raises(CatalogueError, match=r"verify\.py is missing"):
        read(root)


def test_a_new_folder_is_seen_in_spite_of_the_memory(root: Path) -> None:
    remember(root)
    (root / TOPIC / "half_made").mkdir()
    (root / TOPIC / "half_made" / "__init__.py").touch()

    with pytest.raises(CatalogueError, match="half_made"):
        read(root)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"mark": "x"}', b"\xff\xfe"])
def test_a_spoiled_memory_costs_time_only(root: Path, tmp_path: Path, content: bytes) -> None:
    remember(root)
    (tmp_path / "cache" / "catalogue.json").write_bytes(content)

    assert read(root).keys() == load(root, "kept_controls").keys()


def test_a_memory_that_declares_nonsense_stops_the_run(root: Path, tmp_path: Path) -> None:
    remember(root)
    path = tmp_path / "cache" / "catalogue.json"
    kept = json.loads(path.read_text())
    kept["fronts"][f"{TOPIC}/scoped"]["pillar"] = "unheard-of"
    path.write_text(json.dumps(kept))

    with pytest.raises(CatalogueError, match="pillar"):
        read(root)


def test_without_a_cache_everything_is_read_each_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TROTH_CACHE", "")
    remember(root)

    assert not deferred(read(root))
