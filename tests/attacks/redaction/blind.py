"""Redaction, written without having looked at the guard: values that are escaped in part, told in another case, wrapped and spelt, objects and routes that others forget."""

from __future__ import annotations

import base64
import bz2
import codecs
import collections
import contextlib
import enum
import functools
import gzip
import html
import io
import json
import logging
import logging.handlers
import lzma
import pathlib
import re
import subprocess
import traceback
import types
import urllib.parse
from argparse import Namespace
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from string import Template

from tests.attacks.redaction.routes import captured
from tests.attacks.redaction.texts import SECRET
from tests.attacks.suite import Attack
from troth.guard.redact import redact, shared_redactor

RAW = SECRET.encode()
Undo = Callable[[str], str]


def _one(place: int, escape: Callable[[int], str]) -> str:
    """The value with one of its letters escaped."""
    return SECRET[:place] + escape(ord(SECRET[place])) + SECRET[place + 1 :]


def _unicode(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text)


_ESCAPES: dict[str, tuple[Callable[[int], str], Undo]] = {
    "JSON": ("\\u{:04x}".format, _unicode),
    "Python": ("\\x{:02x}".format, _unicode),
    "an address": ("%{:02X}".format, urllib.parse.unquote),
    "an address in small letters": ("%{:02x}".format, urllib.parse.unquote),
    "HTML": ("&#{};".format, html.unescape),
    "HTML in hexadecimal": ("&#x{:x};".format, html.unescape),
}
FORMS: dict[str, tuple[str, Undo]] = {
    f"{name}, {where}": (_one(at, escape), undo) for name, (escape, undo) in _ESCAPES.items() for where, at in (("first letter", 0), ("in the middle", 8), ("last letter", len(SECRET) - 1))
}
FORMS |= {
    "JSON, every second letter": ("".join(letter if at % 2 else f"\\u{ord(letter):04x}" for at, letter in enumerate(SECRET)), _unicode),
    "an address, every third letter": ("".join(letter if at % 3 else f"%{ord(letter):02X}" for at, letter in enumerate(SECRET)), urllib.parse.unquote),
    "an address with plain slash": (urllib.parse.quote("a b " + SECRET), urllib.parse.unquote),
    "small letters": (SECRET.lower(), lambda t: SECRET if SECRET.lower() in t else ""),
    "capital letters": (SECRET.upper(), lambda t: SECRET if SECRET.upper() in t else ""),
    "other case": (SECRET.swapcase(), str.swapcase),
    "thirteen letters on": (codecs.encode(SECRET, "rot13"), lambda t: codecs.encode(t, "rot13")),
    "letter by letter": (" ".join(SECRET), lambda t: t.replace(" ", "")),
    "letter by letter with commas": (", ".join(SECRET), lambda t: t.replace(", ", "")),
    "a list of letters": (str(list(SECRET)), lambda t: re.sub(r"[\[\]', ]", "", t)),
    "a column of letters": ("\n".join(SECRET), lambda t: t.replace("\n", "")),
    "in fives": (" ".join(SECRET[at : at + 5] for at in range(0, len(SECRET), 5)), lambda t: t.replace(" ", "")),
    "character codes of SQL": ("||".join(f"CHR({byte})" for byte in RAW), lambda t: re.sub(r"CHR\((\d+)\)\|*", lambda m: chr(int(m[1])), t)),
    "character codes of a script": (f"String.fromCharCode({','.join(map(str, RAW))})", lambda t: "".join(chr(int(n)) for n in re.findall(r"\d+", t))),
    "hexadecimal of SQL": (f"0x{RAW.hex()}", lambda t: bytes.fromhex(t.split("0x")[1]).decode()),
    "bytes of C": ("{" + ", ".join(f"0x{byte:02X}" for byte in RAW) + "}", lambda t: bytes(int(n, 16) for n in re.findall("0x([0-9A-F]{2})", t)).decode()),
    "escapes of a style sheet": ("".join(f"\\{byte:x} " for byte in RAW), lambda t: re.sub(r"\\([0-9a-f]+) ", lambda m: chr(int(m[1], 16)), t)),
    "gzip in hexadecimal": (gzip.compress(RAW, mtime=0).hex(), lambda t: gzip.decompress(bytes.fromhex(t.removeprefix("value: "))).decode()),
    "bzip2 in base 64": (base64.b64encode(bz2.compress(RAW)).decode(), lambda t: bz2.decompress(base64.b64decode(t.removeprefix("value: "))).decode()),
    "xz in base 64": (base64.b64encode(lzma.compress(RAW)).decode(), lambda t: lzma.decompress(base64.b64decode(t.removeprefix("value: "))).decode()),
    "base 64 in an address": (urllib.parse.quote(base64.b64encode(RAW + b"??>").decode(), safe=""), lambda t: base64.b64decode(urllib.parse.unquote(t.removeprefix("value: "))).decode()),
    "base 64 with escaped slashes": (base64.b64encode(b"?" + RAW + b"??").decode().replace("/", "\\/"), lambda t: base64.b64decode(t.removeprefix("value: ").replace("\\/", "/")).decode()),
    "base 64 cut at 8": ("\n".join(base64.b64encode(RAW).decode()[at : at + 8] for at in range(0, 28, 8)), lambda t: base64.b64decode(t.removeprefix("value: ").replace("\n", "")).decode()),
    "base 64 with written line ends": (base64.encodebytes(RAW * 4).decode().replace("\n", "\\n"), lambda t: base64.b64decode(t.removeprefix("value: ").replace("\\n", "")).decode()),
    "a data address": ("data:text/plain;base64," + base64.b64encode(RAW).decode(), lambda t: base64.b64decode(t.split(",")[1]).decode()),
    "the number of its bytes": (str(int.from_bytes(RAW, "big")), lambda t: int(t.removeprefix("value: ")).to_bytes(len(RAW), "big").decode()),
    "the number in hexadecimal": (hex(int.from_bytes(RAW, "big")), lambda t: int(t.removeprefix("value: "), 16).to_bytes(len(RAW), "big").decode()),
    "UTF-7": (SECRET[:5].encode("utf-7").decode() + "+" + base64.b64encode(SECRET[5:].encode("utf-16-be")).decode().rstrip("=") + "-", lambda t: t.encode().decode("utf-7")),
    "four bytes a letter": (SECRET.encode("utf-32-le").decode("latin-1"), lambda t: t.replace("\0", "")),
    "underlined": ("_\b" + "_\b".join(SECRET), lambda t: t.replace("_\b", "")),
    "bold": ("".join(letter + "\b" + letter for letter in SECRET), lambda t: re.sub(".\b", "", t)),
    "an overwritten line": ("progress\r" + SECRET, lambda t: t),
    "in a diff": (f"-old\n+{SECRET[:10]}\n+{SECRET[10:]}", lambda t: t.replace("\n+", "")),
    "in a quoted mail": (f"> {SECRET[:10]}\n> {SECRET[10:]}", lambda t: t.replace("\n> ", "")),
    "in a commented block": (f"# {SECRET[:10]}\n# {SECRET[10:]}", lambda t: t.replace("\n# ", "")),
}  # fmt: skip
"""Name -> the text, and what a reader does to have the secret back."""
BEYOND = frozenset(("thirteen letters on", "the number of its bytes", "the number in hexadecimal", "UTF-7", "bzip2 in base 64", "xz in base 64", "gzip in hexadecimal"))
"""Ciphers, arithmetic and packing that no log holds by mistake: said in docs/guard.md, and let through."""


