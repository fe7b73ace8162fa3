"""More forms and routes: encodings of encodings, dumps, other escapes, handlers that go their own way, objects that fight back, log lines that forge others."""

from __future__ import annotations

import ast
import base64
import binascii
import gzip
import io
import json
import logging
import logging.handlers
import quopri
import re
import subprocess
import sys
import textwrap
import traceback
import zlib
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from tests.attacks.redaction.routes import captured
from tests.attacks.redaction.texts import SECRET, recovers
from tests.attacks.suite import Attack
from troth.guard.redact import redact, shared_redactor

RAW = SECRET.encode()
Undo = Callable[[str], str]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _longest(text: str, letters: str) -> str:
    return max(re.findall(f"[{letters}]+", text) or [""], key=len)


FORMS: dict[str, tuple[str, Undo]] = {
    "base64 twice": (_b64(_b64(RAW).encode()), lambda t: base64.b64decode(base64.b64decode(_longest(t, "A-Za-z0-9+/="))).decode()),
    "base64 three times": (_b64(_b64(_b64(RAW).encode()).encode()), lambda t: base64.b64decode(base64.b64decode(base64.b64decode(_longest(t, "A-Za-z0-9+/=")))).decode()),
    "base64 of hex": (_b64(RAW.hex().encode()), lambda t: bytes.fromhex(base64.b64decode(_longest(t, "A-Za-z0-9+/=")).decode()).decode()),
    "hex of base64": (_b64(RAW).encode().hex(), lambda t: base64.b64decode(bytes.fromhex(_longest(t, "0-9a-f"))).decode()),
    "base64 of JSON": (_b64(json.dumps({"user": "robin", "key": SECRET}).encode()), lambda t: base64.b64decode(_longest(t, "A-Za-z0-9+/=")).decode()),
    "base64, wrapped": ("\n".join(textwrap.wrap(_b64(b"x" * 50 + RAW + b"y" * 50), 64)), lambda t: base64.b64decode("".join(re.findall(r"(?m)^(?:.*: )?([A-Za-z0-9+/=]+)$", t))).decode()),
    "gzip and base64": (_b64(gzip.compress(RAW)), lambda t: gzip.decompress(base64.b64decode(_longest(t, "A-Za-z0-9+/="))).decode()),
    "zlib and base64": (_b64(zlib.compress(RAW)), lambda t: zlib.decompress(base64.b64decode(_longest(t, "A-Za-z0-9+/="))).decode()),
    "base64 of UTF-16": (_b64(SECRET.encode("utf-16-le")), lambda t: base64.b64decode(_longest(t, "A-Za-z0-9+/=")).decode("utf-16-le")),
    "ASCII 85": (base64.a85encode(RAW).decode(), lambda t: base64.a85decode(t.removeprefix("value: ")).decode()),
    "base 85": (base64.b85encode(RAW).decode(), lambda t: base64.b85decode(t.removeprefix("value: ")).decode()),
    "quoted-printable": (quopri.encodestring(RAW, quotetabs=True).decode() + "=3D", lambda t: quopri.decodestring(t).decode()),
    "quoted-printable, every byte": ("".join(f"={byte:02X}" for byte in RAW), lambda t: quopri.decodestring(t).decode()),
    "octal escapes": ("".join(f"\\{byte:03o}" for byte in RAW), lambda t: t.encode().decode("unicode_escape")),
    "decimal list": (str(list(RAW)), lambda t: bytes(ast.literal_eval(t[t.index("[") :])).decode()),
    "decimal list without spaces": (json.dumps(list(RAW), separators=(",", ":")), lambda t: bytes(json.loads(t[t.index("[") :])).decode()),
    "list of hex numbers": ("[" + ", ".join(f"0x{byte:02x}" for byte in RAW) + "]", lambda t: bytes(ast.literal_eval(t[t.index("[") :])).decode()),
    "hex with colons": (":".join(f"{byte:02x}" for byte in RAW), lambda t: bytes.fromhex(re.sub(r"[^0-9a-f]", "", t.removeprefix("value: "))).decode()),
    "hex with spaces": (RAW.hex(" "), lambda t: bytes.fromhex(t.removeprefix("value: ")).decode()),
    "hex in groups of four": (RAW.hex(" ", 2), lambda t: bytes.fromhex(t.removeprefix("value: ")).decode()),
    "HEX with colons": (RAW.hex(":").upper(), lambda t: bytes.fromhex(t.removeprefix("value: ").replace(":", "")).decode()),
    "URL twice": ("".join(f"%25{byte:02x}" for byte in RAW), lambda t: binascii.unhexlify(t.removeprefix("value: ").replace("%25", "")).decode()),
    "HTML with zeros": ("".join(f"&#{byte:04d};" for byte in RAW), lambda t: __import__("html").unescape(t)),
    "HTML hex with zeros": ("".join(f"&#x{byte:04x};" for byte in RAW), lambda t: __import__("html").unescape(t)),
    "braced escapes": ("".join(f"\\u{{{byte:x}}}" for byte in RAW), lambda t: re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), t)),
    "long escapes": ("".join(f"\\U{byte:08x}" for byte in RAW), lambda t: t.encode().decode("unicode_escape")),
    "backslash before each": ("".join(f"\\{letter}" for letter in SECRET), lambda t: t.replace("\\", "")),
    "JSON in JSON in JSON": (json.dumps(json.dumps(json.dumps({"k": SECRET + '"'}))), lambda t: t.replace("\\", "")),
    "a combining mark after each": ("\u0332".join(SECRET), lambda t: t.replace("\u0332", "")),
    "a tag character after each": ("\U000e0061".join(SECRET), lambda t: t.replace("\U000e0061", "")),
    "a variation selector after each": ("\ufe0f".join(SECRET), lambda t: t.replace("\ufe0f", "")),
    "a braille blank inside": (SECRET[:9] + "\u2800" + SECRET[9:], lambda t: t.replace("\u2800", "")),
    "a Hangul filler inside": (SECRET[:9] + "\u3164" + SECRET[9:], lambda t: t.replace("\u3164", "")),
    "NUL after each": ("\0".join(SECRET), lambda t: t.replace("\0", "")),
    "backspaces": ("".join(letter + "x\b" for letter in SECRET), lambda t: re.sub("x\b", "", t)),
    "cursor codes": ("\x1b[1C".join(SECRET), lambda t: t.replace("\x1b[1C", "")),
    "a title code inside": (SECRET[:7] + "\x1b]0;x\x07" + SECRET[7:], lambda t: t.replace("\x1b]0;x\x07", "")),
    "mathematical letters": ("".join(chr(0x1D5BA + ord(c) - 97) if c.islower() else chr(0x1D5A0 + ord(c) - 65) if c.isupper() else chr(0x1D7E2 + ord(c) - 48) if c.isdigit() else c for c in SECRET), lambda t: __import__("unicodedata").normalize("NFKC", t)),
    "a line end inside": (SECRET[:9] + "\n" + SECRET[9:], lambda t: t.replace("\n", "")),
    "a continued line": (SECRET[:9] + "\\\n    " + SECRET[9:], lambda t: t.replace("\\\n    ", "")),
    "two literals": (f'"{SECRET[:9]}" + "{SECRET[9:]}"', lambda t: t.replace('" + "', "")),
    "backwards": (SECRET[::-1], lambda t: t[::-1]),
}  # fmt: skip
"""Name -> the text, and what a reader does to have the secret back."""


