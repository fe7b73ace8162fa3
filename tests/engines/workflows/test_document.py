"""YAML with lines: bounded, and refused where the forge refuses it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timing import processor_seconds
from troth.engines.workflows.document import Map, Scalar, Seq, parse

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_document(text: str) -> None:
    document = parse(text)

    assert document.root is not None or document.problems


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", BOMB, "[" * 100_000, "- " * 5000 + "x", "\n".join(" " * n + "a:" for n in range(350))],
    ids=["cycle", "bomb", "brackets", "dashes", "indents"],
)
def test_bombs_and_cycles_meet_a_budget(text: str) -> None:
    with processor_seconds(2):
        assert parse(text).problems


@pytest.mark.parametrize(
    "text, word",
    [
        ("a: 1\na: 2", "twice"),
        ("b: &x {c: 1}\na:\n  <<: *x", "merge"),
        ("a: !thing b", "tag"),
        ("---\na: 1\n---\nb: 2", "another document"),
        ("\tb: c", "token"),
        ("? [a]\n: b", "text"),
        ("", "empty"),
    ],
)
def test_what_the_forge_refuses_is_a_problem(text: str, word: str) -> None:
    assert any(word in problem.says for problem in parse(text).problems)


def test_on_is_a_key_and_lines_are_kept() -> None:
    root = parse("# head\non:\n  push:\n    branches: [main,\n      dev]\n").root

    assert isinstance(root, Map)
    assert root.line_of("on") == 2
    push = root.get("on")
    assert isinstance(push, Map)
    branches = push.get("push")
    assert isinstance(branches, Map)
    listing = branches.get("branches")
    assert isinstance(listing, Seq)
    assert [(item.text, item.line) for item in listing.items if isinstance(item, Scalar)] == [("main", 4), ("dev", 5)]


def test_anchors_are_followed() -> None:
    root = parse("a: &x [1, 2]\nb: *x").root

    assert isinstance(root, Map)
    assert root.get("a") == root.get("b")
