"""An HTTP transport that connects to one address, whatever the URL's host resolves to by then; TLS still wants the host's own certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

__all__ = ["pinned_transport"]


class _Pinned(httpcore.NetworkBackend):
    """Opens connections to one address only, and never a UNIX socket."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the URL's name: resolved and judged before, and not again
        port: int,  # noqa: ARG002
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the pinned address."""
        return self._inner.connect_tcp(self._target[0], self._target[1], timeout, local_address, socket_options)


def pinned_transport(target: tuple[str, int], trust: ssl.SSLContext | None = None) -> httpx.HTTPTransport:
    """A transport whose every connection goes to `target`.

    Args:
        target: address and port.
        trust: TLS context; None for the default roots, with host names checked.
    """
    context = trust if trust is not None else ssl.create_default_context()
    transport = httpx.HTTPTransport(verify=context, trust_env=False, retries=0)
    # httpx has no way to hand over a network backend: its pool is replaced by one that has ours.
    transport._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=_Pinned(target), retries=0, http2=False)
    return transport
