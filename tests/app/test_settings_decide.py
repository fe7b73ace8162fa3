"""A check with the forge's settings: from a snapshot and from a live forge, fresh, stale, foreign and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.controls.cases import FORGE, Case, write_forge
from tests.engines.forge.server import Answer, Server, running
from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import run_check
from troth.app.forge import ForgeSource
from troth.cli import run
from troth.terms.result import Result
from troth.terms.verdict import Kept, Unknown, name_of

ROOT = Path(__file__).resolve().parents[2]
POLICY = "# Security\n\n## Repository settings\n\n- Dependabot security updates are enabled\n"
ON = {"automated-security-fixes": {"enabled": True, "paused": False}}
NOW = datetime.now(UTC)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    MadeRepository(tmp_path / "tree").commit(MadeCommit(files={"SECURITY.md": POLICY}))
    return tmp_path / "tree"


def snapshot(tmp_path: Path, answers: dict[str, object], age_days: float = 0.0) -> Path:
    path = tmp_path / "forge.json"
    write_forge(Case("", "", forge=answers), path, NOW - timedelta(days=age_days))
    return path


def told(result: Result) -> str:
    return name_of(next(one.verdict for one in result.findings if one.promise.control == "settings/security-features"))


def test_a_fresh_snapshot_decides_and_the_evidence_names_the_request(tree, tmp_path):
    result = run_check(tree, forge=ForgeSource(snapshot(tmp_path, ON), FORGE))
    finding = next(one for one in result.findings if one.promise.control == "settings/security-features")

    assert isinstance(finding.verdict, Kept)
    assert f"GET /repos/{FORGE}/automated-security-fixes at " in (finding.verdict.evidence[0].source or "")


def test_without_a_snapshot_nothing_is_asked_and_the_run_has_not_failed(tree):
    result = run_check(tree)

    assert told(result) == "unknown"
    assert all(engine.seen for engine in result.engines)


@pytest.mark.parametrize(
    ("age", "repository", "why"),
    [(8.0, FORGE, "older than 7 days"), (-3.0, FORGE, "has not come yet"), (0.0, "acme/other", "The snapshot is of acme/rocket")],
)
def test_a_snapshot_that_cannot_speak_leaves_unknown_and_is_a_failure_of_the_run(tree, tmp_path, age, repository, why):
    result = run_check(tree, forge=ForgeSource(snapshot(tmp_path, ON, age), repository))
    verdict = next(one.verdict for one in result.findings if one.promise.control == "settings/security-features")

    assert isinstance(verdict, Unknown)
    assert why in verdict.because
    assert [engine.because for engine in result.engines if not engine.seen] == [verdict.because]


def test_a_damaged_snapshot_is_unknown_with_its_reason(tree, tmp_path):
    path = snapshot(tmp_path, ON)
    path.write_text(path.read_text().replace('"enabled": true', '"enabled": false'))
    result = run_check(tree, forge=ForgeSource(path, FORGE))

    assert told(result) == "unknown"
    assert any("changed after it was written" in engine.because for engine in result.engines)


def test_the_forge_itself_is_asked_with_get_only_and_the_token_is_written_nowhere(tree, tmp_path, monkeypatch, live):
    live.answers = {
        f"/repos/{FORGE}": Answer(200, {"full_name": FORGE, "default_branch": "main", "private": False, "archived": False}),
        f"/repos/{FORGE}/automated-security-fixes": Answer(200, ON["automated-security-fixes"]),
    }
    live.always = lambda request: None if request.path.partition("?")[0] in live.answers else Answer(404, {"message": "Not Found"})
    monkeypatch.setenv("TROTH_TOKEN", "ghx_" + "Zq7" * 10)
    out = tmp_path / "report.json"
    code = run(["check", str(tree), "--forge", "--repository", FORGE, "--api", live.url, "--format", "json", "--output", str(out)])
    report = json.loads(out.read_text())

    assert code == 0
    assert [one["verdict"] for one in report["findings"] if one["control"] == "settings/security-features"] == ["kept"]
    assert {request.method for request in live.requests} == {"GET"}
    assert "Zq7" not in out.read_text()


def test_a_forge_that_is_not_there_is_exit_2_and_no_verdict(tree, tmp_path):
    code = run(["check", str(tree), "--forge", "--repository", FORGE, "--api", "http://127.0.0.1:9", "--output", str(tmp_path / "out.txt")])

    assert code == 2


def test_settings_of_the_seed_policies_are_right_on_off_and_refused():
    if not os.environ.get("TROTH_TRUTH") or not os.environ.get("TROTH_SEEDS"):
        pytest.skip("TROTH_TRUTH and TROTH_SEEDS do not name the truth and the policies")
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "eval_settings.py")], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.fixture
def live():
    pytest.importorskip("httpx", reason="the extra `forge` is not installed")
    with running(Server()) as server:
        yield server
