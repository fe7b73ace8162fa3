"""Addresses that are asked, and the pages that come back: live over GET alone, or from a snapshot.

Rules: a client speaks with one host, over HTTPS, with GET and nothing else, and carries no token at all: what strangers may see is enough, and what is not carried cannot leak.
Redirects are followed by hand and only within the host. An answer is bounded; a status from 300 is a page without a body.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from troth.engines.documents import DocumentError, parse_json
from troth.engines.documents.plain import as_list, as_map, as_text
from troth.errors import ForgeUnreachableError, LookError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["HOSTS", "MAX_AGE_DAYS", "LivePages", "Page", "Pages", "RecordedPages", "read_pages", "write_pages"]

HOSTS: Final = ("registry.npmjs.org", "pypi.org")
"""Hosts that are asked, and no others."""

MAX_AGE_DAYS: Final = 30
"""Days after which a snapshot of registries says nothing any more."""

_MAX_BYTES: Final = 16 * 1024 * 1024
_MAX_FILE: Final = 64 * 1024 * 1024
_REDIRECTS: Final = 3
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: address, status, text ("" where the status is no success) and time."""

    address: str
    status: int
    text: str
    time: datetime

    @property
    def source(self) -> str:
        """One line for evidence."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return f"GET {self.address} at {self.time.isoformat(timespec='seconds')} sha256:{digest}"


class Pages(Protocol):
    """Where pages come from."""

    def page(self, address: str) -> Page:
        """The page of an address.

        Raises:
            LookError: it cannot be had.
        """
        ...


def _demand_host(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.netloc not in HOSTS:
        raise LookError("an address on the registry itself", "A question would have left the registry's host.")


class LivePages:
    """Asks the registries themselves.

    Args:
        http: a client of the HTTP library, for tests; made here where it is None.
        timeout: seconds for one exchange.

    Raises:
        LookError: the extra `forge` is not installed.
    """

    def __init__(self, http: httpx.Client | None = None, *, timeout: float = 20.0) -> None:
        self.pages: dict[str, Page] = {}
        self._http = http or self._open(timeout)

    @staticmethod
    def _open(timeout: float) -> httpx.Client:
        try:
            import httpx
        except ImportError as error:
            raise LookError("the extra troth[forge]", "The HTTP library is not installed.") from error
        try:
            return httpx.Client(follow_redirects=False, timeout=timeout)
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise ForgeUnreachableError(
                "proxy and certificate settings that can be used", "The environment's proxy or certificate settings are not valid."
            ) from error

    def __enter__(self) -> LivePages:
        """The client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close all connections."""
        self._http.close()

    def page(self, address: str) -> Page:
        """The page of an address; asked for once.

        Raises:
            ForgeUnreachableError: the registry cannot be reached.
            LookError: its answer cannot be used, or leads to another host.
        """
        if address not in self.pages:
            self.pages[address] = self._fetch(address)
        return self.pages[address]

    def _fetch(self, address: str) -> Page:
        import httpx

        target = address
        for _ in range(_REDIRECTS + 1):
            _demand_host(target)
            if urlsplit(target).netloc != urlsplit(address).netloc:
                raise LookError("an answer of the registry itself", f"GET {address} is redirected to another host; that was not followed.")
            try:
                status, text, location = self._exchange(target)
            except httpx.HTTPError as error:
                raise ForgeUnreachableError(
                    "a connection to the registry", f"{urlsplit(address).netloc} cannot be reached ({type(error).__name__})."
                ) from error
            if status not in (301, 302, 307, 308):
                return Page(address, status, text if status == 200 else "", datetime.now(UTC))
            try:
                target = str(httpx.URL(target).join(location))
            except (httpx.InvalidURL, ValueError) as error:
                raise LookError("an answer of the registry itself", f"GET {address} is redirected to no address.") from error
        raise LookError("an answer of the registry itself", f"GET {address} is redirected in a circle.")

    def _exchange(self, address: str) -> tuple[int, str, str]:
        raw = bytearray()
        # a client of somebody else may carry defaults: nothing that could name its owner goes out
        request = self._http.build_request("GET", address, headers={"Accept": "application/json", "User-Agent": "troth"})
        for name in ("authorization", "cookie", "proxy-authorization"):
            request.headers.pop(name, None)
        response = self._http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > _MAX_BYTES:
                    raise LookError("an answer of bearable size", f"The answer to GET {address} is larger than {_MAX_BYTES} bytes.")
        finally:
            response.close()
        try:
            return response.status_code, raw.decode("utf-8"), response.headers.get("location", "")
        except UnicodeDecodeError as error:
            raise LookError("an answer in UTF-8", f"The answer to GET {address} is no text.") from error


class RecordedPages:
    """Pages of a snapshot."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self.pages = dict(pages)

    def page(self, address: str) -> Page:
        """The recorded page.

        Raises:
            LookError: the snapshot does not hold it.
        """
        if address not in self.pages:
            raise LookError("a newer snapshot of the registries", f"The snapshot holds no answer to GET {address}.")
        return self.pages[address]

    def demand_fresh(self, now: datetime, days: float = MAX_AGE_DAYS) -> None:
        """Refuse a snapshot that is too old, or from the future.

        Raises:
            LookError: with its date.
        """
        taken = min(page.time for page in self.pages.values())
        if not -timedelta(days=1) <= now - taken <= timedelta(days=days):
            raise LookError("a newer snapshot of the registries", f"The snapshot is of {taken.date().isoformat()}.")


