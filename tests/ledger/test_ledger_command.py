"""`troth ledger` from end to end, and the verifier of the docs that uses nothing of Troth, on a real export."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra: jobs or desk)")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth.cli import run
from troth.ledger.entry import Entry
from troth.ledger.keys import own_key, public_pem
from troth.ledger.log import Log
from troth.ledger.notes import NoteKey, note_signer
from troth.store import open_store
from troth.terms.tenant import Tenant

ROOT = Path(__file__).resolve().parents[2]
OWN = Tenant("acme", "web")
SIZES = [0, 1, 2, 3, 7, 8, 9]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TROTH_STORE", f"sqlite:///{tmp_path / 'troth.db'}")
    fill(tmp_path, 40)
    return tmp_path


def fill(folder: Path, count: int, origin: str = "troth/jobs/local") -> None:
    with open_store(f"sqlite:///{folder / 'troth.db'}") as store:
        store.migrate()
        with store.write(OWN) as transaction:
            log = Log(origin)
            log.append_many(transaction, [Entry("job.step", 1_700_000_000_000 + n, "robot", f"job {n}", {"n": n}) for n in range(count)])
            if count > 5:
                log.erase(transaction, 3, at=1_700_000_000_100, actor="dpo", reason="asked for")


def vkey(name: str = "troth/jobs/local/acme/web") -> str:
    return str(NoteKey(name, note_signer(own_key()).public))


def test_a_log_verifies_and_says_what_confirmed_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "verify", "--tenant", "acme/web"]) == 0
    assert "by no checkpoint" in capsys.readouterr().out

    assert run(["ledger", "checkpoint", "--tenant", "acme/web", "--keep", str(place / "kept")]) == 0
    fill(place, 5)
    assert run(["ledger", "checkpoint", "--tenant", "acme/web", "--keep", str(place / "kept")]) == 0
    capsys.readouterr()
    assert run(["ledger", "verify", "--tenant", "acme/web", "--checkpoint", str(place / "kept")]) == 0
    out = capsys.readouterr().out
    assert "46, 1 of them erased" in out
    assert "by checkpoints at 46" in out


def test_a_log_that_was_changed_does_not(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    with sqlite3.connect(place / "troth.db") as connection:
        connection.execute("DROP TRIGGER ledger_leaves_append_only_update")
        connection.execute("UPDATE ledger_leaves SET leaf = CAST(replace(CAST(leaf AS TEXT), 'robot', 'human') AS BLOB) WHERE number = 17")

    assert run(["ledger", "verify", "--tenant", "acme/web"]) == 2
    assert "entry 17" in capsys.readouterr().err


def test_a_checkpoint_is_kept_in_a_git_note_and_found_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = place / "repository"
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    assert run(["ledger", "checkpoint", "--tenant", "acme/web", "--git-note", str(repository)]) == 0
    capsys.readouterr()

    assert run(["ledger", "verify", "--tenant", "acme/web", "--git-note", str(repository)]) == 0
    assert "by checkpoints at 41" in capsys.readouterr().out


def test_entries_are_shown_from_the_end(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "show", "--tenant", "acme/web", "--from", "-2"]) == 0
    out = capsys.readouterr().out
    assert "job 39" in out
    assert "ledger.erased" in out
    assert run(["ledger", "show", "--tenant", "acme/web", "--from", "3", "--count", "1"]) == 0
    assert "(erased)" in capsys.readouterr().out


def test_a_proof_is_complete(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from troth.ledger.notes import open_checkpoint
    from troth.ledger.proofs import Inclusion, parse_proof
    from troth.ledger.tree import leaf_hash

    assert run(["ledger", "prove", "17", "--tenant", "acme/web"]) == 0
    told = json.loads(capsys.readouterr().out)
    proof = parse_proof(json.dumps(told["proof"]).encode())
    checkpoint = open_checkpoint(told["checkpoint"].encode(), [NoteKey.parse(vkey())], "troth/jobs/local/acme/web")
    assert isinstance(proof, Inclusion)
    proof.verify(leaf_hash(told["leaf"].encode()), checkpoint.root)
    assert run(["ledger", "prove", "41", "--tenant", "acme/web"]) == 2


def verifier(folder: Path) -> Path:
    """The verifier of the docs, as a file; at most 100 lines, and without a word of ours."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(#!/usr/bin/env python3\n.*?)```", text, re.DOTALL)
    assert found
    assert found[1].count("\n") <= 100
    assert "import troth" not in found[1]
    assert "from troth" not in found[1]
    path = folder / "verify_ledger.py"
    path.write_text(found[1])
    return path


