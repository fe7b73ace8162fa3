"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# a deadline of 200 ms per example measures the machine's load, and so does the check that examples are made slowly: bounds on time are tests of their own (tests/timing.py)
settings.register_profile("troth", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("troth")


def pytest_configure(config: pytest.Config) -> None:
    """Marks that only tests use among themselves."""
    config.addinivalue_line("markers", "changes_the_board: has a board of its own instead of the one of its module")
