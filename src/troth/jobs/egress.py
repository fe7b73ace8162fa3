"""HTTP for handlers that cannot be turned against the executor's own network.

Rules: https, port 443 and the exact hosts that the job type declares, unless its operator widens that in settings; the name is resolved once, every address that it has must
be public, and the connection goes to the address that was looked at (so a second answer of the resolver changes nothing); the certificate must be the name's; a redirect
is an answer, not an order: it is returned, and followed only if the handler asks again; answers are capped; no proxy and no credentials are taken from the environment.

Hosts are names in ASCII. Numbers in any spelling (`2130706433`, `0x7f.1`, `127.1`, `[::1]`), user names in addresses, other ports, other alphabets, trailing dots and
control characters are refused before anything is resolved. `httpx` is the extra `jobs`, imported when a client is made.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from troth.errors import LookError
from troth.jobs.refusals import EgressError

if TYPE_CHECKING:
    import httpx

__all__ = ["Egress", "Limits", "checked_url", "is_public", "system_resolver"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Iterable[str]]
"""Addresses of a host, as text."""

_LABEL: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.(?![0-9]+$)(?!0x)[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,8192}")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "proxy-authorization"})
"""Headers that the client writes itself: a handler that could write them could speak with another host behind the same address."""

_TRANSLATED: Final = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0:0/96", "::/96")
)
"""IPv6 networks whose addresses stand for IPv4 ones: NAT64, 6to4, Teredo, SIIT, and the old compatible form (RFC 6052, 8215, 3056, 4380, 2765, 4291)."""

_SPECIAL: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "255.255.255.255/32",
                "fec0::/10", "fd00:ec2::/32", "100::/64", "2001:db8::/32", "5f00::/16", "3fff::/20")
)  # fmt: skip
"""Networks that no public service is in, beside what `ipaddress` knows; which networks that knows differs between releases of Python."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one exchange may be.

    Attributes:
        seconds: longest wait for each step.
        answer_bytes: most bytes of an answer, unpacked.
        body_bytes: most bytes that are sent.
        ports: ports that may be spoken with.
    """

    seconds: float = 20.0
    answer_bytes: int = 8 * 1024 * 1024
    body_bytes: int = 4 * 1024 * 1024
    ports: tuple[int, ...] = (443,)


def is_public(address: Address) -> bool:
    """Whether an address is one that anyone on the internet can be spoken with at."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or address.scope_id is not None):
        return False
    if any(address.version == net.version and address in net for net in (*_TRANSLATED, *_SPECIAL)):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local or address.is_unspecified or address.is_private
    )


def checked_url(url: str, hosts: Iterable[str], ports: Iterable[int] = (443,)) -> tuple[str, int, str]:
    """Host, port and address of a URL that may be asked for.

    Args:
        url: the address.
        hosts: exact names that may be spoken with.
        ports: ports that may be spoken with.

    Raises:
        EgressError: `address`, `scheme`, `userinfo`, `host`, `port` or `undeclared-host`.
    """
    if not _ADDRESS.fullmatch(url) or "\\" in url or "#" in url:
        raise EgressError("address", "The address holds characters that addresses do not have.")
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else 443
    except ValueError as error:
        raise EgressError("address", "The address cannot be taken apart.") from error
    if parts.scheme != "https" or not url.startswith("https://"):
        raise EgressError("scheme", "Only https is spoken.")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise EgressError("userinfo", "The address holds a user's name, or hides its host.")
    host = parts.netloc.rpartition(":")[0] if parts.netloc.rpartition(":")[1] else parts.netloc
    if not _HOST.fullmatch(host) or host != parts.hostname:
        raise EgressError("host", "The host is not a name in plain ASCII.")
    if port not in tuple(ports):
        raise EgressError("port", "The port is not one that is spoken with.")
    if host not in tuple(hosts):
        raise EgressError("undeclared-host", "The job type does not declare this host.")
    return host, port, url


def system_resolver(host: str, port: int) -> Iterable[str]:
    """Addresses of a host, from the operating system.

    Raises:
        EgressError: `unresolved`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise EgressError("unresolved", "The host has no address.") from error
    return [str(entry[4][0]) for entry in found]


def public_address(host: str, port: int, resolver: Resolver) -> str:
    """The one address that is connected to; all that the name has must be public.

    Raises:
        EgressError: `unresolved` or `private-address`.
    """
    try:
        found = [ipaddress.ip_address(text) for text in resolver(host, port)]
    except ValueError as error:
        raise EgressError("private-address", "The host has an address that is none.") from error
    if not found:
        raise EgressError("unresolved", "The host has no address.")
    if not all(is_public(address) for address in found):
        raise EgressError("private-address", "The host has an address inside a network, or a special one.")
    return str(found[0])


class Egress:
    """The network of one job: implements `troth.jobs.handler.Web`.

    Args:
        hosts: exact names that the job type declares.
        limits: how much one exchange may be.
        resolver: names to addresses.
        trust: TLS context; None for the system's roots. For tests with an authority of their own.
        pin: replaces the address that is connected to, after it was judged. For tests, which have no public address.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        limits: Limits | None = None,
        resolver: Resolver = system_resolver,
        trust: Any = None,  # noqa: ANN401 - ssl.SSLContext, imported by httpx only
        pin: Callable[[str, int], tuple[str, int]] | None = None,
    ) -> None:
        self.hosts = frozenset(hosts)
        self._limits = limits or Limits()
        self._resolver = resolver
        self._trust = trust
        self._pin = pin

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one exchange; redirects are answers.

        Raises:
            EgressError: the address is not one that this job may speak with, or the exchange failed.
            LookError: the extra `jobs` is not installed.
        """
        host, port, url = checked_url(url, self.hosts, self._limits.ports)
        told = dict(headers or {})
        if method not in _METHODS or len(body) > self._limits.body_bytes or not _possible(told):
            raise EgressError("request", "The request has a method, header or size that requests of jobs do not have.")
        address = public_address(host, port, self._resolver)
        if self._pin is not None:
            address, port = self._pin(address, port)
        return self._exchange(method, url, told, body, (address, port))

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, target: tuple[str, int]
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            import httpx

            from troth.jobs.pinned import pinned_transport
        except ImportError as error:
            raise LookError("the extra troth[jobs]", "The HTTP library is not installed.") from error
        client = httpx.Client(
            transport=pinned_transport(target, self._trust),
            timeout=self._limits.seconds,
            follow_redirects=False,
            trust_env=False,
        )
        told = {"Accept-Encoding": "identity", "User-Agent": "troth-jobs", **headers}
        try:
            with client, client.stream(method, url, headers=told, content=body) as answer:
                return answer.status_code, MappingProxyType(dict(answer.headers)), self._read(answer)
        except httpx.HTTPError as error:
            raise EgressError("exchange", f"The exchange with the host failed ({type(error).__name__}).") from error

    def _read(self, answer: httpx.Response) -> bytes:
        raw = bytearray()
        for chunk in answer.iter_bytes():
            raw += chunk
            if len(raw) > self._limits.answer_bytes:
                raise EgressError("answer-size", f"The answer has more than {self._limits.answer_bytes} bytes.")
        return bytes(raw)


def _possible(headers: Mapping[str, str]) -> bool:
    return len(headers) <= 50 and all(
        _HEADER.fullmatch(name) and name.lower() not in _OURS and _VALUE.fullmatch(value) for name, value in headers.items()
    )
