"""Limits hold before and during the work, and ordinary work passes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.guard.limits import (
    Concurrency,
    LimitExceededError,
    Monitor,
    RateLimit,
    TextLimits,
    Usage,
    limited,
    run_limited,
)

LIMITS = TextLimits(bytes_at_most=10_000, run_at_most=100, lines_at_most=50, invisible="refuse")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("a" * 10_001, "bytes_at_most"),
        ("ü " * 4_000, "bytes_at_most"),
        ("x" * 101, "run_at_most"),
        ("word " + "😀" * 101, "run_at_most"),
        ("a\n" * 50, "lines_at_most"),
        ("a\x00b", "controls"),
        ("a\x1b[31m", "controls"),
        ("a\x85b", "controls"),
        ("pass\u200bword", "invisible"),
        ("abc\u202e", "invisible"),
        ("tag\U000e0041", "invisible"),
        ("\ud800", "encoding"),
    ],
)
def test_text_over_a_limit_is_refused_and_not_told(text: str, limit: str) -> None:
    with pytest.raises(LimitExceededError) as refused:
        LIMITS.demand(text)
    assert limit == refused.value.limit
    assert text[:20] not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "hello world\n\ttab\r\n", "ein Satz mit Ümlauten", "日本語 のテキスト", "a" * 100, "word " * 1000, "e\u0301"],
)
def test_ordinary_text_passes_unchanged(text: str) -> None:
    assert text == LIMITS.demand(text)


def test_normalising_and_dropping_happen_where_asked_and_cannot_pass_the_limit() -> None:
    assert TextLimits(form="NFC").demand("e\u0301") == "é"
    assert TextLimits(invisible="drop").demand("pass\u200bword") == "password"
    with pytest.raises(LimitExceededError):
        TextLimits(bytes_at_most=40, form="NFKC").demand("\ufdfa" * 10)


@given(st.text())
def test_no_text_crashes_and_what_passes_is_within_the_limits(text: str) -> None:
    limits = TextLimits(bytes_at_most=50, run_at_most=10)
    try:
        passed = limits.demand(text)
    except LimitExceededError:
        return
    assert len(passed.encode()) <= 50
    assert all(len(word) <= 10 for word in passed.split())


@given(st.lists(st.sampled_from(["a", "bb", "ü", " ", "\n", "\u2003", "c" * 7]), max_size=40), st.integers(1, 12))
def test_the_longest_run_is_found_exactly(pieces: list[str], longest: int) -> None:
    text = "".join(pieces)
    wanted = max(map(len, text.split()), default=0) > longest
    limits = TextLimits(run_at_most=longest)
    try:
        limits.demand(text)
    except LimitExceededError as refused:
        assert (wanted, "run_at_most") == (True, refused.limit)
    else:
        assert not wanted


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    bucket = RateLimit(per_second=2, burst=3, clock=lambda: now[0])

    assert [bucket.wait_seconds("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.wait_seconds("b") == 0
    now[0] = 0.5
    assert [bucket.wait_seconds("a") for _ in range(2)] == [0, 0.5]
    with pytest.raises(LimitExceededError) as refused:
        bucket.demand("a")
    assert refused.value.retry_after_seconds == 0.5


def test_many_keys_do_not_fill_the_memory_and_do_not_free_who_is_over() -> None:
    now = [0.0]
    bucket = RateLimit(per_second=0.001, burst=2, keys_at_most=100, clock=lambda: now[0])
    for _ in range(2):
        bucket.demand("greedy")
    for number in range(50):
        bucket.wait_seconds(f"other {number}")

    with pytest.raises(LimitExceededError):
        bucket.demand("greedy")
    for number in range(1000):
        bucket.wait_seconds(f"flood {number}")
    assert len(bucket._buckets) <= 100


def test_threads_share_a_bucket_without_losing_a_token() -> None:
    bucket = RateLimit(per_second=1e-9, burst=500)
    allowed: list[int] = []

    def work() -> None:
        for _ in range(500):
            if bucket.wait_seconds() == 0:
                allowed.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(allowed) == 500


def test_a_full_house_refuses_the_next_and_lets_it_in_later() -> None:
    house = Concurrency(1)
    with house.turn(), pytest.raises(LimitExceededError), house.turn():
        pass
    with house.turn():
        pass


def test_work_under_its_limits_answers() -> None:
    @limited(wall_seconds=10, cpu_seconds=10, memory_bytes=256 * 2**20)
    def add(a: int, b: int) -> dict[str, int]:
        return {"sum": a + b}

    assert add(1, b=2) == {"sum": 3}
    assert add.__name__ == "add"


@pytest.mark.parametrize(
    ("work", "limit"),
    [
        (lambda: time.sleep(60), "wall_seconds"),
        (lambda: list(iter(int, 1)), "cpu_seconds"),
        (lambda: len(bytearray(2**31)), "memory_bytes"),
        (lambda: "x" * 5_000_000, "output_bytes"),
    ],
    ids=["sleeps", "spins", "hoards", "talks"],
)
def test_work_over_a_limit_is_stopped(work, limit: str) -> None:
    begun = time.monotonic()
    wall = 0.3 if limit == "wall_seconds" else 20
    with pytest.raises(LimitExceededError) as refused:
        run_limited(
            work,
            wall_seconds=wall,
            cpu_seconds=1 if limit == "cpu_seconds" else None,
            memory_bytes=2**29,
            output_bytes=1_000_000,
        )

    assert limit == refused.value.limit
    assert time.monotonic() - begun < 50  # nothing here ends by itself before a minute; how soon it is stopped depends on the machine's load


def test_nothing_that_the_work_started_is_left_behind() -> None:
    def work() -> None:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "troth-left-behind"])
        time.sleep(60)

    with pytest.raises(LimitExceededError):
        run_limited(work, wall_seconds=1)
    time.sleep(0.2)
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]

    assert not [command for command in commands if b"troth-left-behind" in command]


def test_work_that_raises_or_dies_is_told_and_no_answer_is_made_up() -> None:
    with pytest.raises(RuntimeError, match="division by zero"):
        run_limited(lambda: 1 / 0, wall_seconds=5)
    with pytest.raises(RuntimeError, match="without an answer"):
        run_limited(lambda: os._exit(3), wall_seconds=5)
    with pytest.raises(RuntimeError, match="not JSON serializable"):
        run_limited(object, wall_seconds=5)


def test_a_monitor_calls_back_once_for_each_crossing() -> None:
    told: list[str] = []
    monitor = Monitor({"memory_bytes": 1, "threads": 10_000}, lambda name, _value, _limit: told.append(name))
    monitor.look()
    usage = monitor.look()

    assert told == ["memory_bytes"]
    assert usage.memory_bytes > 1_000_000
    assert usage.threads >= 1
    with Monitor({"cpu_seconds": 0}, lambda name, _value, _limit: told.append(name), every_seconds=0.01):
        time.sleep(0.1)
    assert told == ["memory_bytes", "cpu_seconds"]
    assert Usage.now().descriptors != 0
    with pytest.raises(ValueError, match="nothing measures"):
        Monitor({"luck": 1}, lambda *_: None)
