"""Objects given to `redact`, a second time: what libraries return, what holds a value where nobody looks, and the same with nothing secret in it."""

from __future__ import annotations

import array
import collections
import configparser
import ctypes
import dataclasses
import decimal
import email.message
import enum
import functools
import http.cookies
import importlib.util
import io
import itertools
import queue
import re
import types
import typing
import urllib.error
import urllib.parse
import urllib.request
import uuid
import weakref
import xml.etree.ElementTree
from collections.abc import Callable

from tests.attacks.redaction.again_forms import LONG
from tests.attacks.suite import Attack
from troth.guard.redact import redact, remember

SHORT = "s3cr-7"
"""A value that nobody registered: only its name tells."""


class User(typing.NamedTuple):
    name: str
    password: str


class Typed(typing.TypedDict):
    api_key: str


class Mode(enum.Enum):
    SAFE = {"password": SHORT}


class Flagged(str, enum.Enum):  # noqa: UP042 - of both kinds, as many are
    KEY = LONG


@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    client_secret: str
    tags: tuple[str, ...] = ()


@dataclasses.dataclass
class Outer:
    inner: object
    by_name: dict[str, object]


class Bare:
    """No fields that anybody announces."""

    def __init__(self, value: str) -> None:
        self.password = value


class Loud(Bare):
    def __repr__(self) -> str:
        return f"Loud(password={self.password})"


class Odd(dict):  # type: ignore[type-arg]
    """A dictionary whose items are not its contents."""

    def __repr__(self) -> str:
        return f"Odd({dict(self)!r})"


class Class:
    password = LONG


def _frame(value: str) -> types.FrameType:
    import sys

    _ = value
    return sys._getframe()


def _message(value: str) -> email.message.Message:
    made = email.message.Message()
    made["Authorization"] = f"Bearer {value}"
    made.set_payload(f"token: {value}")
    return made


def _settings(value: str) -> configparser.ConfigParser:
    made = configparser.ConfigParser()
    made.read_dict({"db": {"password": value}})
    return made


def _cookies(value: str) -> http.cookies.SimpleCookie:
    made = http.cookies.SimpleCookie()
    made["session_token"] = value
    return made


def _tree(value: str) -> xml.etree.ElementTree.Element:
    return xml.etree.ElementTree.fromstring(f"<a><password>{value}</password></a>")


def _queue(value: str) -> queue.Queue[str]:
    made: queue.Queue[str] = queue.Queue()
    made.put(value)
    return made


def _mistake(value: str) -> BaseException:
    error = urllib.error.HTTPError(f"https://h.example/?token={value}", 401, f"bad {value}", _message(value), io.BytesIO(value.encode()))  # type: ignore[arg-type]
    error.add_note(value)
    return error


def _invalid(value: str) -> BaseException:
    import pydantic

    class Model(pydantic.BaseModel):
        api_key: int

    try:
        Model.model_validate({"api_key": value})
    except pydantic.ValidationError as error:
        return error
    raise AssertionError


def _model(value: str) -> object:
    import pydantic

    class Inner(pydantic.BaseModel):
        api_key: str = pydantic.Field(alias="apiKey")
        plain: dict[str, str] = {}

    return [Inner(apiKey=value, plain={"password": value})]


def _numpy(value: str) -> object:
    import numpy

    return {"a": numpy.array([value, "b"], dtype=object), "b": numpy.array([value])}


def _chained(value: str) -> BaseException:
    try:
        try:
            raise KeyError({"password": value})
        except KeyError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        return error


def _shared(value: str) -> object:
    shared = [value, "x"]
    return {"password": shared, "list": [shared]}


class Kept:
    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"<{self.value}>"


