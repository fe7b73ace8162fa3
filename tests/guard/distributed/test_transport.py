"""Plain text does not leave the machine; the tunnel takes nobody without the right certificate; a canary shows what is on the wire."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed")

from tests.timing import until
from troth.guard.distributed import (
    Authority,
    Entrance,
    Exit,
    Identity,
    Recorder,
    TransportRefusedError,
    client_context,
    demand_encrypted,
    demand_environment,
    demand_hidden,
    demand_ray,
    loopback_store,
    packets,
    plaintext,
    ray_environment,
    server_context,
)  # fmt: skip

MARKER = b"MARKER-7f3a9c-on-the-wire"
HOST = "127.0.0.1"


class Echo:
    """A library's plain-text server on loopback: answers with what it gets."""

    def __enter__(self) -> Echo:
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.got = bytearray()
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(taken,), daemon=True).start()

    def _one(self, taken: socket.socket) -> None:
        with taken:
            while data := taken.recv(65536):
                self.got += data
                taken.sendall(data)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("tests")


@pytest.fixture(scope="module")
def node(authority: Authority) -> Identity:
    return authority.issue("node", addresses=[HOST, "127.0.0.2"])


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


def talk(port: int, data: bytes) -> bytes:
    """Send and receive as a library would."""
    with socket.create_connection((HOST, port), 5) as end:
        end.sendall(data)
        got = bytearray()
        try:
            while len(got) < len(data):
                piece = end.recv(1 << 16)
                if not piece:
                    break
                got += piece
        except OSError:
            pass
        return bytes(got)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback_may_be_plain(address: str) -> None:
    assert demand_encrypted(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "0.0.0.0",
        "::",
        "",
        "192.168.1.1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "8.8.8.8",
        "node.invalid",
        "127.0.0.1\0.evil",
        "2130706433x",
        "169.254.169.254",
        "fd00::1",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    with pytest.raises(TransportRefusedError):
        demand_encrypted(address)


def test_an_interface_is_what_the_kernel_says_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, flags, event in [
        ("wg0", "0x91", "DEVTYPE=wireguard\nINTERFACE=wg0\n"),
        ("lo", "0x9", "INTERFACE=lo\n"),
        ("eth0", "0x1003", "INTERFACE=eth0\n"),
        ("wg1", "0x1003", "INTERFACE=wg1\n"),
    ]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text(flags)
        (tmp_path / name / "uevent").write_text(event)
    monkeypatch.setattr(plaintext, "_NET", tmp_path)

    assert demand_encrypted("10.9.0.1", interface="wg0") == "10.9.0.1"
    demand_environment({"MASTER_ADDR": "10.9.0.1", "GLOO_SOCKET_IFNAME": "wg0", "WORLD_SIZE": "2"})
    for interface in ("eth0", "wg1", "nothing", "../eth0", "", "lo"):
        with pytest.raises(TransportRefusedError):
            demand_encrypted("10.9.0.1", interface=interface)


@pytest.mark.parametrize(
    "environment",
    [
        {"MASTER_ADDR": "10.0.0.5"}, {}, {"MASTER_ADDR": "127.0.0.1", "GLOO_DEVICE_TRANSPORT": "TCP_TLS"}, {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "nothing0"},
        {"MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "2"}, {"MASTER_ADDR": "127.0.0.1", "NCCL_SOCKET_IFNAME": "eth77", "WORLD_SIZE": "1"}, {"MASTER_ADDR": "127.0.0.1", "GLOO_DEVICE_TRANSPORT": "tcp_tls"},
    ],
)  # fmt: skip
def test_an_environment_that_would_send_plain_text_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(TransportRefusedError):
        demand_environment(environment)


@pytest.mark.skipif(not Path("/sys/class/net/lo").exists(), reason="asks the kernel")
def test_an_environment_on_loopback_is_taken() -> None:
    demand_environment({"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo", "WORLD_SIZE": "4"})
    demand_environment({"MASTER_ADDR": "localhost"})


def test_the_tunnel_carries_data_and_hides_it(node: Identity, echo: Echo) -> None:
    data = (MARKER + os.urandom(1000)) * 2000
    with (
        Entrance(node, (HOST, echo.port)) as way_in,
        Recorder((HOST, way_in.port)) as wire,
        Exit(node, (HOST, wire.port)) as way_out,
    ):
        way_out.probe()
        assert talk(way_out.port, data) == data
        demand_hidden(wire.seen(), MARKER, at_least=2 * len(data))


def test_without_the_tunnel_the_same_canary_is_seen(echo: Echo) -> None:
    with Recorder((HOST, echo.port)) as wire:
        assert talk(wire.port, MARKER) == MARKER
        with pytest.raises(TransportRefusedError, match="plain text"):
            demand_hidden(wire.seen(), MARKER)


def test_a_capture_that_saw_nothing_proves_nothing() -> None:
    with pytest.raises(TransportRefusedError, match="nothing is proved"):
        demand_hidden(b"", MARKER)
    with pytest.raises(TransportRefusedError, match="8 bytes"):
        demand_hidden(b"x" * 100, b"ab")


@pytest.mark.skipif(not hasattr(socket, "AF_PACKET") or os.geteuid() != 0, reason="captures packets as root")
def test_packets_on_the_interface_show_the_same(node: Identity, echo: Echo) -> None:
    """Of the two connections through a tunnel, the ends on loopback are plain: only the middle port is looked at through its own address."""
    with packets("lo") as wire:
        talk(echo.port, MARKER)
    with pytest.raises(TransportRefusedError, match="plain text"):
        demand_hidden(wire.seen(), MARKER)

    context = client_context(node)
    hidden = b"ANOTHER-" + MARKER
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        taken, _ = listener.accept()
        with server_context(node).wrap_socket(taken, server_side=True) as end:
            end.sendall(end.recv(1000))

    threading.Thread(target=serve, daemon=True).start()
    with (
        packets("lo") as wire,
        socket.create_connection(listener.getsockname()) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as end,
    ):
        end.sendall(hidden)
        assert end.recv(1000) == hidden
    listener.close()
    assert demand_hidden(wire.seen(), hidden, at_least=1000) >= 1000


def _wrong(kind: str, authority: Authority) -> Any:
    other = Authority("another")
    expired = authority.issue("late", addresses=[HOST], minutes=-5)
    stranger = other.issue("node", addresses=[HOST])
    return {
        "wrong CA": stranger,
        "our certificate signed by another, their authority swapped": Identity(
            stranger.certificate, stranger.key, authority.certificate
        ),
        "expired": expired,
        "self-signed": Identity(other.certificate, stranger.key, authority.certificate),
    }[kind]


@pytest.mark.parametrize("kind", ["wrong CA", "our certificate signed by another, their authority swapped", "expired"])
def test_a_client_without_the_right_certificate_gets_nothing(
    kind: str, authority: Authority, node: Identity, echo: Echo
) -> None:
    with Entrance(node, (HOST, echo.port)) as way_in, Exit(_wrong(kind, authority), (HOST, way_in.port)) as way_out:
        with pytest.raises(TransportRefusedError):
            way_out.probe()
        assert talk(way_out.port, MARKER) == b""
    assert not echo.got


@pytest.mark.parametrize(
    "kind",
    ["wrong CA", "our certificate signed by another, their authority swapped", "expired", "wrong host", "no address"],
)
def test_a_server_without_the_right_certificate_is_not_spoken_to(
    kind: str, authority: Authority, node: Identity, echo: Echo
) -> None:
    if kind == "wrong host":
        server = authority.issue("elsewhere", addresses=["127.0.0.77"])
    elif kind == "no address":
        server = authority.issue(HOST.replace(".", "-"))
    else:
        server = _wrong(kind, authority)
    with Entrance(server, (HOST, echo.port)) as way_in, Exit(node, (HOST, way_in.port)) as way_out:
        with pytest.raises(TransportRefusedError, match="safely"):
            way_out.probe()
        assert talk(way_out.port, MARKER) == b""
    assert not echo.got


def test_a_self_signed_certificate_and_a_foreign_key_do_not_even_load(authority: Authority, node: Identity) -> None:
    with pytest.raises(TransportRefusedError):
        server_context(_wrong("self-signed", authority))
    with pytest.raises(TransportRefusedError):
        client_context(Identity(node.certificate, authority.issue("x").key, node.authority))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_older_versions_are_refused_by_both_sides(version: ssl.TLSVersion, node: Identity, echo: Echo) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = version
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        Entrance(node, (HOST, echo.port)) as way_in,
        socket.create_connection((HOST, way_in.port)) as plain,
        pytest.raises((ssl.SSLError, OSError)),old.wrap_socket(plain) as end
    ):
        end.sendall(MARKER)
        if not end.recv(10):
            raise OSError
    assert not echo.got


def test_a_client_without_any_certificate_gets_nothing(node: Identity, echo: Echo) -> None:
    bare = ssl.create_default_context(cadata=node.authority.decode())
    with (
        Entrance(node, (HOST, echo.port)) as way_in,
        socket.create_connection((HOST, way_in.port)) as plain,
        pytest.raises((ssl.SSLError, OSError)),bare.wrap_socket(plain, server_hostname=HOST) as end
    ):
        end.sendall(MARKER)
        if not end.recv(10):
            raise OSError
    assert not echo.got


def test_plain_text_sent_at_the_entrance_goes_nowhere(node: Identity, echo: Echo) -> None:
    with Entrance(node, (HOST, echo.port)) as way_in:
        talk(way_in.port, b"GET / HTTP/1.0\r\n\r\n" + MARKER)
        until(lambda: way_in.refused, "the entrance notes what it refused")
    assert MARKER not in bytes(echo.got)


def test_both_ends_of_the_tunnel_stay_on_loopback_where_they_are_plain(node: Identity) -> None:
    with pytest.raises(TransportRefusedError):
        Entrance(node, ("10.0.0.5", 80))
    with pytest.raises(TransportRefusedError):
        Exit(node, (HOST, 1), address="0.0.0.0")


def test_keys_are_written_privately_and_loose_ones_are_refused(node: Identity, tmp_path: Path) -> None:
    paths = node.write(tmp_path / "tls")
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600] * 3
    server_context(tuple(map(str, paths)))  # type: ignore[arg-type]
    with pytest.raises(TransportRefusedError):
        node.write(tmp_path / "tls")
    paths[1].chmod(0o644)
    with pytest.raises(TransportRefusedError, match="chmod 600"):
        server_context(tuple(map(str, paths)))  # type: ignore[arg-type]
    paths[1].chmod(0o600)
    (tmp_path / "link.pem").symlink_to(paths[1])
    with pytest.raises(TransportRefusedError):
        server_context((str(paths[0]), str(tmp_path / "link.pem"), str(paths[2])))
    assert "BEGIN" not in repr(node)


