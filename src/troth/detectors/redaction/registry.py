"""Values that a program knows to be secret (from its environment, its secrets file), whatever they look like, in every common encoding.

How: a value is known by its letters and digits alone, small, and so is each of its encodings; a text is read once for those (`views.bare`), and once more for each further reading that
it has (escapes undone, base 64 unpacked). A clean line costs two steps, however many values there are. Values whose letters alone could be words are looked for sign by sign.

Values shorter than six characters, and common words, are refused: replacing them would destroy logs and hide nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from troth.detectors.redaction.forms import Forms
from troth.detectors.redaction.keys import secret_key
from troth.detectors.redaction.views import bare, escaped, joined, lines_of, places_of, quoted, runs_around, unpacked
from troth.detectors.redaction.written import distinctive, encoded, skeletons, spelt

__all__ = ["Registry"]

SHORTEST = 6
MOST = 100_000
RARE = 20_000
"""Forms from which on a further value is looked for in its usual encodings only."""
_LONG = 300
"""Bytes of a value from which on the same is done."""
_KNOWN = 11
"""Letters and digits by which an encoded form is known; shorter ones are looked for as they are written."""
_SEARCHED = 4
"""Places of values in another reading that are searched for one by one; where there are more, everything from the first on goes."""
_BLOCK = 2_048
_LEAST_PACKED = 24
COMMON = frozenset(
    b"password,secret,changeme,default,development,production,localhost,example,username,enabled,disabled,undefined,anonymous,"
    b"123456,1234567,12345678,123456789".split(b",")
)
Found = tuple[int, int, str, bytes]


class Registry:
    """Known values. Adding and finding may happen in different threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[str, bytes]] = {}
        self._exact: dict[bytes, set[bytes]] = {}
        """Letters and digits that could be words -> the signs in which alone they count."""
        self._letters = Forms()
        self._signs: list[bytes] = []
        """Values with hardly a letter or digit."""
        self.values: list[bytes] = []
        self.longest = 0

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: str | bytes, name: str = "known-value") -> bool:
        """Register a value.

        Args:
            value: the secret; where it has several lines, its long lines are known by themselves, too.
            name: shown in markers; must not be secret itself.

        Returns:
            False where the value is too short or too common to be replaced safely.
        """
        raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        raw = raw.strip()
        if len(raw) < SHORTEST or raw.lower() in COMMON or len(set(raw)) < 3 or len(self._known) >= MOST:
            return False
        with self._lock:
            if raw in self.values:
                return True
            self._learn(raw, name)
            self.values.append(raw)
            self.longest = max(self.longest, min(10 * len(raw), max(2_000, 3 * len(raw))))
        return True

    def _learn(self, raw: bytes, name: str) -> None:
        for letters in skeletons(raw):
            self._keep(letters, name, raw)
        if not distinctive(bare(raw)):
            for form in spelt(raw):
                self._keep_exact(form, name, raw)
        for form in encoded(raw, usual=len(self._known) > RARE or len(raw) > _LONG):
            if len(letters := bare(form)) >= _KNOWN:
                self._keep(letters, name, raw)
            elif len(form) >= 8 and form.isalnum():
                self._keep_exact(form, name, raw)
        for line in lines_of(raw):
            if distinctive(letters := bare(line)):
                self._keep(letters, name, raw)

    def _keep(self, letters: bytes, name: str, raw: bytes) -> None:
        if letters not in self._known:
            self._known[letters] = (name, raw)
            self._letters.add(letters)

    def _keep_exact(self, form: bytes, name: str, raw: bytes) -> None:
        if form in self._known:
            return
        letters = bare(form)
        self._known[form] = (name, raw)
        if len(letters) < SHORTEST:
            self._signs.append(form)
            return
        if letters not in self._exact:
            self._exact[letters] = set()
            self._letters.add(letters)
        self._exact[letters].add(form)

    def add_mapping(self, values: Mapping[str, str], names: Iterable[str] = ()) -> int:
        """Register the values of a mapping (such as the environment) whose names say that they are secret, and those named.

        Returns:
            How many were registered.
        """
        wanted = frozenset(names)
        return sum(
            self.add(value, f"known-{name[:40]}")
            for name, value in values.items()
            if name in wanted or secret_key(name)
        )

    def find(self, data: bytes) -> list[Found]:
        """Places of known values: start, end, name for the marker, the value."""
        if not self.longest:
            return []
        found = self.standing(data)
        if (b"\\" in data or b"%" in data or b"&" in data) and (read := escaped(data)) is not data:
            found += self._searched(data, escaped, found, read)
        if b"=" in data and (read := quoted(data)) is not data:
            found += self._searched(data, quoted, found, read)
        if len(data) > _LEAST_PACKED and (read := unpacked(data)) is not data:
            found += self._searched(data, unpacked, found, read)
        return found

    def standing(self, data: bytes) -> list[Found]:
        """Values that stand there, with whatever signs between their letters: `find` without other readings."""
        found: list[Found] = []
        if hits := self._letters.find(bare(data)):
            known = [hit for hit in hits if hit[1] not in self._exact]
            found += self._placed(data, known) if known else []
            for letters in {form for _, form in hits if form in self._exact}:
                found += [span for form in self._exact[letters] for span in self._each(form, data)] or self._searched(data, joined, found, joined(data))
        for form in self._signs:
            if form in data:
                found += self._each(form, data)
        return found

    def _each(self, form: bytes, data: bytes) -> Iterator[Found]:
        at = data.find(form)
        while at >= 0:
            yield (at, at + len(form), *self._known[form])
            at = data.find(form, at + len(form))

    def _shows(self, data: bytes) -> bytes:
        """A form that stands in a text, or nothing."""
        for _, form in self._letters.find(bare(data)):
            if form not in self._exact:
                return form
            if exact := next((exact for exact in self._exact[form] if exact in data), b""):
                return exact
        return next((form for form in self._signs if form in data), b"")

    def _placed(self, data: bytes, hits: list[tuple[int, bytes]]) -> list[Found]:
        """Where letters and digits stand that were found, with the signs that the value has around them."""
        places, found = places_of(data), []
        for at, form in _outermost(hits):
            name, raw = self._known[form]
            start, end = places[at], places[at + len(form) - 1] + 1
            own = places_of(raw)
            if own:
                before, after = raw[: own[0]], raw[own[-1] + 1 :]
                start -= len(before) if before and data.endswith(before, 0, start) else 0
                end += len(after) if after and data.startswith(after, end) else 0
            found.append((start, end, name, raw))
        return found

    def _searched(self, data: bytes, reading: Callable[[bytes], bytes], found: list[Found], read: bytes) -> list[Found]:
        """The shortest pieces of the text that show a value in a reading, which does not tell where it found what."""
        if not self._shows(read):
            return []
        rest = bytearray(data)
        for start, end, _, _ in found:
            rest[start:end] = b"\n" * (end - start)
        left, at = bytes(rest), 0
        more: list[Found] = []
        if not self._shows(reading(left)):
            return []  # it is the same that stands there as it is
        size = max(_BLOCK, 4 * self.longest)
        while at < len(left):
            piece = left[at : at + size]
            if not self._shows(reading(piece)):
                at += size // 2
                continue
            end = _least(len(piece), lambda count: bool(self._shows(reading(piece[:count]))))  # noqa: B023 - called at once
            start = end - _least(end, lambda count: bool(self._shows(reading(piece[end - count : end]))))  # noqa: B023
            name, raw = self._known[self._shows(reading(piece[start:end])) or self._shows(reading(piece))]
            first, last = runs_around(left, at + start, at + end)
            more.append((first, last if len(more) < _SEARCHED else len(data), name, raw))
            if len(more) > _SEARCHED:
                break
            at = max(last, at + 1)
        return more or [(0, len(data), "known value", b"")]  # it shows, and no piece of the text shows it: nothing is let out


def _outermost(hits: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Of forms that overlap the first, and the longest of those."""
    kept, last = [], -1
    for at, form in sorted(hits, key=lambda hit: (hit[0], -len(hit[1]))):
        if at + len(form) > last:
            last = at + len(form)
            kept.append((at, form))
    return kept


def _least(most: int, enough: Callable[[int], bool]) -> int:
    """The least count that is enough, where `most` is."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high
