"""The demonstration project: always the same, built in peace, and judged as its makers meant it."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from troth.app.check import run_check
from troth.check.catalogue import shipped
from troth.cli import run
from troth.demo import COMMITS, build, built, files_at
from troth.errors import UsageError
from troth.terms.result import Result
from troth.terms.verdict import name_of

KEPT, BROKEN, PARTLY, UNKNOWN = "kept", "broken", "partly", "unknown"

EXPECTED = {
    ("Last updated", "policy/current"): KEPT,
    ("This policy is published", "policy/discoverable"): KEPT,
    ("1.4.x", "versions/supported-table"): KEPT,
    ("Please do not open a public issue", "report/no-public-issue"): KEPT,
    ("As a fallback", "report/private-contact"): BROKEN,
    ("Include the affected version", "report/required-fields"): KEPT,
    ("We acknowledge every report", "report/ack-within"): UNKNOWN,
    ("Bandit runs", "code/scan-tool-runs"): KEPT,
    ("CodeQL analysis runs weekly", "code/scan-tool-runs"): BROKEN,
    ("We maintain custom Semgrep rules", "code/scan-custom-rules"): KEPT,
    ("Security tests cover", "tests/security-covered"): KEPT,
    ("Test coverage", "tests/coverage-gate"): KEPT,
    ("Dependencies in `requirements.txt`", "deps/pinned"): KEPT,
    ("Dependencies of the documentation", "deps/pinned"): BROKEN,
    ("Dependabot opens", "deps/update-bot"): KEPT,
    ("pip-audit checks", "deps/vuln-scan"): PARTLY,
    ("New dependencies are reviewed", "deps/reviewed"): KEPT,
    ("Dependency licenses", "deps/license-check"): KEPT,
    ("`.env` files", "secrets/env-ignored"): KEPT,
    ("Gitleaks prevents", "secrets/commit-prevention"): KEPT,
    ("Gitleaks scans", "secrets/scan-history"): PARTLY,
    ("All third-party actions", "ci/actions-pinned"): KEPT,
    ("All workflows use minimal", "ci/minimal-permissions"): KEPT,
    ("No secrets are available", "ci/secret-unreachable-from-fork-pr"): KEPT,
    ("Workflows never print", "ci/no-secret-echo"): KEPT,
    ("Local pre-commit hooks", "dev/pre-commit-hooks"): KEPT,
    ("Workflow runs are monitored", "ops/monitored"): BROKEN,
    ("Changes to workflows", "ci/workflow-change-reviewed"): KEPT,
    ("The status check `security-gate`", "branch/status-checks"): BROKEN,
    ("The release workflow runs only", "ci/release-trigger-restricted"): KEPT,
    ("Packages are published", "publish/ci-only"): KEPT,
    ("Publishing uses PyPI", "publish/trusted-publishing"): KEPT,
    ("Every release carries", "publish/provenance"): KEPT,
    ("A CycloneDX SBOM", "build/sbom"): KEPT,
    ("The token for the model hub", "ci/environment-secrets"): UNKNOWN,
    ("The status checks `lint`", "branch/status-checks"): UNKNOWN,
    ("All commits are signed", "commits/signed"): BROKEN,
    ("Maintainers use two-factor", "publish/two-factor"): UNKNOWN,
    ("The container runs", "container/non-root"): KEPT,
    ("The image is built", "container/hardened"): KEPT,
    ("Trivy scans", "container/scan"): KEPT,
    ("Checkpoints are loaded", "model/weights-only"): KEPT,
    ("Model weights", "model/lfs-stored"): KEPT,
    ("API keys are redacted", "logs/redacted"): BROKEN,
}
"""What its makers meant: how the sentence begins, the control -> the verdict."""


@cache
def _result() -> Result:
    with built() as tree:
        return run_check(tree)


def _git(tree: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=tree, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("begins", "control"), EXPECTED)
def test_each_promise_is_judged_as_its_makers_meant_it(begins, control):
    if shipped()[control].verify is None:
        pytest.skip(f"{control} has no verifier yet")
    found = [
        finding.verdict
        for finding in _result().findings
        if finding.promise.control == control and finding.promise.statement.text.startswith(begins.replace("`", ""))
    ]

    assert [name_of(verdict) for verdict in found] == [EXPECTED[begins, control]], found


def test_every_promise_that_fails_was_meant_to():
    meant = {begins.replace("`", "") for (begins, _control), verdict in EXPECTED.items() if verdict in (BROKEN, PARTLY)}
    failing = {finding.promise.statement.text for finding in _result().failed}

    assert [text for text in failing if not any(text.startswith(begins) for begins in meant)] == []


def test_it_shows_at_least_twenty_controls_kept():
    kept = {finding.promise.control for finding in _result().findings if name_of(finding.verdict) == KEPT}

    assert len(kept) >= 20


def test_every_engine_can_see_it():
    assert [engine for engine in _result().engines if not engine.seen] == []


def test_it_is_the_same_project_every_time_whatever_git_is_told(tmp_path, monkeypatch):
    build(tmp_path / "first")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-commit").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-commit").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f'[user]\n\tname = Someone\n[core]\n\thooksPath = {hooks}\n\tautocrlf = true\n[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = x\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    build(tmp_path / "second")
    monkeypatch.delenv("GIT_DIR")

    first, second = (_git(tmp_path / name, "rev-parse", "HEAD") for name in ("first", "second"))
    assert first == second
    assert not (tmp_path / "ran").exists()
    assert _git(tmp_path / "second", "status", "--porcelain") == ""
    assert _git(tmp_path / "second", "branch", "--show-current").strip() == "main"
    assert _git(tmp_path / "second", "tag").split() == [commit.tag for commit in COMMITS if commit.tag]


def test_files_are_what_the_commits_hold(tmp_path):
    build(tmp_path / "tree")

    for number in range(1, len(COMMITS) + 1):
        commit = f"HEAD~{len(COMMITS) - number}"
        assert sorted(files_at(number)) == sorted(_git(tmp_path / "tree", "ls-tree", "-r", "--name-only", commit).split())
    assert _git(tmp_path / "tree", "show", "HEAD:pyproject.toml") == files_at(3)["pyproject.toml"]
    assert files_at(1)["pyproject.toml"] != files_at(2)["pyproject.toml"]


def test_workflows_are_valid_yaml():
    import yaml

    for path, content in files_at(len(COMMITS)).items():
        if path.endswith((".yml", ".yaml")):
            assert isinstance(yaml.safe_load(content), dict), path


def test_python_files_compile():
    for path, content in files_at(len(COMMITS)).items():
        if path.endswith(".py"):
            compile(content, path, "exec")


def test_a_directory_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine").write_text("x")

    with pytest.raises(UsageError, match="not empty"):
        build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_without_git_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert run(["demo"]) == 2
    assert "error[usage]: the demonstration needs git" in capsys.readouterr().err


def test_the_command_reports_keeps_and_ends_well(tmp_path, capsys):
    kept = tmp_path / "kept"

    assert run(["demo", "--keep", str(kept), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["counts"]["broken"] >= 3
    assert (kept / ".git").is_dir()
    assert str(kept) in err
    assert run(["check", str(kept)]) == 1


def test_a_temporary_project_is_gone_afterwards():
    with built() as tree:
        assert (tree / "SECURITY.md").is_file()

    assert not os.path.exists(tree)
