"""Is a log whole? Every row is read and every hash computed anew; heads, tiles and stored hashes are only compared.

Rules:

* nothing that is there is passed over: a row of another type, without a number, twice or of a log that is not this one is a problem, not a row to skip;
* a problem names the first entry that is wrong, or the range that is missing; what depends on it (roots beyond a gap) is not told a second time;
* what a log alone cannot show (that its end was cut off, that all of it was replaced) is shown by checkpoints from elsewhere: without one, the audit says so;
* a body that is missing is right exactly if a later entry says that it was erased.

The same walk verifies a store (`audit`) and an export (`troth.ledger.export`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text

from troth.errors import LedgerError
from troth.ledger.entry import SALT_BYTES, Leaf, commitment, parse_leaf
from troth.ledger.heads import read_head
from troth.ledger.log import ERASED, SKEW_MS, TILE_LEVELS, Log
from troth.ledger.notes import Checkpoint
from troth.ledger.tree import Frontier, leaf_hash
from troth.store import Transaction

__all__ = ["Audit", "Problem", "Walk", "audit"]

_MOST: Final = 50
"""Problems that are told; the first decides, the rest help to see what happened."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, and where.

    Attributes:
        first: number of the first entry that is concerned; -1 where it is the log as a whole.
        last: of the last one.
        says: one sentence.
    """

    first: int
    last: int
    says: str

    def __str__(self) -> str:
        if self.first < 0:
            return self.says
        return f"entry {self.first}: {self.says}" if self.first == self.last else f"entries {self.first} to {self.last}: {self.says}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        name: of the log.
        size: entries.
        root: of the tree over them.
        erased: bodies that were erased, as the log itself says.
        confirmed: sizes at which a checkpoint agreed.
        problems: by entry; none: the log is whole, as far as `confirmed` reaches.
    """

    name: str
    size: int
    root: bytes
    erased: int
    confirmed: tuple[int, ...]
    problems: tuple[Problem, ...]

    def demand(self) -> None:
        """Raise if there is a problem.

        Raises:
            LedgerError: it names the first one.
        """
        if self.problems:
            more = f" ({len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise LedgerError(f"{self.problems[0]}{more}")


@dataclass(slots=True)
class Walk:
    """Goes along a log, entry by entry.

    Args:
        name: of the log.
        checkpoints: that were verified already.
        now: POSIX milliseconds; entries of a later time are wrong. None: not asked.
    """

    name: str
    checkpoints: Sequence[Checkpoint] = ()
    now: int | None = None
    frontier: Frontier = field(default_factory=Frontier)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    erased: dict[int, int] = field(default_factory=dict)
    bodiless: set[int] = field(default_factory=set)
    latest: int = 0
    broken: bool = False

    def __post_init__(self) -> None:
        self._confirm()

    def wrong(self, first: int, last: int, says: str) -> None:
        """Note a problem."""
        if len(self.problems) < _MOST:
            self.problems.append(Problem(first, last, says))

    def feed(self, number: object, leaf: object, stored: object, salt: object, body: object) -> None:
        """The next row, as it was found.

        Args:
            number: its number.
            leaf: its bytes.
            stored: its hash as kept; None where none is kept.
            salt: of its body's commitment; None where it was erased.
            body: what it says; None where it was erased.
        """
        size = self.frontier.size
        if isinstance(number, bool) or not isinstance(number, int):
            self.wrong(size, size, "a row whose number is none")
            self.broken = True
            return
        if number < size:
            self.wrong(number, number, "it is there twice")
            return
        if number > size:
            self.wrong(size, number - 1, "missing")
            self.broken = True
            # what follows is still looked at, one by one; roots beyond a gap say nothing
            self.frontier = Frontier(number, [bytes(32)] * number.bit_count())
        self._entry(number, leaf, stored, salt, body)

    def _entry(self, number: int, leaf: object, stored: object, salt: object, body: object) -> None:
        if not isinstance(leaf, bytes):
            self.wrong(number, number, "its bytes are none")
            self.broken = True
            self.frontier.add(bytes(32))
            return
        hashed = leaf_hash(leaf)
        if stored is not None and stored != hashed:
            self.wrong(number, number, "its bytes do not have the hash that was stored with them: one of them was changed")
        for level, index, root in self.frontier.add(hashed):
            if level % TILE_LEVELS == 0:
                self.tiles[level, index] = root
        try:
            told = parse_leaf(leaf)
        except LedgerError as error:
            self.wrong(number, number, str(error))
        else:
            self._told(number, told, salt, body)
        self._confirm()

    def _told(self, number: int, told: Leaf, salt: object, body: object) -> None:
        if told.log != self.name:
            self.wrong(number, number, f"it belongs to the log {told.log!r}")
        if told.number != number:
            self.wrong(number, number, f"it was written as entry {told.number}")
        if told.at < self.latest - SKEW_MS:
            self.wrong(number, number, f"its time lies {self.latest - told.at} ms before an earlier entry's")
        if self.now is not None and told.at > self.now + SKEW_MS:
            self.wrong(number, number, f"its time lies {told.at - self.now} ms in the future")
        self.latest = max(self.latest, told.at)
        if told.kind == ERASED and told.subject.isdecimal() and int(told.subject) < number:
            self.erased[int(told.subject)] = number
        if salt is None and body is None:
            self.bodiless.add(number)
        elif not isinstance(salt, bytes) or not isinstance(body, bytes) or len(salt) != SALT_BYTES:
            self.wrong(number, number, "its body or salt is not whole")
        elif commitment(salt, body) != told.body:
            self.wrong(number, number, "what it says was changed: the body is not the one that was committed to")

    def _confirm(self) -> None:
        for checkpoint in self.checkpoints:
            if checkpoint.size != self.frontier.size or self.broken:
                continue
            if checkpoint.root == self.frontier.root():
                self.confirmed.append(checkpoint.size)
            else:
                self.wrong(-1, -1, f"the first {checkpoint.size} entries are not those of the checkpoint: something before was changed, or these are two logs")

    def finish(self) -> Audit:
        """What was found."""
        size = self.frontier.size
        for checkpoint in self.checkpoints:
            if checkpoint.size > size:
                self.wrong(size, checkpoint.size - 1, "missing: a checkpoint says that they were there")
        for number in sorted(self.bodiless - set(self.erased)):
            self.wrong(number, number, "what it says is gone, and no entry says that it was erased")
        for number in sorted(set(self.erased) - self.bodiless):
            self.wrong(number, number, f"entry {self.erased[number]} says that it was erased, and it is still there")
        found = tuple(sorted(set(self.problems), key=lambda problem: (problem.first < 0, problem)))
        return Audit(self.name, size, self.frontier.root(), len(self.bodiless & set(self.erased)), tuple(sorted(set(self.confirmed))), found)


