"""Runs the rules for TypeScript, JavaScript and Rust over files: strings first, then a syntax tree, then the rules; nothing of the files is run.

Bounds: a file of over 1 MiB is named in `unread`, and so is one with a line of over 20,000 letters of which a rule wants to know; one tree is kept at a time. What is somebody else's (`node_modules/`, `dist/`, `vendor/`,
`.min.js`) and tests are left out: neither is what the program does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.rust import RustFile
from troth.engines.code.prefilter import Prefilter
from troth.engines.code.programs.gathered import is_test
from troth.engines.code.programs.grown import parser
from troth.engines.code.rule import Context, Rule
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import CodeFinding, CodeScan
from troth.engines.code.suppress import suppression
from troth.terms.facts.tree import is_foreign

__all__ = ["EXTENSIONS", "GrownScan", "is_aside", "language_of"]

EXTENSIONS: Final = {".ts": "ecma", ".tsx": "ecma", ".mts": "ecma", ".cts": "ecma", ".js": "ecma", ".jsx": "ecma", ".mjs": "ecma", ".cjs": "ecma", ".rs": "rust"}
"""Extension of a file -> language of its rules."""
_SIZE_LIMIT: Final = 1024 * 1024
_LINE_LIMIT: Final = 20_000
_MADE: Final = ("dist/", ".min.js", ".bundle.js")


def language_of(path: str) -> str:
    """Language of a file's rules; empty where there are none."""
    return EXTENSIONS.get(path[path.rfind(".") :], "") if "." in path else ""


def is_aside(path: str) -> bool:
    """Whether a file is a test's, somebody else's, or made by a machine."""
    return is_test(path) or is_foreign(path) or any(word in path for word in _MADE)


class GrownScan:
    """A scan with rules of one or both languages; searches are prepared once."""

    def __init__(self, rules: Iterable[Rule] | None = None, *, search: str = "") -> None:
        """Prepare it.

        Args:
            rules: those to run; all by default.
            search: see `Prefilter`.
        """
        chosen = tuple(rules) if rules is not None else (*every_rule("ecma"), *every_rule("rust"))
        self._prefilters = {name: Prefilter(tuple(rule for rule in chosen if rule.language == name), search=search) for name in ("ecma", "rust")}

    def scan(self, files: Iterable[tuple[str, bytes | None]]) -> CodeScan:
        """Scan files, given by path and bytes (None: it could not be read)."""
        findings: list[CodeFinding] = []
        unread: list[tuple[str, str]] = []
        count = parsed = 0
        for path, data in files:
            count += 1
            if data is None or len(data) > _SIZE_LIMIT:
                unread.append((path, "It cannot be read, or is over 1 MiB."))
                continue
            rules = self._prefilters[language_of(path)].rules(data)
            if not rules:
                continue
            if max(map(len, data.split(b"\n")), default=0) > _LINE_LIMIT:
                unread.append((path, f"A line of it is over {_LINE_LIMIT:,} letters: a machine wrote it, or it hides something."))
                continue
            reading = parser(path[path.rfind(".") :])
            if reading is None:
                unread.append((path, "No parser for it is installed (the extra `code`)."))
                continue
            tree = reading.parse(data)
            parsed += 1
            found, why = _findings(path, data, tree.root_node, rules)
            findings += found
            unread += [(path, why)] if why else []
        return CodeScan(tuple(sorted(findings, key=lambda item: (item.path, item.line, item.rule.id))), count, parsed, tuple(unread))


def _findings(path: str, data: bytes, root: object, rules: tuple[Rule, ...]) -> tuple[list[CodeFinding], str]:
    """Findings of a parsed file, and why it could not be looked at whole, or an empty text."""
    text = data.decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").split("\n")
    file = RustFile(path, text, root) if language_of(path) == "rust" else EcmaFile(path, text, root)
    try:
        found = list(_unique(path, lines, file, rules))
    except RecursionError:
        return [], "It is nested too deeply."
    broken = getattr(root, "has_error", False)
    return found, "Part of it cannot be parsed." if broken else ""


def _unique(path: str, lines: list[str], file: object, rules: tuple[Rule, ...]) -> Iterator[CodeFinding]:
    seen = set()
    for rule in rules:
        for hit in rule.check(file, Context()):
            if (rule.id, hit.line) not in seen:
                seen.add((rule.id, hit.line))
                line = lines[hit.line - 1] if 0 < hit.line <= len(lines) else ""
                yield CodeFinding(rule, path, hit.line, hit.says, line.strip()[:200], suppression(line))
