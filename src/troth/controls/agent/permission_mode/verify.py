"""Judges modes of permission: does any code know the mode that the sentence names, and does anything look at it."""

from __future__ import annotations

import re

from troth.judgement.blanked import blanked
from troth.judgement.guards import not_a_claim, sources, unread
from troth.judgement.passages import language_of
from troth.judgement.policy_scope import said
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Unknown, Verdict

_MATTER = re.compile(r"mode|permission|read[- ]?only|supervis|autonom|sandbox|approval|level|full|restrict|yolo|plan|access", re.IGNORECASE)
_NAMED = re.compile(r"`(--(?!dangerously)[a-z][\w-]{3,40}|[A-Z][A-Z0-9]+(?:_[A-Z0-9]+){1,6})(?:[= ][\w\"'-]+)?`")
_MEND = "Read the switch where the program acts, or take it out of the policy."
_RUN = "a run in each mode"


def verify(statement: Statement, tree: Tree) -> Verdict:
    """Broken where the option or variable that the sentence names stands in no code; never Kept: what a mode lets through is seen in a run."""
    other = not_a_claim(statement, "choose a mode") or off_subject(statement, _MATTER, "modes of permission")
    if other is not None:
        return other
    named = _NAMED.findall(statement.quote)
    if not named:
        return Unknown(_RUN, "What each mode lets through is seen in a run; the sentence names no option and no variable.")
    shown: list[Evidence] = []
    for name in named:
        place = _read(name, tree)
        if place is not None:
            shown.append(tree.evidence(place[0], place[1], "The code knows it."))
        elif not elsewhere(tree) and not unread(tree) and any(True for _ in sources(tree)) and not _beside(name, tree):
            return Broken(How.ABSENT, (said(statement, f"It names {name}, which no code and no settings of the tree hold."),), f"Nothing reads {name}.", _MEND)
    return Unknown(_RUN, "What the mode lets through is seen in a run.", tuple(shown[:3]))


def _read(name: str, tree: Tree) -> tuple[str, int] | None:
    """Where code, comments left out, knows an option or variable, also with underscores or in camel case."""
    bare = name.lstrip("-")
    camel = re.sub(r"[-_](\w)", lambda match: match.group(1).upper(), bare.lower())
    forms = {bare, bare.replace("-", "_"), camel, bare.lower(), bare.lower().replace("-", "_")}
    word = re.compile("|".join(rf"(?<![\w$]){re.escape(form)}(?![\w$])" for form in sorted(forms)))
    for path in sources(tree):
        text = tree.text(path)
        if text is None or not word.search(text):
            continue
        match = word.search(blanked(text, language_of(path)).text)
        if match is not None:
            return path, text.count("\n", 0, match.start()) + 1
    return None


def _beside(name: str, tree: Tree) -> bool:
    """A file that is neither code that is read here nor a text for readers holds it: scripts, settings, packages of others."""
    needle = name.lstrip("-").encode()
    return any(needle in (tree.reader(path) or b"") for path, file in tree.files.items() if file.size < 1_000_000 and not language_of(path) and not path.lower().endswith((".md", ".rst", ".txt", ".mdx", ".adoc", ".html")))
