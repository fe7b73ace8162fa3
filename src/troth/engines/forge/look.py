"""The engine's one door: the fact `Forge` from a live client or from a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from troth.engines.forge.gitea import collect_gitea
from troth.engines.forge.posture import collect
from troth.engines.forge.snapshot import MAX_AGE_DAYS, Snapshot
from troth.errors import LookError
from troth.terms.facts.forge import Forge

if TYPE_CHECKING:
    from troth.engines.forge.client import Client

__all__ = ["look_forge", "look_github"]


def look_github(
    repository: str,
    source: Client | Snapshot,
    *,
    branches: Sequence[str] = (),
    digests: Sequence[str] = (),
    now: datetime | None = None,
    max_age_days: float = MAX_AGE_DAYS,
) -> Forge:
    """Settings of a repository on GitHub.

    Args:
        repository: `owner/name`.
        source: a client, or a snapshot of that repository.
        branches: branches to look at besides the default branch.
        digests: digests of files whose attestations are looked for.
        now: moment of judgement, for the age of a snapshot; the clock's where it is None.
        max_age_days: age at which a snapshot says nothing any more.

    Raises:
        LookError: the forge cannot be reached, or the snapshot is stale or of another repository.
        UsageError: `repository` is no `owner/name`.
    """
    if not isinstance(source, Snapshot):
        return collect(source, repository, branches=branches, digests=digests)
    if source.repository.lower() != repository.lower():
        raise LookError(f"a snapshot of {repository}", f"The snapshot is of {source.repository}.")
    source.demand_fresh(now or datetime.now(UTC), max_age_days)
    return collect(source, source.repository, branches=branches, digests=digests, recorded=True)


def look_forge(
    repository: str,
    source: Client | Snapshot,
    *,
    branches: Sequence[str] = (),
    now: datetime | None = None,
    max_age_days: float = MAX_AGE_DAYS,
) -> Forge:
    """Settings of a repository on whichever forge the source speaks with; arguments and errors as of `look_github`."""
    if source.kind != "gitea":
        return look_github(repository, source, branches=branches, now=now, max_age_days=max_age_days)
    if not isinstance(source, Snapshot):
        return collect_gitea(source, repository, branches=branches)
    if source.repository.lower() != repository.lower():
        raise LookError(f"a snapshot of {repository}", f"The snapshot is of {source.repository}.")
    source.demand_fresh(now or datetime.now(UTC), max_age_days)
    return collect_gitea(source, source.repository, branches=branches, recorded=True)
