"""Judges whether the policy is where people look for it: the file that the forge shows, and the address that the sentence gives."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said, twin_of
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Kept, Unknown, Verdict

_FORGE = re.compile(
    r"https?://(?:www\.)?(?:github|gitlab|codeberg)\.(?:com|org)/([\w.-]+/[\w.-]+?)(?:\.git)?(?:/-)?/(security(?:/policy|/advisories(?:/new)?)?|blob/[\w./-]+|tree/[\w./-]+)\b"
)

_AT_ROOT = re.compile(r"\bSECURITY\.(?:md|rst)\b.{0,40}\b(?:in|at) the (?:\w+ )?(?:root|top[- ]level)\b", re.IGNORECASE)
"""Sends people to the file in the root, whichever policy says so."""


def verify(params: Params, statement: Statement, policies: PolicySet, tree: Tree) -> Verdict:
    """Kept only if the forge shows this very policy, and the address given is that of this repository."""
    sent = _in_root(statement, tree)
    if sent is not None:
        return sent
    own = twin_of(statement.path, policies)
    if own is None or not own.inside:
        return Unknown("the policy in the tree", "The policy that was judged does not lie in the tree.")
    here = said(statement, "The policy says where it is.")
    shown = policies.shown
    if not own.shown:
        others = (tree.evidence(shown.path, 1, "The forge shows this one."),) if shown is not None else ()
        says = (
            "the forge shows another policy instead"
            if shown is not None
            else "the forge does not look for a policy there"
        )
        return Broken(
            How.VACUOUS,
            (here, *others),
            f"{own.path} is not what people find: {says}.",
            "Move it to the root, .github/ or docs/, or make it one with the other.",
        )
    if "/discussions" in f"{params.text('url') or ''} {statement.quote}":
        return Unknown("the forge's settings", "It names a forum, which is a place to write and not where the policy is.", (here,))
    match = _FORGE.search(f"{params.text('url') or ''} {statement.quote}")
    if match is None:
        return Kept((here,), f"The forge shows {own.path}.")
    if policies.repository is None:
        return Unknown(
            "the address of this repository",
            "The clone has no remote, so the address in the policy cannot be compared.",
            (here,),
        )
    if match.group(1).lower() != policies.repository.lower():
        missing = "whether the forge leads from the one address to the other"
        return Unknown(
            missing, f"The address is that of {match.group(1)}; this repository is {policies.repository}.", (here,)
        )
    if match.group(2).startswith(("blob/", "tree/")):
        path = match.group(2).split("/", 2)[-1]
        if path not in tree.files:
            return Broken(
                How.ABSENT,
                (here,),
                f"The address names {path}, which is not in the tree.",
                "Name the file that is there.",
            )
    return Kept((here,), f"The forge shows {own.path}, and the address is this repository's.")


def _in_root(statement: Statement, tree: Tree) -> Verdict | None:
    """The verdict on a sentence that sends people to the file in the root; None where it does not, or where there is none."""
    named = next((path for path in ("SECURITY.md", "security.md", "SECURITY.rst") if path in tree.files), None)
    if named is None or not _AT_ROOT.search(statement.text):
        return None
    there = (tree.evidence(named, 1, "It is there."),)
    if not (tree.text(named) or "").strip():
        return Unknown("a file that can be read", f"{named} is in the root, and there is no text to read in it.", there)
    return Kept(there, f"The file that the sentence sends people to, {named}, is in the root.")
