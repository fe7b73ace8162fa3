"""Tests are named by what they are of, and never by what a clock, a random number or an address in memory said.

Two processes collect the suite, a moment apart: a name that differs between them ends the whole run before one test has been made. That happens only when
a second passes between the two, so it is looked for here, in every run.
"""

from __future__ import annotations

import re
import time

import pytest

_SECONDS = re.compile(r"(?<!\d)\d{10}(?!\d)")
_DAY = 86_400
_MEMORY = re.compile(r"\bat 0x[0-9a-f]{6,}\b")


def of_the_moment(name: str, now: float) -> bool:
    """Does a test's name hold a time of about now, in seconds, or an address in memory?"""
    return bool(_MEMORY.search(name)) or any(abs(int(digits) - now) < _DAY for digits in _SECONDS.findall(name))


def test_no_test_is_named_by_the_moment(request: pytest.FixtureRequest) -> None:
    named = [item.nodeid for item in request.session.items if of_the_moment(item.nodeid, time.time())]
    assert not named, "name these by words: " + "; ".join(named[:5])


@pytest.mark.parametrize(
    ("name", "told"),
    [("an end that is 1000000036.0", True), ("<object at 0x7f3a2c001d20>", True), ("an end that is 2**53", False), ("2999999999", False), ("sha 10000000361000000036", False)],
    ids=("a second", "an address", "a power", "another time", "a digest"),
)
def test_what_is_told(name: str, told: bool) -> None:
    assert of_the_moment(name, 1_000_000_000.0) is told
