"""Measures blame: for each labelled promise that has a `since`, whether the same commit is found, and at the cost of how many full checks.

    TROTH_TRUTH=... TROTH_SEEDS=... TROTH_REPOS=... python tools/eval_blame.py [ID ...]
    python tools/eval_blame.py --whole REPOSITORY [POLICY]     every failing promise of a policy, and the cost of the whole search

TROTH_TRUTH holds promises.json and verdicts.json (entries with `since`), TROTH_SEEDS the policies, TROTH_REPOS clones named owner_name. Skips, saying so, what is absent. Cost is CPU time of the search divided by CPU time
of one full check of the same commit, in the same process, warm; of git's processes as well as of ours.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from troth.app.blame import blame
from troth.app.check import run_check


def labels(truth: Path, chosen: list[str]) -> list[dict[str, Any]]:
    """Entries with a commit, joined with their promises."""
    by_id = {entry["id"]: entry for entry in json.loads((truth / "promises.json").read_text())}
    entries = [entry for entry in json.loads((truth / "verdicts.json").read_text()) if entry.get("since")]
    return [{**by_id[entry["id"]], **entry} for entry in entries if not chosen or entry["id"] in chosen]


def policy_of(root: Path, seed: Path) -> str:
    """The tree's own policy that reads like the seed, else the seed's path."""
    wanted = seed.read_bytes().split()
    for path in sorted(root.rglob("SECURITY.md")):
        if ".git" not in path.parts and path.read_bytes().split() == wanted:
            return path.relative_to(root).as_posix()
    return str(seed)


def spent() -> float:
    """CPU seconds of this process and of all that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def whole(root: Path, policies: tuple[str, ...]) -> int:
    """Print since when each failing promise of a policy fails, and the cost of all of it; 0 where that is at most 12 full checks."""
    run_check(root, policies=policies)
    begun = spent()
    run_check(root, policies=policies)
    check = spent() - begun
    begun = spent()
    found = blame(root, policies=policies)
    cost = (spent() - begun) / check
    for one in found:
        print(f"{one.finding.promise.control}:{one.finding.promise.statement.line} since {one.since.id[:10]}, {one.judged} commits judged")
    print(f"{len(found)} failing promises; {cost:.1f} full checks of {check:.2f} s CPU")
    return int(cost > 12)


def main() -> int:
    """Print a line a label; 0 if every one that could be tried is right."""
    if sys.argv[1:2] == ["--whole"]:
        return whole(Path(sys.argv[2]), tuple(sys.argv[3:4]))
    names = ("TROTH_TRUTH", "TROTH_SEEDS", "TROTH_REPOS")
    if any(not os.environ.get(name) for name in names):
        print(f"skipped: {', '.join(names)} are not all set")
        return 0
    truth, seeds, repos = (Path(os.environ[name]) for name in names)
    wrong = tried = 0
    costs: dict[str, float] = {}
    for label in labels(truth, sys.argv[1:]):
        root = repos / label["repo"]
        if not root.is_dir():
            print(f"{label['id']}: skipped, no clone of {label['repo']}")
            continue
        policy = policy_of(root, seeds / Path(label["seed_file"]).name)
        if label["repo"] not in costs:
            run_check(root, policies=(policy,))
            begun = spent()
            run_check(root, policies=(policy,))
            costs[label["repo"]] = spent() - begun
        begun = spent()
        found = [one for one in blame(root, at=label["commit"], policies=(policy,), only=(label["control"],)) if set(one.finding.promise.statement.lines) & set(label["lines"])]
        cost = spent() - begun
        tried += 1
        right = any(one.since.id.startswith(label["since"]["commit"]) for one in found)
        wrong += not right
        said = ", ".join(f"{one.since.id[:7]} ({one.judged} commits judged)" for one in found) or "not found to fail"
        print(f"{label['id']}: wanted {label['since']['commit']}, {said}; {cost / costs[label['repo']]:.1f} full checks {'' if right else 'WRONG'}")
    print(f"blame right: {tried - wrong} of {tried}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
