"""Limits that a sentence gives in numbers ("command timeouts (60s default)"), held against the numbers of the code.

A number counts where the code gives it to a name that speaks of the same kind of limit, near words of the sentence, and uses that name, or the number itself,
where it holds something back: as the timeout of a call, in a comparison, as the length of what is read or cut. Does not run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from troth.judgement.guards import sources
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["stated_limits"]

_UNITS: Final = {
    "ms": 0.001, "millisecond": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0,
}  # fmt: skip
_BYTES: Final = {"byte": 1, "kb": 1000, "kib": 1024, "mb": 1000**2, "mib": 1024**2, "gb": 1000**3, "gib": 1024**3, "character": 1, "char": 1}
_TIME: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d+(?:\.\d+)?))?[\s-]?(ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hours?)\b", re.IGNORECASE)
_SIZE: Final = re.compile(r"(?<![\w.])(\d[\d,]*)[\s-]?(KiB|KB|MiB|MB|GiB|GB|bytes?|characters?|chars?)\b", re.IGNORECASE)
_NUMBER: Final = r"(?:\d[\d_]*(?:\.\d+)?(?:\s*\*\s*(?:time\.)?[A-Za-z\d_]+)*|time\.[A-Z][a-z]+(?:\s*\*\s*\d+)?|1\s*<<\s*\d+|(?:Duration::|core::time::Duration::)?from_(?:secs|millis)\(\s*\d+\s*\))"
_GIVEN: Final = r"(?P<name>[A-Za-z_][\w]*)[\"'`]?\??\s*(?::\s*[\w<>\[\]|., ]{1,40}?)?\s*(?::=|=|:|,\s*(?:default\s*=\s*)?|\?\?|\|\|)\s*(?:(?:pydantic\.)?Field\(\s*(?:default\s*=\s*)?|z\.number\(\)[\w.()]*?\.default\(\s*)?(?P<value>" + _NUMBER + r")(?![\w.])"
_NAMES: Final = {
    "timeouts": re.compile(r"time_?out|deadline", re.IGNORECASE),
    "limits": re.compile(r"max|limit|cap(?:acity)?(?![a-z])|truncat", re.IGNORECASE),
}
_LINE: Final = re.compile(_GIVEN)
_HOLDS: Final = {"timeouts": (b"imeout", b"IMEOUT", b"eadline"), "limits": (b"ax", b"AX", b"imit", b"IMIT", b"runcat")}
_USES: Final = {
    "timeouts": r"(?:time_?out\w*[\"']?\s*[=:(]\s*(?:[\w.]+\s*(?:or|\?\?|\|\||if)\s*)?[\w.]*\b{name}\b|(?:wait_for|WithTimeout|setTimeout|timeout|communicate|withTimeout|AfterFunc|After|race)\([^\n]*\b{name}\b|[<>]=?\s*[\w.]*\b{name}\b)",
    "limits": r"(?:[<>]=?\s*[\w.]*\b{name}\b|\b{name}\b\s*[<>]|\[\s*\w*\s*:\s*[\w.]*\b{name}\b|(?:slice|substring|substr|read|LimitReader|MaxBytesReader|truncate|take|min|Min|truncated?\w*)\([^\n]*\b{name}\b)",
}
_DIRECT: Final = {
    "timeouts": re.compile(r"\w\([^#\n]*\btime_?out\w*\s*[=:]\s*\d|\.timeout\(|AbortSignal\.timeout|setTimeout\(|WithTimeout\(|wait_for\(|Client\(", re.IGNORECASE),
    "limits": re.compile(r"[<>]=?\s*\d|\[\s*:\s*\d|(?:slice|substring|LimitReader|MaxBytesReader|truncate|read)\([^)]*\d|\blimit:\s*['\"]\d", re.IGNORECASE),
}
_DIGIT: Final = re.compile(r"\d")
_WORD: Final = re.compile(r"[a-z]{4,}")
_COMMON: Final = frozenset(
    ["timeout", "timeouts", "limit", "limits", "limited", "limiting", "default", "defaults", "second", "seconds", "minute", "minutes", "maximum", "enforced", "enforce", "configured", "configurable", "protection", "prevent", "prevents", "size", "sizes", "length", "byte", "bytes", "character", "characters", "operation", "operations", "with", "that", "this", "from", "into", "each", "have", "has", "been", "runs", "under", "over", "after", "than", "most", "security", "resource", "resources", "exhaustion", "attacks", "abuse", "bounded", "bound", "time", "long", "running", "hanging", "value", "values", "set", "sets", "using", "used", "capped"]
)
_EXTENSIONS: Final = (".py", ".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".rs", ".go")
_SCRIPTS: Final = re.compile(r"(?:scripts?|ci|\.github|hack)/")
"""What helps to build the project; no limit of the program."""
_BEFORE: Final = {
    "timeouts": re.compile(r"((?:[\w-]+\s+){1,2})time-?\s?outs?\b", re.IGNORECASE),
    "limits": re.compile(r"((?:[\w-]+\s+){1,2})(?:size\s+)?(?:limits?|truncat\w*|maximum)\b", re.IGNORECASE),
}
"""What stands before the word is what the limit is of."""
_AROUND: Final = 12
_MOST: Final = 4
_MOST_LOOKED: Final = 24


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a name gets its number: the file, its lines, the line's number."""

    path: str
    lines: list[str]
    number: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A number of the sentence: from, to, in seconds or bytes; sizes may be meant in powers of two."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low * 0.999 <= value <= self.high * 1.001


