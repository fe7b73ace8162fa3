"""`troth prove --samples`: runs the policy's own samples in the sandbox, each by itself, and tells which of them work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from troth.app.prove import Proof, commit_of, folders_of
from troth.check.looks import Looks
from troth.engines.git.repository import open_repository
from troth.engines.git.tree import look as tree_engine
from troth.errors import PolicyNotFoundError
from troth.policy.find import find
from troth.policy.markdown import Block, Code, Items, Quote, parse
from troth.terms.facts.tree import Tree

__all__ = ["prove_samples", "samples_of"]

_CONTROL: Final = "policy/samples-run"
_PYTHON: Final = frozenset(("python", "py", "python3", "pycon"))
_AT_MOST: Final = 50


def prove_samples(root: Path, *, seconds: float = 20.0) -> Proof:
    """Run every sample of Python in the policy that the tree's forge shows.

    One observation for all of them: a policy's samples work together or not at all, and a sample in another language leaves the answer open unless one has failed already.

    Args:
        root: the tree; modules are looked for there and in `src`.
        seconds: for one sample.

    Raises:
        PolicyNotFoundError: the tree has no policy.
        SandboxError: there is no sandbox here that holds. Samples are never run without one.
    """
    root = root.resolve()
    tree = Looks((tree_engine,), given=(open_repository(root),)).get(Tree)
    if not isinstance(tree, Tree) or not (policies := find(tree)):
        raise PolicyNotFoundError("There is no policy whose samples could be run")
    path = policies[0].path
    text = (tree.reader(path) or b"").decode("utf-8", "replace").replace("\r\n", "\n")
    told = list(_run(root, samples_of(text), _own(tree), seconds))
    return Proof(
        f"samples:{path}",
        commit_of(root),
        "walled",
        datetime.now(UTC).isoformat(timespec="seconds"),
        (_together(told),),
        "",
    )


def samples_of(text: str) -> list[tuple[int, str, str]]:
    """Line (1-based), language and code of every sample, in order; indented code has no language."""
    return [
        (block.body[0] + 1, block.language.split()[0].lower() if block.language.split() else "", block.content)
        for block in _codes(parse(text).blocks)
    ]


def _codes(blocks: Iterable[Block]) -> Iterator[Code]:
    for block in blocks:
        if isinstance(block, Code):
            yield block
        elif isinstance(block, Items):
            for item in block.items:
                yield from _codes(item.blocks)
        elif isinstance(block, Quote):
            yield from _codes(block.blocks)


def _own(tree: Tree) -> list[str]:
    """Top-level modules that the tree itself holds."""
    parts = [path.removeprefix("src/").split("/") for path in tree.files if path.endswith((".py", ".pyi", ".so"))]
    return sorted({item[0].partition(".")[0] for item in parts})


def _run(
    root: Path, samples: list[tuple[int, str, str]], own: list[str], seconds: float
) -> Iterator[tuple[int, bool | None, str]]:
    from troth.guard.limits import LimitExceededError
    from troth.guard.sandbox import Sandbox, SandboxedCodeError, SandboxLimits

    folders = folders_of(root)
    limits = SandboxLimits(wall_seconds=seconds, cpu_seconds=seconds, memory_bytes=2 * 2**30)
    with Sandbox("samples", readable=folders, folders=folders) as sandbox:
        for line, language, code in samples[:_AT_MOST]:
            if language not in _PYTHON or code.lstrip().startswith(">>>"):
                yield line, None, f"a sample of {language or 'no language that it names'} is not run"
                continue
            try:
                told: Any = sandbox.call(
                    "troth.guard.prove.samples:run_sample", {"code": code, "own": own}, limits=limits
                )
            except (SandboxedCodeError, LimitExceededError) as error:
                yield line, None, f"it was stopped ({error.code})"
                continue
            held = told.get("held") if isinstance(told, dict) else None
            yield (
                line,
                held if isinstance(held, bool) else None,
                str(told.get("says", "")) if isinstance(told, dict) else "",
            )
    if len(samples) > _AT_MOST:
        yield samples[_AT_MOST][0], None, f"only {_AT_MOST} samples are run"


def _together(told: list[tuple[int, bool | None, str]]) -> dict[str, Any]:
    failed = [item for item in told if item[1] is False]
    opened = [item for item in told if item[1] is None]
    if failed:
        held, (line, _, says) = False, failed[0]
        return {
            "control": _CONTROL,
            "held": held,
            "says": f"{len(failed)} of {len(told)} samples do not work; the one of line {line}: {says}"[:300],
        }
    if opened or not told:
        first = f"; the one of line {opened[0][0]}: {opened[0][2]}" if opened else ""
        return {
            "control": _CONTROL,
            "held": None,
            "says": f"{len(told) - len(opened)} of {len(told)} samples ran{first}"[:300],
        }
    return {"control": _CONTROL, "held": True, "says": f"All {len(told)} samples ran to their end in a sandbox"}
