r"""Judges a `tokenizer.json` before a library loads it: size, and every regular expression in it.

Measured with a current library: the pattern `\s+$` on 64 KB of spaces takes seconds, a back-reference longer, and some patterns end the process with a panic.
A pattern passes if it is one of those that well-known tokenizers ship, or if it holds nothing that can backtrack: no nested or adjacent unbounded repetition,
no back-reference, no look-around but a single character's. Reads JSON only; loads no tokenizer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from troth.errors import GuardError

__all__ = ["TokenizerRefusedError", "demand_safe_definition", "is_linear"]

LIMIT_BYTES: Final = 64 * 1024 * 1024
_KNOWN: Final = frozenset(
    (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    )
)
"""Pre-tokenizer patterns of GPT-2, of Llama 3 and GPT-4, and of Qwen 2: compared as a whole, and measured to be harmless with the run limit of this package."""
_UNBOUNDED: Final = re.compile(r"(?:[+*]|\{\d*,\})[?+]?")
_ATOM: Final = re.compile(r"\\[pP]\{\^?[\w=]{1,40}\}|\\.|\[(?:\\.|[^\]\\])*\]|.", re.DOTALL)


class TokenizerRefusedError(GuardError):
    """A tokenizer definition was refused; no library has seen it.

    Args:
        because: one sentence.
        where: path inside the JSON document.
    """

    code = "tokenizer-refused"
    help = "Use the tokenizer of a source that you trust, or add its pattern to the allowed ones after measuring it."

    def __init__(self, because: str, where: str = "") -> None:
        super().__init__(f"{because}{f' (at {where})' if where else ''}")
        self.because = because
        self.where = where


def demand_safe_definition(data: bytes, *, allowed: frozenset[str] = _KNOWN) -> None:
    """Refuse a tokenizer.json that could cost more than its text is worth.

    Args:
        data: the file.
        allowed: patterns that pass as they are.

    Raises:
        TokenizerRefusedError: too large, no JSON object, or a pattern that can backtrack.
    """
    if len(data) > LIMIT_BYTES:
        raise TokenizerRefusedError("The definition is larger than 64 MiB")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise TokenizerRefusedError("The definition is no JSON") from None
    if not isinstance(document, dict):
        raise TokenizerRefusedError("The definition is no JSON object")
    for where, pattern in _patterns({key: value for key, value in document.items() if key != "model"}, ""):
        if pattern not in allowed and not is_linear(pattern):
            raise TokenizerRefusedError(f"The pattern {pattern[:60]!r} can take time out of all proportion", where)


def _patterns(node: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("Regex", "regex") and isinstance(value, str):
                yield f"{where}.{key}", value
            else:
                yield from _patterns(value, f"{where}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _patterns(value, f"{where}[{index}]")


_OPTIONAL = 10
"""Parts of an alternative that may be absent; twice as many ways for each."""


def is_linear(pattern: str) -> bool:
    """Whether a pattern holds nothing that can backtrack badly; cautious: false where it cannot be told.

    Accepted: literals, character classes, alternations of them, bounded repetition up to 64, and at most one unbounded repetition of a single
    character or class per alternative, at its end.
    """
    if len(pattern) > 10_000 or re.search(r"\\[1-9gk]|\(\?[<=!P>(]|\$|\\[Zz]", pattern):
        return False
    if "(" in pattern.replace("\\(", "").replace("(?:", "(?:"):
        groups = re.findall(r"(?<!\\)\(", pattern)
        if groups and re.search(r"\)(?:[+*]|\{\d*,)", pattern):
            return False
        if re.search(r"\((?:\?:|\?i:)?[^()]*(?<!\\)[?*+{][^()]*\)[{]", pattern):
            return False  # a counted repetition of something that may be absent or repeated tries all ways to share out a text
    bare = re.sub(r"(?<!\\)(?:\(\?:|\(\?i:|\(|\))", "", pattern)
    return all(_alternative_is_linear(part) for part in _alternatives(bare))


def _alternatives(pattern: str) -> Iterator[str]:
    current: list[str] = []
    for match in _ATOM.finditer(pattern):
        if match.group() == "|":
            yield "".join(current)
            current = []
        else:
            current.append(match.group())
    yield "".join(current)


def _alternative_is_linear(part: str) -> bool:
    repeats = list(
        _UNBOUNDED.finditer(re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", lambda match: "x" * len(match.group()), part))
    )
    if len(re.findall(r"(?<!\\)(?:\?|\{0?,)", part)) > _OPTIONAL:
        return False
    bounded = [int(number) for number in re.findall(r"\{\d*,?(\d+)\}", part)]
    return all(number <= 64 for number in bounded) and (
        not repeats or (len(repeats) == 1 and repeats[0].end() == len(part))
    )
