"""Speaks with a forge: GET and nothing else, to one host and no other, with a token that nothing else gets to see.

Rules: there is one place that sends, it sends GET, and it refuses every host but the one that the client was made for; redirects are followed by hand and only within that host;
the token is put on a request at the last moment and stands in no object that is printed; an answer in which the token appears is thrown away. The HTTP library is imported
when a client is made. It does not retry forever: a rate limit is waited for as long as `patience` says, a failing server is asked three times.
"""

from __future__ import annotations

import hashlib
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from troth.engines.forge.endpoints import Endpoint
from troth.engines.forge.pages import Page
from troth.engines.forge.shapes import Json, Node, cut, parse
from troth.errors import ForgeUnreachableError, FormatError, LookError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["GITHUB", "Client", "Tell", "kind_of"]

GITHUB: Final = "https://api.github.com"
"""The public forge's interface."""

Tell = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (seconds, while waiting)."""

_MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one unpacked answer."""

_TRIES: Final = 3
_REDIRECTS: Final = 3
_TOKEN: Final = re.compile(r"[\x21-\x7e]{4,1024}")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def kind_of(api: str) -> str:
    """Which forge speaks at an address: Gitea and Forgejo answer below `/api/v1`, GitHub at its own host or below `/api/v3`."""
    return "gitea" if urlsplit(api).path.rstrip("/").endswith("/api/v1") else "github"


