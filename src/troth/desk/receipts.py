"""Receipts: what the desk hands to a reporter at intake, signed, so that the reporter can prove alone what was promised and when.

Rules: the signature (Ed25519, RFC 8032) stands over the exact text of `receipt`, which carries its own type, so that no other text of the desk can be taken
for one; the report itself is only committed to (SHA-256 over a salt and the report), and the salt lies outside what is signed: showing the receipt tells
nothing about the report, and its holder can still show which report it was for. Verifying needs no desk, no store and no Troth: see docs/desk.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from cryptography.exceptions import InvalidSignature

from troth.desk.events import stamp
from troth.errors import DeskError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["TYPE", "Due", "Receipt", "ReceiptError", "commitment", "issue", "public_text", "verify"]

TYPE: Final = "https://troth.dev/desk/receipt/v1"
_LIMIT: Final = 64 * 1024


class ReceiptError(DeskError):
    """A receipt that is damaged, was signed by another key, or does not belong to the report shown with it."""

    code: ClassVar[str] = "desk-receipt"
    help: ClassVar[str] = "Compare the key with the one that the project publishes; a receipt that does not verify proves nothing."


@dataclass(frozen=True, slots=True)
class Due:
    """One promise of the policy, as a date: name of the clock, when it is due, and the policy's own sentence."""

    clock: str
    due: datetime
    says: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a verified receipt says.

    Attributes:
        desk: address or name of the desk.
        case: short id of the case.
        received: when the desk stored the report, RFC 3339, UTC.
        policy: `sha256:...` of the policy text in force; empty where the desk has none.
        commitment: hex SHA-256 over salt and report.
        clocks: what was promised: clock, due, and the sentence.
    """

    desk: str
    case: str
    received: str
    policy: str
    commitment: str
    clocks: tuple[Mapping[str, str], ...]


def commitment(salt: bytes, report: bytes) -> str:
    """What a receipt says of a report without telling it."""
    return hashlib.sha256(b"troth-desk-report-1\n" + salt + report).hexdigest()


def issue(signer: Ed25519PrivateKey, desk: str, case: str, *, at: datetime, policy: str, report: bytes, clocks: Sequence[Due]) -> str:
    """A receipt as the text of a JSON file.

    Args:
        signer: the desk's key.
        desk: its address or name.
        case: short id of the case.
        at: when the report was received.
        policy: digest of the policy text, or empty.
        report: the report's canonical bytes.
        clocks: what is due when.
    """
    salt = secrets.token_bytes(32)
    body = {
        "type": TYPE,
        "desk": desk,
        "case": case,
        "received_at": stamp(at),
        "policy": policy,
        "commitment": commitment(salt, report),
        "clocks": [{"clock": one.clock, "due": stamp(one.due), "says": one.says} for one in clocks],
    }
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    outer = {
        "receipt": text,
        "signature": base64.b64encode(signer.sign(text.encode("ascii"))).decode(),
        "key": _key_of(signer),
        "salt": base64.b64encode(salt).decode(),
    }
    # as `json.dumps(outer, indent=1)` writes it, which does so in Python, a character at a time
    return "{\n" + ",\n".join(f' "{name}": {json.dumps(value)}' for name, value in outer.items()) + "\n}\n"


@lru_cache(8)
def _key_of(signer: Ed25519PrivateKey) -> str:
    return public_text(signer.public_key())


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as the 44 characters that receipts and the desk's pages show."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that names a key twice: two readers would read two receipts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def verify(text: str, key: str, report: bytes | None = None) -> Receipt:
    """What a receipt says, after its signature was checked with the key that the project publishes.

    Args:
        text: the file.
        key: the desk's public key, base64; the one inside the file is never believed.
        report: the report's bytes, to check that the receipt is for it.

    Raises:
        ReceiptError: it does not verify.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(text) > _LIMIT:
        raise ReceiptError("the file is too long for a receipt")
    try:
        outer = json.loads(text, object_pairs_hook=_without_twins)
        signed, signature, salt = outer["receipt"], base64.b64decode(outer["signature"], validate=True), base64.b64decode(outer["salt"], validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True)).verify(signature, signed.encode("ascii"))
        body = json.loads(signed, object_pairs_hook=_without_twins)
    except InvalidSignature as error:
        raise ReceiptError("the signature is not of this key") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise ReceiptError("the file is no receipt") from error
    if not isinstance(body, dict) or body.get("type") != TYPE:
        raise ReceiptError("the key signed this, but it is no receipt")
    if report is not None and commitment(salt, report) != body["commitment"]:
        raise ReceiptError("the receipt is for another report")
    return Receipt(body["desk"], body["case"], body["received_at"], body["policy"], body["commitment"], tuple(body["clocks"]))
