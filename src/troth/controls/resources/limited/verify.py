"""Judges whether limits and timeouts are in force: what only documentation shows is in force nowhere."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines, universal
from troth.judgement.stated_limits import stated_limits
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Verdict

_CODE = {
    "limits": r"setrlimit|RLIMIT_|cgroup|mem_?limit|memory_?limit|max_?memory|max_?size|max_?bytes|max_?length|max_?tokens|max_?files?|size_?limit|per_process_memory_fraction|ulimit|limit_\w+|deploy:|"
    r"resources:|MAX_\w+|nice\(",
    "timeouts": r"time_?out|signal\.alarm|deadline|wait_for\(|AbortSignal|AbortController|setitimer|Duration::from",
    "monitor": r"psutil|prometheus|getrusage|memory_allocated|memory_reserved|nvidia-smi|pynvml|tracemalloc|opentelemetry|statsd|memoryUsage\(|resource_usage|max_memory_allocated|wandb|tensorboard|SummaryWriter",
    "gpu": r"per_process_memory_fraction|CUDA_VISIBLE_DEVICES|memory_allocated|set_memory_growth|empty_cache",
}
_MEND = "Put the limit where the program runs, not only where it is described."

_CUT = re.compile(r"\btruncat\w+ (?:to|at|after)\b|\bcapped (?:at|to)\b|\bno (?:more|longer) than\b|\bat most\b|\bmax(?:imum)?\b.{0,20}\d")


def verify(params: Params, statement: Statement, tree: Tree) -> Verdict:
    """Kept where the code goes by the number that the sentence gives; Broken where the documentation shows the mechanism and no code or configuration has it; else a run over the limit would tell."""
    other = not_a_claim(statement, "limit resources")
    if other is not None:
        return other
    kind = _kind(params, statement)
    if kind is None:
        return prove("limits", "Which resource is limited, and how far, the sentence does not say in words that are known here.")
    held = stated_limits(statement.text, kind, tree) if kind in ("timeouts", "limits") and not universal(statement) else ()
    if held:
        return Kept(held, "The code has the limit that the sentence gives, and something goes by it.")
    pattern = re.compile(_CODE[kind], re.IGNORECASE)
    used = next(iter(source_lines(tree, pattern)), None) or _configured(pattern, tree)
    shown = _documented(pattern, statement, tree)
    foreign = any(path.endswith((".go", ".java", ".c", ".cpp", ".cc", ".rb", ".cs")) for path in tree.files)
    if used is None and shown and not foreign:
        return Broken(How.ABSENT, shown[:6], "Documentation shows how, and no code or configuration does it.", _MEND)
    evidence = (tree.evidence(used[0], used[1], "A limit, or something like one."),) if used is not None else ()
    return prove("limits", "Whether what exists holds where it should takes a run over the limit.", evidence)


def _kind(params: Params, statement: Statement) -> str | None:
    kind = params.text("kind") or ""
    if kind in _CODE:
        return kind
    text = statement.text.lower()
    if "timeout" in text or "time out" in text:
        return "timeouts"
    if "monitor" in text:
        return "monitor"
    return "limits" if "limit" in text or _CUT.search(text) else None


def _configured(pattern: re.Pattern[str], tree: Tree) -> tuple[str, int] | None:
    for path in tree.paths("*.yml", "*.yaml", "Dockerfile*", "*/Dockerfile*", "*.service", "*.sh", "*.toml", "*.conf"):
        if path.startswith(".github/") or tree.files[path].size > 200_000:
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            if pattern.search(line) and not line.lstrip().startswith("#"):
                return path, number
    return None


def _documented(pattern: re.Pattern[str], statement: Statement, tree: Tree) -> tuple[Evidence, ...]:
    """Lines of documentation, the policy left out, that show the mechanism in code."""
    found: list[Evidence] = []
    for path in tree.paths("*.md", "*.rst"):
        if path == statement.path or path.endswith(("SECURITY.md", "CHANGELOG.md")) or tree.files[path].size > 300_000:
            continue
        code = False
        for number, line in enumerate(tree.lines(path), start=1):
            code = not code if line.lstrip().startswith("```") else code
            if code and re.search(r"[(=]", line) and pattern.search(line):
                found.append(tree.evidence(path, number, "Documentation shows it; no code does it."))
    return tuple(found)
