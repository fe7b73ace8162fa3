"""The board as a server starts it: from the environment that `troth jobs board` sets, so that the command line need not know this package."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from troth.app.board import Board
from troth.app.jobs import open_jobs
from troth.app.jobs_home import open_home
from troth.web.board.site import application as site

__all__ = ["HOME", "ORIGIN", "PEOPLE", "application"]

HOME: Final = "TROTH_BOARD_HOME"
"""Directory of the jobs."""

ORIGIN: Final = "TROTH_BOARD_ORIGIN"
"""Address under which browsers see the board."""

PEOPLE: Final = "TROTH_BOARD_PEOPLE"
"""Approvers to print links for, separated by spaces."""


def application() -> FastAPI:
    """The application; prints one link for each person. While it serves, lost jobs are made visible and approvals that ran out are ended."""
    jobs = open_jobs(open_home(Path(os.environ[HOME])))
    jobs.executor.tending().start()
    board = Board(jobs, os.environ[ORIGIN])
    for person in os.environ.get(PEOPLE, "").split():
        print(f"{person}, once, within 15 minutes: {board.link(person)}", file=sys.stderr, flush=True)
    return site(board)
