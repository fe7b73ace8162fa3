"""A disabled module is not to be had: by import, by importlib, below its package, or from what was loaded before."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from troth.guard.modules import ModuleDisabledError, disable


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"toy_{tmp_path.name.replace('-', '_')}"
    (tmp_path / name / "optim").mkdir(parents=True)
    for inside in ("__init__.py", "nn.py", "optim/__init__.py", "optim/adam.py", "optimal.py"):
        (tmp_path / name / inside).write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_it_is_refused_by_every_road(package: str) -> None:
    module = importlib.import_module(package)
    importlib.import_module(f"{package}.optim.adam")
    disabled = disable(f"{package}.optim")
    try:
        assert not hasattr(module, "optim")
        for name in (f"{package}.optim", f"{package}.optim.adam"):
            assert name not in sys.modules
            with pytest.raises(ModuleDisabledError):
                importlib.import_module(name)
        with pytest.raises(ImportError):
            exec(f"from {package}.optim import adam")  # as a program would
        with pytest.raises(ImportError):
            exec(f"from {package} import optim")
    finally:
        disabled.lift()
    assert importlib.import_module(f"{package}.optim.adam").value == 1


def test_others_are_not_touched(package: str) -> None:
    disabled = disable(f"{package}.optim")
    try:
        assert importlib.import_module(f"{package}.nn").value == 1
        assert importlib.import_module(f"{package}.optimal").value == 1
    finally:
        disabled.lift()


@pytest.mark.parametrize("names", [(), ("",), ("a b",), ("a.",), ("a/b",)])
def test_what_is_no_name_is_an_error(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="full dotted name"):
        disable(*names)
