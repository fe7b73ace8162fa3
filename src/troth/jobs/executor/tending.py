"""What has to be done from time to time: jobs without a sign of life become lost, approvals that ran out end, messages to other systems are delivered, also those that wait for another try.

One thread, one round after the other; a round never overlaps the next, and a tenant that fails (its database is away, a sender breaks) is tried again in the next one and stops
nobody else. Several processes may tend the same database: every change names the state that it changes, and of two one wins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Final

from troth.errors import TrothError
from troth.jobs.executor import acting, outbox
from troth.jobs.executor.outbox import Sender
from troth.jobs.executor.works import Works
from troth.terms.tenant import Tenant

__all__ = ["Round", "Tending"]

EVERY_SECONDS: Final = 10.0
"""Well below a lease (30 s), so that a lost job is seen soon after it is one."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found.

    Attributes:
        lost: jobs that are lost now, by tenant; tenants without any are left out.
        sent: messages that were delivered.
        failed: tenants that could not be tended, and why (the error's code).
    """

    lost: Mapping[Tenant, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sent: int = 0
    failed: Mapping[Tenant, str] = field(default_factory=lambda: MappingProxyType({}))


class Tending:
    """Tends some tenants until it is stopped; a context manager.

    Args:
        works: the executor's.
        tenants: whom to tend; asked in each round.
        senders: who delivers messages, by kind.
        every_seconds: between two rounds.
        told: called after each round with what it found, in the thread; it must not fail.
    """

    def __init__(
        self, works: Works, tenants: Callable[[], Iterable[Tenant]], senders: Mapping[str, Sender] | None = None, *, every_seconds: float = EVERY_SECONDS, told: Callable[[Round], None] = lambda _: None
    ) -> None:
        self._works, self._tenants, self._senders = works, tenants, dict(senders or {})
        self._every, self._told = every_seconds, told
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def once(self) -> Round:
        """One round, here and now."""
        lost: dict[Tenant, tuple[str, ...]] = {}
        failed: dict[Tenant, str] = {}
        sent = 0
        for tenant in self._tenants():
            try:
                if found := acting.sweep(self._works, tenant):
                    lost[tenant] = found
                if self._senders:
                    sent += outbox.deliver(self._works, tenant, self._senders)
            except TrothError as error:
                failed[tenant] = error.code
        return Round(MappingProxyType(lost), sent, MappingProxyType(failed))

    def start(self) -> None:
        """Begin with a round at once; does nothing where it has begun."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._run, name="troth-tending", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the round that runs."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Tending:
        """Begin."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End."""
        self.stop()

    def _run(self) -> None:
        while True:
            self._told(self.once())
            if self._end.wait(self._every):
                return
