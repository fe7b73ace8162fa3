"""What looks like a promise and is none: courtesy, lead-ins, benefits, advice without an object.

The words are data (`lexicons/silence.yaml`): phrases of the pattern language, filed by where they apply. A statement that says one of them, and nothing
that a rule is very sure of, makes no promise.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from troth.errors import CatalogueError
from troth.policy.match.phrases import Phrase, parse
from troth.policy.match.scoring import Scorer
from troth.terms.promise import Section, Statement

__all__ = ["is_no_promise"]

_JUMP: Final = re.compile(r"[\s>*+\d.)-]*(?:\*\*|__)?\[[^\]\n]{1,200}\]\(#[^)\n]{0,200}\)(?:\*\*|__)?\s*$")
"""A line of a table of contents: nothing but a link to a heading of the same page."""
_QUESTION: Final = re.compile(r"\W*(?:can|could|does|do|did|is|are|has|have|will|would|should)\b[^.!:]{3,200}\?\W*$", re.IGNORECASE)
"""A question to the reader ("Could this lead to memory corruption?")."""
_FILE: Final = Path(__file__).resolve().parent / "silence.yaml"
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _phrases() -> dict[str, tuple[Phrase, ...]]:
    data = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, chosen above
    if not isinstance(data, dict) or set(data) != {"says", "under"}:
        raise CatalogueError(f"{_FILE}: must map `says` and `under` to phrases")
    return {name: tuple(map(parse, phrases)) for name, phrases in data.items()}


def is_no_promise(statement: Statement, scorer: Scorer) -> bool:
    """Whether the statement is courtesy, a benefit, or the like."""
    if _JUMP.match(statement.quote) or (_QUESTION.match(statement.text) and statement.section is not Section.REPORT_CONTENTS):
        return True
    sentence = scorer.sentence(statement.text)
    if any(phrase.found(sentence.words, sentence) for phrase in _phrases()["says"]):
        return True
    around = scorer.context(statement).sentences
    return any(phrase.found(context.words, context) for context in around[:2] for phrase in _phrases()["under"])
