"""How much of a request is read: a body is taken in whole before anybody looks at it, and not beyond its bound, whatever it says of its length."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

__all__ = ["Bounded"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_SAYS: Final = {400: b"the length of the request is no number", 413: b"too large"}


class Bounded:
    """An ASGI application whose requests have at most so many bytes.

    Args:
        app: what answers.
        most_bytes: of a body.
    """

    def __init__(self, app: Application, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
        if any(not value.isdigit() for value in said):
            await _refuse(send, 400)
        elif any(len(value) > 18 or int(value) > self._most for value in said):
            await _refuse(send, 413)
        else:
            await self._answered(scope, receive, send)

    async def _answered(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the caller has gone before all of it was here
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
            if len(body) > self._most:
                await _refuse(send, 413)
                return
        given = False

        async def told() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, told, send)


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": _SAYS[status]})
