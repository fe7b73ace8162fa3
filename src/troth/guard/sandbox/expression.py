"""The lane `expr`: a Python subset in an interpreter that has no system calls to offer (pydantic-monty, the extra `sandbox`).

Code is statements whose last expression is the answer; `payload` is at hand. No files, no network, no imports but the interpreter's own; time and memory are counted inside,
and a worker process that does not answer is killed. For formulas, filters and small rules; for ordinary Python use the lane `cpython`.
"""

from __future__ import annotations

import atexit
import json
import threading
from typing import Any

from troth.guard.limits.exceeded import LimitExceededError
from troth.guard.sandbox.refusal import SandboxedCodeError, SandboxError
from troth.guard.sandbox.terms import SandboxLimits

__all__ = ["close_pool", "run_expression"]

_MEMORY_FLOOR = 64 * 1024
_pool: list[Any] = []
_lock = threading.Lock()


def _workers() -> Any:  # noqa: ANN401 - the library is an extra
    with _lock:
        if not _pool:
            try:
                import pydantic_monty
            except ImportError as error:
                raise SandboxError('pydantic-monty (pip install "troth[sandbox]")') from error
            _pool.append(pydantic_monty.Monty(request_timeout=600).__enter__())
        return _pool[0]


def close_pool() -> None:
    """End the workers; also done at exit."""
    with _lock:
        while _pool:
            _pool.pop().__exit__(None, None, None)


atexit.register(close_pool)


def run_expression(code: str, payload: object, limits: SandboxLimits) -> Any:  # noqa: ANN401 - JSON data
    """Run statements and return the value of the last expression, as JSON data.

    Args:
        code: Python, of the subset that the interpreter knows.
        payload: JSON data, bound to the name `payload`.
        limits: wall time counts while the code computes.

    Raises:
        SandboxError: the extra is not installed.
        SandboxedCodeError: the code failed, or answered with something that is no JSON data.
        LimitExceededError: it used too much.
    """
    given = _plain(payload, limits.input_bytes, "input_bytes", len(code))
    pool = _workers()
    import pydantic_monty

    allowed = {
        "max_feed_duration_secs": min(limits.wall_seconds, limits.cpu_seconds),
        "max_memory": max(limits.memory_bytes, _MEMORY_FLOOR),
        "max_recursion_depth": 500,
    }
    printed = pydantic_monty.CollectString(max_bytes=65536)
    try:
        with pool.checkout(limits=allowed) as session:
            value = session.feed_run(code, inputs={"payload": given}, print_callback=printed)
    except pydantic_monty.MontyCrashedError as error:
        raise LimitExceededError("memory_bytes", "The worker that ran the code died or did not answer") from error
    except pydantic_monty.MontyError as error:
        raise _failure(error, limits) from None
    try:
        return _plain(value, limits.output_bytes, "output_bytes", 0)
    except SandboxError as error:
        raise SandboxedCodeError("raised", f"The answer is no JSON data: {error.because}") from None


def _failure(error: Any, limits: SandboxLimits) -> Exception:  # noqa: ANN401 - an error of the extra
    try:
        inner = error.exception()
    except Exception:  # noqa: BLE001 - the error has no inner one; its text is enough
        inner = None
    if isinstance(inner, TimeoutError):
        return LimitExceededError("wall_seconds", f"The code computed longer than {limits.wall_seconds} s")
    if isinstance(inner, MemoryError):
        return LimitExceededError("memory_bytes", f"The code wanted more than {limits.memory_bytes} bytes")
    return SandboxedCodeError("raised", str(error)[:2000])


def _plain(value: object, most: int, limit: str, further: int) -> Any:  # noqa: ANN401 - JSON data
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SandboxError("JSON data", f"{type(error).__name__}: {error}"[:200]) from None
    if len(text) + further > most:
        raise LimitExceededError(limit, f"There are more than {most} bytes")
    return json.loads(text)
