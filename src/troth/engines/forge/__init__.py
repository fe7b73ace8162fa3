"""Settings on the forge, read only: what files alone cannot decide.

`look_forge` gives the fact `Forge` from a live client or from a snapshot, of GitHub, Gitea or Forgejo. Only GET requests exist; the HTTP library is the extra `forge`, imported when a client is made.
"""

from __future__ import annotations

from troth.engines.forge.look import look_forge, look_github
from troth.engines.forge.snapshot import read_snapshot, write_snapshot

__all__ = ["look_forge", "look_github", "read_snapshot", "write_snapshot"]
