"""Reporters at once, over HTTP: errors, times, and what one report costs the server and the client in processor time, each of them a process of its own.

Wall time on a shared machine says how busy the machine was; processor time per report says what the desk costs. Both are printed. The client speaks HTTP with
bytes that it made before, so that it takes little of the two cores from the server.

`--spread SECONDS` has the reporters press the button at random moments within so many seconds; 0 is all of them at the same instant.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BOUNDARY = "troth-bench"


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request_bytes(port: int, at: int, size: int) -> bytes:
    """A report as a browser without scripts sends it."""
    fields = {"title": f"Report {at}", "description": "y" * size, "steps": "s", "impact": "i", "version": "1.0", "contact": ""}
    parts = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items())
    body = f'{parts}--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--{BOUNDARY}--\r\n'
    head = (
        f"POST /report HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


class Reporter(asyncio.Protocol):
    """One connection, one report."""

    def __init__(self, content: bytes, done: asyncio.Future) -> None:
        self._content, self._done, self._got = content, done, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.write(self._content)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if b"\r\n\r\n" in self._got and not self._done.done():
            self._done.set_result(int(self._got[9:12]))
            self._transport.close()

    def connection_lost(self, _error) -> None:
        if not self._done.done():
            self._done.set_result(0)


async def one(port: int, content: bytes, wait: float, times: list[float], answers: list[int]) -> None:
    await asyncio.sleep(wait)
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    began = time.perf_counter()
    try:
        await loop.create_connection(lambda: Reporter(content, done), "127.0.0.1", port)
        answers.append(await asyncio.wait_for(done, 120))
    except (OSError, TimeoutError):
        answers.append(0)
    times.append(time.perf_counter() - began)


def client(port: int, reporters: int, size: int, spread: float) -> int:
    """The reporters, in a process of their own; prints JSON."""
    contents = [request_bytes(port, at, size) for at in range(reporters)]
    times: list[float] = []
    answers: list[int] = []
    began, used = time.perf_counter(), time.process_time()

    async def all_of_them() -> None:
        await asyncio.gather(*(one(port, content, random.uniform(0, spread), times, answers) for content in contents))

    asyncio.run(all_of_them())
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    errors = sum(answer != 303 for answer in answers)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "errors": errors, "times": times}))
    return 0


def run(options: argparse.Namespace) -> int:
    """Start a desk, send reports in several rounds, print the cost of each."""
    from bench.desk.__main__ import children, free_port, made, percentile, serve

    port = free_port()
    failed = 0
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        made(Path(name), port).close()
        process = serve(Path(name) / "desk", port, options.workers)
        try:
            for round_ in range(options.rounds):
                family = [process.pid, *children(process.pid)]
                before = sum(map(cpu_seconds, family))
                command = [sys.executable, "-m", "bench.desk.loading", str(port), str(options.reporters), str(options.bytes), str(options.spread)]
                told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                cost, count, times = sum(map(cpu_seconds, family)) - before, options.reporters, told["times"]
                failed += told["errors"]
                print(
                    f"load round {round_ + 1}: {options.workers} serving, {count} reporters within {options.spread} s, {options.bytes} bytes each: {told['errors']} errors, {count / told['seconds']:.0f}/s, "
                    f"p50 {percentile(times, 0.5):.2f} s, p99 {percentile(times, 0.99):.2f} s; processor per report: server {1000 * cost / count:.2f} ms, "
                    f"client {1000 * told['cpu'] / count:.2f} ms; load average {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
        finally:
            process.terminate()
            process.wait(30)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(client(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
