"""Measures of the desk, each with its size as an option; prints what was run and what it took, and fails where a promise about it was broken.

    python -m bench.desk store --cases 5000          sealed cases per second, with fsync, by group commit
    python -m bench.desk load --reporters 1000       reporters at once over HTTP, 20 KB each: errors, p50, p99, processor time
    python -m bench.desk board --cases 50000         first page, middle page, search, lanes: p95
    python -m bench.desk thread --messages 1000 --people 121
    python -m bench.desk memory                      of an idle server, in MiB
    python -m bench.desk kill --times 1000           kill -9 under load: receipts lost, mails twice; --workers 2, --store postgresql+psycopg://...;
                                                     --keep FOLDER can be stopped and gone on with
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

POLICY = "# Security Policy\n\nWe will acknowledge your report within 48 hours.\nWe will send you an initial assessment within 7 days.\n"


def made(folder: Path, port: int = 8181, mail: dict | None = None, store: str = ""):
    from troth.app.desk.opening import make_desk, open_desk
    from troth.app.desk.settings import DeskSettings, MailSettings

    policy = folder / "SECURITY.md"
    policy.write_text(POLICY)
    make_desk(folder / "desk", DeskSettings(project="Bench", url=f"http://127.0.0.1:{port}", store=store, mail=MailSettings(**(mail or {}))), policy, "Ada")
    return open_desk(folder / "desk")


def submission(at: int, size: int = 400):
    from troth.desk.intake.fields import Submission

    return Submission({"title": f"Report number {at} about the parser", "description": "x" * size, "steps": "run it", "impact": "much", "contact": f"r{at}@example.org"})


def filled(desk, count: int) -> float:
    """Store reports; seconds."""
    from troth.app.desk import reports

    began = time.perf_counter()
    waiting: list[Future] = []
    for at in range(count):
        waiting.append(reports.submit(desk, reports.begin(desk), submission(at), channel="form", proven=True))
        if len(waiting) >= 2_000:
            for one in waiting:
                one.result()
            waiting.clear()
    for one in waiting:
        one.result()
    return time.perf_counter() - began


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def store(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        desk = made(Path(name))
        used = time.process_time()
        seconds = filled(desk, options.cases)
        cost = 1000 * (time.process_time() - used) / options.cases
        with desk.store.read(desk.writer._tenant) as t:
            stored = sum(desk.cases.counts(t).values())
        desk.close()
    print(f"store: {options.cases} cases in {seconds:.2f} s = {options.cases / seconds:.0f} cases/s, stored {stored}; processor {cost:.2f} ms each; load average {os.getloadavg()[0]:.1f}")
    return 0 if stored == options.cases else 1


def serve(folder: Path, port: int, workers: int = 1) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-m", "troth", "desk", "serve", str(folder), "--port", str(port), "--workers", str(workers)], stdout=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the desk ended") from None
            time.sleep(0.05)
        else:
            return process


def children(pid: int) -> list[int]:
    """Processes that a process has forked."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def load(options: argparse.Namespace) -> int:
    """Reporters at once over HTTP."""
    from bench.desk.loading import run

    return run(options)


