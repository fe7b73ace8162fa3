"""Runs one task with its handler, inside the worker process: loads the handler, plans again before acting, and keeps secrets out of what goes back."""

from __future__ import annotations

import base64
import importlib
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from troth.errors import TrothError
from troth.jobs.egress import Egress
from troth.jobs.handler import Diff, Handler, HandlerError, Reader, Tools, TryAgainError, Undoes
from troth.jobs.lane.task import LIMIT_BYTES, Report, Task
from troth.jobs.request import JobRequest
from troth.jobs.strict import encode

__all__ = ["load_handler", "work"]

_SHORTEST: Final = 4
"""Secrets below this length are no secrets, and occur in any text."""
_SHORTEST_BARE: Final = 10
"""The same where only letters and digits are compared: fewer of them meet by chance."""
_MARKS: Final = bytes(set(range(128)) - {ord(char) for char in string.ascii_letters + string.digits})


def load_handler(name: str) -> Handler:
    """The handler that `module:Class` names.

    Raises:
        HandlerError: there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError) as error:
        raise HandlerError("no-handler", "The handler of this job type cannot be loaded.") from error
    if not isinstance(made, Handler):
        raise HandlerError("no-handler", "What is named as the handler of this job type is none.")
    return made


def work(task: Task) -> Report:
    """Do what the task says; every failure becomes a report."""
    try:
        handler = load_handler(task.handler)
        safe, undoes = handler.safe_to_retry, isinstance(handler, Undoes)
    except HandlerError as error:
        return Report("refused", error.reason, error.says)
    world = _World(task.held)
    try:
        content = _done(task, handler, world)
        _no_secret(content, task)
    except TryAgainError as error:
        return Report("again", error.reason, _clean(error.says, task), safe_to_retry=safe, can_undo=undoes, held=world.held)
    except TrothError as error:
        reason = error.reason if isinstance(error, HandlerError) else error.code
        says = error.says if isinstance(error, HandlerError) else str(error)
        return Report("refused", reason, _clean(says, task), safe_to_retry=safe, can_undo=undoes)
    except Exception as error:  # noqa: BLE001 - handlers are code of others: whatever they raise becomes a failed job; its text may hold a secret and stays here
        return Report("broke", type(error).__name__[:60], "The handler broke.", safe_to_retry=safe, can_undo=undoes)
    return Report("ok", content=content, safe_to_retry=safe, can_undo=undoes)


@dataclass(slots=True)
class _World:
    """Whether the world was found to be the one that the plan was approved for. Once it was, a further try may find what an earlier one began."""

    held: bool


def _done(task: Task, handler: Handler, world: _World) -> bytes:
    request = JobRequest.parse(task.request)
    root = Path(task.root) if task.root else None
    http = Egress(task.hosts) if task.hosts else None
    reader = Reader(root, http, task.secrets)
    if task.verb == "plan":
        return handler.plan(request, reader).encoded()
    diff = Diff.decode(task.diff)
    tools = Tools(root, http, task.secrets, task.attempt, request.sha256)
    if task.verb == "undo":
        return cast("Undoes", handler).undo(request, diff, tools).encoded()
    if not world.held and handler.plan(request, reader).sha256 != diff.sha256:
        raise HandlerError("plan-changed", "The world is no longer the one that the plan was approved for.")
    world.held = True
    return handler.act(request, diff, tools).encoded()


def _no_secret(content: bytes, task: Task) -> None:
    if _holds_secret(content, task):
        raise HandlerError("secret-leak", "The handler's answer holds a secret and was thrown away.")
    if len(content) > LIMIT_BYTES // 2:
        raise HandlerError("size", "The handler's answer is too long.")


def _forms(value: str) -> set[bytes]:
    raw = value.encode("utf-8")
    if len(raw) < _SHORTEST:
        return set()
    found = {raw, encode(value)[1:-1], raw.hex().encode(), quote(value, safe="").encode()}
    for lead in range(3):  # whatever stood before it in the same base64
        inner = base64.b64encode(b"\0" * lead + raw).rstrip(b"=")[(0, 2, 3)[lead] :]
        inner = inner[: len(inner) - ((lead + len(raw)) % 3 > 0)]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    found |= {base64.b32encode(raw).rstrip(b"=")[:-1], "".join(f"\\u{ord(char):04x}" for char in value).encode(), "".join(f"&#{ord(char)};" for char in value).encode()}
    return {form for form in found if len(form) >= _SHORTEST}


def _holds_secret(content: bytes, task: Task) -> bool:
    """Whether a secret is in there: in a form that programs write, or with nothing but its letters and digits left, in any case and in either direction."""
    if not task.secrets:
        return False
    bare = _bare(content.replace(b"%25", b"%").replace(b"%25", b"%"))
    for value in task.secrets.values():
        if any(form in content for form in _forms(value)):
            return True
        letters = _bare(value.encode("utf-8"))
        codes = value.encode("utf-8").hex().encode()
        if len(letters) >= _SHORTEST_BARE and any(form in bare for form in (letters, letters[::-1], codes)):
            return True
    return False


def _bare(content: bytes) -> bytes:
    return content.lower().translate(None, _MARKS)


def _clean(text: str, task: Task) -> str:
    raw = text.encode("utf-8", "replace")
    return "The handler's message held a secret." if _holds_secret(raw, task) else text[:500]