def stated_limits(text: str, kind: str, tree: Tree) -> tuple[Evidence, ...]:
    """Places where the code gives a limit the number that the sentence gives it, and holds something back by it; empty where there are none.

    Args:
        text: the sentence.
        kind: `timeouts` or `limits`.
        tree: the judged tree.
    """
    wanted = list(_numbers(text, kind))
    topics = {re.sub(r"ies\Z", "y", word)[:4] for word in _WORD.findall(re.sub(r"[_-]", " ", text.lower())) if word not in _COMMON}
    if not wanted or not topics:
        return ()
    before = _BEFORE[kind].search(text)
    own = {word[:4].lower() for word in _WORD.findall(before.group(1).lower()) if word not in _COMMON} if before else set()
    fewest = min(len(topics), 2) if kind == "limits" else 1  # a number of bytes is common to many things
    found: list[tuple[int, Evidence]] = []
    for path in sources(tree, *_EXTENSIONS):
        data = b"" if _SCRIPTS.match(path) else tree.reader(path) or b""
        if not any(word in data for word in _HOLDS[kind]):
            continue
        lines = (tree.text(path) or "").split("\n")
        for number, name in _given(lines, path, kind, wanted):
            around = _AROUND if fewest == 1 and kind == "timeouts" else _AROUND // 3
            near = " ".join((path, *lines[max(number - 1 - around, 0) : number + around])).lower()
            hits = sum(topic in near for topic in topics)
            if hits >= fewest and (not own or any(word in near for word in own)) and _used(_Spot(path, lines, number), name, kind, tree):
                found.append((hits, tree.evidence(path, number, "The number of the sentence, and what it holds back goes by it.")))
                break
        if len(found) >= _MOST_LOOKED:
            break
    return tuple(piece for _, piece in sorted(found, key=lambda item: -item[0])[:_MOST])


def _numbers(text: str, kind: str) -> Iterator[_Wanted]:
    if kind == "timeouts":
        for low, high, unit in _TIME.findall(text):
            factor = _UNITS[unit.lower() if unit.lower() in _UNITS else unit.lower().rstrip("s")]
            yield _Wanted(float(low) * factor, float(high or low) * factor)
        return
    for amount, unit in _SIZE.findall(text):
        base = unit.lower().rstrip("s") if unit.lower() not in _BYTES else unit.lower()
        factor = _BYTES[base]
        count = float(amount.replace(",", ""))
        yield _Wanted(count * factor, count * factor)
        if base in ("kb", "mb", "gb"):
            yield _Wanted(count * _BYTES[base[0] + "ib"], count * _BYTES[base[0] + "ib"])


def _given(lines: list[str], path: str, kind: str, wanted: list[_Wanted]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if len(line) > 400 or not _NAMES[kind].search(line) or not _DIGIT.search(line) or line.lstrip().startswith(("#", "//", "*", "/*", '"""')):
            continue
        for match in _LINE.finditer(line):
            name = match.group("name")
            value = _value(match.group("value"), name, path, kind) if _NAMES[kind].search(name) else None
            if value is not None and any(one.holds(value) for one in wanted):
                yield number, name


def _value(text: str, name: str, path: str, kind: str) -> float | None:
    """What a number of code means, in seconds or bytes; None where its unit cannot be told."""
    shift = re.fullmatch(r"1\s*<<\s*(\d+)", text)
    if shift:
        return float(1 << int(shift.group(1))) if int(shift.group(1)) < 64 else None
    unit = re.search(r"time\.(Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)|from_(secs|millis)", text)
    product = 1.0
    for part in re.findall(r"(?<![\w.])\d[\d_]*(?:\.\d+)?", text):
        product *= float(part.replace("_", ""))
    if kind == "limits":
        return None if unit or re.search(r"[A-Za-z]", text) else product
    if unit:
        return product * {"Nanosecond": 1e-9, "Microsecond": 1e-6, "Millisecond": 0.001, "Second": 1, "Minute": 60, "Hour": 3600, "secs": 1, "millis": 0.001}[unit.group(1) or unit.group(2)]
    if re.search(r"[A-Za-z]", text) or path.endswith((".go", ".rs")):
        return None
    if re.search(r"ms\Z|_ms|millis|Ms\b|MS\Z", name):
        return product / 1000
    if path.endswith(".py") or re.search(r"sec", name, re.IGNORECASE):
        return product
    return product / 1000


def _used(spot: _Spot, name: str, kind: str, tree: Tree) -> bool:
    """Whether something goes by the name, in its own file or, for a name of several words, anywhere; or by the number where it stands."""
    if _DIRECT[kind].search(spot.lines[spot.number - 1]):
        return True
    if _goes_by(name, spot, kind, tree):
        return True
    handed = re.compile(rf"\b(\w*(?:{_NAMES[kind].pattern})\w*)[\"']?\s*(?::=|=|:)[^#\n]*(?<![\w.])(?:\w+\.)?{re.escape(name)}\b", re.IGNORECASE)
    onward = {match.group(1) for at, line in enumerate(spot.lines, start=1) if at != spot.number and (match := handed.search(line))} - {name}
    return any(_goes_by(other, spot, kind, tree) for other in sorted(onward)[:4])


def _goes_by(name: str, spot: _Spot, kind: str, tree: Tree) -> bool:
    """Whether a name stands where something is held back: in its own file, or for a name of several words in any."""
    use = re.compile(_USES[kind].replace("{name}", re.escape(name)))
    if any(use.search(line) for at, line in enumerate(spot.lines, start=1) if at != spot.number and not line.lstrip().startswith(("#", "//", "*"))):
        return True
    if not re.search(r"_|[a-z][A-Z]", name):
        return False
    own = name.encode()
    for other in sources(tree, *_EXTENSIONS):
        if other != spot.path and own in (tree.reader(other) or b"") and any(use.search(line) for line in (tree.text(other) or "").split("\n")):
            return True
    return False
