"""Words of a sentence, with their positions: what patterns match on.

Rules: letters are lower-cased, hyphens and slashes part words ("non-root" is two words, as in the pattern), short forms are written out ("don't" is
"do not"), an e-mail address becomes `emailaddress`, the scheme of a URL `weblink`, `mdfile` stands before the name of a Markdown file, and dots and underscores stay inside names (`torch.load`, `weights_only`),
except in names of settings of three or more parts (`JWT_SECRET_KEY` is three words: what it is called says what it holds). The number and the length of words are bounded, because a policy
is untrusted text. Knows nothing of grammar.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["MAX_WORDS", "Words", "words_of"]

MAX_WORDS: Final = 300
"""Words of one statement that are looked at; the rest cannot match."""

_WORD: Final = re.compile(r"[@.]?[a-z0-9][a-z0-9_']{0,60}(?:[.][a-z0-9_]{1,40}){0,6}")
_FORMS: Final = (
    ("cannot", "can not"),
    ("can't", "can not"),
    ("won't", "will not"),
    ("n't", " not"),
    ("'ll", " will"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'d", " would"),
    ("'m", " am"),
)
_MAX_CHARS: Final = 6_000
_ADDRESS: Final = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
_PAGE: Final = re.compile(r"[\w./-]{1,120}\.md\b")
_NAME: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+){2,}\b")
_SCHEME: Final = re.compile(r"\b(?:https?|mailto)://?")
_HUMPS: Final = re.compile(r"\b[a-z]{2,30}(?:[A-Z][a-z]{1,30}){1,8}\b")
_HUMP: Final = re.compile(r"(?=[A-Z])")


class Words:
    """The words of one text.

    Attributes:
        tokens: the words in order.
    """

    __slots__ = ("_stems", "_where", "tokens")

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.tokens = tokens
        where: dict[str, list[int]] = {}
        for index, token in enumerate(tokens):
            where.setdefault(token, []).append(index)
        self._where = where
        self._stems: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def at(self, word: str) -> list[int]:
        """Positions of a word, ascending."""
        return self._where.get(word, [])

    def starting(self, stem: str) -> list[int]:
        """Positions of the words that begin with a stem, ascending."""
        found = self._stems.get(stem)
        if found is None:
            found = self._stems[stem] = [index for index, token in enumerate(self.tokens) if token.startswith(stem)]
        return found

    def distinct(self) -> set[str]:
        """The different words."""
        return set(self._where)


def _humps(name: re.Match[str]) -> str:
    """A setting's name, and the words that it is made of (`runAsNonRoot`)."""
    return f"{_HUMP.sub(' ', name[0])} {name[0]}"


def split(text: str) -> tuple[str, ...]:
    """Words of a text by the rules of this module; also used for the words of patterns."""
    named = _NAME.sub(lambda name: name[0].replace("_", " "), text[:_MAX_CHARS]) if "_" in text else text[:_MAX_CHARS]
    named = _HUMPS.sub(_humps, named)
    lowered = named.lower().replace("’", "'").replace("`", " ").replace('"', " ")
    if "@" in lowered:
        lowered = _ADDRESS.sub(" emailaddress ", lowered)
    if "://" in lowered:
        lowered = _SCHEME.sub(" weblink ", lowered)
    if ".md" in lowered:
        lowered = _PAGE.sub(r" mdfile \g<0>", lowered)
    if "'" in lowered or "cannot" in lowered:
        for short, long in _FORMS:
            lowered = lowered.replace(short, long)
    found = _WORD.findall(lowered.replace("-", " ").replace("/", " "))
    return tuple(word.rstrip("'.") if len(word) > 1 else word for word in found[:MAX_WORDS])


@lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """Words of a text; remembered, because headings repeat."""
    return Words(split(text))
