"""Secrets are least-privilege and rotated: the forge dates every stored secret; the rest is for people, and documents can contradict it."""

from __future__ import annotations

import re
from datetime import timedelta

from troth.judgement.documents import lines_that_say
from troth.judgement.forge_features import secrets_renewed
from troth.judgement.naming import is_advice
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.clock import Clock
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Unknown, Verdict

_BROAD = re.compile(
    r"npm token create(?!.*(--read-only(?!=false)|--cidr|--packages|--scopes))|--read-only=false|classic (personal access )?token|"
    r"full[- ]access token|(select|choose|check|tick|grant|enable) (the )?[`'\"*]*(all scopes|admin:org|full control)",
    re.IGNORECASE,
)
_LEAST = re.compile(r"least|minim|malicious|scope|privilege|granular|restrict", re.IGNORECASE)

_PERIOD = re.compile(r"P(\d{1,4})([DWMY])")
_DAYS = {"D": 1, "W": 7, "M": 31, "Y": 366}
_ON_OCCASION = re.compile(r"\b(?:breach|compromis\w*|leak\w*|expos\w*|incident|if|when|after|immediately)\b", re.IGNORECASE)
"""A rotation that waits for an event: dates of secrets say nothing about it."""


def _within(statement: Statement) -> timedelta | None:
    """The promised interval; None where the sentence gives no number."""
    found = [_PERIOD.fullmatch(duration.iso) for duration in statement.durations]
    days = [int(match.group(1)) * _DAYS[match.group(2)] for match in found if match]
    return timedelta(days=max(days)) if days else None


def verify(params: Params, statement: Statement, *, tree: Tree, shown: ForgeShown, clock: Clock) -> Verdict:
    """Least privilege is contradicted by documents that tell people to make broad tokens; the rest is for people and settings."""
    rule = params.text("rule") or ""
    if _LEAST.search(rule) or (not rule and _LEAST.search(statement.text)):
        broad = (
            ()
            if is_advice(statement)
            else lines_that_say(tree, _BROAD, "a document tells people to make a token with broad rights")
        )
        if broad:
            because = "The documents tell people to make a token with broad rights."
            return Broken(
                How.CONTRADICTED, broad, because, "Tell them to make a granular token, with scope and expiry."
            )
        return Unknown(
            "the rights of the stored secrets (settings, registries)", "What a secret may do, no file tells."
        )
    if "rotat" in rule or "rotat" in statement.text.lower():
        unseen = Unknown(
            "the age of the stored secrets (REST `actions/secrets`, updated_at)",
            "When a secret was last changed, no file tells.",
        )
        if statement.modality is Modality.RECOMMENDATION_USERS or _ON_OCCASION.search(f"{rule} {statement.text}"):
            return unseen
        return settings_or(
            shown, lambda forge: secrets_renewed(forge, clock.now, _within(statement)), lambda: unseen
        )
    return Unknown("what people do with their secrets", "The sentence speaks of what people do; no file shows it.")