def test_ray_is_set_up_and_what_would_hang_or_leak_is_refused(authority: Authority, tmp_path: Path) -> None:
    authority.issue("node", addresses=["10.1.2.3"]).write(tmp_path / "good")
    environment = ray_environment(tmp_path / "good", node="10.1.2.3")
    assert environment["RAY_USE_TLS"] == "1"
    demand_ray(environment, node="10.1.2.3")

    with pytest.raises(TransportRefusedError, match="hang"):
        demand_ray(environment, node="10.1.2.4")
    for change in (
        {"RAY_USE_TLS": "0"},
        {"RAY_USE_TLS": "true"},
        {"RAY_TLS_CA_CERT": ""},
        {"RAY_TLS_CA_CERT": environment["RAY_TLS_SERVER_CERT"]},
        {"RAY_TLS_SERVER_CERT": str(tmp_path / "nothing")},
    ):
        with pytest.raises(TransportRefusedError):
            demand_ray({**environment, **change}, node="10.1.2.3")
    for name, identity in {
        "late": authority.issue("n", addresses=["10.1.2.3"], minutes=-5),
        "other": Identity(
            authority.issue("n", addresses=["10.1.2.3"]).certificate, authority.issue("m").key, authority.certificate
        ),
    }.items():
        identity.write(tmp_path / name)
        with pytest.raises(TransportRefusedError):
            ray_environment(tmp_path / name, node="10.1.2.3")
    os.chmod(tmp_path / "good" / "key.pem", 0o644)
    with pytest.raises(TransportRefusedError, match="chmod"):
        demand_ray(environment, node="10.1.2.3")


def test_the_rendezvous_of_torch_passes_the_tunnel_unseen(node: Identity) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    store, port = loopback_store(0, 2, serves=True)
    with (
        Entrance(node, (HOST, port)) as way_in,
        Recorder((HOST, way_in.port)) as wire,
        Exit(node, (HOST, wire.port)) as way_out,
    ):
        other, _ = loopback_store(way_out.port, 2, serves=False)
        other.set("secret", MARKER.decode())
        assert store.get("secret") == MARKER
        store.set("back", "x" + MARKER.decode())
        assert other.get("back") == b"x" + MARKER
        demand_hidden(wire.seen(), MARKER, at_least=100)
        del other

    with Recorder((HOST, port)) as wire:
        bare, _ = loopback_store(wire.port, 2, serves=False)
        bare.set("secret", MARKER.decode())
        assert bare.get("secret") == MARKER  # an answer: what was sent has passed the wire
        with pytest.raises(TransportRefusedError, match="plain text"):
            demand_hidden(wire.seen(), MARKER)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc/net")
def test_the_guarded_store_listens_on_loopback_only() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    _store, port = loopback_store(0, 1, serves=True)
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]

    assert [item for item in listening if int(item.split(":")[1], 16) == port] == [f"0100007F:{port:04X}"]
