"""Group commit: one writer, many who submit, one transaction and one fsync for whatever waits.

Rules:

* a submitted piece runs in a savepoint of its own, on behalf of its own tenant: where it raises, it alone is undone and its future holds the error;
* a future is done after the commit, never before; where the commit itself fails every future of the group holds that error and nothing was kept;
* pieces run in the order in which they came; a piece has no effect outside its transaction, and does not submit and wait (it would wait for itself);
* what waits is bounded: beyond it `submit` raises at once instead of growing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from troth.store.failures import StoreAwayError
from troth.store.transactions import Store, Transaction
from troth.terms.tenant import Tenant

__all__ = ["GroupWriter"]

Made = TypeVar("Made")

_GROUP: Final = 256
"""Most pieces in one transaction: bounds how long the first one waits."""
_WAITING: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Piece(Generic[Made]):
    tenant: Tenant
    work: Callable[[Transaction], Made]
    future: Future[Made]


class GroupWriter:
    """The one that writes for many.

    Args:
        store: where to.
        group: most pieces in one transaction.
        waiting: most pieces that wait.
    """

    def __init__(self, store: Store, *, group: int = _GROUP, waiting: int = _WAITING) -> None:
        self._store, self._group = store, group
        self._queue: queue.Queue[_Piece[Any] | None] = queue.Queue(waiting)
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="troth-writer", daemon=True)
        self._thread.start()

    def submit(self, tenant: Tenant, work: Callable[[Transaction], Made]) -> Future[Made]:
        """Have `work` done in the next transaction; the future is done once that is committed.

        Raises:
            StoreAwayError: too much waits, or the writer is closed.
        """
        piece: _Piece[Made] = _Piece(tenant, work, Future())
        with self._closing:
            if self._closed:
                raise StoreAwayError("the writer is closed")
            try:
                self._queue.put_nowait(piece)
            except queue.Full as error:
                raise StoreAwayError("too many writes wait") from error
        return piece.future

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                threading.Thread(target=self._queue.put, args=(None,), daemon=True).start()
        self._thread.join()

    def __enter__(self) -> GroupWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        last = False
        while not last and (piece := self._queue.get()) is not None:
            group = [piece]
            while len(group) < self._group:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                    break
                group.append(more)
            self._write([piece for piece in group if piece.future.set_running_or_notify_cancel()])

    def _write(self, group: Sequence[_Piece[Any]]) -> None:
        if not group:
            return
        outcomes: list[tuple[_Piece[Any], Any, BaseException | None]] = []
        try:
            with self._store.write(group[0].tenant) as first:
                for piece in group:
                    outcomes.append((piece, *self._one(first, piece)))
        except Exception as error:  # noqa: BLE001 - told to every caller through its future
            for piece in group:
                piece.future.set_exception(error)
            return
        for piece, made, failed in outcomes:
            if failed is None:
                piece.future.set_result(made)
            else:
                piece.future.set_exception(failed)

    def _one(self, first: Transaction, piece: _Piece[Any]) -> tuple[Any, BaseException | None]:
        transaction = self._store.on_behalf(first, piece.tenant)
        try:
            with transaction.savepoint():
                return piece.work(transaction), None
        except Exception as error:  # noqa: BLE001 - told to its caller through its future
            return None, error
