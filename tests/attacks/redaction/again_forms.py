"""Registered values, a second time and from another side: values full of signs that every format escapes, with letters beyond ASCII, over many lines; and the layouts that break a long one.

Each form has its way back and, as its twin, ordinary words in the same form, which must stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import csv
import html
import io
import json
import quopri
import random
import re
import shlex
import string
import textwrap
import unicodedata
import urllib.parse
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.attacks.suite import Attack
from troth.guard.redact import remember, shared_redactor

SIGNS = "vT8&kq/2+Z'x\"9=L<4"
UMLAUT = "Schlüssel-9Kq2Ws-größe"
LONG = "Qm3Kx9ZtB71vWpLs04HyRcEa8NfGjUd6"
WORDS = "ordinary words, 42 of them"
_CHANCE = random.Random(77)
_BODY = ["".join(_CHANCE.choices(string.ascii_letters + string.digits + "+/", k=64)) for _ in range(6)]
KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(_BODY) + "\n-----END PRIVATE KEY-----"
Way = tuple[Callable[[str], str], Callable[[str], str]]


def _unescaped(text: str) -> str:
    """Undoes the escapes of JSON, Python and JavaScript, as often as there are any."""
    for _ in range(4):
        text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text).replace('\\"', '"').replace("\\'", "'").replace("\\/", "/").replace("\\\\", "\\")
    return text


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _un64(text: str) -> str:
    out = []
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}={0,2}", text):
        with contextlib.suppress(ValueError):
            out.append(base64.b64decode(run.translate(str.maketrans("-_", "+/")) + "=" * (-len(run) % 4)).decode("latin-1"))
    return "\n".join(out)


def _only(signs: str, escape: str) -> Callable[[str], str]:
    """Escapes these signs only, as most writers do."""
    return lambda text: "".join(escape.format(ord(letter)) if letter in signs else letter for letter in text)


def _csv(text: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(["a", text, "b"])
    return out.getvalue().strip()


def _dump(text: str) -> str:
    """As `hexdump -C` and `xxd` lay it out: sixteen bytes a line, their signs beside them."""
    raw, lines = text.encode(), []
    for at in range(0, len(raw), 16):
        piece = raw[at : at + 16]
        lines.append(f"{at:08x}  {piece.hex(' '):<47}  |{''.join(chr(b) if 32 <= b < 127 else '.' for b in piece)}|")
    return "\n".join(lines)


def _undump(text: str) -> str:
    return bytes.fromhex("".join(re.findall(r"(?m)(?<=[0-9a-f]{8}  )((?:[0-9a-f]{2} )+)", text))).decode("utf-8", "replace") + "".join(re.findall(r"\|(.*?)\|", text))


def _saml(text: str) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(f"<Request password='{text}' id='_1234567890'/>".encode()) + packer.flush()).decode()


def _token(text: str) -> str:
    parts = (json.dumps({"alg": "HS256"}), json.dumps({"sub": "1", "note": text}))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + ".c2lnbmF0dXJl"


def _wrapped(width: int, begin: str = "", end: str = "") -> Callable[[str], str]:
    return lambda text: "\n".join(f"{begin}{text[at : at + width]}{end}" for at in range(0, len(text), width))


def _unwrapped(begin: str, end: str = "") -> Callable[[str], str]:
    return lambda text: re.sub(rf"{end}\n{begin}", "", text)


SIGNED: dict[str, Way] = {
    "HTML": (lambda t: html.escape(t, quote=True), html.unescape), "HTML by decimal numbers, signs only": (_only("&/+'\"=<", "&#{};"), html.unescape), "HTML by names": (lambda t: t.replace("&", "&amp;").replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;").replace("<", "&lt;").replace('"', "&quot;").replace("'", "&apos;"), html.unescape),
    "an attribute of XML": (quoteattr, html.unescape), "HTML of HTML": (lambda t: html.escape(html.escape(t)), lambda t: html.unescape(html.unescape(t))), "JSON for a page": (lambda t: json.dumps(t).replace("&", "\\u0026").replace("<", "\\u003c").replace("'", "\\u0027"), _unescaped), "JSON as PHP writes it": (lambda t: json.dumps(t).replace('\\"', "\\u0022").replace("/", "\\/"), _unescaped),
    "JSON in JSON": (lambda t: json.dumps(json.dumps({"a": t})), _unescaped), "JSON in JSON in JSON": (lambda t: json.dumps(json.dumps(json.dumps({"a": t}))), _unescaped), "repr": (repr, _unescaped), "repr of repr": (lambda t: repr(repr(t)), _unescaped), "repr of bytes": (lambda t: repr(t.encode()), _unescaped), "repr of a JSON text": (lambda t: repr(json.dumps({"a": t})), _unescaped),
    "a query": (lambda t: urllib.parse.urlencode({"q": t}), urllib.parse.unquote_plus), "a query in a query": (lambda t: urllib.parse.urlencode({"next": "/x?" + urllib.parse.urlencode({"q": t})}), lambda t: urllib.parse.unquote_plus(urllib.parse.unquote_plus(t))), "an address, reserved signs only": (lambda t: urllib.parse.quote(t, safe="'"), urllib.parse.unquote), "an address, small letters": (lambda t: re.sub("%..", lambda m: m[0].lower(), urllib.parse.quote(t, safe="")), urllib.parse.unquote),
    "a query in HTML": (lambda t: html.escape(urllib.parse.quote(t, safe="'=")), lambda t: urllib.parse.unquote(html.unescape(t))), "a table of commas": (_csv, lambda t: t.replace('""', '"')), "a text of SQL": (lambda t: "'" + t.replace("'", "''") + "'", lambda t: t.replace("''", "'")), "a word of a shell": (shlex.quote, lambda t: t.replace("'\"'\"'", "'")), "a word of a shell, sign by sign": (lambda t: re.sub(r"([^\w])", r"\\\1", t), lambda t: re.sub(r"\\(.)", r"\1", t)),
    "a word of bash": (lambda t: "$'" + t.replace("'", "\\'") + "'", lambda t: t.replace("\\'", "'")), "a word of cmd.exe": (lambda t: re.sub(r"([&<>|^\"])", r"^\1", t), lambda t: re.sub(r"\^(.)", r"\1", t)), "a word of PowerShell": (lambda t: re.sub(r"([\"'`$&<])", r"`\1", t), lambda t: re.sub(r"`(.)", r"\1", t)), "a pattern": (re.escape, lambda t: re.sub(r"\\(.)", r"\1", t)),
    "a name in a directory": (lambda t: re.sub(r"[/+=<\"&']", lambda m: f"\\{ord(m[0]):02x}", t), lambda t: re.sub(r"\\([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), t)), "octal numbers, signs only": (_only("&/+'\"=<", "\\{:03o}"), lambda t: re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), t)), "quoted-printable": (lambda t: quopri.encodestring(t.encode()).decode(), lambda t: quopri.decodestring(t).decode()),
    "a header's word": (lambda t: f"=?utf-8?b?{_b64(t)}?=", _un64), "a header's word, quoted": (lambda t: "=?utf-8?q?" + "".join(letter if letter.isalnum() else f"={ord(letter):02X}" for letter in t) + "?=", lambda t: quopri.decodestring(t.replace("_", " ")).decode()), "base 64 of JSON with escapes": (lambda t: _b64(json.dumps({"value": t})), lambda t: _unescaped(_un64(t))), "base 64 of a query": (lambda t: _b64(urllib.parse.urlencode({"v": t})), lambda t: urllib.parse.unquote_plus(_un64(t))),
    "claims of a token": (_token, lambda t: _unescaped(_un64(t))), "user and password": (lambda t: "Basic " + _b64("user:" + t), _un64), "base 64 in an address": (lambda t: urllib.parse.quote(_b64("??>" + t), safe=""), lambda t: _un64(urllib.parse.unquote(t))), "base 64 in four letters": (lambda t: " ".join(re.findall(".{1,4}", _b64(t))), lambda t: _un64(t.replace(" ", ""))), "base 64 in hexadecimal with spaces": (lambda t: _b64(t).encode().hex(" "), lambda t: _un64(bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", t))).decode())),
    "uuencode": (lambda t: binascii.b2a_uu(t.encode()).decode(), lambda t: binascii.a2b_uu(t.split("> ", 1)[1]).decode()), "a dump of its bytes": (_dump, _undump), "hexadecimal with dashes, capitals": (lambda t: t.encode().hex("-").upper(), lambda t: bytes.fromhex("".join(re.findall(r"\b[0-9A-F]{2}\b", t))).decode()), "hexadecimal of UTF-16": (lambda t: t.encode("utf-16-be").hex(), lambda t: bytes.fromhex(max(re.findall("[0-9a-f]+", t), key=len)).decode("utf-16-be")),
    "numbers, one a line": (lambda t: "[\n" + ",\n".join(f"  {byte}" for byte in t.encode()) + "\n]", lambda t: bytes(map(int, re.findall(r"(?m)^  (\d+)", t))).decode()), "an object of numbered bytes": (lambda t: json.dumps({str(at): byte for at, byte in enumerate(t.encode())}), lambda t: bytes(int(n) for n in re.findall(r": (\d+)", t)).decode()), "signed bytes": (lambda t: str([byte if byte < 128 else byte - 256 for byte in (t + "é").encode()]), lambda t: bytes(int(n) % 256 for n in re.findall(r"-?\d+", t.split("[")[1])).decode()),
    "deflated in base 64": (_saml, lambda t: zlib.decompress(base64.b64decode(re.findall(r"[A-Za-z0-9+/]{20,}={0,2}", t)[0]), -15).decode()), "letters in a picture's text": (lambda t: "data:image/png;base64," + _b64("\x89PNG\r\n\x1a\ntEXtComment\0" + t + "IEND" * 30), _un64), "escaped colours between": (lambda t: t[:7] + "\\x1b[31m" + t[7:] + "\\x1b[0m", lambda t: re.sub(r"\\x1b\[\d+m", "", t)), "colours escaped for JSON between": (lambda t: t[:7] + "\\u001b[1;31m" + t[7:], lambda t: re.sub(r"\\u001b\[[\d;]+m", "", t)),
    "colour after every letter": (lambda t: "".join(f"\x1b[38;5;{at}m{letter}" for at, letter in enumerate(t)), lambda t: re.sub(r"\x1b\[[\d;]+m", "", t)), "a link of the terminal inside": (lambda t: t[:6] + "\x1b]8;;http://x.example/a\x1b\\" + t[6:] + "\x1b]8;;\x1b\\", lambda t: re.sub(r"\x1b\]8;;.*?\x1b\\", "", t)), "control codes of eight bits": (lambda t: t[:6] + "\x9b31m" + t[6:], lambda t: t.replace("\x9b31m", "")), "a device's string inside": (lambda t: t[:6] + "\x1bPq#0\x1b\\" + t[6:], lambda t: t.replace("\x1bPq#0\x1b\\", "")),
    **{f"U+{ord(sign):04X} between": (lambda t, sign=sign: sign.join(t), lambda t, sign=sign: t.replace(sign, "")) for sign in "\u200c\u200d\u2061\u180e\u034f\u115f\uffa0\u2066\ufff9\U000e0100\U000e0001\u061c\u00a0\u2009"},  # type: ignore[misc]
    "wide letters": (lambda t: "".join(chr(ord(c) + 0xFEE0) for c in t), lambda t: unicodedata.normalize("NFKC", t)), "circled letters": (lambda t: "".join(chr(0x24D0 + ord(c) - 97) if c.islower() else c for c in t), lambda t: unicodedata.normalize("NFKC", t)), "Cyrillic letters that look alike": (lambda t: t.translate(str.maketrans("xTZ", "хТZ")), lambda t: t.translate(str.maketrans("хТ", "xT"))),
}  # fmt: skip
LETTERED: dict[str, Way] = {
    "as it is": (str, str), "letters in two parts": (lambda t: unicodedata.normalize("NFD", t), lambda t: unicodedata.normalize("NFC", t)), "ASCII only": (ascii, _unescaped), "JSON": (json.dumps, _unescaped), "JSON in capitals": (lambda t: re.sub(r"\\u....", lambda m: "\\u" + m[0][2:].upper(), json.dumps(t)), _unescaped), "bytes": (lambda t: repr(t.encode()), lambda t: _unescaped(t).encode("latin-1").decode()), "bytes in octal numbers": (lambda t: "".join(chr(b) if b < 128 else f"\\{b:03o}" for b in t.encode()), lambda t: re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), t).encode("latin-1").decode()),
    "an address": (urllib.parse.quote, urllib.parse.unquote), "an address in Latin-1": (lambda t: urllib.parse.quote(t.encode("latin-1")), lambda t: urllib.parse.unquote(t, "latin-1")), "misread as Latin-1": (lambda t: t.encode().decode("latin-1"), lambda t: t.encode("latin-1").decode()), "misread as Windows": (lambda t: t.encode().decode("cp1252"), lambda t: t.encode("cp1252").decode()), "HTML by names": (lambda t: t.replace("ü", "&uuml;").replace("ö", "&ouml;").replace("ß", "&szlig;"), html.unescape), "HTML by numbers": (lambda t: t.encode("ascii", "xmlcharrefreplace").decode(), html.unescape),
    "bytes of Latin-1 kept": (lambda t: t.encode("latin-1").decode("utf-8", "surrogateescape"), lambda t: t.encode("utf-8", "surrogateescape").decode("latin-1")), "quoted-printable": (lambda t: quopri.encodestring(t.encode()).decode(), lambda t: quopri.decodestring(t).decode()), "names of letters": (lambda t: t.encode("ascii", "namereplace").decode(), lambda t: t.encode().decode("unicode_escape")), "base 64 of Latin-1": (lambda t: base64.b64encode(t.encode("latin-1")).decode(), _un64), "capital letters": (lambda t: t.replace("ß", "ẞ").upper(), lambda t: UMLAUT if UMLAUT.replace("ß", "ẞ").upper() in t else ""),
    "replaced letters": (lambda t: t.encode("ascii", "replace").decode(), lambda t: UMLAUT if UMLAUT.encode("ascii", "replace").decode() in t else ""), "letters left out": (lambda t: t.encode("ascii", "ignore").decode(), lambda t: UMLAUT if UMLAUT.encode("ascii", "ignore").decode() in t else ""),
}  # fmt: skip
LAID: dict[str, Way] = {
    "in a table": (_wrapped(12, "│ ", " │"), _unwrapped("│ ", " │")), "in a table of bars": (_wrapped(12, "| ", " |"), _unwrapped(r"\| ", r" \|")), "in a column of a wide page": (_wrapped(10, " " * 60), _unwrapped(" *")), "under a prefix of the log": (_wrapped(16, "2026-11-21 10:00:00,123 INFO app: "), lambda t: re.sub(r"\n2026\S+ \S+ INFO app: ", "", t)), "in numbered lines": (_wrapped(8, "  12: "), lambda t: re.sub(r"\n  12: ", "", t)), "in a frame": (_wrapped(11, "* ", " *"), _unwrapped(r"\* ", r" \*")),
    "with tabs": (lambda t: "\t".join(re.findall(".{1,8}", t)), lambda t: t.replace("\t", "")), "in a list of pieces": (lambda t: json.dumps(re.findall(".{1,8}", t)), lambda t: re.sub(r"[\[\]\", ]", "", t)), "in pieces of a stream": (lambda t: "\n".join("data: " + json.dumps({"delta": {"text": piece}}) for piece in re.findall(".{1,6}", t)), lambda t: "".join(re.findall(r'"text": "(.*?)"', t))), "dashes between": (lambda t: "-".join(re.findall(".{1,4}", t)), lambda t: t.replace("-", "")),
    "small letters in groups": (lambda t: " ".join(re.findall(".{1,4}", t.lower())), lambda t: LONG if LONG.lower() in t.replace(" ", "") else ""), "letters of the alphabet of pilots": (lambda t: " ".join(t) + ".", lambda t: t.replace(" ", "")), "in a comment of many lines": (_wrapped(9, " * "), _unwrapped(r" \* ")), "in the literals of a language": (lambda t: "(" + "\n ".join(f"'{piece}'" for piece in re.findall(".{1,9}", t)) + ")", lambda t: re.sub(r"'\n '", "", t)), "in base 64 under a prefix": (lambda t: _wrapped(12, "INFO | ")(_b64(t)), lambda t: _un64(re.sub(r"\nINFO \| ", "", t))),
}  # fmt: skip
KEYED: dict[str, Way] = {
    "in one line, escaped": (lambda t: t.replace("\n", "\\n"), lambda t: t.replace("\\n", "\n")), "escaped twice": (lambda t: t.replace("\n", "\\\\n"), lambda t: t.replace("\\\\n", "\n")), "line ends of Windows": (lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\r\n", "\n")), "spaces for line ends": (lambda t: t.replace("\n", " "), str), "in an address": (urllib.parse.quote, urllib.parse.unquote), "with the line ends of an address": (lambda t: t.replace("\n", "%0A"), urllib.parse.unquote), "with the line ends of XML": (lambda t: t.replace("\n", "&#10;"), html.unescape), "indented": (lambda t: textwrap.indent(t, "    "), textwrap.dedent), "quoted": (lambda t: textwrap.indent(t, "> "), lambda t: t.replace("> ", "")),
    "under a prefix of the log": (lambda t: textwrap.indent(t, "INFO app: "), lambda t: t.replace("INFO app: ", "")), "numbered": (lambda t: textwrap.indent(t, "  7 | "), lambda t: t.replace("  7 | ", "")), "its body": (lambda t: "\n".join(t.split("\n")[1:-1]), str), "its body in one line": (lambda t: "".join(t.split("\n")[1:-1]), str), "its body as a list": (lambda t: json.dumps(t.split("\n")[1:-1]), str), "in base 64": (_b64, _un64), "in base 64, wrapped": (lambda t: "\n".join(textwrap.wrap(_b64(t), 76)), lambda t: _un64(t.replace("\n", ""))), "two of its lines": (lambda t: "\n".join(t.split("\n")[2:4]), str), "its body, wrapped otherwise": (lambda t: "\n".join(textwrap.wrap("".join(t.split("\n")[1:-1]), 76)), lambda t: t.replace("\n", "")),
    "its body with tabs": (lambda t: "\n\t".join(t.split("\n")[1:-1]), str), "a line of it": (lambda t: t.split("\n")[3], str),
}  # fmt: skip


def _kept(text: str, of: str) -> bool:
    """Whether the value, or of a key any of its lines, is there."""
    return any(line in text for line in of.split("\n")[1:-1]) if "\n" in of else of in text


def _tried(value: str, way: Way) -> Attack:
    def tried(_: Path) -> bool:
        shown = shared_redactor().text(f"a value > {way[0](value)}")
        if _kept(shown, value):
            return True
        with contextlib.suppress(Exception):
            return _kept(way[1](shown), value)
        return False

    return tried


def _stays(way: Way, words: str) -> Attack:
    def stays(_: Path) -> bool:
        text = f"a value > {way[0](words)}"
        return shared_redactor().text(text) == text

    return stays


_GROUPS = (("signs", SIGNS, SIGNED, WORDS), ("letters", UMLAUT, LETTERED, "Zürich, größte Stadt"), ("layout", LONG, LAID, "twoandthirtylettersofnosecretatall"), ("key", KEY, KEYED, "first line\nsecond line\nthird line\nfourth\nfifth"))


BEYOND = frozenset(("signs: uuencode", "signs: a dump of its bytes", "signs: deflated in base 64", "layout: under a prefix of the log", "layout: in numbered lines", "layout: in pieces of a stream", "layout: in base 64 under a prefix"))
"""Layouts that put other letters between those of a value, and packing that no log holds by mistake: said in docs/guard.md, and let through."""


def attacks() -> dict[str, Attack]:
    """Each value in each of its forms."""
    for value in (SIGNS, UMLAUT, LONG, KEY):
        remember(value, "again")
    return {f"again, {group}: {name}": _tried(value, way) for group, value, ways, _ in _GROUPS for name, way in ways.items() if f"{group}: {name}" not in BEYOND}


def twins() -> dict[str, Attack]:
    """Ordinary words in the same forms."""
    return {f"again, {group}: {name}": _stays(way, words) for group, _, ways, words in _GROUPS for name, way in ways.items()}
