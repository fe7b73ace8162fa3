"""`troth prove`: runs a program with canaries and signs what was seen. The one use case that executes a user's program, because the user asked for it by name."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import troth
from troth.engines.git.repository import open_repository
from troth.engines.proved_runs import PREDICATE_TYPE
from troth.errors import UsageError
from troth.guard.prove import driver
from troth.guard.prove.process import run_process
from troth.ledger.evidence import STATEMENT_TYPE, seal

__all__ = ["Proof", "commit_of", "folders_of", "prove", "sign_proof"]

Lane = Literal["walled", "process"]
_SECONDS: Final = 60.0
_SOURCES: Final = Path(troth.__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Proof:
    """What one run showed.

    Attributes:
        program: `module:callable`.
        commit: of the tree; empty where there is none or it has uncommitted changes.
        lane: `walled`, or `process`: the program was not isolated.
        finished: ISO 8601.
        observations: control, held and one sentence each.
        error: why the program could not be set up; empty where it could.
    """

    program: str
    commit: str
    lane: Lane
    finished: str
    observations: tuple[dict[str, Any], ...]
    error: str


def prove(root: Path, target: str, *, lane: Lane = "walled", seconds: float = _SECONDS) -> Proof:
    """Run a program of a tree and try its guards.

    Args:
        root: the tree; modules are looked for there and in `src`.
        target: `module:callable`.
        lane: `walled` runs in the sandbox; `process` is a plain child process with an empty environment: weaker, and the proof says so.
        seconds: for all of it.

    Raises:
        UsageError: the target is not written as `module:callable`.
        SandboxError: there is no sandbox here that holds.
        LimitExceededError, SandboxedCodeError: the program took too long or died.
    """
    module, _, name = target.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise UsageError("a program is named as MODULE:callable")
    root = root.resolve()
    with tempfile.TemporaryDirectory(prefix="troth-prove-") as folder:
        driver.bait(Path(folder))
        payload: dict[str, object] = {"target": target, "folder": folder}
        told = _walled(root, payload, folder, seconds) if lane == "walled" else _process(root, payload, seconds)
    rows = told.get("observations")
    observations = tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return Proof(
        target,
        commit_of(root),
        lane,
        datetime.now(UTC).isoformat(timespec="seconds"),
        observations,
        str(told.get("error", "")),
    )


def folders_of(root: Path) -> tuple[str, ...]:
    """Folders from which a program of the tree imports: the tree, Troth, and what is installed here."""
    site = [item for item in sys.path if item.endswith(("site-packages", "dist-packages")) and os.path.isdir(item)]
    candidates: list[str] = [str(root), str(root / "src"), str(_SOURCES), *site]
    return tuple(dict.fromkeys(item for item in candidates if os.path.isdir(item)))


def _walled(root: Path, payload: dict[str, object], folder: str, seconds: float) -> dict[str, Any]:
    from troth.guard.sandbox import Sandbox, SandboxLimits

    limits = SandboxLimits(wall_seconds=seconds, cpu_seconds=seconds, memory_bytes=2 * 2**30)
    folders = folders_of(root)
    with Sandbox("prove", readable=(*folders, folder), folders=folders) as sandbox:
        told = sandbox.call("troth.guard.prove.driver:observe", payload, limits=limits)
    return told if isinstance(told, dict) else {}


def _process(root: Path, payload: dict[str, object], seconds: float) -> dict[str, Any]:
    return run_process(root, folders_of(root), payload, seconds)


def commit_of(root: Path) -> str:
    """The commit of a clean tree; empty otherwise."""
    from troth.check.looks import Looks
    from troth.engines.git.tree import look as tree_engine
    from troth.terms.facts.tree import Tree

    tree = Looks((tree_engine,), given=(open_repository(root),)).get(Tree)
    return (tree.commit or "") if isinstance(tree, Tree) and not tree.dirty else ""


def sign_proof(proof: Proof, key: Ed25519PrivateKey) -> str:
    """The proof as a signed evidence file (docs/evidence.md)."""
    subjects: list[Any] = [{"name": proof.program, "digest": {"gitCommit": proof.commit or "0" * 40}}]
    told: dict[str, Any] = {
        "_type": STATEMENT_TYPE, "subject": subjects, "predicateType": PREDICATE_TYPE,
        "predicate": {"program": proof.program, "commit": proof.commit, "lane": proof.lane, "finished": proof.finished, "error": proof.error, "observations": list(proof.observations)},
    }  # fmt: skip
    return seal(told, key)
