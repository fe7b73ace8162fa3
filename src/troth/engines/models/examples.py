"""Python examples in model cards, readmes, policies and docs, judged by the rules of the code engine: which of them load a model so that its file can run code.

A fence is parsed as a program of its own; names that a reader would have imported (`torch`, `np` ...) and imports of earlier fences of the same text count as imported. Where a fence is no whole program (`...`, output
between the lines), the lines that are Python by themselves count. An example that is shown as wrong, by a word beside it, is no advice. Nothing is run.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import Final

from troth.engines.code.prefilter import Prefilter
from troth.engines.code.rule import Context, Rule
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_files
from troth.judgement.torch_default import torch_default
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.model_examples import ModelExamples, UnsafeExample
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["look", "python_fences"]

_TEXTS: Final = re.compile(
    r"(?:^|/)(?:readme|model[_-]?card|modelcard|security|usage|quick[_-]?start|getting[_-]?started|install\w*|tutorial|inference|deploy\w*)[^/]*\.(?:md|markdown|rst|mdx)\Z|^docs?/.*\.(?:md|markdown|mdx|rst)\Z",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party|site-packages|tests?|fixtures?|testdata)/", re.IGNORECASE)
_WANTED: Final = frozenset((
    "torch-load", "pickle-load", "keras-unsafe-load", "numpy-allow-pickle", "trust-remote-code", "torch-force-pickle", "torch-code-load", "torch-safe-globals", "faiss-deserialization", "hub-unpinned",
))  # fmt: skip
_SPEAKS: Final = re.compile(rb"load|trust_remote_code|from_pretrained|TORCH_FORCE|unpickl|safe_globals", re.IGNORECASE)
_FENCE: Final = re.compile(r"(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)\Z")
_LANGUAGES: Final = frozenset(("python", "py", "python3", "pycon", "ipython", "jupyter", "python-console", ""))
_DIRECTIVE: Final = re.compile(r"(?P<lead>[ \t]*)\.\. (?:code-block|code|sourcecode)::[ \t]*(?P<info>\w*)[ \t]*\Z")
_IMPORT: Final = re.compile(r"(?:import|from)[ \t]+[\w.]+[^\n;()]*\Z")
_PRELUDE: Final = "import torch, pickle, joblib, dill, cloudpickle, keras, numpy, numpy as np, pandas as pd, tensorflow as tf, tensorflow, transformers"
_WRONG: Final = re.compile(
    r"\b(?:bad|unsafe|insecure|wrong|vulnerable|dangerous|never|avoid|incorrect|don'?t|do not|not recommended|instead of|deprecated|before|legacy|old|attack\w*|exploit\w*|malicious|anti-?pattern)\b|[❌✗✘🚫⛔]",
    re.IGNORECASE,
)
_WRONG_INTRO: Final = re.compile(r"\b(?:bad|unsafe|insecure|wrong|vulnerable|dangerous|never|incorrect|don'?t|do not|not recommended|instead of|attack\w*|exploit\w*|malicious|anti-?pattern)\b|[❌✗✘🚫⛔]", re.IGNORECASE)
"""In the text before a fence, "before" and "avoid" speak of other things."""
_TEXT_LIMIT: Final = 1024 * 1024
_FENCES_LIMIT: Final = 2_000


def look(tree: Tree, dependencies: Dependencies) -> ModelExamples:
    """Unsafe loads in the examples of the tree's own texts."""
    rules = tuple(rule for rule in every_rule() if rule.id in _WANTED)
    context = Context(torch_default(dependencies).safe)
    unsafe: list[UnsafeExample] = []
    unread: list[Place] = []
    for path, file in tree.files.items():
        if not _TEXTS.search(path) or _FOREIGN.search(path) or not 0 < file.size < _TEXT_LIMIT or not _SPEAKS.search(tree.reader(path) or b""):
            continue
        imports: list[str] = []
        lines = tree.lines(path)
        for first, code in python_fences(lines):
            _judge(path, lines, first, code, imports, rules, context, unsafe, unread)
    return ModelExamples(tuple(unsafe), tuple(unread))


