"""Guards as tests: `pytest -p troth.guard.prove.pytest_plugin --troth-prove package.module:start`.

Each control that the run decides is one item: it passes where the guard held, fails where it did not, and is skipped, with the reason, where nothing could be told. The program runs in
a plain child process; for evidence that counts in `troth check`, use `troth prove`, which signs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from troth.guard.prove.bait import bait
from troth.guard.prove.process import run_process

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]


class GuardNotHeldError(AssertionError):
    """A guard did not hold; its text is what the run saw."""


class ProveItem(pytest.Item):
    """One observation of one program."""

    def __init__(self, *, row: dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401 - pytest's own protocol
        super().__init__(**kwargs)
        self.row = row

    def runtest(self) -> None:
        """Pass, fail or skip by what was seen."""
        if self.row.get("held") is None:
            pytest.skip(str(self.row.get("says")))
        if self.row.get("held") is not True:
            raise GuardNotHeldError(str(self.row.get("says")))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:  # noqa: ANN401, ARG002 - pytest's own protocol
        """One line: the control and what was seen."""
        return f"{self.row.get('control')}: {excinfo.value}"

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is said to come from."""
        return self.path, None, self.name


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--troth-prove`, any number of times, and `--troth-prove-seconds`."""
    group = parser.getgroup("troth")
    group.addoption(
        "--troth-prove", action="append", default=[], metavar="MODULE:CALLABLE", help="try the guards of this program"
    )
    group.addoption("--troth-prove-seconds", type=float, default=120.0, help="time for one program")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the programs and add what they showed. Under pytest-xdist each worker runs them: the items must be the same everywhere."""
    for target in config.getoption("--troth-prove"):
        for row in _observed(config, str(target)):
            items.append(ProveItem.from_parent(session, name=f"prove[{target}][{row.get('control')}]", row=row))


def _observed(config: pytest.Config, target: str) -> list[dict[str, Any]]:
    root = Path(config.rootpath)
    folders = [str(root), str(root / "src"), str(Path(__file__).resolve().parents[3]), *_site()]
    with tempfile.TemporaryDirectory(prefix="troth-prove-") as folder:
        bait(Path(folder))
        told = run_process(
            root, folders, {"target": target, "folder": folder}, config.getoption("--troth-prove-seconds")
        )
    if told.get("error"):
        return [{"control": "set-up", "held": False, "says": str(told["error"])}]
    rows = told.get("observations")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _site() -> list[str]:
    import sys

    return [item for item in sys.path if item.endswith(("site-packages", "dist-packages"))]
