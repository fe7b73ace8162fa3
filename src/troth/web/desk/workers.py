"""Several processes that serve one desk: a parent that imports everything, opens nothing, binds the address and forks; and puts a new process in the place of one that died.

Rules: nothing with a thread, a lock or a database is open when a process is forked; what a process has not yet taken from the queue of the address is taken
by another one when it dies, so that a death costs the requests that it was answering and no others. A process ends by itself, gracefully, when its parent is
gone, however that went. One that dies before it could serve is not tried for ever.

Processes of one desk need not know each other: they take turns at the store (`troth.desk.storage.turns`), count together (`counting`), and what is given out
once (challenges, proofs of work) is used up in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import uvicorn

from troth.app.desk.settings import read
from troth.errors import SettingsError
from troth.web.desk.serving import application, settle_memory
from troth.web.desk.site import Gates

__all__ = ["MOST", "bind", "serve"]

MOST: Final = 16
_QUEUE: Final = 4_096
"""Connections that may wait at the address."""
_AT_ONCE: Final = 64
"""Connections that a process takes before it looks at those that it has: of a thousand that come at once, one that took all would leave its siblings idle."""
_WAITS: Final = (0.0, 0.1, 0.5, 2.0, 5.0)
"""Seconds before a new process begins, by how many died young one after another."""
_YOUNG: Final = 10.0
_PATIENCE: Final = 5.0
_LOADED: Final = ("troth.store.migration", "uvicorn.protocols.http.auto", "uvicorn.loops.auto", "altcha.v1", "pyrage", "email.parser", "sqlalchemy.dialects.sqlite")
LOG: Final = logging.getLogger("troth.desk")


def bind(host: str, port: int, patience: float = _PATIENCE) -> socket.socket:
    """An address to serve at, with a queue.

    Args:
        host: name or address.
        port: number of the port.
        patience: seconds for which an address that is taken is waited for: children of a parent that was killed are about to leave it.

    Raises:
        SettingsError: it cannot be had.
    """
    until = time.monotonic() + patience
    while True:
        try:
            family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            with contextlib.ExitStack() as stack:
                made = stack.enter_context(socket.socket(family, kind, protocol))
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.bind(address)
                made.listen(_QUEUE)
                stack.pop_all()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise SettingsError(f"cannot serve at {host} port {port}: {error.strerror or error}") from error
            time.sleep(0.1)
        else:
            return made


class _Server(uvicorn.Server):
    """Says when it serves, and leaves the queue of the address as long as it was."""

    def __init__(self, config: uvicorn.Config, address: socket.socket, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._address, self._ready = address, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        # uvicorn has one number for two things, and has just made the queue as short as what is taken at once
        self._address.listen(_QUEUE)
        self._ready()


def _work(folder: Path, gates: Gates, address: socket.socket, parent: int, ready: int) -> None:
    """The life of one process."""
    os.environ["TROTH_DESK"] = str(folder)

    def orphaned() -> None:
        with contextlib.suppress(OSError):
            os.read(parent, 1)  # nobody writes there: it ends when the other side is gone
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=orphaned, name="desk-parent", daemon=True).start()
    config = uvicorn.Config(
        application(gates), access_log=False, log_level="warning", server_header=False, proxy_headers=False, backlog=_AT_ONCE, timeout_graceful_shutdown=30
    )
    server = _Server(config, address, lambda: _say(ready))
    asyncio.run(server.serve([address]))


def _say(ready: int) -> None:
    os.write(ready, b"!")
    os.close(ready)


class _Family:
    """The parent's view: who lives, who served, who is to be replaced."""

    def __init__(self, folder: Path, gates: Gates, address: socket.socket, count: int) -> None:
        self._folder, self._gates, self._address, self._count = folder, gates, address, count
        self._alive: dict[int, float] = {}
        self._pipe = os.pipe()
        self._ready_read, self._ready = os.pipe()
        self._young, self._served, self._ending = 0, False, False

    def begin(self) -> None:
        """Fork one."""
        pid = os.fork()
        if pid:
            self._alive[pid] = time.monotonic()
            return
        code = 1
        try:
            for one in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(one, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            os.close(self._pipe[1])
            os.close(self._ready_read)
            _work(self._folder, self._gates, self._address, self._pipe[0], self._ready)
            code = 0
        except KeyboardInterrupt:
            code = 0
        except BaseException as error:  # noqa: BLE001 - the end of a process; what is known is said
            print(f"troth desk: a process ended: {error if isinstance(error, SettingsError) else type(error).__name__}", file=sys.stderr)
        finally:
            # nothing of the parent's is cleaned up by a child
            os._exit(code)

    def end(self, *_: object) -> None:
        """Have all end, gracefully."""
        self._ending = True
        for pid in list(self._alive):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def watch(self, wake: int) -> int:
        """Until it is over; exit status."""
        for _ in range(self._count):
            self.begin()
        while self._alive:
            readable, _, _ = select.select([wake, self._ready_read], [], [], 1.0)
            if wake in readable:
                os.read(wake, 64)
            if self._ready_read in readable and os.read(self._ready_read, 64):
                self._served = True
            for pid, status in _dead():
                self._buried(pid, status)
        return 0 if self._served else 1

    def _buried(self, pid: int, status: int) -> None:
        lived = time.monotonic() - self._alive.pop(pid, 0.0)
        if self._ending:
            return
        if not self._served:
            self.end()  # what keeps the first from serving keeps every other one from it
            return
        self._young = self._young + 1 if lived < _YOUNG else 0
        LOG.warning("a process of the desk ended (%s); another one begins", status)
        if wait := _WAITS[min(self._young, len(_WAITS) - 1)]:
            time.sleep(wait)
        if not self._ending:
            self.begin()


def _dead() -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if not pid:
            return found
        found.append((pid, os.waitstatus_to_exitcode(status)))


def serve(folder: Path, host: str, port: int, count: int, preload: Sequence[str] = _LOADED) -> int:
    """Serve a desk from several processes until SIGTERM or SIGINT; exit status.

    Args:
        folder: the desk's.
        host: name or address to serve at.
        port: number of the port.
        count: of processes.
        preload: modules that are imported before anything is forked, so that they are in memory once.

    Raises:
        SettingsError: no such desk, the address is taken, or this system cannot fork.
    """
    if not hasattr(os, "fork"):
        raise SettingsError("several processes need a system that can fork; serve with one")
    settings = read(folder)
    address = bind(host, port)
    for name in preload:
        importlib.import_module(name)
    settle_memory()
    family = _Family(folder.resolve(), Gates.of(settings), address, count)
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, family.end)
    return family.watch(wake)
