"""OpenSSF model signatures: a Sigstore bundle around an in-toto statement that lists the files of a model with their digests.

The form is that of model-signing 1.x (predicate `https://model_signing/signature/v1.0`, https://github.com/sigstore/model-transparency): verified here with a public key by `cryptography`, or with an identity by `sigstore`
(an extra), never with the signature's own word for who signed. Rules: the payload's bytes are verified as they stand and parsed once, strictly; a file that the statement does not list is not signed; whatever is wrong is a
`GuardError`, never a boolean. Does not make signatures, and does not fetch anything: Sigstore's trust root is the one that the library ships.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from troth.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Manifest", "PublicKey", "Sigstore", "read_manifest"]

_LIMIT_BYTES: Final = 64 * 1024 * 1024
_PAYLOAD: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"
_DIGITS: Final = {"sha256": 64, "blake3": 64, "blake2b": 128}
_NAMES: Final = {"blake2": "blake2b"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A signer who is known by a public key.

    Attributes:
        pem: the key (ECDSA on P-256, P-384 or P-521, or Ed25519), or the path of a file with it.
    """

    pem: bytes | str | os.PathLike[str]

    def payload(self, bundle: bytes, parsed: Mapping[str, Any]) -> bytes:  # noqa: ARG002 - one shape for all signers
        """The signed bytes of a bundle.

        Raises:
            GuardError: the key cannot be used, or did not sign this.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519

        kind, payload, signature = _envelope(parsed)
        key = _key(self.pem)
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, signed)
            elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size in (256, 384, 521):
                digest = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
                key.verify(signature, signed, ec.ECDSA(digest))
            else:
                raise GuardError("model signatures are made with ECDSA on P-256, P-384 or P-521, or with Ed25519; this key is of another kind")
        except InvalidSignature:
            raise GuardError("the model's signature was not made with this key, or what it signs was changed") from None
        return payload


@dataclass(frozen=True, slots=True)
class Sigstore:
    """A signer who is known by an identity: the address or workflow in a short-lived certificate, and who vouches for it.

    Attributes:
        identity: mail address or URI, exactly.
        issuer: URL of the OpenID Connect issuer.
    """

    identity: str
    issuer: str

    def payload(self, bundle: bytes, parsed: Mapping[str, Any]) -> bytes:  # noqa: ARG002 - one shape for all signers
        """The signed bytes of a bundle, verified offline.

        Raises:
            GuardError: `sigstore` is not installed, or the bundle does not verify for this identity.
        """
        try:
            from sigstore.errors import Error
            from sigstore.models import Bundle
            from sigstore.verify import Verifier
            from sigstore.verify.policy import Identity
        except ImportError as error:
            raise GuardError("a Sigstore identity is verified with the package sigstore, which is not installed") from error
        try:
            kind, payload = Verifier.production(offline=True).verify_dsse(
                Bundle.from_json(bundle), Identity(identity=self.identity, issuer=self.issuer)
            )
        except (Error, ValueError) as error:
            raise GuardError(f"the model's signature does not verify for {self.identity}: {error}") from error
        if kind != _PAYLOAD:
            raise GuardError(f"the bundle signs {kind}, not an in-toto statement")
        return bytes(payload)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a verified signature says.

    Attributes:
        root: folder that the names are relative to.
        digests: name (POSIX, relative) -> `algorithm:hex`.
    """

    root: Path
    digests: dict[str, str]

    def digest(self, path: str | os.PathLike[str]) -> str:
        """`algorithm:hex` of a file of the model.

        Raises:
            GuardError: the signature does not cover the file.
        """
        name = os.path.relpath(os.path.abspath(path), os.path.abspath(self.root)).replace(os.sep, "/")
        if name not in self.digests:
            raise GuardError(f"{name} is not covered by the model's signature; sign the model again, or name the right root")
        return self.digests[name]


def read_manifest(signature: str | os.PathLike[str], signer: PublicKey | Sigstore, root: str | os.PathLike[str] | None = None) -> Manifest:
    """Verify a model's signature.

    Args:
        signature: the bundle's file.
        signer: who must have signed.
        root: the model's folder; the folder of the signature where None.

    Raises:
        GuardError: the file is no such bundle, or does not verify.
    """
    try:
        if os.path.getsize(signature) > _LIMIT_BYTES:
            raise GuardError(f"{os.fspath(signature)} is larger than a signature can be")
        content = Path(signature).read_bytes()
    except OSError as error:
        raise GuardError(f"the signature {os.fspath(signature)} cannot be read: {error.strerror}") from error
    told = _parse(signer.payload(content, _parse(content, "signature")), "signed statement")
    if told.get("_type") != _STATEMENT or told.get("predicateType") != _PREDICATE:
        raise GuardError("what is signed is no statement about a model's files")
    return Manifest(Path(root) if root is not None else Path(signature).parent, _digests(told))


def _digests(told: dict[str, Any]) -> dict[str, str]:
    predicate = told.get("predicate")
    resources = predicate.get("resources") if isinstance(predicate, dict) else None
    if not isinstance(resources, list) or not resources:
        raise GuardError("the signed statement lists no files")
    found: dict[str, str] = {}
    for entry in resources:
        name, kind, digest = (str(entry.get(key, "")) for key in ("name", "algorithm", "digest")) if isinstance(entry, dict) else ("", "", "")
        kind = _NAMES.get(kind, kind)
        plain = not set(digest.lower()) - set("0123456789abcdef") and len(digest) == _DIGITS.get(kind, -1)
        if not plain or not name or name in found or name.startswith("/") or ".." in name.split("/"):
            raise GuardError(f"the signed statement has an entry that cannot be held to: {name[:100]!r}")
        found[name] = f"{kind}:{digest.lower()}"
    return found


def _key(pem: bytes | str | os.PathLike[str]) -> object:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        content = pem if isinstance(pem, bytes) else Path(pem).read_bytes()
        return load_pem_public_key(content)
    except (OSError, ValueError) as error:
        raise GuardError(f"the public key cannot be read: {error}") from error


def _parse(content: bytes, what: str) -> dict[str, Any]:
    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("an object names a key twice")
        return found

    try:
        parsed = json.loads(content, object_pairs_hook=without_twins)
    except (ValueError, RecursionError) as error:
        raise GuardError(f"the {what} is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise GuardError(f"the {what} is not a JSON object")
    return parsed


def _envelope(parsed: Mapping[str, Any]) -> tuple[str, bytes, bytes]:
    envelope = parsed.get("dsseEnvelope")
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise GuardError("the signature is no bundle with one DSSE signature")
    if envelope.get("payloadType") != _PAYLOAD:
        raise GuardError(f"the bundle signs {envelope.get('payloadType')!r}, not an in-toto statement")
    try:
        payload = base64.b64decode(str(envelope.get("payload", "")), validate=True)
        signature = base64.b64decode(str(signatures[0].get("sig", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise GuardError(f"the bundle is not base64 where it should be: {error}") from error
    return _PAYLOAD, payload, signature
