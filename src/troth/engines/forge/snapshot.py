"""A snapshot: the pages of one look, in a file, so that a check can be repeated without a network and without a token.

Rules: only the fields that Troth reads are in it, and never a token; it has a date and a digest over its content; a file that was changed is refused, and so is one that is older than allowed.
The digest protects against damage and careless edits; it is no signature.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from troth.engines.forge.endpoints import Endpoint
from troth.engines.forge.pages import Page
from troth.engines.forge.shapes import Json, Node, cut, parse
from troth.errors import FormatError, LookError, UsageError

__all__ = ["MAX_AGE_DAYS", "Snapshot", "read_snapshot", "write_snapshot"]

MAX_AGE_DAYS: Final = 7
"""Days after which a snapshot says nothing any more: settings change by a click."""

_FORM: Final = 1
_KINDS: Final = ("github", "gitea")
_MAX_BYTES: Final = 64 * 1024 * 1024
_PAGE: Final = {
    "path!": "str",
    "status!": "int",
    "digest!": "str",
    "time!": "time",
    "etag!": "str",
    "next!": "str",
    "stated!": "str",
}


_HEAD: Final = {"troth_snapshot!": "int", "forge!": "str", "repository!": "str", "taken!": "time", "digest!": "str"}


@dataclass(frozen=True)
class Snapshot:
    """Recorded pages of one repository.

    Attributes:
        repository: `owner/name`.
        taken: time of its oldest page.
        digest: `sha256:` over its content.
        recorded: its pages, by path.
        kind: which forge it is of: `github`, or `gitea` (also Forgejo).
    """

    repository: str
    taken: datetime
    digest: str
    recorded: dict[str, Page]
    kind: str = "github"

    def page(self, endpoint: Endpoint, path: str) -> Page:
        """The recorded page, read as strictly as a live one.

        Raises:
            LookError: the snapshot does not hold it, or not in its form.
        """
        page = self.recorded.get(path)
        where = path.partition("?")[0]
        if page is None:
            raise LookError("a newer snapshot", f"The snapshot holds no answer to GET {where}.")
        if page.status == 200 and endpoint.shape is not None:
            try:
                cut(page.body, endpoint.shape)
            except FormatError as error:
                raise LookError(
                    "a whole snapshot", f"The snapshot's answer to GET {where} cannot be used: {error.reason}."
                ) from error
        return page

    def demand_fresh(self, now: datetime, days: float = MAX_AGE_DAYS) -> None:
        """Refuse a snapshot that is too old, or from the future.

        Raises:
            LookError: with its date.
        """
        date = self.taken.date().isoformat()
        if now - self.taken > timedelta(days=days):
            raise LookError(
                "a newer snapshot of the forge's settings", f"The snapshot is of {date}, older than {days:g} days."
            )
        if self.taken - now > timedelta(days=1):
            raise LookError("a snapshot with a true date", f"The snapshot is of {date}, which has not come yet.")


def _canonical(content: dict[str, Json]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def write_snapshot(path: Path, repository: str, pages: Iterable[Page], kind: str = "github") -> Snapshot:
    """Write a snapshot; the file is replaced whole or not at all.

    Args:
        path: the file.
        repository: `owner/name`.
        pages: what a client fetched (`Client.pages.values()`).
        kind: which forge answered (`Client.kind`).

    Raises:
        UsageError: there are no pages, or the file cannot be written.
    """
    listed = sorted(pages, key=lambda page: page.path)
    if not listed:
        raise UsageError("a snapshot without any answer is not written")
    taken = min(page.time for page in listed).astimezone(UTC)
    rows: list[Json] = [
        {
            "path": page.path,
            "status": page.status,
            "digest": page.digest,
            "time": page.time.astimezone(UTC).isoformat(),
            "etag": page.etag,
            "next": page.next,
            "stated": page.stated,
            "body": page.body,
        }
        for page in listed
    ]
    content: dict[str, Json] = {
        "troth_snapshot": _FORM,
        "forge": kind,
        "repository": repository,
        "taken": taken.isoformat(),
        "pages": rows,
    }
    digest = "sha256:" + hashlib.sha256(_canonical(content)).hexdigest()
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps({**content, "digest": digest}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    return Snapshot(repository, taken, digest, {page.path: page for page in listed}, kind)


def _read_page(row: Json) -> Page:
    node = Node(cut(row, _PAGE, "a page"))
    body = row.get("body") if isinstance(row, dict) else None
    return Page(
        node.text("path"),
        node.number("status"),
        body,
        node.text("digest"),
        node.time("time"),
        node.text("etag"),
        node.text("next"),
        node.text("stated"),
    )


def _opened(raw: bytes) -> tuple[str, str, str, list[Page]]:
    """Repository, kind, digest and pages of a snapshot's bytes."""
    content = parse(raw)
    head = Node(cut(content, _HEAD, "the file"))
    if not isinstance(content, dict) or head.number("troth_snapshot") != _FORM or head.text("forge") not in _KINDS:
        raise FormatError("it is of a form that this version does not know")
    told = content.pop("digest")
    digest = "sha256:" + hashlib.sha256(_canonical(content)).hexdigest()
    if told != digest:
        raise FormatError("it was changed after it was written")
    rows = content.get("pages")
    if not isinstance(rows, list) or not rows:
        raise FormatError("it holds no pages")
    return head.text("repository"), head.text("forge"), digest, [_read_page(row) for row in rows]


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot and verify its digest.

    Raises:
        LookError: no snapshot, too large, changed since it was written, or of a form that this version does not know.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LookError("a snapshot of bearable size", f"{path.name} is larger than {_MAX_BYTES} bytes.")
        repository, kind, digest, pages = _opened(path.read_bytes())
    except OSError as error:
        raise LookError("a snapshot that can be read", f"{path.name} cannot be read ({error.strerror}).") from error
    except FormatError as error:
        raise LookError("a whole snapshot", f"{path.name} cannot be used as a snapshot: {error.reason}.") from error
    return Snapshot(repository, min(page.time for page in pages), digest, {page.path: page for page in pages}, kind)
