"""CPU and memory of `troth code scan` beside `ruff --select S`, bandit and semgrep on one tree: one table, A and B in turn.

    python -m bench.code.scan TREE [--runs 3] [--bandit] [--semgrep RULES] [--semgrep-program PATH]

TREE: a large tree of Python, such as the sources of a release of transformers, unpacked from its sdist. bandit takes minutes of it, and runs once, as does semgrep with
the rules of a folder (its public ones are on its forge; nothing is fetched here). The first run of ours compiles its search into the cache and is not counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path


def measure(command: list[str]) -> tuple[float, float]:
    """CPU seconds (user and system) and peak MiB of a command with its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def version(command: list[str]) -> str:
    """First line with a digit of what a program says about itself."""
    try:
        run = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    lines = [line for line in (run.stdout + run.stderr).splitlines() if any(letter.isdigit() for letter in line)]
    return lines[0].strip()[:40] if lines else "unknown"


def row(name: str, said: str, cpu: float, peak: float, ours: float) -> None:
    """One line of the table."""
    sys.stdout.write(f"{name:10} {said:28} {cpu:9.2f} {peak:9.0f} {cpu / ours:12.2f}\n")


def main() -> int:
    """Print the table and the bars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tree")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bandit", action="store_true")
    parser.add_argument("--semgrep", metavar="RULES")
    parser.add_argument("--semgrep-program", default="semgrep")
    options = parser.parse_args()
    files = [path for path in Path(options.tree).rglob("*.py") if path.is_file()]
    ours = [sys.executable, "-m", "troth", "code", "scan", options.tree, "-o", os.devnull]
    ruff = ["ruff", "check", "--isolated", "--no-cache", "--select", "S", "--exit-zero", "-q", options.tree]
    measure(ours), measure(ruff)
    pairs = [(measure(ours), measure(ruff)) for _ in range(options.runs)]
    first = statistics.median(a[0] for a, _ in pairs)
    second = statistics.median(b[0] for _, b in pairs)
    ratio = statistics.median(a[0] / b[0] for a, b in pairs)
    peak = max(a[1] for a, _ in pairs)
    sys.stdout.write(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB; Python {platform.python_version()}, {options.runs} runs in turn\n")
    sys.stdout.write(f"{'':10} {'version':28} {'CPU s':>9} {'peak MiB':>9} {'x CPU ours':>12}\n")
    row("troth", version([sys.executable, "-m", "troth"]), first, peak, first)
    row("ruff S", version(["ruff"]), second, max(b[1] for _, b in pairs), first)
    good = ratio <= 1.5 and peak < 80
    if options.bandit:
        theirs, memory = measure(["bandit", "-q", "-r", options.tree, "-f", "json"])
        row("bandit", version(["bandit"]), theirs, memory, first)
        good &= theirs >= 40 * first
    if options.semgrep:
        command = [options.semgrep_program, "scan", "--metrics=off", "--disable-version-check", "--quiet", "--json", "--config", options.semgrep, options.tree]
        theirs, memory = measure(command)
        row("semgrep", version([options.semgrep_program]), theirs, memory, first)
    sys.stdout.write(f"ours / ruff S: {ratio:.2f} (bar 1.5); peak {peak:.0f} MiB (bar 80); bandit / ours: bar 40\n")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
