"""Proves that a marker is not on the wire: by capturing packets where the user may, otherwise by standing in between.

    with Recorder(peer) as wire: ... connect to wire.port instead of the peer ...; demand_hidden(wire.seen(), marker)
    with packets("lo") as wire: ...; demand_hidden(wire.seen(), marker)               # Linux, as root

A capture that saw nothing proves nothing: both markers of the control and traffic itself are demanded.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator

from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["Recorder", "demand_hidden", "packets"]

_KEPT = 256 * 2**20


class _Seen:
    """Bytes seen so far."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._lock = threading.Lock()

    def add(self, data: bytes) -> None:
        with self._lock:
            if len(self._data) < _KEPT:
                self._data += data

    def seen(self) -> bytes:
        """Everything seen so far, in order of arrival."""
        with self._lock:
            return bytes(self._data)


class Recorder(_Seen):
    """A proxy on loopback that passes everything on to a peer and remembers it.

    Args:
        peer: where to pass it on.
    """

    def __init__(self, peer: tuple[str, int]) -> None:
        super().__init__()
        self._peer = peer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Recorder:
        """Start to listen."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close everything."""
        for item in [self._listener, *self._ends]:
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
            item.close()

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
                onward = socket.create_connection(self._peer, 5)
                onward.settimeout(None)
            except OSError:
                return  # closed
            self._ends += [taken, onward]
            for source, target in ((taken, onward), (onward, taken)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.add(data)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def packets(interface: str = "lo") -> Iterator[_Seen]:
    """Everything that passes an interface while the context is open.

    Args:
        interface: such as `lo` or `eth0`.

    Raises:
        TransportRefusedError: this user or platform may not capture.
    """
    try:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        raw.bind((interface, 0))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    except (OSError, AttributeError) as error:
        raise TransportRefusedError("unsupported", "Packets cannot be captured by this user; use a Recorder") from error
    seen, stop = _Seen(), threading.Event()
    raw.settimeout(0.05)

    def capture() -> None:
        while True:
            try:
                seen.add(raw.recv(1 << 17))
            except TimeoutError:
                if stop.is_set():
                    return
            except OSError:
                return

    thread = threading.Thread(target=capture, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(5)
        raw.close()


def demand_hidden(seen: bytes, marker: bytes, *, at_least: int = 1) -> int:
    """The marker is not in what was seen, and something was seen.

    Args:
        seen: bytes of a capture.
        marker: what was sent; at least 8 bytes, or chance would hide or find it.
        at_least: bytes that must have been seen.

    Returns:
        How many bytes were looked through.

    Raises:
        TransportRefusedError: the marker was seen, or too little was seen to say.
    """
    if len(marker) < 8:
        raise TransportRefusedError("leak", "A marker has at least 8 bytes")
    if len(seen) < at_least:
        raise TransportRefusedError("leak", f"Only {len(seen)} bytes were seen: nothing is proved")
    for form in (marker, base64.b64encode(marker)[:-4], marker.hex().encode()):
        if form in seen:
            raise TransportRefusedError("leak", "The marker is on the wire in plain text")
    return len(seen)
