"""Offline proofs: what a token's own structure says about whether it can be real. Nobody is asked, nothing leaves the machine.

A proof answers True (holds), False (cannot be a real token) or None (nothing to say). All of them are bounded and never raise.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable
from typing import Final

__all__ = ["PROOFS", "account_of"]

BASE62: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE58: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def crc32_base62(token: bytes) -> bool | None:
    """GitHub and npm: the last six digits are the CRC-32 of the rest behind the prefix, in base 62.

    Source: GitHub's "Behind GitHub's new authentication token formats" (2021); npm uses the same.
    """
    body = token.rpartition(b"_")[2]
    if len(body) < 12 or any(byte not in BASE62 for byte in body):
        return False
    number, digits = zlib.crc32(body[:-6]), bytearray()
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return bytes(reversed(digits)) == body[-6:]


def _b64(data: bytes, limit: int = 20_000) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(data[:limit].rstrip(b"=") + b"=" * (-len(data[:limit].rstrip(b"=")) % 4))
    except (binascii.Error, ValueError):
        return None


def macaroon(token: bytes) -> bool | None:
    """PyPI: behind `pypi-` comes a version-2 macaroon: version, location, identifier, (caveats), end, 32 bytes of signature.

    Source: libmacaroons format v2; pypi.org/help/#apitoken.
    """
    raw = _b64(token.partition(b"-")[2])
    if raw is None or len(raw) < 40 or raw[0] != 2:
        return False
    fields: list[tuple[int, bytes]] = []
    at, ends = 1, 0
    while at < len(raw) and len(fields) < 64:
        kind = raw[at]
        at += 1
        if kind == 0:
            ends += 1
            continue
        length, at = _varint(raw, at)
        if length < 0 or at + length > len(raw):
            return False
        fields.append((kind, raw[at : at + length]))
        at += length
    kinds = [kind for kind, _ in fields]
    return bool(kinds[:2] == [1, 2] and kinds[-1] == 6 and len(fields[-1][1]) == 32 and ends >= 2)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(raw) and shift < 28:
        value |= (raw[at] & 0x7F) << shift
        at += 1
        if raw[at - 1] < 0x80:
            return value, at
        shift += 7
    return -1, at


def jwt(token: bytes) -> bool | None:
    """RFC 7519: header and payload are JSON objects, the header names an algorithm other than `none`."""
    parts = token.split(b".")
    if len(parts) != 3:
        return False
    try:
        head, body = (json.loads(_b64(part) or b"") for part in parts[:2])
    except (ValueError, RecursionError):
        return False
    if not isinstance(head, dict) or not isinstance(body, dict) or not isinstance(head.get("alg"), str):
        return False
    return bool(head["alg"].lower() != "none" and _b64(parts[2]))


def pem(value: bytes) -> bool | None:
    """A key's armour holds base64 that decodes to DER or to OpenSSH's container (RFC 7468, openssh `PROTOCOL.key`)."""
    body = re.sub(rb"-----[^-]{5,40}-----|[A-Z][A-Za-z0-9-]{2,20}: [^\n\\]{0,100}", b"", value.replace(b"\\r", b""))
    body = re.sub(rb"\\n|[\s\"',+>|*#]+", b"", body) if b"+" not in body else re.sub(rb"\\n|[\s\"',>|*#]+", b"", body)
    try:
        raw = base64.b64decode(body[: len(body) - len(body) % 4], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) < 40:
        return False
    if raw.startswith(b"\x30"):
        return True if _whole_sequence(raw) else None
    return raw.startswith(b"openssh-key-v1\0") or (None if b"ENCRYPTED" in value else False)


def _whole_sequence(raw: bytes) -> bool:
    """The outer SEQUENCE ends where the text does (X.690 8.1.3), give or take what base64 without its padding loses.

    A documented filler and a key that was cut have the first bytes of one and not its length: no parser opens them, and nothing proves that they ever were one.
    """
    length = raw[1]
    if length < 0x80:
        held = 2 + length
    else:
        count = length & 0x7F
        if not 1 <= count <= 4:
            return False
        held = 2 + count + int.from_bytes(raw[2 : 2 + count], "big")
    return 0 <= held - len(raw) <= 2


def aws_account(token: bytes) -> bool | None:
    """AWS ids: base32, and since 2019 the account number is inside; nothing proves them, only the alphabet can disprove."""
    return None if account_of(token) else False


def account_of(token: bytes) -> str:
    """The account number inside of an AWS access key id; empty where it cannot be one.

    Source: the bit layout published by Aidan Steele and Tal Be'ery (2020-2023): 40 bits behind the first of the decoded ones.
    """
    try:
        raw = int.from_bytes(base64.b32decode(token[4:].upper())[:6], "big")
    except (binascii.Error, ValueError):
        return ""
    return f"{(raw & 0x7FFFFFFFFF80) >> 7:012d}"


def discord(token: bytes) -> bool | None:
    """A bot token's first part is the bot's numeric id in base64."""
    raw = _b64(token.partition(b".")[0])
    return raw is not None and raw.isdigit() and 16 <= len(raw) <= 20


def basic_auth(value: bytes) -> bool | None:
    """Base64 of `user:password` in printable characters (RFC 7617), with a password that is not a placeholder."""
    try:
        raw = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    user, colon, secret = raw.partition(b":")
    if not (colon and user and all(32 <= byte < 127 for byte in raw)):
        return False
    return None if password(secret) is None else False


_NOT_A_PASSWORD = re.compile(
    rb"(?i)^(?:(?:\w{1,20}[-_])?pass(?:word|wd|w|phrase)?\d{0,4}|pwd|secret|my[-_]?\w{0,12}|your[-_]?\w{0,20}|user(?:name)?|postgres(?:ql)?|mysql|mongo(?:db)?|redis|root|"
    rb"admin\d{0,3}|guest|test\w{0,8}|example\w{0,8}|change[-_]?(?:me|it)\w{0,6}|dummy\w{0,8}|fake\w{0,8}|foo(?:bar)?|bar|default|token|"
    rb"[x*.#]{3,}|hunter2|\d{1,6}|1234567\d{0,3}|abc\w{0,5}|none|null|undefined|redacted|placeholder|credentials?|"
    rb"pg_?pass\w{0,5}|db_?pass\w{0,5}|api[-_]?key|supersecret|p[@4]ssw[o0]rd\d{0,3}|rabbitmq|airflow|localhost|prefect|secure\w{0,9})$"
)
_TEMPLATE = re.compile(
    rb"(?i)[<>{}()\[\]$%]|\.\.\.|\*\*|example|x{4,}|password|passwd|secret|changeme|placeholder|your|redacted|:\w+$|^\w{0,10}_?env|%s"
)


def password(value: bytes) -> bool | None:
    """A human-made password in a place for passwords: False for templates and the placeholders that documentation is full of."""
    return False if _NOT_A_PASSWORD.match(value) or _TEMPLATE.search(value) or len(set(value)) < 4 else None


def bearer(value: bytes) -> bool | None:
    """A bearer token that begins like a JWT has to be one; a cut one in documentation or a test is not a secret."""
    if value.startswith(b"eyJ") and value.count(b".") != 4:  # five parts: an encrypted JWT, which cannot be looked into
        return jwt(value)
    return password(value)


def base58check(token: bytes) -> bool | None:
    """Bitcoin's base58 with four bytes of double SHA-256 at the end."""
    number = 0
    for byte in token:
        digit = BASE58.find(bytes([byte]))
        if digit < 0:
            return False
        number = number * 58 + digit
    raw = number.to_bytes(82, "big")
    import hashlib  # loads OpenSSL; one rule wants it

    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32(token: bytes) -> bool | None:
    """BIP-173 checksum."""
    name, _, data = token.rpartition(b"1")
    values = [BECH32.find(bytes([byte])) for byte in data]
    if not name or min(values, default=-1) < 0:
        return False
    check = 1
    for value in [byte >> 5 for byte in name] + [0] + [byte & 31 for byte in name] + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check == 1


PROOFS: Final[dict[str, Callable[[bytes], bool | None]]] = {
    "crc32-base62": crc32_base62,
    "macaroon": macaroon,
    "jwt": jwt,
    "pem": pem,
    "aws-account": aws_account,
    "discord": discord,
    "basic-auth": basic_auth,
    "password": password,
    "bearer": bearer,
    "base58check": base58check,
    "bech32": bech32,
}
"""Proofs by the name that rules use."""
