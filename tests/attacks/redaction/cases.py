"""Redaction under attack: a registered secret in many forms and by many routes, and tokens that nobody registered."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import html
import io
import json
import logging
import logging.config
import logging.handlers
import pickle
import queue
import random
import string
import sys
import threading
import urllib.parse
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from pathlib import Path

from tests.attacks.suite import Attack, Suite
from troth.detectors.redaction import StreamRedactor
from troth.guard import logs
from troth.guard.redact import redact, remember, shared_redactor

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


class Holder:
    """An object that prints its secret."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Holder({self.value})"


@dataclasses.dataclass
class Settings:
    """A data class with a field whose name says that it is secret."""

    api_key: str


def _raise(value: str) -> None:
    try:
        try:
            raise KeyError(value)
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError:
        logging.getLogger("x").exception("failed")


def _group(value: str) -> None:
    try:
        error = ValueError("note")
        error.add_note(f"with {value}")
        raise ExceptionGroup("several", [error, KeyError(value)])
    except ExceptionGroup:
        logging.getLogger("x").exception("failed")


ROUTES: dict[str, Callable[[logging.Logger, str], object]] = {
    "argument": lambda log, s: log.info("password=%s", s),
    "assembled": lambda log, s: log.info(s[:6] + "%s", s[6:]),
    "f-string": lambda log, s: log.info(f"using {s}"),
    "mapping": lambda log, s: log.info("%(key)s", {"key": s}),
    "dictionary": lambda log, s: log.info("%s", {"headers": {"Authorization": s}}),
    "object": lambda log, s: log.info("%s", Holder(s)),
    "object, repr": lambda log, s: log.info("%r", [Holder(s)]),
    "data class": lambda log, s: log.info("%s", Settings(s)),
    "bytes": lambda log, s: log.info("%s", s.encode()),
    "exception as an argument": lambda log, s: log.info("%s", ValueError(s)),
    "cause of an exception": lambda log, s: _raise(s),
    "exception group and notes": lambda log, s: _group(s),
    "message that is an object": lambda log, s: log.info(Holder(s)),
    "wrong number of arguments": lambda log, s: log.info("%s %s", s),  # noqa: PLE1206 - that is the attack
    "broken format": lambda log, s: log.info("%d", s),
    "level by number": lambda log, s: log.log(35, "x %s", s),
    "long record": lambda log, s: log.info("x" * 20_000 + s),
    "many lines": lambda log, s: log.info("a\nb\n" + s + "\nc"),
    "stack": lambda log, s: log.info("x", stack_info=True, extra={"k": s}),
    "child that propagates": lambda log, s: logging.getLogger("x.y.z").info(s),
    "forged record": lambda log, s: log.handle(
        logging.makeLogRecord({"msg": "m %s", "args": (s,), "levelno": 30, "levelname": "WARNING"})
    ),
    "thread name": lambda log, s: _in_thread(log, s),  # noqa: PLW0108 - defined below
    "logger name": lambda log, s: logging.getLogger(s).warning("x"),
}


def _in_thread(log: logging.Logger, name: str) -> None:
    thread = threading.Thread(target=lambda: log.warning("x"), name=name)
    thread.start()
    thread.join()


def _captured(
    work: Callable[[logging.Logger], object], formatter: str = "%(levelname)s %(name)s %(threadName)s %(message)s"
) -> str:
    """What a handler and the error stream get while the guard is installed."""
    out, errors = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter(formatter))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:], installation = [handler], logs.install(streams=False)
    root.setLevel(1)
    try:
        with redirect_stderr(errors):
            work(logging.getLogger("x"))
    finally:
        installation.remove()
        root.handlers[:] = before
        root.setLevel(level)
    return out.getvalue() + errors.getvalue()


def _recovers(text: str) -> bool:
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


def _text(make: Callable[[], str]) -> Attack:
    return lambda _: _recovers(shared_redactor().text(make()))


def _token(text: str) -> Attack:
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


def _objects() -> dict[str, object]:
    deep: object = SECRET
    for _ in range(100_000):
        deep = [deep]
    circle: dict[str, object] = {"k": SECRET}
    circle["self"] = circle
    return {
        "list": [SECRET], "dictionary key": {SECRET: 1}, "tuple in a key": {("a", SECRET): 1}, "set": {SECRET}, "nested": {"a": [{"b": (SECRET,)}]}, "data class": Settings("short"), "exception": ValueError(SECRET), "bytes": SECRET.encode(),
        "100,000 deep": deep, "circle": circle, "API_KEY": {"API_KEY": "short"}, "apiKey": {"apiKey": "short"}, "Api-Key": {"Api-Key": "short"}, "list under a key": {"passwords": ["short"], "password": ["short"]}, "number under a key": {"pin_secret": 90210, "password": 90210},
    }  # fmt: skip


