"""What a handler is: the code that plans a change, and makes it once a permit allows exactly that plan.

A handler is named `module:Class` to the executor and lives in a process of its own: no environment, no store, no permit, no key; secrets only those that its job type
declares; the network only through `Tools.http`, where its type names hosts. `plan` looks and changes nothing; its `Diff` is what people see and what the permit binds.
`act` gets that very diff back. What does not follow from the diff must not be done.

Everything here crosses a pipe as strict JSON: no pickles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from troth.errors import JobError
from troth.jobs.request import JobRequest
from troth.jobs.strict import Json, encode, parse

__all__ = [
    "Change",
    "Diff",
    "Handler",
    "HandlerError",
    "Message",
    "Outcome",
    "Reader",
    "Tools",
    "TryAgainError",
    "Undoes",
    "Web",
]

LIMIT_BYTES = 4 * 1024 * 1024
"""Longest diff or outcome, encoded."""


class HandlerError(JobError):
    """A handler cannot do what it was asked for, or broke the rules that handlers keep."""

    code = "handler"
    help = "The message is the handler's; the job's entry in the ledger says how far it came."


class TryAgainError(HandlerError):
    """Nothing was changed, and a later try may succeed; repeated only where the handler is `safe_to_retry`."""

    code = "handler-again"
    help = "The other side was not ready; the job is tried again as often as its type allows."


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that acting will do.

    Attributes:
        target: what it is done to: a path, an address, a setting's name.
        action: `create`, `change`, `delete` or `call`.
        text: what people are shown, exactly: a unified diff, a request's body.
        before: SHA-256 of what must be there now, hex; "" where nothing is.
        after: SHA-256 of what will be there, hex; "" where nothing will be.
    """

    target: str
    action: str
    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """A plan: everything that acting will do, and nothing else. Its digest is what a permit binds.

    Attributes:
        summary: one line for people.
        changes: each single change, in order.
        basis: what it was made against: a commit, a version, an etag; "" where the changes say enough.
    """

    summary: str
    changes: tuple[Change, ...] = ()
    basis: str = ""

    def encoded(self) -> bytes:
        """The bytes that the digest is over."""
        return encode(
            {
                "summary": self.summary,
                "basis": self.basis,
                "changes": [
                    {"target": one.target, "action": one.action, "text": one.text, "before": one.before, "after": one.after}
                    for one in self.changes
                ],
            }
        )

    @property
    def sha256(self) -> str:
        """Digest of the plan, hex."""
        return hashlib.sha256(self.encoded()).hexdigest()

    @classmethod
    def decode(cls, content: bytes) -> Diff:
        """The diff that `encoded` wrote.

        Raises:
            HandlerError: it is none.
        """
        told = parse(content, limit=LIMIT_BYTES, depth=6, error=HandlerError, what="plan")
        try:
            changes = tuple(Change(**_texts(one)) for one in _list(told["changes"]))
            texts = _texts({"summary": told["summary"], "basis": told["basis"]})
            return cls(texts["summary"], changes, texts["basis"])
        except (KeyError, TypeError) as error:
            raise HandlerError("plan-form", "The plan does not have the form of a plan.") from error


@dataclass(frozen=True, slots=True)
class Message:
    """Something for another system, delivered after the job is recorded as done: at least once, with a key that lets the other side drop a second.

    Attributes:
        kind: which sender delivers it; must be among the job type's `outbox`.
        key: names this message for ever; the sender passes it on.
        body: what it says.
    """

    kind: str
    key: str
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What acting did.

    Attributes:
        summary: one line for people.
        facts: what happened, in the handler's words (a branch, a number, an address); no secrets.
        outbox: messages to other systems.
    """

    summary: str
    facts: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    outbox: tuple[Message, ...] = ()

    def encoded(self) -> bytes:
        """Bytes that cross the pipe and stay in the job's row."""
        return encode(
            {
                "summary": self.summary,
                "facts": dict(self.facts),
                "outbox": [{"kind": one.kind, "key": one.key, "body": dict(one.body)} for one in self.outbox],
            }
        )

    @classmethod
    def decode(cls, content: bytes) -> Outcome:
        """The outcome that `encoded` wrote.

        Raises:
            HandlerError: it is none.
        """
        told = parse(content, limit=LIMIT_BYTES, depth=12, error=HandlerError, what="outcome")
        summary, facts, listed = told.get("summary"), told.get("facts"), told.get("outbox")
        if not isinstance(summary, str) or not isinstance(facts, dict) or not isinstance(listed, list):
            raise HandlerError("outcome-form", "The outcome does not have the form of an outcome.")
        return cls(summary, MappingProxyType(facts), tuple(_message(one) for one in listed))


class Web(Protocol):
    """The network as a handler has it (`troth.jobs.egress`): declared hosts, public addresses, no redirects to others."""

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one exchange.

        Raises:
            EgressError: the address is not one that this job may speak with.
        """


@dataclass(frozen=True, slots=True)
class Reader:
    """What `plan` may look at.

    Attributes:
        root: the tenant's tree, None where the executor has none for it.
        http: the network, None where the job type names no host.
        secrets: secrets that the job type declares (a forge token to read with), by name.
    """

    root: Path | None = None
    http: Web | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class Tools:
    """What `act` works with.

    Attributes:
        root: the tenant's tree, None where the executor has none for it.
        http: the network, None where the job type names no host.
        secrets: secrets that the job type declares, by name.
        attempt: which try this is, from 1.
        key: the job's id: the idempotency key to give to other systems.
    """

    root: Path | None = None
    http: Web | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    attempt: int = 1
    key: str = ""


@runtime_checkable
class Handler(Protocol):
    """Plans and acts for job types.

    Attributes:
        name: what `JobType.handler` says.
        safe_to_retry: whether `act` may run again after a try that failed or was stopped.
    """

    name: str
    safe_to_retry: bool

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """What acting would do; changes nothing. Same world, same bytes: the digest is compared."""

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Do exactly what `diff` says."""


@runtime_checkable
class Undoes(Protocol):
    """A handler that can take back what it did, also when `act` broke off in the middle."""

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Restore what was before `diff`."""


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _texts(value: Json) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise TypeError("not texts")
    return {name: str(item) for name, item in value.items()}


def _message(value: Json) -> Message:
    told = value if isinstance(value, dict) else {}
    kind, key, body = told.get("kind"), told.get("key"), told.get("body")
    if not isinstance(kind, str) or not isinstance(key, str) or not isinstance(body, dict) or not 0 < len(key) <= 200:
        raise HandlerError("outcome-form", "A message of the outcome does not have the form of a message.")
    return Message(kind, key, MappingProxyType(body))
