"""Gives a scanner back its teeth: takes out what swallows its failure, and adds the option without which it never fails.

It changes only lines that a finding's evidence names, and only what the finding says is wrong there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, TextFile, edited
from troth.jobs.recommend.facts import Complaint, Facts, Seen
from troth.jobs.recommend.modules._workflows import ACTIONS, WORKFLOWS
from troth.jobs.recommend.recommendation import Advice, Risk, patch
from troth.jobs.recommend.yaml_spans import is_block, load, pair, pairs

__all__ = ["MODULE", "ScannerCanFail"]

_SWALLOW: Final = re.compile(r"[ \t]*\|\|[ \t]*(?:true|:|exit 0|return 0|(?:echo|printf)\b(?:[^|&;\n'\"#]|'[^'\n]*'|\"[^\"\n]*\")*)(?=[ \t]*(?:$|\r?$|[\"')}]|;|#))", re.MULTILINE)
_CONTINUE: Final = re.compile(r"(?<=continue-on-error:)([ \t]+)(['\"]?)true\2")
_NEVER: Final = re.compile(r"^(\S+) never fails with (\S.*)$")
_PASSES: Final = re.compile(r"^(\S+) passes whatever it finds without (-\S+)")
_LACKS: Final = re.compile(r"^(\S+) passes whatever it finds without `([\w-]+)`$")
_EMPTY: Final = re.compile(r"^(\S+) scans the environment, and nothing of the project is installed in it")
_STOPS: Final = re.compile(r"^(\S+) with `([\w-]+): (\S+)` stops nothing$")
_FLIPPED: Final = {"true": "false", "false": "true", "0": "1", "never": "always"}
_VALUES: Final = {"--fail-on": "high", "--exit-code": "1", "--failOn": "GPL;AGPL"}
"""What an option that needs a value gets; an option that is here by name and takes none is added bare."""

_INPUTS: Final = {("trivy", "exit-code"): "'1'", ("dockle", "exit-code"): "'1'"}
"""What an action's input gets without which it passes whatever it finds."""
_LISTS: Final = {"pip-audit": "-r requirements.txt", "safety": "-r requirements.txt"}
"""How a scanner of the environment is told of the project's own list."""
_LIST: Final = "requirements.txt"
_BARE: Final = frozenset(("--error", "--check", "--fail", "--list-different"))


class ScannerCanFail:
    """See the module."""

    name = "scanner-can-fail"
    controls = (
        "code/scan-tool-runs", "code/scan-custom-rules", "deps/vuln-scan", "deps/reviewed", "deps/license-check", "container/scan",
        "secrets/scan-history", "secrets/not-in-code", "secrets/commit-prevention", "tests/coverage-gate", "tests/security-covered", "compliance/claim-backed",
    )  # fmt: skip
    wants = (*WORKFLOWS, *ACTIONS, "Makefile", "*/Makefile", "*.mk", "package.json", "*/package.json", "tox.ini", "noxfile.py", "justfile", "*.sh", ".pre-commit-config.yaml", "Taskfile.yml")

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch for every finding whose scanner cannot fail; findings that need the same change share it."""
        groups: dict[tuple[tuple[str, str], ...], list[Complaint]] = {}
        for one in facts.complaints:
            texts = _texts(one, facts)
            if texts:
                groups.setdefault(tuple(sorted(texts.items())), []).append(one)
        for changed, complaints in groups.items():
            tools = sorted({_tool(seen) for one in complaints for seen in one.evidence if _tool(seen)})
            made = patch(
                facts, self.name, dict(changed), title=f"Let {', '.join(tools)[:50] or 'the scanner'} fail the job", mends=tuple(complaints), risk=Risk.MEDIUM,
                why="The step passes whatever the tool finds. Without what swallows its status, a finding fails the job.",
                cautions=("What the tool finds today will fail the next run: look at its report first.",),
            )  # fmt: skip
            if made is not None:
                yield made


def _tool(seen: Seen) -> str:
    match = next((found for form in (_NEVER, _PASSES, _LACKS, _EMPTY, _STOPS) if (found := form.match(seen.says))), None)
    return match[1] if match else ""


def _texts(one: Complaint, facts: Facts) -> dict[str, str]:
    edits: dict[str, list[Edit]] = {}
    files: dict[str, TextFile] = {}
    for seen in one.evidence:
        file = facts.files.get(seen.path)
        if file is None or not seen.line:
            continue
        text = files.setdefault(seen.path, TextFile.of(file.text))
        at = text.line_at(seen.line)
        if at >= 0 and (not seen.text or seen.text in text.line(at)):
            edits.setdefault(seen.path, []).extend(_mends(seen, text, at, facts))
    return {path: edited(files[path], found) for path, found in edits.items() if found}


def _mends(seen: Seen, text: TextFile, at: int, facts: Facts) -> Iterable[Edit]:
    end = text.line_end(at)
    lacks, empty = _LACKS.match(seen.says), _EMPTY.match(seen.says)
    if lacks and (lacks[1], lacks[2]) in _INPUTS:
        yield from _with_input(seen, facts.files[seen.path].text, lacks[2], _INPUTS[lacks[1], lacks[2]])
    elif empty and empty[1] in _LISTS and _LIST in facts.paths:
        yield from _with(text, at, end, empty[1], _LISTS[empty[1]])
    if "its failure is swallowed" in seen.says or "its failure does not count" in seen.says:
        yield from _unswallowed(text, at, end, seen.says)
    never, passes, stops = _NEVER.match(seen.says), _PASSES.match(seen.says), _STOPS.match(seen.says)
    if never:
        yield from _without(text, at, _command_end(text, at), never[2])
    elif passes and passes[2] in (*_VALUES, *_BARE):
        yield from _with(text, at, end, passes[1], passes[2])
    elif stops:
        yield from _flipped(text, at, end, stops[2], stops[3])


def _unswallowed(text: TextFile, at: int, end: int, says: str) -> Iterable[Edit]:
    if "continue-on-error" in says:
        for match in _CONTINUE.finditer(text.body, at, end):
            yield Edit(match.start() + len(match[1]), match.end(), "false")
        return
    if "||" not in says:
        return
    line = text.body[at:end]
    for match in _SWALLOW.finditer(line):
        yield Edit(at + match.start(), at + match.end(), "")


def _command_end(text: TextFile, at: int) -> int:
    """End of the command's last line: lines that end with a backslash go on."""
    end = text.line_end(at)
    for _ in range(40):
        if not text.body[at:end].rstrip().endswith("\\") or end >= len(text.body):
            break
        end = text.line_end(text.next_line(end))
    return end