KEPT = [Kept(LONG)]
MADE: dict[str, tuple[Callable[[str], object], bool]] = {
    "a named tuple": (lambda s: [User("robin", s)], True), "a typed dictionary": (lambda s: Typed(api_key=s), True), "an enumeration of dictionaries": (lambda _: Mode.SAFE, True), "an enumeration of texts": (lambda _: {"k": Flagged.KEY}, False), "a frozen data class in a set": (lambda s: {Frozen(s)}, True), "data classes in each other": (lambda s: Outer(Outer(None, {}), {"token_secret": s}), True), "an object with an attribute": (Loud, True), "an object in a list": (lambda s: [{"k": Loud(s)}], True), "a dictionary of its own": (lambda s: Odd(password=s), True), "a simple namespace": (lambda s: types.SimpleNamespace(password=s), True), "a namespace in a namespace": (lambda s: types.SimpleNamespace(a=types.SimpleNamespace(api_key=s)), True),
    "a class": (lambda s: type("C", (), {"password": s, "__repr__": lambda self: self.password})(), False), "a frame": (_frame, False), "a message": (_message, False), "settings": (lambda s: {"c": _settings(s)["db"]}, True), "cookies": (_cookies, True), "a queue": (lambda s: list(_queue(s).queue), False), "an error of a server": (_mistake, False), "a chain of errors": (_chained, True), "an error of pydantic": (_invalid, False), "a model of pydantic": (_model, True), "numpy": (_numpy, False), "an array of bytes": (lambda s: array.array("B", s.encode()), False), "an array of letters": (lambda s: array.array("u", s), False), "a buffer of C": (lambda s: ctypes.create_string_buffer(s.encode()), False), "bytes of C": (lambda s: ctypes.c_char_p(s.encode()), False),
    "a decimal under a name": (lambda _: {"password": decimal.Decimal("77410")}, True), "a number under a name": (lambda _: {"api_secret": 77410}, True), "an identity under a name": (lambda _: {"secret": uuid.UUID(int=77410)}, True), "complex numbers under a name": (lambda _: {"secret": 77410j}, True), "a proxy": (lambda _: weakref.proxy(KEPT[0]), False), "a partial call": (lambda s: functools.partial(print, password=s), True), "a pattern": (lambda s: re.compile(re.escape(s)), False), "an address": (lambda s: urllib.parse.urlparse(f"https://u:{s}@h.example/"), True), "a query": (lambda s: urllib.parse.parse_qs(f"password={s}&a=1"), True), "a query as pairs": (lambda s: urllib.parse.parse_qsl(f"password={s}&a=1"), True), "headers of a request": (lambda s: urllib.request.Request("https://h.example", headers={"X-Api-Key": s}).headers, True), "a tree": (lambda s: [e.text for e in _tree(s)], False), "views": (lambda s: {"password": s}.items(), True),
    "a chain": (lambda s: itertools.chain([s]), False), "a deque under a name": (lambda s: {"passwords": collections.deque([s])}, True), "a counter by name": (lambda s: collections.Counter({s: 2}), False), "lists as pairs": (lambda s: [["password", s]], True), "pairs in a tuple": (lambda s: ((b"x-api-key", s.encode()),), True), "three in a tuple": (lambda s: ("set", "password", s), False), "an option and its value": (lambda s: ["tool", "--password", s], True), "an option in a tuple": (lambda s: ("tool", "--api-key", s, "-v"), True), "an option joined": (lambda s: ["tool", f"--password={s}"], True), "a key that is a secret name with a tuple": (lambda s: {("db", "password"): s}, True), "an enumeration as a key": (lambda s: {Key.PASSWORD: s}, True), "a name with a value and a kind": (lambda s: {"type": "text", "name": "password", "value": s}, True), "a header as an object": (lambda s: {"headers": [{"key": "X-Api-Key", "value": s, "enabled": True}]}, True), "a field in capitals": (lambda s: {"Name": "DB_PASSWORD", "Value": s}, True), "a parameter": (lambda s: {"ParameterKey": "DbPassword", "ParameterValue": s}, True), "a variable": (lambda s: {"variable": "API_KEY", "val": s}, True),
    "text of JSON in a value": (lambda s: {"body": f'{{"password": "{s}"}}'}, True), "bytes of JSON in a value": (lambda s: {"body": f'{{"password": "{s}"}}'.encode()}, True), "arguments of a tool": (lambda s: {"tool_calls": [{"function": {"arguments": f'{{"api_key": "{s}"}}'}}]}, True), "a message of a model": (lambda s: [{"role": "user", "content": [{"type": "text", "text": f"password: {s}"}]}], True), "two names of one object": (_shared, False), "a text's subclass": (lambda s: {"k": Text(s)}, False), "an iterator of a mapping": (lambda s: {"a": {"b": {"c": {"password": {"d": [s]}}}}}, True), "bytes beyond a text": (lambda s: {"password": s.encode() + b"\xff"}, True),
}  # fmt: skip
"""Name -> how it is made of a value, and whether only its name tells that it is one (else it is registered)."""


class Key(enum.Enum):
    PASSWORD = "password"


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "harmless"

    def __repr__(self) -> str:
        return "Text(" + str.__str__(self) + ")"


def _shown(value: object) -> str:
    safe = redact(value)
    return repr(safe) + str(safe)


def _out(make: Callable[[str], object], value: str) -> Attack:
    def tried(_: object) -> bool:
        shown = _shown(make(value))
        return value in shown or "77410" in shown

    return tried  # type: ignore[return-value]


NEEDS = {"an error of pydantic": "pydantic", "a model of pydantic": "pydantic", "numpy": "numpy"}


def attacks() -> dict[str, Attack]:
    """Each object with its value; those of libraries that are absent are left out."""
    remember(LONG, "again")
    here = {name: made for name, made in MADE.items() if name not in NEEDS or importlib.util.find_spec(NEEDS[name])}
    return {f"again, object: {name}": _out(make, SHORT if by_name else LONG) for name, (make, by_name) in here.items()}


PLAIN: dict[str, tuple[object, object]] = {
    "a named tuple": (collections.namedtuple("P", "x y")(1, "blue2"), (1, "blue2")), "options": (["tool", "--colour", "blue2"], ["tool", "--colour", "blue2"]), "an option without a value": (["tool", "--password"], ["tool", "--password"]), "a query": (urllib.parse.parse_qs("colour=blue2"), {"colour": ["blue2"]}), "lists as pairs": ([["colour", "blue2"]], [["colour", "blue2"]]), "a name and a value": ({"type": "text", "name": "colour", "value": "blue2"}, {"type": "text", "name": "colour", "value": "blue2"}), "a parameter": ({"ParameterKey": "Colour", "ParameterValue": "blue2"}, {"ParameterKey": "Colour", "ParameterValue": "blue2"}),
    "counts of tokens": ({"max_tokens": 4096, "tokens": [1, 2], "token_count": 7}, {"max_tokens": 4096, "tokens": [1, 2], "token_count": 7}), "words beside each other": (["password", "username", "email"], ["password", "username", "email"]), "a message": ([{"role": "user", "content": "reset my password"}], [{"role": "user", "content": "reset my password"}]), "names of keys": ({"keys": ["a2", "b2"], "sort_key": "c2"}, {"keys": ["a2", "b2"], "sort_key": "c2"}), "a schema": ({"properties": {"user": {"type": "string"}}}, {"properties": {"user": {"type": "string"}}}), "a flag": ({"password": None, "has_password": True}, {"password": None, "has_password": True}),
}  # fmt: skip


def twins() -> dict[str, Attack]:
    """What must stay as it is."""
    return {f"again, object: {name}": (lambda _, value=value, same=same: redact(value) == same) for name, (value, same) in PLAIN.items()}  # type: ignore[misc]
