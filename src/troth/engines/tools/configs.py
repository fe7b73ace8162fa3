"""Configuration files of scanners, and what in them robs the scanner of its sight.

gitleaks: allow-lists, the default rules dropped, rules that cannot match (an entropy that their alphabet cannot reach).
bandit: skipped tests. semgrep: rule files of the project's own.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator

from troth.engines.workflows.document import Map, Scalar, Seq, parse
from troth.terms.facts.tools import ConfigFact, ToolConfig
from troth.terms.facts.tree import Tree

__all__ = ["bandit_facts", "configs_of"]

_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")
_SHORTHAND = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"}
_HEX = "0123456789abcdef" * 4
_DOCUMENTS = ("README.md", "docs/guide.md", "docs/config.md", "notes.md")
_SOURCES = ("src/settings.py", "app/config.js", "lib/client.ts", "main.go")
_TESTS = ("tests/test_client.py", "test/client.test.js", "tests/fixtures/key.txt")


def configs_of(tree: Tree) -> tuple[ToolConfig, ...]:
    """Every known configuration file of the tree."""
    found: list[ToolConfig] = []
    for path in tree.paths(".gitleaks.toml", "*/.gitleaks.toml", "gitleaks.toml", "*/gitleaks.toml"):
        found.append(_gitleaks(tree, path))
    for path in tree.paths(".bandit", "pyproject.toml", "bandit.yaml", "bandit.yml", ".bandit.yml", ".bandit.yaml"):
        facts = tuple(bandit_facts(tree, path))
        if facts or "bandit" in path:
            found.append(ToolConfig("bandit", path, facts))
    for path in tree.paths(
        "*semgrep*.yml", "*semgrep*.yaml", "*/rules/*.yml", "*/rules/*.yaml", "rules/*.yml", "rules/*.yaml"
    ):
        facts = tuple(_semgrep(tree, path))
        if facts:
            found.append(ToolConfig("semgrep", path, facts))
    return tuple(sorted(found, key=lambda config: config.path))


def _line(tree: Tree, path: str, text: str, start: int = 1) -> int:
    """First line from `start` on that holds a text; 0 where none does."""
    return next((at for at, line in enumerate(tree.lines(path), 1) if at >= start and text in line), 0)


def _gitleaks(tree: Tree, path: str) -> ToolConfig:
    try:
        data = tomllib.loads(tree.text(path) or "")
    except (ValueError, RecursionError) as error:
        return ToolConfig("gitleaks", path, problem=f"not valid TOML: {error}"[:200])
    facts: list[ConfigFact] = []
    extend = data.get("extend")
    extends = isinstance(extend, dict) and bool(extend.get("useDefault") or extend.get("path") or extend.get("url"))
    rules = data.get("rules")
    if extends:
        line = _line(tree, path, "useDefault") or _line(tree, path, "[extend]")
        facts.append(ConfigFact("extends-default", tree.evidence(path, line, "the default rules stay in force")))
    else:
        line = _line(tree, path, "[[rules]]") or 1
        says = "no [extend]: this file replaces gitleaks' default rules, which then no longer apply"
        facts.append(ConfigFact("no-default-rules", tree.evidence(path, line, says)))
    lists = [data.get("allowlist"), *(data.get("allowlists") or [] if isinstance(data.get("allowlists"), list) else [])]
    for allowed in lists:
        if isinstance(allowed, dict):
            facts.extend(_allowed(tree, path, allowed))
    for rule in rules if isinstance(rules, list) else []:
        if isinstance(rule, dict):
            facts.extend(_rule(tree, path, rule))
    return ToolConfig("gitleaks", path, tuple(facts))


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _search(pattern: str, *texts: str) -> bool:
    """Whether a pattern of a stranger's file is found in any of a few short texts; a pattern that cannot be read is not."""
    if len(pattern) > 200 or re.search(r"\)[*+]|\)\{", pattern):
        return False
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return any(compiled.search(text) for text in texts)


def _allowed(tree: Tree, path: str, allowed: dict[str, object]) -> Iterator[ConfigFact]:
    for pattern in _texts(allowed.get("paths")):
        where = next(
            (
                name
                for name, probes in (("sources", _SOURCES), ("documents", _DOCUMENTS), ("tests", _TESTS))
                if _search(pattern, *probes)
            ),
            "",
        )
        if _search(pattern, *_SOURCES) and _search(pattern, *_DOCUMENTS) and _search(pattern, *_TESTS) and _search(pattern, "a", "x/y.z"):
            says = f"the allow-list lets every file pass: {pattern}"
            yield ConfigFact("allows-all", tree.evidence(path, _line(tree, path, pattern), says), pattern)
        if where:
            says = f"the allow-list takes {where} out of the scan: {pattern}"
            yield ConfigFact("allow-list", tree.evidence(path, _line(tree, path, pattern), says), where)
    for pattern in _texts(allowed.get("regexes")):
        if _search(pattern, _HEX):
            says = f"the allow-list lets every 64-digit hexadecimal text pass: {pattern}"
            yield ConfigFact("allow-list", tree.evidence(path, _line(tree, path, pattern), says), "hex")
    words = _texts(allowed.get("stopwords"))
    if words:
        line = _line(tree, path, "stopwords")
        yield ConfigFact("stopwords", tree.evidence(path, line, f"{len(words)} stop words"), ", ".join(words[:5]))


