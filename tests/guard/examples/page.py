"""Makes docs/guard-examples/README.md from the table of sentences and the examples: `python -m tests.guard.examples.page`."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "guard-examples"
HEAD = """# Sentences, the programs that break them, and one call

Every sentence of the five policies that a guard can make true, with a program that breaks it in the way it is broken in the wild (written anew, small) and the same program with one
guard call. `tests/guard/examples` runs all of them: the attack has to succeed against the first program and to fail against the second, and ordinary use has to work in both.

This page is made from `sentences.toml` and the examples by `python -m tests.guard.examples.page`; do not edit it.

| the policy says | where | example |
|---|---|---|
"""


def sentences() -> list[dict[str, Any]]:
    """The table."""
    return list(tomllib.loads((FOLDER / "sentences.toml").read_text(encoding="utf-8"))["sentence"])


def examples() -> list[Path]:
    """The programs."""
    return sorted(FOLDER.glob("*.py"))


def page() -> str:
    """The whole page."""
    rows = [f"| {_cell(item['says'])} | {item['policy']}, line {item['line']} | [{item['example']}](#{item['example']}) |" for item in sentences()]
    return HEAD + "\n".join(rows) + "\n" + "".join(_section(path) for path in examples())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(path: Path) -> str:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    shown = [ast.get_source_segment(source, node) or "" for node in tree.body if _shown(node)]
    body = "\n\n\n".join(shown)
    return f"\n## {path.stem}\n\n{ast.get_docstring(tree)}\n\n```python\n{body}\n```\n"


def _shown(node: ast.stmt) -> bool:
    """Everything but imports, constants' texts, the attack and the ordinary use."""
    if isinstance(node, ast.FunctionDef):
        return node.name not in ("attack", "works") and not node.name.startswith("_")
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name) and node.targets[0].id == "unguarded"
    return False


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
