"""The embedded auditor: real answers, every way to fail a reason, and no effect but to take a Kept away."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from troth.engines.workflow_audit import look, zizmor
from troth.judgement.second_opinion import doubted
from troth.terms.facts.tree import File, Tree
from troth.terms.facts.workflow_audit import AuditFinding, WorkflowAudit
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown

LOOSE = b"on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: somebody/thing@v1\n"
INJECTED = b"on: issue_comment\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.comment.body }}\n"
HERE = ".github/workflows/ci.yml"
BINARY = shutil.which("zizmor", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
needs_binary = pytest.mark.skipif(BINARY is None, reason="zizmor is not installed")


def tree(**files: bytes) -> Tree:
    named = {name.replace("__", "/"): data for name, data in files.items()}
    return Tree({path: File(path, len(data)) for path, data in named.items()}, named.get)


def of(data: bytes) -> Tree:
    return tree(**{HERE: data})


@needs_binary
def test_grave_findings_have_their_line():
    audit = look(of(LOOSE))

    assert [("unpinned-uses", Place(HERE, 7))] == [(one.audit, one.place) for one in audit.grave("unpinned-uses")]
    assert audit.version.startswith("zizmor ")


@needs_binary
def test_a_comment_that_asks_to_be_overlooked_is_not_obeyed_and_neither_is_a_configuration():
    quiet = LOOSE.replace(b"@v1", b"@v1 # zizmor: ignore[unpinned-uses]")
    audit = look(tree(**{HERE: quiet, "zizmor.yml": b"rules: {unpinned-uses: {disable: true}}\n"}))

    assert audit.grave("unpinned-uses")


@needs_binary
@pytest.mark.parametrize("data", [b"on: push\njobs:\n  a: [\n", b"on: push\n", b"\0\1"])
def test_what_cannot_be_parsed_is_a_reason_and_no_empty_list(data):
    audit = look(of(data))

    assert not audit.findings
    assert audit.missing
    assert audit.because


def test_no_workflow_and_no_binary_are_reasons(monkeypatch):
    assert look(tree(**{"README.md": b"x"})).missing
    monkeypatch.setattr(zizmor.shutil, "which", lambda *_a, **_k: None)

    assert "not installed" in look(of(LOOSE)).because


@pytest.mark.parametrize(
    ("script", "why"),
    [("exit 3", "failed"), ("echo not json", "another shape"), ("echo '[{}]'", "another shape"), ("echo '{}'", ""), ("sleep 5", "longer than")],
)
def test_every_way_to_fail_is_a_reason(tmp_path, monkeypatch, script, why):
    fake = tmp_path / "zizmor"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(zizmor.shutil, "which", lambda *_a, **_k: str(fake))
    monkeypatch.setattr(zizmor, "_SECONDS", 0.5)
    audit = look(of(LOOSE))

    assert not audit.findings
    assert audit.because
    assert why in audit.because


KEPT = Kept((Evidence("it holds", Place(HERE, 1)),), "It holds.")
GRAVE = WorkflowAudit((AuditFinding("template-injection", "High", "High", Place(HERE, 7), "may expand"),), "zizmor 1")


def test_a_grave_finding_takes_a_kept_away_and_nothing_else():
    others = (Unknown("x", "y"), Broken(How.ABSENT, KEPT.evidence, "no"))

    assert isinstance(doubted(KEPT, GRAVE, "template-injection"), Partly)
    assert KEPT == doubted(KEPT, GRAVE, "unpinned-uses")
    assert KEPT == doubted(KEPT, GRAVE, "template-injection", paths=("other.yml",))
    assert KEPT == doubted(KEPT, WorkflowAudit(missing="x", because="y"), "template-injection")
    assert others == tuple(doubted(each, GRAVE, "template-injection") for each in others)


@needs_binary
def test_injection_by_a_stranger_is_grave():
    assert look(of(INJECTED)).grave("template-injection")
