"""What a manifest's wish admits, as intervals: PyPI's specifiers, npm's and Cargo's ranges, Go's minimum.

A wish that cannot be read is None: what it admits is then not known, and nothing is decided from it. Exclusions (`!=`) are holes: what they leave lies to both sides of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from troth.engines.advisories.intervals import End, Interval, all_but, end, overlap
from troth.engines.advisories.orders import UnorderableError

__all__ = ["admits", "intervals_of"]

Intervals = tuple[Interval, ...]

_PART: Final = re.compile(r"(<=|>=|<|>|=|\^|~>|~)?\s*v?([0-9xX*][^\s,|]*)")
_HYPHEN: Final = re.compile(r"\s*v?(\d\S*)\s+-\s+v?(\d\S*)\s*\Z")
_ANY: Final = frozenset(("", "*", "x", "X", "latest"))
_LONGEST: Final = 2_000
_MOST_HOLES: Final = 64
"""Exclusions of one wish that are weighed; more are as if they were none, which finds too much rather than too little."""


def intervals_of(ecosystem: str, wish: str) -> Intervals | None:
    """Intervals that a wish admits; None where it cannot be read."""
    reader = _READERS.get(ecosystem)
    if reader is None or len(wish) > _LONGEST:
        return None
    try:
        return reader(wish.strip())
    except (UnorderableError, ValueError):
        return None


def admits(ecosystem: str, wish: str, version: str) -> bool:
    """Whether PyPI's specifiers, exclusions included, take a listed version; other ecosystems answer by their intervals alone."""
    if ecosystem != "pypi":
        return True
    try:
        return SpecifierSet(wish).contains(version, prereleases=True)
    except ValueError:
        return False


def _pypi(wish: str) -> Intervals | None:
    try:
        parts = SpecifierSet(wish)
    except InvalidSpecifier:
        return None
    found: Interval | None = Interval()
    holes = [_pypi_part("==", part.version) for part in parts if part.operator == "!="]
    for part in parts:
        if part.operator == "!=":
            continue
        step = _pypi_part(part.operator, part.version)
        found = None if found is None else overlap(found, step)
    if found is None or len(holes) > _MOST_HOLES:
        return () if found is None else (found,)
    return tuple(left for side in all_but(holes) if (left := overlap(found, side)) is not None)


def _pypi_part(operator: str, version: str) -> Interval:
    if operator in ("==", "===") and version.endswith(".*"):
        stem = version[:-2]
        return Interval(_end("pypi", f"{stem}.dev0", True), _end("pypi", f"{_next(stem)}.dev0", False))
    if operator == "~=":
        release = re.match(r"(?:\d+!)?\d+(?:\.\d+)*", version)
        numbers = release.group(0).split(".") if release else []
        if len(numbers) < 2:
            raise ValueError("~= needs two numbers")
        above = _next(".".join(numbers[:-1]))
        return Interval(_end("pypi", version, True), _end("pypi", f"{above}.dev0", False))
    at = _end("pypi", version, operator not in ("<", ">"))
    if operator in ("==", "==="):
        return Interval(at, at)
    return Interval(None, at) if operator.startswith("<") else Interval(at, None)


def _next(stem: str) -> str:
    """`1.2` -> `1.3`."""
    head, dot, last = stem.rpartition(".")
    return f"{head}{dot}{int(last.rpartition('!')[2]) + 1}"


def _npm(wish: str) -> Intervals | None:
    found: list[Interval] = []
    for choice in wish.split("||"):
        hyphen = _HYPHEN.match(choice)
        if choice.strip() in _ANY:
            found.append(Interval())
        elif hyphen:
            high = _family(hyphen.group(2))
            low = _end("npm", _filled(hyphen.group(1)), True)
            found.append(Interval(low, high.high if high is not None else _end("npm", hyphen.group(2), True)))
        else:
            one = _all_of("npm", choice, "=")
            if one is None:
                return None
            found += [] if one.empty else [one]
    return tuple(found)


def _cargo(wish: str) -> Intervals | None:
    if wish in _ANY:
        return (Interval(),)
    one = _all_of("cargo", wish, "^")
    return None if one is None else () if one.empty else (one,)


def _go(wish: str) -> Intervals | None:
    # Go's minimal version selection takes the named version or what another module asks for above it
    return (Interval(_end("golang", wish, True), None),)


def _all_of(ecosystem: str, text: str, plain: str) -> Interval | None:
    """All comparators of a text together; None where something else stands in it."""
    if _PART.sub("", text).strip(" ,"):
        return None
    found = Interval()
    for match in _PART.finditer(text):
        step = _comparator(ecosystem, match.group(1) or plain, match.group(2))
        both = overlap(found, step)
        if both is None:
            nothing = End("0", _end(ecosystem, "0", True).key, False)
            return Interval(nothing, nothing)
        found = both
    return found


def _comparator(ecosystem: str, operator: str, version: str) -> Interval:
    if version in _ANY:
        return Interval()
    family = _family(version) if operator in ("=", "^", "~", "~>") else None
    if operator in ("=",):
        at = _end(ecosystem, version, True)
        return family or Interval(at, at)
    low = _end(ecosystem, _filled(version), True)
    if operator in ("^", "~", "~>"):
        return Interval(low, _end(ecosystem, f"{_ceiling(version, caret=operator == '^')}-0", False))
    at = End(version, low.key, operator.endswith("="))
    return Interval(None, at) if operator.startswith("<") else Interval(at, None)


def _numbers(version: str) -> list[int]:
    """The numbers that a version names; `x`, `*` and what follows are not named."""
    found: list[int] = []
    for part in re.split(r"[-+]", version)[0].split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return found


def _filled(version: str) -> str:
    numbers = _numbers(version)
    if len(numbers) >= 3 or not numbers:
        return version if numbers else "0.0.0"
    return ".".join(str(number) for number in [*numbers, 0, 0][:3])


def _family(version: str) -> Interval | None:
    """`1.2` or `1.x` as what it stands for; None for a whole version."""
    numbers = _numbers(version)
    if len(numbers) >= 3:
        return None
    if not numbers:
        raise ValueError("it names no number")
    above = [*numbers[:-1], numbers[-1] + 1]
    return Interval(_end("npm", _filled(version), True), _end("npm", ".".join(map(str, above)) + "-0", False))


def _ceiling(version: str, *, caret: bool) -> str:
    """First version that `^` or `~` leaves out: `^1.2.3` 2, `^0.2.3` 0.3, `^0.0.3` 0.0.4; `~1.2.3` 1.3, `~1` 2."""
    numbers = _numbers(version) or [0]
    at = min(1, len(numbers) - 1)
    if caret:
        at = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:at], numbers[at] + 1])


def _end(ecosystem: str, version: str, inside: bool) -> End:
    return end(ecosystem, version, inside=inside)


_READERS: Final[Mapping[str, Callable[[str], Intervals | None]]] = {
    "pypi": _pypi,
    "npm": _npm,
    "cargo": _cargo,
    "golang": _go,
}
