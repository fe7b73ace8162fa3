"""Chooses where settings come from: a snapshot, the forge itself, or nowhere; the only place that decides to ask a forge.

Nothing is asked unless the caller names a source. The look happens when the first verifier wants it, once, and a failure is told as what is missing; it never costs a verdict that files can give.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from troth.check.looks import Engine
from troth.errors import LookError
from troth.terms.facts.clock import Clock
from troth.terms.facts.forge_answer import NotSeen
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Promise

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge

__all__ = ["TOKEN_VARIABLES", "ForgeSource", "forge_engine", "token"]

TOKEN_VARIABLES = ("TROTH_TOKEN", "GITHUB_TOKEN")
"""Where a read-only token is looked for, in this order; never on the command line."""

_WHERE = "(settings)"
_NOT_ASKED = NotSeen(
    _WHERE,
    "the forge's settings: a snapshot (troth snapshot OWNER/NAME -o FILE, then --snapshot FILE), or --forge with a read-only token",
    "Nobody asked the forge.",
)


@dataclass(frozen=True, slots=True)
class ForgeSource:
    """Where settings come from.

    Attributes:
        snapshot: a file that `troth snapshot` wrote; the forge itself is asked where it is None.
        repository: `owner/name`; the tree's remote `origin` where it is "".
        api: address of the forge's interface.
        patience: seconds to wait for rate limits, in all.
        tell: progress: a label, the number done, the number in all.
    """

    snapshot: Path | None = None
    repository: str = ""
    api: str = "https://api.github.com"
    patience: float = 900.0
    tell: Callable[[str, int, int], None] | None = None


def token() -> str | None:
    """The read-only token of the environment, or None."""
    return next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), None)


def forge_engine(source: ForgeSource | None) -> Engine:
    """An engine for the fact `ForgeShown`."""

    def look(tree: Tree, policies: PolicySet, clock: Clock) -> ForgeShown:
        """Settings of the repository, or why there are none."""
        if source is None:
            return ForgeShown(None, _NOT_ASKED)
        try:
            return ForgeShown(_look(source, tree, policies, clock), _NOT_ASKED, asked=True)
        except LookError as error:
            return ForgeShown(None, NotSeen(_WHERE, error.missing, error.because), asked=True)

    return look


def _look(source: ForgeSource, tree: Tree, policies: PolicySet, clock: Clock) -> Forge:
    from troth.engines.forge import look_forge, read_snapshot

    branches = _branches(policies.promises)
    if source.snapshot is not None:
        recorded = read_snapshot(source.snapshot)
        wanted = source.repository or tree.origin or recorded.repository
        return look_forge(wanted, recorded, branches=branches, now=clock.now)
    repository = source.repository or tree.origin
    if not repository:
        raise LookError("the repository's name (--repository OWNER/NAME)", "The tree has no remote `origin` on a forge.")
    from troth.engines.forge.client import Client

    with Client(token(), api=source.api, patience=source.patience, tell=source.tell) as client:
        return look_forge(repository, client, branches=branches, now=clock.now)


def _branches(promises: tuple[Promise, ...]) -> tuple[str, ...]:
    """Branches that the policy names, so that they are looked at besides the default branch."""
    named = [
        promise.params.text("branch") or "" for promise in promises if promise.control.startswith("branch/")
        and isinstance(promise.params.values.get("branch"), str)
    ]  # fmt: skip
    return tuple(dict.fromkeys(name for name in named if name))
