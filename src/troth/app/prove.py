"""`troth prove`: runs a program with canaries and signs what was seen. The one use case that executes a user's program, because the user asked for it by name."""

from __future__ import annotations

import json
import os
import subprocess
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
from troth.ledger.evidence import STATEMENT_TYPE, seal

__all__ = ["Proof", "prove", "sign_proof"]

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
        _commit(root),
        lane,
        datetime.now(UTC).isoformat(timespec="seconds"),
        observations,
        str(told.get("error", "")),
    )


def _folders(root: Path) -> tuple[str, ...]:
    site = [item for item in sys.path if item.endswith(("site-packages", "dist-packages")) and os.path.isdir(item)]
    candidates: list[str] = [str(root), str(root / "src"), str(_SOURCES), *site]
    return tuple(dict.fromkeys(item for item in candidates if os.path.isdir(item)))


def _walled(root: Path, payload: dict[str, object], folder: str, seconds: float) -> dict[str, Any]:
    from troth.guard.sandbox import Sandbox, SandboxLimits

    limits = SandboxLimits(wall_seconds=seconds, cpu_seconds=seconds, memory_bytes=2 * 2**30)
    folders = _folders(root)
    with Sandbox("prove", readable=(*folders, folder), folders=folders) as sandbox:
        told = sandbox.call("troth.guard.prove.driver:observe", payload, limits=limits)
    return told if isinstance(told, dict) else {}


def _process(root: Path, payload: dict[str, object], seconds: float) -> dict[str, Any]:
    from troth.guard.limits import LimitExceededError

    read, write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="troth-home-") as home:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "PYTHONPATH": os.pathsep.join(_folders(root)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [
            sys.executable,
            "-c",
            "from troth.guard.prove.driver import main; main()",
            json.dumps(payload),
            str(write),
        ]
        try:
            subprocess.run(  # noqa: S603 - the user named this program
                command,
                cwd=root,
                env=environment,
                pass_fds=[write],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LimitExceededError("wall_seconds", f"The program took longer than {seconds} s") from None
        finally:
            os.close(write)
            with os.fdopen(read, "rb") as answer:
                os.set_blocking(answer.fileno(), False)
                data = answer.read(1 << 20) or b""
    try:
        told = json.loads(data)
    except ValueError:
        return {"observations": [], "error": "The program ended its process"}
    return told if isinstance(told, dict) else {}


def _commit(root: Path) -> str:
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