class _Secret:
    """A token that shows itself to nobody who prints, logs or pickles it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not _TOKEN.fullmatch(value):
            raise UsageError("the forge token in the environment holds characters that no token has")
        self._value = value

    def __repr__(self) -> str:
        return "<token>"

    def __reduce__(self) -> str:
        raise TypeError("a token is not written anywhere")

    def header(self) -> str:
        """Value of the Authorization header."""
        return f"Bearer {self._value}"

    def appears_in(self, raw: bytes) -> bool:
        """Whether the bytes hold the token."""
        return self._value.encode() in raw


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class Client:
    """Fetches pages of one forge.

    Args:
        token: read-only token; None to ask as anybody.
        api: address of the forge's interface (`https://HOST/api/v3` for a server of one's own, `https://HOST/api/v1` of a Gitea or Forgejo); plain HTTP only to this machine.
        patience: seconds that may be spent on rate limits in all.
        tell: called while waiting and for every question.
        proxies: take proxies and certificates from the environment.
        known: pages fetched earlier; the forge is only asked whether they changed.
        now: the clock.
        sleep: waits.
        timeout: seconds for one exchange.

    Raises:
        LookError: the extra `forge` is not installed.
        UsageError: the address or the token cannot be used.
    """

    def __init__(
        self,
        token: str | None,
        *,
        api: str = GITHUB,
        patience: float = 900.0,
        tell: Tell | None = None,
        proxies: bool = True,
        known: Iterable[Page] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 20.0,
    ) -> None:
        self.api = api.rstrip("/")
        self.kind = kind_of(self.api)
        self._origin = _origin(self.api)
        if self._origin[0] != "https" and (self._origin[0] != "http" or self._origin[1] not in _LOOPBACK):
            raise UsageError("the forge's address must begin with https://")
        self._token = _Secret(token) if token else None
        self._patience = patience
        self._tell = tell
        self._now = now
        self._sleep = sleep
        self._known = {page.path: page for page in known if page.etag and page.status == 200}
        self.pages: dict[str, Page] = {}
        self._http = self._open(proxies, timeout)

    @staticmethod
    def _open(proxies: bool, timeout: float) -> httpx.Client:
        try:
            import httpx
        except ImportError as error:
            raise LookError("the extra troth[forge]", "The HTTP library is not installed.") from error
        # At DEBUG the library logs the headers of answers, in which a strange server could repeat the token.
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        try:
            return httpx.Client(follow_redirects=False, trust_env=proxies, timeout=timeout)
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise ForgeUnreachableError(
                "proxy and certificate settings that can be used",
                "The environment's proxy or certificate settings are not valid.",
            ) from error

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def page(self, endpoint: Endpoint, path: str) -> Page:
        """The page at `path`; asked for once, and answered from memory after that.

        Raises:
            ForgeUnreachableError: no connection, a certificate that does not verify, a rate limit that lasts too long.
            LookError: an answer that cannot be used.
        """
        if path not in self.pages:
            if self._tell is not None:
                self._tell(path.partition("?")[0], len(self.pages), 0)
            self.pages[path] = self._fetch(endpoint, path)
        return self.pages[path]

    def _fetch(self, endpoint: Endpoint, path: str) -> Page:
        url, where = self.api + path, path.partition("?")[0]
        failures = redirects = 0
        while True:
            response, raw = self._exchange(url, path, where)
            wait = self._limit(response, raw)
            if wait is not None:
                self._wait(wait)
            elif response.status_code >= 500 and failures < _TRIES - 1:
                failures += 1
                self._sleep(0.5 * failures)
            elif response.status_code in (301, 302, 307, 308):
                redirects += 1
                url = self._redirected(response, url, where, redirects)
            else:
                return self._page(endpoint, path, response, raw)

    def _exchange(self, url: str, path: str, where: str) -> tuple[httpx.Response, bytes]:
        import httpx

        request = self._http.build_request("GET", url, headers=self._headers(path))
        if request.method != "GET" or _origin(str(request.url)) != self._origin:
            raise LookError("an address on the forge itself", f"A question ({where}) would have left the forge's host.")
        raw = bytearray()
        try:
            response = self._http.send(request, stream=True)
            try:
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > _MAX_BYTES:
                        raise LookError(
                            "an answer of bearable size",
                            f"The answer to GET {where} is larger than {_MAX_BYTES} bytes.",
                        )
            finally:
                response.close()
        except (httpx.ConnectError, httpx.TimeoutException, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            raise self._unreachable(error) from error
        except (httpx.RequestError, httpx.StreamError) as error:
            raise LookError(
                "a whole answer of the forge", f"The answer to GET {where} broke off ({type(error).__name__})."
            ) from error
        if self._token is not None and self._token.appears_in(bytes(raw)):
            raise LookError(
                "a forge that does not repeat the token",
                f"The answer to GET {where} holds the token and was thrown away.",
            )
        return response, bytes(raw)

    def _headers(self, path: str) -> dict[str, str]:
        own = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"} if self.kind == "github" else {"Accept": "application/json"}
        headers = {**own, "User-Agent": "troth"}
        if self._token is not None:
            headers["Authorization"] = self._token.header()
        if path in self._known:
            headers["If-None-Match"] = self._known[path].etag
        return headers

    def _unreachable(self, error: Exception) -> ForgeUnreachableError:
        host = self._origin[1]
        if _is_tls(error):
            return ForgeUnreachableError(
                "a certificate that verifies", f"The connection to {host} is not safe: TLS failed."
            )
        return ForgeUnreachableError("a connection to the forge", f"{host} cannot be reached ({type(error).__name__}).")

    def _limit(self, response: httpx.Response, raw: bytes) -> float | None:
        """Seconds to wait where the answer is a rate limit; None where it is not."""
        if response.status_code not in (403, 429):
            return None
        headers = response.headers
        if headers.get("retry-after", "").isdigit():
            return float(headers["retry-after"])
        if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
            return max(0.0, float(headers["x-ratelimit-reset"]) - self._now().timestamp()) + 1
        secondary = response.status_code == 429 or b"secondary rate limit" in raw
        return 60.0 if secondary else None

    def _wait(self, seconds: float) -> None:
        seconds = max(seconds, 1.0)
        if seconds > self._patience:
            raise ForgeUnreachableError(
                "a token with requests left in its rate limit", f"The forge asks to wait {seconds:.0f} more seconds."
            )
        self._patience -= seconds
        left = seconds
        while left > 0:
            if self._tell is not None:
                self._tell("waiting for the forge's rate limit", int(seconds - left), int(seconds))
            step = min(left, 5.0)
            self._sleep(step)
            left -= step

    def _redirected(self, response: httpx.Response, url: str, where: str, redirects: int) -> str:
        import httpx

        try:
            target = str(httpx.URL(url).join(response.headers.get("location", "")))
            same = _origin(target) == self._origin
        except (httpx.InvalidURL, ValueError):
            same = False
        if not same or redirects > _REDIRECTS:
            raise LookError(
                "an answer of the forge itself",
                f"GET {where} is redirected to another host or in a circle; that was not followed.",
            )
        return target

    def _page(self, endpoint: Endpoint, path: str, response: httpx.Response, raw: bytes) -> Page:
        where, status, moment = path.partition("?")[0], response.status_code, self._now()
        known = self._known.get(path)
        if status == 304 and known is not None:
            return Page(path, 200, known.body, known.digest, moment, known.etag, known.next)
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        if status >= 300:
            return Page(path, status, None, digest, moment, stated=_stated(raw))
        try:
            body = _body(endpoint, status, raw)
            following = self._next(response)
        except FormatError as error:
            raise LookError(
                "an answer as the forge documents it", f"The answer to GET {where} cannot be used: {error.reason}."
            ) from error
        return Page(path, status, body, digest, moment, self._clean(response.headers.get("etag", "")), following)

    def _clean(self, text: str) -> str:
        return "" if len(text) > 200 or (self._token is not None and self._token.appears_in(text.encode())) else text

    def _next(self, response: httpx.Response) -> str:
        """Path and query of the next page, below the interface's address."""
        try:
            address = response.links.get("next", {}).get("url", "")
            if not address:
                return ""
            if _origin(address) != self._origin or not address.startswith(self.api + "/"):
                raise FormatError("its next page is on another host")
        except ValueError as error:
            raise FormatError("its next page has no valid address") from error
        path = address[len(self.api) :]
        if self._clean(path[:200]) != path[:200] or len(path) > 2000:
            raise FormatError("its next page has no valid address")
        return path


def _body(endpoint: Endpoint, status: int, raw: bytes) -> Json:
    """The fields of a successful answer that are read."""
    if status not in (200, 204):
        raise FormatError(f"its status is {status}")
    return cut(parse(raw), endpoint.shape) if status == 200 and endpoint.shape is not None else None


def _stated(raw: bytes) -> str:
    """A refusal's own words, if it has some."""
    try:
        return Node(cut(parse(raw), {"message": "str"})).text("message", "")[:200]
    except FormatError:
        return ""
