"""Where the generators of both corpora register: a case is a name and a function that writes files into a folder.

`malicious` cases are assembled by hand from bytes with the standard library, so that they run everywhere; their payloads only name things, or would
create nothing but a marker. `benign` cases are made by the real libraries and are left out, by name of the library, where it is not installed.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

Writer = Callable[[Path], None]

MALICIOUS: dict[str, tuple[str, Writer]] = {}
BENIGN: dict[str, tuple[tuple[str, ...], Writer]] = {}


def malicious(name: str, data: bytes | Callable[[], bytes]) -> None:
    """Register one hostile file under its name."""
    assert name not in MALICIOUS, name

    def write(path: Path) -> None:
        path.write_bytes(data() if callable(data) else data)

    MALICIOUS[name] = (name, write)


def benign(name: str, *needs: str) -> Callable[[Writer], Writer]:
    """Register one ordinary file; `needs` are the libraries that make it."""
    assert name not in BENIGN, name

    def add(writer: Writer) -> Writer:
        BENIGN[name] = (needs, writer)
        return writer

    return add


def register() -> tuple[dict[str, tuple[str, Writer]], dict[str, tuple[tuple[str, ...], Writer]]]:
    """Both corpora, once every generator has registered its cases."""
    for name in ("benign_configs", "benign_numeric", "benign_torch", "benign_wide", "hostile_pickles", "hostile_containers", "hostile_data", "hostile_reducers", "hostile_settings", "hostile_more", "benign_more", "blind_hostile", "blind_hostile_data", "blind_benign", "blind_benign_more", "blind_benign_files", "third_hostile", "third_hostile_data", "third_benign", "third_benign_torch", "third_benign_tf", "fourth_hostile", "fourth_benign"):
        importlib.import_module(f"tests.attacks.models.{name}")
    return MALICIOUS, BENIGN


def missing(needs: tuple[str, ...]) -> list[str]:
    """Libraries of a case that are not installed."""
    return [name for name in needs if importlib.util.find_spec(name) is None]


def write_all(folder: Path) -> tuple[list[Path], list[Path], list[str]]:
    """Write both corpora; gives malicious paths, benign paths, and what was left out."""

    register()
    bad, good, left = [], [], []
    for name, (_, writer) in MALICIOUS.items():
        path = folder / "malicious" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(path)
        bad.append(path)
    for name, (needs, writer) in BENIGN.items():
        absent = missing(needs)
        if absent:
            left.append(f"{name}: needs {', '.join(absent)}")
            continue
        path = folder / "benign" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(path)
        good.append(path)
    return bad, good, left
