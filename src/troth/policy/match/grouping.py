"""Several lines that say one thing are one promise.

What belongs together: the fields that a report should hold; the rows of a table of versions; the links of a list of resources; the names below "require
status checks"; a risk and its mitigation; a bare label or a lead-in and the line that carries it out; a code sample (one unit, except where a commented
part of it does what a control speaks of) and the item that it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from troth.policy.match.draft import Draft, bare_label, introduces
from troth.policy.match.inheritance import SCORE as INHERITED
from troth.policy.match.scoring import Fit, Scorer
from troth.policy.modality import imperative
from troth.terms.promise import Kind, Polarity, Section, Statement

__all__ = ["group", "samples"]

_SAMPLES: Final = "policy/samples-run"
_FIELDS: Final = "report/required-fields"
_CONTACT: Final = "report/private-contact"
_CHANNELS: Final = "report/channels-declared"
_NO_ISSUE: Final = "report/no-public-issue"
_STAMP: Final = "policy/current"
_REVIEWED: Final = "deps/reviewed"
_LEAD_KEPT: Final = 0.9
_DECLARED: Final = re.compile(r"`?@?[\w/.-]{2,60}`?\s*[:–—-]")
"""An entry of a list of dependencies: a name and what it is for."""
_LONGEST_STAMP: Final = 10
"""Most words of a line that only dates the policy."""
_MITIGATION: Final = re.compile(r"^(?:mitigations?|workarounds?|remediation|countermeasures?|solution|protection)\b", re.IGNORECASE)
_SILENT_LANGUAGES: Final = frozenset(("mermaid", "plantuml", "dot", "graphviz", "diff", "markdown", "md", "email", "asc", "pgp"))
_INSTALL: Final = re.compile(
    r"^\s*(?:\$ )?(?:sudo )?(?:pip3?|pipx|uv|npm|npx|yarn|pnpm|cargo|brew|apt(?:-get)?|go|gem|conda|poetry) (?:install|add|i|get|tool install|-g)\b|^\s*(?:\$ )?(?:git clone|cd|npx)\b|^\s*(?:#.*)?$",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(r"\b(?:includ(?:e|ing)|provid(?:e|ing)|containing)\b[^.:]{0,60}:?$|\bwith:?$", re.IGNORECASE)
_WAY: Final = re.compile(r"@|https?:|\]\(|\b(?:e-?mail|mail|advisor|github|gitlab|maintainer|author|team|owner|form|tab|button|dm|message|contact|following|below|via|through|using)", re.IGNORECASE)
"""What a sentence names by which one could report."""
_SCENE: Final = re.compile(r"(?:when|if|before|after|while|once|for|to)\b[^.]{0,80}:$", re.IGNORECASE)
"""A lead-in that says when, not what ("When running in Docker:")."""
_SHOWS: Final = re.compile(r"(?:run|scan|check|verify|inspect|install|generate|build|download|pull|test|execute|view|list|example)\b[^.]{0,60}$", re.IGNORECASE)
"""A lead-in that says what the sample below does ("Scan published images:"), and orders nothing."""
_MUST: Final = re.compile(r"\b(?:must|should) (?:\w+ )?be\b", re.IGNORECASE)
_POINTS: Final = re.compile(r"\b(?:following|below|these)\b|:$", re.IGNORECASE)
_LIKE_CODE: Final = re.compile(r"^\s*(?:\$|#|//|--|%)|[=;{}]|\(\)|^\s*(?:pip|npm|npx|git|docker|cargo|curl|chmod|export|sudo|python3?|go|make|uv|\w+ --?\w)|^\s*\w+:\s")
_DRAWING: Final = re.compile(r"[─│┌└├╔║→▼]|^\s*[+|][-=]{3}", re.MULTILINE)


def group(drafts: list[Draft], statements: Sequence[Statement], scorer: Scorer) -> list[Draft]:
    """Gather lines; gives the drafts that remain."""
    del scorer
    drafts = _explained(_mitigated(drafts, statements), statements)
    drafts = _lists(drafts, statements, _FIELDS, _is_field)
    drafts = _lists(drafts, statements, "versions/supported-table", lambda one: one.section is Section.VERSIONS and one.kind is Kind.ROW)
    drafts = _lists(drafts, statements, "policy/references-live", lambda one: one.section is Section.RESOURCES and one.kind in (Kind.ITEM, Kind.ROW))
    drafts = _lists(drafts, statements, _REVIEWED, _is_declared)
    drafts = _stamps(_privately(_takers(drafts, statements)))
    return _continued(_leads(drafts, statements))


def _continued(drafts: list[Draft]) -> list[Draft]:
    """Sentences of one item or paragraph that say the same are one promise; so is a further sentence that only its heading explains."""
    kept: list[Draft] = []
    for draft in drafts:
        before = kept[-1] if kept else None
        alike = before is not None and before.fit.control == draft.fit.control
        if before is not None and (alike or draft.fit.score <= INHERITED) and _same_block(before.statement, draft.statement):
            before.take([draft.statement])
            before.fit = max(before.fit, draft.fit, key=lambda fit: fit.score)
        else:
            kept.append(draft)
    return kept


def _stamps(drafts: list[Draft]) -> list[Draft]:
    """Lines that date the policy ("Last updated", "Version") and stand together are one stamp."""
    kept: list[Draft] = []
    for draft in drafts:
        before = kept[-1] if kept else None
        if before is not None and all(one.fit.control == _STAMP and len(one.text.split()) <= _LONGEST_STAMP for one in (before, draft)) and 0 <= draft.statement.line - before.lines[-1] <= 1:
            before.take([draft.statement])
        else:
            kept.append(draft)
    return kept


def _is_declared(one: Statement) -> bool:
    """Whether a line lists a dependency that is used, with what it is for."""
    return one.kind is Kind.ITEM and _DECLARED.match(one.text) is not None and any("dependenc" in text.lower() for text in (*one.lead_in[-1:], *one.headings[-1:]))


def _privately(drafts: list[Draft]) -> list[Draft]:
    """Without those that name no way to report: "report it privately" beside "do not open an issue" is the other half of the denial."""
    denials = [draft for draft in drafts if draft.fit.control == _NO_ISSUE]
    return [draft for draft in drafts if not (_only_privately(draft) and any(_near(draft, denial) for denial in denials))]


def _only_privately(draft: Draft) -> bool:
    return draft.fit.control == _CONTACT and "privat" in draft.fit.phrase and not _WAY.search(f"{draft.text} {draft.statement.quote}") and not draft.statement.children


def _near(draft: Draft, denial: Draft) -> bool:
    one, other = draft.statement, denial.statement
    return (one.headings == other.headings or (_denies_issues(denial) and _under(one, other))) and abs(one.line - other.line) <= 2


def _same_block(first: Statement, second: Statement) -> bool:
    if first.kind is not second.kind or first.kind not in (Kind.ITEM, Kind.PARAGRAPH) or first.span == second.span:
        return False
    if (first.headings, first.lead_in, first.label) != (second.headings, second.lead_in, second.label):
        return False
    return 0 <= second.line - first.lines[-1] <= (0 if first.kind is Kind.ITEM else 1)


def _is_field(one: Statement) -> bool:
    """Whether a line lists what a report should hold."""
    if one.kind not in (Kind.ITEM, Kind.ROW):
        return False
    lead = one.lead_in[-1] if one.lead_in else ""
    return one.section is Section.REPORT_CONTENTS or (one.section in (Section.REPORTING, Section.CONTACT) and _ASKS.search(lead) is not None)


def _within(statements: Iterable[Statement], lines: Iterable[int]) -> list[Statement]:
    wanted = set(lines)
    return [one for one in statements if one.line in wanted]


def _lists(drafts: list[Draft], statements: Sequence[Statement], control: str, belongs: Callable[[Statement], bool]) -> list[Draft]:
    """One promise for each run of statements of one list or table that belong to a control."""
    places = {id(draft.statement): draft for draft in drafts if draft.fit.control == control}
    runs: list[list[Statement]] = []
    for one in statements:
        if not belongs(one):
            continue
        if runs and (runs[-1][-1].headings, runs[-1][-1].lead_in[:1]) == (one.headings, one.lead_in[:1]):
            runs[-1].append(one)
        else:
            runs.append([one])
    swallowed: set[int] = set()
    for run in runs:
        first = next((places[id(one)] for one in run if id(one) in places), None)
        if first is None:
            continue
        first.take([one for one in run if one is not first.statement])
        first.line = run[0].line
        before = [draft for draft in drafts if draft.fit.control == control and draft.statement.headings == run[0].headings and 0 < run[0].line - draft.statement.lines[-1] <= 6]
        for draft in before:
            if _POINTS.search(draft.statement.text):
                swallowed.add(id(draft.statement))
        swallowed.update(id(one) for one in run)
        swallowed.discard(id(first.statement))
    return [draft for draft in drafts if id(draft.statement) not in swallowed or (draft.fit.control != control and draft.fit.score >= _LEAD_KEPT + 0.08 and control != _FIELDS)]


def _takers(drafts: list[Draft], statements: Sequence[Statement]) -> list[Draft]:
    """Promises whose nested lines are their values."""
    taken: set[int] = set()
    for draft in drafts:
        if draft.fit.rule is not None and draft.fit.rule.takes and draft.statement.children and id(draft.statement) not in taken:
            members = _within(statements, draft.statement.children)
            draft.take(members)
            taken.update(id(one) for one in members)
    return [draft for draft in drafts if id(draft.statement) not in taken]


def _explained(drafts: list[Draft], statements: Sequence[Statement]) -> list[Draft]:
    """Without nested lines in which no rule heard anything, where the item above them is a promise: they explain it."""
    by_parent = {id(draft.statement): draft for draft in drafts if draft.statement.kind is Kind.ITEM and draft.statement.children and draft.fit.rule is not None}
    owner: dict[int, Draft] = {}
    for draft in by_parent.values():
        for one in _within(statements, draft.statement.children):
            owner[id(one)] = draft
    kept: list[Draft] = []
    for draft in drafts:
        parent = owner.get(id(draft.statement))
        if parent is not None and parent is not draft and draft.fit.rule is None:
            parent.take([draft.statement])
        else:
            kept.append(draft)
    return kept


def _mitigated(drafts: list[Draft], statements: Sequence[Statement]) -> list[Draft]:
    """A risk and its mitigation: the item's control, or else the mitigation's."""
    for parent in statements:
        if parent.kind is not Kind.ITEM or not parent.children:
            continue
        members = [one for one in _within(statements, parent.children) if one is not parent]
        if not any(_MITIGATION.match(one.text) for one in members) or any(one.kind is Kind.CODE for one in members):
            continue
        ids = {id(one) for one in members}
        own = next((draft for draft in drafts if draft.statement is parent), None)
        below = [draft for draft in drafts if id(draft.statement) in ids]
        if own is None and below:
            own = max(below, key=lambda draft: draft.fit.score)
            own.line = parent.line
            members = [parent, *(one for one in members if one is not own.statement)]
        if own is not None:
            own.take(members)
            drafts = [draft for draft in drafts if draft is own or id(draft.statement) not in ids]
    return drafts


def _leads(drafts: list[Draft], statements: Sequence[Statement]) -> list[Draft]:
    """Lead-ins, bare labels and headings speak through what they introduce."""
    gone: set[int] = set()
    for draft in drafts:
        one = draft.statement
        if one.kind is Kind.HEADING:
            below = [other for other in drafts if other is not draft and _under(other.statement, one)]
        elif introduces(one):
            lines = set(one.children)
            if not lines:
                gone.update(() if draft.own or _stands_alone(draft) else (id(draft),))
                continue
            below = [other for other in drafts if other is not draft and (other.line or other.statement.line) in lines]
        else:
            continue
        same = next((other for other in below if other.fit.control == draft.fit.control), None)
        if same is None and draft.fit.score >= _LEAD_KEPT and (_orders(one) if one.kind is Kind.ITEM else _denies_issues(draft)):
            continue
        if same is not None:
            same.lines = tuple(sorted({*one.lines, *same.lines}))
            same.members.append(one)
        if draft.own or (draft.fit.rule is not None and draft.fit.rule.leads and same is None) or _names_the_way(draft, below):
            continue
        if (below and not _orders_code(draft, below)) or _sets_scene(draft) or _captions(one, statements):
            gone.add(id(draft))
        elif not draft.members and one.children:
            _take_below(draft, statements)
    return [draft for draft in drafts if id(draft) not in gone]


def _names_the_way(draft: Draft, below: Sequence[Draft]) -> bool:
    """Whether a lead-in names where to report, and what it introduces only what a report should hold ("report it through advisories: 1. open, 2. describe")."""
    sure = draft.fit.control == _CONTACT and draft.fit.score >= _LEAD_KEPT and _WAY.search(draft.statement.quote) is not None
    return sure and bool(below) and all(other.fit.control in (_FIELDS, _CHANNELS) for other in below)


def _take_below(draft: Draft, statements: Sequence[Statement]) -> None:
    """Make what a lead-in introduces part of its promise; of links, the list is the promise and not what introduces it."""
    draft.take(_within(statements, draft.statement.children))
    if draft.fit.control == "policy/references-live":
        draft.line = min(draft.statement.children)


def _captions(one: Statement, statements: Sequence[Statement]) -> bool:
    """Whether a bare label stands over nothing but a drawing ("Trust boundaries:")."""
    below = _within(statements, one.children)
    return bool(below) and bare_label(one) and all(other.kind is Kind.CODE and _DRAWING.search(other.text) is not None for other in below)


def _stands_alone(draft: Draft) -> bool:
    """Whether a lead-in that introduces nothing is an order ("Always validate inputs:") and no mere announcement."""
    if draft.fit.rule is not None and draft.fit.rule.leads:
        return True
    return imperative(draft.statement.text) and draft.fit.score >= _LEAD_KEPT and not _sets_scene(draft)


def _orders_code(draft: Draft, below: Sequence[Draft]) -> bool:
    """Whether a lead-in is an order that a code sample only shows ("Never log sensitive information:")."""
    text = draft.statement.text
    if draft.fit.score < _LEAD_KEPT or draft.fit.control == _SAMPLES or _SHOWS.match(text) or not (imperative(text) or _MUST.search(text)):
        return False
    return all(other.statement.kind is Kind.CODE and other.fit.control == _SAMPLES for other in below)


def _sets_scene(draft: Draft) -> bool:
    """Whether a lead-in only says when ("When running in Docker:"), or is too weak a match to stand alone."""
    if draft.statement.kind is Kind.PARAGRAPH and _SCENE.match(draft.statement.text):
        return True
    return draft.fit.score < _LEAD_KEPT and not draft.members


def _orders(one: Statement) -> bool:
    """Whether a bare label is itself an order or a denial ("Never commit secrets", "Review generated code")."""
    return bare_label(one) and (one.polarity is Polarity.NEGATIVE or imperative(one.label or ""))


def _denies_issues(draft: Draft) -> bool:
    """Whether a heading is itself the order not to report in public ("### 1. Do NOT create a public issue")."""
    return draft.statement.kind is Kind.HEADING and draft.fit.control == _NO_ISSUE and draft.statement.polarity is Polarity.NEGATIVE


def _under(one: Statement, heading: Statement) -> bool:
    depth = len(heading.headings)
    return len(one.headings) > depth and one.headings[:depth] == heading.headings and _same(one.headings[depth], heading.text)


def _same(heading: str, text: str) -> bool:
    return heading.strip().endswith(text.strip()[-40:])


def samples(statements: Sequence[Statement], drafts: list[Draft], scorer: Scorer) -> list[Draft]:
    """Promises that code samples make."""
    found: list[Draft] = []
    last_end = 0
    for number, one in enumerate(statements):
        if one.kind is not Kind.CODE or one.line <= last_end:
            continue
        last_end = one.lines[-1]
        parts = [other for other in statements[number + 1 :] if other.kind is Kind.CODE and other.line <= last_end]
        if _joins(one, drafts, scorer):
            continue
        found.extend(_of_sample(one, parts, scorer))
    return found


def _joins(sample: Statement, drafts: list[Draft], scorer: Scorer) -> bool:
    """Whether a sample belongs to the item that holds it, or to the line before it that names the tool it calls."""
    tools = {hit.name for hit in scorer.sentence(sample.text[:2000]).of("tool")}
    for draft in drafts:
        one = draft.statement
        if _sets_scene(draft):
            continue
        held = one.kind is Kind.ITEM and sample.line in one.children and bare_label(one)
        near = 0 < sample.line - one.lines[-1] <= 2 and tools & {hit.name for hit in scorer.sentence(draft.text).of("tool")}
        if (held or near) and draft.fit.score >= _LEAD_KEPT - 0.05:
            draft.take([sample])
            return True
    return False


def _of_sample(sample: Statement, parts: list[Statement], scorer: Scorer) -> list[Draft]:
    found: list[Draft] = []
    rest: list[Statement] = []
    for part in parts or [sample]:
        fit = _special(part, scorer)
        if fit is None:
            rest.append(part)
        else:
            found.append(Draft(part, fit, part.lines, part.text))
    if rest and not _silent(sample):
        # the finding stands at the first line that is not said otherwise, and is about the whole sample
        whole = rest[0] if found else sample
        draft = Draft(whole, Fit(_SAMPLES, 0.8, None, f"a {sample.language or 'code'} sample"), whole.lines, whole.text)
        draft.take(rest if found else [sample])
        draft.line = rest[0].line
        found.append(draft)
    return found


def _special(part: Statement, scorer: Scorer) -> Fit | None:
    """Control of a rule that is written for code (`kind: [code]`)."""
    return next(iter(scorer.fits(part, part.text[:1500], only=Kind.CODE)), None)


def _silent(sample: Statement) -> bool:
    """Drawings, mail templates, keys, and mere installation make no promise."""
    text = sample.text
    if sample.language.split(" ")[0].lower() in _SILENT_LANGUAGES or _DRAWING.search(text) or "BEGIN PGP" in text or not text.strip():
        return True
    if sample.section is Section.REPORT_CONTENTS:
        return True
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not sample.language and not any(_LIKE_CODE.search(line[:300]) for line in text.splitlines()):
        return True
    return 0 < len(lines) < 6 and all(_INSTALL.match(line[:300]) for line in lines)
