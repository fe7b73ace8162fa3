"""Imports the whole PyPA and RustSec snapshots and asks what they say of real trees.

    python tools/eval_advisories.py --data DIR [TREE ...]

DIR (or TROTH_CONFORMANCE) holds `advisories/*.tar.gz`. Prints what each source holds, what it cost, and for every tree the hits by how they get in. Reads only;
the index lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from troth.app.advisories import dependencies_of
from troth.engines.advisories.importing import import_source
from troth.engines.advisories.index import open_index
from troth.engines.advisories.matching import match
from troth.errors import TrothError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TROTH_CONFORMANCE", "")) / "advisories")
    parser.add_argument("trees", nargs="*", type=Path)
    options = parser.parse_args()
    archives = sorted(options.data.glob("*.tar.gz")) if str(options.data) != "advisories" else []
    if not archives:
        print("skipped: no advisories below --data or TROTH_CONFORMANCE")
        return 0
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        for archive in archives:
            troubles: list[str] = []
            begun = time.process_time()
            source = import_source(archive, path, now=now, trouble=lambda name, why, seen=troubles: seen.append(f"{name}: {why}"))
            spent = time.process_time() - begun
            print(f"{source.name}: {source.advisories} advisories ({source.withdrawn} withdrawn), {source.unread} unread, of {source.taken.date()}, {dict(source.coverage)}, {spent:.2f} s CPU")
            for trouble in troubles[:10]:
                print(f"  unread {trouble}")
        print(f"index: {path.stat().st_size / 1e6:.1f} MB")
        with open_index(path) as index:
            for tree in options.trees:
                try:
                    begun = time.process_time()
                    dependencies = dependencies_of(tree, now)
                    looked = time.process_time()
                    found = match(dependencies, index, now)
                    done = time.process_time()
                except TrothError as error:
                    print(f"{tree.name}: {error}")
                    continue
                judged = sum(number for _, number in found.judged)
                kinds = Counter(str(hit.reach) for hit in found.hits)
                print(f"{tree.name}: {judged} judged, hits {dict(kinds)}, {len(found.notes)} notes, uncovered {found.uncovered}, {len(found.undecided)} undecided, {len(found.open)} open; read {looked - begun:.3f} s, matched {done - looked:.3f} s")
                for hit in found.hits[:4]:
                    print(f"  {hit.advisory} {hit.package} {hit.version} ({hit.reach}): {hit.affected} at {hit.place}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
