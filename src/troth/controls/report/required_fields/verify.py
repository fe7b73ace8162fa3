"""Judges the list of what a report should hold: kept by standing there; a subject line that reporters should use binds nobody here."""

from __future__ import annotations

import re

from troth.judgement.contacts import placeholder_in
from troth.judgement.policy_scope import said
from troth.judgement.subject import nearest
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_FORM = re.compile(r"(?:^|/)\.github/ISSUE_TEMPLATE/[\w.-]*(?:secur|vuln)[\w.-]*\.(?:ya?ml|md)\Z", re.IGNORECASE)
_LISTING = re.compile(
    r"\b(?:descri\w+|steps?|impact|version|affected|reproduc\w+|proof|environment|severity|contact|suggest\w+|fix|details?|logs?|component|package|location|type of)\b",
    re.IGNORECASE,
)

_OURS = re.compile(r"\W*(?:we\b|(?:provide|give|offer|ensure) (?:public |proper |due |full )?(?:credit|acknowledg|recognition))", re.IGNORECASE)


def verify(params: Params, statement: Statement, tree: Tree) -> Verdict:
    """Kept where the policy lists at least one thing to include. Whether an intake asks for it is shown, and not demanded."""
    fields = params.texts("fields")
    if not params.text("subject") and placeholder_in(statement.quote) is not None:
        because = "The list is a template's, never filled in."
        return Broken(How.VACUOUS, (said(statement, because),), because, "List what a report should hold.")
    if set(fields) <= {"credit"} and _OURS.match(statement.text):
        because = "The sentence says what is done for reporters, not what their report should hold."
        return Unknown("what maintainers do", because, (said(statement, because),))
    if re.search(r"\b(?:persist|stor|sav|record|logg)ed\b", nearest(statement), re.IGNORECASE):
        return Unknown("a list of what reporters send", "What introduces the line tells what a program keeps.", (said(statement, "It stands here."),))
    if re.search(r"\b(?:must|should|may|do|does|will) (?:not|never) (?:\w+ )?(?:includ|contain|hold|commit)", nearest(statement), re.IGNORECASE):
        return Unknown("a list of what reporters send", "What introduces the line tells what is to be left out.", (said(statement, "It stands here."),))
    listed = bool(fields) or bool(statement.children) or bool(_LISTING.search(statement.text))
    if not listed or (params.text("subject") and not fields):
        return Unknown(
            "what reporters write",
            "Which subject a reporter uses is in no file.",
            (said(statement, "The wish stands here."),),
        )
    forms = [path for path in tree.paths() if _FORM.search(path)]
    extra = tuple(Evidence("A form asks for it.", Place(path, 1)) for path in forms[:2])
    because = "The policy lists what a report should hold" + ("." if forms else "; no form enforces it.")
    return Kept((said(statement, "It is listed here."), *extra), because)
