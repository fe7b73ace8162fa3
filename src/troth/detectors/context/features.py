"""What the model is told about a candidate: the words of the name before it, the make of the value, and what stands around it. Numbers between 0 and a few; names are stable, since the weights refer to them.

No feature depends on the file's path, its provider or the text of a particular project. Source of the ideas: the classes of false alarms that maintainers report (placeholders, identifiers, calls, labels of forms, digests).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from troth.detectors.context.candidates import Candidate

__all__ = ["NAMES", "features"]

_WORDS: Final = (
    "pass", "pwd", "secret", "token", "key", "auth", "cred", "salt", "nonce", "bearer", "basic", "sig", "cookie", "session", "hash", "seed", "priv", "access", "client", "login", "uuid", "id", "code", "api",
    "jwt", "cert", "user", "name", "type", "url", "path", "file", "label", "title", "error", "msg", "message", "invalid", "forgot", "reset", "new", "old", "confirm", "db", "root", "admin", "account", "consumer",
    "oauth", "refresh", "public", "encrypt", "test", "example", "env", "get", "set", "field", "param", "header", "value", "expected", "integrity", "sha", "checksum", "digest", "commit", "rev", "resolved", "version", "require", "import", "class", "href", "src",
)  # fmt: skip
_INSIDE: Final = ("pass", "secret", "token", "key", "auth", "test", "user", "admin", "root", "true", "false", "null", "none", "basic ", "bearer ", "api")
_LONGER: Final = (6, 10, 16, 24, 32, 60, 120)

_KEY: Final = re.compile(rb"([A-Za-z0-9_.$\-]{1,40})[\"'`\])]{0,3}\s{0,20}(?:=>|:=|===?|!=|=|:|,|\(|\s)\s{0,20}[\\\"'`(]{0,3}\Z")
_PLACEHOLDER: Final = re.compile(
    rb"(?i)example|placeholder|your|x{4,}|\*{3,}|\.{3}|changeme|redacted|removed|<|\$\{|\{\{|%s|%[a-z]|\$\(|\{[a-z_.]{1,40}\}|#\{|dummy|sample|foo|bar\b|insert|here|todo|(?:secret|password|token)\Z"
)
_CALL: Final = re.compile(rb"[\w\]]\(|\)\.|\A\w{1,60}\.\w|::|->|\A[$&@]|\Aprocess\.env|\Aos\.|\A(?:this|self)\.|\Anew ")
_WORDLIKE: Final = re.compile(rb"[A-Za-z_]+\Z")
_CAMEL: Final = re.compile(rb"[a-z][A-Z]")
_UUID: Final = re.compile(rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_HEX: Final = re.compile(rb"[0-9a-fA-F]{16,}\Z")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}\Z")
_DIGEST: Final = re.compile(rb"(?i)(?:sha\d{1,3}|md5|h1)[-:]")
_FLAG: Final = re.compile(rb"(?:\s|\A)--?[\w-]{1,40}[= ]\Z")
_COMPARED: Final = re.compile(rb"==|!=|\bassert|expect|equal")
_COMMENT: Final = (b"//", b"# ", b"* ", b"<!")


def _entropy(value: bytes) -> float:
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0


def _share(value: bytes, low: int, high: int) -> float:
    return sum(low <= byte < high for byte in value) / len(value)


def _name(one: Candidate) -> dict[str, float]:
    match = _KEY.search(one.before)
    key = match.group(1).lower() if match else b""
    near = one.before[-40:].lower()
    found = {f"name:{word}": float(word.encode() in key) for word in _WORDS}
    found |= {f"near:{word}": float(word.encode() in near and word.encode() not in key) for word in _WORDS}
    lower = one.value.lower()
    return {**found, "named": float(match is not None), "same as name": float(bool(key) and (lower in key or key in lower))}


def _make(value: bytes) -> dict[str, float]:
    entropy, digits = _entropy(value), _share(value, 48, 58)
    upper, lower = _share(value, 65, 91), _share(value, 97, 123)
    rest = 1.0 - digits - upper - lower
    letters = sum(65 <= byte < 91 or 97 <= byte < 123 for byte in value)
    return {
        **{f"longer than {limit - 1}": float(len(value) >= limit) for limit in _LONGER},
        "entropy": entropy / 5,
        "entropy of length": entropy / math.log2(max(len(value), 2)),
        "digits": digits,
        "no digits": float(digits == 0),
        "only digits": float(digits == 1),
        "upper": upper,
        "no upper": float(upper == 0),
        "no lower": float(lower == 0),
        "rest": rest,
        "no rest": float(rest <= 0),
        "mixed": float(digits > 0 and upper > 0 and lower > 0),
        "vowels": sum(byte in b"aeiouAEIOU" for byte in value) / max(1, letters),
        "symbols": sum(byte in b"!@#$%^&*?~" for byte in value) / len(value),
        "one byte repeated": float(max(Counter(value).values()) / len(value) > 0.5),
        "not ascii": float(any(byte > 127 for byte in value)),
    }


def _form(value: bytes) -> dict[str, float]:
    digits, lower = any(48 <= byte < 58 for byte in value), value.lower()
    whole = _UUID.fullmatch(value) is not None
    return {
        **{f"inside:{word}": float(word.encode() in lower) for word in _INSIDE},
        "space": float(b" " in value),
        "spaces": float(value.count(b" ") >= 2),
        "uuid": float(whole),
        "uuid inside": float(not whole and _UUID.search(value) is not None),
        "hex": float(_HEX.match(value) is not None),
        "base64": float(digits and _BASE64.match(value) is not None),
        "placeholder": float(_PLACEHOLDER.search(value) is not None),
        "call": float(_CALL.search(value) is not None),
        "word": float(_WORDLIKE.match(value) is not None),
        "camel": float(not digits and _CAMEL.search(value) is not None),
        "address": float(b"://" in value),
        "path": float(value.count(b"/") >= 2),
        "digest": float(_DIGEST.match(value) is not None),
        "dots": float(value.count(b".") >= 2),
        "underscore": float(not digits and b"_" in value),
        "brace": float(any(byte in b"{}<>" for byte in value)),
    }


def _around(one: Candidate) -> dict[str, float]:
    return {
        "quoted": float(one.quoted),
        "called": float(one.after[:2].strip()[:1] == b"("),
        "long line": float(len(one.line) > 300),
        "comment": float(one.line.lstrip()[:2] in _COMMENT),
        "password of an address": float(one.address),
        "flag": float(_FLAG.search(one.before) is not None),
        "compared": float(_COMPARED.search(one.before) is not None),
    }


def _all(one: Candidate) -> dict[str, float]:
    return {**_name(one), **_make(one.value), **_form(one.value), **_around(one)}


NAMES: Final = tuple(sorted(_all(Candidate(0, 3, b"abc", b"", b"", b"abc", quoted=False))))
"""Every feature, in the order of `features`."""


def features(one: Candidate) -> list[float]:
    """Values of all features, in the order of `NAMES`."""
    found = _all(one)
    return [found[name] for name in NAMES]
