"""A process with too many rights stops at once; an ordinary one goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from troth.guard import process
from troth.guard.process import PrivilegeError, demand_unprivileged

STATUS = "Name:\tx\nNoNewPrivs:\t{}\nCapInh:\t0000000000000000\nCapPrm:\t{}\nCapEff:\t{}\nCapAmb:\t0000000000000000\n"
NONE, ONE = "0" * 16, "0" * 15 + "1"


def as_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str, users: tuple[int, int, int] = (1000, 1000, 1000)) -> None:
    monkeypatch.setattr(os, "getresuid", lambda: users, raising=False)
    path = tmp_path / "status"
    path.write_text(status)
    monkeypatch.setattr(process, "_STATUS", path)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "")))


def test_an_ordinary_user_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_user(monkeypatch, tmp_path, STATUS.format(1, NONE, NONE))

    demand_unprivileged(no_new_privileges=True)


@pytest.mark.parametrize("users", [(0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (0, 1000, 1000)])
def test_root_is_refused_in_every_form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, users: tuple[int, int, int]) -> None:
    as_user(monkeypatch, tmp_path, STATUS.format(1, NONE, NONE), users)

    with pytest.raises(PrivilegeError, match="root"):
        demand_unprivileged()


def test_capabilities_and_the_way_to_them_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_user(monkeypatch, tmp_path, STATUS.format(0, ONE, NONE))
    with pytest.raises(PrivilegeError, match="capabilities"):
        demand_unprivileged()
    demand_unprivileged(capabilities=False)
    with pytest.raises(PrivilegeError, match="no_new_privs"):
        demand_unprivileged(capabilities=False, no_new_privileges=True)


def test_what_the_kernel_does_not_tell_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_user(monkeypatch, tmp_path, "Name:\tx\n")
    with pytest.raises(PrivilegeError):
        demand_unprivileged()
    monkeypatch.setattr(process, "_STATUS", tmp_path / "missing")
    with pytest.raises(PrivilegeError):
        demand_unprivileged()