def _object(value: object) -> Attack:
    def tried(_: Path) -> bool:
        clean = redact(value)
        shown, steps = "", 0
        while isinstance(clean, list) and len(clean) == 1 and steps < 200_000:
            clean, steps = clean[0], steps + 1
        shown = repr(clean)
        return SECRET in shown or "'short'" in shown or "90210" in shown

    return tried


def _stream(width: int) -> Attack:
    def tried(_: Path) -> bool:
        stream, data = StreamRedactor(shared_redactor()), f"before {SECRET} after\n".encode()
        out = b"".join(stream.write(data[at : at + width]) for at in range(0, len(data), width)) + stream.flush()
        return SECRET.encode() in out

    return tried


def _rotated(_: Path) -> bool:
    remember(SECOND, "rotated")
    return SECOND in shared_redactor().text(f"now {SECOND}")


def _pickled(_: Path) -> bool:
    sent: list[bytes] = []
    installation = logs.install(streams=False)
    handler = logging.handlers.SocketHandler("127.0.0.1", 9)
    handler.send = sent.append  # type: ignore[method-assign, assignment]
    try:
        handler.handle(logging.LogRecord("x", 30, "p", 1, "m %s", (SECRET,), None))
    finally:
        installation.remove()
        handler.close()
    return not sent or any(SECRET.encode() in item or SECRET in str(pickle.loads(item[4:])) for item in sent)


def _queued(_: Path) -> bool:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    installation = logs.install(streams=False)
    try:
        logging.handlers.QueueHandler(waiting).handle(logging.LogRecord("x", 30, "p", 1, "m %s", (SECRET,), None))
    finally:
        installation.remove()
    return SECRET in str(waiting.get().__dict__)


def _unhandled(kind: str) -> Attack:
    def tried(_: Path) -> bool:
        errors = io.StringIO()
        installation = logs.install(streams=False)
        try:
            with redirect_stderr(errors):
                if kind == "excepthook":
                    error = ValueError(SECRET)
                    sys.excepthook(ValueError, error, None)
                elif kind == "thread":

                    def fail() -> None:
                        raise ValueError(SECRET)

                    thread = threading.Thread(target=fail)
                    thread.start()
                    thread.join()
                elif kind == "asyncio":

                    async def main() -> None:
                        asyncio.get_running_loop().call_exception_handler(
                            {"message": f"m {SECRET}", "exception": ValueError(SECRET)}
                        )

                    asyncio.run(main())
                else:

                    class Bad:
                        def __del__(self) -> None:
                            raise ValueError(SECRET)

                    Bad()
        finally:
            installation.remove()
        return SECRET in errors.getvalue() or not errors.getvalue()

    return tried


def _warned(_: Path) -> bool:
    def work(log: logging.Logger) -> None:
        logging.captureWarnings(True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn(f"w {SECRET}", stacklevel=1)
        finally:
            logging.captureWarnings(False)

    shown = _captured(work)
    return SECRET in shown or "w " not in shown


def _configured(_: Path) -> bool:
    out = io.StringIO()

    def work(log: logging.Logger) -> None:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"h": {"class": "logging.StreamHandler", "stream": out}},
                "root": {"handlers": ["h"], "level": "INFO"},
            }
        )
        logging.getLogger("late").warning(SECRET)

    _captured(work)
    return SECRET in out.getvalue() or not out.getvalue()


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


def suites() -> list[Suite]:
    """The one suite of this class."""
    remember(SECRET, "test")
    suite = Suite("redaction")
    for name, make in TEXTS.items():
        suite.attack(f"form: {name}")(_text(make))
    for name, text in TOKENS.items():
        suite.attack(f"token: {name}")(_token(text))
    for name, route in ROUTES.items():
        suite.attack(f"log: {name}")(lambda _, route=route: SECRET in _captured(lambda log: route(log, SECRET)))
    for name, value in _objects().items():
        suite.attack(f"object: {name}")(_object(value))
    for width in (1, 2, 5, 13):
        suite.attack(f"stream in pieces of {width}")(_stream(width))
    for name in ("excepthook", "thread", "asyncio", "unraisable"):
        suite.attack(f"uncaught: {name}")(_unhandled(name))
    for name, case in {
        "rotated after start": _rotated,
        "pickled to a socket": _pickled,
        "put into a queue": _queued,
        "warning": _warned,
        "handlers replaced by dictConfig": _configured,
    }.items():
        suite.attack(name)(case)
    for text in CLEAN:
        suite.twin(f"text: {text[:40]}")(lambda _, text=text: shared_redactor().text(text) == text)
    suite.twin("a record passes")(lambda _: "hello 42" in _captured(lambda log: log.info("hello %d", 42)))
    suite.twin("an object passes")(
        lambda _: (
            redact({"model": {"tokenizer": "bpe", "n": [1, 2.5, None]}})
            == {"model": {"tokenizer": "bpe", "n": [1, 2.5, None]}}
        )
    )
    suite.twin("a traceback passes")(lambda _: "ZeroDivisionError" in _captured(_divide))
    return [suite]


def _divide(log: logging.Logger) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("failed")