def _form(text: str, undo: Undo) -> Attack:
    def tried(_: Path) -> bool:
        shown = shared_redactor().text(f"value: {text}")
        if recovers(shown):
            return True
        with suppress(Exception):
            return SECRET in undo(shown)
        return False

    return tried


class Own(logging.Handler):
    """Writes without `format`."""

    def __init__(self) -> None:
        super().__init__()
        self.out = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(record.getMessage())


class Json(logging.Formatter):
    """One JSON object of everything that a record has."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({name: str(value) for name, value in record.__dict__.items()} | {"message": record.getMessage()})


def _formatted(formatter: logging.Formatter, work: Callable[[logging.Logger], object]) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)

    def with_handler(log: logging.Logger) -> None:
        log.addHandler(handler)
        try:
            work(log)
        finally:
            log.removeHandler(handler)

    return captured(with_handler) + out.getvalue()


def _own(work: Callable[[logging.Logger], object]) -> str:
    handler = Own()

    def with_handler(log: logging.Logger) -> None:
        log.addHandler(handler)
        try:
            work(log)
        finally:
            log.removeHandler(handler)

    captured(with_handler)
    return handler.out.getvalue()


class Fights:
    """Raises when it is printed, with its secret in the error."""

    def __repr__(self) -> str:
        raise ValueError(SECRET)


class Logs:
    """Logs when it is printed."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log

    def __str__(self) -> str:
        self.log.error("inner %s", SECRET)
        return "outer"


