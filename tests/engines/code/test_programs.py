"""What programs define and call: mentions, tests left out, expressions as their engine reads them, parsers that are absent."""

from __future__ import annotations

import sys

import pytest

from tests.engines.trees import tree_of
from troth.engines.code.programs import grown, look
from troth.engines.code.programs.gathered import Gathered
from troth.engines.code.programs.literals import javascript_string
from troth.judgement import guard_names
from troth.judgement.guards import split
from troth.terms.facts.programs import Programs, Unit

look_module = sys.modules[look.__module__]


def unit(programs: Programs, name: str) -> Unit:
    return next(item for item in programs.units if item.name == name)


def test_a_name_that_only_a_test_mentions_has_no_use() -> None:
    programs = look(tree_of({"a.py": "def validate_it(x):\n    return x\n", "tests/test_a.py": "from a import validate_it\nvalidate_it(1)\n"}))

    assert not programs.uses(unit(programs, "validate_it"))


def test_an_import_is_no_use_and_a_table_is_one() -> None:
    idle = look(tree_of({"a.py": "def validate_it(x):\n    return x\n", "b.py": "from a import validate_it\n"}))
    used = look(tree_of({"a.py": "def validate_it(x):\n    return x\n", "b.py": "from a import validate_it\nTABLE = [validate_it]\n"}))

    assert not idle.uses(unit(idle, "validate_it"))
    assert [str(item.place) for item in used.uses(unit(used, "validate_it"))] == ["b.py:2"]


def test_calls_within_the_own_body_do_not_count() -> None:
    programs = look(tree_of({"a.py": "def validate_it(x):\n    return x and validate_it(x - 1)\n"}))

    assert not programs.uses(unit(programs, "validate_it"))


def test_what_follows_a_module_of_rust_tests_counts_and_keeps_its_line() -> None:
    text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() { validate_it(1) }\n}\n\nfn b() { validate_it(2) }\n"
    programs = look(tree_of({"a.rs": text}))

    assert [str(item.place) for item in programs.mentions["validate_it"]] == ["a.rs:8"]


def test_a_module_of_rust_tests_in_a_file_of_its_own_hides_nothing() -> None:
    programs = look(tree_of({"lib.rs": "mod a;\n#[cfg(test)]\nmod tests;\n\npub fn b() { validate_it(2) }\n"}))

    assert [str(item.place) for item in programs.mentions["validate_it"]] == ["lib.rs:5"]


@pytest.mark.skipif(grown.parser(".rs") is None, reason="tree-sitter for Rust is not installed")
def test_a_rust_file_whose_functions_guard_nothing_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def note(path: str, _data: bytes, _into: Gathered) -> str:
        parsed.append(path)
        return ""

    monkeypatch.setattr(look_module, "read_grown", note)
    look(tree_of({"a.rs": "fn requires_grad() { validate_it(1) }\n", "b.rs": "fn validate_it() {}\n"}))

    assert parsed == ["b.rs"]


def test_a_guard_counts_as_uncalled_only_where_all_of_its_language_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.py": "def validate_it(x):\n    return x\n", "b.py": "from a import validate_it\nvalidate_it(1)\n", "c.rs": "fn validate_it() {}\n"}
    monkeypatch.setattr(look_module, "_BUDGET_BYTES", {"python": len(files["a.py"]), "rust": 100})
    programs = look(tree_of(files))

    assert [path for path, _ in programs.unread] == ["b.py"]
    assert "python is over" in programs.unread[0][1]
    assert programs.unseen(unit(programs, "validate_it"))
    assert split([unit(programs, "validate_it")], programs)[1] == []
    assert split([unit(look(tree_of({"a.py": files["a.py"]})), "validate_it")], look(tree_of({"a.py": files["a.py"]})))[1]


@pytest.mark.parametrize("word", [word.decode() for word in guard_names.LITERALS])
def test_every_word_is_found_through_its_stem(word: str) -> None:
    assert word.encode() in tuple(guard_names.literals(b"a " + word.encode() + b" b"))


@pytest.mark.skipif(grown.parser(".ts") is None, reason="tree-sitter for TypeScript is not installed")
def test_typescript_is_read() -> None:
    files = {"a.ts": "export function redactIt(x: string) { return x; }\nexport { redactIt as other };\n", "b.ts": "import { redactIt } from './a';\nredactIt('x');\n"}
    programs = look(tree_of(files))

    assert unit(programs, "redactIt").parameters == ("x",)
    assert [str(item.place) for item in programs.uses(unit(programs, "redactIt"))] == ["b.ts:2"]


@pytest.mark.skipif(grown.parser(".rs") is None, reason="tree-sitter for Rust is not installed")
def test_rust_tests_are_left_out() -> None:
    text = "pub fn validate_it(x: u8) -> bool { x > 0 }\n\n#[cfg(test)]\nmod tests {\n    fn validate_other() { super::validate_it(1); }\n}\n"
    programs = look(tree_of({"src/lib.rs": text}))

    assert [item.name for item in programs.units] == ["validate_it"]
    assert not programs.uses(unit(programs, "validate_it"))


def test_a_language_without_a_parser_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(look.__globals__, "parser", lambda _extension: None)
    programs = look(tree_of({"a.ts": "export function redactIt() {}\n", "a.py": "x = 1\n"}))

    assert programs.missing == ("typescript",)


def test_a_file_that_cannot_be_parsed_is_named() -> None:
    assert look(tree_of({"a.py": "def validate_it(:\n"})).unread[0][0] == "a.py"


@pytest.mark.parametrize(("raw", "value"), [(r"'[a_\-\.]'", "[a_-.]"), (r"'\\d+'", r"\d+"), (r"'\x41\u0042\u{43}'", "ABC"), (r'"\n"', "\n")])
def test_a_literal_means_what_its_language_says(raw: str, value: str) -> None:
    assert javascript_string(raw) == value


def test_an_expression_is_tried_as_its_engine_gets_it() -> None:
    text = 'import re\n\ndef redact_it(x):\n    return re.sub(r"(?i)bearer \\S+", "*", x) + re.sub(r"[z-a]", "", x) + re.sub(r"(a+)+$", "", x)\n'
    by_text = {item.text: item for item in look(tree_of({"a.py": text})).patterns}
    assert "bearer header" in (by_text[r"(?i)bearer \S+"].hits or ())
    assert by_text["[z-a]"].error
    assert by_text["(a+)+$"].hits is None
    assert not by_text["(a+)+$"].error
