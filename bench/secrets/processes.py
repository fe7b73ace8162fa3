"""What a second process is worth, by CPU: one process beside the longest way through two (the parent's own share, and half of what the workers took).

    python bench/secrets/processes.py CLONE [CLONE ...]

Wall time on a busy machine says more about the others; this says what an idle one with two free cores would take if the workers share evenly, and no less.
"""

from __future__ import annotations

import subprocess
import sys

SCAN = """
import resource, sys
from pathlib import Path
from troth.engines.secrets.history import Options, scan_history
scan_history(Path(sys.argv[1]), Options(processes=int(sys.argv[2]), provenance=False, connectivity=False, key=b"a key for this run only"))
print(*(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def shares(clone: str, processes: int) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", SCAN, clone, str(processes)], capture_output=True, text=True, check=True)
    own, workers = map(float, done.stdout.split())
    return own, workers


def main() -> None:
    for clone in sys.argv[1:]:
        one, (parent, workers) = sum(shares(clone, 1)), shares(clone, 2)
        print(f"{clone}: one process {one:.2f} CPU s; two: parent {parent:.2f}, workers {workers:.2f}; {one / (parent + workers / 2):.2f} times as fast at best, {(parent + workers) / one:.2f} x the CPU")


if __name__ == "__main__":
    main()
