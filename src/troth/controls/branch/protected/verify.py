"""Judges rules of branch protection: by the settings where the forge showed them; else history can only show that changes went past them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from troth.judgement.main_line import authors, introduced, main_line
from troth.judgement.policy_scope import for_users, said
from troth.judgement.settings import (
    admins_included,
    branch_protected,
    history_protected,
    linear_history,
    pushes_restricted,
    signatures_required,
)
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.history import Changes, History
from troth.terms.facts.owners import Owners
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge

_NO_WAY_ROUND = frozenset(("include-admins", "no-bypass", "enforce-admins"))
_DEMANDS: tuple[tuple[re.Pattern[str], Callable[[Forge, str], Verdict]], ...] = (
    (re.compile(r"force[- ]?push|rewrit"), history_protected),
    (re.compile(r"\bdelet"), lambda forge, branch: history_protected(forge, branch, deletion=True)),
    (re.compile(r"\blinear"), linear_history),
    (re.compile(r"\bsigned (?:commit|tag)|sign(?:ed|ing) required|require sign"), signatures_required),
)
"""Words of a sentence that ask for one rule of their own."""
_WHO = re.compile(r"\bwho\b|only \S+(?: \S+){0,3} (?:can|may) push|restrict (?:push|who)")
_SETTINGS = "the forge's settings for branches (its API, with a token that may read them)"


def verify(
    params: Params,
    statement: Statement,
    *,
    history: History,
    changes: Changes,
    owners: Owners,
    policies: PolicySet,
    shown: ForgeShown,
) -> Verdict:
    """Settings decide. Without them never Kept; Broken where nobody may pass by, and people have, since the policy stands."""
    advice = for_users(statement, "protect their own branches")
    if advice is not None:
        return advice
    rule = params.text("rule") or "protected"
    branch = params.text("branch") or ""

    def from_history() -> Verdict:
        return _past_the_rule(
            rule, statement, history=history, changes=changes, owners=owners, policies=policies
        )

    return settings_or(shown, lambda forge: _setting(forge, rule, branch, statement.text.lower()), from_history)


def _setting(forge: Forge, rule: str, branch: str, text: str) -> Verdict:
    if rule in _NO_WAY_ROUND:
        return admins_included(forge, branch)
    told = [judge(forge, branch) for word, judge in _DEMANDS if word.search(text)]
    if told:
        worst = next((one for one in told if not isinstance(one, Kept)), told[0])
        evidence = tuple(item for one in told if isinstance(one, Kept) for item in one.evidence)
        return Kept(evidence, "Every rule that the sentence names holds.") if isinstance(worst, Kept) else worst
    if rule == "restrict-push" and _WHO.search(text):
        return pushes_restricted(forge, branch)
    if rule in ("protected", "restrict-push"):
        return branch_protected(forge, branch)
    return Unknown("a rule that this version knows", f"Settings were read, but not for the rule {rule!r}.")


def _past_the_rule(
    rule: str, statement: Statement, *, history: History, changes: Changes, owners: Owners, policies: PolicySet
) -> Verdict:
    if rule not in _NO_WAY_ROUND:
        return Unknown(_SETTINGS, "Whether a branch is protected is a setting of the forge, which no file shows.")
    since = introduced(statement, policies, history, changes)
    if since is None or history.shallow:
        return Unknown(_SETTINGS, "History does not tell what came in since the policy stands.")
    line = main_line(history, since)
    if not line.bypassed:
        return Unknown(
            _SETTINGS, "History does not show changes that went past the rule; the rule itself is a setting."
        )
    evidence: tuple[Evidence, ...] = (line.evidence(), said(statement, "The policy says that nobody may pass by."))
    lone = _lone_owner(owners, history)
    if lone is not None:
        evidence = (lone, *evidence)
    return Broken(
        How.BYPASSED,
        evidence,
        "Changes reached the main line without any trace of a request, which the rule would not have let through (an inference from history).",
        "Switch the rule on for administrators too, or say who may pass it by.",
    )


def _lone_owner(owners: Owners, history: History) -> Evidence | None:
    if len(owners.everyone) != 1 or "/" in owners.everyone[0] or len(authors(history)) != 1 or not owners.rules:
        return None
    rule = owners.rules[0]
    return Evidence(
        "The only code owner is the only author: with administrators included, nobody could approve.",
        rule.place,
        f"{rule.pattern} {' '.join(rule.owners)}",
    )
