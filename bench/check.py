"""A full check of a repository beside zizmor on the same one (bar: <= 3 x zizmor's wall time + 1 s).

    python bench/check.py PATH [PATH ...]     or TROTH_BENCH_REPOS=dir:dir

Python runs with its bytecode kept (in a folder of its own), as in an installed package: pip compiles what it installs, and a shell that forbids writing bytecode
would have every run compile 580 modules anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pairs import pair


def main() -> None:
    """Print a line per repository."""
    trees = sys.argv[1:] or [path for path in os.environ.get("TROTH_BENCH_REPOS", "").split(":") if path]
    if not trees:
        sys.stdout.write("skipped: name repositories, or set TROTH_BENCH_REPOS\n")
        return
    folder = Path(sys.executable).parent
    version = subprocess.run([folder / "zizmor", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    bytecode = tempfile.TemporaryDirectory(prefix="troth-bench-")
    os.environ.update(PYTHONPYCACHEPREFIX=bytecode.name, PYTHONDONTWRITEBYTECODE="")
    for tree in trees:
        ours, theirs = pair(
            [str(folder / "troth"), "check", tree, "--format", "json", "--allow-incomplete"],
            [str(folder / "zizmor"), "--offline", "--no-progress", "--format", "json", tree],
            runs=7,
        )
        bar = 3 * theirs + 1
        sys.stdout.write(f"{Path(tree).name}: troth {ours:.2f} s, {version} {theirs:.2f} s; bar 3x + 1 s = {bar:.2f} s: {'held' if ours <= bar else 'NOT held'}\n")
    bytecode.cleanup()


if __name__ == "__main__":
    main()
