"""Signed evidence: what one run found, in a file that anyone can verify later.

The form is a DSSE envelope (https://github.com/secure-systems-lab/dsse, v1.0.2) around an in-toto Statement v1. Rules:

* the signature covers the payload's bytes as they are; a verifier never re-serialises them, so no canonical form has to be agreed upon;
* the subjects are what was judged: each policy by the digest of its bytes, the commit by its id;
* a signature without a name behind it proves nothing: verification wants a public key, a key id, or the user's own key, and otherwise refuses;
* whatever is wrong with a file raises `EvidenceFileError`; no function here answers true or false.

docs/evidence.md describes the format, with a verifier that needs nothing of Troth.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troth.errors import EvidenceFileError, UsageError
from troth.ledger.keys import key_id, parse_public_key, public_pem
from troth.ledger.record import Json, fingerprints, record, scalar_text
from troth.terms.control import Control
from troth.terms.result import Result
from troth.terms.verdict import name_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["PAYLOAD_TYPE", "PREDICATE_TYPE", "STATEMENT_TYPE", "Signed", "pae", "seal", "sign", "statement", "verify"]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://github.com/troth-dev/troth/evidence/v1"
"""Names the predicate; docs/evidence.md describes it."""

LIMIT_BYTES: Final = 64 * 1024 * 1024
"""An evidence file of ten thousand findings has about 10 MB; a longer file is refused before it is parsed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What verification found out.

    Attributes:
        key_id: who signed: SHA-256 of the public key, hex.
        statement: the in-toto statement that was signed.
    """

    key_id: str
    statement: Mapping[str, Json]

    @property
    def predicate(self) -> Mapping[str, Json]:
        """The run: tool, time, tree, counts, findings."""
        predicate = self.statement["predicate"]
        return predicate if isinstance(predicate, dict) else {}

    @property
    def subjects(self) -> tuple[tuple[str, str, str], ...]:
        """What was judged: name, algorithm and digest of each subject."""
        found = []
        for subject in _list(self.statement["subject"]):
            digests = subject.get("digest") if isinstance(subject, dict) else None
            for algorithm, value in (digests if isinstance(digests, dict) else {}).items():
                found.append((str(subject["name"]) if isinstance(subject, dict) else "", algorithm, str(value)))
        return tuple(found)


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def statement(result: Result, controls: Mapping[str, Control]) -> dict[str, Json]:
    """The in-toto statement of a run.

    Args:
        result: the run.
        controls: the catalogue, by id.
    """
    subjects: list[Json] = [
        {"name": scalar_text(policy.path), "digest": {"sha256": policy.sha256}} for policy in result.policies
    ]
    if result.commit:
        subjects.append({"name": "commit", "digest": {"gitCommit": result.commit}})
    names = fingerprints(result.findings)
    verdicts = [name_of(finding.verdict) for finding in result.findings]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "tool": {"name": "troth", "version": result.version},
            "started": result.started,
            "tree": {"commit": result.commit, "dirty": result.dirty},
            "finished": result.finished,
            "controls": {"catalogue": result.controls, "verified": result.verified},
            "engines": [
                {"facts": engine.facts, "seen": engine.seen, "because": scalar_text(engine.because)}
                for engine in result.engines
            ],
            "notes": [scalar_text(note) for note in result.notes],
            "counts": {name: verdicts.count(name) for name in sorted(set(verdicts))},
            "findings": [
                record(finding, name, controls.get(finding.promise.control))
                for finding, name in zip(result.findings, names, strict=True)
            ],
        },
    }


def sign(result: Result, controls: Mapping[str, Control], key: Ed25519PrivateKey) -> str:
    """A signed evidence file for a run, as text that ends with a newline.

    Args:
        result: the run.
        controls: the catalogue, by id.
        key: private key that signs; see `troth.ledger.keys`.

    Raises:
        UsageError: the run has nothing that could be a subject (no policy and no commit).
    """
    told = statement(result, controls)
    if not told["subject"]:
        raise UsageError("there is neither a policy nor a commit that evidence could speak of")
    return seal(told, key)


def seal(told: Mapping[str, Json], key: Ed25519PrivateKey) -> str:
    """A DSSE envelope around an in-toto statement, as text that ends with a newline.

    Args:
        told: the statement; its bytes are canonical JSON (sorted keys, no spaces, ASCII).
        key: private key that signs.
    """
    payload = json.dumps(told, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")).encode(
        "ascii"
    )
    public = key.public_key()
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode("ascii"),
        "signatures": [
            {
                "keyid": key_id(public),
                "sig": base64.b64encode(key.sign(pae(PAYLOAD_TYPE, payload))).decode("ascii"),
                "publicKey": public_pem(public),
            }
        ],
    }
    return json.dumps(envelope, indent=2) + "\n"


def verify(
    content: bytes,
    *,
    key: Ed25519PublicKey | None = None,
    trusted_id: str | None = None,
    predicate_type: str = PREDICATE_TYPE,
) -> Signed:
    """Verify an evidence file against a key that the caller trusts.

    Args:
        content: the file's bytes.
        key: public key of the signer.
        trusted_id: id of the signer's key, instead of the key itself; the file then brings the key, and its digest must be this.
        predicate_type: what the statement has to be about: a run of `check` by default.

    Raises:
        EvidenceFileError: the file is malformed, speaks of something else, is signed by another key, or its signature does not verify.
        UsageError: neither a key nor a key id is given.
    """
    if key is None and trusted_id is None:
        raise UsageError("nothing was named that could vouch for the signer: give --key FILE or --key-id ID")
    payload, signatures = _open(content)
    public, signature = _choose(signatures, key, trusted_id)
    _check(public, signature, payload)
    return Signed(key_id(public), _statement(payload, predicate_type))


def signers(content: bytes) -> tuple[str, ...]:
    """Key ids that a file *claims* to be signed by; a hint for messages, proof of nothing.

    Raises:
        EvidenceFileError: the file is malformed.
    """
    return tuple(str(signature.get("keyid", "")) for signature in _open(content)[1])


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _parse(content: bytes, what: str) -> dict[str, Json]:
    try:
        parsed = json.loads(content, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise EvidenceFileError(f"the {what} is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise EvidenceFileError(f"the {what} is not a JSON object")
    return parsed


def _without_twins(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Refuse an object that names a key twice: two readers would read two different files."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _decode(text: Json, what: str) -> bytes:
    if not isinstance(text, str):
        raise EvidenceFileError(f"the {what} is missing")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceFileError(f"the {what} is not base64: {error}") from error


def _open(content: bytes) -> tuple[bytes, list[dict[str, Json]]]:
    if len(content) > LIMIT_BYTES:
        raise EvidenceFileError(f"the file has more than {LIMIT_BYTES // 1024 // 1024} MB")
    envelope = _parse(content, "file")
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise EvidenceFileError(f"the payload's type is {envelope.get('payloadType')!r}, not {PAYLOAD_TYPE}")
    signatures = [item for item in _list(envelope.get("signatures")) if isinstance(item, dict)]
    if not signatures:
        raise EvidenceFileError("the file carries no signature")
    return _decode(envelope.get("payload"), "payload"), signatures


def _choose(
    signatures: list[dict[str, Json]], key: Ed25519PublicKey | None, trusted_id: str | None
) -> tuple[Ed25519PublicKey, bytes]:
    """The trusted key, and the signature that claims to be by it."""
    wanted = key_id(key) if key is not None else str(trusted_id).strip().lower().removeprefix("sha256:")
    claimed = next((item for item in signatures if item.get("keyid") == wanted), None)
    if claimed is None:
        names = ", ".join(str(item.get("keyid", "an unnamed key"))[:80] for item in signatures)
        raise EvidenceFileError(f"it is signed by {names}, not by {wanted}")
    if key is None:
        try:
            key = parse_public_key(str(claimed.get("publicKey", "")).encode("utf-8", "replace"), "the file's key")
        except UsageError as error:
            raise EvidenceFileError(str(error)) from error
        if key_id(key) != wanted:
            raise EvidenceFileError(f"the key that it brings is {key_id(key)}, not {wanted}")
    return key, _decode(claimed.get("sig"), "signature")


def _check(key: Ed25519PublicKey, signature: bytes, payload: bytes) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, pae(PAYLOAD_TYPE, payload))
    except InvalidSignature as error:
        raise EvidenceFileError("the signature does not match: the content was changed after it was signed") from error


def _statement(payload: bytes, predicate_type: str) -> dict[str, Json]:
    told = _parse(payload, "payload")
    for field, value in (("_type", STATEMENT_TYPE), ("predicateType", predicate_type)):
        if told.get(field) != value:
            raise EvidenceFileError(f"{field} is {told.get(field)!r}, not {value}")
    if not isinstance(told.get("predicate"), dict) or not _list(told.get("subject")):
        raise EvidenceFileError("the statement has no predicate or no subject")
    return told
