"""CPU of the full history scan against git's own floor and Kingfisher, A and B in one run, as ratios.

    python bench/secrets/history.py CLONE [CLONE ...] [--runs 3]

Needs git; Kingfisher (`kingfisher-bin` on the package index) is used where it is on PATH or named by TROTH_KINGFISHER. The check for objects that a partial clone lacks is off (no peer has one). Every figure is
the CPU time of the whole process tree. Only ratios mean something; run it on a machine that is otherwise idle.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path


def cpu(command: list[str] | str, **how) -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        shell=isinstance(command, str),
        **how,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - start


SCAN = "from troth.cli.secrets import secrets; secrets(['scan', {path!r}, '--history', '--no-cache', '--no-provenance', '--no-connectivity', '--processes', '{n}'], standalone_mode=True)"


def troth(path: Path, processes: int = 1) -> list[str]:
    return [sys.executable, "-c", SCAN.format(path=str(path), n=processes)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    compileall.compile_dir(str(Path(__file__).parents[2] / "src"), quiet=2)  # as an installer does it
    kingfisher = os.environ.get("TROTH_KINGFISHER") or shutil.which("kingfisher")
    for clone in options.clones:
        compare(clone, options.runs, kingfisher)


def compare(clone: Path, runs: int, kingfisher: str | None) -> None:
    ways: dict[str, list[str] | str] = {
        "troth": troth(clone),
        "troth, 2 processes": troth(clone, 2),
        "floor": f"git -C '{clone}' cat-file --batch-all-objects --batch --unordered --buffer > /dev/null",
    }
    if kingfisher:
        common = [kingfisher, "scan", str(clone), "-n", "--no-update-check", "--jobs", "1"]
        ways["kingfisher --turbo"] = [*common, "--turbo"]
        ways["kingfisher"] = common
    cpu(ways["troth"])  # warm: compiled database, page cache
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, command in ways.items():
            found[name].append(cpu(command))
    print(f"{clone.name}: {runs} runs, interleaved")
    for name, values in found.items():
        ratio = statistics.median(ours / theirs for (ours, _), (theirs, _) in zip(found["troth"], values, strict=True))
        wall = statistics.median(ours / theirs for (_, ours), (_, theirs) in zip(found["troth"], values, strict=True))
        median = statistics.median(value for value, _ in values)
        print(f"  {name:20} {median:8.2f} CPU s   troth is {ratio:.3f} x its CPU, {wall:.3f} x its wall time")


if __name__ == "__main__":
    main()
