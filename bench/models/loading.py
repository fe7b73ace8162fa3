"""A load whose proof is remembered, beside the raw load of the same file: `python -m bench.models.loading [MEBIBYTES]`.

A and B take turns in one process; the figure is the median of the pairs' ratios. Bar (issue: model files): <= 1.05. Skips, saying so, without torch.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

PAIRS = 15


def main() -> int:
    try:
        import torch
    except ImportError:
        print("skipped: torch is not installed")
        return 0
    from troth.guard import models

    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pt")
        torch.save({f"layer.{n}": torch.rand(1024, 256) for n in range(size)}, path)
        time.sleep(2.2)
        memory = models.ProofMemory(Path(folder, "own", "proofs.json"))
        begun = time.perf_counter()
        models.load(path, memory=memory)
        first = time.perf_counter() - begun
        ratios = []
        for _ in range(PAIRS):
            begun = time.perf_counter()
            torch.load(path, weights_only=True)
            raw = time.perf_counter() - begun
            begun = time.perf_counter()
            models.load(path, memory=memory)
            ratios.append((time.perf_counter() - begun) / raw)
    ratio = statistics.median(ratios)
    print(f"torch {torch.__version__}, {size} MiB: first guarded load {first:.2f} s; remembered / raw torch.load = {ratio:.3f} (of {PAIRS} pairs, {min(ratios):.2f}-{max(ratios):.2f}); bar 1.05: {'held' if ratio <= 1.05 else 'NOT held'}")
    return int(ratio > 1.05)


if __name__ == "__main__":
    sys.exit(main())
