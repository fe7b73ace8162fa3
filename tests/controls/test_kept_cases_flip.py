"""Small edits that take away what a Kept of the younger controls stands on, and edits that harm nobody: the first flip it, the others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import run_check
from troth.terms.verdict import name_of

MODE = "secrets/file-mode", "- The secrets file is created with permissions 0600\n"
ORIGIN = "http/security-headers", "- CORS is restricted to configured origins\n"
SAFE = """\
import os


def save(secrets_path, text):
    with os.fdopen(os.open(secrets_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
"""
APP = """\
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

ORIGINS = ["https://app.example.org"]
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=ORIGINS, allow_credentials=True)
"""


def verdict(tmp_path: Path, promise: tuple[str, str], text: str, **more: str) -> str:
    control, sentence = promise
    files = {"SECURITY.md": f"# Security\n\n## How we protect it\n\n{sentence}", "app.py": text, **{name.replace("__", "/"): body for name, body in more.items()}}
    MadeRepository(tmp_path / "tree").commit(MadeCommit(files=files))
    found = [name_of(one.verdict) for one in run_check(tmp_path / "tree", only=(control,)).findings if one.promise.control == control]
    assert found
    return found[0]


def test_both_are_kept_as_they_stand(tmp_path: Path) -> None:
    assert verdict(tmp_path / "a", MODE, SAFE) == "kept"
    assert verdict(tmp_path / "b", ORIGIN, APP) == "kept"


@pytest.mark.parametrize(
    ("promise", "text", "old", "new"),
    [
        pytest.param(MODE, SAFE, "0o600", "0o644", id="a-wide-mode"),
        pytest.param(MODE, SAFE, ", 0o600", "", id="no-mode"),
        pytest.param(MODE, SAFE, " | os.O_EXCL", "", id="only-for-new-files"),
        pytest.param(MODE, SAFE, 'os.fdopen(os.open(secrets_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")', 'open(secrets_path, "w")', id="a-plain-open"),
        pytest.param(MODE, SAFE, "file.write(text)\n", "file.write(text)\n\n\ndef backup(secrets_path, text):\n    secrets_path.write_text(text)\n", id="a-second-writer"),
        pytest.param(MODE, SAFE, "file.write(text)\n", "file.write(text)\n\n\ndef export(secrets_path, to):\n    import shutil\n    shutil.copy(secrets_path, to / 'secrets.json')\n", id="a-copy"),
        pytest.param(ORIGIN, APP, '"https://app.example.org"', '"https://app.example.org", "*"', id="a-star-in-the-list"),
        pytest.param(ORIGIN, APP, "allow_origins=ORIGINS", 'allow_origins=ORIGINS, allow_origin_regex=".*"', id="an-expression-for-all"),
        pytest.param(ORIGIN, APP, "allow_origins=ORIGINS", "allow_origins=load()", id="from-elsewhere"),
        pytest.param(ORIGIN, APP, "app = FastAPI()\n", "app = FastAPI()\n\n\ndef add(r):\n    r.headers['Access-Control-Allow-Origin'] = '*'\n\n\n", id="a-header-by-hand"),
    ],
)
def test_what_takes_it_away_flips_it(tmp_path: Path, promise: tuple[str, str], text: str, old: str, new: str) -> None:
    assert old in text

    assert verdict(tmp_path, promise, text.replace(old, new)) != "kept"


@pytest.mark.parametrize(
    ("promise", "text"),
    [
        pytest.param(MODE, SAFE + "\n\ndef report(path, text):\n    path.write_text(text)\n", id="a-file-without-secrets"),
        pytest.param(MODE, SAFE + "\n\ndef load(secrets_path):\n    return open(secrets_path).read()\n", id="a-reader"),
        pytest.param(ORIGIN, APP + "\n# allow_origins=['*'] was here once\n", id="a-remark"),
        pytest.param(ORIGIN, APP + '\nSTAR = "*"\n', id="a-star-elsewhere"),
    ],
)
def test_what_harms_nobody_leaves_it(tmp_path: Path, promise: tuple[str, str], text: str) -> None:
    assert verdict(tmp_path, promise, text) == "kept"


def test_another_language_that_writes_files_leaves_it_open(tmp_path: Path) -> None:
    assert verdict(tmp_path, MODE, SAFE, **{"store.ts": "import fs from 'fs';\nexport const save = (t: string) => fs.writeFileSync('secrets.json', t);\n"}) == "unknown"


def test_a_file_that_cannot_be_parsed_leaves_it_open(tmp_path: Path) -> None:
    assert verdict(tmp_path, MODE, SAFE, **{"broken.py": "secrets = open('secrets.json', 'w'\n"}) == "unknown"
