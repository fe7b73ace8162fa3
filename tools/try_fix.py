"""Runs `troth fix` end to end on clones of real repositories and prints what was mended.

    TROTH_REPOS=DIR python tools/try_fix.py [NAME ...]

Each repository is cloned into a temporary directory; nothing of the original is touched. Skips, saying so, where TROTH_REPOS is not set.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from troth.app.fix import Fixed, Proposed, finish, propose
from troth.app.jobs import open_jobs
from troth.app.jobs_home import make_home
from troth.app.suggest import Options
from troth.errors import TrothError
from troth.ledger.keys import own_key


def mended(source: Path, folder: Path, lane: str) -> Fixed | None:
    """Fix a clone; None where there was nothing to mend."""
    clone = folder / source.name
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", "--shared", str(source), str(clone)], check=True)
    key = folder / "approver.pem"
    own_key(key)
    home = make_home(folder / "jobs", clone, person="approver", key=key)
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, clone, Options(lane=lane))
        if not isinstance(proposed, Proposed):
            return None
        return finish(jobs, proposed, [jobs.sign(proposed.job, home.approver_key(key))])


def main(names: list[str]) -> int:
    """Try the named repositories, or all."""
    root = os.environ.get("TROTH_REPOS")
    if not root:
        print("skipped: TROTH_REPOS is not set")
        return 0
    total = kept = 0
    for source in sorted(path for path in Path(root).iterdir() if (path / ".git").exists() and (not names or path.name in names)):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="troth-try-") as folder:
            try:
                fixed = mended(source, Path(folder), os.environ.get("TROTH_LANE", ""))
            except TrothError as error:
                print(f"{source.name}: {error.code}: {error}"[:200])
                continue
        told = [] if fixed is None else [f"{one.complaint.control}:{one.complaint.line} {one.before} -> {one.after}" for one in fixed.mended]
        total, kept = total + len(told), kept + sum(line.endswith("-> kept") for line in told)
        print(f"{source.name}: {'nothing to mend' if fixed is None else fixed.job.state.value} in {time.monotonic() - begun:.1f} s")
        for line in told:
            print(f"    {line}")
    print(f"{kept} of {total} findings that a change was made for are kept now")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
