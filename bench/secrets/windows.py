"""Does looking only around what deltas change find what looking at every byte finds, over the whole history of real repositories? And what it saves.

    python bench/secrets/windows.py CLONE [CLONE ...]

Both scans run in this process, one after the other; the figure is their CPU time as a ratio. Exit code 1 where the findings differ.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from troth.engines.secrets.collector import Collector
from troth.engines.secrets.findings import Report
from troth.engines.secrets.history import Options, scan_history

OPTIONS = Options(provenance=False, connectivity=False, key=b"a key for this run only")


def scanned(clone: Path, margin: int) -> tuple[Report, float]:
    Collector.margin = margin
    begun = time.process_time()
    return scan_history(clone, OPTIONS), time.process_time() - begun


def main() -> int:
    differ, near = 0, Collector.margin
    for clone in map(Path, sys.argv[1:]):
        (whole, slow), (around, quick) = scanned(clone, 1 << 40), scanned(clone, near)
        same = whole.findings == around.findings and whole.coverage.objects == around.coverage.objects
        differ += not same
        print(
            f"{clone}: {len(whole.findings)} secrets in {whole.coverage.objects.total():,} objects, "
            f"{'the same' if same else 'NOT THE SAME'} around changes only, at {quick / slow:.2f} x the CPU"
        )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
