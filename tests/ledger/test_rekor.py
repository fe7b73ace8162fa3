"""A checkpoint in a transparency log of Rekor's form: a log of this test takes it in, and what it answers is verified offline; changed answers are not believed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.ledger.test_ledger_command import fill
from troth.cli import run
from troth.errors import LedgerError
from troth.ledger.rekor import entry_for, verify_entry
from troth.ledger.tree import inclusion_path, leaf_hash, root_of

NOTE = "troth/test/acme/web\n8\nAAAA\n\n\u2014 x y\n".encode()
NAME = "rekor.example - 42"
AT = 1_795_250_000


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@dataclass
class Log:
    """A log of Rekor's form."""

    key: EllipticCurvePrivateKey | Ed25519PrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    bodies: list[bytes] = field(default_factory=lambda: [b"another's entry %d" % number for number in range(11)])

    def sign(self, content: bytes) -> bytes:
        return self.key.sign(content) if isinstance(self.key, Ed25519PrivateKey) else self.key.sign(content, ECDSA(SHA256()))

    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def id(self) -> bytes:
        return hashlib.sha256(self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()

    def take(self, proposed: bytes) -> dict[str, Any]:
        """What the log answers to an entry whose signature is true; it keeps the digest, not the artifact."""
        told = json.loads(proposed)
        data, signature = base64.b64decode(told["spec"]["data"]["content"]), told["spec"]["signature"]
        public = load_pem_public_key(base64.b64decode(signature["publicKey"]["content"]))
        public.verify(base64.b64decode(signature["content"]), data)  # type: ignore[union-attr,call-arg]
        spec = {"data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}}, "signature": signature}
        self.bodies.append(json.dumps({"apiVersion": "0.0.1", "kind": told["kind"], "spec": spec}, sort_keys=True).encode())
        self.bodies += [b"a later entry %d" % number for number in range(5)]
        return self.answer(len(self.bodies) - 6)

    def answer(self, index: int) -> dict[str, Any]:
        size, leaves = len(self.bodies), [leaf_hash(body) for body in self.bodies]

        def hashes(level: int, number: int) -> bytes:
            return root_of(leaves[number << level : (number + 1) << level])

        root = root_of(leaves)
        head = f"{NAME}\n{size}\n{text(root)}\nTimestamp: 1\n"
        checkpoint = f"{head}\n\u2014 rekor.example {text(self.id()[:4] + self.sign(head.encode()))}\n"
        entry: dict[str, Any] = {"body": text(self.bodies[index]), "integratedTime": AT, "logID": self.id().hex(), "logIndex": index + 1000}
        promise = self.sign(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        proof = {"checkpoint": checkpoint, "hashes": [one.hex() for one in inclusion_path(index, size, hashes)], "logIndex": index, "rootHash": root.hex(), "treeSize": size}
        return entry | {"verification": {"inclusionProof": proof, "signedEntryTimestamp": text(promise)}}


@pytest.mark.parametrize("key", [None, Ed25519PrivateKey.generate])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_checkpoint_that_a_log_took_in_is_found_there(key: Callable[[], Ed25519PrivateKey] | None, wrapped: bool) -> None:
    log = Log() if key is None else Log(key())
    answer = log.take(entry_for(NOTE, Ed25519PrivateKey.generate()))

    found = verify_entry(json.dumps({"24296fb24b8ad77a": answer} if wrapped else answer).encode(), NOTE, log.pem())

    assert (NAME, 11, 17) == (found.log, found.index, found.size)
    assert found.at is not None
    assert AT == int(found.at.timestamp())


def _proof(entry: dict[str, Any], **changes: object) -> dict[str, Any]:
    return entry | {"verification": entry["verification"] | {"inclusionProof": entry["verification"]["inclusionProof"] | changes}}


CHANGED: dict[str, Callable[[Log, dict[str, Any]], object]] = {
    "another entry of the log": lambda log, entry: log.answer(3),
    "another body": lambda log, entry: entry | {"body": text(base64.b64decode(entry["body"]).replace(b'"0.0.1"', b'"0.0.2"'))},
    "another index": lambda log, entry: _proof(entry, logIndex=10),
    "an index that is a flag": lambda log, entry: _proof(entry, logIndex=True),
    "a hash less": lambda log, entry: _proof(entry, hashes=entry["verification"]["inclusionProof"]["hashes"][:-1]),
    "a hash more": lambda log, entry: _proof(entry, hashes=[*entry["verification"]["inclusionProof"]["hashes"], "00" * 32]),
    "another root": lambda log, entry: _proof(entry, checkpoint=entry["verification"]["inclusionProof"]["checkpoint"].replace("\n17\n", "\n18\n")),
    "a checkpoint of another log": lambda log, entry: _proof(entry, checkpoint=Log().answer(11 - 1)["verification"]["inclusionProof"]["checkpoint"]),
    "no checkpoint": lambda log, entry: _proof(entry, checkpoint=""),
    "another time": lambda log, entry: entry | {"integratedTime": AT - 86_400},
    "another log's id": lambda log, entry: entry | {"logID": "00" * 32},
    "a time that another key signed": lambda log, entry: entry | {"verification": entry["verification"] | {"signedEntryTimestamp": text(Log().sign(b"x"))}},
    "no proof": lambda log, entry: entry | {"verification": {}},
    "two entries": lambda log, entry: {"a": entry, "b": entry},
    "nothing": lambda log, entry: {},
    "a list": lambda log, entry: [],
}


@pytest.mark.parametrize("name", list(CHANGED))
def test_an_answer_that_was_changed_is_not_believed(name: str) -> None:
    log = Log()
    entry = log.take(entry_for(NOTE, Ed25519PrivateKey.generate()))

    with pytest.raises(LedgerError):
        verify_entry(json.dumps(CHANGED[name](log, entry)).encode(), NOTE, log.pem())


def test_an_answer_is_about_one_checkpoint_and_by_one_log() -> None:
    log = Log()
    answer = json.dumps(log.take(entry_for(NOTE, Ed25519PrivateKey.generate()))).encode()
    verify_entry(answer, NOTE, log.pem())

    for note, key in ((NOTE.replace(b"\n8\n", b"\n9\n"), log.pem()), (NOTE, Log().pem()), (NOTE, b"no key")):
        with pytest.raises(LedgerError):
            verify_entry(answer, note, key)
    for content in (b"", b"nonsense", b"[" * 100_000, b" " * (1024 * 1024 + 1)):
        with pytest.raises(LedgerError):
            verify_entry(content, NOTE, log.pem())


def test_the_commands_write_an_entry_and_verify_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    fill(tmp_path, 5)
    place = ["--store", f"sqlite:///{tmp_path / 'troth.db'}", "--tenant", "acme/web"]
    kept, asked, told, key = (tmp_path / name for name in ("kept", "asked.json", "told.json", "rekor.pem"))
    assert run(["ledger", "checkpoint", *place, "--rekor-entry", str(asked)]) == 2
    assert run(["ledger", "checkpoint", *place, "--keep", str(kept), "--rekor-entry", str(asked)]) == 0
    log = Log()
    told.write_text(json.dumps({"id": log.take(asked.read_bytes())}))
    key.write_bytes(log.pem())
    capsys.readouterr()

    assert run(["ledger", "rekor", str(told), str(kept), "--key", str(key)]) == 0
    assert f"entry 11 of 17 in {NAME}, since 2026-11-21T" in capsys.readouterr().out
    kept.write_bytes(kept.read_bytes().replace(b"\n5\n", b"\n6\n"))
    assert run(["ledger", "rekor", str(told), str(kept), "--key", str(key)]) == 2
