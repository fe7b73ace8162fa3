"""Blobs through one git process: what is there, what is not, what is too large, and a process that has ended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from troth.engines.git.blobs import Blobs, blobs_of
from troth.engines.git.command import Git, find_git


@pytest.fixture
def blobs(tmp_path: Path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    opened = Blobs(Git(tmp_path, find_git()))
    yield opened
    opened.close()


def _add(root: Path, data: bytes) -> str:
    done = subprocess.run(["git", "-C", str(root), "hash-object", "-w", "--stdin"], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_contents_come_whole_whatever_they_hold(blobs: Blobs, tmp_path: Path) -> None:
    for data in (b"", b"a", b"\n", b"a\nb\0c\n\n", bytes(range(256)) * 9000):
        assert blobs.read(_add(tmp_path, data), 1 << 24) == data


def test_what_is_not_here_and_what_is_no_id_is_none_and_the_next_is_read(blobs: Blobs, tmp_path: Path) -> None:
    there = _add(tmp_path, b"x")

    assert blobs.read("0" * 40, 100) is None
    assert blobs.read("HEAD", 100) is None
    assert blobs.read("-" * 40, 100) is None
    assert blobs.read(there, 100) == b"x"


def test_what_is_too_large_is_passed_by_and_the_next_is_read(blobs: Blobs, tmp_path: Path) -> None:
    large, small = _add(tmp_path, b"y" * 3_000_000), _add(tmp_path, b"z")

    assert blobs.read(large, 100) is None
    assert blobs.read(small, 100) == b"z"
    assert blobs.read(large, 1 << 24) == b"y" * 3_000_000
    assert blobs.read(large, 100) is None


def test_an_object_that_is_no_blob_is_none(blobs: Blobs, tmp_path: Path) -> None:
    tree = subprocess.run(["git", "-C", str(tmp_path), "mktree"], input=b"", capture_output=True, check=True).stdout.decode().strip()

    assert blobs.read(tree, 1 << 20) is None
    assert blobs.read(_add(tmp_path, b"after"), 100) == b"after"


def test_a_process_that_has_ended_is_started_once_more(blobs: Blobs, tmp_path: Path) -> None:
    first, second = _add(tmp_path, b"1"), _add(tmp_path, b"2")
    assert blobs.read(first, 10) == b"1"
    blobs._process.kill()
    blobs._process.wait()

    assert blobs.read(second, 10) == b"2"


def test_a_folder_without_a_repository_gives_nothing(tmp_path: Path) -> None:
    lost = Blobs(Git(tmp_path / "nowhere", find_git()))

    assert lost.read("0" * 40, 10) is None
    lost.close()


def test_few_repositories_are_open_at_a_time(tmp_path: Path) -> None:
    opened = []
    for name in "abcdef":
        subprocess.run(["git", "init", "-q", str(tmp_path / name)], check=True)
        data = _add(tmp_path / name, name.encode())
        opened.append(blobs_of(Git(tmp_path / name, find_git())))
        assert opened[-1].read(data, 10) == name.encode()

    assert [one._process is not None for one in opened] == [False, False, True, True, True, True]
    for one in opened:
        one.close()
