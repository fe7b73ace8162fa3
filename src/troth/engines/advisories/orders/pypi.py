"""Python's order: PEP 440, and before every PEP 440 version the old ones that setuptools took before it.

The old order is that of `pkg_resources.parse_version` as it stood before PEP 440: runs of digits and of letters, `final` marks, dashes and
dots between them. It only matters for the few old releases that are no PEP 440 versions (`0.1-bulbasaur`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from troth.engines.advisories.orders.unorderable import UnorderableError

__all__ = ["key"]

_PART = re.compile(r"(\d+|[a-z]+|\.|-)")
_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def key(version: str) -> tuple[object, ...]:
    """Key of a version of PyPI.

    Raises:
        UnorderableError: the text holds nothing that could be a version.
    """
    try:
        return (1, Version(version))
    except InvalidVersion:
        parts = tuple(_legacy(version.lower().strip()))
        if not re.search(r"[a-z0-9]", version.lower()):
            raise UnorderableError("it is no version of PyPI") from None
        return (0, parts)


def _legacy(version: str) -> Iterator[str]:
    parts: list[str] = []
    for part in [*_pieces(version), "*final"]:
        if part.startswith("*"):
            if part < "*final":
                while parts and parts[-1] == "*final-":
                    parts.pop()
            while parts and parts[-1] == "00000000":
                parts.pop()
        parts.append(part)
    yield from parts


def _pieces(version: str) -> Iterator[str]:
    for part in _PART.split(version):
        word = _WORDS.get(part, part)
        if not word or word == ".":
            continue
        # digits are padded so that text order is their order
        yield word.zfill(8) if word[:1].isdigit() else "*" + word
