"""The lane in which handlers run: one process tree for each task, forked from a clean parent, ended as a whole.

`task` is what crosses the pipes, `keeper` runs in the child processes, `workers` is the executor's side. Nothing here knows the store, a permit or a key: a handler that
looks around in its process finds its own job and the secrets of its job type, and no more.
"""

from __future__ import annotations

from troth.jobs.lane.task import Report, Task
from troth.jobs.lane.workers import Lane, StoppedError

__all__ = ["Lane", "Report", "StoppedError", "Task"]
