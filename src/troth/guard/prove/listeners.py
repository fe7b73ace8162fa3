"""Listeners on loopback that keep what arrives readable: in plain text, behind the right certificate, behind one of a stranger, behind one for another host."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from troth.guard.distributed.authority import Authority, Identity

__all__ = ["Listener", "listeners"]

_ACCEPT_SECONDS = 120.0
_SILENCE_SECONDS = 2.0
"""A connection that says nothing for so long is closed, so that a program which waits for our half of a handshake goes on."""


class Listener:
    """Takes one connection and keeps up to 64 KB of what it can read."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(_ACCEPT_SECONDS)
        self.port: int = self._server.getsockname()[1]
        self.data = b""
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the one connection; a connection of our own ends the wait where the program made none."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass
        self._thread.join(5 * _SILENCE_SECONDS)
        self._server.close()

    def _take(self) -> None:
        with suppress(OSError, ssl.SSLError):
            bare, _ = self._server.accept()
            bare.settimeout(_SILENCE_SECONDS)
            with bare if self._context is None else self._context.wrap_socket(bare, server_side=True) as stream:
                while len(self.data) < 65_536 and (part := stream.recv(65_536)):
                    self.data += part


def _context(identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with identity.temporary() as folder:
        context.load_cert_chain(Path(folder) / "tls" / "cert.pem", Path(folder) / "tls" / "key.pem")
    return context


@contextmanager
def listeners(folder: Path) -> Iterator[tuple[dict[str, Listener], Path]]:
    """Four listeners, by what they show, and the file of the authority that the program is told to trust.

    Raises:
        OSError: nothing can listen, or be written, here.
    """
    ours, stranger = Authority("troth prove"), Authority("a stranger")
    path = folder / f"authority-{os.getpid()}.pem"
    path.write_bytes(ours.certificate)
    made = {
        "no certificate": Listener(None),
        "the certificate of a stranger": Listener(_context(stranger.issue("node", addresses=["127.0.0.1"]))),
        "a certificate for another host": Listener(_context(ours.issue("node", addresses=["192.0.2.1"]))),
        "the right certificate": Listener(_context(ours.issue("node", addresses=["127.0.0.1"]))),
    }
    try:
        yield made, path
    finally:
        path.unlink(missing_ok=True)