def _form(text: str, undo: Undo) -> Attack:
    def tried(_: Path) -> bool:
        shown = shared_redactor().text(f"value: {text}")
        with contextlib.suppress(Exception):
            return SECRET in undo(shown)
        return False

    return tried


def _module() -> types.ModuleType:
    made = types.ModuleType("settings")
    made.PASSWORD = "short1"
    return made


class Colour(enum.Enum):
    RED = SECRET


class Text(str):
    __slots__ = ()


class Bytes(bytes):
    __slots__ = ()


@dataclass
class Form:
    name: str
    password: str = field(repr=False, default="short1")
    seed: InitVar[int] = 0


@dataclass(frozen=True, slots=True)
class Closed:
    inner: object


class Shown:
    def __init__(self) -> None:
        self.api_key = "short1"

    def __repr__(self) -> str:
        return f"Shown(api_key={self.api_key!r})"


class Hidden:
    __slots__ = ("__weakref__", "_key")

    def __init__(self) -> None:
        self._key = SECRET

    @property
    def key(self) -> str:
        return self._key


def _group() -> BaseException:
    error = ExceptionGroup("outer", [ValueError(SECRET), ExceptionGroup("inner", [KeyError({"k": SECRET})])])
    error.add_note(f"note {SECRET}")
    return error


