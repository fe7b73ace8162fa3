"""What the executor tells a worker, and what the worker answers: strict JSON, in frames of a length and a body."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from troth.jobs.handler import HandlerError
from troth.jobs.strict import Json, encode, parse

__all__ = ["LIMIT_BYTES", "Report", "Task"]

LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Longest frame."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing for a handler to do.

    Attributes:
        verb: `plan`, `act` or `undo`.
        handler: `module:Class`.
        request: the request's bytes.
        diff: the approved plan, encoded; empty for `plan`.
        attempt: which try this is, from 1.
        held: whether an earlier try found the world to be the one that the plan was approved for.
        root: the tenant's tree; "" where there is none.
        hosts: hosts that may be spoken with.
        secrets: secrets of the job type, by name.
    """

    verb: str
    handler: str
    request: bytes
    diff: bytes = b""
    attempt: int = 1
    held: bool = False
    root: str = ""
    hosts: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def encoded(self) -> bytes:
        """Bytes for the pipe."""
        return encode(
            {
                "verb": self.verb,
                "handler": self.handler,
                "request": base64.b64encode(self.request).decode("ascii"),
                "diff": base64.b64encode(self.diff).decode("ascii"),
                "attempt": self.attempt,
                "held": self.held,
                "root": self.root,
                "hosts": list(self.hosts),
                "secrets": dict(self.secrets),
            }
        )

    @classmethod
    def decode(cls, content: bytes) -> Task:
        """The task that `encoded` wrote; it comes from the executor, and is read strictly all the same."""
        told = parse(content, limit=LIMIT_BYTES, depth=4, error=HandlerError, what="task")
        attempt, hosts, secrets = told["attempt"], told["hosts"], told["secrets"]
        if not isinstance(attempt, int) or not isinstance(hosts, list) or not isinstance(secrets, dict):
            raise HandlerError("task", "The task does not have the form of a task.")
        return cls(
            verb=str(told["verb"]),
            handler=str(told["handler"]),
            request=base64.b64decode(str(told["request"])),
            diff=base64.b64decode(str(told["diff"])),
            attempt=attempt,
            held=told.get("held") is True,
            root=str(told["root"]),
            hosts=tuple(str(host) for host in hosts),
            secrets=MappingProxyType({name: str(value) for name, value in secrets.items()}),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker answers.

    Attributes:
        kind: `ok`, `again` (nothing was changed, try later), `refused` (the handler or a rule says no) or `broke` (an error nobody foresaw).
        reason: rule that refused, or the error's kind.
        says: one sentence.
        content: the diff or the outcome, encoded; empty unless `ok`.
        safe_to_retry: what the handler says of itself.
        can_undo: whether the handler can take back.
        held: whether this try, or one before it, found the world to be the one that the plan was approved for.
    """

    kind: str
    reason: str = ""
    says: str = ""
    content: bytes = b""
    safe_to_retry: bool = False
    can_undo: bool = False
    held: bool = False

    def encoded(self) -> bytes:
        """Bytes for the pipe."""
        told: dict[str, Json] = {
            "kind": self.kind,
            "reason": self.reason,
            "says": self.says,
            "content": base64.b64encode(self.content).decode("ascii"),
            "safe_to_retry": self.safe_to_retry,
            "can_undo": self.can_undo,
            "held": self.held,
        }
        return encode(told)

    @classmethod
    def decode(cls, content: bytes) -> Report:
        """The report in a frame.

        Raises:
            HandlerError: it is none.
        """
        told = parse(content, limit=LIMIT_BYTES, depth=2, error=HandlerError, what="worker's report")
        if told.get("kind") not in ("ok", "again", "refused", "broke"):
            raise HandlerError("report", "The worker's report does not have the form of a report.")
        try:
            body = base64.b64decode(str(told.get("content", "")), validate=True)
        except ValueError as error:
            raise HandlerError("report", "The worker's report does not have the form of a report.") from error
        return cls(
            kind=str(told["kind"]),
            reason=str(told.get("reason", ""))[:100],
            says=str(told.get("says", ""))[:500],
            content=body,
            safe_to_retry=told.get("safe_to_retry") is True,
            can_undo=told.get("can_undo") is True,
            held=told.get("held") is True,
        )
