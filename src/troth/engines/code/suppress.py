"""Comments that tell a scanner to be silent about a line: shown beside the finding, never obeyed by hiding it.

Understood: `# nosec`, `# nosec B301,B403`, `# noqa`, `# noqa: S301`, `# type`-like remarks of others are none.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["suppression"]

_COMMENT: Final = re.compile(r"#\s*(?P<all>nosec\b[:\s]*(?P<bandit>[A-Z]\d+(?:[,\s]+[A-Z]\d+)*)?|noqa\b(?P<ruff>:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?)", re.IGNORECASE)


def suppression(line: str) -> str:
    """The comment on a line that silences security scanners, as written; empty where there is none.

    `# noqa: E501` silences no security rule, and counts as none.
    """
    match = _COMMENT.search(line)
    if match is None:
        return ""
    codes = match.group("ruff")
    if codes and not re.search(r"\bS\d", codes, re.IGNORECASE):
        return ""
    return match.group(0).strip()[:80]
