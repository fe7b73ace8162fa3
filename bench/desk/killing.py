"""`kill -9` under load: every receipt that was given must be there afterwards, every report once, every mail sent once at the most.

Senders post reports with nonces of their own and keep what they were answered; whoever got no answer sends the same form again after the restart. A sink on the
same machine counts mails by their Message-ID. Random moments; the seed is printed.

Each server is a child that is forked from a process which has imported everything and opened nothing: what is killed is the same program, and a thousand
deaths take minutes. Whether the ledger still verifies, and whether each receipt is there, is asked at the end, of all of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import secrets
import socket
import socketserver
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from bench.desk.__main__ import free_port, made


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
        with httpx.Client(timeout=10) as client:  # one each: making a client costs more than a report
            self._report(client)

    def _report(self, client: httpx.Client) -> None:
        while not self._stop.is_set():
            nonce = secrets.token_urlsafe(32)
            form = {"nonce": nonce, "title": f"Report {nonce}", "description": "d", "contact": "r@example.org"}
            while not self._stop.is_set():
                try:
                    answer = client.post(f"{self.origin}/report", data=form)
                except httpx.HTTPError:
                    time.sleep(0.02)
                    continue
                if answer.status_code == 303:
                    self.answered[nonce] = answer.headers["location"].partition("?")[0]
                    break
                time.sleep(0.05)

    def stop(self) -> None:
        self._stop.set()
        for one in self._threads:
            one.join(15)


def _serve(folder: str, port: int) -> None:
    """What `troth desk serve` runs, in a forked child."""
    import uvicorn

    from troth.web.desk.serving import application

    os.environ["TROTH_DESK"] = folder
    os.setsid()
    uvicorn.run(application(), host="127.0.0.1", port=port, access_log=False, log_level="critical", proxy_headers=False, backlog=4096)


class Servers:
    """Makes servers, one after another, each a fork of a process that has imported all of it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._how = multiprocessing.get_context("forkserver")
        self._how.set_forkserver_preload(["bench.desk.killing", "troth.web.desk.serving", "troth.store.migration", "uvicorn.protocols.http.auto", "uvicorn.loops.auto", "altcha.v1", "pyrage"])
        self._folder, self._port = str(folder), port
        self.process = self._start()

    def _start(self) -> multiprocessing.Process:
        process = self._how.Process(target=_serve, args=(self._folder, self._port), daemon=True)
        process.start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 0.2).close()
            except OSError:
                if not process.is_alive():
                    raise SystemExit(f"the desk ended by itself ({process.exitcode})") from None
                time.sleep(0.01)
            else:
                return process

    def again(self) -> None:
        """SIGKILL, and a new one."""
        self.process.kill()
        self.process.join()
        self.process = self._start()


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
        servers = Servers(folder, port)
        senders = Senders(port, options.senders)
        began = time.perf_counter()
        for time_ in range(options.times):
            time.sleep(chance.uniform(0.0, options.longest / 1000))
            servers.again()
            if time_ % 100 == 99:
                print(f"  {time_ + 1} kills, {len(senders.answered)} receipts, {time.perf_counter() - began:.0f} s", flush=True)
        time.sleep(1)
        senders.stop()
        lost = _lost(senders)
        time.sleep(6)
        servers.process.terminate()
        servers.process.join(30)
        cases, unsure, whole = _counted(folder)
    twice = sum(count > 1 for count in sink.seen.values())
    sink.shutdown()
    doubled = cases - len(senders.answered)
    print(
        f"kill: {options.times} x kill -9, seed {seed}: {len(senders.answered)} receipts given, {lost} lost; {cases} cases ({doubled} whose sender was stopped before the answer); "
        f"{sum(sink.seen.values())} mails taken, {twice} twice, {unsure} unsure; ledger of {whole} entries verifies"
    )
    return 1 if lost or twice or doubled < 0 or doubled > options.senders else 0


def _lost(senders: Senders) -> int:
    """Receipts that were given and are not there, or do not verify."""
    from troth.desk.receipts import ReceiptError, verify

    lost = 0
    with httpx.Client(base_url=senders.origin, timeout=30) as client:
        key = client.get("/key").text.partition("class=\"secret\">")[2].partition("<")[0].strip()
        if len(key) != 44:
            raise SystemExit("the desk shows no key of receipts")
        for path in senders.answered.values():
            answer = client.get(f"{path}/receipt")
            try:
                verify(answer.text, key)
            except ReceiptError:
                lost += 1
    return lost


def _counted(folder: Path) -> tuple[int, int, int]:
    """Cases, mails of which nobody knows whether they left, and entries of the ledger; fails where it does not verify."""
    from troth.app.desk.opening import TENANT, open_desk
    from troth.ledger.audit import audit

    desk = open_desk(folder)
    try:
        with desk.store.read(TENANT) as t:
            found = audit(desk.events.chronicle.log, t)
            if found.problems:
                raise SystemExit(f"the ledger is not whole: {found.problems[:3]}")
            return sum(desk.cases.counts(t).values()), desk.outbox.counts(t).get("unsure", 0), found.size
    finally:
        desk.close()
