"""The permit as bytes: a DSSE envelope (https://github.com/secure-systems-lab/dsse, v1.0.2) in exactly one form.

DSSE has no algorithm field: the roster knows each key's algorithm, so there is nothing to confuse. A verifier that tolerates several texts of one envelope lets a
deny-list be walked round; so the envelope and its payload must be byte for byte what `seal` writes (sorted keys, no spaces, padded standard base64, signatures in the
order of their key ids, no key twice). Size and number of signatures are looked at before anything else. Nothing here verifies a signature.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from troth.jobs.permits.claims import Claims
from troth.jobs.refusals import PermitError
from troth.ledger.evidence import pae

if TYPE_CHECKING:
    from troth.jobs.permits.signers import Signer

__all__ = ["LIMIT_BYTES", "MOST_SIGNATURES", "PAYLOAD_TYPE", "Sealed", "countersign", "read", "seal"]

PAYLOAD_TYPE: Final = "application/vnd.troth.permit+json; v=1"
LIMIT_BYTES: Final = 16 * 1024
"""A permit for sixteen jobs with sixteen signatures stays below this."""

MOST_SIGNATURES: Final = 16
_SIGNATURE: Final = re.compile(rb'\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}')
_PAD: Final = ord("=")
_SPARE_FOUR: Final = b"AQgw"
_SPARE_TWO: Final = b"AEIMQUYcgkosw048"
_ONE_SIGNATURE: Final = 173
"""Bytes of a list of one signature."""
_ONE: Final = _SIGNATURE.pattern.replace(b"(", b"(?:")
_FORM: Final = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]+={0,2})","payloadType":"%b","signatures":\[(%b(?:,%b){0,15})\]\}'
    % (re.escape(PAYLOAD_TYPE.encode()), _ONE, _ONE)
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A permit that was read; nothing about it is true yet.

    Attributes:
        claims: what it says.
        payload: the bytes that were signed.
        signatures: key id and signature, in the order of the key ids.
    """

    claims: Claims
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def sha256(self) -> str:
        """Digest of the payload: what a child names as its parent, and what is revoked and recorded; never the permit itself."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def signed(self) -> bytes:
        """The bytes under the signatures."""
        return pae(PAYLOAD_TYPE, self.payload)


def seal(claims: Claims, signers: Iterable[Signer]) -> bytes:
    """A permit, signed by each of `signers`.

    Raises:
        PermitError: the claims are not those of a permit.
    """
    Claims.from_plain(claims.plain())
    payload = claims.encoded()
    message = pae(PAYLOAD_TYPE, payload)
    return _written(payload, {signer.key_id: signer.sign(message) for signer in signers})


def countersign(content: bytes, signer: Signer) -> bytes:
    """The same permit with one more signature: how the second of two approvers signs.

    Raises:
        PermitError: `content` is no permit.
    """
    sealed = read(content)
    return _written(sealed.payload, {**dict(sealed.signatures), signer.key_id: signer.sign(sealed.signed)})


def read(content: bytes) -> Sealed:
    """The permit that these bytes are.

    Raises:
        PermitError: `size`, `form`, `payload-type`, `signatures`, `base64`, or a reason of `Claims.from_plain`.
    """
    if len(content) > LIMIT_BYTES:
        raise PermitError("size", f"The permit has more than {LIMIT_BYTES} bytes.")
    found = _FORM.fullmatch(content)
    if found is None:
        raise _explained(content)
    text, listed = found.groups()
    if len(listed) == _ONE_SIGNATURE:  # as nearly all have: its parts lie at the same places each time
        signatures: tuple[tuple[str, bytes], ...] = ((listed[10:74].decode("ascii"), _decoded(listed[83:171])),)
    else:
        signatures = tuple([(key.decode("ascii"), _decoded(sig)) for key, sig in _SIGNATURE.findall(listed)])
        if any(one[0] >= other[0] for one, other in pairwise(signatures)):
            raise PermitError("signatures", "The signatures are not in order, or a key signed twice.")
    payload = _decoded(text)
    return Sealed(Claims.decode(payload), payload, signatures)


def _written(payload: bytes, signatures: Mapping[str, bytes]) -> bytes:
    parts = b",".join(
        b'{"keyid":"%b","sig":"%b"}' % (key.encode("ascii"), _base64(signatures[key])) for key in sorted(signatures)
    )
    return b'{"payload":"%b","payloadType":"%b","signatures":[%b]}' % (_base64(payload), PAYLOAD_TYPE.encode(), parts)


def _base64(content: bytes) -> bytes:
    return binascii.b2a_base64(content, newline=False)


def _explained(content: bytes) -> PermitError:
    """Why bytes that have not the one form are refused; never a way in."""
    try:
        told = json.loads(content.decode("ascii"))
    except (ValueError, RecursionError):
        return PermitError("form", "The permit is not JSON.")
    if not isinstance(told, dict) or told.keys() != {"payload", "payloadType", "signatures"}:
        return PermitError("form", "The permit is not an envelope.")
    if told["payloadType"] != PAYLOAD_TYPE:
        return PermitError("payload-type", "The envelope holds something else than a permit.")
    listed = told["signatures"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SIGNATURES:
        return PermitError("signatures", f"A permit carries between 1 and {MOST_SIGNATURES} signatures.")
    if any(not isinstance(item, dict) or item.keys() != {"keyid", "sig"} for item in listed):
        return PermitError("signatures", "A signature is the id of its key and its bytes, and nothing else.")
    return PermitError("form", "The envelope is not written in the one form that envelopes have.")


def _decoded(text: bytes) -> bytes:
    """Bytes of base64 that the expression has matched; the bits that the last character has to spare must be zero, or there would be other texts of the same bytes."""
    if len(text) % 4 or (text[-1] == _PAD and (text[-3] not in _SPARE_FOUR if text[-2] == _PAD else text[-2] not in _SPARE_TWO)):
        raise PermitError("base64", "A part of the permit is not base64 in its one form.")
    return binascii.a2b_base64(text)
