"""The pattern language: what phrases find, what they refuse, and that no sentence makes them slow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timing import processor_seconds
from troth.errors import CatalogueError
from troth.policy.match.lexicon import Lexicons, Sentence, keys_of, shipped_lexicons
from troth.policy.match.phrases import Phrase, parse
from troth.policy.match.words import MAX_WORDS, split, words_of


def says(phrase: str, text: str) -> bool:
    sentence = Sentence(words_of(text), shipped_lexicons())
    return parse(phrase).found(sentence.words, sentence)


@pytest.mark.parametrize(
    "phrase, text",
    [
        ("never runs on pull requests", "Never runs on pull requests"),
        ("never run* ... (pull request* | prs)", "It never runs, not even once, on PRs"),
        ("pin* & (dependenc* | version*)", "Dependency versions are pinned"),
        ("non root", "Run as a non-root user"),
        ("do not open", "Please don't open an issue"),
        ("can not", "PRs cannot do that"),
        ("[security] policy", "This policy holds"),
        ("^ no telemetry $", "No telemetry."),
        ("@tool.sast", "We use CodeQL"),
        ("@tool ... pull request", "Bandit runs on every pull request"),
        ("emailaddress", "Write to security@example.org"),
        ("weights_only", "torch.load(..., weights_only=True)"),
        (".env", "Never commit `.env` files"),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str) -> None:
    assert says(phrase, text)


@pytest.mark.parametrize(
    "phrase, text",
    [
        ("never runs on pull requests", "Runs on pull requests"),
        ("pin* & dependenc*", "Dependencies are updated"),
        ("^ no telemetry", "There is no telemetry"),
        ("a ... b", "a one two three four five six seven eight b"),
        ("@tool.sast", "We take safety seriously"),
        ("run", "runs"),
    ],
)
def test_a_phrase_does_not_find_what_it_does_not_say(phrase: str, text: str) -> None:
    assert not says(phrase, text)


@pytest.mark.parametrize("phrase", ["(a | b", "a | b", "a &", "& a", "()", "[]", "...", "^", "(a | )", "a )", "!!"])
def test_a_phrase_that_is_not_well_formed_is_refused(phrase: str) -> None:
    with pytest.raises(CatalogueError):
        parse(phrase)


def test_a_spelling_cannot_hold_two_rows_or_a_lexicon() -> None:
    with pytest.raises(CatalogueError):
        Lexicons({"x": {"a": ["b & c"]}})
    with pytest.raises(CatalogueError):
        Lexicons({"x": {"a": ["@tool"]}})


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_words_of_any_text_are_bounded_and_lower_case(text: str) -> None:
    words = split(text)
    assert len(words) <= MAX_WORDS
    assert all(word == word.lower() and word for word in words)


@given(st.text(alphabet="abc ()[]|&.*^$@", max_size=40), st.text(alphabet="abc ", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_phrase_is_parsed_or_refused_and_never_crashes(phrase: str, text: str) -> None:
    try:
        parsed = parse(phrase)
    except CatalogueError:
        return
    sentence = Sentence(words_of(text), shipped_lexicons())
    try:
        parsed.found(sentence.words, sentence)
    except CatalogueError:
        pytest.fail("a parsed phrase must not be refused later")


@given(st.lists(st.sampled_from(["pin", "pinned", "deps", "run", "never"]), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_the_index_never_hides_a_phrase_that_holds(words: list[str]) -> None:
    text = " ".join(words)
    sentence = Sentence(words_of(text), shipped_lexicons())
    keys = {key for word in sentence.words.distinct() for key in keys_of(word)}
    for source in ("pin* ... deps", "never run", "(pin* | run) & deps"):
        phrase: Phrase = parse(source)
        if phrase.found(sentence.words, sentence):
            assert keys & phrase.anchors


@pytest.mark.parametrize("text", ["a " * 5000, "not " * 3000, "never run " * 2000, "a-" * 9000, "(" * 9000, "x" * 50_000, "do not open a public issue " * 400])
def test_hostile_sentences_are_matched_in_linear_time(text: str) -> None:
    phrase = parse("(do not | never | a | not) ... (open* | run* | a | not) ... (public* | a | not) ... (issue* | a | zzz) ... zzz")
    with processor_seconds(1):
        sentence = Sentence(words_of(text), shipped_lexicons())
        phrase.found(sentence.words, sentence)
