"""Judges switches of the forge: by its settings where they were seen; else one of them leaves a trace in git that nothing else leaves."""

from __future__ import annotations

import re

from troth.judgement.forge_features import feature as judged
from troth.judgement.forge_features import feature_name
from troth.judgement.main_line import GIT
from troth.judgement.policy_scope import for_users
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.clock import Clock
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.history import History
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_SETTINGS = "the forge's settings (its API, with a token that may read them)"
_ALERT_FIX = re.compile(r"\bfix(?:es|ed)?\b.*\bcode scanning alert(?: no\.?| number| #)? ?\d+", re.IGNORECASE)
_OFF = re.compile(r"\b(?:disabled?|turn(?:ed)? off|switch(?:ed)? off)\b", re.IGNORECASE)
_RECENT_SECONDS = 400 * 86_400


def verify(params: Params, statement: Statement, *, history: History, shown: ForgeShown, clock: Clock) -> Verdict:
    """Settings decide; without them, Kept only for code scanning, and only where a recent commit mends a numbered alert."""
    advice = for_users(statement, "switch on features of their forge")
    if advice is not None:
        return advice
    name = feature_name(params.text("feature") or statement.text)
    return settings_or(
        shown,
        lambda forge: _turned(judged(forge, name, clock.now), statement),
        lambda: _trace(params, statement, history),
    )


def _turned(verdict: Verdict, statement: Statement) -> Verdict:
    """A sentence that says "off" is true where the feature is off."""
    if not _OFF.search(statement.text):
        return verdict
    if isinstance(verdict, Kept):
        return Broken(How.CONTRADICTED, verdict.evidence, "It is on, although the policy says that it is off.")
    if isinstance(verdict, Broken):
        return Kept(verdict.evidence, "It is off, as the policy says.")
    return verdict


def _trace(params: Params, statement: Statement, history: History) -> Verdict:
    feature = (params.text("feature") or statement.text).lower()
    if not re.search(r"code[- ]scanning", feature):
        return Unknown(_SETTINGS, "Whether a feature of the forge is switched on is a setting, which no file shows.")
    newest = max((commit.committed for commit in history.commits), default=0)
    found = next((commit for commit in history.commits if _ALERT_FIX.search(commit.subject)), None)
    if found is None or newest - found.committed > _RECENT_SECONDS:
        return Unknown(_SETTINGS, "No recent commit mends an alert of code scanning; the switch itself is a setting.")
    evidence = (
        Evidence(
            "A commit mends an alert by its number: the forge was giving alerts (an inference from history).",
            Place(GIT, 0, commit=found.id),
            found.subject[:200],
        ),
    )
    if _OFF.search(statement.text):
        return Broken(How.CONTRADICTED, evidence, "The forge gives alerts, although the policy says that it is off.")
    return Kept(evidence, "The forge gave a numbered alert, which only code scanning does (an inference from history).")
