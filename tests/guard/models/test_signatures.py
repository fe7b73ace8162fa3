"""Model signatures: what OpenSSF model-signing makes verifies, and every way to tamper with it does not."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from troth.errors import GuardError
from troth.guard import models

NAME = "weights.pkl"


def pem(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def bundle(key, told: object, kind: str = "application/vnd.in-toto+json") -> dict:
    payload = json.dumps(told).encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(signed)
    else:
        signature = key.sign(signed, ec.ECDSA({256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]))
    envelope = {"payloadType": kind, "payload": base64.b64encode(payload).decode(), "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}]}
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"publicKey": {"hint": "x"}}, "dsseEnvelope": envelope}


def statement(**digests: str) -> dict:
    resources = [{"name": name, "algorithm": "sha256", "digest": digest} for name, digest in digests.items()]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": "0" * 64}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"resources": resources, "serialization": {"method": "files"}},
    }


@pytest.fixture
def model(tmp_path):
    (tmp_path / NAME).write_bytes(pickle.dumps({"w": [1.0, 2.0]}))
    return tmp_path


def digest(model: Path) -> str:
    return hashlib.sha256((model / NAME).read_bytes()).hexdigest()


def put(model: Path, told: object) -> Path:
    (model / "model.sig").write_text(told if isinstance(told, str) else json.dumps(told))
    return model / "model.sig"


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), None], ids=lambda each: each.name if each else "ed25519")
def test_a_signed_model_loads_and_the_receipt_says_that_it_was_expected(model, curve):
    key = ec.generate_private_key(curve) if curve else ed25519.Ed25519PrivateKey.generate()
    signed = models.read_manifest(put(model, bundle(key, statement(**{NAME: digest(model)}))), models.PublicKey(pem(key)))
    loaded = models.load(model / NAME, signed=signed)

    assert {"w": [1.0, 2.0]} == loaded.value
    assert loaded.receipt.expected


def test_what_the_reference_implementation_signs_verifies(model):
    if shutil.which("model_signing", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("model-signing is not installed")
    key = ec.generate_private_key(ec.SECP256R1())
    (model.parent / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    done = subprocess.run([sys.executable, "-m", "model_signing", "sign", "key", str(model), "--private_key", str(model.parent / "key.pem"), "--signature", str(model.parent / "model.sig")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"model-signing does not work here: {done.stderr.strip()[-200:]}")
    signed = models.read_manifest(model.parent / "model.sig", models.PublicKey(pem(key)), root=model)

    assert models.load(model / NAME, signed=signed).receipt.expected


EC = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def tampered(model: Path) -> list[tuple[str, object]]:
    good = bundle(EC, statement(**{NAME: digest(model)}))
    changed = json.loads(json.dumps(good))
    told = statement(**{NAME: "f" * 64})
    changed["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(told).encode()).decode()
    twice = json.loads(json.dumps(good))
    twice["dsseEnvelope"]["signatures"] *= 2
    loose = json.loads(json.dumps(good))
    loose["dsseEnvelope"]["signatures"][0]["sig"] += "\n"
    twins = statement(**{NAME: digest(model)})
    twins["predicate"]["resources"] *= 2
    outside = statement(**{f"../{NAME}": digest(model)})
    weak = statement(**{NAME: digest(model)})
    weak["predicate"]["resources"][0] |= {"algorithm": "md5", "digest": "0" * 32}
    return [
        ("another key", bundle(OTHER, statement(**{NAME: digest(model)}))),
        ("changed statement", changed),
        ("two signatures", twice),
        ("loose base64", loose),
        ("an entry twice", bundle(EC, twins)),
        ("a name outside", bundle(EC, outside)),
        ("a weak digest", bundle(EC, weak)),
        ("no files", bundle(EC, statement())),
        ("another predicate", bundle(EC, {**statement(**{NAME: digest(model)}), "predicateType": "https://slsa.dev/provenance/v1"})),
        ("another payload", bundle(EC, statement(**{NAME: digest(model)}), "text/plain")),
        ("no envelope", {"mediaType": "x"}),
        ("not JSON", "nonsense"),
        ("a key named twice", '{"dsseEnvelope": {}, "dsseEnvelope": {}}'),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(13))
def test_a_tampered_signature_is_refused(model, number):
    _, told = tampered(model)[number]

    with pytest.raises(GuardError):
        models.read_manifest(put(model, told), models.PublicKey(pem(EC)))


def test_a_changed_file_an_unsigned_file_and_a_signature_that_contradicts_the_caller_are_refused(model):
    signed = models.read_manifest(put(model, bundle(EC, statement(**{NAME: digest(model)}))), models.PublicKey(pem(EC)))
    with pytest.raises(GuardError, match="is signed as"):
        models.load(model / NAME, signed=signed, expect="sha256:" + "0" * 64)
    (model / "extra.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(GuardError, match="not covered"):
        models.load(model / "extra.pkl", signed=signed)
    (model / NAME).write_bytes(pickle.dumps({"w": [9.0]}))
    with pytest.raises(GuardError, match="expected is"):
        models.load(model / NAME, signed=signed)


def test_keys_of_other_kinds_and_files_that_are_none_are_refused(model):
    path = put(model, bundle(EC, statement(**{NAME: digest(model)})))
    for key in (pem(rsa.generate_private_key(65537, 2048)), pem(ec.generate_private_key(ec.SECP256K1())), b"nonsense", model / "none.pem"):
        with pytest.raises(GuardError):
            models.read_manifest(path, models.PublicKey(key))
    with pytest.raises(GuardError):
        models.read_manifest(model / "none.sig", models.PublicKey(pem(EC)))


def test_a_key_signed_bundle_does_not_verify_for_a_sigstore_identity(model):
    pytest.importorskip("sigstore", reason="sigstore is not installed")
    path = put(model, bundle(EC, statement(**{NAME: digest(model)})))

    with pytest.raises(GuardError):
        models.read_manifest(path, models.Sigstore("someone@example.org", "https://accounts.example.org"))