_ROWS: Final = text(
    "SELECT l.number, l.leaf, l.hash, b.salt, b.body, b.number FROM ledger_leaves l LEFT JOIN ledger_bodies b"
    " ON b.tenant = l.tenant AND b.origin = l.origin AND b.number = l.number WHERE l.tenant = :tenant AND l.origin = :origin ORDER BY l.number"
)
_BODIES: Final = text("SELECT count(*) FROM ledger_bodies WHERE tenant = :tenant AND origin = :origin")
_TILES: Final = text("SELECT level, number, hash FROM ledger_tiles WHERE tenant = :tenant AND origin = :origin")


def audit(log: Log, transaction: Transaction, checkpoints: Iterable[Checkpoint] = (), *, now: int | None = None) -> Audit:
    """Read all of a tenant's log.

    Args:
        log: which.
        transaction: of the tenant; it sees one moment.
        checkpoints: of this log, verified (`troth.ledger.notes.open_checkpoint`), kept where the writer could not change them.
        now: POSIX milliseconds.
    """
    where = {"tenant": str(transaction.tenant), "origin": log.origin}
    walk = Walk(log.name(transaction.tenant), tuple(checkpoints), now)
    bodies = 0
    # text, so that what was put into a column comes back as it is, whatever the column's type says
    with transaction.connection.execute(_ROWS, where, execution_options={"stream_results": True}) as rows:
        for number, leaf, stored, salt, body, body_number in rows:
            bodies += body_number is not None
            gone = body_number is None
            walk.feed(number, leaf, b"" if stored is None else stored, None if gone else salt or b"", None if gone else body)
    if transaction.connection.execute(_BODIES, where).scalar() != bodies:
        walk.wrong(-1, -1, "there are bodies that belong to no entry")
    _derived(walk, log, transaction, where)
    return walk.finish()


def _derived(walk: Walk, log: Log, transaction: Transaction, where: dict[str, str]) -> None:
    size = walk.frontier.size
    try:
        head = read_head(transaction, log.origin)
    except LedgerError as error:
        walk.wrong(-1, -1, str(error))
        return
    if head.size > size:
        walk.wrong(size, head.size - 1, "missing: the log's head counts them")
    elif not walk.broken and (head.size != size or head.frontier != walk.frontier.pack()):
        walk.wrong(-1, -1, f"the log's head is not that of its {size} entries")
    tiles = {(level, number): root for level, number, root in transaction.connection.execute(_TILES, where)}
    if not walk.broken and tiles != walk.tiles:
        walk.wrong(-1, -1, "tiles (stored roots of subtrees) are not those of the entries")
