"""A desk's policy as plain data: what is stored with the digest when a case is received, so that the promise the reporter read binds the case for good.

Rules: `from_json(to_json(policy)) == policy`; a record that is not one raises `DeskError` and gives nothing. Reading a policy's text again, with a later
version of Troth, may find more in it; a case keeps what was found when it began.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from troth.desk import promises as told
from troth.desk.spans import BusinessSpan, CalendarSpan, Elapsed, Span, parse
from troth.errors import DeskError
from troth.terms.place import Place

__all__ = ["Json", "from_json", "to_json"]

Json = str | bool | int | float | None | list["Json"] | dict[str, "Json"]
VERSION: Final = 1
Made = TypeVar("Made")


def to_json(policy: told.DeskPolicy) -> dict[str, Json]:
    """Plain data, ready for `json.dumps`."""
    plain = _plain(policy)
    return {"version": VERSION, **(plain if isinstance(plain, dict) else {})}


def _plain(value: object) -> Json:
    if isinstance(value, (Elapsed, CalendarSpan, BusinessSpan)):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = ("path", "line") if isinstance(value, Place) else tuple(one.name for one in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, frozenset):
        return [str(one) for one in sorted(value, key=str)]
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, bool, int, float)) else None


class _Reader:
    """One object of a record, read through typed doors."""

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise DeskError("a record of a policy holds something that is no object")
        self.raw = raw

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        return value if isinstance(value, str) else self._refuse(name, "text")

    def flag(self, name: str) -> bool:
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        raise DeskError(f"{name!r} in the record of a policy is not true or false")

    def number(self, name: str) -> int:
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise DeskError(f"{name!r} in the record of a policy is no whole number")

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.raw.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise DeskError(f"{name!r} in the record of a policy is no list of texts")

    def span(self, name: str) -> Span:
        found = parse(self.text(name))
        if found is None:
            raise DeskError(f"{name!r} in the record of a policy is no stretch of time")
        return found

    def place(self) -> Place:
        inner = _Reader(self.raw.get("place"))
        return Place(inner.text("path"), inner.number("line"))

    def maybe_place(self) -> Place | None:
        return None if self.raw.get("place") is None else self.place()

    def each(self, name: str, make: Callable[[_Reader], Made]) -> tuple[Made, ...]:
        value = self.raw.get(name)
        if not isinstance(value, list):
            raise DeskError(f"{name!r} in the record of a policy is no list")
        return tuple(make(_Reader(one)) for one in value)

    def _refuse(self, name: str, wanted: str) -> str:
        raise DeskError(f"{name!r} in the record of a policy is no {wanted}")


def _limit(raw: object) -> told.Limit | None:
    if raw is None:
        return None
    reader = _Reader(raw)
    force = reader.text("force")
    if force not in ("limit", "aim"):
        raise DeskError(f"{force[:20]!r} is neither a limit nor an aim")
    return told.Limit(reader.span("span"), told.Force(force), reader.place(), reader.text("words"))


def _fix(raw: object) -> told.Fix:
    reader = _Reader(raw)
    return told.Fix(_limit(reader.raw.get("target")), _limit(reader.raw.get("limit")))


def _window(raw: object) -> told.Window | None:
    if raw is None:
        return None
    reader = _Reader(raw)
    return told.Window(reader.span("after"), reader.span("until"), reader.place(), reader.text("words"))


def from_json(raw: Mapping[str, object]) -> told.DeskPolicy:
    """The policy that `to_json` wrote.

    Raises:
        DeskError: the record is none, or of another version.
    """
    reader = _Reader(raw)
    if raw.get("version") != VERSION:
        raise DeskError(f"a record of a policy of version {str(raw.get('version'))[:20]} cannot be read; this Troth writes {VERSION}")
    credit, pauses, fix = _Reader(raw.get("credit")), _Reader(raw.get("pauses")), _Reader(raw.get("fix"))
    limits = {name: _limit(raw.get(name)) for name in ("acknowledge", "assess", "plan", "update", "not_before_release", "not_before", "embargo")}
    return told.DeskPolicy(
        digest=reader.text("digest"),
        path=reader.text("path"),
        fix=MappingProxyType({str(name): _fix(one) for name, one in fix.raw.items()}),
        develop=_window(raw.get("develop")),
        coordinated=reader.flag("coordinated"),
        credit=told.Credit(credit.flag("promised"), credit.flag("opt_out"), credit.maybe_place()),
        fields=reader.each("fields", lambda one: told.ReportField(one.text("name"), one.flag("optional"), one.place())),
        subject=reader.text("subject"),
        channels=reader.each("channels", lambda one: told.Channel(one.text("kind"), one.text("address"), one.text("doubt"), one.place())),
        lines=reader.each("lines", lambda one: told.SupportedLine(one.text("range"), one.flag("supported"), one.place())),
        scope=reader.each("scope", lambda one: told.ScopeRule(one.text("direction"), one.text("item"), one.texts("weaknesses"), one.place())),
        all_lines=reader.flag("all_lines"),
        variants=reader.flag("variants"),
        advisories=reader.texts("advisories"),
        steps=reader.texts("steps"),
        pauses=told.Pauses(frozenset(pauses.texts("clocks")), pauses.number("cap_days"), pauses.maybe_place()),
        needs=reader.each("needs", lambda one: told.Need(one.text("setting"), one.text("words"), one.place())),
        acknowledge=limits["acknowledge"],
        assess=limits["assess"],
        plan=limits["plan"],
        update=limits["update"],
        not_before_release=limits["not_before_release"],
        not_before=limits["not_before"],
        embargo=limits["embargo"],
    )