def _syntax() -> BaseException:
    try:
        compile(f"x = '{SECRET}' +", "<settings>", "exec")
    except SyntaxError as error:
        return error
    raise AssertionError


def _decode() -> BaseException:
    try:
        (RAW + b"\xff").decode()
    except UnicodeDecodeError as error:
        return error
    raise AssertionError


def _document() -> BaseException:
    try:
        json.loads('{"k": "' + SECRET + '"')
    except json.JSONDecodeError as error:
        return error
    raise AssertionError


OBJECTS: dict[str, Callable[[], object]] = {
    "an enumeration's value": lambda: Colour.RED, "a kind of text": lambda: Text(SECRET), "a kind of bytes": lambda: Bytes(RAW), "a field that repr leaves out": lambda: Form("robin"), "closed and nested": lambda: Closed([Closed({"a": Closed(SECRET)})]),
    "a repr of its own": Shown, "slots with a property": Hidden, "a default dictionary": lambda: collections.defaultdict(list, {"passwords": ["short1"]}), "a chain of dictionaries": lambda: collections.ChainMap({}, {"password": "short1"}), "a counter": lambda: collections.Counter([SECRET]),
    "a set": lambda: frozenset([SECRET]), "dictionary views": {"a": SECRET}.items, "keys of a dictionary": {SECRET: 1}.keys, "parsed arguments": lambda: Namespace(password="short1"), "a path": lambda: pathlib.PurePosixPath("/srv") / SECRET,
    "a partial call": lambda: functools.partial(print, SECRET, key=SECRET), "a match": lambda: re.match(r"(?P<password>.*)", SECRET), "an address in parts": lambda: urllib.parse.urlsplit(f"https://u:{SECRET[:18]}@h/{SECRET}"), "a template": lambda: Template(f"x {SECRET}"), "a module": _module,
    "groups of exceptions": _group, "a syntax error's line": _syntax, "bytes that are no text": _decode, "a document that is no JSON": _document, "a failed command": lambda: subprocess.CalledProcessError(1, ["login", SECRET], output=RAW, stderr=SECRET), "a timeout": lambda: subprocess.TimeoutExpired(["login", SECRET], 1, output=RAW),
    "a missing file": lambda: FileNotFoundError(2, "No such file", f"/srv/{SECRET}"), "a summary of a traceback": lambda: traceback.TracebackException.from_exception(ValueError(SECRET)), "complex keys": lambda: {("password", 1): "x", (SECRET, 2): 3}, "values beside their names": lambda: {"name": "api_key", "value": "short1"},
    "a record": lambda: logging.makeLogRecord({"msg": "%s", "args": (SECRET,)}), "a text in memory": lambda: io.StringIO(SECRET), "a function's defaults": lambda: _defaults,
}  # fmt: skip


def _defaults(key: str = SECRET) -> str:
    return key


def _object(make: Callable[[], object]) -> Attack:
    def tried(_: Path) -> bool:
        safe = redact(make())
        shown = [repr(safe), str(safe)]
        with contextlib.suppress(Exception):
            shown.append(json.dumps(safe, default=str))
        if isinstance(safe, BaseException):
            shown += traceback.format_exception(safe)
        return any(SECRET in text or "short1" in text for text in shown)

    return tried


