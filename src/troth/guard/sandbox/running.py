"""`run`: one call, with a warm sandbox kept for each tenant."""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from typing import Any, Final, Literal

from troth.guard.sandbox.cell import Sandbox
from troth.guard.sandbox.refusal import SandboxError
from troth.guard.sandbox.terms import Isolation, SandboxLimits

__all__ = ["close_all", "run"]

_KEPT: Final = 8
"""Warm sandboxes at once; the one unused longest goes first."""
_warm: OrderedDict[tuple[str, Isolation], Sandbox] = OrderedDict()
_lock = threading.Lock()


def run(
    code: str,
    payload: object = None,
    *,
    limits: SandboxLimits | None = None,
    tenant: str = "",
    lane: Literal["cpython", "expr"] = "cpython",
    isolation: Isolation = Isolation.FULL,
    entry: str = "main",
) -> Any:  # noqa: ANN401 - JSON data
    """Run untrusted code and return its answer.

    Args:
        code: for `cpython`, a module that defines `entry(payload)`; for `expr`, statements whose last expression is the answer, with `payload` at hand.
        payload: JSON data.
        limits: what the job may use.
        tenant: whose code it is; tenants never share an interpreter.
        lane: `cpython` (walls of the Linux kernel) or `expr` (an interpreter of a subset, any platform).
        isolation: which walls must stand (`cpython`).
        entry: name of the function (`cpython`).

    Returns:
        JSON data; untrusted.

    Raises:
        SandboxError: no sandbox that holds can be had; nothing was run.
        SandboxedCodeError: the code failed.
        LimitExceededError: the job used too much and was stopped.
    """
    if lane == "expr":
        from troth.guard.sandbox.expression import run_expression

        return run_expression(code, payload, limits or SandboxLimits())
    if lane != "cpython":
        raise SandboxError('lane "cpython" or "expr"', f"There is no lane {lane!r}.")
    return _sandbox(tenant, isolation).run(code, payload, entry=entry, limits=limits)


def _sandbox(tenant: str, isolation: Isolation) -> Sandbox:
    with _lock:
        found = _warm.pop((tenant, isolation), None) or Sandbox(tenant, isolation=isolation)
        _warm[(tenant, isolation)] = found
        gone = _warm.popitem(last=False)[1] if len(_warm) > _KEPT else None
    if gone is not None:
        gone.close()
    return found


def close_all() -> None:
    """End every warm sandbox of this process; also done at exit."""
    with _lock:
        kept = list(_warm.values())
        _warm.clear()
    for sandbox in kept:
        sandbox.close()


atexit.register(close_all)
