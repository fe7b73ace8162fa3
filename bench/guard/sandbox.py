"""A warm job in the sandbox beside a start of Python, in turn (bar: 0.5), and beside the small lane.

python bench/guard/sandbox.py [--rounds 60]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from troth.guard.sandbox import Isolation, Sandbox, SandboxError, run
from troth.guard.sandbox.walls import interpreter

SOURCE = "def main(payload):\n    return payload"


def milliseconds(work: Callable[[], object]) -> float:
    """Of one call."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds

    def start() -> None:
        subprocess.run([interpreter(), "-I", "-S", "-c", "pass"], check=True)

    for isolation in Isolation:
        try:
            cold = milliseconds(Sandbox(isolation=isolation).__enter__)
            with Sandbox(isolation=isolation) as sandbox:
                pairs = [(milliseconds(start), milliseconds(lambda: sandbox.run(SOURCE, 1))) for _ in range(rounds)]
        except SandboxError as error:
            sys.stdout.write(f"{isolation.value}: {error}\n")
            continue
        bare, warm = (statistics.median(column) for column in zip(*pairs, strict=True))
        sys.stdout.write(
            f"{isolation.value}: python start {bare:.1f} ms, warm job {warm:.1f} ms, ratio {warm / bare:.2f} (bar 0.5); cold with self-test {cold:.0f} ms ({cold / bare:.1f}x)\n"
        )
    try:
        run("1", lane="expr")
        pairs = [(milliseconds(start), milliseconds(lambda: run("payload", 1, lane="expr"))) for _ in range(rounds)]
    except SandboxError as error:
        sys.stdout.write(f"expr: {error}\n")
        return
    bare, warm = (statistics.median(column) for column in zip(*pairs, strict=True))
    sys.stdout.write(f"expr: python start {bare:.1f} ms, warm {warm:.2f} ms, ratio {warm / bare:.3f}\n")


if __name__ == "__main__":
    main()
