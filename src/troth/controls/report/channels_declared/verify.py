"""Judges declared channels: a bounty's state is kept by being declared, a tracker or forum is a setting of the forge."""

from __future__ import annotations

import re

from troth.judgement.contacts import placeholder_in
from troth.judgement.forge_features import discussions_open
from troth.judgement.policy_scope import said
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_BOUNTY = re.compile(r"bount|reward|swag|paid|compensat", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+")
_PLANS = re.compile(r"\b(?:plan(?:s|ned|ning)?|consider\w*|in (?:the )?future|not yet|later)\b", re.IGNORECASE)
"""A reward that is to come: declared as a plan, whatever of its details is open."""
_NONE = re.compile(r"\b(?:no|not|never|don'?t|does not|currently not|unable)\b", re.IGNORECASE)


def verify(params: Params, statement: Statement, policies: PolicySet, shown: ForgeShown) -> Verdict:
    """Kept for a bounty's declared state that no other sentence contradicts; whether a channel is open is a setting."""
    if placeholder_in(statement.quote) is not None and not (_BOUNTY.search(statement.text) and _PLANS.search(statement.text)):
        return Broken(
            How.VACUOUS,
            (said(statement, "A template was never filled in."),),
            "The channel is a template's.",
            "Name the channel, or drop the line.",
        )
    kind = params.text("kind") or ("bounty" if _BOUNTY.search(statement.text) else "")
    if kind != "bounty":
        unseen = Unknown(
            "the forge's settings",
            "Whether the tracker or forum is open is a setting of the forge, which no file shows.",
            (said(statement, "The channel stands here."),),
        )
        return settings_or(shown, discussions_open, lambda: unseen) if "discuss" in kind else unseen
    if not _BOUNTY.search(_LINK.sub(" ", statement.text)) and _LINK.search(statement.text):
        return Unknown("a sentence about a bounty", "Only the address of a link names a bounty.", (said(statement, "The link stands here."),))
    planned = _plan(statement)
    mine = bool(_NONE.search(statement.text))
    for promise in policies.of("report/channels-declared"):
        other = promise.statement
        if (
            _BOUNTY.search(_LINK.sub(" ", other.text))
            and bool(_NONE.search(other.text)) is not mine
            and not other.hedged
            and not planned
            and not _plan(other)
            and not statement.hedged
            and other.text != statement.text
        ):
            evidence = (
                said(statement, "It says this."),
                Evidence("It says the opposite.", Place(other.path, other.line), other.quote.split("\n", 1)[0][:200]),
            )
            return Broken(
                How.CONTRADICTED,
                evidence,
                "The policies say both that there is a bounty and that there is none.",
                "Say it once.",
            )
    return Kept((said(statement, "It is declared here."),), "The policy declares whether there is a bounty.")


def _plan(statement: Statement) -> bool:
    """Whether the sentence speaks of a bounty to come, which one that there is not yet does not contradict."""
    return _PLANS.search(statement.text) is not None and _NONE.search(statement.text) is None
