"""Judges whether commits are signed (or signed off): by the headers and trailers of every commit. Trust in keys is not judged."""

from __future__ import annotations

import re

from troth.judgement.main_line import GIT, is_bot
from troth.judgement.policy_scope import for_users, said
from troth.judgement.subject import off_subject
from troth.terms.facts.history import Commit, History, Signature
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_SIGN_OFF = re.compile(r"\bsign(?:ed)?[- ]?off\b|\bDCO\b|developer certificate of origin", re.IGNORECASE)
_TRAILER = re.compile(r"^Signed-off-by: .+<.+@.+>", re.MULTILINE)
_MATTER = re.compile(r"\bcommits?\b|\bDCO\b|sign(?:ed)?[- ]?off|\bgpg|\bpgp|\bmerges?\b|git sign", re.IGNORECASE)
_LACKS = re.compile(r"\b(?:do(?:es)? not|do(?:es)?n[o']t|not yet|no|without) (?:currently |yet |have |require |use |enforce |demand |a |an |any )*(?:DCO|CLA|developer certificate|sign(?:ed|ing|ature)?[- ]?(?:off|commit)?s?)\b", re.IGNORECASE)
"""The sentence says that there is none."""
_FEW_SHARE = 0.1


def verify(statement: Statement, history: History) -> Verdict:
    """Kept only if every commit by a person carries a signature; the forge's own key on merges shows nothing about the author."""
    other = off_subject(statement, _MATTER, "signed commits")
    if other is not None:
        return other
    advice = for_users(statement, "sign commits")
    if advice is not None:
        return advice
    if _LACKS.search(statement.text):
        return Unknown("a claim", "The sentence owns up to having none.", (said(statement, "It is no claim."),))
    if statement.hedged:
        return Unknown(
            "a sentence that binds",
            "The sentence only encourages signing; no commit can break it.",
            (said(statement, "It is hedged."),),
        )
    if history.shallow:
        return Unknown("the whole history", "In a shallow clone, most commits are out of sight.")
    sign_off = bool(_SIGN_OFF.search(statement.text))
    commits = [
        commit for commit in history.commits if not is_bot(commit) and not (sign_off and len(commit.parents) > 1)
    ]
    forge = [commit for commit in commits if not sign_off and commit.signature is Signature.FORGE]
    counted = [commit for commit in commits if sign_off or commit.signature is not Signature.FORGE]
    bare = [commit for commit in counted if not _has(commit, sign_off=sign_off)]
    what = "sign-off" if sign_off else "signature"
    if not counted:
        return Unknown(
            "commits made on somebody's machine",
            "All commits carry the forge's own key alone, which does not show who made them.",
        )
    figures = f"{len(bare)} of {len(commits)} commits carry no {what}" + (
        f"; {len(forge)} carry the forge's own key alone." if forge else "."
    )
    if not bare:
        newest = counted[0]
        return Kept(
            (
                Evidence(
                    f"All {len(counted)} commits made by people carry a {what}.",
                    Place(GIT, 0, commit=newest.id),
                    newest.subject[:200],
                ),
            ),
            f"Every commit made by a person carries a {what}.",
        )
    evidence = (Evidence(figures, Place(GIT, 0, commit=bare[0].id), bare[0].subject[:200]),)
    mend = "Require signatures in the branch's rules, and sign from now on; or say since when commits are signed."
    if len(bare) <= _FEW_SHARE * len(counted):
        return Partly(How.INCOMPLETE, evidence, figures, mend)
    return Broken(How.ABSENT, evidence, figures, mend)


def _has(commit: Commit, *, sign_off: bool) -> bool:
    return bool(_TRAILER.search(commit.body)) if sign_off else commit.signature is not Signature.NONE
