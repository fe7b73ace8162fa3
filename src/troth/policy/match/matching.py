"""From statements to promises: the best control for each, several where a sentence says several things, one where several lines say one thing.

Rules: one control by default; a second only for another clause of the same sentence, or where a sentence sends reports to a private address *instead of* a
public issue. What only introduces (a lead-in, a bare label) speaks through what it introduces. The same input gives the same promises in the same order.
Does not judge, and looks at nothing but the statements and the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from troth.policy import durations
from troth.policy.match import cells, clauses, grouping
from troth.policy.match.draft import Draft, bare_label, introduces
from troth.policy.match.inheritance import from_heading, from_section
from troth.policy.match.learned import Learned
from troth.policy.match.lexicon import Lexicons
from troth.policy.match.parameters import parameters
from troth.policy.match.rules import Rulebook, Says
from troth.policy.match.scoring import Fit, Scorer
from troth.policy.match.silence import is_no_promise
from troth.terms.promise import Kind, Promise, Section, Statement

__all__ = ["Matcher", "Settings"]

_DENIES: Final = re.compile(r"\b((?:must|should|do|does|will|can|may|shall) not|don't|never|cannot|avoid|prohibited|forbidden)\b[^.:]{0,20}:?\W*$", re.IGNORECASE)
_NEGATED: Final = re.compile(r"\b(?:no|not|never|don't|cannot|without|avoid|nor|none)\b", re.IGNORECASE)
_CROSSED: Final = re.compile(r"\W{0,12}(?:❌|✗|✘|🚫|⛔|:x:|:no_entry:)")
_CLAIM: Final = re.compile(r"^(?:[Aa]ll|[Ee]very|[Ee]ach)\b.{3,160}\b(?:is|are|must be|have|use|go)\b.{3,160}:$|\b(?:follows?|uses?|adheres? to|complies with|conforms? to|achieves?|meets)\b.{0,60}(?:\b[A-Z]{3,}|v\d)"
    r"|\b(?:is|are)\b.{0,20}\b(?:protected|secured|guarded|enforced|ensured|prevented|restricted)\b.{0,40}\b(?:layers?|mechanisms?|controls?|measures?|safeguards?)\b")
_HAS: Final = re.compile(r"^.{3,60}?\b(?:implements|supports|enforces|uses|applies|employs|maintains|runs|includes)\b.{8,200}:$")
"""A lead-in over headings that says what the project has ("The server supports two authentication methods:")."""
_ASIDE: Final = re.compile(r"^.{0,200}?\b(?:while|although|though) (.{8,200}?), (?:you|we|please)\b[^,]{0,80}:$|^(.{8,200}), (?:but|however)[^,]{0,60}:$", re.IGNORECASE)
_TOGETHER: Final = (
    frozenset(("report/private-contact", "report/no-public-issue")),
    frozenset(("deps/vuln-scan", "deps/license-check")),
)
_FIELDS: Final = "report/required-fields"
_LINKS: Final = "policy/references-live"
_SAID: Final = ("report/private-contact", "report/channels-declared", "report/no-public-issue", "disclosure/", "policy/", "versions/", "scope/", "compliance/")
"""What a bare link may say; of other topics ("[Code Scanning](...)") it only shows where to look."""
_ONLY_LINK: Final = re.compile(r"[\s>*+\d.)-]*\[[^\]\n]{1,200}\]\([^)\n]{1,300}\)\W*$")
_SAMPLE: Final = "policy/samples-run"
"""What code alone promises: no sentence sounds like it."""
_SURE: Final = 0.9
_LEAST_CLAUSE: Final = 4
"""Words below which a clause names a place ("... and GitHub Security Advisory") and asks nobody to report there."""
_ASKED: Final = re.compile(r"\b(?:includ\w+|provid\w+|containing|with)\b.{0,40}:$", re.IGNORECASE)
_REMEDY_SURE: Final = 0.84
"""Score from which what a table's row says of a mitigation is what the row promises."""
_BOTH: Final = re.compile(r"(?=.*\b(?:advisor|vulnerab|cve|audit))(?=.*\blicen[cs]).*", re.IGNORECASE | re.DOTALL)
"""A tool that does two things, and the sentence says both ("cargo-deny (advisories, licenses)")."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides between finding and silence.

    Attributes:
        least: score below which a rule's control is not reported.
        rescue: learned probability from which a statement that no rule understands gets a control.
        sway: how much the learned probability adds to a rule's score.
        second: least score of a second control, from another clause.
    """

    least: float = 0.6
    rescue: float = 0.35
    sway: float = 0.2
    second: float = 0.88


