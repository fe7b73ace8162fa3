"""Whether a licence expression satisfies a rule of allowed or refused licences: SPDX algebra, where OR is the licensee's choice and AND binds to all.

A sentence gives the rule by licences that it names ("only MIT, Apache-2.0 and BSD"; "no GPL or AGPL") or by a family ("permissive", "copyleft"). What cannot be read is None:
neither allowed nor refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from troth.errors import LookError

if TYPE_CHECKING:
    from license_expression import Licensing

__all__ = ["LicenceRule", "rule_of", "satisfies"]

COPYLEFT: Final = ("GPL", "AGPL", "LGPL", "SSPL", "EUPL", "OSL", "MPL", "EPL", "CDDL", "CC-BY-SA", "CPAL", "RPL")
"""Families whose licences ask for sources or the same licence."""

PERMISSIVE: Final = ("MIT", "Apache", "BSD", "ISC", "0BSD", "Zlib", "Unlicense", "CC0", "BlueOak", "Python", "PSF", "WTFPL", "BSL", "PostgreSQL", "NCSA", "Unicode", "CC-BY")
"""Families that ask for notices at most."""

_NAME: Final = re.compile(
    r"\b(A?L?GPL|SSPL|MPL|EPL|EUPL|CDDL|MIT|Apache|BSD|ISC|Zlib|Unlicense|CC0|PSF)(?:[- ]?v?(\d(?:\.\d)*))?(?:-(only|or-later|Clause))?\b", re.IGNORECASE
)
_REFUSES: Final = re.compile(r"\b(?:no|not|never|without|avoid|deny|denied|refuse[sd]?|prohibit\w*|forbid\w*|disallow\w*|block\w*|incompatible|reject\w*)\b", re.IGNORECASE)
_ONLY: Final = re.compile(r"\b(?:only|must be|all|every|allow\w*|approved|permitted|restricted to|limited to|exclusively)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LicenceRule:
    """Families, as prefixes of SPDX ids; `allow` empty means that everything is allowed but what `deny` names."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def takes(self, licence: str) -> bool | None:
        """Whether one licence satisfies the rule; None where its name is no SPDX id and nothing can be said."""
        if any(_of(licence, family) for family in self.deny):
            return False
        return any(_of(licence, family) for family in self.allow) if self.allow else True


def _of(licence: str, family: str) -> bool:
    low, prefix = licence.lower(), family.lower()
    return low == prefix or (low.startswith(prefix) and not low[len(prefix)].isalpha())


def rule_of(sentence: str) -> LicenceRule | None:
    """The rule that a sentence states; None where it names no licence and no family."""
    names = [match.group(1) + (f"-{match.group(2)}" if match.group(2) and match.group(1).upper().endswith("GPL") else "") for match in _NAME.finditer(sentence)]
    families = tuple(dict.fromkeys(names))
    lower = sentence.lower()
    if "copyleft" in lower:
        families += COPYLEFT
    if _REFUSES.search(sentence) and families:
        return LicenceRule(deny=families)
    if "permissive" in lower and _ONLY.search(sentence):
        return LicenceRule(allow=PERMISSIVE)
    return LicenceRule(allow=families) if families and _ONLY.search(sentence) else None


@lru_cache(maxsize=1)
def _licensing() -> Licensing:
    try:
        from license_expression import get_spdx_licensing
    except ImportError as error:
        raise LookError("the extra troth[licences]", "The library that reads licence expressions is not installed.") from error
    return get_spdx_licensing()


def satisfies(expression: str, rule: LicenceRule) -> bool | None:
    """Whether an expression satisfies a rule; None where it cannot be read or names a licence that SPDX does not know.

    Raises:
        LookError: the library that reads expressions is not installed.
    """
    licensing = _licensing()
    from license_expression import ExpressionError

    if not expression.strip() or len(expression) > 2_000:
        return None
    try:
        parsed = licensing.parse(expression, validate=True, strict=False)
    except (ExpressionError, RecursionError):
        return None
    return None if parsed is None else _weigh(parsed, rule.takes)


def _weigh(node: object, takes: Callable[[str], bool | None]) -> bool | None:
    operator = type(node).__name__
    if operator in ("AND", "OR"):
        parts = [_weigh(each, takes) for each in getattr(node, "args", ())]
        decisive = operator == "OR"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    # `GPL-2.0-only WITH Classpath-exception-2.0` is judged by the licence: an exception is for people to weigh
    symbol = getattr(node, "license_symbol", node)
    return takes(str(getattr(symbol, "key", symbol)))
