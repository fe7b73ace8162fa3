"""`troth suggest`, `troth fix` and `troth jobs` as a person calls them, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from tests.repositories import MadeCommit, MadeRepository
from tests.web.board_made import POLICY, WORKFLOW, port


@pytest.fixture
def repository(tmp_path: Path) -> MadeRepository:
    made = MadeRepository(tmp_path / "project")
    made.commit(MadeCommit(files={"SECURITY.md": POLICY, ".github/workflows/ci.yml": WORKFLOW, "src/a.py": "print(1)\n"}))
    return made


def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TROTH_JOBS": str(tmp_path / "jobs"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "USER": "ana", "LOGNAME": "ana", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


def troth(tmp_path: Path, *words: str, code: int = 0, given: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "troth", *words], capture_output=True, text=True, env=environment(tmp_path), input=given, timeout=120)
    assert code == done.returncode, done.stderr
    return done


def test_suggest_prints_a_patch_that_git_applies_and_writes_nothing(tmp_path: Path, repository: MadeRepository) -> None:
    done = troth(tmp_path, "suggest", str(repository.root), "--isolation", "process")
    assert "" == repository.git("status", "--porcelain")
    subprocess.run(["git", "-C", str(repository.root), "apply", "--check", "-"], input=done.stdout, text=True, check=True)

    assert "2 of 2 failing promises have a patch" in done.stderr
    told = json.loads(troth(tmp_path, "suggest", str(repository.root), "--isolation", "process", "--format", "json").stdout)
    assert ["limit-permissions", "scanner-can-fail"] == [one["module"] for one in told["advice"]]
    assert done.stdout == told["patch"]


def test_fix_waits_for_somebody_else_and_then_mends(tmp_path: Path, repository: MadeRepository) -> None:
    troth(tmp_path, "fix", str(repository.root), code=2)
    troth(tmp_path, "jobs", "init", str(repository.root), "--person", "ben")
    troth(tmp_path, "fix", str(repository.root), "--isolation", "process", "--only-propose")
    (job,) = json.loads(troth(tmp_path, "jobs", "list").stdout)
    assert "planned" == job["state"]
    (done,) = json.loads(troth(tmp_path, "jobs", "approve", job["id"][:12], "--yes", "--run").stdout)

    assert "done" == done["state"]
    assert "troth/fix-" in repository.git("branch", "--list", "troth/*")
    assert all(one["same"] for one in json.loads(troth(tmp_path, "jobs", "replay", job["id"]).stdout))
    pack = json.loads(troth(tmp_path, "jobs", "evidence").stdout)
    assert ["SOC 2 CC7.2", "GDPR Article 25", "GDPR Article 30", "HIPAA 164.312(b)"] == [one["id"] for one in pack["demands"]]


def test_the_board_starts_from_the_command_line_and_prints_a_link(tmp_path: Path, repository: MadeRepository) -> None:
    pytest.importorskip("fastapi", reason="the extra `desk` is not installed")
    troth(tmp_path, "jobs", "init", str(repository.root))
    number = port()
    serving = subprocess.Popen([sys.executable, "-m", "troth", "jobs", "board", "--port", str(number)], stderr=subprocess.PIPE, text=True, env=environment(tmp_path))
    try:
        assert serving.stderr is not None
        line = serving.stderr.readline()
        link = re.search(r"http://localhost:\d+/enter\?token=\S+", line)
        assert link, line
        for _ in range(100):
            try:
                page = urllib.request.urlopen(link[0], timeout=2).read().decode()
                break
            except OSError:
                time.sleep(0.1)
        assert "Sign in" in page
    finally:
        serving.terminate()
        serving.wait(10)