def independently(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", str(verifier(folder)), *arguments], capture_output=True, text=True)


def test_an_export_verifies_with_and_without_troth(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "checkpoint", "--tenant", "acme/web", "--keep", str(place / "kept")]) == 0
    fill(place, 5)
    assert run(["ledger", "export", str(place / "log.jsonl"), "--tenant", "acme/web"]) == 0
    capsys.readouterr()
    assert run(["ledger", "verify", str(place / "log.jsonl"), "--checkpoint", str(place / "kept")]) == 0
    assert "by checkpoints at 41, 46" in capsys.readouterr().out

    done = independently(place, str(place / "log.jsonl"), vkey(), str(place / "kept"))
    assert done.returncode == 0, done.stderr
    assert "46 entries" in done.stdout
    assert run(["ledger", "export", str(place / "log.jsonl"), "--tenant", "acme/web"]) == 2


@pytest.mark.parametrize("size", SIZES)
def test_logs_of_all_small_sizes_are_exported_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    fill(tmp_path, size)
    out = tmp_path / "log.jsonl"
    assert run(["ledger", "export", str(out), "--store", f"sqlite:///{tmp_path / 'troth.db'}", "--tenant", "acme/web"]) == 0

    assert run(["ledger", "verify", str(out)]) == 0
    assert independently(tmp_path, str(out), vkey()).returncode == 0


def changed(lines: list[str], how: str) -> list[str]:
    def row(number: int, **values: object) -> str:
        return json.dumps(json.loads(lines[number]) | values) + "\n"

    return {
        "row removed": [*lines[:10], *lines[11:]],
        "row doubled": [*lines[:10], lines[9], *lines[10:]],
        "rows swapped": [*lines[:10], lines[11], lines[10], *lines[12:]],
        "cut off": lines[:-5],
        "end cut off": [*lines[:-3], lines[-1]],
        "leaf changed": [*lines[:10], row(10, leaf=json.loads(lines[10])["leaf"].replace("robot", "human")), *lines[11:]],
        "body changed": [*lines[:10], row(10, body='{"n":99}'), *lines[11:]],
        "salt changed": [*lines[:10], row(10, salt="00" * 32), *lines[11:]],
        "body gone": [*lines[:10], row(10, body=None, salt=None), *lines[11:]],
        "something after": [*lines, "{}\n"],
        "garbage after": [*lines, "x"],
        "size changed": [lines[0].replace("41", "40"), *lines[1:]],
        "log changed": [lines[0].replace("web", "api"), *lines[1:]],
        "key twice": [*lines[:10], lines[10].replace('"salt"', '"leaf": "", "salt"'), *lines[11:]],
        "field more": [*lines[:10], row(10, more=1), *lines[11:]],
        "checkpoint changed": [*lines[:-1], lines[-1].replace("\\n41\\n", "\\n42\\n")],
        "nothing": [],
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "row removed", "row doubled", "rows swapped", "cut off", "end cut off", "leaf changed", "body changed", "salt changed", "body gone", "something after", "garbage after", "size changed",
        "log changed", "key twice", "field more", "checkpoint changed", "nothing",
    ],
)  # fmt: skip
def test_an_export_that_was_changed_verifies_neither_with_nor_without_troth(place: Path, how: str) -> None:
    out = place / "log.jsonl"
    assert run(["ledger", "export", str(out), "--tenant", "acme/web"]) == 0
    forged = place / "forged.jsonl"
    forged.write_text("".join(changed(out.read_text(encoding="utf-8").splitlines(keepends=True), how)), encoding="utf-8")

    assert run(["ledger", "verify", str(forged)]) == 2
    assert independently(place, str(forged), vkey()).returncode != 0


def test_a_key_that_nobody_trusts_confirms_nothing(place: Path) -> None:
    stranger = Ed25519PrivateKey.generate()
    (place / "stranger.pem").write_text(public_pem(stranger.public_key()))
    assert run(["ledger", "export", str(place / "log.jsonl"), "--tenant", "acme/web"]) == 0

    assert run(["ledger", "verify", str(place / "log.jsonl"), "--key", str(place / "stranger.pem")]) == 2
    assert run(["ledger", "verify", str(place / "log.jsonl"), "--key", vkey()]) == 0
    key = str(NoteKey("troth/jobs/local/acme/web", note_signer(stranger).public))
    assert independently(place, str(place / "log.jsonl"), key).returncode != 0
