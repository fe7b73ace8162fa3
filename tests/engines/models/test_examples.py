"""Examples of a project's own texts: which load unsafely, at which line, and which are shown as wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import tree_of
from troth.engines.models.examples import look, python_fences
from troth.terms.facts.dependencies import Dependencies

BAD = 'state = torch.load("a.pt")'


def unsafe(text: str, path: str = "README.md") -> list[tuple[int, str]]:
    return [(item.place.line, item.rule) for item in look(tree_of({path: text}), Dependencies()).unsafe]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"# x\n\n```python\nimport torch\n{BAD}\n```\n", 5),
        (f"```python\n{BAD}\n```\n", 2),
        (f"1. Load it:\n\n   ```py\n   {BAD}\n   ```\n", 4),
        (f"> ```python\n> {BAD}\n> ```\n", 2),
        (f"```pycon\n>>> {BAD}\n{{}}\n```\n", 2),
        (f"~~~~ {{.python}}\n{BAD}\n~~~~\n", 2),
        (f"```\n{BAD}\n```\n", 2),
        ("```python\nfrom torch import load\n```\n\nThen:\n\n```python\nload('a.pt')\n```\n", 8),
        (f"```python\nmodel = Net(...)\n  ...\n{BAD}\n  Output: 3\n```\n", 4),
        (f"Verify the digest before loading:\n\n```python\n{BAD}\n```\n", 4),
        (f"```python\n{BAD}", 2),
    ],
)
def test_an_unsafe_example_is_found_at_its_line(text: str, line: int) -> None:
    assert [(line, "torch-load")] == unsafe(text)


def test_examples_of_restructured_text_are_read() -> None:
    assert [(4, "torch-load")] == unsafe(f".. code-block:: python\n   :linenos:\n\n   {BAD}\n\nend\n", "docs/use.rst")


@pytest.mark.parametrize(
    "text",
    [
        '```python\ntorch.load("a.pt", weights_only=True)\n```\n',
        f"```python\n# BAD: runs code\n{BAD}\n```\n",
        f"```python\n{BAD}  # unsafe\n```\n",
        f"Never do this:\n\n```python\n{BAD}\n```\n",
        f"❌ Wrong\n\n```python\n{BAD}\n```\n",
        f"```text\n{BAD}\n```\n",
        f"```javascript\n{BAD}\n```\n",
        f"{BAD}\n",
        "```python\njson.load(open('a'))\n```\n",
    ],
)
def test_a_safe_example_and_one_that_is_shown_as_wrong_are_none(text: str) -> None:
    assert [] == unsafe(text)


def test_the_wrong_half_is_left_out_and_the_half_after_it_counts() -> None:
    assert [(5, "torch-load")] == unsafe(f"```python\n# BAD\n{BAD}\n# and then\n{BAD}\n```\n")


def test_texts_of_others_and_of_tests_do_not_count() -> None:
    text = f"```python\n{BAD}\n```\n"

    assert [] == unsafe(text, "vendor/x/README.md")
    assert [] == unsafe(text, "tests/README.md")
    assert [] == unsafe(text, "CHANGELOG.md")


def test_what_cannot_be_parsed_is_named() -> None:
    found = look(tree_of({"README.md": "```python\nif x torch.load(\n```\n"}), Dependencies())

    assert [2] == [place.line for place in found.unread]


@given(st.text(alphabet="`~ \n>#.-ptorch.lad(x)'python:", max_size=120))
@settings(max_examples=80, deadline=None)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for first, code in python_fences(tuple(text.split("\n"))):
        assert first >= 1
        assert len(code) <= len(text.split("\n")) + 1
    look(tree_of({"README.md": text}), Dependencies())