def _canonical(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()


def write_pages(path: Path, pages: Iterable[Page]) -> None:
    """Write a snapshot; the file is replaced whole or not at all.

    Raises:
        UsageError: there are no pages, or the file cannot be written.
    """
    rows: list[dict[str, object]] = [
        {"address": page.address, "status": page.status, "text": page.text, "time": page.time.astimezone(UTC).isoformat()}
        for page in sorted(pages, key=lambda page: page.address)
    ]
    if not rows:
        raise UsageError("a snapshot without any answer is not written")
    content = {"troth_registries": _FORM, "pages": rows, "digest": "sha256:" + hashlib.sha256(_canonical(rows)).hexdigest()}
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def read_pages(path: Path) -> RecordedPages:
    """Read a snapshot and verify its digest.

    Raises:
        LookError: no snapshot, damaged, changed since it was written, or of another form.
    """
    try:
        if path.stat().st_size > _MAX_FILE:
            raise LookError("a snapshot of bearable size", f"{path.name} is larger than {_MAX_FILE} bytes.")
        content = as_map(parse_json(path.read_text(encoding="utf-8"), unique=True))
        rows = [dict(as_map(each)) for each in as_list(content.get("pages"))]
        told = "sha256:" + hashlib.sha256(_canonical(rows)).hexdigest()  # type: ignore[arg-type]
        if content.get("troth_registries") != _FORM or not rows or content.get("digest") != told:
            raise LookError("a whole snapshot", f"{path.name} is no snapshot of registries, or was changed after it was written.")
        pages = [_recorded(row) for row in rows]
    except OSError as error:
        raise LookError("a snapshot that can be read", f"{path.name} cannot be read ({error.strerror}).") from error
    except (DocumentError, ValueError) as error:
        raise LookError("a whole snapshot", f"{path.name} cannot be used as a snapshot of registries.") from error
    return RecordedPages({page.address: page for page in pages})


def _recorded(row: Mapping[str, object]) -> Page:
    address, status, text, time = row.get("address"), row.get("status"), row.get("text"), as_text(row.get("time"))  # type: ignore[arg-type]
    moment = datetime.fromisoformat(time)
    if not isinstance(address, str) or not isinstance(status, int) or not isinstance(text, str) or moment.tzinfo is None:
        raise ValueError("a page is not whole")
    return Page(address, status, text, moment)
