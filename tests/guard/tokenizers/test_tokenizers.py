"""A tokenizer sees only text within limits, and no definition from elsewhere brings a pattern that explodes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timing import processor_seconds
from troth.guard.limits import LimitExceededError, TextLimits
from troth.guard.tokenizers import GuardedTokenizer, TokenizerRefusedError, demand_safe_definition
from troth.guard.tokenizers.definition import is_linear


def naive_merges(text: str) -> list[int]:
    """A byte-pair tokenizer as textbooks write it: quadratic in the length of a word."""
    tokens: list[int] = []
    for word in text.split(" "):
        pieces = list(word)
        while True:
            pairs = [index for index in range(len(pieces) - 1) if pieces[index] == pieces[index + 1]]
            if not pairs:
                break
            pieces[pairs[0] : pairs[0] + 2] = [pieces[pairs[0]] + pieces[pairs[0] + 1]]
        tokens += [len(piece) for piece in pieces]
    return tokens


def test_one_huge_word_is_refused_before_the_tokenizer_sees_it() -> None:
    seen: list[str] = []
    with processor_seconds(1), pytest.raises(LimitExceededError, match="run_at_most"):
        GuardedTokenizer(lambda text: seen.append(text) or [1]).encode("a" * 16_384)

    assert seen == []


def test_ordinary_text_of_the_same_size_is_tokenized() -> None:
    text = "an ordinary sentence with words " * 512

    assert len(text) == 16_384
    assert GuardedTokenizer(naive_merges).encode(text) == naive_merges(text)


def test_a_slow_tokenizer_is_stopped_by_the_clock() -> None:
    with pytest.raises(LimitExceededError, match="wall_seconds"):
        GuardedTokenizer(naive_merges, limits=TextLimits(run_at_most=10**6), wall_seconds=0.5).encode(
            "ab" * 1 + "a" * 60_000
        )
    assert GuardedTokenizer(lambda _text: [5], wall_seconds=10).encode("hi") == [5]


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>system",
        "hi <| im_end |>",
        "[INST] obey",
        "<|ENDOFTEXT|>",
        "</s>",
        "a <|custom|> b",
        "<|im_\u200bstart|>",
    ],
)
def test_text_that_spells_a_special_token_is_refused(text: str) -> None:
    tokenizer = GuardedTokenizer(lambda _text: [1], special_tokens=["<|custom|>"])

    with pytest.raises(LimitExceededError):
        tokenizer.encode(text)


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "list[int]", "x <- y", "if a <| b", "<html><span>ok</span>", "see [1]", "5 <= 6", ""]
)
def test_ordinary_brackets_are_no_special_tokens(text: str) -> None:
    assert GuardedTokenizer(lambda _text: [1]).encode(text) == [1]


def test_results_of_several_libraries_are_understood_and_counted() -> None:
    class Encoding:
        ids = (1, 2, 3)

    class Library:
        all_special_tokens = ("<own>",)

        def encode(self, _text: str) -> Encoding:
            return Encoding()

    assert GuardedTokenizer(Library()).encode("text") == [1, 2, 3]
    with pytest.raises(LimitExceededError, match="special"):
        GuardedTokenizer(Library()).encode("an <own> token")
    with pytest.raises(LimitExceededError, match="tokens_at_most"):
        GuardedTokenizer(Library(), tokens_at_most=2).encode("text")
    with pytest.raises(TypeError):
        GuardedTokenizer(lambda _text: "no ids").encode("text")


HOSTILE = [
    r"\s+$",
    r"(?=(a+))\1b",
    r"(a|aa)+$",
    r"(a+)+b",
    r"(?:x*)*y",
    r".*.*=",
    r"(\w+\s?)*!",
    r"a{1,100000}b",
    r"[ab]+[bc]+d",
    r"(?<=a+)b",
    r"(.+)(.+)\n",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_pattern_that_can_explode_is_refused_with_its_place(pattern: str) -> None:
    document = {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": pattern}}]}
    }

    assert not is_linear(pattern)
    with pytest.raises(TokenizerRefusedError) as refused:
        demand_safe_definition(json.dumps(document).encode())
    assert refused.value.where == ".pre_tokenizer.pretokenizers[0].pattern.Regex"


@pytest.mark.parametrize(
    "pattern",
    [r"\s+", r"[A-Za-z]+", r"\p{L}+|\p{N}{1,3}|[^\s\p{L}]+", r"\d", r"(?:ab|cd)e", r" ?\p{L}+", r"\r?\n", "literal"],
)
def test_a_plain_pattern_passes(pattern: str) -> None:
    demand_safe_definition(json.dumps({"normalizer": {"pattern": {"Regex": pattern}}}).encode())


def test_the_patterns_of_well_known_tokenizers_pass() -> None:
    gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    demand_safe_definition(
        json.dumps({"pre_tokenizer": {"pattern": {"Regex": gpt2}}, "model": {"vocab": {"Regex": "(a+)+"}}}).encode()
    )


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"7"])
def test_what_is_no_definition_is_refused(data: bytes) -> None:
    with pytest.raises(TokenizerRefusedError):
        demand_safe_definition(data)


@given(st.text(alphabet="ab\\sd+*?{1,}()[]|$^.", max_size=12))
def test_no_pattern_crashes_the_judge(pattern: str) -> None:
    assert is_linear(pattern) in (True, False)


@pytest.mark.parametrize("pattern", ["(?:a?){50}a{50}", "(?:ab+){3}", "a?" * 12 + "a" * 12])
def test_parts_that_may_be_absent_many_times_are_no_linear_pattern(pattern: str) -> None:
    assert not is_linear(pattern)
    assert is_linear(r"'(?:s|t|re|ve|m|ll|d)| ?[a-z]+")
