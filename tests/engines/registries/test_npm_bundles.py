"""Bundles as npm writes them: real ones where `TROTH_NPM_ATTESTATIONS` names a folder of archives with their attestations beside them, made ones for what must not pass."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from troth.engines.registries.npm_bundle import _same, repository_of
from troth.engines.registries.provenance import of_npm
from troth.terms.facts.registries import ProvenanceState

pytest.importorskip("sigstore")
FOLDER = os.environ.get("TROTH_NPM_ATTESTATIONS")
NAME = "provenance-npm-test-cli-v1-prega"
needs_real = pytest.mark.skipif(not FOLDER, reason="TROTH_NPM_ATTESTATIONS is not set (cli/slsa-verifier/testdata/npm/gha of github.com/slsa-framework/slsa-verifier)")


def real(name: str = NAME) -> tuple[str, dict[str, object]]:
    folder = Path(FOLDER or "")
    return hashlib.sha512((folder / f"{name}.tgz").read_bytes()).hexdigest(), json.loads((folder / f"{name}.tgz.json").read_text())


@needs_real
@pytest.mark.parametrize(("name", "repository"), [(NAME, "sigstore/sigstore-js"), ("gundam-visor-cli-v1-tag", "ramonpetgrave64/gundam-visor")])
def test_a_real_bundle_of_npm_verifies(name: str, repository: str) -> None:
    artifact = of_npm(name, *real(name))

    assert artifact.state is ProvenanceState.VERIFIED, artifact.because
    assert artifact.publisher.startswith(f"GitHub https://github.com/{repository} .github/workflows/")


@needs_real
@pytest.mark.parametrize("name", [f"{NAME}-invalidsigprov", "gundam-visor-cli-v1-tag-invalidsigprov"])
def test_a_real_bundle_with_a_changed_signature_does_not(name: str) -> None:
    assert of_npm(name, *real(name)).state is ProvenanceState.INVALID


@needs_real
def test_the_first_form_of_bundles_is_unknown_and_never_verified() -> None:
    assert of_npm("x", *real("supreme-googles-cli-v02-tag")).state is ProvenanceState.UNKNOWN


def _other_time(entry: dict[str, object]) -> None:
    entry["integratedTime"] = str(int(str(entry["integratedTime"])) + 60)


def _no_promise(entry: dict[str, object]) -> None:
    entry.pop("inclusionPromise")


def _other_body(entry: dict[str, object]) -> None:
    body = json.loads(base64.b64decode(str(entry["canonicalizedBody"])))
    body["spec"]["content"]["payloadHash"]["value"] = "0" * 64
    entry["canonicalizedBody"] = base64.b64encode(json.dumps(body).encode()).decode()


@needs_real
@pytest.mark.parametrize("change", [_other_time, _no_promise, _other_body])
def test_a_real_bundle_whose_entry_of_the_log_was_changed_does_not_verify(change: object) -> None:
    sha512, answer = real()
    for each in answer["attestations"]:  # type: ignore[attr-defined]
        change(each["bundle"]["verificationMaterial"]["tlogEntries"][0])  # type: ignore[operator]

    assert of_npm("x", sha512, answer).state is ProvenanceState.INVALID


@needs_real
def test_a_real_bundle_is_not_about_another_archive() -> None:
    artifact = of_npm("x", "0" * 128, real()[1])

    assert (artifact.state, artifact.because) == (ProvenanceState.INVALID, "it is about another file")


def made(repository: str = "https://github.com/acme/rocket") -> SimpleNamespace:
    """What the checks look at of a bundle, made here: a certificate, an envelope, and the entry that fits them."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(minutes=10))
    text = repository.encode()
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.12")
    certificate = builder.add_extension(x509.UnrecognizedExtension(oid, bytes((0x0C, len(text))) + text), critical=False).sign(key, SHA256())
    payload, signature = b"{}", b"signature"
    logged = {"sig": base64.b64encode(base64.b64encode(signature)).decode(), "publicKey": base64.b64encode(certificate.public_bytes(Encoding.PEM)).decode()}
    content = {"payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}, "envelope": {"signatures": [logged]}}
    entry = SimpleNamespace(_inner=SimpleNamespace(canonicalized_body=json.dumps({"spec": {"content": content}})))
    envelope = SimpleNamespace(_inner=SimpleNamespace(payload=payload, signatures=[SimpleNamespace(sig=signature)]))
    return SimpleNamespace(bundle=SimpleNamespace(signing_certificate=certificate, log_entry=entry), envelope=envelope, content=content)


def test_an_entry_that_fits_is_taken() -> None:
    one = made()
    _same(one.bundle, one.envelope)

    assert repository_of(one.bundle) == "https://github.com/acme/rocket"


@pytest.mark.parametrize(
    ("path", "value", "because"),
    [
        (("payloadHash", "value"), "0" * 64, "payload"),
        (("payloadHash", "algorithm"), "md5", "payload"),
        (("envelope", "signatures"), [], "signature"),
        (("envelope", "signatures"), [{"sig": "eA==", "publicKey": ""}], "signature"),
    ],
)
def test_an_entry_about_something_else_is_refused(path: tuple[str, str], value: object, because: str) -> None:
    one = made()
    one.content[path[0]][path[1]] = value
    one.bundle.log_entry._inner.canonicalized_body = json.dumps({"spec": {"content": one.content}})

    with pytest.raises(ValueError, match=because):
        _same(one.bundle, one.envelope)


def test_an_entry_that_names_another_certificate_is_refused() -> None:
    one, other = made(), made()

    with pytest.raises(ValueError, match="certificate"):
        _same(SimpleNamespace(signing_certificate=other.bundle.signing_certificate, log_entry=one.bundle.log_entry), one.envelope)