class Twice:
    """Says something else the second time that it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return "harmless" if self.asked == 1 else SECRET


class Own(logging.Formatter):
    def formatException(self, ei: object) -> str:
        return f"mine: {ei[1]}"  # type: ignore[index]

    def formatStack(self, stack_info: str) -> str:
        return f"stack: {SECRET}"


def _kept(handler: logging.Handler, out: io.StringIO, work: Callable[[logging.Logger], object]) -> str:
    logger = logging.Logger("kept")
    logger.addHandler(handler)
    return captured(lambda _: work(logger)) + out.getvalue()


def _stream(work: Callable[[logging.Logger], object], **more: object) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    for name, value in more.items():
        setattr(handler, name, value)
    return _kept(handler, out, work)


def _memory() -> str:
    out = io.StringIO()
    handler = logging.handlers.MemoryHandler(10, target=logging.StreamHandler(out))
    return _kept(handler, out, lambda log: (log.info("x %s", SECRET), handler.flush()))


def _cached() -> str:
    """A record whose traceback another handler has put into it, in clear, before the guard was installed."""
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        record = logging.LogRecord("x", 40, __file__, 1, "failed", (), (type(error), error, error.__traceback__))
    logging.Formatter().format(record)
    return _stream(lambda log: log.handle(record))


def _adapter(log: logging.Logger) -> None:
    logging.LoggerAdapter(log, {"user": SECRET}).info("by %s", SECRET)


def _level(log: logging.Logger) -> None:
    logging.addLevelName(31, SECRET)
    try:
        log.log(31, "level")
    finally:
        logging._levelToName.pop(31, None)
        logging._nameToLevel.pop(SECRET, None)


ROUTES: dict[str, Callable[[], str]] = {
    "an object that says two things": lambda: captured(lambda log: log.info("%s", Twice())) + captured(lambda log: log.info(Twice())),
    "a formatter of its own": lambda: _stream(lambda log: log.exception("x", exc_info=ValueError(SECRET), stack_info=True), formatter=Own()),
    "braces": lambda: _stream(lambda log: log.info("x"), formatter=logging.Formatter("{message} {user}", style="{", defaults={"user": SECRET})),
    "dollars": lambda: _stream(lambda log: log.info(SECRET), formatter=logging.Formatter("$message", style="$")),
    "the date's format": lambda: _stream(lambda log: log.info("x"), formatter=logging.Formatter("%(asctime)s", datefmt=SECRET)),
    "kept in memory first": _memory,
    "a traceback made before": _cached,
    "an adapter": lambda: captured(_adapter),
    "a level's name": lambda: captured(_level),
    "a logger's name": lambda: captured(lambda _: logging.getLogger(f"app.{SECRET}").warning("x")),
    "a filter that adds it": lambda: _stream(lambda log: (log.addFilter(lambda record: bool(record.__dict__.update(msg=f"{record.msg} {SECRET}")) or True), log.info("x"))),
    "arguments by name": lambda: captured(lambda log: log.info("%(user)s and %(key)s", {"user": "robin", "key": SECRET})),
    "a width that cuts": lambda: captured(lambda log: log.info("%.12s|%s", SECRET, SECRET[12:])),
    "bytes in the message": lambda: captured(lambda log: log.info(RAW)),
    "an exception as the message": lambda: captured(lambda log: log.error(ValueError({"k": SECRET}))),
    "a failing argument": lambda: captured(lambda log: log.info("%d items", SECRET)),
    "too many arguments": lambda: captured(lambda log: log.info("x", *(SECRET, SECRET))),
    "a group of exceptions": lambda: captured(lambda log: log.error("x", exc_info=_group())),
}  # fmt: skip


def blind() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {f"form: {name}": _form(text, undo) for name, (text, undo) in FORMS.items() if name not in BEYOND}
    found |= {f"object: {name}": _object(make) for name, make in OBJECTS.items()}
    found |= {f"log: {name}": lambda _, route=route: SECRET in route() for name, route in ROUTES.items()}
    return found


CLEAN = {
    "a path with percent signs": "GET /a%20b/c%2Fd?x=%C3%A9 200",
    "letters with spaces": "M E M O R A N D U M",
    "a list of letters": "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']",
    "a quoted mail": "> hello there\n> this is fine\n",
    "a diff": "-old line\n+new line\n+another line",
    "entities": "Tom &amp; Jerry &#8211; &#x2014; &lt;b&gt;",
    "escapes": "caf\\u00e9 and na\\xefve",
    "a data address": "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
    "codes of characters": "CHR(10)||CHR(13)",
    "a number of forty digits": "1234567890123456789012345678901234567890",
    "a progress line": "epoch 3\repoch 4",
    "value of a name": '{"name": "colour", "value": "red"}',
}


def blind_twins() -> dict[str, Attack]:
    """What must stay as it is."""
    found: dict[str, Attack] = {f"text: {name}": lambda _, text=text: shared_redactor().text(text) == text for name, text in CLEAN.items()}
    found |= {
        "a record kept in memory": lambda _: "hello 3" in _plain_memory(),
        "a name and a value": lambda _: redact({"name": "colour", "value": "red"}) == {"name": "colour", "value": "red"},
        "a chain": lambda _: "red" in repr(redact(collections.ChainMap({"colour": "red"}))),
        "braces": lambda _: "hello" in _stream(lambda log: log.info("hello"), formatter=logging.Formatter("{message}", style="{")),
    }
    return found


def _plain_memory() -> str:
    out = io.StringIO()
    handler = logging.handlers.MemoryHandler(10, target=logging.StreamHandler(out))
    return _kept(handler, out, lambda log: (log.info("hello %d", 3), handler.flush()))
