"""Whether somebody who is signed in has shown a moment ago who they are: what a new way to sign in asks for, so that a session alone (a browser left open, a stolen cookie) never becomes a key of its own.

Rules: shown is it by the link that made the session, as long as the member has no passkey yet, or by one of their passkeys; it counts for minutes, for this session and in this
browser alone, and how it was shown is written into the ledger with what it was used for.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from troth.app.desk.opening import Desk

__all__ = ["LINK", "confirmed_by", "drop", "named", "remember"]

LINK: Final = "link"
_MINUTES: Final = {LINK: 15}
_ELSE: Final = 5


def _cookie(desk: Desk) -> str:
    return "__Host-troth-sure" if desk.settings.secure else "troth-sure"


def named(credential: str) -> str:
    """How the ledger names a passkey: `passkey` and the beginning of a digest of its id."""
    return f"passkey {hashlib.sha256(credential.encode()).hexdigest()[:16]}"


def _code(desk: Desk, session: str, words: str) -> str:
    return hmac.new(desk.keys.forms, b"sure " + session.encode() + b"\0" + words.encode(), hashlib.sha256).hexdigest()


def remember(answer: Response, desk: Desk, session: str, how: str) -> None:
    """Remember with the browser that the holder of a session has just shown who they are.

    Args:
        answer: that sets the cookie.
        desk: the desk.
        session: its token.
        how: `LINK`, or what `named` gives.
    """
    seconds = _MINUTES.get(how, _ELSE) * 60
    words = f"{int(desk.now().timestamp()) + seconds}.{how.replace(' ', '-')}"
    answer.set_cookie(_cookie(desk), f"{words}.{_code(desk, session, words)}", max_age=seconds, httponly=True, secure=desk.settings.secure, samesite="strict", path="/")


def confirmed_by(request: Request, desk: Desk, session: str, *, has_passkeys: bool) -> str:
    """How the holder of a session showed who they are, a moment ago; empty where they did not. A link does not count any more once there is a passkey."""
    words, _, code = request.cookies.get(_cookie(desk), "").rpartition(".")
    ends, _, how = words.partition(".")
    if not session or not hmac.compare_digest(code.encode(), _code(desk, session, words).encode()):
        return ""
    if not ends.isdigit() or int(ends) <= desk.now().timestamp() or (how == LINK and has_passkeys):
        return ""
    return how.replace("-", " ")


def drop(answer: Response, desk: Desk) -> None:
    """Forget it: it was used, or the session ended."""
    answer.delete_cookie(_cookie(desk), path="/", secure=desk.settings.secure, httponly=True, samesite="strict")