def python_fences(lines: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """(line number of the first line, lines) of each block of Python, its indentation and prompts taken away; the lines keep their number.

    Args:
        lines: of a text in Markdown or reStructuredText.
    """
    number, count = 0, 0
    while number < len(lines) and count < _FENCES_LIMIT:
        opened = _FENCE.match(lines[number])
        directive = _DIRECTIVE.match(lines[number]) if opened is None else None
        number += 1
        if opened is not None:
            end = number
            while end < len(lines) and not _closes(lines[end], opened["mark"]):
                end += 1
            if _language(opened["info"]) in _LANGUAGES:
                count += 1
                yield number + 1, _bare([_unquoted(line) for line in lines[number:end]])
            number = end + 1
        elif directive is not None and directive["info"].lower() in _LANGUAGES:
            end = number
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith((directive["lead"] + " ", directive["lead"] + "\t"))):
                end += 1
            count += 1
            yield number + 1, _bare(["" if line.strip().startswith(":") else line for line in lines[number:end]])
            number = end


def _language(info: str) -> str:
    return re.split(r"[\s,{:]", info.strip().lstrip("{.").lower(), maxsplit=1)[0].rstrip("}")


def _closes(line: str, mark: str) -> bool:
    text = _unquoted(line).strip()
    return len(text) >= len(mark) and set(text) == {mark[0]}


def _unquoted(line: str) -> str:
    return re.sub(r"\A[ ]{0,3}(?:>[ ]?)+", "", line)


def _bare(lines: list[str]) -> list[str]:
    text = textwrap.dedent("\n".join(lines)).split("\n")
    prompted = any(line.startswith(">>>") for line in text)
    if not prompted:
        return [re.sub(r"\AIn \[\d+\]: ", "", line) for line in text]
    return [line[4:] if line.startswith((">>> ", "... ")) else "" for line in text]


def _judge(  # noqa: PLR0917
    path: str, lines: tuple[str, ...], first: int, code: list[str], imports: list[str], rules: tuple[Rule, ...], context: Context, unsafe: list[UnsafeExample], unread: list[Place]
) -> None:
    """Add what one fence shows; its imports count for the next."""
    before = "; ".join([_PRELUDE, *imports])
    imports.extend(line.strip() for line in code if _IMPORT.match(line.strip()) and _parses(line.strip()) and len(imports) < 200)
    if not _SPEAKS.search("\n".join(code).encode("utf-8", "replace")):
        return
    if not _parses("\n".join(code)):
        kept = [line.strip() if _parses(line.strip()) else "" for line in code]
        if not any(_SPEAKS.search(line.encode("utf-8", "replace")) for line in kept):
            if re.search(r"\bload\w*\(", "\n".join(code)):
                unread.append(Place(path, first))
            return
        code = kept
    data = "\n".join([before, *code, ""]).encode("utf-8", "replace")
    for finding in scan_files([(path, data)], Prefilter(rules, search="bytes"), context).findings:
        index = finding.line - 2
        if index < 0 or _shown_as_wrong(lines, first, code, index):
            continue
        unsafe.append(UnsafeExample(Place(path, first + index), finding.rule.id, finding.says, lines[first + index - 1].strip()[:200]))


def _shown_as_wrong(lines: tuple[str, ...], first: int, code: list[str], index: int) -> bool:
    """Whether a word in the line, in the comments right above it, or in the text that introduces the fence, calls it wrong."""
    at = first + index - 1
    near = [lines[at].partition("#")[2]]
    above = index - 1
    while above >= 0 and (code[above].lstrip().startswith("#") or not code[above].strip()):
        near.append(code[above])
        above -= 1
    if above < 0 or not any(line.lstrip().startswith("#") for line in code):
        intro = [line for line in lines[max(first - 7, 0) : first - 2] if line.strip()]
        if any(_WRONG_INTRO.search(line) for line in intro[-2:]):
            return True
    return any(_WRONG.search(line) for line in near)


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
