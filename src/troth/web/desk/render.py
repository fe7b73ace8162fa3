"""Templates to pages: everything that people wrote is escaped, and nothing is marked safe.

Rules: autoescape is always on, an unknown name in a template is an error; static files carry a digest in their address, so that they can be kept for ever.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from troth.app.desk.opening import Desk
from troth.ledger.keys import key_id
from troth.web.desk.words import fenced, in_zone, utc

__all__ = ["STATIC", "Site", "page", "static_bytes", "static_path"]

STATIC: Final = {"desk.css": "text/css", "rings.svg": "image/svg+xml", "report.js": "text/javascript", "board.js": "text/javascript", "signin.js": "text/javascript", "sealed.js": "text/javascript", "htmx.min.js": "text/javascript", "age.min.js": "text/javascript"}  # fmt: skip


_TURNS: Final = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
"""Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9); letters turn by themselves and stay."""


class Site:
    """What every page says of its desk."""

    def __init__(self, desk: Desk) -> None:
        settings = desk.settings
        self.project, self.origin = settings.project, settings.origin
        self.key = desk.public_key
        self.key_id = key_id(desk.keys.signer.public_key())
        self.recipients = settings.sealed
        self.max_files, self.max_mib = settings.max_files, settings.max_mib
        self.oidc = bool(settings.oidc.issuer)


@cache
def static_bytes(name: str) -> bytes:
    """A static file."""
    return resources.files("troth.web.desk.static").joinpath(name).read_bytes()


@cache
def static_path(name: str) -> str:
    """Address of a static file, with its digest."""
    return f"/static/{hashlib.sha256(static_bytes(name)).hexdigest()[:12]}/{name}"


def _shown(value: object) -> object:
    """What a template shows: characters that turn the direction of a line round stand there as what they are, so that no title makes what is beside it read otherwise."""
    return value.translate(_TURNS) if type(value) is str and not value.isascii() else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("troth.web.desk", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.globals.update(static=static_path, utc=utc)
    parts = environment.get_template("parts.html.jinja").module
    environment.globals.update({name: getattr(parts, name) for name in ("rings",)})
    return environment


def page(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page.

    Args:
        request: whose desk and person are used.
        name: of the template.
        status: of the answer.
        values: what the template names.
    """
    desk: Desk = request.app.state.desk
    zone = desk.settings.zone

    def local(moment: datetime) -> str:
        return in_zone(moment, zone)

    person = getattr(request.state, "person", None)
    environment = _environment()
    shared = {"site": request.app.state.site, "person": person, "csrf": getattr(request.state, "csrf", ""), "here": "", "hidden_page": person is not None, "local": local}
    macros = environment.get_template("parts.html.jinja").make_module({**shared, "utc": utc, "fenced": fenced})
    tools = {tool: getattr(macros, tool) for tool in ("rings", "moment", "clock", "field", "csrf_field", "severity", "prose")}
    return HTMLResponse(environment.get_template(name).render({**shared, **tools, **values}), status_code=status)
