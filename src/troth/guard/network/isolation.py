"""The hook of `isolate`. Source of the events: the audit event table of the Python documentation (`socket.*`)."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable
from typing import Final

from troth.errors import GuardError

__all__ = ["Isolation", "NetworkRefusedError", "isolate"]

_ADDRESSED: Final = frozenset(("socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg"))
_NAMED: Final = frozenset(("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"))
_LOCAL_NAMES: Final = frozenset(("localhost", "ip6-localhost"))
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NetworkRefusedError(GuardError):
    """A socket would have reached, or been reachable from, a network that the program was not meant for.

    Args:
        rule: `address`, `name` or `family`.
        because: one sentence.
    """

    code = "network-refused"
    help = "Listen on 127.0.0.1, or name the network (or the host) in troth.guard.network.isolate(...) on purpose."

    def __init__(self, rule: str, because: str) -> None:
        super().__init__(f"{because} (rule: {rule})")
        self.rule = rule
        self.because = because


class Isolation:
    """A hook that is on until `stop` is called.

    Attributes:
        seen: what was refused, as `event address`, newest last (1,000 at most).
    """

    def __init__(self, networks: tuple[Network, ...], names: frozenset[str]) -> None:
        self._networks = networks
        self._names = names | _LOCAL_NAMES
        self.active = True
        self.seen: list[str] = []

    def stop(self) -> None:
        """Let everything pass again."""
        self.active = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The hook itself; see sys.addaudithook."""
        if not self.active or not event.startswith("socket."):
            return
        if event in _ADDRESSED and len(arguments) > 1 and arguments[1] is not None:
            self._address(event, arguments[0], arguments[1])
        elif event in _NAMED and arguments:
            host = arguments[0]
            if host:  # nothing, or "", asks for an address to listen on; binding it is judged by itself
                self._host(event, host, asked=True)

    def _address(self, event: str, socket: object, address: object) -> None:
        family = int(getattr(socket, "family", -1))
        if isinstance(address, (str, bytes)) or family == 1:
            return  # AF_UNIX: it stays on this machine; which files a program may use is `guard.paths`
        if not isinstance(address, tuple) or not address or not isinstance(address[0], (str, bytes, bytearray)):
            self._refuse(event, "family", "This family of sockets is not one that can be judged")
            return
        self._host(event, address[0], asked=False)

    def _host(self, event: str, host: object, *, asked: bool) -> None:
        name = bytes(host).decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)
        name = name or "0.0.0.0"  # noqa: S104 - what the system makes of an empty host: every interface
        try:
            found = ipaddress.ip_address(name.split("%", 1)[0])
        except ValueError:
            if name.lower().rstrip(".") not in self._names:
                self._refuse(event, "name", "This name is not one that the program was meant to ask for" if asked else "This host is not one of the program's own")
            return
        if isinstance(found, ipaddress.IPv6Address):
            found = found.ipv4_mapped or found
        if not any(found in network for network in self._networks if network.version == found.version):
            self._refuse(event, "address", "This address is not in a network that the program was meant for")

    def _refuse(self, event: str, rule: str, because: str) -> None:
        if len(self.seen) < 1_000:
            self.seen.append(f"{event} {rule}")
        raise NetworkRefusedError(rule, because)


def isolate(networks: Iterable[str] = (), *, names: Iterable[str] = (), loopback: bool = True) -> Isolation:
    """Stop every socket of this process that leaves the given networks, from now on.

    Args:
        networks: in CIDR form, such as `10.20.0.0/16`. Listening on a wildcard address means every interface, and is refused unless `0.0.0.0/0` is named.
        names: host names that may be looked up and connected to; where they lead is up to the resolver.
        loopback: whether this machine itself is one of them.

    Returns:
        A handle; `.seen` tells what was refused, `.stop()` ends it.

    Raises:
        ValueError: something is not a network.
    """
    own = ("127.0.0.0/8", "::1/128") if loopback else ()
    hook = Isolation(
        tuple(ipaddress.ip_network(text) for text in (*own, *networks)),
        frozenset(name.lower().rstrip(".") for name in names),
    )
    sys.addaudithook(hook)
    return hook
