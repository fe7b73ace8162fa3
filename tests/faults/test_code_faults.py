"""The engine of code lines under faults: a parser that is absent, files that cannot be read or parsed, a git that dies. What it could not look at keeps no promise."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.controls.cases import Case
from tests.controls.test_cases import CASES, build, promise_of
from troth.app.check import judge, open_session
from troth.engines.code import lines
from troth.engines.code.grown import scan as grown
from troth.engines.git import blobs
from troth.engines.git.repository import open_repository
from troth.engines.git.tree import look
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.tree import File, Tree
from troth.terms.verdict import Kept

SOURCES = {
    "TypeScript": ("src/run.ts", b"import { exec } from 'child_process';\nexport const f = (n: string) => exec(`ls ${n}`);\n"),
    "JavaScript": ("src/run.js", b"const { exec } = require('child_process');\nfunction f(n) { exec('ls ' + n); }\n"),
    "Rust": ("src/run.rs", b"fn f(line: &str) { std::process::Command::new(\"sh\").arg(\"-c\").arg(line).status(); }\n"),
}
SPOILT = {
    "cut in the middle": lambda data: data[: len(data) * 2 // 3] + b"(((",
    "over the size limit": lambda data: data + b"// x\n" * 300_000,
    "nested beyond measure": lambda data: data + b"const a = " + b"(" * 20_000 + b";\n",
    "not UTF-8": lambda data: data + b"// \xff\xfe\xfa\n",
    "binary": lambda data: b"\0\1\2" + data,
}
KEPT = [case for case in CASES if case.control == "exec/no-shell-injection" and case.expect["verdict"] == "kept"]


def _tree(path: str, data: bytes | None) -> Tree:
    return Tree({path: File(path, len(data or b""))}, lambda _path: data)


@pytest.mark.parametrize("language", SOURCES)
def test_a_parser_that_is_absent_is_told(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = SOURCES[language]
    monkeypatch.setattr(grown, "parser", lambda _extension: None)
    found = lines.look(_tree(path, data))

    assert not found.lines
    assert [name for name, _ in found.unread] == [path]


@pytest.mark.parametrize("language", SOURCES)
def test_a_file_that_cannot_be_read_is_told(language: str) -> None:
    path, _ = SOURCES[language]

    assert [name for name, _ in lines.look(_tree(path, None)).unread] == [path]


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("language", SOURCES)
def test_a_spoilt_file_is_told_or_its_line_is_found(language: str, spoilt: str) -> None:
    pytest.importorskip("tree_sitter_typescript", reason="the parsers of the extra `code` are not installed")
    path, data = SOURCES[language]
    found: CodeLines = lines.look(_tree(path, SPOILT[spoilt](data)))

    assert found.lines or found.unread


@pytest.mark.parametrize("spoilt", [None, *SPOILT])
@pytest.mark.parametrize("language", SOURCES)
@pytest.mark.parametrize("case", KEPT, ids=[case.title for case in KEPT])
def test_a_kept_promise_does_not_outlive_a_shell_in_another_language(case: Case, language: str, spoilt: str | None, tmp_path: Path) -> None:
    path, data = SOURCES[language]
    build(case, tmp_path)
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data if spoilt is None else SPOILT[spoilt](data))
    subprocess.run(["git", "-C", str(tmp_path), "add", "-A", "-f"], check=False, capture_output=True)
    session = open_session(tmp_path, lenient=True)
    verdict = judge(session, (promise_of(case, session),), None)[0].verdict

    assert not isinstance(verdict, Kept)


@pytest.mark.parametrize("fault", ["dies", "says nothing", "says something else"])
def test_a_git_that_fails_gives_nothing_and_never_another_file(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["init", "-q"], ["config", "user.email", "a@b.c"], ["config", "user.name", "a"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    (tmp_path / "a.py").write_text("x = 1\n")
    subprocess.run(["git", "-C", str(tmp_path), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "commit", "-qm", "a"], check=True)
    repository = replace(open_repository(tmp_path), bare=True)
    tree = look(repository)
    script = {"dies": "exit 1", "says nothing": "read x; exit 0", "says something else": "read x; echo 'one two'"}[fault]

    def start(_git: object, *_arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sh", "-c", script], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(blobs.Git, "start", start)

    assert tree.reader("a.py") is None
