"""A rendezvous store of torch that listens on loopback only, for use behind a tunnel.

`torch.distributed.TCPStore` binds to every interface and speaks plain text without any proof of who asks. Given a socket of ours it stays on loopback; the other nodes reach it
through an `Entrance` here and an `Exit` there.
"""

from __future__ import annotations

import datetime
import socket
from typing import Any

from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["loopback_store"]


def loopback_store(port: int, world_size: int, *, serves: bool, timeout_seconds: float = 60.0) -> tuple[Any, int]:
    """The store and its port.

    Args:
        port: on the serving node: where to listen (0 = a free one); elsewhere: the port of the local `Exit`.
        world_size: number of processes.
        serves: whether this process holds the store.
        timeout_seconds: for the store's own calls.

    Raises:
        TransportRefusedError: torch is missing, or its store would not stay on loopback.
    """
    try:
        from torch.distributed import TCPStore
    except ImportError as error:
        raise TransportRefusedError("unsupported", "torch.distributed is not installed") from error
    timeout = datetime.timedelta(seconds=timeout_seconds)
    if not serves:
        return TCPStore("127.0.0.1", port, world_size, False, timeout, wait_for_workers=False), port
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    bound: int = listener.getsockname()[1]
    store = TCPStore(
        "127.0.0.1", bound, world_size, True, timeout, wait_for_workers=False, master_listen_fd=listener.detach()
    )
    return store, bound
