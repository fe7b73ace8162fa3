"""SARIF in: counted in one pass, the same with and without the streaming parser, and never half a run."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import run_check
from troth.engines.sarif import read_sarif
from troth.errors import LookError
from troth.terms.verdict import name_of

NOW = datetime.now(UTC)
HEAD = "0" * 40


def document(tool="CodeQL", rules=3, results=2, *, ok=True, ended=NOW, commit=HEAD, notes=(), extension_rules=0):
    invocation = {"executionSuccessful": ok, "toolExecutionNotifications": list(notes)}
    if ended is not None:
        invocation["endTimeUtc"] = ended.isoformat().replace("+00:00", "Z")
    return {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {
                    "driver": {"name": tool, "semanticVersion": "2.20.1", "rules": [{"id": f"r{n}", "properties": {"rules": [1, 2]}} for n in range(rules)]},
                    "extensions": [{"name": "pack", "rules": [{"id": f"e{n}"} for n in range(extension_rules)]}],
                },
                "results": [{"ruleId": "r0", "message": {"text": "x"}, "locations": []} for _ in range(results)],
                "invocations": [invocation],
                "versionControlProvenance": [{"repositoryUri": "https://example.org/r", "revisionId": commit}] if commit else [],
            }
        ],
    }  # fmt: skip


def write(path: Path, told: object) -> Path:
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return path


def without_ijson(path: Path):
    real = builtins.__import__

    def refuse(name, *arguments, **more):
        if name == "ijson":
            raise ImportError(name)
        return real(name, *arguments, **more)

    with mock.patch("builtins.__import__", refuse):
        return read_sarif(path)


def test_a_run_is_told_with_tool_version_rules_date_and_commit(tmp_path):
    (run,) = read_sarif(write(tmp_path / "a.sarif", document(extension_rules=4)))

    assert ("CodeQL", "2.20.1", 7, 2, HEAD) == (run.tool, run.version, run.rules, run.results, run.commit)
    assert run.sound
    assert abs(run.finished - NOW) < timedelta(seconds=1)
    assert run.source.startswith("a.sarif sha256:")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (document(ok=False), "not successful"),
        (document(notes=[{"level": "error", "message": {"text": "extraction failed"}}]), "extraction failed"),
        (document(notes=[{"level": "error", "message": {}}]), "without words"),
    ],
)
def test_a_run_that_went_wrong_says_so(tmp_path, told, why):
    (run,) = read_sarif(write(tmp_path / "a.sarif", told))

    assert why in run.errors[0]
    assert not run.sound


def test_a_warning_is_no_error_and_no_rules_is_no_evidence(tmp_path):
    (warned,) = read_sarif(write(tmp_path / "a.sarif", document(notes=[{"level": "warning", "message": {"text": "slow"}}])))
    (empty,) = read_sarif(write(tmp_path / "b.sarif", document(rules=0)))

    assert warned.sound
    assert not empty.sound


@pytest.mark.parametrize("told", ["", "{", "[]", '{"version": "2.1.0"}', '{"version": "2.0.0", "runs": []}', json.dumps(document())[:-40], "\0" * 100, '{"runs":' + "[" * 5000])
def test_what_is_no_whole_sarif_is_an_error_and_never_half_a_run(tmp_path, told):
    path = write(tmp_path / "a.sarif", told)

    with pytest.raises(LookError):
        read_sarif(path)
    with pytest.raises(LookError):
        without_ijson(path)


def test_no_file_a_folder_and_a_pipe_are_errors(tmp_path):
    for path in (tmp_path / "none.sarif", tmp_path, Path("/dev/null")):
        with pytest.raises(LookError):
            read_sarif(path)


@given(rules=st.integers(0, 5), results=st.integers(0, 5), ok=st.booleans(), notes=st.lists(st.sampled_from(["error", "warning", "note"]), max_size=4))
@settings(max_examples=60, deadline=None)
def test_both_readers_tell_the_same(tmp_path_factory, rules, results, ok, notes):
    told = document("Bandit", rules, results, ok=ok, notes=[{"level": level, "message": {"text": level}} for level in notes])
    path = write(tmp_path_factory.mktemp("sarif") / "a.sarif", told)

    assert without_ijson(path) == read_sarif(path)


def test_our_own_sarif_can_be_read(tmp_path):
    from troth.cli import run

    MadeRepository(tmp_path / "tree").commit(MadeCommit(files={"SECURITY.md": "# Security\n\n- Dependabot runs weekly\n"}))
    run(["check", str(tmp_path / "tree"), "--format", "sarif", "--output", str(tmp_path / "own.sarif")])
    (own,) = read_sarif(tmp_path / "own.sarif")

    assert own.tool.lower() == "troth"
    assert own.rules


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_large_file_is_read_in_a_stream(tmp_path):
    pytest.importorskip("ijson", reason="the extra `sarif` is not installed")
    path = tmp_path / "large.sarif"
    head, tail = json.dumps(document(results=1)).split('{"ruleId"', 1)
    result = '{"ruleId": "r0", "message": {"text": "' + "x" * 2000 + '"}, "locations": []},'
    with path.open("w") as file:
        file.write(head)
        for _ in range(30_000):
            file.write(result)
        file.write('{"ruleId"' + tail)
    script = (
        f"from pathlib import Path; from troth.engines.sarif import read_sarif; (run,) = read_sarif(Path({str(path)!r})); "
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); print(run.results, peak)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    results, peak = map(int, done.stdout.split())

    assert 30_001 == results
    assert peak < 64 * 1024


WEEKLY = "# Security\n\n## Scanning\n\n- CodeQL scans our code\n"


def judged(tmp_path: Path, told: dict, policy: str = WEEKLY) -> str:
    root = tmp_path / "tree"
    commit = MadeRepository(root).commit(MadeCommit(files={"SECURITY.md": policy}))
    told["runs"][0]["versionControlProvenance"] = [{"revisionId": told["runs"][0]["versionControlProvenance"][0]["revisionId"].replace(HEAD, commit)}]
    result = run_check(root, sarif=(write(tmp_path / "a.sarif", told),))
    return next(name_of(one.verdict) for one in result.findings if one.promise.control == "code/scan-tool-runs")


def test_a_file_that_cannot_be_read_is_a_failure_of_the_run_and_never_kept(tmp_path):
    root = tmp_path / "tree"
    MadeRepository(root).commit(MadeCommit(files={"SECURITY.md": WEEKLY}))
    result = run_check(root, sarif=(write(tmp_path / "a.sarif", "{"),))

    assert [engine for engine in result.engines if not engine.seen]
    assert "kept" not in {name_of(one.verdict) for one in result.findings}


@pytest.mark.parametrize(
    "told",
    [document(rules=0), document(ok=False), document(ended=NOW - timedelta(days=90)), document(ended=None), document(commit="1" * 40), document(tool="Other")],
)
def test_a_run_that_shows_nothing_never_makes_a_promise_kept(tmp_path, told):
    assert judged(tmp_path, told) != "kept"


def test_a_sound_fresh_run_of_this_commit_decides_what_files_leave_open(tmp_path):
    assert judged(tmp_path, document()) == "kept"


@pytest.mark.parametrize(
    ("policy", "control", "tool"),
    [
        ("- gitleaks scans the entire git history\n", "secrets/scan-history", "gitleaks"),
        ("- Container images are scanned with Trivy\n", "container/scan", "Trivy"),
        ("- CodeQL runs on every push and reports 0 alerts\n", "code/scan-tool-runs", "CodeQL"),
        ("- pip-audit checks all dependencies on every pull request\n", "deps/vuln-scan", "pip-audit"),
    ],
)
def test_a_report_cannot_tell_of_history_images_counts_and_occasions(tmp_path, policy, control, tool):
    told = document(tool=tool, results=7)
    root = tmp_path / "tree"
    commit = MadeRepository(root).commit(MadeCommit(files={"SECURITY.md": "# Security\n\n## Scanning\n\n" + policy}))
    told["runs"][0]["versionControlProvenance"] = [{"revisionId": commit}]
    result = run_check(root, sarif=(write(tmp_path / "a.sarif", told),))

    assert control in {one.promise.control for one in result.findings}
    assert "kept" not in {name_of(one.verdict) for one in result.findings if one.promise.control == control}
