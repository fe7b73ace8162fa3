"""No tree that only looks as if it kept a promise is called Kept, and its honest twin is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.controls.cases import Case
from tests.controls.fooling import scripts, settings, triggers
from tests.controls.fooling.form import Fooling
from tests.controls.test_cases import build, promise_of
from troth.app.check import judge, open_session
from troth.terms.verdict import Verdict, name_of

ALL = [*scripts.FOOLINGS, *triggers.FOOLINGS, *settings.FOOLINGS]


def verdict(fooling: Fooling, files: dict[str, str], root: Path) -> Verdict:
    case = Case(fooling.control, fooling.name, files=files, modes=fooling.modes, expect={"promise": fooling.sentence, "under": ["Security", "Security Measures"], "verdict": ""})
    build(case, root)
    session = open_session(root, lenient=True, now=datetime(2026, 2, 1, 12, tzinfo=UTC))
    return judge(session, (promise_of(case, session),), None)[0].verdict


@pytest.mark.parametrize("fooling", ALL, ids=[item.name for item in ALL])
def test_what_only_looks_kept_is_not_kept_and_its_twin_is(fooling: Fooling, tmp_path: Path) -> None:
    honest = verdict(fooling, fooling.honest, tmp_path / "honest")
    fooled = verdict(fooling, fooling.fooled, tmp_path / "fooled")

    assert name_of(fooled) != "kept", fooled
    assert name_of(honest) == "kept" if fooling.kept else name_of(honest) != "broken", honest


def test_each_attempt_has_a_name_of_its_own() -> None:
    assert len({item.name for item in ALL}) == len(ALL) >= 100
