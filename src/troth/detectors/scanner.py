"""Finds secrets in bytes: an engine proposes, this module decides. The same text gives the same matches with every engine.

Deciding means: the rule's full pattern with its boundaries, its entropy, its offline proof, placeholders, and one winner where several
rules claim the same bytes. Work is bounded: windows of one rule never overlap, and the patterns are linear by construction.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from troth.detectors import loading, proofs, shapes
from troth.detectors.encodings import Encoding, decoded, hints, joined, worth
from troth.detectors.matching import Candidates, CrowdedError, Engine, Hits, choose
from troth.detectors.rule import Match, Probe, Proof, Rule, Tier

__all__ = ["MARGIN", "Scanner", "default", "entropy", "placeholder"]

_PLACEHOLDER = rb"(?i)example|placeholder|your[_-]?(?:api|key|token|secret)|x{6,}|\*{3,}|\.{3}|changeme|redacted|1234567890?|abcdefgh|0{10,}|deadbeef|<|\$\{|\{\{"
"""Compiled by `re` when first asked for: a run that finds nothing needs none of it."""
MARGIN = 480
"""How far around a change a text has to be scanned (see `Scanner.scan_near`): nearly all rules reach less far, most in every encoding."""
HINT = 64
"""Longest hint at something encoded, in bytes."""
PLACES = 2_000
"""Encoded places that are followed up in one text, in a scan."""
PER_BYTE = 1 / 1_000
"""How much the next two limits grow with the text."""
RUNS = 60
"""Encoded runs that a redaction decodes in one text; what comes behind is replaced unread, since it may hide what the others do not."""
JOINTS = 16
"""Joints of string literals from which on a redaction joins all of them first."""
THOROUGH = 100
"""Matches of one text whose proofs and entropy are asked for in a redaction; beyond, the form alone is enough to be replaced."""
CLOSE = 64
"""Bytes between two of these that go with them."""
_UNREAD = Rule("encoded-text", "Encoded text that was not read", "", "", Tier.NEAR, "", "", ())
_CROWD = Rule("crowded-text", "Text of nothing but beginnings of secrets", "", "", Tier.NEAR, "", "", ())
OCCURRENCES, BYTES_EACH = 1_000, 50
"""Occurrences of beginnings of secrets that a redaction follows in one text, and one more for so many bytes; beyond, the whole text goes unread."""
_RANK = {Tier.PROVIDER: 0, Tier.NEAR: 1, Tier.CONTEXT: 2}


def entropy(value: bytes) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in map(value.count, set(value))) if total else 0.0


def placeholder(value: bytes) -> bool:
    """True for what people write where a secret would be: `xxxxxx`, `your-api-key`, `1234567890`, one character repeated."""
    return len(set(value)) < 5 or bool(re.search(_PLACEHOLDER, value))


class Scanner:
    """Finds secrets in bytes. Safe to share between threads."""

    def __init__(self, rules: tuple[Rule, ...], digest: str, engine: str = "") -> None:
        """Prepare an engine.

        Args:
            rules: the catalogue; rules for public values are left out.
            digest: of the catalogue.
            engine: `hyperscan`, `re2`, `re`, or empty for the quickest that is installed.
        """
        self.rules = tuple(rule for rule in rules if not rule.public)
        self.digest = digest
        self._encodings = tuple(Encoding)
        reach = [rule.reach for rule in self.rules] + [0] * len(self._encodings)
        self._reach = tuple(reach)
        self._engine: Engine = choose(reach, self._probes, digest, engine)
        self._patterns: dict[int, re.Pattern[bytes]] = {}
        self._far = frozenset(number for number, rule in enumerate(self.rules) if rule.reach > MARGIN)
        self._starts: dict[int, bytes] = {}

    def _probes(self) -> tuple[Probe, ...]:
        first = len(self.rules)
        found = [Probe(number, rule.shape, rule.literals) for number, rule in enumerate(self.rules)]
        for hint in hints(self.rules):
            number = first + self._encodings.index(hint.encoding)
            found.append(Probe(number, hint.shape, (hint.literal,) if hint.literal else ()))
        return tuple(found)

    @property
    def engine(self) -> str:
        """Name of the engine in use."""
        return self._engine.name

    def pattern(self, number: int) -> re.Pattern[bytes]:
        """The compiled full pattern of a rule; compiled when first needed, since a run needs few of them."""
        found = self._patterns.get(number)
        if found is None:
            found = self._patterns[number] = re.compile(self.rules[number].pattern.encode("latin-1"))
            starts = shapes.fixed(self.rules[number].pattern)
            if len(starts) == 1:
                self._starts[number] = starts[0].encode("latin-1")
        return found

    def scan(
        self, data: bytes, ranges: Iterable[tuple[int, int]] | None = None, *, everything: bool = False, depth: int = 2,
        bounded: float = 0.0,
    ) -> list[Match]:
        """Matches in a text, by position, none overlapping another.

        Args:
            data: the text.
            ranges: only propose inside of these ranges (matches may reach out of them); None = the whole text.
            everything: also what is disproved or a placeholder (for redaction, where missing is worse than too much).
            depth: how many encodings may lie over one another.
            bounded: for redaction, the share of the limits that this call may use up, 0 for none: beyond `THOROUGH` matches the form alone is enough, and beyond `RUNS` encoded runs a run is taken unread, so that no text
                costs more than its length; beyond `OCCURRENCES` the whole text is taken. Which ones these are depends on the engine, that they are taken does not.
        """
        if ranges is None:
            left = [int(bounded * (OCCURRENCES + len(data) / BYTES_EACH))] if bounded else None
            try:
                windows = self._engine.candidates(data, 0, len(data), left)
                if windows is None:
                    return []  # almost every text: nothing else may cost time before this
                found: list[Match] = []
                work = self._work(data, everything, bounded)
                work.left = left
                self._confirm(data, windows, depth, work, found)
            except CrowdedError:
                return [Match(_CROWD, 0, len(data), 0, len(data))]
            return _winners(found) if len(found) > 1 else found
        return self._scan(data, ranges, depth, self._work(data, everything, bounded))[0]

    @property
    def quiet(self) -> Callable[[bytes], bool]:
        """What tells, as quickly as can be, that `scan` finds nothing in a short text."""
        return self._engine.quiet

    def gate(self, anycase: Sequence[bytes], exact: Sequence[bytes]) -> Callable[[bytes], bool] | None:
        """What tells that `scan` finds nothing in a text, and that no further pattern is in it either; None for re2, where asking one by one is as cheap.

        Args:
            anycase: further patterns, lower case, compared without case.
            exact: further patterns, compared as they are.
        """
        if self._engine.name == "re":
            from troth.detectors.matching.sieve import sieve

            return sieve(self._probes(), self._reach, anycase, exact)
        if self._engine.name != "hyperscan":
            return None
        from troth.detectors.matching.gate import gate

        return gate(self._probes, self.digest, anycase, exact)

    def scan_near(self, data: bytes, ranges: Iterable[tuple[int, int]] | None = None) -> tuple[list[Match], bool]:
        """Matches, and whether a change anywhere could make a match of what was proposed here.

        A rule that reaches far (a key in its armour, a JWT), also in an encoding, can turn into a match by a change far from the place that
        the engine names. Where this answers False, a text that is made from `data` by changes has no match beyond `MARGIN` bytes from
        all of them, so that only these surroundings have to be scanned (tests/engines/secrets/test_windows.py).
        """
        return self._scan(data, ((0, len(data)),) if ranges is None else ranges, 2, self._work(data))

    def screen(self, parts: Sequence[bytes]) -> dict[int, Hits | None]:
        """Parts in which a closer look may find something, by number, with what `scan_screened` wants; in the others `scan` finds nothing."""
        return self._engine.proposed(parts)

    def screen_text(self, text: memoryview) -> Hits | None:
        """What may be of interest in many parts that stand in one text, with offsets counted in it; None where the engine wants the parts (`screen`)."""
        return self._engine.together(text)

    def scan_screened(self, data: bytes, hits: Hits) -> tuple[list[Match], bool]:
        """As `scan_near`, for a text whose parts went through `screen`: `hits` with offsets counted in `data`, ascending."""
        found: list[Match] = []
        windows = self._engine.windows(hits, len(data))
        far = self._confirm(data, windows, 2, self._work(data), found) or not self._far.isdisjoint(windows)
        return (_winners(found) if len(found) > 1 else found), far

    @staticmethod
    def _work(data: bytes, everything: bool = False, bounded: float = 0.0) -> _Work:
        work = _Work(everything, bounded > 0, PLACES, math.inf)
        if bounded:
            work.runs, work.thorough = (int(bounded * (most + len(data) * PER_BYTE)) for most in (RUNS, THOROUGH))
        return work

    def _scan(self, data: bytes, ranges: Iterable[tuple[int, int]], depth: int, work: _Work) -> tuple[list[Match], bool]:
        found: list[Match] = []
        far = False
        for low, high in ranges:
            windows = self._engine.candidates(data, low, high, work.left)
            if windows is not None:
                far = far or not self._far.isdisjoint(windows)
                far = self._confirm(data, windows, depth, work, found) or far
        return (_winners(found) if len(found) > 1 else found), far

    def _confirm(self, data: bytes, windows: Candidates, depth: int, work: _Work, found: list[Match]) -> bool:
        """Add what the full patterns match to `found`; True where something encoded goes on beyond the margin, or was not read."""
        first, far = len(self.rules), False
        for number, places in windows.items():
            if number >= first:
                if depth:
                    inner, inner_far = self._decode(self._encodings[number - first], data, places, depth, work)
                    found += inner
                    far = far or inner_far
                continue
            rule, pattern = self.rules[number], self.pattern(number)
            start = self._starts.get(number, b"")
            for low, high in places:
                hits = _from(pattern, start, data, low, high) if start else pattern.finditer(data, low, high)
                for hit in hits:
                    match = _judge(rule, data, hit, work)
                    if match is not None:
                        found.append(match)
                    if work.judged >= work.thorough:
                        found += _crowd(rule, hits)
        return far

    def _decode(
        self, encoding: Encoding, data: bytes, places: list[tuple[int, int]], depth: int, work: _Work
    ) -> tuple[list[Match], bool]:
        """Look into the encoded runs around some places. A run is decoded once, however many places point into it."""
        found: list[Match] = []
        done = -1
        kept = worth(encoding, data, places)
        far = len(kept) < len(places)
        if work.bounded and encoding is Encoding.JOINED and len(kept) > JOINTS:
            crowd = self._joined(data, kept, work)
            if crowd is not None:
                return crowd, True
        deeper = 0 if encoding is Encoding.JOINED else depth - 1
        for low, high in kept:
            if low < done:
                continue
            if work.runs <= 0:
                if work.bounded:
                    found += _unread(encoding, data, (low, high), kept[-1])
                return found, True
            for start, end, raw in decoded(encoding, data, low, max(high, low + 1)):
                done = max(done, end)
                work.runs -= 1
                matches, inner_far = self._scan(raw, ((0, len(raw)),), deeper, work)
                # a run that goes on beyond the margin may be mended, or cut short, where nobody looks
                far = far or inner_far or max(end - low, low - start) > MARGIN - HINT
                found += _outside(encoding, data, (start, end), raw, matches)
        return found, far

    def _joined(self, data: bytes, places: list[tuple[int, int]], work: _Work) -> list[Match] | None:
        """Join all literals at once and look: nothing, everything between them, or None where each is to be looked at."""
        text = joined(data, places[0][0], places[-1][1])
        if all(match.value(text) in data for match in self._scan(text, ((0, len(text)),), 0, work)[0]):
            return []
        return _unread(Encoding.JOINED, data, places[0], places[-1]) if len(places) > 4 * JOINTS else None


def _outside(encoding: Encoding, data: bytes, run: tuple[int, int], raw: bytes, matches: Iterable[Match]) -> list[Match]:
    """Matches of a decoded run as matches of the text that holds it; what stands there in the clear as well is none of them."""
    start, end = run
    found: list[Match] = []
    for inner in matches:
        value = inner.value(raw)
        if encoding is Encoding.JOINED and value in data[start:end]:
            continue
        how = (encoding.value, *inner.how)
        found.append(replace(inner, start=start, end=end, outer_start=start, outer_end=end, decoded=value, how=how))
    return found


def _unread(encoding: Encoding, data: bytes, low: tuple[int, int], last: tuple[int, int]) -> list[Match]:
    """Everything from the run around one place to the run around another, as one match: it goes out unread."""
    ends = [run for place in (low, last) for run in islice(decoded(encoding, data, place[0], max(place[1], place[0] + 1)), 1)]
    if not ends:
        return []
    start, end = min(run[0] for run in ends), max(run[1] for run in ends)
    return [Match(_UNREAD, start, end, start, end)]


def _crowd(rule: Rule, hits: Iterable[re.Match[bytes]]) -> list[Match]:
    """What is left of the places of one rule, on their form alone; those that stand close together are one."""
    places: list[list[int]] = []
    for hit in hits:
        start, end = hit.span()
        if places and start - places[-1][1] <= CLOSE:
            places[-1][1] = end
        else:
            places.append([start, end])
    return [Match(rule, start, end, start, end, Proof.UNVERIFIED, 0.8) for start, end in places]


@dataclass(slots=True)
class _Work:
    """What one call may still do, shared by all depths of decoding: nested encodings must not multiply it."""

    everything: bool
    bounded: bool
    runs: int
    thorough: float
    judged: int = 0
    left: list[int] | None = None


def _from(pattern: re.Pattern[bytes], start: bytes, data: bytes, low: int, high: int) -> Iterator[re.Match[bytes]]:
    """As `finditer`, for a pattern whose every match begins with the same characters: boundaries in front of them keep `re` from looking for these, which takes most of its time."""
    at = data.find(start, low, high)
    while at >= 0:
        hit = pattern.match(data, at, high)
        if hit is not None:
            yield hit
        at = data.find(start, at + 1 if hit is None else hit.end(), high)


def _judge(rule: Rule, data: bytes, hit: re.Match[bytes], work: _Work) -> Match | None:
    everything = work.everything
    start, end = hit.span("v") if "v" in hit.re.groupindex else hit.span()
    proof = Proof.UNVERIFIED
    work.judged += 1
    value = data[start:end]
    if rule.proof:
        answer = proofs.PROOFS[rule.proof](value)
        if answer is False and (rule.required or not everything):
            return None
        if answer:
            proof = Proof.PROVED
    if rule.entropy and entropy(value) < rule.entropy:
        return None
    if not everything and proof is not Proof.PROVED and len(value) < 300 and placeholder(value):
        return None
    score = 1.0 if proof is Proof.PROVED else 0.95 if rule.tier is Tier.PROVIDER else 0.8
    return Match(rule, start, end, *hit.span(), proof, score)


def _winners(found: list[Match]) -> list[Match]:
    """Of matches that overlap the most specific one: proved first, then by tier, then a rule that knows the provider, then the rule with most fixed characters, then the longest."""
    order = sorted(
        found,
        key=lambda m: (
            m.proof is not Proof.PROVED,
            _RANK[m.rule.tier],
            -m.rule.weight,
            m.start - m.end,
            m.start,
            m.rule.id,
        ),
    )
    starts: list[int] = []
    ends: list[int] = []
    taken: list[Match] = []
    for match in order:
        at = bisect_left(starts, match.end)  # of those taken, the last that begins before this one's end is the nearest
        if at and ends[at - 1] > match.start:
            continue
        starts.insert(at, match.start)
        ends.insert(at, match.end)
        taken.append(match)
    taken.sort(key=lambda m: m.start)
    return taken


@lru_cache(maxsize=4)
def default(engine: str = "") -> Scanner:
    """The shared scanner of this process."""
    rules, digest = loading.load()
    return Scanner(rules, digest, engine)
