"""The engine port: work that survives the process which started it.

    engine = open_engine("sqlite:///var/troth.db", [Queue("jobs")])     # the store's own database; None: in-line, nothing durable
    engine.register("jobs.work", work)
    with store.write(tenant) as transaction:
        engine.enqueue(transaction, "jobs", "jobs.work", {"job": "..."}, key="...")
    engine.start()

Importing this package is light; DBOS is imported only where a durable engine is opened.
"""

from __future__ import annotations

from collections.abc import Iterable

from troth.durable.port import ATTEMPTS, Engine, EngineError, Function, JobState, Json, Outbox, Queue

__all__ = ["ATTEMPTS", "Engine", "EngineError", "Function", "JobState", "Json", "Outbox", "Queue", "open_engine"]


def open_engine(url: str | None, queues: Iterable[Queue], *, poll_seconds: float = 0.5, pause: float = 1.0) -> Engine:
    """An engine, not yet started.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://...`, the store's own; None for one that lives in this process only.
        queues: that there are, the same in every process.
        poll_seconds: how often a durable worker asks for work.
        pause: seconds before a failed job is tried again; doubled each time.

    Raises:
        UsageError: DBOS is not installed.
        EngineError: the database does not answer.
    """
    if url is None:
        from troth.durable.inline import InlineEngine

        return InlineEngine(queues, pause)
    from troth.errors import UsageError

    try:
        from sqlalchemy.engine import make_url

        from troth.durable.dbos_engine import DbosEngine
    except ModuleNotFoundError as error:
        raise UsageError(f"durable jobs need {error.name}: install troth[jobs]") from error
    return DbosEngine(make_url(url), queues, poll_seconds=poll_seconds, pause=pause)
