"""A fork: where somebody without the right to write puts a branch, so that a pull request can be opened all the same. Made where it is not there, and only by the name that was approved."""

from __future__ import annotations

import time
from typing import Final

from troth.jobs.handler import Change, HandlerError
from troth.jobs.handlers.forge_client import ForgeClient, below, part

__all__ = ["demand_fork", "fork_there", "made_fork"]

_PATIENCE: Final = 20
_PAUSE_SECONDS: Final = 2.0
"""A forge copies a repository in its own time, and answers before it is done."""


def demand_fork(forge: ForgeClient, fork: ForgeClient) -> Change | None:
    """What is planned for a fork: nothing where it is there.

    Raises:
        HandlerError: `no-fork`: what is there under its name is no fork of the repository.
    """
    if fork_there(forge, fork):
        return None
    return Change(fork.repository, "create", f"a fork of {forge.repository}, public as that is")


def fork_there(forge: ForgeClient, fork: ForgeClient) -> bool:
    """Whether there is such a fork.

    Raises:
        HandlerError: `no-fork`.
    """
    if fork.repository.lower() == forge.repository.lower():
        raise HandlerError("no-fork", "A repository is no fork of itself.")
    about = fork.object("", missing=True)
    if about is None:
        return False
    roots = {str(below(about, name, "full_name")).lower() for name in ("parent", "source")}
    if about.get("fork") is not True or forge.repository.lower() not in roots:
        raise HandlerError("no-fork", f"{fork.repository} is there, and is no fork of {forge.repository}.")
    return True


def made_fork(forge: ForgeClient, fork: ForgeClient, commit: str) -> None:
    """Make the fork where it is not there, and wait until it holds the commit.

    Raises:
        HandlerError: `no-fork`: the forge made another one, or none within a while.
    """
    if not fork_there(forge, fork):
        name = fork.repository.partition("/")[2]
        _, answer = forge.send("POST", "/forks", {"name": name, "default_branch_only": True}, allowed=(200, 201, 202))
        if str(below(answer, "full_name")).lower() != fork.repository.lower():
            raise HandlerError("no-fork", "The forge made a fork of another name: the token is another person's.")
    for _ in range(_PATIENCE):
        if fork.object(f"/git/commits/{part(commit)}", missing=True) is not None:
            return
        time.sleep(_PAUSE_SECONDS)
    raise HandlerError("no-fork", "The fork does not hold the commit that the change is for: bring it up to date.")
