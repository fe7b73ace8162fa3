"""What one clock costs: all clocks of a case at a moment, over generated cases in forty zones.

    python bench/desk/clocks.py [CASES]

Prints microseconds per clock (median, 95th percentile) and per case, beside the bare cost of what no clock can do without: one addition of a span in a zone.
The bar is 100 microseconds per clock (median). Two rounds are interleaved case by case, so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.desk.clock_oracle import random_history  # noqa: E402

from troth.desk.clock_rules import clocks  # noqa: E402

BAR_MICROSECONDS = 100.0


def bare(start: datetime, name: str) -> datetime:
    """The floor: one date in a zone, a week later, back in UTC."""
    where = ZoneInfo(name)
    wall = start.astimezone(where).replace(tzinfo=None) + timedelta(days=7)
    return wall.replace(tzinfo=where).astimezone(start.tzinfo)


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    rng = random.Random(2026)
    per_clock, per_case, floor, made = [], [], [], 0
    for _ in range(cases):
        history = random_history(rng)
        begun = time.perf_counter_ns()
        found = clocks(history.policy, history.events, history.now, history.team)
        middle = time.perf_counter_ns()
        bare(history.now, history.team.zone_name)
        floor.append((time.perf_counter_ns() - middle) / 1_000)
        spent = (middle - begun) / 1_000
        per_case.append(spent)
        if found:
            per_clock.append(spent / len(found))
            made += len(found)
    median = statistics.median(per_clock)
    tail = statistics.quantiles(per_clock, n=20)[-1]
    print(f"{cases:,} cases, {made:,} clocks: per clock median {median:.1f} us, p95 {tail:.1f} us; per case median {statistics.median(per_case):.1f} us")
    print(f"one bare addition in a zone: median {statistics.median(floor):.2f} us; a clock is {median / statistics.median(floor):.1f} of them")
    print(f"bar: {BAR_MICROSECONDS:.0f} us per clock: {'held' if median <= BAR_MICROSECONDS else 'BROKEN'}")
    return 0 if median <= BAR_MICROSECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
