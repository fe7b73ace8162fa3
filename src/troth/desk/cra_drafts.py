"""Drafts for the single reporting platform of the Cyber Resilience Act (Regulation (EU) 2024/2847, Article 14), to paste into its forms.

Rules: the platform has no interface for programs and counts characters; each field is cut at nothing but told when it is too long. What the law asks for at each
stage, and nobody has written yet, is listed as missing. The texts come from people; nothing is made up. The limits are as third parties report them
(4,000 for narratives, 2,000 for measures, 800 for a justification, 255 for titles and names, 100 for the actor). No legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from troth.errors import DeskError

__all__ = ["STAGES", "Draft", "DraftField", "draft"]

LIMITS: Final = {"narrative": 4_000, "measures": 2_000, "justification": 800, "name": 255, "actor": 100}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field of a stage: name, kind (for its limit), what the law asks for, whether it is asked only where known."""

    name: str
    kind: str
    asks: str
    optional: bool = False


_COMMON: Final = (_Asked("title", "name", "a title"), _Asked("product", "name", "the product with digital elements"))
STAGES: Final[Mapping[str, tuple[_Asked, ...]]] = {
    "early-warning": (
        *_COMMON,
        _Asked("member_states", "name", "Member States in which the product is available, where known (14(2)(a))", optional=True),
        _Asked("suspected_unlawful", "justification", "for an incident: whether unlawful or malicious acts are suspected (14(4)(a))", optional=True),
        _Asked("sensitivity", "justification", "how sensitive the information is", optional=True),
    ),
    "notification": (
        *_COMMON,
        _Asked("nature", "narrative", "the general nature of the exploit and of the vulnerability, or of the incident (14(2)(b))"),
        _Asked("measures_taken", "measures", "corrective or mitigating measures that were taken"),
        _Asked("measures_users", "measures", "measures that users can take"),
        _Asked("sensitivity", "justification", "how sensitive the information is", optional=True),
    ),
    "final": (
        *_COMMON,
        _Asked("description", "narrative", "the vulnerability or the incident, its severity and its impact (14(2)(c)(i))"),
        _Asked("root_cause", "name", "the root cause, or the type of threat", optional=True),
        _Asked("vector", "name", "the attack vector", optional=True),
        _Asked("actor", "actor", "the malicious actor, where known (14(2)(c)(ii))", optional=True),
        _Asked("update", "measures", "the security update or other corrective measures (14(2)(c)(iii))"),
    ),
    "users": (
        _Asked("title", "name", "a title"),
        _Asked("text", "narrative", "what impacted users are told (14(8))"),
        _Asked("measures_users", "measures", "measures that users can take"),
        _Asked("machine_readable", "name", "address of the machine-readable notice (CSAF or VEX)", optional=True),
    ),
}
"""Stage -> its fields; `users` is the notice to users."""


@dataclass(frozen=True, slots=True)
class DraftField:
    """One field, ready to paste: `over` is how many characters too many it has, 0 for none."""

    name: str
    asks: str
    text: str
    limit: int
    optional: bool

    @property
    def over(self) -> int:
        """Characters beyond the limit."""
        return max(0, len(self.text) - self.limit)

    @property
    def missing(self) -> bool:
        """It is asked for, and empty."""
        return not self.optional and not self.text.strip()


@dataclass(frozen=True, slots=True)
class Draft:
    """A stage's draft."""

    stage: str
    fields: tuple[DraftField, ...]

    @property
    def ready(self) -> bool:
        """Nothing that is asked for is missing, and nothing is too long."""
        return not any(one.missing or one.over for one in self.fields)


def draft(stage: str, texts: Mapping[str, str]) -> Draft:
    """The draft of a stage from what people wrote.

    Args:
        stage: one of `STAGES`.
        texts: by field; what is absent is empty.

    Raises:
        DeskError: no such stage, or a field that the stage does not have.
    """
    if stage not in STAGES:
        raise DeskError(f"{stage[:40]!r} is no stage; there are {', '.join(STAGES)}")
    asked = STAGES[stage]
    unknown = sorted(set(texts) - {one.name for one in asked})
    if unknown:
        raise DeskError(f"the {stage} has no field {unknown[0][:40]!r}; it has {', '.join(one.name for one in asked)}")
    return Draft(stage, tuple(DraftField(one.name, one.asks, texts.get(one.name, "").strip(), LIMITS[one.kind], one.optional) for one in asked))
