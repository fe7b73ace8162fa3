"""Every entry of every allow-list has the ground on which each hook that a load can reach was found harmless; held against the release where it is installed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from tools.allowlists import audit, audit_read
from tools.allowlists.generate import AUDITS, OUT, version_of

LISTS = sorted(OUT.glob("*.json"))


def entries(path: Path) -> list[tuple[str, str, str]]:
    return [(module, name, group["rule"]) for group in json.loads(path.read_text())["groups"] for module, names in group["names"].items() for name in names]


@pytest.mark.parametrize("path", LISTS, ids=[path.stem for path in LISTS])
def test_a_list_comes_with_the_record_of_what_a_load_can_reach(path: Path) -> None:
    record = json.loads((AUDITS / path.name).read_text())

    assert record["version"] == json.loads(path.read_text())["version"]
    assert all(len(hook) == 2 and hook[1] for hook in record["hooks"].values())
    assert all(not ground.startswith("read: ") or digest in audit_read.READ for digest, ground in record["hooks"].values())
    classes = {rule for _, _, rule in entries(path)} - audit.NAMED_ONLY
    assert record["hooks"] or not classes or classes <= {"instance", "dict-instance", "empty", "booster", "hook", "namedtuple", "data", "placed", "index"}


@pytest.mark.parametrize("path", LISTS, ids=[path.stem for path in LISTS])
def test_the_installed_release_still_is_what_was_audited(path: Path) -> None:
    library, version = (json.loads(path.read_text())[key] for key in ("library", "version"))
    if library == "weights" or version_of(library) != version:
        pytest.skip(f"{path.stem} is not installed")
    record = json.loads((AUDITS / path.name).read_text())["hooks"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {hook: list(ground) for entry in entries(path) for hook, ground in audit.of_name(*entry).items()}

    assert {hook: ground for hook, ground in found.items() if record.get(hook) != ground} == {}


def test_code_that_does_more_than_store_has_no_ground_of_its_own() -> None:
    class Opens:
        def __setstate__(self, state):  # type: ignore[no-untyped-def]
            open(state["path"])

    class Calls:
        def __setstate__(self, state):  # type: ignore[no-untyped-def]
            state["f"]()

    class Stores:
        def __setstate__(self, state):  # type: ignore[no-untyped-def]
            self.__dict__.update(state)
            if not hasattr(self, "a"):
                self.a = None

    assert [audit.ground_of(cls.__setstate__, "x").ground != "" for cls in (Opens, Calls, Stores)] == [False, False, True]  # type: ignore[attr-defined]


def test_a_native_hook_of_no_known_family_has_no_ground() -> None:
    assert audit_read.native("evil.Thing.__setstate__") == ""
    assert audit_read.native("pandas._libs.internals.BlockManager.__setstate__")
