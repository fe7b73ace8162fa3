"""A mutual-TLS tunnel between a loopback port here and a loopback port there, for libraries that speak plain text.

`Entrance` stands on the node that serves: it takes TLS connections on any address and forwards them to a loopback port. `Exit` stands on the other nodes: it takes plain
connections on loopback and forwards them by TLS. A connection that cannot be secured is closed; there is no way around. Threads, one for each connection, at most `connections`:
both directions of one TLS connection belong to the same thread, since OpenSSL's connections are not safe between two (CPython locks them from 3.13.4 on only, gh-134698; before, the
process can end in the middle of a send).
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from typing import Final

from troth.guard.distributed.authority import Identity
from troth.guard.distributed.contexts import client_context, server_context
from troth.guard.distributed.plaintext import demand_encrypted
from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["Entrance", "Exit"]

_CHUNK: Final = 1 << 18
_HANDSHAKE_SECONDS: Final = 10.0
_ROUNDS: Final = 16
"""Pieces of one direction before the other has its turn."""


class _Forwarder:
    """Listens, and for each connection makes two ends and copies both ways."""

    def __init__(self, address: tuple[str, int], connections: int) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listener = socket.create_server(address, family=family, backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._places = threading.BoundedSemaphore(connections)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self.refused: list[str] = []
        self._thread = threading.Thread(target=self._accept, name="troth-tunnel", daemon=True)

    def _ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket]:
        raise NotImplementedError

    def __enter__(self) -> _Forwarder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for item in list(self._open):
                _hang_up(item)
        self._thread.join(5)

    def _accept(self) -> None:
        while not self._closed:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return  # closed
            if not self._places.acquire(blocking=False):
                taken.close()
                continue
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        try:
            taken.settimeout(_HANDSHAKE_SECONDS)
            inner, outer = self._ends(taken)
        except (OSError, ssl.SSLError) as error:
            self.refused = [
                *self.refused[-99:],
                type(error).__name__ + ": " + str(getattr(error, "reason", "") or error)[:200],
            ]
            taken.close()
            self._places.release()
            return
        try:
            self._copy_both(inner, outer)
        finally:
            self._places.release()

    def _copy_both(self, inner: socket.socket, outer: socket.socket) -> None:
        ends = (inner, outer)
        with self._lock:
            self._open.update(ends)
        for end in ends:
            end.setblocking(False)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ValueError):
            _relay(inner, outer)
        for end in ends:  # TLS has no half-closed state that is safe to keep: one end gone, both go
            _hang_up(end)
        with self._lock:
            self._open.difference_update(ends)
        inner.close()
        outer.close()


def _hang_up(end: socket.socket) -> None:
    """Shut down the connection below. `SSLSocket.shutdown` first forgets that it is encrypted, and what another thread sends in that moment would go out in the clear."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(end, socket.SHUT_RDWR)


class _Flow:
    """One direction: what was read here and has not been sent there yet."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self._source, self._target = source, target
        self._buffer = memoryview(bytearray(_CHUNK))
        self._left = self._buffer[:0]

    def step(self) -> tuple[socket.socket, int] | None:
        """Copy until one end would block, or for some rounds. Returns what to wait for (no event: nothing, go on); None where the source has ended and all of it is sent.

        Raises:
            OSError: an end is gone.
        """
        for _ in range(_ROUNDS):
            end = self._target if self._left else self._source
            try:
                if self._left:
                    self._left = self._left[self._target.send(self._left) :]
                else:
                    count = self._source.recv_into(self._buffer)
                    if not count:
                        return None
                    self._left = self._buffer[:count]
            except ssl.SSLWantReadError:
                return end, selectors.EVENT_READ
            except ssl.SSLWantWriteError:
                return end, selectors.EVENT_WRITE
            except BlockingIOError:
                return end, selectors.EVENT_WRITE if self._left else selectors.EVENT_READ
        return self._source, 0


def _relay(inner: socket.socket, outer: socket.socket) -> None:
    """Copy both ways until one end has ended.

    Raises:
        OSError: an end is gone.
    """
    flows = (_Flow(inner, outer), _Flow(outer, inner))
    with selectors.DefaultSelector() as ends:
        while True:
            wanted: dict[socket.socket, int] = {}
            again = False
            for flow in flows:
                waits = flow.step()
                if waits is None:
                    return
                again = again or not waits[1]
                wanted[waits[0]] = wanted.get(waits[0], 0) | waits[1]
            if again:
                continue
            for end in (inner, outer):
                known = ends.get_map().get(end)
                events = wanted.get(end, 0)
                if known and not events:
                    ends.unregister(end)
                elif known and known.events != events:
                    ends.modify(end, events)
                elif events and not known:
                    ends.register(end, events)
            ends.select()


class Entrance(_Forwarder):
    """Takes mutual TLS and leads to a loopback port of this machine.

    Args:
        identity: of this node.
        target: where the library listens; loopback only.
        address: where to listen; every interface and a free port by default, which is safe here: nobody without a certificate gets past the handshake.
        connections: most at a time.

    Raises:
        TransportRefusedError: the target is not loopback, or the identity does not hold.
    """

    def __init__(
        self,
        identity: Identity | tuple[str, str, str],
        target: tuple[str, int],
        *,
        address: tuple[str, int] = ("0.0.0.0", 0),  # noqa: S104 - mutual TLS stands in front
        connections: int = 256,
    ) -> None:
        demand_encrypted(target[0])
        self._context, self._target = server_context(identity), target
        super().__init__(address, connections)

    def __enter__(self) -> Entrance:
        """Start to listen."""
        super().__enter__()
        return self

    def _ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket]:
        outer = self._context.wrap_socket(taken, server_side=True)
        return socket.create_connection(self._target, _HANDSHAKE_SECONDS), outer


class Exit(_Forwarder):
    """Takes plain connections on loopback and leads, by mutual TLS, to an `Entrance`.

    Args:
        identity: of this node.
        peer: address and port of the entrance; its certificate must be for this address.
        port: loopback port to listen on; 0 = a free one.
        address: loopback address to listen on.
        connections: most at a time.

    Raises:
        TransportRefusedError: the identity does not hold, or the address is not loopback.
    """

    def __init__(
        self,
        identity: Identity | tuple[str, str, str],
        peer: tuple[str, int],
        *,
        port: int = 0,
        address: str = "127.0.0.1",
        connections: int = 256,
    ) -> None:
        demand_encrypted(address)
        self._context, self._peer = client_context(identity), peer
        super().__init__((address, port), connections)

    def __enter__(self) -> Exit:
        """Start to listen."""
        super().__enter__()
        return self

    def probe(self) -> None:
        """Make one connection to the peer now, so that what is wrong shows at start and not as a hang.

        Raises:
            TransportRefusedError: the peer cannot be reached or does not show the right certificate.
        """
        try:
            with (
                socket.create_connection(self._peer, _HANDSHAKE_SECONDS) as plain,
                self._context.wrap_socket(plain, server_hostname=self._peer[0]) as secured,
            ):
                secured.settimeout(0.3)
                with contextlib.suppress(TimeoutError):
                    secured.recv(1)  # in TLS 1.3 the refusal of our certificate comes after the handshake
        except (OSError, ssl.SSLError) as error:
            raise TransportRefusedError(
                "certificate",
                f"The peer cannot be reached safely: {getattr(error, 'reason', None) or type(error).__name__}",
            ) from error

    def _ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket]:
        plain = socket.create_connection(self._peer, _HANDSHAKE_SECONDS)
        try:
            return taken, self._context.wrap_socket(plain, server_hostname=self._peer[0])
        except BaseException:
            plain.close()
            raise
