"""Every rule finds its bad examples and none of its good ones; names are followed, suppressions are shown, nothing unreadable passes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engines.code.backtracking import explodes
from troth.engines.code.prefilter import Prefilter, imported, without_long_strings
from troth.engines.code.rule import Context, Rule
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_files, scan_text

ROOT = Path(__file__).resolve().parents[3]
RULES = every_rule()
PLAIN = Prefilter(RULES, search="bytes")


def _tool():
    spec = importlib.util.spec_from_file_location("eval_code", ROOT / "tools" / "eval_code.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["eval_code"] = module
    spec.loader.exec_module(module)
    return module


def lines(text: str, rule: str, context: Context | None = None) -> list[int]:
    return [item.line for item in scan_text(text, RULES, context).findings if item.rule.id == rule]


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_finds_its_bad_examples_and_none_of_its_good_ones(rule: Rule) -> None:
    assert rule.bad
    assert rule.good
    for text in rule.bad:
        assert scan_text(text, [rule]).findings, text
    for text in rule.good:
        assert not scan_text(text, [rule]).findings, text


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_says_what_it_is_about(rule: Rule) -> None:
    assert all(name.startswith("CWE-") for name in rule.cwe)
    assert rule.cwe
    assert all(name.startswith("LLM") and name.endswith(":2025") for name in rule.owasp)
    assert all(name.startswith("AML.T") for name in rule.atlas)
    assert rule.why.endswith(".")
    assert rule.mend.endswith(".")


def test_the_labelled_lines_are_judged_as_the_bar_demands() -> None:
    tool = _tool()
    found, held = tool.Count(), tool.Count()
    for sample in tool.samples():
        judged = tool.strict(sample, tool.ours(sample), False)
        tool.add(found, sample, judged)
        if sample.held_out:
            tool.add(held, sample, judged)

    for count in (found, held):
        assert count.hit >= 0.98 * (count.hit + count.false)
        assert count.hit >= 0.95 * (count.hit + count.missed)
    assert found.hit + found.missed + sum(not bad for sample in tool.samples() for bad, _ in sample.labels.values()) >= 200


def test_the_torch_that_is_resolved_decides() -> None:
    text = "import torch\ntorch.load('a')\n"

    assert lines(text, "torch-load", Context(torch_safe=None)) == [2]
    assert lines(text, "torch-load", Context(torch_safe=False)) == [2]
    assert lines(text, "torch-load", Context(torch_safe=True)) == []
    assert lines("import torch\ntorch.load('a', weights_only=False)\n", "torch-load", Context(torch_safe=True)) == [2]


def test_weights_from_an_address_are_a_pickle_under_every_version_of_torch() -> None:
    text = "from torch.hub import load_state_dict_from_url as get\na = get('https://x.org/w.pth')\nb = get('https://x.org/w.pth', weights_only=True)\n"
    assert lines(text, "torch-code-load", Context(torch_safe=True)) == [2]


def test_one_of_several_partials_is_not_followed_and_not_blamed() -> None:
    text = "import torch\nfrom functools import partial\nload = str if x else partial(torch.load, weights_only=True)\nload('a')\n"

    assert lines(text, "torch-load") == []


def test_a_comment_that_silences_scanners_is_shown_and_hides_nothing() -> None:
    text = "import pickle\npickle.load(f)  # nosec B301\npickle.load(f)  # noqa: S301\npickle.load(f)  # noqa: E501\n"
    found = scan_text(text, RULES).findings

    assert [item.suppressed for item in found] == ["# nosec B301", "# noqa: S301", ""]


def test_what_cannot_be_parsed_is_named() -> None:
    scan = scan_files([("a.py", b"import pickle\npickle.load(\n"), ("b.py", None), ("c.py", b"x = 1\n")], PLAIN, Context())

    assert [path for path, _ in scan.unread] == ["a.py", "b.py"]
    assert not scan.findings


@pytest.mark.parametrize("search", ["hyperscan", "ahocorasick"])
def test_every_search_chooses_the_same_rules(search: str) -> None:
    pytest.importorskip(search)
    tool = _tool()
    plain, quick = Prefilter(RULES, search="bytes"), Prefilter(RULES, search=search)
    own = [path.read_bytes() for path in sorted((ROOT / "src" / "troth" / "engines").rglob("*.py"))]
    for data in (*(sample.text.encode() for sample in tool.samples()), *own, b"", b"import torch", b"from a import torch\ntorch.load(x)"):
        assert plain.rules(data) == quick.rules(data), data[:80]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_of_any_kind_pass_the_prefilter(data: bytes) -> None:
    PLAIN.rules(data)
    scan = scan_files([("a.py", b"import pickle, torch, re\npickle.load(f)\n" + data)], PLAIN, Context())
    assert scan.files == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"import torch", {b"torch"}),
        (b"from torch.jit import load", {b"torch"}),
        (b"import os, torch as t", {b"os", b"torch"}),
        (b"x = __import__('pickle')", {b"pickle"}),
        (b"m = importlib.import_module(\"torch.nn\")", {b"torch"}),
        (b"try:\n    import dill\nexcept ImportError: pass", {b"dill"}),
    ],
)
def test_imports_are_read_from_the_text(text: bytes, names: set[bytes]) -> None:
    assert names <= imported(text)


def test_a_docstring_is_no_code_and_doubtful_quotes_stay() -> None:
    assert without_long_strings(b'"""torch.load"""\nx = 1\n') == b'""\nx = 1\n'
    assert b"torch.load" in without_long_strings(b"'''a\"\"\"'''\ntorch.load(x)\n\"\"\"")


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|b|ab)*c", r"(a|aa)+$", r"(\w+\s*)+$", r"(.*)*x", r"([a-z]+)*\d", r"(a*)*c"])
def test_an_ambiguous_loop_explodes(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize(
    "pattern", [r"a+$", r"(ab)+$", r"(?:[a-z]+,)*[a-z]+$", r"(a+)+", r"(x|y)*z", r"\p{L}+\s?", r"(", r"(?>a+)+$", r"[^,]*(?:,[^,]*)*$"]
)
def test_what_has_one_way_does_not(pattern: str) -> None:
    assert not explodes(pattern)


EVERY_SYNTAX = '''
import pickle, torch
from a import b as c
x: int = 1
async def f(a, /, b=1, *args, c: int = 2, **kw) -> None:
    global g
    async with a as b, c as (d, *e): await a
    async for i in a: yield i
    return await (lambda z=1: pickle.load(z))(1)
class K(object, metaclass=type):
    y = [q for q in x if q] + [*x]
    def m(self): nonlocal_ = {**{}}; return {i: j for i, j in x}, {k for k in x}
match x:
    case True | None: pass
    case {"a": 1, **rest}: del rest
    case [1, *more] if (n := 2): raise ValueError from None
    case K(y=2) as named: assert named, f"{named!r:>{x}}"
    case -1 | 1 + 2j | b"": pass
try: pass
except* (TypeError, ValueError) as error: pass
while not x[1:2:3]: break
else: x @= ~x ** 2 if x is not None and x in x else 0 < x <= 2
with a: pickle.loads(x)
'''


def test_every_kind_of_syntax_is_walked() -> None:
    assert lines(EVERY_SYNTAX, "pickle-load") == [9, 23]


def test_imports_behind_another_statement_count() -> None:
    assert lines("try: from pickle import load\nexcept ImportError: load = None\nload(f)\n", "pickle-load") == [3]


@pytest.mark.parametrize("kept", [b"", b"no database", None])
def test_a_damaged_cache_costs_time_and_changes_nothing(kept: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hyperscan")
    monkeypatch.setenv("TROTH_CACHE", str(tmp_path))
    data = b"import pickle\npickle.load(f)\n"
    found = Prefilter(RULES, search="hyperscan").rules(data)
    (file,) = tmp_path.iterdir()
    good = file.read_bytes()
    file.write_bytes(good[:2000] if kept is None else kept)

    assert Prefilter(RULES, search="hyperscan").rules(data) == found
    assert file.read_bytes() == good
    assert Prefilter(RULES, search="hyperscan").rules(data) == found
