"""The desk as an application that a server of ASGI finds by name: `troth.web.desk.serving:application`.

Rules: the folder comes from `TROTH_DESK` in the environment (`troth desk serve` sets it); the server must not log addresses of pages, for links are secrets.
"""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI

from troth.app.desk.opening import open_desk
from troth.web.desk.site import make_site

__all__ = ["application"]


def application() -> FastAPI:
    """The application of the desk in the folder that `TROTH_DESK` names.

    Raises:
        SettingsError: there is no desk.
    """
    return make_site(open_desk(Path(os.environ.get("TROTH_DESK", "desk"))))
