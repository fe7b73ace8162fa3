"""What a secret looks like: one rule set for scanning and for redaction.

Rules:

* a rule is data (`rules/*.toml`), one file per provider; each is proven by generated tokens that it must find and by near misses
  that it must not (`tests/detectors`), and its pattern is linear by construction (`shapes.check_linear`);
* three engines (hyperscan, google-re2, `re`) only propose places; what counts as a match is decided by one confirming step, so the
  findings do not depend on what is installed;
* importing this package loads nothing heavy: the standard library, and hyperscan or re2 only when a matcher is built.

Not here: where text comes from (`engines.secrets`), what is done with a log record (`guard`), whether a key is alive (nobody asks a provider).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troth.detectors.rule import Match, Rule, Tier

__all__ = ["Match", "Rule", "Tier"]


def __getattr__(name: str) -> object:
    """Only when asked for: who wants the names of secret keys need not load what a rule is."""
    if name in __all__:
        from troth.detectors import rule

        return getattr(rule, name)
    raise AttributeError(name)
