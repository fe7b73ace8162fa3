"""Takes objects or files, scans them, and keeps what was found: by rule and fingerprint, with a bounded list of places."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from troth.detectors.matching import Hits
from troth.detectors.rule import Match, Proof, Rule
from troth.detectors.scanner import MARGIN, Scanner
from troth.engines.secrets.containers import MAGIC, Budget, is_container, members
from troth.engines.secrets.findings import Finding, Occurrence
from troth.engines.secrets.fingerprint import Fingerprints

if TYPE_CHECKING:
    from troth.engines.packs._native import Walker
    from troth.engines.packs.delta import Ranges
    from troth.engines.packs.sink import Waiting
    from troth.engines.secrets.safe import SafeText

__all__ = ["SHOWN", "Collector", "Record", "make_findings"]

SHOWN = 50
"""Places kept per secret; all are counted."""
_RUN = rb"[0-9A-Za-z_-]{24,}"
_IN_RUN = bytes(code in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-" for code in range(256))
_LONG = b"\1" * 24
_UPPER, _LOWER, _DIGITS = bytes(range(65, 91)), bytes(range(97, 123)), bytes(range(48, 58))


@dataclass(slots=True)
class Record:
    """One secret as found so far. Holds its fingerprint, not the secret."""

    rule: Rule
    fingerprint: str
    proof: Proof
    score: float
    count: int = 0
    places: list[Occurrence] = field(default_factory=list)

    def add(self, places: list[Occurrence], count: int) -> None:
        """Add places found elsewhere."""
        self.count += count
        self.places.extend(places[: max(0, SHOWN - len(self.places))])


class Collector:
    """A sink for `packs`, and the way for files."""

    margin = MARGIN
    magics: tuple[bytes, ...] = MAGIC

    def __init__(self, scanner: Scanner, fingerprints: Fingerprints, known: frozenset[bytes] = frozenset()) -> None:
        """Prepare.

        Args:
            scanner: which rules.
            fingerprints: names secrets.
            known: objects in which an earlier run found something.
        """
        self._scanner = scanner
        self._fingerprints = fingerprints
        self._quiet = scanner.quiet
        self._known = known
        self._pieces: set[tuple[bytes, str]] = set()
        self.records: dict[tuple[str, str], Record] = {}
        self._screened: dict[int, Hits | None] = {}
        self.hit_objects: set[bytes] = set()
        self.cut = 0

    def screen(self, objects: Sequence[Waiting]) -> Collection[int]:
        """See `packs.Sink`: what the engine proposes anything in, and what may be a container."""
        parts: list[bytes] = []
        owners: list[tuple[int, int]] = []
        containers: list[int] = []
        for number, (_, _, kind, data, ranges) in enumerate(objects):
            if ranges is None:
                parts.append(data)
                owners.append((number, 0))
            else:
                for low, high in ranges:
                    parts.append(data[low:high])
                    owners.append((number, low))
            if kind == "blob" and is_container(data):
                containers.append(number)
        self._screened = self._proposed(parts, owners)
        for number in containers:
            self._screened.setdefault(number, [])
        return self._screened

    def _proposed(self, parts: list[bytes], owners: list[tuple[int, int]]) -> dict[int, Hits | None]:
        """What the engine proposes in some parts, by object; `owners` names object and offset for each part."""
        screened: dict[int, Hits | None] = {}
        for part, hits in self._scanner.screen(parts).items():
            number, low = owners[part]
            known = screened.setdefault(number, [])
            if hits is None or known is None:
                screened[number] = None
            else:
                known += [(rule, low + end) for rule, end in hits] if low else hits
        return screened

    def screen_batch(self, batch: Walker) -> Collection[int]:
        """See `packs.Sink`."""
        with memoryview(batch) as text:
            hits = self._scanner.screen_text(text)
            if hits is None:
                owners, parts = [], []
                for number, low, length, place in batch.parts(False):
                    owners.append((number, low))
                    parts.append(bytes(text[place : place + length]) if place >= 0 else batch.item(number)[3][low : low + length])
                screened = self._proposed(parts, owners)
            else:
                screened = self._located(batch, hits)
        for number in batch.containers():
            screened.setdefault(number, [])
        self._screened = screened
        return screened

    def _located(self, batch: Walker, hits: Hits) -> dict[int, Hits | None]:
        """Whose the hits in a batch's text are; those in parts that do not stand in the text are added."""
        screened: dict[int, Hits] = {}
        for rule, end in hits:
            number, place = batch.where(end)
            screened.setdefault(number, []).append((rule, place))
        for number, low, length, _ in batch.parts(True):
            more = self._scanner.screen_text(memoryview(batch.item(number)[3])[low : low + length])
            if more:
                known = screened.setdefault(number, [])
                known += [(rule, low + end) for rule, end in more]
                known.sort(key=lambda hit: hit[1])  # parts of one object in the text and beside it take turns
        return {**screened}

    def whole(self, kind: str, oid: bytes, data: bytes, ranges: Ranges | None, number: int = -1) -> bool:
        """See `packs.Sink`."""
        hits = self._screened.get(number)
        if hits is None:
            matches, far = self._scanner.scan_near(data, ranges)
        else:
            matches, far = self._scanner.scan_screened(data, hits)
        found = bool(matches) or far
        if matches:
            self._note(matches, data, Occurrence(kind, oid.hex()))
        if kind == "blob" and is_container(data):
            found = self._open(data, Occurrence(kind, oid.hex()), (), Budget()) or found
        if found:
            self.hit_objects.add(oid)
        return found

    def piece(self, oid: bytes, data: bytes, offset: int, last: bool) -> None:  # noqa: ARG002 - the sink's form
        """See `packs.Sink`. Lines are not counted in streamed blobs."""
        found = self._scanner.scan(data)
        fresh = []
        for match in found:
            mark = (oid, self._fingerprints.of(match.value(data)))
            if mark not in self._pieces:  # pieces overlap
                self._pieces.add(mark)
                fresh.append(match)
        if fresh:
            self.hit_objects.add(oid)
            self._note(fresh, data, Occurrence("blob", oid.hex()), lines=False)

    def plain(self, names: bytes) -> bool:
        """See `packs.Sink`."""
        return not self._scanner.scan(names) and not _random_run(names)

    def names(self, fragments: list[bytes]) -> list[int]:
        """See `packs.Sink`: names are literal in a tree's delta; a match, or a long run that looks random, asks for the whole tree."""
        if self.plain(b"\0\n\0".join(fragments)):
            return []
        return [number for number, part in enumerate(fragments) if _random_run(part) or self._scanner.scan(part)]

    def marked(self, oid: bytes) -> bool:
        """See `packs.Sink`."""
        return oid in self._known

    def clean(self, data: bytes) -> bool:
        """Whether `text` would find nothing in something short, told as quickly as can be; False where it has to be asked."""
        return self._quiet(data) and not is_container(data)

    def clean_names(self, names: Sequence[bytes]) -> bool:
        """Whether `name` would find nothing in any of some names."""
        return self._quiet(b"\n".join(names))

    def name(self, name: bytes, place: Occurrence) -> None:
        """Scan a name, which may be the secret. However it begins, it is no container."""
        found = self._scanner.scan(name)
        if found:
            self._note(found, name, place)

    def text(self, data: bytes, place: Occurrence) -> bool:
        """Scan something that is not an object: a file, a ref's name, standard input."""
        found = self._scanner.scan(data)
        if found:
            self._note(found, data, place)
        if is_container(data):
            return self._open(data, place, (), Budget()) or bool(found)
        return bool(found)

    def _open(self, data: bytes, place: Occurrence, how: tuple[str, ...], budget: Budget) -> bool:
        """Scan what is inside of a container, and containers in it."""
        any_found = False
        budget.depth -= 1
        for kind, content in members(data, budget):
            inner = (*how, kind)
            found = self._scanner.scan(content)
            if found:
                any_found = True
                self._note(found, content, place, how=inner, lines=False)
            body = content.partition(b"\n")[2] if kind == "zip" else content
            if budget.depth > 0 and is_container(body):
                any_found = self._open(body, place, inner, budget) or any_found
        budget.depth += 1
        if budget.cut and not how:
            self.cut += 1
        return any_found

    def _note(
        self, found: list[Match], data: bytes, place: Occurrence, *, how: tuple[str, ...] = (), lines: bool = True
    ) -> None:
        for match in found:
            mark = self._fingerprints.of(match.value(data))
            record = self.records.get((match.rule.id, mark))
            if record is None:
                record = self.records[match.rule.id, mark] = Record(match.rule, mark, match.proof, match.score)
            record.count += 1
            if len(record.places) < SHOWN:
                line = data.count(b"\n", 0, match.start) + 1 if lines and place.kind != "tree" else 0
                record.places.append(Occurrence(place.kind, place.object, place.path, line, how + match.how))

    def drain(self) -> tuple[list[Record], list[bytes], int]:
        """Hand over what was found since the last call, and forget it."""
        records, objects, cut = list(self.records.values()), list(self.hit_objects), self.cut
        self.records, self.hit_objects, self.cut = {}, set(), 0
        return records, objects, cut


def make_findings(records: dict[tuple[str, str], Record], safe: SafeText) -> tuple[Finding, ...]:
    """Findings from records, surest first, with every text redacted."""
    made = [
        Finding(
            record.rule.id,
            record.rule.title,
            record.rule.provider,
            record.rule.tier.value,
            record.proof.value,
            record.score,
            record.fingerprint,
            tuple(replace(place, path=safe(place.path)) for place in record.places),
            record.count,
        )
        for record in records.values()
    ]
    return tuple(sorted(made, key=lambda finding: (-finding.score, finding.rule, finding.fingerprint)))


def _random_run(data: bytes) -> bool:
    if _LONG not in data.translate(_IN_RUN):  # three times as quick as the expression, which is only asked where there is a run at all
        return False
    return any(_random(run) for run in re.findall(_RUN, data))


def _random(run: bytes) -> bool:
    """Letters of both cases in random order, or long hex: what a token looks like and a file's name hardly ever does."""
    size = len(run)
    upper, lower, digits = (size - len(run.translate(None, letters)) for letters in (_UPPER, _LOWER, _DIGITS))
    return min(upper, lower) * 4 >= len(run) or (digits * 4 >= len(run) and digits + lower > 30)
