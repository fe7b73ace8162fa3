"""What the readers of all languages gather into, and which identifiers are worth a mention."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from troth.judgement.guard_names import is_guard
from troth.terms.facts.programs import Called, Mention, Pattern, Unit

__all__ = ["TEXT_LIMIT", "Gathered", "is_test"]

TEXT_LIMIT: Final = 8000
_TEST: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|spec|examples?|docs?|benchmarks?|benches|bench|samples?|tutorials?|fixtures?|mocks?|__mocks__|e2e|node_modules|dist|vendor|third_party)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_tests?|conftest)\.(?:py|rs)\Z|[._-](?:test|spec|stories|d)\.[cm]?[jt]sx?\Z"
)


def is_test(path: str) -> bool:
    """Whether a file is a test, an example, documentation, generated or somebody else's."""
    return bool(_TEST.search(path))


@dataclass(slots=True)
class Gathered:
    """Grows while files are read."""

    units: list[Unit] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    mentions: dict[str, list[Mention]] = field(default_factory=dict)

    def take(self, other: Gathered) -> None:
        """Add what another gathered."""
        self.units += other.units
        self.calls += other.calls
        self.patterns += other.patterns
        for name, found in other.mentions.items():
            self.mentions.setdefault(name, []).extend(found)

    def mention(self, name: str, mention: Mention) -> None:
        """Keep a mention if its name speaks of a guard."""
        if is_guard(name):
            self.mentions.setdefault(name, []).append(mention)