def _alphabet(pattern: str) -> set[str] | None:
    """Characters that a pattern made of classes and a few literals can match; None where it holds more than that."""
    found: set[str] = set()
    rest = _CLASS.sub("", pattern)
    if re.search(r"[.(|]|\\[^/+=_-]", rest):
        return None
    for negated, body in _CLASS.findall(pattern):
        if negated:
            return None
        found.update(_members(body))
    found.update(char for char in re.sub(r"\{[\d,]*\}|[?*+^$\\]", "", rest))
    return found if _CLASS.search(pattern) else None


def _members(body: str) -> Iterator[str]:
    at = 0
    while at < len(body):
        char = body[at]
        if char == "\\" and at + 1 < len(body):
            yield from _SHORTHAND.get(body[at + 1], body[at + 1])
            at += 2
        elif at + 2 < len(body) and body[at + 1] == "-" and body[at + 2] != "\\":
            for code in range(ord(char), min(ord(body[at + 2]), ord(char) + 300) + 1):
                yield chr(code)
            at += 3
        else:
            yield char
            at += 1


def _rule(tree: Tree, path: str, rule: dict[str, object]) -> Iterator[ConfigFact]:
    name, regex, entropy = str(rule.get("id", "")), rule.get("regex"), rule.get("entropy")
    start = _line(tree, path, f'"{name}"') or _line(tree, path, name) or 1
    yield ConfigFact("rule", tree.evidence(path, start, f"a rule of the project's own: {name}"), name)
    if not isinstance(regex, str) or not isinstance(entropy, (int, float)) or isinstance(entropy, bool):
        return
    letters = _alphabet(re.sub(r"^\(\?[a-z]+\)", "", regex))
    if letters is None or not letters:
        return
    lines = enumerate(tree.lines(path), 1)
    line = next((at for at, text in lines if at >= start and re.match(r"\s*entropy\s*=", text)), start)
    limit = math.log2(len(letters))
    if entropy > limit:
        says = (
            f"rule {name} can never match: it wants entropy {entropy}, its {len(letters)} characters reach {limit:.1f}"
        )
        yield ConfigFact("dead-rule", tree.evidence(path, line, says), name)
        return
    shortest = [int(number) for number in re.findall(r"\{(\d+)", regex)]
    needed = math.ceil(2 ** float(entropy))
    if shortest and needed > max(shortest):
        says = f"rule {name} hardly ever matches: entropy {entropy} needs {needed} different characters, it asks for {max(shortest)}"
        yield ConfigFact("weak-rule", tree.evidence(path, line, says), name)


def bandit_facts(tree: Tree, path: str) -> Iterator[ConfigFact]:
    """What bandit's configuration leaves out, or asks for alone."""
    text = tree.text(path) or ""
    if path == "pyproject.toml" and "[tool.bandit" not in text:
        return
    start = _line(tree, path, "[tool.bandit") or 1
    for at, line in enumerate(tree.lines(path)[:2000], 1):
        match = re.match(r"\s*(skips|tests|exclude_dirs|exclude|targets)\s*[=:]\s*(.*)", line)
        if at >= start and match:
            kind = {"skips": "skips", "tests": "only"}.get(match.group(1), "excludes")
            yield ConfigFact(
                kind, tree.evidence(path, at, f"bandit's {match.group(1)}: {match.group(2)[:80]}"), match.group(2)[:200]
            )


def _semgrep(tree: Tree, path: str) -> Iterator[ConfigFact]:
    text = tree.text(path) or ""
    if "rules:" not in text or "languages" not in text:
        return
    root = parse(text).root
    rules = root.get("rules") if isinstance(root, Map) else None
    for item in rules.items if isinstance(rules, Seq) else ():
        if isinstance(item, Map) and isinstance(item.get("id"), Scalar):
            name = item.text("id")
            yield ConfigFact(
                "rule",
                tree.evidence(path, item.line, f"a rule of the project's own: {name}"),
                f"{name} {item.text('message')}"[:300],
            )
