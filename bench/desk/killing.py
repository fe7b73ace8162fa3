"""`kill -9` under load: every receipt that was given must be there afterwards, every report once, every mail sent once at the most.

Senders post reports with nonces of their own and keep what they were answered; whoever got no answer sends the same form again after the restart. A sink on the
same machine counts mails by their Message-ID. Random moments; the seed is printed.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import socketserver
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from bench.desk.__main__ import free_port, made, serve


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that takes everything and remembers the ids."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.seen: Counter[str] = Counter()


class Taker(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            self._talk()
        except OSError:
            return

    def _talk(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                name = ""
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    if text.lower().startswith(b"message-id:"):
                        name = text.partition(b":")[2].strip().decode()
                self.server.seen[name] += 1  # type: ignore[attr-defined]
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class Senders:
    """People who report, and do not give up."""

    def __init__(self, port: int, count: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.answered: dict[str, str] = {}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for one in self._threads:
            one.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            nonce = secrets.token_urlsafe(32)
            form = {"nonce": nonce, "title": f"Report {nonce}", "description": "d", "contact": "r@example.org"}
            while not self._stop.is_set():
                try:
                    answer = httpx.post(f"{self.origin}/report", data=form, timeout=10)
                except httpx.HTTPError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 303:
                    self.answered[nonce] = answer.headers["location"].partition("?")[0]
                    break
                time.sleep(0.05)

    def stop(self) -> None:
        self._stop.set()
        for one in self._threads:
            one.join(15)


def run(options: argparse.Namespace) -> int:
    """Kill, restart, count."""
    seed = int(os.environ.get("TROTH_SEED", random.randrange(10**9)))
    chance = random.Random(seed)
    sink = Sink()
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    port = free_port()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        made(Path(name), port, {"host": "127.0.0.1", "port": sink.server_address[1], "starttls": False, "sender": "desk@example.org", "team": "team@example.org"}).close()
        folder = Path(name) / "desk"
        process = serve(folder, port)
        senders = Senders(port, options.senders)
        for _ in range(options.times):
            time.sleep(chance.uniform(0.05, 1.2))
            process.kill()
            process.wait()
            process = serve(folder, port)
        time.sleep(1)
        senders.stop()
        lost = _lost(senders)
        time.sleep(6)
        process.terminate()
        process.wait(30)
        cases, unsure = _counted(folder)
    twice = sum(count > 1 for count in sink.seen.values())
    sink.shutdown()
    doubled = cases - len(senders.answered)
    print(
        f"kill: {options.times} x kill -9, seed {seed}: {len(senders.answered)} receipts given, {lost} lost; {cases} cases ({doubled} whose sender was stopped before the answer); "
        f"{sum(sink.seen.values())} mails taken, {twice} twice, {unsure} unsure"
    )
    return 1 if lost or twice or doubled < 0 or doubled > options.senders else 0


def _lost(senders: Senders) -> int:
    """Receipts that were given and are not there."""
    with httpx.Client(base_url=senders.origin, timeout=30) as client:
        return sum(nonce not in client.get(path).text or client.get(f"{path}/receipt").status_code != 200 for nonce, path in senders.answered.items())


def _counted(folder: Path) -> tuple[int, int]:
    from troth.app.desk.opening import TENANT, open_desk

    desk = open_desk(folder)
    try:
        with desk.store.read(TENANT) as t:
            return sum(desk.cases.counts(t).values()), desk.outbox.counts(t).get("unsure", 0)
    finally:
        desk.close()