def _memory(log: logging.Logger) -> None:
    target = logging.getLogger().handlers[0]
    memory = logging.handlers.MemoryHandler(10, target=target)
    log.addHandler(memory)
    log.info("m %s", SECRET)
    memory.flush()
    log.removeHandler(memory)


def _listener(log: logging.Logger) -> None:
    import queue

    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    listener = logging.handlers.QueueListener(waiting, logging.getLogger().handlers[0])
    handler = logging.handlers.QueueHandler(waiting)
    log.addHandler(handler)
    listener.start()
    log.info("q %s", SECRET)
    listener.stop()
    log.removeHandler(handler)


def _factory(log: logging.Logger) -> None:
    before = logging.getLogRecordFactory()

    class Record(logging.LogRecord):
        def getMessage(self) -> str:
            return f"made elsewhere {SECRET}"

    logging.setLogRecordFactory(Record)
    try:
        log.info("x")
    finally:
        logging.setLogRecordFactory(before)


def _late_filter(log: logging.Logger) -> None:
    class Adds(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg, record.args = f"{record.msg} {SECRET}", ()
            return True

    handler = logging.getLogger().handlers[0]
    added = Adds()
    handler.addFilter(added)
    log.info("x")
    handler.removeFilter(added)


def _suppressed(log: logging.Logger) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError:
            raise ValueError("outer") from None
    except ValueError as error:
        log.log(40, "failed %s", traceback.format_exception(error.__context__ or error))


ROUTES: dict[str, Callable[[], str]] = {
    "adapter": lambda: captured(lambda log: logging.LoggerAdapter(log, {"k": SECRET}).info("a %s", SECRET)),
    "formatter in braces": lambda: _formatted(logging.Formatter("{message} {k}", style="{"), lambda log: log.info("x", extra={"k": SECRET})),
    "formatter with a dollar": lambda: _formatted(logging.Formatter("$message $k", style="$"), lambda log: log.info("x", extra={"k": SECRET})),
    "JSON formatter": lambda: _formatted(Json(), lambda log: log.info("x %s", SECRET, extra={"k": SECRET})),
    "JSON formatter, nested extra": lambda: _formatted(Json(), lambda log: log.info("x", extra={"k": {"deep": [SECRET]}})),
    "handler without format": lambda: _own(lambda log: log.info("x %s", SECRET)),
    "handler without format, object": lambda: _own(lambda log: log.info({"password": SECRET})),
    "object that fights back": lambda: captured(lambda log: log.info("%s", Fights())),
    "object that fights back, in a dictionary": lambda: captured(lambda log: log.info("%s", {"a": Fights()})),
    "object that logs": lambda: captured(lambda log: log.info("%s", Logs(log))),
    "memory handler": lambda: captured(_memory),
    "queue listener": lambda: captured(_listener),
    "record factory": lambda: captured(_factory),
    "filter that adds it late": lambda: captured(_late_filter),
    "suppressed context": lambda: captured(_suppressed),
    "name of the process": lambda: _formatted(logging.Formatter("%(processName)s"), lambda log: log.handle(logging.makeLogRecord({"msg": "x", "processName": SECRET, "levelno": 40}))),
    "path and function": lambda: _formatted(logging.Formatter("%(pathname)s %(funcName)s"), lambda log: log.handle(logging.makeLogRecord({"msg": "x", "pathname": f"/tmp/{SECRET}", "funcName": SECRET, "levelno": 40}))),
    "stack_info given": lambda: captured(lambda log: log.handle(logging.makeLogRecord({"msg": "x", "stack_info": SECRET, "levelno": 40}))),
    "exc_text given": lambda: captured(lambda log: log.handle(logging.makeLogRecord({"msg": "x", "exc_text": SECRET, "levelno": 40}))),
    "a thousand short records": lambda: captured(lambda log: [log.info("%s", SECRET) for _ in range(1000)]),
    "a megabyte before it on one line": lambda: captured(lambda log: log.info("%s%s", "key:" * 250_000, SECRET)),
    "a crowd of tokens before it": lambda: captured(lambda log: log.info("%s", "ghp_" * 20_000 + SECRET)),
}  # fmt: skip


def _printed(write: Callable[[], object]) -> str:
    """What a program's stdout gets while the guard wraps it."""
    code = "import sys\nfrom troth.guard import logs\nfrom troth.guard.redact import remember\nremember({secret!r})\nlogs.install()\nS = {secret!r}\n{body}\nsys.stdout.flush()\nsys.stderr.flush()\n"
    done = subprocess.run([sys.executable, "-c", code.format(secret=SECRET, body=write)], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr if "Error" in done.stderr or done.stdout or done.stderr else SECRET  # nothing came out: nothing is shown


PRINTS: dict[str, str] = {
    "print": "print('x', S)",
    "print without an end": "print(S[:5], end=''); print(S[5:])",
    "letter by letter": "for letter in S: print(letter, end='')\nprint()",
    "writelines": "sys.stdout.writelines(['a', S, '\\n'])",
    "buffer": "sys.stdout.buffer.write(S.encode() + b'\\n')",
    "stderr": "sys.stderr.write(S + '\\n')",
    "uncaught": "raise ValueError(S)",
    "uncaught group": "raise ExceptionGroup('g', [ValueError(S)])",
    "traceback.print_exc": "import traceback\ntry:\n    raise ValueError(S)\nexcept ValueError:\n    traceback.print_exc()",
    "pprint": "import pprint; pprint.pprint({'a': [S]})",
    "warning": "import warnings; warnings.warn(S)",
    "SystemExit with a text": "raise SystemExit(S)",
    "displayhook": "sys.displayhook(S)",
    "a generator that dies": "class G:\n    def __del__(self): raise ValueError(S)\nG()",
    "print to the bare stream": "print(S, file=sys.__stderr__)",
    "os.write": "import os; os.write(2, S.encode() + b'\\n')",
}  # fmt: skip
BEYOND = ("print to the bare stream", "os.write")
"""What docs/guard.md says is not seen: descriptors written past Python's streams."""
User = namedtuple("User", "name password")


class Slots:
    """Fields in slots."""

    __slots__ = ("api_key",)

    def __init__(self) -> None:
        self.api_key = SECRET

    def __repr__(self) -> str:
        return f"Slots({self.api_key})"


def _numbers() -> Iterator[str]:
    yield SECRET


OBJECTS: dict[str, Callable[[], object]] = {
    "named tuple by field": lambda: User("robin", "short1"),
    "ordered dictionary": lambda: OrderedDict(password="short1"),
    "user dictionary": lambda: UserDict(password="short1"),
    "mapping proxy": lambda: MappingProxyType({"password": "short1"}),
    "deque": lambda: deque([SECRET]),
    "simple namespace": lambda: SimpleNamespace(key=SECRET),
    "slots": Slots,
    "bytearray": lambda: bytearray(RAW),
    "memory view": lambda: memoryview(RAW),
    "exception with a cause": lambda: _caused(),  # noqa: PLW0108 - defined below
    "bytes as a key": lambda: {RAW: 1},
    "secret name as bytes": lambda: {b"password": "short1"},
    "pairs": lambda: [("password", "short1")],
    "headers": lambda: [(b"authorization", b"short1")],
    "object that raises": Fights,
}


def _caused() -> BaseException:
    error = ValueError("outer")
    error.__cause__ = KeyError(SECRET)
    return error


def _object(make: Callable[[], object]) -> Attack:
    def tried(_: Path) -> bool:
        shown = repr(redact(make()))
        return SECRET in shown or "short1" in shown

    return tried


def _forges(text: str) -> Attack:
    """A record must not become two where the guard is asked to keep lines apart."""

    def tried(_: Path) -> bool:
        return SECRET in captured(lambda log: log.info("user %s", text))

    return tried


def further() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {f"form: {name}": _form(text, undo) for name, (text, undo) in FORMS.items()}
    found |= {f"log: {name}": lambda _, route=route: SECRET in route() for name, route in ROUTES.items()}
    found |= {f"print: {name}": lambda _, body=body: SECRET in _printed(body) for name, body in PRINTS.items() if name not in BEYOND}
    found |= {f"object: {name}": _object(make) for name, make in OBJECTS.items()}
    found |= {f"forged line: {name}": _forges(text) for name, text in {"line end": f"a\nINFO x {SECRET}", "carriage return": f"a\r{SECRET}", "format": "{0.__class__}" + SECRET, "percent": "%s%n" + SECRET}.items()}
    return found


CLEAN = {
    "a decimal list": "[1, 2, 3, 104, 101, 108, 108, 111, 32, 119, 111, 114, 108, 100]",
    "hex with colons": "aa:bb:cc:dd:ee:ff is the address of the card",
    "a hex dump": "00000000: 7f45 4c46 0201 0100 0000 0000 0000 0000",
    "base64 of a sentence": _b64(b"nothing in this sentence is secret at all, really"),
    "gzip of a sentence": _b64(gzip.compress(b"nothing in this sentence is secret at all", mtime=0)),
    "combining marks": "Ze\u0301lanie, nai\u0308ve, n\u0303",
    "mathematical letters": "let \U0001d465 be \U0001d466 + 1",
    "emoji with selectors": "done \u2714\ufe0f and \u2764\ufe0f",
    "Korean": "한국어 텍스트",
    "escapes": "C:\\new\\table \\x41 \\u0041",
    "backspace": "progress 10%\b\b\b20%",
    "octal": "mode \\755 and \\012",
    "backwards": "".join(reversed("an ordinary sentence")),
}


def further_twins() -> dict[str, Attack]:
    """What must stay as it is."""
    found: dict[str, Attack] = {f"text: {name}": lambda _, text=text: shared_redactor().text(text) == text for name, text in CLEAN.items()}
    found |= {
        "a JSON formatter": lambda _: "hello" in _formatted(Json(), lambda log: log.info("hello")),
        "a handler without format": lambda _: _own(lambda log: log.info("hello %d", 7)) == "hello 7",
        "print": lambda _: "hello" in _printed("print('hello')"),
        "named tuple": lambda _: redact(User("robin", None))[0] == "robin",
        "pairs": lambda _: redact([("colour", "red")]) == [("colour", "red")],
        "bytes keys": lambda _: "red" in repr(redact({b"colour": "red"})),
    }
    return found


