"""One writer with group commit: many requests, one transaction, one fsync.

Rules: all writes of a desk's process go through one thread; whatever waits when a transaction begins is written in it, and every caller is told only after
the commit. Where one piece of a group fails, the group is rolled back and each piece is written alone, so that nobody fails for another's fault. A piece may
therefore run twice and must have no effect outside its transaction. Processes of one desk take turns, transaction by transaction, in a queue of the system
(`Turn`); on PostgreSQL the database keeps the turn, so that numbers of cases are given out by one at a time there as well. An event loop hears of all of its pieces of a group in one call: a call for each would
wake it, and hand the interpreter over, as many times as there are pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar

from sqlalchemy import func, select

from troth.desk.storage.turns import Turn
from troth.errors import DeskError
from troth.store import Store, Transaction
from troth.terms.tenant import Tenant

__all__ = ["BusyError", "Writer"]

Given = TypeVar("Given")
Made = TypeVar("Made")
Work = Callable[[Transaction, Sequence[Given]], Sequence[Made]]
"""Writes many of one kind at once and returns one result each, in order."""

_GROUP: Final = 256
"""Most pieces in one transaction: bounds how long the first one waits."""
_WAITING: Final = 10_000
_DATABASE_TURN: Final = 0x74726F74682F6465
"""Number of the lock of PostgreSQL that a desk's writers take ("troth/de")."""


class BusyError(DeskError):
    """More writes wait than the desk can hold; nothing was stored."""

    code: ClassVar[str] = "desk-busy"
    help: ClassVar[str] = "Try again in a few seconds; a form that is sent again with the same nonce is stored once."


@dataclass(frozen=True, slots=True)
class _Piece(Generic[Given, Made]):
    """One thing to write; `loop` is where `future` lives if that is an event loop's."""

    work: Work[Given, Made]
    given: Given
    future: Future[Made] | asyncio.Future[Made]
    loop: asyncio.AbstractEventLoop | None = None


class Writer:
    """The one that writes.

    Args:
        store: where to.
        tenant: whose rows.
        turn: that other processes of this desk take as well; None where there are none.
    """

    def __init__(self, store: Store, tenant: Tenant, turn: Turn | None = None) -> None:
        self._store, self._tenant, self._turn = store, tenant, turn
        self._queue: queue.Queue[_Piece[Any, Any] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="desk-writer", daemon=True)
        self._closed = threading.Event()
        self._thread.start()

    def submit(self, work: Work[Given, Made], given: Given) -> Future[Made]:
        """Have something written with others of its kind; the future is done after the commit.

        Raises:
            BusyError: too much waits, or the writer was closed.
        """
        future: Future[Made] = Future()
        self._put(_Piece(work, given, future))
        return future

    def submit_async(self, work: Work[Given, Made], given: Given) -> asyncio.Future[Made]:
        """As `submit`, with a future of the event loop that is running.

        Raises:
            BusyError: too much waits, or the writer was closed.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Made] = loop.create_future()
        self._put(_Piece(work, given, future, loop))
        return future

    def _put(self, piece: _Piece[Any, Any]) -> None:
        if self._closed.is_set():
            raise BusyError("the desk is shutting down")
        try:
            self._queue.put_nowait(piece)
        except queue.Full as error:
            raise BusyError("too many writes wait") from error

    def write(self, work: Callable[[Transaction], Made]) -> Made:
        """Have one thing written, and wait for it."""
        return self.submit(_alone, work).result()

    def close(self) -> None:
        """Write what waits, then stop."""
        if not self._closed.is_set():
            self._closed.set()
            self._queue.put(None)
            self._thread.join()
            if self._turn is not None:
                self._turn.close()

    def _run(self) -> None:
        while (piece := self._queue.get()) is not None:
            # the turn first: what comes while this process waits for it goes into the same transaction
            with self._turn.taken() if self._turn is not None else contextlib.nullcontext():
                group, last = self._group(piece)
                self._write(group)
            if last:
                return

    def _group(self, piece: _Piece[Any, Any]) -> tuple[list[_Piece[Any, Any]], bool]:
        """A piece and what waits behind it, and whether nothing comes after that."""
        group = [piece]
        while len(group) < _GROUP:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, True
            group.append(more)
        return group, False

    def _write(self, group: Sequence[_Piece[Any, Any]]) -> None:
        try:
            results = self._commit(group)
        except BaseException as error:  # noqa: BLE001 - every caller is told: alone, or through its future
            if len(group) == 1:
                _tell([(group[0], None, error)])
                return
            for piece in group:
                self._write([piece])
            return
        _tell([(piece, result, None) for piece, result in zip(group, results, strict=True)])

    def _commit(self, group: Sequence[_Piece[Any, Any]]) -> list[Any]:
        """All pieces in one transaction; pieces of one kind that follow each other are written at once."""
        results: list[Any] = []
        with self._store.write(self._tenant) as transaction:
            if transaction.dialect == "postgresql":
                transaction.execute(select(func.pg_advisory_xact_lock(_DATABASE_TURN)))
            at = 0
            while at < len(group):
                end = at
                # `==`: a bound method is a new object each time that it is named
                while end < len(group) and group[end].work == group[at].work:
                    end += 1
                results.extend(group[at].work(transaction, [piece.given for piece in group[at:end]]))
                at = end
        return results


_Told = tuple[_Piece[Any, Any], Any, BaseException | None]
"""A piece, what came of it, what went wrong."""


def _tell(told: Sequence[_Told]) -> None:
    """Give every caller its answer, each event loop in one call."""
    loops: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
    for one in told:
        if one[0].loop is None:
            _settle([one])
        else:
            loops.setdefault(one[0].loop, []).append(one)
    for loop, own in loops.items():
        # a loop that has ended has nobody left who waits; what was written stays written
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, own)


def _settle(told: Sequence[_Told]) -> None:
    for piece, result, error in told:
        if piece.future.done():  # whoever waited has gone away
            continue
        if error is None:
            piece.future.set_result(result)
        else:
            piece.future.set_exception(error)


def _alone(transaction: Transaction, works: Sequence[Callable[[Transaction], Made]]) -> Sequence[Made]:
    return [work(transaction) for work in works]
