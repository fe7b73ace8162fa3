"""Judges whether changes are reviewed before they reach the main branch: settings decide where the forge showed them; else history shows who went past it."""

from __future__ import annotations

import re

from troth.judgement.main_line import authors, introduced, main_line
from troth.judgement.policy_scope import for_users, said
from troth.judgement.settings import reviews_required
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.history import Changes, History
from troth.terms.facts.owners import Owners
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_SETTINGS = "the forge's settings and its record of approvals (its API, with a token that may read them)"
_EVERYTHING = re.compile(r"\ball\b|\bevery\b|\bany\b", re.IGNORECASE)
_ALL_CHANGES = re.compile(
    r"\b(?:all|every|any|each) (?:[\w-]+ ){0,2}(?:changes?|pull[ -]requests?|merge requests?|PRs?|commits?|contributions?|merges?)\b",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"\b(?:pull[ -]requests?|merge requests?|PRs?|code review|changes?|commits?|merg\w+|branch\w*|approv\w+|maintainers?)\b",
    re.IGNORECASE,
)


_COUNT = re.compile(
    r"\b(?:(?:at least|minimum(?: of)?|requires?) )?(\d|one|two|three|four|five)\+?(?: or more)? (?:\w+ ){0,2}(?:approv\w+|review(?:s|ers?)?\b)",
    re.IGNORECASE,
)
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


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
    """Settings decide where they were seen. Without them never Kept: no approval is in git. Broken where changes came straight, Partly where the only owner is the only author."""
    advice = for_users(statement, "review changes")
    if advice is not None:
        return advice
    codeowners = bool(params.flag("codeowners"))

    def from_history() -> Verdict:
        return _from_history(params, statement, history=history, changes=changes, owners=owners, policies=policies)

    if (codeowners and not owners.everyone) or not _settled(params, statement):
        return from_history()
    return settings_or(
        shown,
        lambda forge: reviews_required(
            forge,
            _approvals(statement.text),
            branch=params.text("branch") or "",
            dismiss_stale=bool(params.flag("dismiss_stale")),
            code_owners=codeowners,
        ),
        from_history,
    )


def _settled(params: Params, statement: Statement) -> bool:
    """Whether a setting can decide the sentence: it speaks of all changes, not of some that only people can tell apart."""
    if _narrow(params, statement) is not None:
        return False
    about = " ".join((*statement.headings[-2:], *statement.lead_in, statement.text))
    return bool(params.flag("dismiss_stale") or params.flag("codeowners")) or bool(_CHANGES.search(about))


def _narrow(params: Params, statement: Statement) -> str | None:
    """The part of all changes that the sentence speaks of ("security-relevant changes"); None where it speaks of all ("security-focused review of all changes")."""
    scope = params.text("scope")
    return scope if scope and not _EVERYTHING.search(scope) and not _ALL_CHANGES.search(statement.text) else None


def _approvals(text: str) -> int:
    found = _COUNT.search(text)
    return max(1, int(_WORDS.get(found.group(1).lower(), found.group(1)))) if found else 1


def _from_history(
    params: Params, statement: Statement, *, history: History, changes: Changes, owners: Owners, policies: PolicySet
) -> Verdict:
    if params.flag("dismiss_stale"):
        return Unknown(
            _SETTINGS, "Whether approvals are dismissed after a push is a setting of the forge, which no file shows."
        )
    if params.flag("codeowners"):
        return _owners(owners, history, statement)
    scope = _narrow(params, statement)
    if scope is not None:
        return Unknown(_SETTINGS, f"Which changes count as {scope}, and who looked at them, is not in git.")
    if not _CHANGES.search(" ".join((*statement.headings[-2:], *statement.lead_in, statement.text))):
        return Unknown(
            "a sentence about changes to the code",
            "The sentence speaks of reviews, but not of changes on their way in.",
        )
    since = introduced(statement, policies, history, changes)
    if since is None or history.shallow:
        return Unknown(_SETTINGS, "History does not tell what came in since the policy stands.")
    line = main_line(history, since)
    if not line.bypassed:
        return Unknown(
            _SETTINGS, "Changes came in through requests, as far as history shows; who approved them is not in git."
        )
    evidence = (line.evidence(), said(statement, "The policy says that changes are reviewed."))
    because = "Changes reached the main line without any trace of a request that somebody could have reviewed (an inference from history)."
    return Broken(
        How.BYPASSED,
        evidence,
        because,
        "Require a request and an approval in the branch's rules, also for administrators.",
    )


def _owners(owners: Owners, history: History, statement: Statement) -> Verdict:
    if owners.path is None:
        evidence: tuple[Evidence, ...] = (
            said(statement, "It asks code owners for review, and the forge finds no CODEOWNERS file."),
        )
        if owners.ignored:
            evidence = (*evidence, Evidence("The forge does not look for CODEOWNERS here.", _place(owners.ignored[0])))
        return Broken(
            How.ABSENT, evidence, "There is no CODEOWNERS file that the forge would read.", "Add .github/CODEOWNERS."
        )
    if not owners.everyone:
        return Broken(
            How.VACUOUS,
            (Evidence("No line of this file names an owner.", _place(owners.path)),),
            "CODEOWNERS names nobody.",
            "Name owners.",
        )
    rule = owners.rules[0]
    if len(owners.everyone) == 1 and "/" not in owners.everyone[0] and len(authors(history)) == 1:
        text = f"{rule.pattern} {' '.join(rule.owners)}"
        evidence = (Evidence("The only owner is the only author of all commits.", rule.place, text),)
        return Partly(
            How.INCOMPLETE,
            evidence,
            "The file is there, but its only owner is the only author: nobody else can approve.",
            "Name a second owner.",
        )
    return Unknown(
        _SETTINGS,
        "CODEOWNERS names people; whether their approval is required is a setting of the forge.",
        (Evidence("Owners are named here.", rule.place),),
    )


def _place(path: str) -> Place:
    return Place(path, 1)
