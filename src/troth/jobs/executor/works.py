"""What every part of one executor shares: store, registry, settings, lane, and how a step comes into the tenant's ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from troth.jobs.egress import Egress
from troth.jobs.evidence import Witness
from troth.jobs.executor.journal import Journal
from troth.jobs.executor.settings import Settings
from troth.jobs.executor.trees import Ground, own_tree
from troth.jobs.handler import HandlerError
from troth.jobs.job import Job
from troth.jobs.lane import Lane, Task
from troth.jobs.registry import JobType, Registry
from troth.jobs.strict import Json
from troth.ledger.entry import Entry
from troth.ledger.log import Log
from troth.store import Store, Transaction
from troth.terms.tenant import Tenant

__all__ = ["Works"]


@dataclass(frozen=True, slots=True)
class Works:
    """The parts of one executor.

    Attributes:
        store: where everything is kept.
        registry: what kinds of job there are.
        settings: what the operator says.
        lane: where handlers run.
        log: the ledger.
        journal: the second memory of spent permits, outside the store.
        places: where the trees really were when the executor began.
        refused: refusals that this executor has written to the ledger: each is written once, or a captured permit could fill it.
    """

    store: Store
    registry: Registry
    settings: Settings
    lane: Lane
    log: Log
    journal: Journal | None = None
    places: dict[Tenant, Ground] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def now(self) -> int:
        """Now, POSIX milliseconds."""
        return self.settings.clock()

    def leaf(self, t: Transaction, kind: str, actor: str, subject: str, body: Mapping[str, Json]) -> None:
        """Write a step into the ledger, in the transaction that makes it true."""
        self.log.append(t, Entry(kind=kind, at=self.now(), actor=actor, subject=subject, body=dict(body)))

    def tree(self, tenant: Tenant) -> Path | None:
        """The tenant's tree, None where there is none.

        Raises:
            JobStateError: `tree`: something else lies there now, or its history is another tenant's.
        """
        return own_tree(tenant, self.settings.trees.get(tenant), self.places)

    def witness(self, tenant: Tenant, kind: JobType) -> Witness:
        """Where evidence of this tenant's jobs is looked for.

        Raises:
            JobStateError: `tree`.
        """
        return Witness(self.tree(tenant), Egress(kind.hosts) if kind.hosts else None)

    def task(self, verb: str, job: Job, kind: JobType, attempt: int = 1, *, held: bool = False) -> Task:
        """A task for the lane, with the secrets that the job's type declares.

        Raises:
            HandlerError: `no-handler` or `no-secret`.
            JobStateError: `tree`.
        """
        handler = self.settings.handlers.get(kind.handler)
        if handler is None:
            raise HandlerError("no-handler", "The executor has no handler for this type of job.")
        try:
            secrets = {name: self.settings.secrets(name) for name in kind.secrets}
        except KeyError as error:
            raise HandlerError("no-secret", "The executor lacks a secret that this type of job declares.") from error
        tree = self.tree(job.tenant)
        return Task(
            verb=verb,
            handler=handler,
            request=job.content,
            diff=b"" if job.diff is None else job.diff.encoded(),
            attempt=attempt,
            held=held,
            root="" if tree is None else str(tree),
            hosts=kind.hosts,
            secrets=secrets,
        )
