"""Functions are cut out of three languages, what comments and strings say is out of the way, and who is called by nobody is told."""

from __future__ import annotations

import re

import pytest

from tests.timing import processor_seconds
from troth.judgement.blanked import blanked
from troth.judgement.passages import Passage, mentioned, passages
from troth.terms.facts.tree import File, Tree


def tree(**files: str) -> Tree:
    """A tree of files by name, two underscores for a slash and a single one before the ending."""
    named = {re.sub(r"_(py|ts|rs)\Z", r".\1", name).replace("__", "/"): text.encode() for name, text in files.items()}
    return Tree({path: File(path, len(data)) for path, data in named.items()}, named.get)


def named(judged: Tree, *words: bytes) -> dict[str, Passage]:
    return {one.name: one for one in passages(judged, words) if one.name}


PYTHON = '''"""Says secret."""
import os


class Door:
    """Says secret."""

    def open(self, key):
        """Says secret."""
        # says secret
        def inner():
            return f"secret {key}"

        return inner()


def close():
    return "secret"
'''
TYPESCRIPT = """
// says secret
export async function open(key: string): Promise<void> {
  const text = `secret ${key}`;
  app.post("/secret", async (request) => { answer(request); });
}
const add = (a: number, b: number): number => a + b;
class Door {
  private shut = true;
  async close(key: string): Promise<void> { this.shut = /se"cret/.test(key); }
}
"""
RUST = """
impl Door { pub fn open(&self, key: &'a str) -> Result<(), Fault> { go("secret {}"); } }
fn main() { /* secret */ }
"""


def test_functions_of_python_carry_their_class_and_their_lines() -> None:
    found = named(tree(app_py=PYTHON), b"secret")

    assert {name: (one.owner, one.line, one.end) for name, one in found.items()} == {"open": ("Door", 8, 14), "inner": ("Door", 11, 12), "close": ("", 17, 18)}


def test_functions_of_typescript_are_found_in_their_forms() -> None:
    found = named(tree(app_ts=TYPESCRIPT), b"secret")

    assert {name: (one.owner, one.line, one.end) for name, one in found.items()} == {"open": ("", 3, 6), "add": ("", 7, 7), "close": ("Door", 10, 10)}
    assert any(one.handed and "answer(request)" in one.code and not one.outside for one in passages(tree(app_ts=TYPESCRIPT), (b"secret",)))


def test_functions_of_rust_are_found() -> None:
    found = named(tree(app_rs=RUST), b"secret")

    assert {name: one.owner for name, one in found.items()} == {"open": "Door", "main": ""}


@pytest.mark.parametrize(("source", "language"), [(PYTHON, "python"), (TYPESCRIPT, "ecma"), (RUST, "rust")], ids=["python", "typescript", "rust"])
def test_what_comments_and_strings_say_is_blanked_and_nothing_moves(source: str, language: str) -> None:
    clean = blanked(source, language)

    assert "secret" not in clean.code
    assert "says secret" not in clean.text.lower()
    assert len(clean.code) == len(clean.text) == len(source)
    assert [len(line) for line in clean.code.split("\n")] == [len(line) for line in source.split("\n")]


def test_what_is_put_into_a_string_stays() -> None:
    assert "key" in blanked('x = f"secret {key}"\n', "python").code
    assert "key" in blanked("const x = `secret ${key}`;\n", "ecma").code


def test_the_outside_of_a_file_holds_no_function() -> None:
    outside = next(one for one in passages(tree(app_py=PYTHON), (b"secret",)) if one.outside)

    assert "import os" in outside.code
    assert "inner" not in outside.code


def test_a_file_that_cannot_be_parsed_is_named() -> None:
    assert passages(tree(app_py="def secret(:\n"), (b"secret",)).unread == ("app.py",)


def test_only_files_that_hold_a_word_are_cut() -> None:
    assert passages(tree(app_py="def f(:\n"), (b"secret",)).unread == ()


@pytest.mark.parametrize(
    ("other", "called"),
    [
        ("from app import close\n", False),
        ("# close()\n", False),
        ('"""close()"""\n', False),
        ("from app import close\n\nclose()\n", True),
        ("from app import close\n\nDOORS = {'shut': close}\n", True),
        ("import app\n\ngetattr(app, 'close')()\n", True),
    ],
    ids=["imported", "in a comment", "in a docstring", "called", "in a table", "by its name at run time"],
)
def test_whether_anybody_calls_a_function(other: str, called: bool) -> None:
    judged = tree(app_py=PYTHON, main_py=other)

    assert mentioned(judged, named(judged, b"secret")["close"]) is called


def test_a_call_from_a_test_does_not_count() -> None:
    judged = tree(app_py=PYTHON, tests__test_app_py="from app import close\n\nclose()\n")

    assert not mentioned(judged, named(judged, b"secret")["close"])


HOSTILE = {"bracket": "(", "assignment": "a=", "arrow": "a=(", "quote": "'", "template": "`${", "comment": "/*", "function": "function f(", "block": "=> {", "backslash": "\\", "call": "f(a, "}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_text_without_ends_takes_no_time_to_speak_of(unit: str) -> None:
    judged = tree(app_ts="secret\n" + "\n".join([unit * 20] * 600))

    with processor_seconds(5):
        passages(judged, (b"secret",))


def test_functions_that_stand_in_each_other_without_end_are_not_cut() -> None:
    assert passages(tree(app_ts="secret\n" + "(() => {\n" * 3000 + "})\n" * 3000), (b"secret",)).unread == ("app.ts",)
