"""The desk as an application that a server of ASGI finds by name: `troth.web.desk.serving:application`.

Rules: the folder comes from `TROTH_DESK` in the environment (`troth desk serve` sets it); the server must not log addresses of pages, for links are secrets.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

from fastapi import FastAPI

from troth.app.desk.opening import open_desk
from troth.web.desk.site import Gates, make_site

__all__ = ["application", "settle_memory"]


def application(gates: Gates | None = None) -> FastAPI:
    """The application of the desk in the folder that `TROTH_DESK` names.

    Args:
        gates: counts that several processes share.

    Raises:
        SettingsError: there is no desk.
    """
    site = make_site(open_desk(Path(os.environ.get("TROTH_DESK", "desk"))), gates)
    settle_memory()
    return site


def settle_memory() -> None:
    """Leave what was loaded for good out of garbage collection, and look at the rest less often.

    The usual threshold of 700 objects has the collector walk through everything that a thousand waiting requests hold, again and again: it was a third of
    the processor time of a report. Reference counts free nearly all of it; cycles wait a little longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
