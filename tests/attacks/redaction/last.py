"""A last group, written after the guard was mended for the others and before it had seen these: other values, other writers, other handlers."""

from __future__ import annotations

import base64
import collections
import contextlib
import html
import io
import json
import logging
import logging.handlers
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from tests.attacks.redaction.routes import captured
from tests.attacks.suite import Attack
from troth.guard.redact import redact, remember, shared_redactor

V = "r7%Wq$2n{Xk}9#Lz|5Tb"
PASS = "tide-Marble-41-orchid?"
NUM = "58264-19370-44"
P = "Zt4mQ9wLr2VbX7"
FORMS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "as it is": (str, str), "JSON": (json.dumps, str), "an address": (urllib.parse.quote, urllib.parse.unquote), "an address twice": (lambda t: urllib.parse.quote(urllib.parse.quote(t)), lambda t: urllib.parse.unquote(urllib.parse.unquote(t))), "a cookie": (lambda t: "".join(c if c.isalnum() else f"\\{ord(c):03o}" for c in t), lambda t: re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), t)), "entities by hexadecimal": (lambda t: "".join(f"&#x{ord(c):X};" for c in t), html.unescape), "entities in JSON": (lambda t: json.dumps("".join(f"&#{ord(c)};" for c in t)), html.unescape), "a query in JSON in a query": (lambda t: urllib.parse.quote(json.dumps({"u": "?" + urllib.parse.urlencode({"p": t})})), lambda t: urllib.parse.unquote_plus(urllib.parse.unquote(t))),
    "base 64 in JSON": (lambda t: json.dumps({"b": base64.b64encode(t.encode()).decode()}), lambda t: base64.b64decode(re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", t)[0]).decode()), "base 64 of its address": (lambda t: base64.b64encode(urllib.parse.quote(t).encode()).decode(), lambda t: urllib.parse.unquote(base64.b64decode(re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", t)[0]).decode())), "hexadecimal in capitals with 0x": (lambda t: "0x" + t.encode().hex().upper(), lambda t: bytes.fromhex(t.split("0x")[1]).decode()), "a Go slice": (lambda t: "[]byte{" + ", ".join(f"0x{b:x}" for b in t.encode()) + "}", lambda t: bytes(int(n, 16) for n in re.findall("0x([0-9a-f]+)", t)).decode()), "a Rust slice": (lambda t: "b\"" + "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in t) + '"', lambda t: re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), t)),
    "bold in Markdown": (lambda t: "**" + t[:5] + "**" + t[5:], lambda t: t.replace("**", "")), "underscores between": ("_".join, lambda t: t.replace("_", "")), "tags of HTML between": (lambda t: t[:6] + "<wbr>" + t[6:], lambda t: t.replace("<wbr>", "")), "ellipses of a width": (lambda t: t[:9] + "\u2026\n" + t[9:], lambda t: t.replace("\u2026\n", "")), "a soft wrap of a terminal": (lambda t: t[:8] + "\r\n" + t[8:], lambda t: t.replace("\r\n", "")), "narrow spaces": ("\u202f".join, lambda t: t.replace("\u202f", "")), "a sign for a backspace": (lambda t: t[:4] + "x\x08" + t[4:], lambda t: t.replace("x\x08", "")), "superscript digits": (lambda t: t.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")), lambda t: t.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))), "digits of another script": (lambda t: t.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), lambda t: t.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))),
}  # fmt: skip
LABELS = (
    "PASSWORD={}", "password is: {}", '"pw": "{}"', "Kennwort: {}", "senha={}", "пароль: {}", "密码：{}", "passwd {}", "login failed (user=robin, pass={})", "with-password={}", "secret-key={}&x", "SECRET_ACCESS_KEY {}", "-e TOKEN={}", "bearer: {}", "x-auth: {}", "signing_secret='{}'", "webhook secret {} rotated", "{{'secret': ['{}']}}", "<secret>{}</secret>", "<Password xsi:type='string'>{}</Password>", "password:\n\n    {}\n", "db.password = {}", "spring.datasource.password={}", "--set-string db.password={}", "kubectl create secret generic x --from-literal=password={}", "vault kv put secret/x value={}", "aws configure set aws_secret_access_key {}", "az login -u robin -p {}", "docker login -u robin -p {} r.example", "htpasswd -b file robin {}", "net use z: \\\\h\\s {} /user:robin", "wget --password={} u", "git clone https://robin:{}@h.example/x.git", "ftp://robin:{}@h/", "smb://dom;robin:{}@h/", "ldap://h -w {}", "openssl -passin pass:{}", "gpg --passphrase {}", "zip -P {} a.zip", "otpauth://totp/x?secret={}",
)


class Batched(logging.handlers.MemoryHandler):
    """Hands on what it kept in one piece."""

    def __init__(self, out: io.StringIO) -> None:
        super().__init__(100)
        self.out = out

    def flush(self) -> None:
        self.out.write(" ".join(str(record.args) + record.getMessage() for record in self.buffer))
        self.buffer.clear()


class Filtering(logging.Filter):
    def __init__(self, out: io.StringIO) -> None:
        super().__init__()
        self.out = out

    def filter(self, record: logging.LogRecord) -> bool:
        self.out.write(record.getMessage() if record.name == "nobody" else "")
        return True


BEYOND = frozenset(("tags of HTML between",))
BEYOND_LABELS = frozenset(("net use z: \\\\h\\s {} /user:robin",))
"""Markup between letters, and a value that only its place tells: said in docs/guard.md."""


def _batched(_: Path) -> bool:
    out = io.StringIO()
    handler = Batched(out)
    captured(lambda log: (log.addHandler(handler), log.info("x %s", V), handler.flush(), log.removeHandler(handler)))
    return V in out.getvalue()


def _mixed(_: Path) -> bool:
    """A class of two parents, the first of which writes by itself."""
    out = io.StringIO()

    class Writes:
        def emit(self, record: logging.LogRecord) -> None:
            out.write(record.getMessage())

    class Both(Writes, logging.StreamHandler):  # type: ignore[type-arg]
        pass

    handler = Both()
    captured(lambda log: (log.addHandler(handler), log.info("x %s", V), log.removeHandler(handler)))
    return V in out.getvalue()


def _objects(make: Callable[[], object], value: str) -> Attack:
    return lambda _: value in repr(redact(make()))


def _form(value: str, way: Callable[[str], str], back: Callable[[str], str]) -> Attack:
    def tried(_: Path) -> bool:
        shown = shared_redactor().text(f"told {way(value)} there")
        if value in shown:
            return True
        with contextlib.suppress(Exception):
            return value in back(shown)
        return False

    return tried


def attacks() -> dict[str, Attack]:
    """All of them."""
    for value in (V, PASS, NUM):
        remember(value, "last")
    found: dict[str, Attack] = {f"last, {value[:4]}: {name}": _form(value, *ways) for value in (V, PASS, NUM) for name, ways in FORMS.items() if name not in BEYOND and not (value == NUM and name == "ellipses of a width")}
    found |= {f"last, label: {text[:40]!a}": (lambda _, text=text: P in redact(text.format(P))) for text in LABELS if text not in BEYOND_LABELS}  # type: ignore[misc]
    found |= {"last, handler: batches": _batched, "last, handler: two parents": _mixed}
    objects: dict[str, Callable[[], object]] = {"an ordered dictionary of pairs": lambda: collections.OrderedDict([("db", {"passwd": "s3c-1"})]), "environment": lambda: {"environ": [("HOME", "/"), ("DB_PASSWORD", "s3c-1")]}, "a list of settings": lambda: [{"Key": "api_token", "Value": "s3c-1"}], "bytes names": lambda: {b"X-Api-Key": [b"s3c-1"]}, "a path of names": lambda: {"auth.password": "s3c-1"}, "a name with spaces": lambda: {"API Key": "s3c-1"}, "camel case": lambda: {"userPassword": {"hash": None, "plain": "s3c-1"}}}
    return found | {f"last, object: {name}": _objects(make, "s3c-1") for name, make in objects.items()}
