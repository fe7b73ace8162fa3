"""No program that only looks as if it kept a promise is called Kept, and its honest twin is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controls.fooling.form import Fooling
from tests.controls.fooling.programs import FOOLINGS
from tests.controls.test_foolings import verdict
from troth.terms.verdict import name_of


@pytest.mark.parametrize("fooling", FOOLINGS, ids=[item.name for item in FOOLINGS])
def test_a_program_that_only_looks_kept_is_not_kept_and_its_twin_is(fooling: Fooling, tmp_path: Path) -> None:
    honest = verdict(fooling, fooling.honest, tmp_path / "honest")
    fooled = verdict(fooling, fooling.fooled, tmp_path / "fooled")

    assert name_of(fooled) != "kept", fooled
    assert name_of(honest) == "kept", honest


def test_each_attempt_has_a_name_of_its_own_and_differs_from_its_twin() -> None:
    assert len({item.name for item in FOOLINGS}) == len(FOOLINGS) >= 40
    assert all(item.fooled != item.honest for item in FOOLINGS)
