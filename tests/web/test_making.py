"""What `troth desk init` and the settings decide: remarks on the policy, and the calendar of the clocks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from troth.app.desk.opening import calendar_of
from troth.app.desk.settings import DeskSettings
from troth.cli.desk import desk
from troth.errors import UsageError


def test_init_names_what_the_policy_leaves_open_before_the_link(tmp_path: Path) -> None:
    policy = tmp_path / "SECURITY.md"
    policy.write_text("# Security Policy\n\nWe will acknowledge your report as soon as possible.\n")
    told = CliRunner().invoke(desk, ["init", str(tmp_path / "desk"), "--project", "Lantern", "--policy", str(policy), "--name", "Ada"])
    assert told.exit_code == 0, told.output
    alone = CliRunner().invoke(desk, ["lint", str(policy)])
    remarks = [line for line in alone.output.splitlines() if line.startswith("SECURITY.md:")]
    assert remarks
    assert told.output.splitlines()[: len(remarks)] == remarks
    assert "/welcome/" in told.output


def test_holidays_of_the_settings_close_the_teams_days() -> None:
    pytest.importorskip("holidays")
    national, nowhere = date(2026, 10, 26), DeskSettings(project="x")
    assert not calendar_of(DeskSettings(project="x", holidays="AT")).open_on(national)
    assert calendar_of(nowhere).open_on(national)
    assert not calendar_of(DeskSettings(project="x", holidays="US-CA")).open_on(date(2026, 3, 31))
    assert calendar_of(DeskSettings(project="x", holidays="US")).open_on(date(2026, 3, 31))


def test_holidays_of_no_country_are_refused() -> None:
    pytest.importorskip("holidays")
    with pytest.raises(UsageError):
        calendar_of(DeskSettings(project="x", holidays="XX"))
