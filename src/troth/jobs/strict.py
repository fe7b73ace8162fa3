"""JSON read so that two readers cannot read two things: what requests, permits, rosters and bundles are parsed with.

Refused: more bytes than the cap (before anything is looked at), a byte order mark, anything but UTF-8, a key twice, NaN and infinities, fractions and exponents,
`-0`, integers that a double cannot hold, lone surrogates, NUL, text after the document, nesting beyond the cap. Numbers are integers: a fraction belongs in a string.

It knows nothing about what the fields mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NoReturn

from troth.errors import JobError

__all__ = ["MAX_INTEGER", "Json", "encode", "parse"]

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
"""What strict JSON can hold; no fractions."""

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader reads exactly (RFC 8259, section 6)."""


class _RefusedError(ValueError):
    """Carries the reason out of the parser's hooks."""


def parse(content: bytes, *, limit: int, depth: int, error: type[JobError], what: str) -> dict[str, Json]:
    """The object that `content` is.

    Args:
        content: the bytes.
        limit: most bytes that are looked at.
        depth: most levels of objects and lists.
        error: what to raise.
        what: what an error calls it.

    Raises:
        JobError: of the kind `error`, with the reason: `size`, `encoding`, `not-json`, `duplicate-key`, `number`, `text`, `depth` or `not-an-object`.
    """
    if len(content) > limit:
        raise error("size", f"The {what} has more than {limit} bytes.")
    if content.startswith(b"\xef\xbb\xbf"):
        raise error("encoding", f"The {what} begins with a byte order mark.")
    try:
        text = content.decode("utf-8")
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_float=_fraction, parse_int=_integer
        )
    except UnicodeDecodeError as failure:
        raise error("encoding", f"The {what} is not UTF-8.") from failure
    except _RefusedError as failure:
        reason = str(failure)
        raise error(reason, f"The {what} holds {_SAYS[reason]}.") from failure
    except RecursionError as failure:
        raise error("depth", f"The {what} is nested too deeply.") from failure
    except ValueError as failure:
        raise error("not-json", f"The {what} is not one JSON document.") from failure
    if not isinstance(found, dict):
        raise error("not-an-object", f"The {what} is not a JSON object.")
    _bounded(found, depth, error, what)
    return found


def encode(value: Json) -> bytes:
    """The one form in which Troth itself writes strict JSON: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


_SAYS: Final[Mapping[str, str]] = {
    "duplicate-key": "an object that names a key twice",
    "number": "a number that is not a plain integer",
    "text": "text that cannot be kept: a lone surrogate or NUL",
}


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("duplicate-key")
    return found


def _constant(_: str) -> NoReturn:
    raise _RefusedError("number")


def _fraction(_: str) -> NoReturn:
    raise _RefusedError("number")


def _integer(digits: str) -> int:
    if len(digits) > 17 or digits == "-0":
        raise _RefusedError("number")
    value = int(digits)
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _RefusedError("number")
    return value


def _bounded(found: Json, depth: int, error: type[JobError], what: str) -> None:
    """Hold the nesting and every text; a loop, not a recursion, because the input chooses the depth."""
    level: list[Json] = [found]
    for left in range(depth, -1, -1):
        below: list[Json] = []
        for value in level:
            if isinstance(value, str):
                _text(value, error, what)
            elif isinstance(value, (list, dict)) and not left:
                raise error("depth", f"The {what} is nested too deeply.")
            else:
                below += _inside(value)
        level = below


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _text(text: str, error: type[JobError], what: str) -> None:
    if "\x00" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        raise error("text", f"The {what} holds {_SAYS['text']}.")
