"""What matching costs: packages of one lock file against an index of synthetic advisories.

    python -m bench.advisories.matching [--packages 10000] [--advisories 50000]

The index is made first and not counted. A process of its own then reads the lock file, opens the index and matches; its CPU time and its peak memory are printed, with the
start of Python and all imports counted and apart. The number of hits is checked against what was planted, so that a fast wrong answer fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

CHILD = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from troth.engines.advisories.index import open_index
from troth.engines.advisories.matching import match
from troth.engines.dependencies import look
from troth.terms.facts.tree import File, Tree
folder = Path(sys.argv[1])
begun = time.process_time()
files = {name: (folder / name).read_bytes() for name in ("package.json", "package-lock.json")}
tree = Tree({name: File(name, len(data)) for name, data in files.items()}, files.get)
dependencies = look(tree)
read = time.process_time()
with open_index(folder / "index") as index:
    found = match(dependencies, index, datetime.now(UTC))
done = time.process_time()
print(json.dumps([begun, read - begun, done - read, len(found.hits), len(found.undecided), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def build(folder: Path, packages: int, advisories: int) -> int:
    """Write lock file and index; the number of hits that must be found."""
    from troth.engines.advisories.index import write_source
    from troth.engines.advisories.records import Affected, Record

    def records():
        for number in range(advisories):
            fixed = f"{number % 7}.{number % 11}.{number % 13}"
            span = ((None if number % 3 else "0.1.0"), True, fixed, False)
            affected = Affected("npm", f"package-{number % (packages * 2)}", (span,))
            yield Record(f"SYN-{number}", (), "synthetic", "", "vulnerability", datetime.now(UTC), False, (affected,))

    write_source(folder / "index", "synthetic", records(), now=datetime.now(UTC))
    versions = {f"package-{number}": (number % 5, number % 10, number % 4) for number in range(packages)}
    lock = {"lockfileVersion": 3, "packages": {f"node_modules/{name}": {"version": ".".join(map(str, parts)), "integrity": "sha512-x"} for name, parts in versions.items()}}
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=1))
    (folder / "package.json").write_text('{"name": "x", "version": "1.0.0", "dependencies": {"package-1": "^1.0.0"}}')
    planted = 0
    for number in range(advisories):
        own = versions.get(f"package-{number % (packages * 2)}")
        planted += own is not None and own < (number % 7, number % 11, number % 13) and (bool(number % 3) or own >= (0, 1, 0))
    return planted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=10_000)
    parser.add_argument("--advisories", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = build(folder, options.packages, options.advisories)
        rows = []
        for _ in range(options.times):
            done = subprocess.run([sys.executable, "-c", CHILD, name], check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout))
    assert all(row[3] == planted and row[4] == 0 for row in rows), (planted, rows)
    start, read, matched, hits, _, peak = (sorted(column)[len(rows) // 2] for column in zip(*rows, strict=True))
    print(f"{options.packages} packages, {options.advisories} advisories, {hits} hits (all {planted} planted), median of {options.times}:")
    print(f"  start and imports {start:.3f} s, lock file read {read:.3f} s, matched {matched:.3f} s, together {start + read + matched:.3f} s CPU; peak {peak:.0f} MiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
