"""TypeScript, JavaScript and Rust: every rule finds its bad examples and none of its good ones, the labelled lines are judged as the bar demands, and nothing that cannot be read passes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.app.code import scan_code
from troth.engines.code.grown import scan as grown
from troth.engines.code.grown.scan import GrownScan, is_aside, language_of
from troth.engines.code.rule import Rule
from troth.engines.code.rules import every_rule

pytest.importorskip("tree_sitter_typescript", reason="the parsers of the extra `code` are not installed")

ROOT = Path(__file__).resolve().parents[3]
RULES = (*every_rule("ecma"), *every_rule("rust"))
EVERY = GrownScan(search="bytes")
NAMES = {"ecma": "example.ts", "rust": "example.rs"}


def _tool():
    spec = importlib.util.spec_from_file_location("eval_grown", ROOT / "tools" / "eval_grown.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["eval_grown"] = module
    spec.loader.exec_module(module)
    return module


def _found(text: str, rule: Rule) -> bool:
    return bool(GrownScan([rule], search="bytes").scan([(NAMES[rule.language], text.encode())]).findings)


def _rules(name: str, text: str) -> set[tuple[int, str]]:
    return {(item.line, item.rule.id) for item in EVERY.scan([(name, text.encode())]).findings}


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_finds_its_bad_examples_and_none_of_its_good_ones(rule: Rule) -> None:
    assert rule.bad
    assert rule.good
    assert [text for text in rule.bad if not _found(text, rule)] == []
    assert [text for text in rule.good if _found(text, rule)] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_says_what_it_is_about(rule: Rule) -> None:
    assert rule.id.startswith("js-" if rule.language == "ecma" else "rust-")
    assert rule.cwe
    assert all(name.startswith("CWE-") for name in rule.cwe)
    assert all(name.startswith("LLM") and name.endswith(":2025") for name in rule.owasp)
    assert all(name.startswith("AML.T") for name in rule.atlas)
    assert rule.why.endswith(".")
    assert rule.mend.endswith(".")


def test_the_labelled_lines_are_judged_as_the_bar_demands() -> None:
    tool, scan = _tool(), EVERY
    every = [one for sample in tool.samples() for one in tool.judged(sample, scan)]
    bad = [named for _, _, is_bad, named in every if is_bad]
    safe = [named for _, _, is_bad, named in every if not is_bad]

    assert len(bad) >= 100
    assert len(safe) >= 100
    assert sum(bad) >= 0.95 * len(bad)
    assert sum(bad) >= 0.98 * (sum(bad) + sum(safe))


def test_names_are_followed_through_modules_fields_and_promises() -> None:
    text = "import { exec as run } from 'node:child_process';\nimport util from 'util';\nclass A {\n  go = util.promisify(run);\n  f(name) { return this.go(`ls ${name}`); }\n}\n"

    assert _rules("a.ts", text) == {(5, "js-shell-injection")}
    assert _rules("a.js", "const cp = await import('child_process');\nfunction f(name) { cp.exec('ls ' + name); }\n") == {(2, "js-shell-injection")}
    assert _rules("a.js", "function exec(x) {}\nfunction f(name) { exec('ls ' + name); }\n// child_process\n") == set()


def test_a_test_against_a_list_ends_the_flow() -> None:
    before = "import { generateText } from 'ai';\nimport { execSync } from 'child_process';\nexport async function f() {\n  const { text } = await generateText({});\n"

    assert _rules("a.ts", before + "  if (!ALLOWED.includes(text)) throw new Error('no');\n  execSync(text);\n}\n") == set()
    assert _rules("a.ts", before + "  if (!ALLOWED.includes(other)) throw new Error('no');\n  execSync(text);\n}\n") == {(6, "js-shell-model-output")}


def test_a_module_of_tests_in_rust_is_left_out() -> None:
    text = "#[cfg(test)]\nmod tests {\n    static mut A: u8 = 0;\n}\nstatic mut B: u8 = 0;\n"

    assert _rules("a.rs", text) == {(5, "rust-static-mut")}


def test_what_cannot_be_looked_at_is_named() -> None:
    scan = EVERY
    large = b"const token = Math.random();\n" + b"// x\n" * 220_000
    result = scan.scan([("a.ts", None), ("b.ts", large), ("c.ts", b"const token = Math.random(;\n"), ("d.ts", b"const a = 1;\n")])

    assert [path for path, _ in result.unread] == ["a.ts", "b.ts", "c.ts"]
    assert result.files == 4


def test_a_language_without_its_parser_is_named_and_never_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grown, "parser", lambda _extension: None)
    result = EVERY.scan([("a.rs", b"static mut A: u8 = 0;\n")])

    assert result.unread == (("a.rs", "No parser for it is installed (the extra `code`)."),)


def test_what_is_somebody_elses_is_left_out(tmp_path: Path) -> None:
    for name in ("src/a.ts", "node_modules/b/a.ts", "dist/a.js", "src/a.test.ts", "src/lib.min.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("const token = Math.random();\n")
    report = scan_code(tmp_path)

    assert [item.path for item in report.scan.findings] == ["src/a.ts"]
    assert {rule.language for rule in report.rules} == {"python", "ecma", "rust"}
    assert is_aside("dist/a.js")
    assert language_of("a.tsx") == "ecma"
    assert language_of("Makefile") == ""


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="const token=Math.rand(){}[]`$\"'/;\n<>=>!.,evalFunction", max_size=400))
def test_no_text_stops_the_scan(text: str) -> None:
    for name in ("a.ts", "a.tsx", "a.js", "a.rs"):
        EVERY.scan([(name, b"eval( Math.random static mut " + text.encode())])


def test_a_deep_file_is_named_or_read() -> None:
    deep = "const token = " + "(" * 3000 + "Math.random()" + ")" * 3000 + ";\n"
    result = EVERY.scan([("a.js", deep.encode())])

    assert result.findings or result.unread
