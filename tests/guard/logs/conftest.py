"""The guard installed over one handler on the root logger."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from troth.guard import logs


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """The guard installed, one handler on the root logger, its text."""
    installation = logs.install(streams=False)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    # a library that an earlier test imported may have taken pytest's own handlers to its logger (torch does): they are none of this test's sinks
    others = [
        (one, one.handlers[:])
        for one in list(logging.Logger.manager.loggerDict.values())
        if isinstance(one, logging.Logger) and one.handlers
    ]
    for one, _ in others:
        one.handlers[:] = []
    yield stream
    for one, theirs in others:
        one.handlers[:] = theirs
    root.handlers[:] = before
    root.setLevel(level)
    installation.remove()