def _without(text: TextFile, at: int, end: int, option: str) -> Iterable[Edit]:
    name, _, value = option.partition("=")
    pattern = rf"[ \t]+{re.escape(name)}(?:[= ]{re.escape(value)})?(?=[\s\"']|$)" if value else rf"[ \t]+{re.escape(name)}(?=[\s\"']|$)"
    match = re.search(pattern, text.body[at:end])
    if match is not None:
        yield Edit(at + match.start(), at + match.end(), "")


def _with(text: TextFile, at: int, end: int, tool: str, option: str) -> Iterable[Edit]:
    """Add an option right behind the command's name (and its sub-command)."""
    match = re.search(rf"(?<![\w./-])(?:[\w./-]*/)?{re.escape(tool)}(?:[ \t]+(?:scan|ci|fs|image|repo|dir|filesystem|detect|audit|check))?(?=\s|$)", text.body[at:end])
    if match is None or re.search(rf"(?<!\S){re.escape(option)}(?=[\s=]|$)", text.body[at : _command_end(text, at)]):
        return
    value = _VALUES.get(option)
    yield Edit(at + match.end(), at + match.end(), f" {option}" if value is None else f" {option} {value}")


def _with_input(seen: Seen, body: str, name: str, value: str) -> Iterable[Edit]:
    """Give the action on the line of a finding an input, or the value that counts."""
    document = load(body)
    for step in () if document is None else (one.value for one in document.walk() if isinstance(one.value, yaml.SequenceNode)):
        for node in step.value:
            used = pair(node, "uses")
            if document is None or used is None or seen.line - 1 not in (used.key.start_mark.line, node.start_mark.line):
                continue
            given, inputs = pair(node, "with", name), pair(node, "with")
            if given is not None and isinstance(given.value, yaml.ScalarNode):
                yield Edit(*document.span(given.value), value)
            elif inputs is None:
                yield document.below(used.value, used.key.start_mark.column, f"with:\n  {name}: {value}")
            elif is_block(inputs.value) and given is None:
                yield document.above(pairs(inputs.value)[0], f"{name}: {value}")


def _flipped(text: TextFile, at: int, end: int, name: str, value: str) -> Iterable[Edit]:
    match = re.search(rf"(?<![\w-]){re.escape(name)}:[ \t]*(['\"]?){re.escape(value)}\1(?=\s|$|,|}})", text.body[at:end])
    if match is None or value not in _FLIPPED:
        return
    start = at + match.end() - len(value) - len(match[1])
    yield Edit(start, start + len(value), _FLIPPED[value])


MODULE = ScannerCanFail()
