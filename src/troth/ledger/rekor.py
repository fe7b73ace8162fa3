"""A checkpoint in a transparency log of Rekor's kind: what to hand in, and whether an entry that came back holds it. Offline: sending is the caller's, with any client.

Rules: nothing is believed but what the log's key has signed. An entry holds a checkpoint if the digest in it is that of the note's exact bytes, if the entry is included in
a tree whose root the log's own checkpoint signs, and, for its time, if the log's key has signed that too. Entries of kinds `rekord` and `hashedrekord`, version 0.0.1.

Format: https://github.com/sigstore/rekor/blob/main/openapi.yaml (LogEntry) and https://github.com/sigstore/rekor/tree/main/pkg/types
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from troth.errors import LedgerError
from troth.ledger.keys import public_pem
from troth.ledger.proofs import Inclusion
from troth.ledger.tree import leaf_hash

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    LogKey = EllipticCurvePublicKey | Ed25519PublicKey

__all__ = ["Recorded", "entry_for", "verify_entry"]

_LIMIT_BYTES: Final = 1024 * 1024
_KINDS: Final = frozenset(("rekord", "hashedrekord"))
_MOST_HASHES: Final = 64


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a note stands in a transparency log.

    Attributes:
        log: first line of the log's checkpoint.
        index: of the entry in its tree.
        size: of the tree.
        at: when the log took it in, by its own word; None where it signed none.
    """

    log: str
    index: int
    size: int
    at: datetime | None


def entry_for(note: bytes, key: Ed25519PrivateKey) -> bytes:
    """What to POST to `/api/v1/log/entries`: the note with a signature of its own over the exact bytes.

    Args:
        note: the checkpoint.
        key: of whoever hands it in.
    """
    public = {"content": _base64(public_pem(key.public_key()).encode("ascii"))}
    signature = {"format": "x509", "content": _base64(key.sign(note)), "publicKey": public}
    told = {"apiVersion": "0.0.1", "kind": "rekord", "spec": {"data": {"content": _base64(note)}, "signature": signature}}
    return json.dumps(told, sort_keys=True).encode("ascii")


def verify_entry(answer: bytes, note: bytes, key: bytes) -> Recorded:
    """Where a note stands in the log.

    Args:
        answer: the log's answer: an object of one entry by its id, or the entry.
        note: the checkpoint's exact bytes.
        key: the log's public key (PEM), from somewhere else than the answer.

    Raises:
        LedgerError: the entry is of something else, is not in the tree, or the log's key has not signed that.
    """
    try:
        return _verified(_entry(answer), note, _log_key(key))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, binascii.Error) as error:
        raise LedgerError("the transparency log's answer is not that of a log") from error


def _verified(entry: dict[str, Any], note: bytes, key: LogKey) -> Recorded:
    body = base64.b64decode(entry["body"], validate=True)
    told = json.loads(body, object_pairs_hook=_without_twins)
    kept = told["spec"]["data"]["hash"]
    if told["kind"] not in _KINDS or (kept["algorithm"], kept["value"]) != ("sha256", hashlib.sha256(note).hexdigest()):
        raise LedgerError("the transparency log's entry is of something else than this checkpoint")
    proof = entry["verification"]["inclusionProof"]
    log, size, root = _head(proof["checkpoint"], key)
    hashes = tuple(bytes.fromhex(one) for one in proof["hashes"])
    index = proof["logIndex"]
    if isinstance(index, bool) or not isinstance(index, int) or len(hashes) > _MOST_HASHES:
        raise ValueError("no index")
    Inclusion(index, size, hashes).verify(leaf_hash(body), root)
    return Recorded(log, index, size, _time(entry, key))


def _entry(answer: bytes) -> dict[str, Any]:
    if len(answer) > _LIMIT_BYTES:
        raise LedgerError("the transparency log's answer is too long")
    told = json.loads(answer, object_pairs_hook=_without_twins)
    if "body" not in told:
        (told,) = told.values()
    entry: dict[str, Any] = told
    return entry


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a key twice: two readers would read two entries."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _head(note: str, key: LogKey) -> tuple[str, int, bytes]:
    """Name, size and root of the log's checkpoint, after its signature was verified."""
    text, _, rest = note.partition("\n\n")
    signed, own = f"{text}\n".encode(), hashlib.sha256(_der(key)).digest()[:4]
    for line in rest.splitlines():
        dash, _name, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and raw[:4] == own:
            _demand_signed(key, raw[4:], signed)
            log, size, root = text.split("\n")[:3]
            if not (size.isascii() and size.isdigit()):
                raise ValueError("no size")
            return log, int(size), base64.b64decode(root, validate=True)
    raise LedgerError("the transparency log's checkpoint is not signed by this key")


def _time(entry: dict[str, Any], key: LogKey) -> datetime | None:
    """When the log took the entry in; only where it has signed that."""
    promise = entry["verification"].get("signedEntryTimestamp")
    if promise is None:
        return None
    said = {name: entry[name] for name in ("body", "integratedTime", "logID", "logIndex")}
    _demand_signed(key, base64.b64decode(promise, validate=True), json.dumps(said, sort_keys=True, separators=(",", ":")).encode("ascii"))
    if said["logID"] != hashlib.sha256(_der(key)).hexdigest():
        raise LedgerError("the transparency log's entry is of another log")
    return datetime.fromtimestamp(int(said["integratedTime"]), UTC)


def _log_key(pem: bytes) -> LogKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    found = load_pem_public_key(pem)
    if isinstance(found, Ed25519PublicKey) or (isinstance(found, EllipticCurvePublicKey) and isinstance(found.curve, SECP256R1)):
        return found
    raise LedgerError("a transparency log's key is ECDSA on P-256 or Ed25519")


def _demand_signed(key: LogKey, signature: bytes, content: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, content, ECDSA(SHA256()))
        else:
            key.verify(signature, content)
    except InvalidSignature as error:
        raise LedgerError("a signature of the transparency log does not verify") from error


def _der(key: LogKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
