"""What the doors are tried with, laid out in one folder: files inside and outside of a root, links, stores of credentials, secrets files, models."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Final

from troth.guard.prove.images import save_images

__all__ = ["TRIPPED", "bait"]

TRIPPED: Final[list[str]] = []
"""What a hostile pickle leaves behind where it was allowed to run."""


def _trip(word: str) -> str:
    """What the hostile pickle calls: it says that a stranger's code would have run."""
    TRIPPED.append(word)
    return word


class _Trip:
    """Unpickles as a call of `_trip`."""

    def __reduce__(self) -> tuple[Callable[[str], str], tuple[str]]:
        return _trip, ("unpickled",)


def bait(folder: Path) -> None:
    """Lay everything out; the folder is empty before."""
    inside = folder / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "fine.txt").write_text("fine")
    (folder / "outside.txt").write_text("outside")
    (inside / "link.txt").symlink_to("../outside.txt")
    (inside / "up").symlink_to("..")
    (folder / "fine.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    (folder / "other.pkl").write_bytes(pickle.dumps({"weights": [6.0, 6.0]}))
    (folder / "hostile.pkl").write_bytes(pickle.dumps(_Trip()))
    for name, mode in (("private.env", 0o600), ("loose.env", 0o644)):
        (folder / name).write_text("KEY=value-of-a-canary\n")
        (folder / name).chmod(mode)
    (folder / "link.env").symlink_to("private.env")
    save_images(folder)
    home = folder / "home"
    for name in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".git-credentials", ".config/gh/hosts.yml"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("a canary of a store of credentials\n")
    (inside / "keys").symlink_to("../home/.ssh/id_ed25519")
