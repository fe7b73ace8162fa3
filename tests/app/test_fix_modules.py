"""Each module from end to end on a real git repository: the check finds it broken, the module alone mends it, somebody approves, the executor opens a branch, the check says Kept there,
and the ledger proves the story to the verifier of the docs, which knows nothing of Troth.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `jobs` is not installed")

from tests.app.test_fix import key_file
from tests.repositories import MadeCommit, MadeRepository
from troth.app.commits import CommitSources
from troth.app.fix import Proposed, commit_view, finish, propose
from troth.app.jobs import open_jobs
from troth.app.jobs_home import make_home
from troth.app.suggest import Options
from troth.errors import JobError
from troth.jobs.job import State
from troth.ledger.entry import parse_leaf

CI = ".github/workflows/ci.yml"
HEAD = "name: CI\non: [push, pull_request]\npermissions:\n  contents: read\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 508934203\n"
CHECKOUT = "      - uses: actions/checkout@v4\n"


@dataclass(frozen=True)
class Story:
    """A promise that is broken in a way that one module mends."""

    module: str
    control: str
    says: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    rewrite: bool = False
    under: str = "Measures"
    after: str = "kept"


STORIES = [
    Story("pin-actions", "ci/actions-pinned", "GitHub Actions are pinned to a full commit SHA.", {CI: HEAD + CHECKOUT}),
    Story("limit-permissions", "ci/minimal-permissions", "Workflows use minimal required permissions.", {CI: HEAD.replace("permissions:\n  contents: read\n", "") + CHECKOUT}),
    Story("update-bot", "deps/update-bot", "Dependabot updates dependencies weekly.", {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["click"]\n'}),
    Story("scanner-can-fail", "code/scan-tool-runs", "Bandit runs on every pull request.", {CI: HEAD + CHECKOUT + "      - run: pip install bandit\n      - run: bandit -r src || true\n", "src/app.py": "x = 1\n"}),
    Story(
        "widen-trigger", "code/scan-tool-runs", "Bandit runs on every pull request.",
        {CI: HEAD.replace("[push, pull_request]", "push") + CHECKOUT + "      - run: pip install bandit\n      - run: bandit -r src\n", "src/app.py": "x = 1\n"},
    ),
    Story("full-history", "secrets/scan-history", "Gitleaks scans the full git history for secrets on every push.", {CI: HEAD + CHECKOUT + "      - run: docker run -v .:/p zricethezav/gitleaks:latest detect --source /p\n"}),
    Story("persist-credentials", "ci/credentials-not-persisted", "Checkouts never leave the token in the git config.", {CI: HEAD + CHECKOUT + "      - uses: somebody/action@v2\n"}),
    Story("ignore-secret-files", "secrets/env-ignored", "`.env` files are never committed: they are listed in `.gitignore`.", {".gitignore": "*.pyc\n"}),
    Story(
        "weights-only", "model/weights-only", "Models are always loaded with `weights_only=True`.",
        {"src/load.py": "import torch\n\n\ndef load(path):\n    return torch.load(path, map_location='cpu', weights_only=False)\n"},
    ),
    Story("non-root-image", "container/non-root", "Containers run as a non-root user.", {"Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["python", "/app/app.py"]\n', "app.py": "x = 1\n"}),
    Story("quarantine-model", "model/lfs-stored", "Model files are stored in Git LFS.", {"models/small.pt": POINTER, "models/net.pt": pickle.dumps({"w": [1.0]}, 2) * 1000, ".gitattributes": "*.pt filter=lfs diff=lfs merge=lfs -text\n"}, after="partly"),  # history keeps the file, and only its owner may rewrite that
    Story("live-links", "policy/references-live", "See the [contributing guide](docs/CONTRIBUTING.md)", {"CONTRIBUTING.md": "# Contributing\n"}, under="Resources"),
    Story("true-sentence", "container/non-root", "Containers run as a non-root user.", {"Dockerfile": 'FROM python:3.12\nCMD ["python"]\n'}, rewrite=True),
]  # fmt: skip


def independently(folder: Path, lines: tuple[str, ...], key: str) -> subprocess.CompletedProcess[str]:
    page = (Path(__file__).parents[2] / "docs/ledger.md").read_text(encoding="utf-8")
    verifier, export = folder / "verify_ledger.py", folder / "log.jsonl"
    verifier.write_text(page.partition("```python\n")[2].partition("\n```")[0])
    export.write_text("".join(lines))
    return subprocess.run([sys.executable, "-I", str(verifier), str(export), key], capture_output=True, text=True)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.module)
def test_a_module_mends_what_the_check_finds_and_the_ledger_proves_it(story: Story, tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "project")
    made.commit(MadeCommit(files={"SECURITY.md": f"# Security Policy\n\n## {story.under}\n\n- {story.says}\n", **story.files}))
    refs = tmp_path / "refs.json"
    refs.write_text(json.dumps({"actions/checkout@v4": "1" * 40}))
    key = key_file(tmp_path / "ana.pem")
    home = make_home(tmp_path / "jobs", made.root, person="ana", key=key)
    options = Options(lane="process", modules=(story.module,), commits=CommitSources(refs=refs), rewrite_policy=story.rewrite)

    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, made.root, options)
        assert isinstance(proposed, Proposed), [(one.control, one.verdict, one.because) for one in proposed.complaints] if not isinstance(proposed, Proposed) else ""
        assert {story.module} == {one.module for one in proposed.suggested.combined.taken}
        before = made.git("for-each-ref")
        with pytest.raises(JobError):
            jobs.run([])  # nothing happens because somebody asked
        assert before == made.git("for-each-ref")

        fixed = finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(key))])
        lines, told = jobs.export(proposed.job.tenant), jobs.story(proposed.job.tenant)

    assert State.DONE is fixed.job.state, fixed.job.reason
    meant = [one for one in fixed.mended if one.complaint.control == story.control]
    assert meant, fixed.mended
    assert {"broken", "partly"} >= {one.before for one in meant}
    assert {"gone" if story.rewrite else story.after} == {one.after for one in meant}
    with commit_view(made.root, fixed.commit) as view:
        assert f"refs/heads/{fixed.branch}" in made.git("for-each-ref")
        assert view.is_dir()
    done = independently(tmp_path, lines, told.key)
    assert 0 == done.returncode, done.stderr
    kinds = [parse_leaf(entry.leaf).kind for entry in told.entries]
    assert ["check.found", "check.after"] == [kinds[0], kinds[-1]]
    assert 0 != independently(tmp_path, (*lines[:-2], lines[-1]), told.key).returncode


def test_every_module_that_changes_files_has_its_story() -> None:
    from troth.jobs.recommend.module import shipped

    on_the_forge = {"protect-branch", "security-features", "open-issue"}
    assert {one.name for one in shipped()} - on_the_forge == {story.module for story in STORIES}
