"""CPU of the work-tree scan, and of a one-file scan, against Kingfisher and detect-secrets, A and B in one run, as ratios.

    python bench/secrets/tree.py CLONE [--runs 3]

TROTH_KINGFISHER and TROTH_DETECT_SECRETS name the peers' programs; what is absent is left out. detect-secrets runs once (it is slow).
Troth is compiled to bytecode first, as an installer does it: without that every start compiles some 60 files.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import sys
import tempfile
from pathlib import Path

from history import cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clone", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    compileall.compile_dir(str(Path(__file__).parents[2] / "src"), quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.py"
        one.write_text("x = 1\n" * 200)
        for name, path in (("work tree", options.clone), ("one file", one)):
            compare(name, path, options.runs)


def compare(name: str, path: Path, runs: int) -> None:
    ours = [str(Path(sys.executable).parent / "troth"), "secrets", "scan", str(path)]
    cpu(ours)
    tool = os.environ.get("TROTH_KINGFISHER")
    command = [tool, "scan", str(path), "-n", "--no-update-check", "--git-history=none"] if tool else []
    pairs = [(cpu(ours)[0], cpu(command)[0] if command else 0.0) for _ in range(runs)]
    mine = statistics.median(a for a, _ in pairs)
    print(f"{name}: troth {mine:.3f} CPU s")
    if tool:
        ratios = sorted(a / b for a, b in pairs)
        print(f"  kingfisher {statistics.median(b for _, b in pairs):.3f} CPU s; troth is {statistics.median(ratios):.3f} x ({ratios[0]:.3f}-{ratios[-1]:.3f}, {runs} pairs)")
    if tool := os.environ.get("TROTH_DETECT_SECRETS"):
        theirs = cpu([tool, "scan", str(path)], cwd=path if path.is_dir() else path.parent)[0]
        print(f"  detect-secrets {theirs:.3f} CPU s; troth is {mine / theirs:.4f} x")


if __name__ == "__main__":
    main()