def board(options: argparse.Namespace) -> int:
    from starlette.testclient import TestClient

    from troth.app.desk.opening import new_member
    from troth.web.desk.site import make_site

    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        desk = made(Path(name))
        seconds = filled(desk, options.cases)
        site = make_site(desk)
        site.router.lifespan_context = None
        client = TestClient(site, base_url=desk.settings.origin, follow_redirects=False)
        client.post(new_member(desk, "Ines", "", "member")[1].removeprefix(desk.settings.origin))
        print(f"board: {options.cases} cases stored in {seconds:.1f} s")
        worst = 0.0
        for where in ("/board", after(desk, options.cases // 2), after(desk, options.cases - 100), "/board?which=waiting", "/board?which=overdue", "/board?which=mine", "/board?which=closed", f"/board?which=all&q=number+{options.cases // 2}", "/board?which=all&q=report+number", "/board?view=lanes", "/board?view=clocks"):
            times, spent = [], []
            for _ in range(options.rounds):
                began, used = time.perf_counter(), time.process_time()
                assert client.get(where).status_code == 200
                times.append(1000 * (time.perf_counter() - began))
                spent.append(1000 * (time.process_time() - used))
            worst = max(worst, percentile(times, 0.95))
            print(f"  {where}: p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms; processor p50 {percentile(spent, 0.5):.0f} ms, p95 {percentile(spent, 0.95):.0f} ms")
        desk.close()
    print(f"  worst p95 {worst:.0f} ms, load average {os.getloadavg()[0]:.1f}")
    return 0


def after(desk, rank: int) -> str:
    """Address of the page that begins at a rank of the list."""
    from sqlalchemy import select

    from troth.app.desk.lists import _ORDER, _place_of
    from troth.desk.storage.case_rows import COLUMNS, row_of
    from troth.desk.tables import CASES

    with desk.store.read(desk.writer._tenant) as t:
        row = t.execute(select(*COLUMNS).where(CASES.c.tenant == desk.cases.tenant).order_by(*_ORDER).offset(max(0, rank)).limit(1)).one()
    return f"/board?after={_place_of(row_of(row))}"


def thread(options: argparse.Namespace) -> int:
    from starlette.testclient import TestClient

    from troth.app.desk import triage
    from troth.app.desk.opening import new_member
    from troth.web.desk.site import make_site

    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        desk = made(Path(name))
        filled(desk, 1)
        owner, link = new_member(desk, "Ines", "", "owner")
        guests = [new_member(desk, f"Vendor {at}", "", "guest")[0] for at in range(options.people)]
        for guest in guests:
            triage.share(desk, owner, 1, guest.id)
        for at in range(options.messages):
            triage.reply(desk, guests[at % len(guests)] if guests else owner, 1, f"message {at} " + "z" * 300)
        site = make_site(desk)
        site.router.lifespan_context = None
        client = TestClient(site, base_url=desk.settings.origin, follow_redirects=False)
        client.post(link.removeprefix(desk.settings.origin))
        times, spent = [], []
        for _ in range(options.rounds):
            began, used = time.perf_counter(), time.process_time()
            assert client.get("/board/T-1").text.count("message ") >= options.messages
            times.append(1000 * (time.perf_counter() - began))
            spent.append(1000 * (time.process_time() - used))
        desk.close()
    print(f"thread: {options.messages} messages, {options.people} guests: p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms; processor p50 {percentile(spent, 0.5):.0f} ms, p95 {percentile(spent, 0.95):.0f} ms; load average {os.getloadavg()[0]:.1f}")
    return 0


def memory(options: argparse.Namespace) -> int:
    port = free_port()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        made(Path(name), port).close()
        process = serve(Path(name) / "desk", port, options.workers)
        time.sleep(5)
        family = [process.pid, *children(process.pid)]
        resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1024
        share = sum(int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1)) for pid in family) / 1024
        process.terminate()
        process.wait(30)
    print(f"memory: {resident:.0f} MiB resident, idle, of the process that was started; {share:.0f} MiB of all {len(family)}, what they share counted once")
    return 0


def kill(options: argparse.Namespace) -> int:
    """Kill the server under load, again and again. A reporter who was answered has a receipt; one who was not sends the same form again."""
    from bench.desk.killing import run

    return run(options)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=None, help="where the desks are made; a disk that syncs, for honest figures")
    commands = parser.add_subparsers(required=True)
    for name, what, sizes in (
        ("store", store, {"cases": 5_000}), ("load", load, {"reporters": 1_000, "bytes": 20_000, "spread": 0, "rounds": 3, "workers": 1}), ("board", board, {"cases": 50_000, "rounds": 40}),
        ("thread", thread, {"messages": 1_000, "people": 121, "rounds": 20}), ("memory", memory, {"workers": 1}), ("kill", kill, {"times": 1_000, "senders": 8, "longest": 300, "workers": 1, "keep": "", "store": ""}),
    ):  # fmt: skip
        command = commands.add_parser(name)
        command.set_defaults(run=what)
        for size, usual in sizes.items():
            command.add_argument(f"--{size}", type=type(usual), default=usual)
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    raise SystemExit(main())
