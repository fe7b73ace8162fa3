"""How well each control's rules fit a statement.

Score of a rule that holds: its weight, a little for every word that it asks for (specific beats general), a little less for every gap, and
context: a heading that it asks for (the nearer the better), headings that speak of the control (`near`), how well the control's topic fits the section
(`affinity.yaml`), and the bold label, which says what an item is about. The best rule of a control counts. Ties are broken by the learned evidence
(`learned`), then by the control's id, so that the result is the same every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from troth.errors import CatalogueError
from troth.policy.match.lexicon import Lexicons, Sentence
from troth.policy.match.phrases import Phrase, parse
from troth.policy.match.rules import Rule, Rulebook
from troth.policy.match.words import words_of
from troth.terms.promise import Kind, Section, Statement

__all__ = ["Context", "Fit", "Scorer"]

_PER_WORD: Final = 0.02
_MOST_WORDS: Final = 5
_PER_GAP: Final = 0.012
_IN_LABEL: Final = 0.07
_NEAREST: Final = 0.06
_FARTHER: Final = 0.03
_SECTION: Final = 0.03
_REMEMBERED: Final = 5_000
_CALL: Final = re.compile(r"^\W*(?:important|note|notice|warning|caution|attention|tip|reminder|remember|please note)\s*[:!\u2013\u2014-]\s*(?=\S+\s+\S+\s+\S)", re.IGNORECASE)
"""A word that only calls for attention; what it stands before is what is said."""
_AFFINITY: Final = Path(__file__).resolve().parent / "affinity.yaml"
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _affinity() -> dict[str, dict[str, float]]:
    data = yaml.load(_AFFINITY.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, chosen above
    if not isinstance(data, dict) or set(data) != set(Section):
        raise CatalogueError(f"{_AFFINITY}: must have a line for each type of section")
    return data


def _at_home(control: str, section: Section) -> float:
    """How much a section's type speaks for or against a control's topic."""
    row = _affinity()[section]
    return float(row.get(control.partition("/")[0], row.get("others", 0.0)))


@dataclass(frozen=True, slots=True)
class Fit:
    """A control that fits a statement.

    Attributes:
        control: its id.
        score: higher is better; about 1 for a sentence that says just what the control is about.
        rule: the rule that holds; None where only learned evidence speaks.
        phrase: what of the rule was found.
        heading: the heading or lead-in that the rule asked for and found, or "".
    """

    control: str
    score: float
    rule: Rule | None
    phrase: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Headings and lead-ins of a statement, nearest first."""

    texts: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    lifts: Mapping[str, float]


class Scorer:
    """Rules, lexicons, and what was worked out about headings so far."""

    def __init__(self, book: Rulebook, lexicons: Lexicons) -> None:
        self.book = book
        self.lexicons = lexicons
        self._contexts: dict[tuple[str, ...], Context] = {}
        self._sentences: dict[str, Sentence] = {}
        self._under: dict[tuple[int, str], bool] = {}

    def sentence(self, text: str) -> Sentence:
        """Words and names of a text."""
        found = self._sentences.get(text)
        if found is None:
            if len(self._sentences) > _REMEMBERED:
                self._sentences.clear()
            found = self._sentences[text] = Sentence(words_of(text), self.lexicons)
        return found

    def context(self, statement: Statement) -> Context:
        """Headings and lead-ins of a statement."""
        texts = (*reversed(statement.lead_in), *reversed(statement.headings[1:] or statement.headings))
        found = self._contexts.get(texts)
        if found is None:
            if len(self._contexts) > _REMEMBERED:
                self._contexts.clear()
                self._under.clear()
            sentences = tuple(map(self.sentence, texts))
            found = self._contexts[texts] = Context(texts, sentences, self.book.lifts(sentences))
        return found

    def fits(self, statement: Statement, text: str | None = None, only: Kind | None = None) -> list[Fit]:
        """Controls that fit, best first; one entry for each control.

        Args:
            statement: gives context, kind and section.
            text: the words to look at, where they are only a part of the statement.
            only: look at rules alone that are written for this kind of text.
        """
        sentence = self.sentence(_CALL.sub("", statement.text, count=1) if text is None else text)
        context = self.context(statement)
        best: dict[str, Fit] = {}
        for phrase, rule in self.book.candidates(sentence):
            if only is not None and only not in rule.kind:
                continue
            before = best.get(rule.control)
            fit = self._fit(statement, sentence, context, phrase, rule)
            if fit is not None and (before is None or fit.score > before.score):
                best[rule.control] = fit
        if text is None:
            self._heed_label(statement, context, best)
        return sorted(best.values(), key=lambda fit: (-fit.score, fit.control))

    def _heed_label(self, statement: Statement, context: Context, best: dict[str, Fit]) -> None:
        """What a bold label says is what the item is about."""
        label = statement.label
        if label is None or len(label) >= len(statement.text) or statement.kind is Kind.CODE:
            return
        sentence = self.sentence(label)
        whole = self.sentence(statement.text)
        heard: dict[str, Fit] = {}
        for phrase, rule in self.book.candidates(sentence):
            fit = self._fit(statement, sentence, context, phrase, rule)
            if fit is not None and not (rule.none and self._any(rule.none, whole)):
                heard[rule.control] = fit
        for control, fit in heard.items():
            before = best.get(control, fit)
            best[control] = replace(before, score=max(fit.score, before.score) + _IN_LABEL)

    def _fit(self, statement: Statement, sentence: Sentence, context: Context, phrase: Phrase, rule: Rule) -> Fit | None:
        if not _admits(rule, statement):
            return None
        if not phrase.found(sentence.words, sentence):
            return None
        if rule.none and self._any(rule.none, sentence):
            return None
        score, heading = rule.weight + _PER_WORD * min(phrase.size, _MOST_WORDS) - _PER_GAP * phrase.gaps, ""
        score += _at_home(rule.control, statement.section)
        if rule.section:
            score += _SECTION
        if rule.not_under and self._nearest(rule.not_under, context) is not None:
            return None
        if rule.inside:
            if self._nearest(rule.inside, context) != 0:
                return None
            score, heading = score + _NEAREST, context.texts[0]
        if rule.under:
            nearest = self._nearest(rule.under, context)
            if nearest is None:
                return None
            heading = context.texts[nearest]
            score += _NEAREST if nearest == 0 else _FARTHER
        score += context.lifts.get(rule.control, 0.0)
        return Fit(rule.control, score, rule, phrase.source, heading)

    def _any(self, sources: Sequence[str], sentence: Sentence) -> bool:
        return any(parse(source).found(sentence.words, sentence) for source in sources)

    def _nearest(self, sources: tuple[str, ...], context: Context) -> int | None:
        for number, (text, sentence) in enumerate(zip(context.texts, context.sentences, strict=True)):
            key = (id(sources), text)
            holds = self._under.get(key)
            if holds is None:
                holds = self._under[key] = self._any(sources, sentence)
            if holds:
                return number
        return None


def _admits(rule: Rule, statement: Statement) -> bool:
    if rule.kind and statement.kind not in rule.kind:
        return False
    if rule.section and statement.section not in rule.section:
        return False
    if rule.time and not statement.durations:
        return False
    return not (rule.not_section and statement.section in rule.not_section)
