"""Which names speak of something that guards: a redactor, a validator, a verifier, a confinement, a limiter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

__all__ = ["GUARD_WORDS", "LITERALS", "is_guard", "literals"]

GUARD_WORDS: Final = re.compile(
    r"redact|scrub|sanitiz|sanitis|censor|validat|verif|authoriz|blacklist|blocklist|denylist|blocked|confine|policy_?token|rate_?limit|throttl|"
    r"mask_?(?:secret|sensitive|token|key|pii|value|string)|is_?safe_?path|safe_?join|is_?(?:with)?in_?(?:root|workspace|dir|base)|path_?allowed|"
    r"allowed_?path|check_?path|resolve_?path|safe_?path|require_?\w*token|skip_\w*(?:check|safety|security|validation)|skip(?:Safety|Security|Validation)|"
    r"bypass_?\w*(?:check|safety|security|validation)",
    re.IGNORECASE,
)
"""Mentions are kept for names with one of these words only."""


_STEMS: Final = {
    "redact": (), "scrub": (), "saniti": ("sanitiz", "sanitis"), "censor": (), "validat": (), "verif": (), "authoriz": (),
    "list": ("blacklist", "blocklist", "denylist"), "blocked": (), "confine": (), "policy": ("policy_token", "policytoken"),
    "limit": ("rate_limit", "ratelimit"), "throttl": (), "mask": ("mask_", "masks", "maskt", "maskk", "maskp", "maskv"),
    "safe": ("safe_path", "safepath", "safe_join", "safejoin"), "root": ("in_root", "inroot"), "workspace": ("in_workspace", "inworkspace"),
    "within": (), "dir": ("in_dir", "indir"), "base": ("in_base", "inbase"),
    "allowed": ("path_allowed", "pathallowed", "allowed_path", "allowedpath"), "check_path": (), "checkpath": (),
    "resolve": ("resolve_path", "resolvepath"), "require": (), "skip": ("skip_", "skips", "skipv"), "bypass": (),
}  # fmt: skip
"""Stem -> the words that hold it; a stem without words is a word itself. A text without the stem is not searched for its words."""
_WORDS: Final = tuple((stem.encode(), tuple(word.encode() for word in words or (stem,))) for stem, words in _STEMS.items())
LITERALS: Final = tuple(word for _, words in _WORDS for word in words)
"""Lower-case strings of which every such name holds one: a search without an expression, a hundred times as fast."""


def literals(lower: bytes) -> Iterator[bytes]:
    """Those of `LITERALS` that a text, given in lower case, holds."""
    for stem, words in _WORDS:
        if stem in lower:
            yield from (word for word in words if word in lower)


@lru_cache(maxsize=65_536)
def is_guard(name: str) -> bool:
    """Whether mentions of a name are known, so that their absence says something."""
    return bool(GUARD_WORDS.search(name))
