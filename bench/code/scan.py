"""CPU and memory of `troth code scan` beside `ruff --select S` and bandit on one tree, A and B in turn.

    python -m bench.code.scan TREE [--runs 3] [--bandit]

TREE: a large tree of Python, such as the sources of a release of transformers, unpacked from its sdist. bandit takes a minute and a half of it, and runs once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys


def measure(command: list[str]) -> tuple[float, float]:
    """CPU seconds (user and system) and peak MiB of a command with its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> int:
    """Print the ratios and the bar."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tree")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bandit", action="store_true")
    options = parser.parse_args()
    ours = [sys.executable, "-m", "troth", "code", "scan", options.tree, "-o", os.devnull]
    ruff = ["ruff", "check", "--isolated", "--no-cache", "--select", "S", "--exit-zero", "-q", options.tree]
    measure(ours), measure(ruff)
    pairs = [(measure(ours), measure(ruff)) for _ in range(options.runs)]
    first = statistics.median(a[0] for a, _ in pairs)
    second = statistics.median(b[0] for _, b in pairs)
    peak = max(a[1] for a, _ in pairs)
    print(f"troth {first:.2f} s CPU, peak {peak:.0f} MiB; ruff S {second:.2f} s CPU; ratio {first / second:.2f} (bar 1.5), peak bar 80")
    if options.bandit:
        theirs, _ = measure(["bandit", "-q", "-r", options.tree, "-f", "json"])
        print(f"bandit {theirs:.1f} s CPU: {theirs / first:.1f} times ours (bar 40)")
    return 0 if first <= 1.5 * second and peak < 80 else 1


if __name__ == "__main__":
    raise SystemExit(main())
