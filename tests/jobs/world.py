"""A small world for tests of the jobs: two tenants, three approvers, a registry, an executor on a real store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth.jobs.executor import Executor, Rate, Settings
from troth.jobs.job import Job
from troth.jobs.permits.claims import Binding, Claims, new_jti
from troth.jobs.permits.envelope import seal
from troth.jobs.permits.roster import Approver, Roster, Rule, TrustedKey
from troth.jobs.permits.signers import LocalSigner
from troth.jobs.registry import Category, JobType, Kind, Param, Registry
from troth.jobs.request import Constraints, EvidenceItem, JobRequest, evidence_root
from troth.jobs.session import Session
from troth.store import Store, open_store
from troth.terms.tenant import Tenant

ACME = Tenant("acme", "web")
ACME_API = Tenant("acme", "api")
OTHER = Tenant("other", "web")
EXECUTOR = "executor-1"
ISSUER = "board"
DAY = 86_400

NAME = Param(Kind.TEXT, pattern=r"[a-z0-9-]{1,40}")


def _type(name: str, category: Category = Category.ACTION, **more: Any) -> JobType:
    params = {"name": NAME, **more.pop("params", {})}
    return JobType(name, category, more.pop("handler", name.partition(".")[2]), params, **more)


REGISTRY = Registry(
    [
        _type("repo.touch"),
        _type("repo.note", Category.NON_ACTION, handler="touch"),
        _type("repo.look", Category.OBSERVE, handler="touch"),
        _type("repo.slow", params={"seconds": Param(Kind.INTEGER, highest=600)}, timeout_seconds=600),
        _type("repo.flaky", params={"times": Param(Kind.INTEGER, highest=9)}, attempts=3),
        _type("repo.flaky-unsafe", params={"times": Param(Kind.INTEGER, highest=9)}, attempts=3),
        _type("repo.broken"),
        _type("repo.keyed", params={"secret": Param(Kind.SECRET)}, secrets=("forge-token",)),
        _type("repo.telltale", params={"secret": Param(Kind.SECRET)}, secrets=("forge-token",)),
        _type("repo.telling", outbox=("mail",)),
        _type("repo.straying"),
        _type("repo.dying"),
        _type("repo.looking"),
        _type("repo.hesitant", attempts=3),
        _type("repo.open", handler="open-branch", params={"base": Param(Kind.TEXT), "branch": Param(Kind.TEXT), "patch": Param(Kind.TEXT, longest=20_000), "title": Param(Kind.TEXT)}),
        _type("repo.proven", handler="touch", evidence=1),
        _type("grave.touch", handler="touch"),
    ]
)
HANDLERS = {name: f"tests.jobs.acts:{name.title().replace('-', '')}" for name in ("touch", "slow", "flaky", "flaky-unsafe", "broken", "keyed", "telltale", "telling", "straying", "dying", "looking", "hesitant")}
HANDLERS["open-branch"] = "troth.jobs.handlers.open_branch:OpenBranch"
SECRETS = {"forge-token": "s3cr3t-value-0001", "other-token": "s3cr3t-value-0002"}


@dataclass
class People:
    """Approvers with their keys, and the roster that names them."""

    keys: dict[str, LocalSigner] = field(default_factory=dict)
    version: int = 1
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    windows: dict[str, tuple[int, int]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = (Rule("grave.*", needed=2), )
    also: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("ana", "ben", "cleo"):
            self.add(name)

    def add(self, name: str, holder: str | None = None) -> LocalSigner:
        self.keys[name] = LocalSigner(Ed25519PrivateKey.generate())
        self.holders[name] = holder or name
        return self.keys[name]

    def roster(self) -> Roster:
        people = sorted({holder for holder in self.holders.values() if holder not in self.removed})
        approvers = [
            Approver(name, self.scopes.get(name, frozenset({"acme/*", "other/*"})), frozenset({"security"}), self.also.get(name, frozenset()))
            for name in people
        ]
        now = int(time.time())
        keys = [
            TrustedKey(key.key.public_key(), self.holders[name], *self.windows.get(name, (now - DAY, now + DAY)), name in self.revoked)
            for name, key in self.keys.items()
            if self.holders[name] not in self.removed
        ]
        return Roster(self.version, ISSUER, approvers, keys, self.rules)


class World:
    """An executor with everything around it."""

    def __init__(self, store: Store, trees: Path, **settings: Any) -> None:
        self.store = store
        self.people = People()
        self.trees: Mapping[Tenant, Path] = {tenant: trees / tenant.id / tenant.project for tenant in (ACME, ACME_API, OTHER)}
        for tree in self.trees.values():
            tree.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            name=EXECUTOR,
            roster=self._roster,
            handlers=HANDLERS,
            trees=self.trees,
            secrets=SECRETS.__getitem__,
            rate=Rate(10_000, 10_000),
            backoff_seconds=0.05,
            seal=b"a key that the database does not hold",
        )
        self.settings = replace(self.settings, **settings)
        self.executor = Executor(store, REGISTRY, self.settings)
        self.count = 0

    def _roster(self) -> Roster:
        return self.people.roster()

    def session(self, tenant: Tenant = ACME, actor: str = "requester", person: bool = True) -> Session:
        return Session(tenant, actor, person)

    def request(self, kind: str = "repo.touch", tenant: Tenant = ACME, key: str = "", **params: Any) -> bytes:
        self.count += 1
        evidence: tuple[EvidenceItem, ...] = params.pop("evidence", ())
        expires: datetime = params.pop("expires_at", datetime.now(UTC) + timedelta(hours=1))
        seconds, attempts = params.pop("timeout", 60), params.pop("attempts", 1)
        return JobRequest.write(
            tenant, kind, {"name": "thing", **params}, idempotency_key=key or f"key-{self.count}-{time.time_ns()}",
            expires_at=expires, evidence=evidence, constraints=Constraints(seconds, attempts),
        )  # fmt: skip

    def planned(self, kind: str = "repo.touch", tenant: Tenant = ACME, actor: str = "requester", **params: Any) -> Job:
        session = self.session(tenant, actor)
        return self.executor.plan(session, self.executor.submit(session, self.request(kind, tenant, **params)).id)

    def claims(self, job: Job, approvers: tuple[str, ...] = ("ana",), **other: Any) -> Claims:
        request = JobRequest.parse(job.content)
        now = int(time.time())
        binding = Binding(job.id, job.diff.sha256 if job.diff else "0" * 64, evidence_root(request.evidence))
        claims = Claims(ISSUER, EXECUTOR, job.tenant.id, job.tenant.project, (job.type,), (binding,), tuple(sorted(approvers)), new_jti(), now - 1, now + 600)
        return replace(claims, **other)

    def permit(self, job: Job, *signers: str, **other: Any) -> bytes:
        names = signers or ("ana",)
        holders = tuple(sorted({self.people.holders[name] for name in names}))
        return seal(self.claims(job, other.pop("approvers", holders), **other), [self.people.keys[name] for name in names])

    def effects(self, tenant: Tenant = ACME) -> list[str]:
        log = self.trees[tenant] / "effects.log"
        return log.read_text().splitlines() if log.exists() else []

    def close(self) -> None:
        self.executor.close()


@contextmanager
def world(url: str, trees: Path, **settings: Any) -> Iterator[World]:
    store = open_store(url)
    store.migrate()
    made = World(store, trees, **settings)
    try:
        yield made
    finally:
        made.close()
        store.close()
