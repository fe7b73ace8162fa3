"""Plays every case on SQLite and on a real PostgreSQL, and prints the counts: `python -m tests.attacks.jobs [sqlite|postgresql]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.attacks.jobs.play import play_all
from tests.postgres import cluster


def main(backends: list[str]) -> int:
    """Play and print; 0 where no attack succeeded and no twin was refused."""
    bad = 0
    for backend in backends:
        room = Path(tempfile.mkdtemp(prefix="troth-attacks-"))
        begun = time.perf_counter()
        if backend == "sqlite":
            verdicts = play_all(f"sqlite:///{room / 'jobs.db'}", room / "trees", backend)
        else:
            with cluster() as made, made.database() as url:
                verdicts = play_all(url, room / "trees", backend)
        succeeded = [one for one in verdicts if one.succeeded]
        refused = [one for one in verdicts if one.twin_refused]
        for one in (*succeeded, *refused):
            print(f"  {one.case.letter} {one.case.title}: {one.succeeded or 'twin: ' + one.twin_refused}")
        letters = Counter(one.case.letter for one in verdicts)
        print(f"{backend}: {len(verdicts)} attacks, {len(succeeded)} succeeded; {len(verdicts)} twins, {len(refused)} refused; {time.perf_counter() - begun:.1f} s")
        print("  " + ", ".join(f"{letter} {count}" for letter, count in sorted(letters.items(), key=lambda item: (item[0][0], len(item[0]), item[0]))))
        bad += len(succeeded) + len(refused)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["sqlite", "postgresql"]))
