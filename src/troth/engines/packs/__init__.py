"""Reads git's object store directly: packs, loose objects, alternates. For engines that must see *every* object once.

Rules:

* read-only: nothing is ever written into the repository, no hook, filter, textconv or remote is ever run;
* hostile input is the normal case: every size is bounded before memory is taken, every offset is checked, and an
  object that cannot be read is counted with its reason (`Fault`), never dropped silently and never a crash;
* whatever this reader does not understand is left to `git cat-file` (see `catfile`), and is counted where that fails as well.

Not here: what the objects mean (trees of a commit, diffs, blame), which is `engines.git`; what to look for in them, which is `engines.secrets`.
Formats: gitformat-pack(5), gitrepository-layout(5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troth.engines.packs.faults import Coverage, Fault, Limits
    from troth.engines.packs.layout import Repository, open_repository
    from troth.engines.packs.store import Item, ObjectStore, Sink

__all__ = ["Coverage", "Fault", "Item", "Limits", "ObjectStore", "Repository", "Sink", "open_repository"]

_WHERE = {
    "Coverage": "faults", "Fault": "faults", "Limits": "faults", "Repository": "layout", "open_repository": "layout",
    "Item": "store", "ObjectStore": "store", "Sink": "sink",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Load what is asked for: who only counts (`Coverage`) needs no reader."""
    if name not in _WHERE:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
