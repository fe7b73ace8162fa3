"""Texts that hold a registered secret in some form, tokens that nobody registered, and texts that must stay as they are."""

from __future__ import annotations

import base64
import html
import json
import random
import string
import urllib.parse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.redact import shared_redactor

SECRET = "zQ7-Vhk29sLmWx0pTd4/x"
SECOND = "rotated-8Kq2Ws6Vn1"


def _alphabet(count: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(random.Random(count * 7 + len(letters)).choices(letters, k=count))


TEXTS: dict[str, Callable[[], str]] = {
    "plain": lambda: SECRET,
    "in a sentence": lambda: f"using {SECRET}, then more",
    "glued to letters": lambda: f"x{SECRET}x",
    "base64": lambda: base64.b64encode(SECRET.encode()).decode(),
    "base64 shifted by one": lambda: base64.b64encode(b"x" + SECRET.encode()).decode(),
    "base64 shifted by two": lambda: base64.b64encode(b"xy" + SECRET.encode()).decode(),
    "base64url": lambda: base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "base32": lambda: base64.b32encode(SECRET.encode()).decode(),
    "hex": lambda: SECRET.encode().hex(),
    "HEX": lambda: SECRET.encode().hex().upper(),
    "URL": lambda: urllib.parse.quote(SECRET, safe=""),
    "URL, every character": lambda: "".join(f"%{byte:02x}" for byte in SECRET.encode()),
    "JSON": lambda: json.dumps(SECRET),
    "JSON, every character": lambda: "".join(f"\\u{ord(letter):04x}" for letter in SECRET),
    "JSON with escaped slash": lambda: json.dumps(SECRET).replace("/", "\\/"),
    "HTML": lambda: "".join(f"&#{ord(letter)};" for letter in SECRET),
    "HTML names": lambda: html.escape(SECRET),
    "repr of bytes": lambda: repr(SECRET.encode()),
    "hex escapes": lambda: "".join(f"\\x{byte:02x}" for byte in SECRET.encode()),
    "basic authorisation": lambda: "Authorization: Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "after 9 KB": lambda: "x " * 4500 + SECRET,
    "after 1 MB": lambda: "word " * 200_000 + SECRET,
    "split by a zero-width space": lambda: SECRET[:8] + "\u200b" + SECRET[8:],
    "split by a soft hyphen": lambda: SECRET[:8] + "\u00ad" + SECRET[8:],
    "zero-width space after each": lambda: "\u200b".join(SECRET),
    "full-width letters": lambda: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in SECRET
    ),
    "split by colour codes": lambda: SECRET[:6] + "\x1b[31m" + SECRET[6:] + "\x1b[0m",
    "right-to-left mark": lambda: SECRET[:5] + "\u200f" + SECRET[5:],
    "word joiner": lambda: SECRET[:5] + "\u2060" + SECRET[5:],
    "byte order mark inside": lambda: SECRET[:5] + "\ufeff" + SECRET[5:],
}
"""Texts that hold the registered secret; what comes out must not let anybody have it back by undoing the form."""

