"""The way in for reports, before all other routes: what arrives by the thousand does not pass through what only the API needs.

Rules: exactly `POST /report`, with the handler that the route names and the answer for failures that every other page gets; nothing else is decided here.
Measured: routing, dependency solving and exit stacks cost a third of what a report costs the event loop (`python -m bench.desk load`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Door"]


class Door:
    """Serves reports itself and passes on everything else.

    Args:
        app: the rest of the site.
        path: of the one address.
        handler: what takes a report.
        failed: what a failure is answered with.
    """

    def __init__(self, app: ASGIApp, *, path: str, handler: Callable[[Request], Awaitable[Response]], failed: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app, self._path, self._handler, self._failed = app, path, handler, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await self._handler(request)
        except Exception as error:  # noqa: BLE001 - told as every failure of the site is, in one sentence
            answer = await self._failed(request, error)
        await answer(scope, receive, send)
