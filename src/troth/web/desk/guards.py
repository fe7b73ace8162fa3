"""What stands before every page: headers, where a request comes from, how often; and no traceback after it.

Rules: the policy for content allows our own origin and nothing inline; private pages are never stored by a browser; no page tells another site where it was;
a write from another site is refused, cookie or not. How often somebody came is counted in `counting`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from troth.app.desk.opening import Desk

__all__ = ["CSP", "Headers", "network_of", "number_of", "own_site", "sent_kib"]

_WITH_PORT: Final = re.compile(r"\A(?:\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)\Z", re.ASCII)
"""An address in brackets, perhaps with a port; or four numbers with a port."""
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


class Headers:
    """Adds the headers to every answer; nothing may be cached unless the page says so itself."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        headers = {**_ALWAYS, **({"strict-transport-security": "max-age=63072000; includeSubDomains"} if secure else {}), "cache-control": "no-store"}
        self._headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                own = {name.lower() for name, _value in given}
                message["headers"] = [*given, *(header for header in self._headers if header[0] not in own)]
            await send(message)

        await self._app(scope, receive, with_headers)


def own_site(request: Request) -> bool:
    """Whether a write comes from our own pages or from no browser at all.

    Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`); programs need not.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    desk: Desk = request.app.state.desk
    return origin is None or origin == desk.settings.origin


def network_of(request: Request) -> str:
    """The network of a request: an IPv4 address, or the /64 of an IPv6 address, in one spelling; behind proxies, what the last trusted one says."""
    desk: Desk = request.app.state.desk
    address = request.client.host if request.client is not None else ""
    if desk.settings.hops > 0:
        chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        if len(chain) >= desk.settings.hops:
            address = chain[-desk.settings.hops]
    return _network(address)


@lru_cache(4_096)
def _network(address: str) -> str:
    """An address with or without a port, in any spelling; what is none stays as it is, cut."""
    bare = _WITH_PORT.sub(lambda found: found[1] or found[2], address.partition("%")[0])
    try:
        found = ip_address(bare)
    except ValueError:
        return address[:64]
    mapped = getattr(found, "ipv4_mapped", None)
    if found.version == 4 or mapped is not None:
        return str(mapped or found)
    return str(ip_network((found, 64), strict=False).network_address)


def sent_kib(request: Request) -> int:
    """KiB that came from a request's network within a day, this request counted: by what it says of its length, or by the most that it may have where it says nothing."""
    desk: Desk = request.app.state.desk
    length = request.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else desk.settings.max_mib * 1024 * 1024
    return int(request.app.state.volume.count(f"volume {network_of(request)}", -(-size // 1024)))


def number_of(desk: Desk, code: str) -> int:
    """The number in a short id.

    Raises:
        HTTPException: 404 where it is none.
    """
    head, _, digits = code.partition("-")
    if head != desk.settings.prefix or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise HTTPException(404)
    return int(digits)
