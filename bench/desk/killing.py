"""`kill -9` under load: every receipt that was given must be there afterwards, every report once, every mail sent once at the most.

Senders post reports with nonces of their own and keep what they were answered; whoever got no answer sends the same form again after the restart. A sink on the
same machine counts mails by their Message-ID. Random moments; the seed is printed.

Each server is a child that is forked from a process which has imported everything and opened nothing: what is killed is the same program, and a thousand
deaths take minutes. Whether the ledger still verifies, and whether each receipt is there, is asked at the end, of all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import re
import secrets
import signal
import socket
import socketserver
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx

from bench.desk.__main__ import children, free_port, made
from bench.desk.loading import cpu_seconds


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

    def __init__(self, port: int, count: int, answered: dict[str, str]) -> None:
        self.origin, self.answered = f"http://127.0.0.1:{port}", answered
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


def _serve(folder: str, port: int, workers: int) -> None:
    """What `troth desk serve` runs, in a forked child."""
    import logging

    import uvicorn

    from troth.web.desk.serving import application
    from troth.web.desk.workers import serve

    os.environ["TROTH_DESK"] = folder
    os.setsid()
    if workers > 1:
        logging.disable()
        serve(Path(folder), "127.0.0.1", port, workers)
    else:
        uvicorn.run(application(), host="127.0.0.1", port=port, access_log=False, log_level="critical", proxy_headers=False, backlog=4096)


class Servers:
    """Makes servers, one after another, each a fork of a process that has imported all of it.

    Args:
        folder: of the desk.
        port: where.
        workers: processes that serve; with more than one, a kill is that of one of them, or of the whole family at once.
        chance: for who is killed when.
    """

    def __init__(self, folder: Path, port: int, workers: int, chance: random.Random) -> None:
        self._how = multiprocessing.get_context("forkserver")
        self._how.set_forkserver_preload(
            ["bench.desk.killing", "troth.web.desk.serving", "troth.web.desk.workers", "troth.store.migration", "uvicorn.protocols.http.auto", "uvicorn.loops.auto", "altcha.v1", "pyrage"]
        )
        self._folder, self._port, self._workers, self._chance = str(folder), port, workers, chance
        self.process = self._start()

    def _start(self) -> multiprocessing.Process:
        process, tries = None, 5  # a child that was forked in the moment of its parent's death holds the address until it has ended
        while True:
            try:
                if process is None or not process.is_alive():
                    if not tries:
                        raise SystemExit(f"the desk ended by itself ({process.exitcode})")
                    process, tries = self._how.Process(target=_serve, args=(self._folder, self._port, self._workers)), tries - 1
                    process.start()
                socket.create_connection(("127.0.0.1", self._port), 0.2).close()
            except OSError:
                time.sleep(0.01)
            else:
                return process

    def family(self) -> list[int]:
        """All who may be killed: those that serve last."""
        try:
            return [self.process.pid, *children(self.process.pid)] if self._workers > 1 else [self.process.pid]
        except FileNotFoundError:
            return [self.process.pid]

    def wait(self, milliseconds: float) -> None:
        """Let them work: so much of their own processor time, for on a busy machine wall time is often idle time; five seconds at most."""
        begun, until = self._used(), time.perf_counter() + 5
        while time.perf_counter() < until and 1000 * (self._used() - begun) < milliseconds:
            time.sleep(0.002)

    def _used(self) -> float:
        used = 0.0
        for pid in self.family():
            with contextlib.suppress(OSError):
                used += cpu_seconds(pid)
        return used

    def again(self) -> None:
        """SIGKILL, and a new one."""
        family = self.family()
        if len(family) > 1 and self._chance.random() < 0.7:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(family[1:]), signal.SIGKILL)
            return
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.join()
        self.process = self._start()


class Kept:
    """What a run knows so far, so that it can be stopped and gone on with (`--keep FOLDER`)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "kills.json"
        told = json.loads(self._path.read_text()) if self._path.exists() else {"kills": 0, "answered": {}, "mails": {}}
        self.kills, self.answered, self.mails = told["kills"], told["answered"], Counter(told["mails"])

    def write(self) -> None:
        """Keep it."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"kills": self.kills, "answered": self.answered, "mails": self.mails}))
        new.replace(self._path)


def run(options: argparse.Namespace) -> int:
    """Kill, restart, count."""
    with contextlib.ExitStack() as stack:
        place = Path(options.keep) if options.keep else Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder)))
        place.mkdir(parents=True, exist_ok=True)
        kept = Kept(place)
        while kept.kills < options.times:
            _round(options, place, kept, min(100, options.times - kept.kills))
        return _judged(options, place, kept)


def _round(options: argparse.Namespace, place: Path, kept: Kept, times: int) -> None:
    """So many kills, and then an orderly end, after which all of it is written down."""
    seed = int(os.environ.get("TROTH_SEED", random.randrange(10**9)))
    chance = random.Random(seed)
    sink, port = Sink(), free_port()
    sink.seen = kept.mails
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    folder = _desk(place, port, sink.server_address[1], options.store)
    servers = Servers(folder, port, options.workers, chance)
    senders = Senders(port, options.senders, kept.answered)
    began = time.perf_counter()
    for _ in range(times):
        servers.wait(chance.uniform(0.0, options.longest))
        servers.again()
    senders.stop()
    time.sleep(2)
    servers.process.terminate()
    servers.process.join(60)
    sink.shutdown()
    sink.server_close()
    kept.kills += times
    kept.write()
    print(f"  {kept.kills} kills (seed {seed}), {len(kept.answered)} receipts, {sum(kept.mails.values())} mails, {time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)


def _desk(place: Path, port: int, mail: int, store: str) -> Path:
    """The desk, made the first time; its mail server has another port each time."""
    folder = place / "desk"
    if not folder.exists():
        made(place, port, {"host": "127.0.0.1", "port": mail, "starttls": False, "sender": "desk@example.org", "team": "team@example.org"}, store).close()
    settings = folder / "desk.toml"
    settings.write_text(re.sub(r"(?m)^port = \d+$", f"port = {mail}", settings.read_text()))
    return folder


def _judged(options: argparse.Namespace, place: Path, kept: Kept) -> int:
    port = free_port()
    servers = Servers(place / "desk", port, 1, random.Random(0))
    lost = _lost(f"http://127.0.0.1:{port}", kept.answered)
    servers.process.terminate()
    servers.process.join(60)
    cases, unsure, whole = _counted(place / "desk")
    twice = sum(count > 1 for count in kept.mails.values())
    doubled = cases - len(kept.answered)
    rounds = -(-options.times // 100)
    print(
        f"kill: {options.times} x kill -9, {options.workers} serving, {'PostgreSQL' if options.store else 'SQLite'}: {len(kept.answered)} receipts given, {lost} lost; "
        f"{cases} cases ({doubled} whose sender was stopped before the answer); {sum(kept.mails.values())} mails taken, {twice} twice, {unsure} unsure; ledger of {whole} entries verifies"
    )
    return 1 if lost or twice or doubled < 0 or doubled > options.senders * rounds else 0


def _lost(origin: str, answered: Mapping[str, str]) -> int:
    """Receipts that were given and are not there, or do not verify."""
    from troth.desk.receipts import ReceiptError, verify

    lost = 0
    with httpx.Client(base_url=origin, timeout=60) as client:
        key = client.get("/key").text.partition("class=\"secret\">")[2].partition("<")[0].strip()
        if len(key) != 44:
            raise SystemExit("the desk shows no key of receipts")
        for path in answered.values():
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
