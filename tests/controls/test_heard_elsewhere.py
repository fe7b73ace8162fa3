"""Sentences that once were heard as a control's, and are heard as something else now: should one come to it again, it says that it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import judge, open_session
from troth.terms.values import Params
from troth.terms.verdict import name_of

WORKFLOW = "on: push\npermissions:\n  contents: read\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n        env:\n          HOOK: ${{ secrets.HOOK }}\n"
BOT = "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    schedule:\n      interval: weekly\n"
PUBLISHES = "on:\n  release:\n    types: [published]\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: {contents: read, id-token: write}\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm publish --provenance\n"
WRITES = 'def write(folder, text):\n    (folder / "cert-secrets.yaml").write_text(text)\n'


@pytest.mark.parametrize(
    ("control", "heading", "sentence", "files", "params"),
    [
        ("secrets/file-mode", "Security", "**Restrict container permissions** so only the application process can read environment variables", {"build.py": WRITES}, {}),
        ("ci/minimal-permissions", "Best Practices for Users", "Use minimal required permissions for your bot", {".github/workflows/a.yml": WORKFLOW}, {}),
        ("ci/environment-secrets", "Security", "Distinct `JWT_SECRET_KEY` per environment (never share secrets between environments).", {".github/workflows/a.yml": WORKFLOW}, {}),
        ("report/required-fields", "Responsible Disclosure", "**Provide credit** to researchers (if desired)", {"a.txt": "a\n"}, {"fields": ("credit",)}),
        ("deps/update-bot", "Security", "Every release runs a security gate: open Dependabot and CodeQL alerts, and `npm audit` across every tree.", {".github/dependabot.yml": BOT}, {}),
        ("container/hardened", "Security", "Secure by default operation (container isolation, minimal mount exposure)", {"Dockerfile": "FROM node:22-slim\nUSER node\n"}, {"property": "minimal"}),
        ("versions/supported-table", "Supported Versions", "We recommend always using the latest version.", {"package.json": '{"name": "acme", "version": "0.1.0"}\n'}, {"rows": ({"range": "latest", "supported": True},)}),
        ("deps/pinned", "Known alerts", "Some alerts are real but not currently resolvable because an upstream dependency caps the fixed version.", {"requirements.txt": "requests==2.32.0\n"}, {}),
        ("branch/status-checks", "Security", "On boot, `StaticAnalysis::assert_environment()` checks whether dangerous functions are there", {".github/workflows/a.yml": WORKFLOW}, {"checks": ("StaticAnalysis::assert_environment()",)}),
        ("publish/provenance", "Provenance", "**Immutable Releases** - Release artifacts cannot be tampered with", {".github/workflows/release.yml": PUBLISHES}, {}),
        ("versions/supported-table", "Supported Versions", "**Store compatibility:** Store 1.7+ is required for full support.", {"package.json": '{"name": "acme", "version": "0.1.0"}\n'}, {"rows": ({"range": "1.7", "supported": True},)}),
    ],
)
def test_a_sentence_of_something_else_decides_nothing(tmp_path: Path, control: str, heading: str, sentence: str, files: dict[str, str], params: dict[str, object]) -> None:
    MadeRepository(tmp_path).commit(MadeCommit(files={**files, "SECURITY.md": f"# Security Policy\n\n## {heading}\n\n- {sentence}\n- We fix reports within 7 days.\n"}))
    session = open_session(tmp_path, lenient=True)
    statement = next(one for policy in session.chosen for one in policy.statements if one.text.startswith(sentence.replace("*", "").replace("`", "")[:20]))
    promise = replace(session.promises[0], control=control, statement=statement, params=Params(params))

    assert name_of(judge(session, (promise,), None)[0].verdict) == "unknown"
