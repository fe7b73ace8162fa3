"""Makes tokens from patterns, so that no literal token stands in the repository (forges' secret scanners would object, rightly)."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import zlib
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

from troth.detectors.proofs import BASE58, BASE62, BECH32
from troth.detectors.rule import Rule

SPACE = " "
CATEGORIES = {
    sre.CATEGORY_DIGIT: "0123456789",
    sre.CATEGORY_SPACE: SPACE,
    sre.CATEGORY_NOT_SPACE: "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    sre.CATEGORY_WORD: "abcdefghijkmnopqrstuvwxyz0123456789_",
}


def generate(pattern: str, chance: random.Random, longest: int = 90) -> tuple[str, str]:
    """A text that the pattern matches, and the part of it in group `v` (all of it where there is no such group)."""
    tree = parser.parse(pattern, re.ASCII)
    groups: dict[str, str] = {}
    names = {number: name for name, number in tree.state.groupdict.items()}
    text = _make(list(tree), chance, groups, names, longest)
    return text, groups.get("v", text)


def _make(nodes, chance, groups, names, longest) -> str:
    out = ""
    for op, value in nodes:
        if op is sre.LITERAL:
            out += chr(value)
        elif op is sre.IN:
            out += chance.choice(_members(value))
        elif op is sre.ANY:
            out += chance.choice("abcdefghijk0123456789")
        elif op is sre.NOT_LITERAL:
            out += chance.choice([c for c in "abcdefghij012345" if ord(c) != value])
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, inner = value
            count = low if high == low else chance.randint(low, max(low, min(high, longest)))
            for _ in range(count):
                out += _make(inner, chance, groups, names, longest)
        elif op is sre.SUBPATTERN:
            number, _, _, inner = value
            text = _make(inner, chance, groups, names, longest)
            if number in names:
                groups[names[number]] = text
            out += text
        elif op is sre.BRANCH:
            out += _make(chance.choice(value[1]), chance, groups, names, longest)
    return out


def _members(items) -> list[str]:
    negate = any(op is sre.NEGATE for op, _ in items)
    chars: set[str] = set()
    for op, value in items:
        if op is sre.LITERAL:
            chars.add(chr(value))
        elif op is sre.RANGE:
            chars.update(chr(code) for code in range(value[0], min(value[1], 126) + 1))
        elif op is sre.CATEGORY:
            chars.update(CATEGORIES[value])
    if negate:
        pool = set("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        return sorted(pool - chars)
    return sorted(chars)


def crc32_base62(body: bytes) -> bytes:
    number, digits = zlib.crc32(body), bytearray()
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return bytes(reversed(digits))


def b64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _alnum(chance: random.Random, count: int) -> bytes:
    return bytes(chance.choice(BASE62) for _ in range(count))


def jwt(chance: random.Random) -> bytes:
    head = b64url(b'{"alg":"HS256","typ":"JWT"}')
    body = b64url(b'{"sub":"%d","name":"%s"}' % (chance.randrange(10**9), _alnum(chance, 12)))
    return head + b"." + body + b"." + b64url(chance.randbytes(32))


def pem(chance: random.Random, label: str = "PRIVATE KEY") -> bytes:
    raw = base64.b64encode(b"\x30\x82\x04\xbe" + chance.randbytes(0x4BE))
    lines = b"\n".join(raw[at : at + 64] for at in range(0, len(raw), 64))
    return b"-----BEGIN " + label.encode() + b"-----\n" + lines + b"\n-----END " + label.encode() + b"-----"


def pypi(chance: random.Random, host: bytes = b"pypi.org") -> bytes:
    def field(kind: int, data: bytes) -> bytes:
        return bytes([kind, len(data)]) + data

    raw = (
        b"\x02"
        + field(1, host)
        + field(2, b"%032x" % chance.getrandbits(128))
        + b"\0\0"
        + field(6, chance.randbytes(32))
    )
    return b"pypi-" + b64url(raw)


def base58check(chance: random.Random) -> bytes:
    raw = bytes.fromhex("0488ade4") + chance.randbytes(74)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, out = int.from_bytes(raw, "big"), b""
    while number:
        number, digit = divmod(number, 58)
        out = BASE58[digit : digit + 1] + out
    return out


def bech32(chance: random.Random) -> bytes:
    values = [chance.randrange(32) for _ in range(52)]
    name = b"nsec"

    def polymod(items: list[int]) -> int:
        check = 1
        for value in items:
            top = check >> 25
            check = (check & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                check ^= generator if top >> bit & 1 else 0
        return check

    prefix = [b >> 5 for b in name] + [0] + [b & 31 for b in name]
    mod = polymod(prefix + values + [0] * 6) ^ 1
    values += [(mod >> 5 * (5 - i)) & 31 for i in range(6)]
    return name + b"1" + bytes(BECH32[v] for v in values)


def token(rule: Rule, chance: random.Random) -> tuple[bytes, bytes]:
    """A text in which the rule must find a secret, and that secret."""
    text, value = generate(rule.pattern, chance)
    made = text.encode("latin-1")
    secret = value.encode("latin-1")
    fresh = secret
    match rule.proof:
        case "crc32-base62":
            prefix, _, body = secret.rpartition(b"_")
            fresh = prefix + b"_" + body[:-6] + crc32_base62(body[:-6])
        case "macaroon":
            fresh = pypi(chance, b"test.pypi.org" if rule.id.startswith("test") else b"pypi.org")
        case "jwt":
            fresh = jwt(chance)
        case "pem":
            armour = re.search(rb"BEGIN ([A-Z ]{0,20}PRIVATE KEY)", made)
            fresh = pem(chance, armour.group(1).decode() if armour else "PRIVATE KEY")
            inner = fresh.split(b"-----")[2]
            return made.replace(secret, inner), inner
        case "discord":
            fresh = base64.b64encode(b"1%017d" % chance.randrange(10**17)) + b"." + secret.split(b".", 1)[1]
        case "basic-auth":
            fresh = base64.b64encode(b"robin:" + _alnum(chance, 18))
        case "password":
            fresh = _alnum(chance, 14)
        case "bearer":
            fresh = _alnum(chance, 44)
        case "base58check":
            fresh = base58check(chance)
        case "bech32":
            fresh = bech32(chance)
    return made.replace(secret, fresh), fresh