class Matcher:
    """Matches statements to one catalogue.

    Args:
        controls: the catalogue's controls.
        lexicons: names by what they stand for.
        learned: what was learned from examples; None to do without.
        settings: thresholds.
    """

    def __init__(
        self, controls: Mapping[str, Says], lexicons: Lexicons, learned: Learned | None = None, settings: Settings | None = None
    ) -> None:
        self.controls = controls
        self.scorer = Scorer(Rulebook(controls.values()), lexicons)
        self.learned = learned
        self.settings = settings or Settings()

    def match(self, statements: Iterable[Statement]) -> tuple[Promise, ...]:
        """Promises of the statements, by line, then control."""
        ordered = sorted(statements, key=lambda one: (one.span.start, -one.span.end, one.line))
        drafts = self._drafts(ordered)
        drafts = grouping.group(drafts, ordered, self.scorer)
        promises = [self._promise(draft) for draft in drafts]
        return tuple(sorted(promises, key=lambda one: (one.statement.line, one.statement.span.start, one.control)))

    def _drafts(self, statements: Sequence[Statement]) -> list[Draft]:
        drafts: list[Draft] = []
        for statement in statements:
            if statement.kind is Kind.CODE or is_no_promise(statement, self.scorer):
                continue
            aside = _ASIDE.match(statement.text) if introduces(statement) else None
            if aside is not None:
                text = next(found for found in aside.groups() if found)
                fits = self.fits(statement, text)[:1]
                drafts += [Draft(statement, fit, statement.lines, text, own=True) for fit in fits if fit.score >= self.settings.second]
                continue
            own = introduces(statement) and (_CLAIM.search(statement.text) is not None or _limits_time(statement))
            for text, fit in self._readings(statement):
                has = fit.score >= _SURE and introduces(statement) and not statement.children and _HAS.match(statement.text) is not None
                way = fit.control == "report/private-contact" and introduces(statement) and _asks_for_fields(statement)
                drafts.append(Draft(statement, fit, statement.lines, text, line=_line_of(statement, text), own=own or way or has))
        drafts.extend(grouping.samples(statements, drafts, self.scorer))
        return sorted(drafts, key=lambda draft: (draft.statement.span.start, draft.statement.line))

    def _readings(self, statement: Statement) -> list[tuple[str, Fit]]:
        """What a statement says: (the words that say it, the control)."""
        by_cells = self._by_cells(statement)
        if by_cells:
            return by_cells
        carried = self._carried(statement)
        fits = self.fits(statement, carried)
        if not fits or fits[0].score < self.settings.least:
            heir = from_heading(statement, self.scorer) or from_section(statement, self.controls)
            return [(statement.text, heir)] if heir is not None else []
        if not fits[0].control.startswith(_SAID) and _ONLY_LINK.match(statement.quote) and _LINKS in self.controls:
            return [(statement.text, Fit(_LINKS, _SURE, None, "is nothing but a link"))]
        heir = from_section(statement, self.controls)
        if heir is not None and carried is None and fits[0].control.partition("/")[0] not in ("scope", "report", "disclosure", "versions", "fix") and fits[0].score < _SURE:
            return [(statement.text, heir)]
        first = self._way_before_fields(statement, fits)
        if carried is not None:
            return [(carried, first)]
        readings = [(statement.text, first)]
        for fit in fits[1:]:
            both = frozenset((first.control, fit.control)) in _TOGETHER and fit.score >= self.settings.second
            if both and ("deps/license-check" not in (first.control, fit.control) or _BOTH.match(statement.text)):
                readings.append((statement.text, fit))
        if first.control == "fix/within" and len(readings) == 1:
            readings = self._by_severity(statement, first) or readings
        if len(readings) == 1 and statement.kind is not Kind.ROW and (not introduces(statement) or _limits_time(statement)):
            readings = self._by_clause(statement, first) or readings
        return readings

    def _by_cells(self, statement: Statement) -> list[tuple[str, Fit]]:
        """What the columns of a row say: times for a severity, or what is done about a threat."""
        times = [(text, fit) for text, fit in cells.times(statement, self.scorer) if fit.control in self.controls]
        remedy = None if times else cells.mitigation(statement)
        if remedy is None:
            return times
        asked = replace(statement, section=Section.FEATURES, label=None)
        done = [fit for fit in self.fits(asked, remedy) if fit.control != "scope/declared"][:1]
        return [(remedy, fit) for fit in done if fit.score >= _REMEDY_SURE]

    def _way_before_fields(self, statement: Statement, fits: Sequence[Fit]) -> Fit:
        """The best fit; of a lead-in that names a way to report and asks for what follows, the way: the fields below speak for themselves."""
        if fits[0].control != _FIELDS or not introduces(statement) or not statement.children:
            return fits[0]
        return next((fit for fit in fits[1:] if fit.control == "report/private-contact" and fit.score >= self.settings.second), fits[0])

    @staticmethod
    def _carried(statement: Statement) -> str | None:
        """The words with the denial of their lead-in ("Modules must not:") or of a cross before them, or None where there is none."""
        lead = statement.lead_in[-1] if statement.lead_in else ""
        if statement.kind is not Kind.ITEM or _NEGATED.search(statement.text):
            return None
        match = _DENIES.search(lead)
        if match is not None:
            return f"{match.group(1)} {statement.text}"
        return f"never {statement.text}" if _CROSSED.match(statement.quote) else None

    def _by_severity(self, statement: Statement, whole: Fit) -> list[tuple[str, Fit]]:
        """A sentence that gives a time for each of several severities makes a promise for each."""
        parts = [part for part in clauses.timed(statement.text) if self.scorer.sentence(part).of("severity") and durations.find(part)]
        return [(part, whole) for part in parts] if len(parts) > 1 else []

    def _by_clause(self, statement: Statement, whole: Fit) -> list[tuple[str, Fit]]:
        if statement.section in (Section.SCOPE_IN, Section.SCOPE_OUT, Section.REPORT_CONTENTS, Section.RESOURCES):
            return []
        readings: list[tuple[str, Fit]] = []
        for clause in clauses.split(statement.text):
            fits = self.fits(statement, clause)
            if fits and fits[0].control == "report/private-contact" and len(clause.split()) < _LEAST_CLAUSE:
                continue
            if fits and fits[0].score >= self.settings.second and fits[0].control not in {fit.control for _, fit in readings}:
                readings.append((clause, fits[0]))
        if any(fit.control != "report/workflow" and fit.control.startswith(("report/", "disclosure/")) for _, fit in readings):
            readings = [(clause, fit) for clause, fit in readings if fit.control != "report/workflow"]
        if len(readings) > 1 and any(fit.control == whole.control for _, fit in readings):
            return readings
        return []

    def fits(self, statement: Statement, text: str | None = None) -> list[Fit]:
        """Controls that fit a statement, best first, learned evidence included."""
        fits = self.scorer.fits(statement, text)
        if self.learned is None or bare_label(statement):
            return fits
        chances = self.learned.chances(statement, statement.text if text is None else text)
        if fits:
            swayed = (replace(fit, score=fit.score + self.settings.sway * chances.get(fit.control, 0.0)) for fit in fits)
            fits = sorted(swayed, key=lambda fit: (-fit.score, fit.control))
        if (not fits or fits[0].score < self.settings.least) and chances and text is None:
            control, chance = max(chances.items(), key=lambda pair: (pair[1], pair[0]))
            if chance >= self.settings.rescue and control in self.controls and control != _SAMPLE and not introduces(statement) and len(statement.text.split()) > 1:
                return [Fit(control, self.settings.least + 0.05 * chance, None, "sounds like other sentences of this control"), *fits]
        return fits

    def _promise(self, draft: Draft) -> Promise:
        statement = draft.statement
        if draft.lines != statement.lines or draft.line:
            statement = replace(statement, lines=draft.lines, line=draft.line or statement.line)
        control = self.controls[draft.fit.control]
        return Promise(
            statement=statement,
            control=draft.fit.control,
            params=parameters(draft, control, self.scorer),
            confidence=round(min(0.99, max(0.0, draft.fit.score)), 3),
            reason=reason(draft.fit),
        )


def _asks_for_fields(statement: Statement) -> bool:
    """Whether a lead-in that names a way to report also asks for what follows ("contact the maintainers and include:")."""
    return bool(statement.children) and _ASKED.search(statement.text) is not None


def _line_of(statement: Statement, text: str) -> int:
    """Line on which a clause of the statement starts; 0 for the statement's own."""
    if text == statement.text or len(statement.lines) == 1:
        return 0
    opening = r"\W+".join(map(re.escape, re.findall(r"\w+", text)[:3]))
    match = re.search(opening, statement.quote) if opening else None
    return statement.line + statement.quote.count("\n", 0, match.start()) if match else 0


def _limits_time(statement: Statement) -> bool:
    """Whether a lead-in promises a time of its own ("We will respond within 48 hours and work with you to:")."""
    return any(not duration.recurring for duration in statement.durations) and len(statement.text.split()) > 6


def reason(fit: Fit) -> str:
    """Why a control was chosen, one line for a human."""
    if fit.rule is None:
        return fit.phrase
    where = f" under '{fit.heading[:60]}'" if fit.heading else ""
    return f"says '{fit.phrase}'{where}"
