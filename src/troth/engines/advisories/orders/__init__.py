"""The order of versions, as each registry's own tools define it: a key for every version, so that comparing is comparing keys.

Rules: one module a registry; a key is a tuple that Python orders; what the registry's rules do not cover raises `UnorderableError`, it never
sorts somewhere by accident. Keys of different ecosystems are never compared. Held against the ordered tables of another scanner (osv-scalibr,
`semantic/testdata`): see `tests/engines/advisories/test_orders.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from troth.engines.advisories.orders import maven, pypi, rubygems, semver
from troth.engines.advisories.orders.unorderable import UnorderableError

__all__ = ["ORDERS", "Key", "UnorderableError", "key_of"]

Key = tuple[object, ...]
"""An ordered key; only to be compared with keys of the same ecosystem."""

ORDERS: Final[Mapping[str, Callable[[str], Key]]] = {
    "pypi": pypi.key,
    "npm": semver.key,
    "cargo": semver.key,
    "golang": semver.key,
    "gem": rubygems.key,
    "maven": maven.key,
}
"""Ecosystem, as package URLs name it -> key of a version."""

LONGEST: Final = 300
"""Characters of a version; longer ones are no versions."""


@lru_cache(maxsize=65_536)
def key_of(ecosystem: str, version: str) -> Key:
    """Key of a version.

    Args:
        ecosystem: type of the package URL (`pypi`, `npm`, `cargo`, `golang`, `gem`, `maven`).
        version: as written; `0` in an advisory's range means "from the first version on" and sorts before all others.

    Raises:
        UnorderableError: the ecosystem has no order here, or the text is no version of it.
    """
    order = ORDERS.get(ecosystem)
    if order is None:
        raise UnorderableError(f"versions of {ecosystem} have no order here")
    if len(version) > LONGEST:
        raise UnorderableError(f"a version of {len(version)} characters is none")
    return order(version)
