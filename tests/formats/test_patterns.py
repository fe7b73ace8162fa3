"""Patterns that can take exponential time, and ordinary ones of tokenizers and vectorizers."""

from __future__ import annotations

import pytest

from troth.formats.patterns import explodes

BAD = [r"(a+)+$", r"(\w+\s?)*$", r"([a-z]+)*!", r"(a|aa)+$", r"(\s*)*$", r"(a{1,50}){1,50}$", r"((a+)b?)+$", r"^(x)(([\-.]|[_]+)?([a-zA-Z0-9]+))*@$", r"(.*)*x", r"(x+x+)+y", r"(\w|\d)+$", r"(?=(a+)+$)x", r"(a*)*", r"(.*a){20}", r"([^ ]+ ?)+$", r"(?:(?i:a)+)*b", r"(\p{L}+)*!"]
FINE = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+", r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{M}]*[\p{Ll}\p{Lm}]+(?i:'s|'t)?",
    r"\d{1,3}(?=(?:\d{3})*\b)", r"(?u)\b\w\w+\b", r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", r"(?:[a-z]+,)*", r"(\w+\s)*", r"(?:foo|far|ba)+", r"\b(?:\d+\.)+\d+\b", r"(?:\p{L}\p{M}*)+", r"a++b", r"(?>a+)+b", r"[]a]+", r"(?#note)a+", r"(?P<x>a)\d+", r"[[:alpha:]]+",
]  # fmt: skip


@pytest.mark.parametrize("pattern", BAD)
def test_a_repetition_that_can_be_cut_in_many_ways_is_found(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize("pattern", FINE)
def test_an_ordinary_pattern_passes(pattern: str) -> None:
    assert not explodes(pattern)


@pytest.mark.parametrize("pattern", ["(" * 5000 + "a" + ")+" * 5000, "[" * 20_000, "(a|" * 3000 + ")+" * 3000, "\\", "a{", "(?", "[a-", "(a+", "x{1,2}{3}{4,}"])
def test_a_broken_or_deep_pattern_ends_with_a_verdict(pattern: str) -> None:
    assert explodes(pattern) in (True, False)
