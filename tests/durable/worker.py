"""A worker in a process of its own, to be killed: python -m tests.durable.worker URL FILE NAME SECONDS. Appends one line to FILE for each job that it begins and ends."""

from __future__ import annotations

import os
import sys
import time

from tests.durable.conftest import QUEUES
from troth.durable import open_engine


def main() -> None:
    url, path, name, seconds = sys.argv[1:5]

    def say(text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, (text + "\n").encode())
        os.close(descriptor)

    def work(payload: object) -> None:
        say(f"begin {payload} {name}")
        time.sleep(float(seconds))
        say(f"end {payload} {name}")

    engine = open_engine(url, QUEUES, poll_seconds=0.1, pause=0.1)
    engine.register("work.slow", work)
    engine.start()
    say(f"up {name}")
    time.sleep(600)


if __name__ == "__main__":
    main()