TOKENS: dict[str, str] = {
    "password=": "password=Hq8zLw3vTn5kXs2p", "Cyrillic look-alike key": "раssword=Hq8zLw3vTn5kXs2p", "JSON password": '{"password": "Hq8zLw3vTn5kXs2p"}', "YAML password": "db_password: Hq8zLw3vTn5kXs2p",
    "URL password": "postgres://app:Hq8zLw3vTn5kXs2p@db.example/x", "URL password with escapes": "https://u:Hq8z%40Lw3vTn5kXs2p@h.example/", "token in a git URL": "git+https://ghp_" + _alphabet(36) + "@github.com/a/b",
    "query signature": "https://s3.example/x?X-Amz-Signature=" + _alphabet(64, "0123456789abcdef"), "bearer": "Authorization: Bearer " + _alphabet(40), "basic": "Authorization: Basic " + base64.b64encode(b"robin:Hq8zLw3vTn5kXs2p").decode(),
    "cookie": "Cookie: session=" + _alphabet(40), "set-cookie": "Set-Cookie: sid=" + _alphabet(40) + "; HttpOnly", "proxy authorisation": "Proxy-Authorization: Basic " + base64.b64encode(b"robin:Hq8zLw3vTn5kXs2p").decode(),
    "xai": "xai-" + _alphabet(80), "google": "AIza" + _alphabet(35), "hugging face": "hf_" + _alphabet(34, string.ascii_letters), "ghs": "ghs_" + _alphabet(36), "gho": "gho_" + _alphabet(36), "ghu": "ghu_" + _alphabet(36), "ghr": "ghr_" + _alphabet(36),
    "gitlab": "glpat-" + _alphabet(20), "npm": "npm_" + _alphabet(36), "pypi": "pypi-AgEIcHlwaS5vcmc" + _alphabet(80), "digitalocean": "dop_v1_" + _alphabet(64, "0123456789abcdef"), "slack": "xoxb-" + "1234567890-" + "1234567890123-" + _alphabet(24),
    "stripe": "rk_live_" + _alphabet(24), "aws": "AKIA" + _alphabet(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "jwt": "eyJhbGciOiJIUzI1NiJ9." + base64.urlsafe_b64encode(b'{"sub":"1234567890","name":"robin"}').decode().rstrip("=") + "." + _alphabet(43),
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join([_alphabet(64)] * 5) + "\n-----END RSA PRIVATE KEY-----", "openai": "sk-proj-" + _alphabet(20) + "T3BlbkFJ" + _alphabet(20),
    "anthropic": "sk-ant-api03-" + _alphabet(93) + "AA", "azure sas": "https://x.blob.core.windows.net/c?sv=2022-11-02&sig=" + urllib.parse.quote(base64.b64encode(bytes(range(32))).decode(), safe=""), "age key": "AGE-SECRET-KEY-1" + _alphabet(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
}  # fmt: skip
_KEEP = 8
"""As many characters of the secret part in a row must not remain."""


def recovers(text: str) -> bool:
    """Whether the secret, or all of it in one of the forms, can be had back from the text."""
    stripped = (
        "".join(letter for letter in text if letter not in "\u200b\u00ad\u200f\u2060\ufeff")
        .replace("\x1b[31m", "")
        .replace("\x1b[0m", "")
    )
    narrow = "".join(chr(ord(letter) - 0xFEE0) if 0xFF01 <= ord(letter) <= 0xFF5E else letter for letter in stripped)
    views = [text, stripped, narrow, urllib.parse.unquote(text), html.unescape(text)]
    with suppress(UnicodeError):
        views.append(text.encode("ascii", "ignore").decode("unicode_escape"))
    for word in text.replace('"', " ").replace("'", " ").split():
        with suppress(ValueError):
            views.append(bytes.fromhex(word).decode("latin-1"))
        for decode in (base64.b64decode, base64.urlsafe_b64decode, base64.b32decode):
            with suppress(ValueError):
                views.append(
                    decode(word + "=" * (-len(word) % 8 if decode is base64.b32decode else -len(word) % 4)).decode(
                        "latin-1"
                    )
                )
    return any(SECRET in view or SECOND in view for view in views)


def text_of(make: Callable[[], str]) -> Attack:
    return lambda _: recovers(shared_redactor().text(make()))


def token_in(text: str) -> Attack:
    secret = max(
        text.replace("\n", " ")
        .replace("=", " ")
        .replace(":", " ")
        .replace("@", " ")
        .replace('"', " ")
        .replace("/", " ")
        .split(),
        key=len,
    )

    def tried(_: Path) -> bool:
        shown = shared_redactor().text(f"2026-11-21 INFO got {text} from there")
        return any(secret[at : at + _KEEP] in shown for at in range(0, len(secret) - _KEEP))

    return tried


CLEAN = [
    "tokenizer: bpe, max_tokens: 4096",
    "monkey: banana",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "GET /index.html 200 12ms",
    "password rules are in the handbook",
    "key: value pairs",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "the secretary took a passage",
    "layer.0.attention.key.weight (4096, 4096)",
    "eta 00:01:30, loss 0.0231",
    "https://example.org/path?page=2",
    "author: robin",
    "tokens: 512 of 2048",
    "version 2.13.0+cpu",
    "ValueError: invalid literal for int() with base 10: 'x'",
    "keyboard layout de",
    "primary_key=id",
    "2026-11-21T12:00:00Z",
    "a" * 300,
    "ünïcödé text with 漢字",
]


