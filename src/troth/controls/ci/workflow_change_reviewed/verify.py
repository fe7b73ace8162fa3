"""Changes to workflows get their own reviewers: CODEOWNERS names somebody for `.github/`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from troth.judgement.settings import reviews_required
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.owners import OwnerRule, Owners
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

_SAMPLE = ".github/workflows/release.yml"
_ASKS = re.compile(r"\bshould\b|\bcode ?owners?\b|\bask\w*\b|\brequest(?:s|ed)?\b(?! (?:is|are|must))", re.IGNORECASE)
_DEMANDS = re.compile(r"\b(?:requir\w+|must|mandator\w+|needs?|enforc\w+|approv\w+|cannot|can't|never|only|block\w*|before (?:it|they|merg\w+))\b", re.IGNORECASE)
_MISSING = "whether the branch rules demand the owners' approval (settings)"


def verify(statement: Statement, owners: Owners, workflows: Workflows, tree: Tree, shown: ForgeShown) -> Verdict:
    """Who owns the workflows. A sentence that says more than that they are asked waits for the settings."""
    named = _named(owners, workflows, tree)
    if not isinstance(named, Kept) or (_ASKS.search(statement.text) and not _DEMANDS.search(statement.text)):
        return named
    because = "CODEOWNERS asks people to review workflows; that a change waits for them is a setting."
    return settings_or(shown, lambda forge: reviews_required(forge, 1, code_owners=True), lambda: Unknown(_MISSING, because, named.evidence))


def _named(owners: Owners, workflows: Workflows, tree: Tree) -> Verdict:
    """Whether somebody of their own is asked to review workflows."""
    if not workflows.workflows:
        return NotApplicable("There are no workflows.")
    sample = workflows.workflows[0].path if workflows.workflows else _SAMPLE
    if owners.path is None:
        says = "no CODEOWNERS file: nobody is asked to review a change of it"
        return Unknown(
            "how pull requests that change workflows are reviewed (review events, branch rules)",
            "No file names reviewers for workflows; people may still review them.",
            (tree.evidence(sample, 1, says),),
        )
    rule = _deciding(owners, sample)
    if rule is None or not rule.owners:
        shown: tuple[Evidence, ...] = (
            (Evidence("no line of it covers .github/workflows", owners.rules[0].place),) if owners.rules else ()
        )
        shown = shown or (tree.evidence(owners.path, 1, "it has no rules"),)
        return Broken(How.INCOMPLETE, shown, "CODEOWNERS names nobody for workflows.", "Add a line `.github/ @owner`.")
    shown = (tree.evidence(rule.place.path, rule.place.line, f"{', '.join(rule.owners)} owns {rule.pattern}"),)
    if rule.pattern in ("*", "/**", "**"):
        because = "Workflows have the same owners as everything else; no line gives them special review."
        return Partly(How.INCOMPLETE, shown, because, "Add a line for `.github/`.")
    return Kept(shown, "CODEOWNERS names reviewers for workflows; the forge asks them for each change.")


def _deciding(owners: Owners, path: str) -> OwnerRule | None:
    found = None
    for rule in owners.rules:
        if _covers(rule.pattern, path):
            found = rule
    return found


def _covers(pattern: str, path: str) -> bool:
    body = pattern.strip("/")
    if pattern in ("*", "**", "/**"):
        return True
    folder = body.removesuffix("/**").removesuffix("/*")
    if fnmatchcase(path, body) or path == body or path.startswith(f"{folder}/"):
        return True
    return "/" not in body and any(fnmatchcase(part, body) for part in path.split("/"))
