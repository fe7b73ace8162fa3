"""Blobs from one process that stays open: what each answer is, and that no answer is another's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.repositories import MadeCommit, MadeRepository
from troth.engines.git.blobs import Blobs, blobs_of
from troth.engines.git.repository import open_repository

LIMIT = 4096
CONTENTS = {"a.txt": "first\n", "empty": "", "lines": "\n" * 50, "header": "0" * 40 + " blob 5\n", "large": "x" * (LIMIT + 1), "edge": "y" * LIMIT}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Blobs, dict[str, str]]:
    MadeRepository(tmp_path).commit(MadeCommit(files=CONTENTS))
    listing = subprocess.run(["git", "-C", tmp_path, "ls-tree", "-r", "HEAD"], capture_output=True, text=True, check=True).stdout
    ids = {line.split("\t")[1]: line.split()[2] for line in listing.splitlines()}
    ids["tree"] = subprocess.run(["git", "-C", tmp_path, "rev-parse", "HEAD^{tree}"], capture_output=True, text=True, check=True).stdout.strip()
    return Blobs(open_repository(tmp_path).need_git()), ids


def expected(name: str) -> bytes | None:
    return None if name in ("large", "tree") else CONTENTS[name].encode()


def test_each_answer_is_its_own_in_any_order(made: tuple[Blobs, dict[str, str]]) -> None:
    blobs, ids = made

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from([*sorted(CONTENTS), "tree", "absent"]), max_size=12))
    def asked(names: list[str]) -> None:
        for name in names:
            found = blobs.read("1" * 40 if name == "absent" else ids[name], LIMIT)
            assert found == (None if name == "absent" else expected(name))

    asked()


@pytest.mark.parametrize("oid", ["", "HEAD", "--batch-check", "1" * 39, "g" * 40, "1" * 40 + "\n" + "2" * 40, "HEAD:a.txt"])
def test_what_is_no_id_is_never_asked(made: tuple[Blobs, dict[str, str]], oid: str) -> None:
    blobs, _ids = made

    assert blobs.read(oid, LIMIT) is None
    assert blobs._process is None


def test_a_process_that_was_killed_is_replaced(made: tuple[Blobs, dict[str, str]]) -> None:
    blobs, ids = made
    assert blobs.read(ids["a.txt"], LIMIT) == b"first\n"
    blobs._process.kill()
    blobs._process.wait()

    assert blobs.read(ids["a.txt"], LIMIT) in (None, b"first\n")
    assert blobs.read(ids["edge"], LIMIT) == expected("edge")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_asks_a_process_of_its_own(made: tuple[Blobs, dict[str, str]]) -> None:
    git, ids = made[0]._git, made[1]
    assert blobs_of(git).read(ids["a.txt"], LIMIT) == b"first\n"
    child = os.fork()
    if child == 0:
        os._exit(0 if blobs_of(git).read(ids["lines"], LIMIT) == expected("lines") else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [blobs_of(git).read(ids[name], LIMIT) for name in ("edge", "header", "empty")] == [expected(name) for name in ("edge", "header", "empty")]
