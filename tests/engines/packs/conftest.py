"""Both ways to walk a pack, for the tests that ask for `walks`."""

from __future__ import annotations

import pytest

from troth.engines.packs import native


@pytest.fixture(params=["compiled", "python"])
def walks(request, monkeypatch):
    """Run the test with the compiled part, and without it."""
    if request.param == "python":
        monkeypatch.setenv("TROTH_NATIVE", "0")
    elif native.module() is None:
        pytest.skip("the compiled pack reader is not installed (no C compiler, or TROTH_NATIVE=0)")
    return request.param
