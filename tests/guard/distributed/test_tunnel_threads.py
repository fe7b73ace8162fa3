"""Who touches a TLS connection of the tunnel: one thread, both ways, and nobody turns it into a plain one while it is open."""

from __future__ import annotations

import os
import socket
import ssl
import threading

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed")

from tests.guard.distributed.test_transport import HOST, Echo, talk
from tests.timing import until
from troth.guard.distributed import Authority, Entrance, Exit


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[int]]:
    """Threads that read from or wrote to each TLS connection; `shutdown` of one, which forgets the encryption before it hangs up, fails."""
    seen: dict[int, set[int]] = {}
    kept: list[ssl.SSLSocket] = []  # so that no number is given twice

    def watched(name: str) -> None:
        plain = getattr(ssl.SSLSocket, name)

        def call(self: ssl.SSLSocket, *rest: object) -> object:
            if id(self) not in seen:
                kept.append(self)
            seen.setdefault(id(self), set()).add(threading.get_ident())
            return plain(self, *rest)

        monkeypatch.setattr(ssl.SSLSocket, name, call)

    def refused(self: ssl.SSLSocket, how: int) -> None:
        seen[-1] = set()

    watched("send")
    watched("recv_into")
    monkeypatch.setattr(ssl.SSLSocket, "shutdown", refused)
    return seen


def test_both_directions_of_a_connection_belong_to_one_thread(touched: dict[int, set[int]]) -> None:
    node = Authority("tests").issue("node", addresses=[HOST])
    data = os.urandom(1 << 20)
    with Echo() as echo, Entrance(node, (HOST, echo.port)) as way_in, Exit(node, (HOST, way_in.port)) as way_out:
        answers: list[bytes] = []
        users = [threading.Thread(target=lambda: answers.append(talk(way_out.port, data))) for _ in range(6)]
        for user in users:
            user.start()
        for user in users:
            user.join()
    assert answers == [data] * 6
    assert -1 not in touched
    assert len(touched) == 12
    assert all(len(threads) == 1 for threads in touched.values())


def test_a_tunnel_that_is_closed_in_the_middle_hangs_up_and_stays_encrypted(touched: dict[int, set[int]]) -> None:
    node = Authority("tests").issue("node", addresses=[HOST])
    with Echo() as echo:
        with Entrance(node, (HOST, echo.port)) as way_in, Exit(node, (HOST, way_in.port)) as way_out:
            end = socket.create_connection((HOST, way_out.port), 5)
            end.sendall(b"x" * 1000)
            until(lambda: len(echo.got) == 1000, "the library has what was sent")
        with end:
            end.settimeout(10)
            while True:
                try:
                    if not end.recv(1 << 16):
                        break
                except ConnectionError:
                    break
    assert -1 not in touched
