"""Adds `weights_only=True` to `torch.load`, and turns a constant `False` round. Edits Python by the spans of its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from troth.jobs.recommend.edits import Edit, TextFile, edited
from troth.jobs.recommend.facts import Facts
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch

__all__ = ["MODULE", "WeightsOnly", "with_weights_only"]

_TEST: Final = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|bench\w*)/|(?:^|/)(?:test_[^/]*|conftest)\.py$")
_SIZE: Final = 1_000_000


class WeightsOnly:
    """See the module."""

    name = "weights-only"
    controls = ("model/weights-only", "model/trusted-source")
    wants = ("*.py",)

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over all Python files outside tests and examples."""
        texts: dict[str, str] = {}
        starred: list[str] = []
        for file in facts.matching("*.py"):
            if _TEST.search(file.path) or "torch" not in file.text or "load" not in file.text or len(file.text) > _SIZE:
                continue
            text = with_weights_only(file.text)
            if text is None:
                starred.append(file.path)
            elif text != file.text:
                texts[file.path] = text
        made = patch(
            facts, self.name, texts, title="Load weights alone from model files", mends=facts.complaints, risk=Risk.MEDIUM,
            why="torch.load runs what a pickle says unless it is told to load weights alone.",
            cautions=("A checkpoint that holds objects besides tensors no longer loads; name their classes with torch.serialization.add_safe_globals.",),
        )  # fmt: skip
        if made is not None:
            yield made
        if starred:
            yield Gap(self.name, tuple(one.fingerprint for one in facts.complaints), f"Python that can be read in {', '.join(starred[:5])}", "The file is no Python of this version.")


def with_weights_only(text: str) -> str | None:
    """The text with every `torch.load` told to load weights alone; None where it is not Python."""
    file = TextFile.of(text)
    try:
        tree = ast.parse(file.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = _names(tree)
    starts = _line_starts(file.body)
    edits = [edit for node in ast.walk(tree) if isinstance(node, ast.Call) and _dotted(node.func) in names for edit in _call(node, file, starts)]
    return edited(file, edits)


def _names(tree: ast.Module) -> frozenset[str]:
    """What `torch.load` is called in this file."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "torch" or (alias.name.startswith("torch.") and alias.asname is None):
                    found |= {f"{alias.asname or 'torch'}.load", f"{alias.asname or 'torch'}.serialization.load"}
        elif isinstance(node, ast.ImportFrom) and node.module in ("torch", "torch.serialization") and not node.level:
            found |= {alias.asname or alias.name for alias in node.names if alias.name == "load"}
            found |= {f"{alias.asname or alias.name}.load" for alias in node.names if alias.name == "serialization"}
    return frozenset(found)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""


def _line_starts(body: str) -> list[int]:
    """Index of each line as Python counts lines."""
    starts = [0]
    starts.extend(match.end() for match in re.finditer(r"\r\n|\r|\n", body))
    return starts


def _index(body: str, starts: list[int], line: int, column: int) -> int:
    """Index of a place that Python gives as a line and a column in UTF-8 bytes."""
    start = starts[line - 1]
    end = starts[line] if line < len(starts) else len(body)
    return start + len(body[start:end].encode("utf-8")[:column].decode("utf-8"))


def _call(node: ast.Call, file: TextFile, starts: list[int]) -> Iterator[Edit]:
    if any(keyword.arg is None for keyword in node.keywords) or any(isinstance(item, ast.Starred) for item in node.args):
        return
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "weights_only"), None)
    if isinstance(given, ast.Constant) and given.value is False:
        start = _index(file.body, starts, given.lineno, given.col_offset)
        yield Edit(start, start + len("False"), "True")
    if given is not None or not (node.args or node.keywords) or node.end_lineno is None or node.end_col_offset is None:
        return
    last = max([*node.args, *(keyword.value for keyword in node.keywords)], key=lambda item: (item.end_lineno or 0, item.end_col_offset or 0))
    close = _index(file.body, starts, node.end_lineno, node.end_col_offset) - 1
    after = _index(file.body, starts, last.end_lineno or 1, last.end_col_offset or 0)
    yield _added(file, after, close)


def _added(file: TextFile, after: int, close: int) -> Edit:
    """The keyword behind the last argument: on a line of its own where the arguments stand on lines of their own."""
    tail = _code(file.body[after:close])
    parens = tail.rfind(")") + 1
    comma = tail.find(",", parens)
    at = after + (comma + 1 if comma >= 0 else parens)
    if "\n" in tail and file.body[file.line_start(at) : at].strip() and not file.body[file.line_start(close) : close].strip():
        indent = file.indent(at)
        line = f"{indent}weights_only=True,"
        if comma >= 0:
            return Edit(file.next_line(at), file.next_line(at), f"{line}\n")
        return Edit(at, at, f",\n{line}")
    return Edit(at, at, f"{' ' if comma >= 0 else ', '}weights_only=True")


def _code(tail: str) -> str:
    """`tail` with comments blanked, so that a comma in one is none."""
    return re.sub(r"#[^\n]*", lambda match: " " * len(match[0]), tail)


MODULE = WeightsOnly()
