"""Remembers which objects are done, so that a second run after ten commits reads ten commits. Keyed by object id, never by path or time.

What is kept: ids of objects read, ids of those with findings, and the findings as fingerprints. Never a secret, and nothing that a
repository wrote: texts (paths, authors) are asked for again. A run with any fault renews nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from troth.detectors import cache
from troth.detectors.rule import Proof
from troth.detectors.scanner import Scanner
from troth.engines.packs.faults import Coverage
from troth.engines.packs.layout import Repository
from troth.engines.packs.store import ObjectStore
from troth.engines.secrets.collector import Record
from troth.engines.secrets.findings import Occurrence
from troth.engines.secrets.fingerprint import Fingerprints

__all__ = ["Earlier", "load", "save"]

FORMAT = 4
KINDS = frozenset({"blob", "commit", "tag", "tree"})


Place = tuple[str, str, int, list[str]]
Row = tuple[str, str, str, float, int, list[Place]]


@dataclass(slots=True)
class Earlier:
    """What earlier runs left.

    Attributes:
        done: ids of objects read.
        hits: objects with findings, or with something that a change could make one of.
        findings: rows (rule, fingerprint, proof, score, count, places as (kind, object, line, how)).
    """

    done: frozenset[bytes] = frozenset()
    hits: frozenset[bytes] = frozenset()
    findings: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many objects need not be read again."""
        return len(self.done)

    @property
    def wanted(self) -> Callable[[bytes], bool] | None:
        """Filter for `ObjectStore`; None where everything is wanted."""
        if not self.done:
            return None
        return lambda oid: oid not in self.done

    def add_to(self, records: dict[tuple[str, str], Record], scanner: Scanner) -> None:
        """Add the findings of earlier runs to those of this one."""
        rules = {rule.id: rule for rule in scanner.rules}
        for rule, mark, proof, score, count, places in self.findings:
            if rule not in rules:
                continue
            kept = [Occurrence(kind, oid, "", line, tuple(how)) for kind, oid, line, how in places]
            record = records.setdefault((rule, mark), Record(rules[rule], mark, Proof(proof), score))
            record.add(kept, count)


def _name(repository: Repository, digest: str, fingerprints: Fingerprints) -> str:
    """One cache per repository, rule set and key: with another key the fingerprints would not be comparable."""
    mark = f"{FORMAT}\0{repository.common_dir}\0{digest}\0{fingerprints.of(b'troth: which key is this')}"
    return "scan-" + hashlib.sha256(mark.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def load(repository: Repository, digest: str, fingerprints: Fingerprints) -> Earlier:
    """What earlier runs left; empty where there is nothing usable."""
    name = _name(repository, digest, fingerprints)
    ids, rest = cache.read(name + ".ids"), cache.read(name + ".json")
    width = repository.hash_bytes
    if ids is None or rest is None or len(ids) % width:
        return Earlier()
    try:
        data = json.loads(rest)
        if data["digest"] != hashlib.sha256(ids).hexdigest():
            return Earlier()
        done = frozenset(ids[at : at + width] for at in range(0, len(ids), width))
        return Earlier(
            done, frozenset(bytes.fromhex(oid) for oid in data["hits"]), [tuple(row) for row in data["findings"]]
        )
    except (ValueError, KeyError, TypeError):
        return Earlier()


def save(
    earlier: Earlier,
    store: ObjectStore,
    identity: tuple[str, Fingerprints],
    records: dict[tuple[str, str], Record],
    found: tuple[set[bytes], Coverage],
) -> None:
    """Keep this run's result for the next one; nothing is kept where something could not be read.

    Args:
        earlier: what `load` gave.
        store: what was read.
        identity: digest of the rules, and the fingerprints' maker.
        records: all findings, earlier ones included.
        found: objects with findings in this run, and its coverage.
    """
    hits, coverage = found
    if coverage.faults:
        return
    done = set(earlier.done)
    for pack in store.packs:
        done.update(pack.index.name(number) for number in range(pack.count))
    done.update(oid for oid, _ in store.loose)
    ids = b"".join(sorted(done))
    rows = []
    for record in records.values():
        places = [[p.kind, p.object, p.line, list(p.how)] for p in record.places if p.kind in KINDS]
        if places:
            rows.append([record.rule.id, record.fingerprint, record.proof.value, record.score, len(places), places])
    body = {
        "digest": hashlib.sha256(ids).hexdigest(),
        "hits": sorted(oid.hex() for oid in earlier.hits | hits),
        "findings": rows,
    }
    name = _name(store.repository, *identity)
    cache.write(name + ".ids", ids)
    cache.write(name + ".json", json.dumps(body, separators=(",", ":")).encode())
