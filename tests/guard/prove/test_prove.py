"""`troth prove` tells programs whose guards work from those whose guards only seem to, and a check believes it for that commit only."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from troth.app.prove import prove, sign_proof
from troth.engines.proved_runs import read_proof
from troth.errors import LookError, UsageError
from troth.guard.sandbox import SandboxError
from troth.judgement.proved_runs import with_runs
from troth.ledger.keys import key_id
from troth.terms.facts.proved_runs import Observation, ProvedRuns
from troth.terms.place import Place
from troth.terms.promise import Promise
from troth.terms.verdict import Broken, Evidence, Finding, Kept, Unknown

pytest.importorskip("cryptography", reason="cryptography is not installed")
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

GUARDED = """
import logging, os, pickle
from troth.guard import logs
from troth.guard.paths import Root
from troth.guard.limits import RateLimit
from troth.guard.secrets import load
from troth.guard.tensors import Devices
from troth.guard.tokenizers import GuardedTokenizer
import pickle as plain

class Plain(plain.Unpickler):
    def find_class(self, module, name):
        raise plain.UnpicklingError("no globals")

def start():
    logging.basicConfig(level=logging.INFO)
    logs.install(streams=False)
    root, bucket, tokenizer = Root(os.environ["TROTH_PROVE_INSIDE"]), RateLimit(5, 10), GuardedTokenizer(str.split)
    return {
        "read": root.read_bytes, "device": Devices("cpu").demand, "rate": bucket.demand, "secrets": lambda path: load(path, parents=False),
        "tokenize": GuardedTokenizer(lambda text: [len(word) for word in text.split()]).encode, "load_model": lambda path: Plain(open(path, "rb")).load(),
    }
"""
BARE = """
import logging, os, pickle

class Redacts(logging.Filter):
    def filter(self, record):
        record.msg = "[redacted]"
        return True

def start():
    logging.basicConfig(level=logging.INFO)     # the filter is attached to nothing
    inside = os.environ["TROTH_PROVE_INSIDE"]
    def read(path):
        with open(os.path.join(inside, path)) as file:
            return file.read()
    def load(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    return {"read": read, "device": str, "rate": str, "secrets": lambda path: open(path).read(), "load_model": load}

def closed():
    def refuse(value):
        raise ValueError
    return {"read": refuse, "device": refuse, "rate": refuse}

def fails():
    raise RuntimeError("no settings")
"""
CONTROLS = {
    "logs/redacted",
    "paths/confined",
    "input/device-allowlist",
    "api/rate-limited",
    "secrets/file-mode",
    "model/weights-only",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("program")
    (root / "guarded_program.py").write_text(GUARDED)
    (root / "bare_program.py").write_text(BARE)
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=r", "-c", "user.email=r@example.org", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    return root


def _held(tree: Path, target: str, lane: str) -> dict[str, object]:
    try:
        proof = prove(tree, target, lane=lane)  # type: ignore[arg-type]
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")
    assert proof.error == ""
    return {str(row["control"]): row["held"] for row in proof.observations}


@pytest.mark.parametrize("lane", ["walled", "process"])
def test_a_guarded_program_holds(tree: Path, lane: str) -> None:
    held = _held(tree, "guarded_program:start", lane)

    assert held == dict.fromkeys(CONTROLS | {"input/tokenizer-limits"}, True)


@pytest.mark.parametrize("lane", ["walled", "process"])
def test_a_program_whose_guards_only_seem_to_be_there_is_found_out(tree: Path, lane: str) -> None:
    assert _held(tree, "bare_program:start", lane) == dict.fromkeys(CONTROLS, False)


def test_a_door_that_refuses_everything_proves_nothing(tree: Path) -> None:
    held = _held(tree, "bare_program:closed", "process")

    assert [held[name] for name in ("paths/confined", "input/device-allowlist", "api/rate-limited")] == [
        None,
        None,
        None,
    ]


def test_a_program_that_cannot_start_is_an_error_and_no_observation(tree: Path) -> None:
    proof = prove(tree, "bare_program:fails", lane="process")

    assert proof.observations == ()
    assert "RuntimeError" in proof.error
    assert "settings" not in proof.error


@pytest.mark.parametrize("target", ["os", "os:", ":x", "a b:c", "a:b;c", "../x:y", "os:system('id')"])
def test_only_names_are_run(target: str, tree: Path) -> None:
    with pytest.raises(UsageError):
        prove(tree, target)


def test_a_signed_proof_is_read_and_a_changed_one_is_not(tree: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path = tmp_path / "proof.json"
    path.write_text(sign_proof(prove(tree, "bare_program:start", lane="process"), key))
    told = read_proof(path, key_id(key.public_key()))

    assert {item.control for item in told} == CONTROLS
    assert all(len(item.commit) == 40 and item.lane == "process" for item in told)
    with pytest.raises(LookError):
        read_proof(path, key_id(Ed25519PrivateKey.generate().public_key()))
    path.write_text(path.read_text().replace('"payload": "ey', '"payload": "ez'))
    with pytest.raises(LookError):
        read_proof(path, key_id(key.public_key()))


def _observed(held: bool | None, commit: str = "c" * 40) -> ProvedRuns:
    return ProvedRuns(
        (Observation("logs/redacted", held, "It was tried", "a:b", commit, "2026-11-21", "walled", "p.json"),)
    )


def _finding(verdict: object) -> Finding:
    from troth.terms.promise import Statement

    statement = Statement.__new__(Statement)
    return Finding(Promise(statement, "logs/redacted"), verdict)  # type: ignore[arg-type]


WAITS = Unknown("a run: `troth prove logs`", "takes a run")
EVIDENCE = (Evidence("x", Place("a.py", 1)),)


def test_a_run_keeps_what_waited_for_it_breaks_what_it_saw_fail_and_lifts_nothing() -> None:
    from troth.terms.verdict import How

    broken, kept, other = Broken(How.ABSENT, EVIDENCE, "b"), Kept(EVIDENCE, "k"), Unknown("a token", "no token")
    commit = "c" * 40

    assert isinstance(with_runs(_finding(WAITS), _observed(True), commit, dirty=False).verdict, Kept)
    assert with_runs(_finding(broken), _observed(True), commit, dirty=False).verdict is broken
    assert with_runs(_finding(other), _observed(True), commit, dirty=False).verdict is other
    for verdict in (WAITS, kept, broken):
        assert isinstance(with_runs(_finding(verdict), _observed(False), commit, dirty=False).verdict, Broken)
    for verdict in (WAITS, kept, broken):
        assert with_runs(_finding(verdict), _observed(None), commit, dirty=False).verdict is verdict


@pytest.mark.parametrize(
    ("commit", "dirty", "seen"),
    [("d" * 40, False, "c" * 40), ("c" * 40, True, "c" * 40), ("", False, ""), ("c" * 40, False, "")],
)
def test_a_run_of_another_state_decides_nothing(commit: str, dirty: bool, seen: str) -> None:
    for held in (True, False):
        verdict = with_runs(_finding(WAITS), _observed(held, seen), commit, dirty=dirty).verdict
        assert isinstance(verdict, Unknown)
        assert "another commit" in verdict.because
