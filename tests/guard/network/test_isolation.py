"""Only this machine and the named networks, for whatever Python opens; an audit hook cannot be removed, so the hook itself is asked, and one real process."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from troth.guard.network import Isolation, NetworkRefusedError, isolate
from troth.guard.network.isolation import ipaddress

PROGRAM = """
import socket
from troth.guard.network import NetworkRefusedError, isolate
hook = isolate()
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.close()
for work in (lambda: socket.create_server(("", 0)), lambda: socket.create_connection(("192.0.2.1", 9), 0.1), lambda: socket.getaddrinfo("example.com", 80),
             lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9))):
    try:
        work()
    except NetworkRefusedError as error:
        print(error.rule)
    else:
        print("passed")
"""


def hook(*networks: str, names: frozenset[str] = frozenset()) -> Isolation:
    return Isolation(tuple(map(ipaddress.ip_network, networks)), names)


class Inet:
    family = socket.AF_INET


@pytest.mark.parametrize("address", [("", 80), ("0.0.0.0", 80), ("::", 80, 0, 0), ("192.0.2.7", 1), ("<broadcast>", 9), ("::ffff:192.0.2.7", 1), ("127.1", 80), ("2130706433", 80), (b"192.0.2.7", 1), ("127.0.0.1.example.com", 1), (7,), ()])  # fmt: skip
def test_what_is_not_in_a_network_is_refused(address: object) -> None:
    with pytest.raises(NetworkRefusedError):
        hook("127.0.0.0/8", "::1/128")("socket.bind", (Inet(), address))


@pytest.mark.parametrize("address", [("127.0.0.1", 80), ("127.9.9.9", 0), ("::1", 80, 0, 0), ("::ffff:127.0.0.1", 1), ("localhost", 5), "/run/service.sock", b"\0abstract"])
def test_this_machine_passes(address: object) -> None:
    hook("127.0.0.0/8", "::1/128")("socket.connect", (Inet(), address))


def test_named_hosts_and_networks_pass_and_others_do_not() -> None:
    own = hook("10.0.0.0/8", names=frozenset(["db.internal"]))

    own("socket.getaddrinfo", ("DB.internal.", 5432, 0, 0, 0))
    own("socket.connect", (Inet(), ("10.9.8.7", 1)))
    for event, arguments in (("socket.getaddrinfo", ("db.internal.evil", 1, 0, 0, 0)), ("socket.connect", (Inet(), ("11.0.0.1", 1)))):
        with pytest.raises(NetworkRefusedError):
            own(event, arguments)
    assert own.seen == ["socket.getaddrinfo name", "socket.connect address"]
    own.stop()
    own("socket.connect", (Inet(), ("11.0.0.1", 1)))


def test_a_real_process_is_kept_on_its_machine() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["address", "address", "name", "address"]


def test_what_is_no_network_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="network"):
        isolate(["10.0.0.0/40"])
