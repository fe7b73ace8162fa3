"""One page of an answer, and asking for all pages of one; the same for a live forge and for a snapshot.

Rules: a refused page (401, 403, 404 and every other status from 400) becomes `NotSeen` that names the permission, never an empty value. A page that cannot be understood becomes `NotSeen` too;
only a forge that cannot be reached at all ends the look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from troth.engines.forge.endpoints import ENDPOINTS, Endpoint, path_of
from troth.engines.forge.shapes import Json, Node
from troth.errors import ForgeUnreachableError, FormatError, LookError
from troth.terms.facts.forge_answer import Answer, NotSeen, Seen, Source

__all__ = ["Asker", "Page", "Pages", "Reply"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer.

    Attributes:
        path: path and query, relative to the forge's interface; no host.
        status: HTTP status.
        body: the fields that are read; None where there is no body or the status is no success.
        digest: `sha256:` of the bytes of the answer.
        time: when the forge sent it, or last confirmed it.
        etag: the forge's mark of this version; "" where there is none.
        next: path and query of the next page; "" for the last.
        stated: a refusal's message, cut short.
    """

    path: str
    status: int
    body: Json
    digest: str
    time: datetime
    etag: str = ""
    next: str = ""
    stated: str = ""


class Pages(Protocol):
    """Where pages come from."""

    def page(self, endpoint: Endpoint, path: str) -> Page:
        """The page at `path`, of which `endpoint` tells the fields.

        Raises:
            ForgeUnreachableError: nothing can be fetched at all.
            LookError: this page cannot be fetched or understood.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """All pages of one answer.

    Attributes:
        status: 200 or 204.
        bodies: one a page.
        entries: field that holds the entries; see `Endpoint`.
    """

    status: int
    bodies: tuple[Json, ...]
    entries: str | None

    @property
    def node(self) -> Node:
        """The object of an answer without pages."""
        return Node(self.bodies[0])

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The entries of all pages, as objects."""
        found: list[Node] = []
        for body in self.bodies:
            if self.entries:
                found.extend(Node(body).nodes(self.entries))
            elif isinstance(body, list):
                found.extend(Node(each) for each in body)
            else:
                raise FormatError("the answer is no list")
        return tuple(found)


_REASONS = {
    401: "does not accept the token",
    403: "refuses this to the token",
    404: "answers 'not found', which it also says where the token may not look",
}


def _refused(endpoint: Endpoint, page: Page) -> NotSeen:
    missing = f"a token with the repository permission {endpoint.permission}"
    if page.status == 401:
        missing = "a token that is valid"
    elif page.status >= 500:
        missing = "an answer of the forge"
    reason = _REASONS.get(page.status, f"answers with status {page.status}")
    where = page.path.partition("?")[0]
    return NotSeen(f"GET {where}", missing, f"The forge {reason} (GET {where}).", page.status, page.time, page.stated)


class Asker:
    """Asks the forge's questions about one repository.

    Args:
        pages: a client or a snapshot.
        owner: account.
        repo: repository.
        endpoints: the questions that the forge can be asked, by our name.
    """

    def __init__(self, pages: Pages, owner: str, repo: str, endpoints: Mapping[str, Endpoint] = ENDPOINTS) -> None:
        self._pages = pages
        self._endpoints = endpoints
        self._fixed = {"owner": owner, "repo": repo}
        self.oldest: datetime | None = None
        """Time of the oldest answer so far."""

    def ask(self, name: str, convert: Callable[[Reply], T], **parts: str) -> Answer[T]:
        """Ask one question and convert its answer.

        Args:
            name: of the endpoint.
            convert: from the reply to the value; may raise FormatError.
            parts: further parts of the path.

        Raises:
            ForgeUnreachableError: nothing can be fetched at all.
        """
        endpoint = self._endpoints[name]
        where = f"GET {endpoint.path}"
        try:
            path = path_of(endpoint, {**self._fixed, **parts})
            where = f"GET {path.partition('?')[0]}"
            pages, complete = self._walk(endpoint, path)
            if pages[-1].status >= 300:
                return _refused(endpoint, pages[-1])
            value = convert(Reply(pages[0].status, tuple(page.body for page in pages), endpoint.entries))
        except ForgeUnreachableError:
            raise
        except LookError as error:
            return NotSeen(where, error.missing, error.because)
        except FormatError as error:
            return NotSeen(
                where, "an answer as the forge documents it", f"The answer to {where} cannot be used: {error.reason}."
            )
        return Seen(value, self._source(where, pages, complete))

    def _walk(self, endpoint: Endpoint, path: str) -> tuple[list[Page], bool]:
        pages: list[Page] = []
        asked = set()
        while path and len(pages) < endpoint.pages:
            if path in asked:
                raise FormatError("its pages go in a circle")
            asked.add(path)
            page = self._pages.page(endpoint, path)
            pages.append(page)
            self.oldest = page.time if self.oldest is None else min(self.oldest, page.time)
            if page.status != 200:
                break
            path = page.next
        return pages, not path or pages[-1].status != 200

    @staticmethod
    def _source(where: str, pages: list[Page], complete: bool) -> Source:
        digest = pages[0].digest
        if len(pages) > 1:
            digest = "sha256:" + hashlib.sha256("\n".join(page.digest for page in pages).encode()).hexdigest()
        return Source(where, min(page.time for page in pages), digest, complete)
