"""JSON with a forge's interface, over the network that the executor gives a handler. Says what was refused in the forge's words, cut and without the token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import quote

from troth.jobs.handler import HandlerError, Reader, Tools, TryAgainError
from troth.jobs.handlers.patching import text_of
from troth.jobs.request import JobRequest
from troth.jobs.strict import Json

__all__ = ["TOKEN", "Answer", "ForgeClient"]

TOKEN: Final = "forge_token"  # noqa: S105 - the name of a secret
"""Name of the secret that forge job types declare."""

Answer = dict[str, Json]


class ForgeClient:
    """One repository on a forge.

    Args:
        request: for `repository` and `api`.
        given: the network and the secrets.
        repository: another one than the request's `repository`: the fork that a branch is written to.

    Raises:
        HandlerError: there is no network or no token.
    """

    def __init__(self, request: JobRequest, given: Reader | Tools, repository: str = "") -> None:
        if given.http is None or TOKEN not in given.secrets:
            raise HandlerError("no-forge", "The executor has no network or no forge token for this job.")
        self._web, self._secret = given.http, given.secrets[TOKEN]
        self._api = (text_of(request.params, "api") or "https://api.github.com").rstrip("/")
        self.repository = repository or text_of(request.params, "repository")

    def send(self, method: str, path: str, body: Json = None, *, allowed: tuple[int, ...] = (200, 201, 204)) -> tuple[int, Json]:
        """Status and body of one exchange; `path` is below the repository.

        Raises:
            TryAgainError: the forge is busy or limits the rate, and nothing was changed.
            HandlerError: it refused.
        """
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "troth", "Authorization": f"Bearer {self._secret}"}
        content = b"" if body is None else json.dumps(body).encode("utf-8")
        if content:
            headers["Content-Type"] = "application/json"
        status, told, raw = self._web.send(method, f"{self._api}/repos/{self.repository}{path}", headers=headers, body=content)
        if status in allowed:
            return status, _json(raw)
        limited = status == 429 or (status == 403 and told.get("x-ratelimit-remaining") == "0")
        if limited or (status in (502, 503, 504) and method == "GET"):
            raise TryAgainError("forge-busy", f"The forge answers {status} to {method} {path.partition('?')[0]}.")
        raise HandlerError(f"forge-{status}", f"The forge answers {status} to {method} {path.partition('?')[0]}: {_stated(raw)}")

    def get(self, path: str, *, missing: bool = False) -> Json:
        """What is at `path`; None where there is nothing and that is allowed."""
        status, body = self.send("GET", path, allowed=(200, 404) if missing else (200,))
        return None if status == 404 else body

    def object(self, path: str, *, missing: bool = False) -> Answer | None:
        """An object at `path`.

        Raises:
            HandlerError: it is none.
        """
        found = self.get(path, missing=missing)
        if found is None and missing:
            return None
        if not isinstance(found, dict):
            raise HandlerError("forge-answer", "The forge's answer is not an object.")
        return found


def below(answer: Json, *names: str) -> Json:
    """A value inside objects; None where something is missing."""
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def part(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _json(raw: bytes) -> Json:
    if not raw.strip():
        return None
    try:
        return cast("Json", json.loads(raw))
    except ValueError as error:
        raise HandlerError("forge-answer", "The forge's answer is not JSON.") from error


def _stated(raw: bytes) -> str:
    try:
        told = json.loads(raw)
    except ValueError:
        return "it gives no reason"
    said = told.get("message") if isinstance(told, Mapping) else None
    return "".join(char for char in str(said or "it gives no reason") if char.isprintable())[:200]
