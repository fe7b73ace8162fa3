"""Tries a regular expression of a judged program: does its engine accept it, and which sample secrets does it match?

Only the expression runs, never the program. One that may take exponential time (see `backtracking`) is not run, and samples are short, so that what is left
ends at once. JavaScript's dialect is translated where the two differ in writing alone; where they differ in meaning, nothing is said.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import lru_cache
from typing import Final

from troth.engines.code.backtracking import explodes
from troth.terms.facts.programs import Pattern

__all__ = ["SAMPLES", "tried"]

SAMPLES: Final = {
    "bearer header": "Authorization: Bearer " + "abcDEF.abc-DEF_123.xyz",
    "basic header": "Authorization: Basic " + "dXNlcjpwYXNz",
    "provider key": "sk-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "forge token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "cloud key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "password assignment": "password=" + "hunter2hunter2",
    "password in JSON": '"password": "' + 'hunter2hunter2"',
    "api key assignment": "api_key=" + "abcdef0123456789abcdef",
    "token assignment": "token: " + "abcdef0123456789abcdef",
    "secret assignment": "secret=" + "abcdef0123456789",
    "database address": "postgres://user:" + "pass1234@db.example.org/x",
    "mail address": "jane.doe@example.org",
    "telephone": "+1 555-123-4567",
    "card": "4111 1111 1111 1111",
    "address": "203.0.113.7",
    "path": "/home/jane/project/file.txt",
    "hex": "0123456789abcdef0123456789abcdef",
    "key name": "api_key",
    "password name": "password",
    "token name": "access_token",
}
"""Made-up samples of what redactors are for."""
_FAULTS: Final = ("bad character range", "unterminated", "missing )", "unbalanced parenthesis", "nothing to repeat", "multiple repeat")
_CLASS_RANGE: Final = re.compile(r"range (?:\\[wdsWDS]|.-\\[wdsWDS])")
_LENGTH: Final = 1500


def tried(pattern: Pattern) -> Pattern:
    """The pattern with `error` and `hits` filled in."""
    error, hits = _trial(pattern.text, pattern.flags, pattern.language)
    return replace(pattern, error=error, hits=hits)


@lru_cache(maxsize=4096)
def _trial(text: str, flags: str, language: str) -> tuple[str, tuple[str, ...] | None]:
    if not text or len(text) > _LENGTH:
        return "", None
    readable = _translated(text) if language == "typescript" else text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(readable, re.IGNORECASE if "i" in flags else 0)
    except (re.error, OverflowError, RecursionError) as error:
        return _fault(str(error)), None
    if explodes(readable):
        return "", None
    return "", tuple(name for name, sample in SAMPLES.items() if compiled.search(sample))


def _fault(says: str) -> str:
    r"""The error where both dialects refuse; a range that ends in a class (`\w-.`) is legal in JavaScript."""
    return says if says.startswith(_FAULTS) and not _CLASS_RANGE.search(says) else ""


def _translated(text: str) -> str:
    text = re.sub(r"\(\?<(?![=!])", "(?P<", text)
    text = re.sub(r"\\k<(\w+)>", r"(?P=\1)", text)
    return text.replace("\\/", "/").replace("[^]", "[\\s\\S]")
