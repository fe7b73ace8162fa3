"""Whose something is: a tenant and one of its projects, in a grammar that has one spelling for each name.

Nothing is normalised: upper case, spaces, other spellings of a UUID or look-alike letters are refused rather than folded, so that two tenants can never be taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from troth.errors import UsageError

__all__ = ["Tenant"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True, order=True)
class Tenant:
    """A tenant and one of its projects.

    Attributes:
        id: the tenant: 1 to 63 of a-z, 0-9 and hyphen, not beginning with a hyphen.
        project: the project, in the same grammar; there is no "all projects".
    """

    id: str
    project: str

    def __post_init__(self) -> None:
        for name in (self.id, self.project):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise UsageError("a tenant or project has a name that no tenant has: 1 to 63 of a-z, 0-9 and hyphen")

    def __str__(self) -> str:
        """`tenant/project`: how rows, keys and logs name it; no two tenants have the same text."""
        return f"{self.id}/{self.project}"
