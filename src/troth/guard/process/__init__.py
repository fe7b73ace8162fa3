"""Refuses to go on with more power than a service needs: as root, with capabilities, or able to gain them.

    demand_unprivileged()        # first line of main(), in a container or out of it

What a Dockerfile's USER promises is undone by one flag of whoever starts the image; this is asked of the process that really runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from troth.errors import GuardError

__all__ = ["PrivilegeError", "demand_unprivileged"]

_STATUS: Final = Path("/proc/self/status")


class PrivilegeError(GuardError):
    """The process has more rights than a service needs; it was not started."""

    code = "privileged"
    help = "Start it as a user of its own (USER in the Dockerfile, runAsNonRoot, --user) and without added capabilities."


def demand_unprivileged(*, capabilities: bool = True, no_new_privileges: bool = False) -> None:
    """Go on only as an ordinary user.

    Args:
        capabilities: also refuse effective, permitted and inheritable capabilities (Linux; elsewhere only the user is looked at).
        no_new_privileges: also demand that nothing started from here can gain rights (`no_new_privs`, Linux).

    Raises:
        PrivilegeError: naming what the process has, or that the kernel does not tell.
    """
    users = set(os.getresuid()) if hasattr(os, "getresuid") else {os.getuid(), os.geteuid()}
    if 0 in users:
        raise PrivilegeError("This process runs as root, or can become root again")
    if not (capabilities or no_new_privileges) or os.uname().sysname != "Linux":
        return
    try:
        told = dict(line.split(":\t", 1) for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines() if ":\t" in line)
    except OSError as error:
        raise PrivilegeError("The kernel does not tell what this process may do (no /proc)") from error
    if capabilities and any(int(told.get(name, "1"), 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")):
        raise PrivilegeError("This process holds capabilities")
    if no_new_privileges and told.get("NoNewPrivs", "0").strip() != "1":
        raise PrivilegeError("What this process starts can gain rights (no_new_privs is not set)")
