"""Scan the code of a tree: its Python files and notebooks, TypeScript, JavaScript and Rust through the code rules, with what its manifests say about torch, and ruff's rules where asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from troth.engines.code.grown.scan import GrownScan, is_aside, language_of
from troth.engines.code.prefilter import Prefilter
from troth.engines.code.ruff import RuffRun, run_ruff
from troth.engines.code.rule import Context, Rule
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import CodeScan, scan_files
from troth.engines.git.repository import open_repository
from troth.engines.git.tree import look
from troth.errors import UsageError
from troth.judgement.torch_default import torch_default
from troth.terms.facts.tree import Tree

__all__ = ["CodeReport", "scan_code"]


@dataclass(frozen=True, slots=True)
class CodeReport:
    """A scan, ruff's run, and what torch's default was taken for."""

    scan: CodeScan
    ruff: RuffRun
    rules: tuple[Rule, ...]


@dataclass
class _Context:
    """Reads manifests only when a file speaks of torch."""

    tree: Tree

    @cached_property
    def context(self) -> Context:
        """What the manifests say about torch."""
        from troth.engines.dependencies import look as look_at_dependencies

        return Context(torch_default(look_at_dependencies(self.tree)).safe)


def scan_code(path: Path, *, ruff: bool = False, search: str = "") -> CodeReport:
    """Scan a folder, a repository or one file.

    Args:
        path: what to scan.
        ruff: also run ruff's S rules.
        search: how files are searched (see `Prefilter`).

    Raises:
        UsageError: nothing is there.
        LookError: the tree cannot be listed.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    root = path.parent if path.is_file() else path
    repository = open_repository(root)
    tree = look(repository)
    listed = [name for name, file in tree.files.items() if file.mode != "120000"]
    if path.is_file():
        listed = [name for name in listed if name.endswith(path.name) and (repository.root / name).samefile(path)]
    wanted = [name for name in listed if name.endswith((".py", ".pyw", ".ipynb"))]
    grown = [name for name in listed if language_of(name) and (path.is_file() or not is_aside(name))]
    rules = every_rule()
    lazy = _Context(tree)
    read = getattr(tree.reader, "__wrapped__", tree.reader)  # each file is read once: nothing to keep
    scan = scan_files(((name, read(name)) for name in wanted), Prefilter(rules, search=search), lambda: lazy.context)
    if grown:
        scan = _both(scan, GrownScan(search=search).scan((name, read(name)) for name in grown))
        rules += (*every_rule("ecma"), *every_rule("rust"))
    run = run_ruff(root, wanted) if ruff else RuffRun(False, why="not asked for (--ruff)")
    return CodeReport(scan, run, rules)


def _both(first: CodeScan, second: CodeScan) -> CodeScan:
    """Two scans of one tree as one, findings in order of path and line."""
    findings = sorted((*first.findings, *second.findings), key=lambda item: (item.path, item.line, item.rule.id))
    return CodeScan(tuple(findings), first.files + second.files, first.parsed + second.parsed, (*first.unread, *second.unread))
