"""What the import of the guard brings with it. Its time is measured in bench/guard; what makes it long is named here."""

from __future__ import annotations

import subprocess
import sys

import pytest

PARTS = ("", ".paths", ".logs", ".secrets", ".limits", ".redact")
HEAVY = ("pydantic", "httpx", "asyncio", "dataclasses", "inspect", "ctypes", "socket", "pickle", "hashlib", "hmac", "json", "pathlib", "tomllib", "tarfile", "logging.handlers", "hyperscan", "troth.detectors.scanner", "urllib.parse")


def loaded(program: str) -> set[str]:
    asked = f"import sys; before = set(sys.modules)\n{program}\nprint(*sorted(set(sys.modules) - before))"
    return set(subprocess.run([sys.executable, "-S", "-c", asked], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}).stdout.split())


def test_importing_the_guard_loads_nothing_heavy():
    new = loaded("\n".join(f"import troth.guard{part}" for part in PARTS))

    assert "troth.guard.logs.install" in new
    assert not new.intersection(HEAVY)
    assert len(new) <= 100


@pytest.mark.parametrize("part", PARTS)
def test_each_part_can_be_imported_first(part):
    assert f"troth.guard{part}" in loaded(f"import troth.guard{part}")
