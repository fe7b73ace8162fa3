"""The engine: lists of refused and of allowed commands in Python, TypeScript and JavaScript, and who consults them before a process starts."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from troth.engines.code.backtracking import explodes
from troth.judgement.braces import closing, pairs_of
from troth.judgement.passages import Passage, Passages, mentioned, passages
from troth.terms.facts.command_filters import CommandFilter, CommandFilters, Entry
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["look"]

_WORDS: Final = (
    b"subprocess", b"os.system", b"os.popen", b"child_process", b"execa", b"bun.spawn", b"denied_c", b"deny_c", b"deny_p", b"denylist", b"blacklist", b"blocked_c", b"blocked_p", b"blockedc", b"blockedp", b"dangerous_c",
    b"dangerous_p", b"dangerousc", b"dangerousp", b"forbidden_c", b"forbiddenc", b"banned_c", b"allowed_c", b"allowed_b", b"allowedc", b"allowedb", b"safe_c", b"safec", b"permitted_c", b"destructive_c", b"destructive_p", b"command_whitelist", b"command_allowlist",
)  # fmt: skip
_MAY_START: Final = re.compile(r"subprocess|os\.|exec|spawn")
_LIST: Final = re.compile(r"(?<![\w$.#])(?P<name>[\w$.#]+)\s*(?::[^=\n;{}]{1,80})?(?<![=!<>])=(?!=)\s*(?P<rest>[^=\n;\[{(]{0,80})(?P<open>[\[{(])")
_NAME: Final = re.compile(r"(?P<no>deny|denied|block|danger|forbid|blacklist|banned|prohibited|unsafe|disallow|destructive|harmful|malicious)|(?P<yes>allow|permitted|whitelist|safe|approved)", re.IGNORECASE)
_COMMANDS: Final = re.compile(r"command|cmd|shell|exec|bash|program|binar|subprocess|terminal|pattern", re.IGNORECASE)
_STARTS: Final = re.compile(
    r"\bsubprocess\.(?:run|call|check_call|check_output|Popen)\s*\(|\bos\.(?:system|popen)\s*\(|\bcreate_subprocess_(?:exec|shell)\s*\(|(?<![\w.])(?:execSync|execFileSync|execFile|spawnSync|spawn|execa|execAsync|execPromise)\s*\(|\b(?:child_process|cp)\.(?:exec|spawn)\w*\s*\(|\bBun\.spawn\w*\s*\(|(?<![\w.])exec\s*\(\s*(?=cmd|command)"
)
_SHELL: Final = re.compile(r"shell\s*[=:]\s*[Tt]rue|\bos\.(?:system|popen)|subprocess_shell|\bexec(?:Sync|Async|Promise)?\s*\(")
_STRING: Final = re.compile(r"(?P<py>[rRbBuUfF]{0,2})(?P<q>\"\"\"|'''|\"|'|`)(?P<body>(?:\\.|(?!(?P=q)).)*)(?P=q)|(?<=[\[,(\s])/(?P<re>(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])*)/(?P<flags>[a-z]*)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_LEAVES: Final = re.compile(r"\breturn\b|\braise\b|\bthrow\b")
_RAISES: Final = re.compile(r"\braise\b|\bthrow\b")
_SWALLOWED: Final = re.compile(r"[^\n]*\n\s*(?:except[^\n]*:\s*\n\s*(?:pass|continue|[\w.]*log\w*\.[^\n]*)\s*(?:\n|\Z)|\}\s*catch\s*(?:\([^)]*\))?\s*\{\s*\})")
_TEXT_LIMIT: Final = 400
_LIST_LIMIT: Final = 20_000


def look(tree: Tree) -> CommandFilters:
    """Lists of commands of all production files, and who consults them."""
    found = passages(tree, _WORDS, ".py", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
    filters: list[CommandFilter] = []
    for one in found.innermost():
        for name, refuses, entries, line in _lists(one):
            made = CommandFilter(name, refuses, "", entries, Place(one.path, line))
            uses = list(_consulted(made, one.path, found, tree))
            filters += uses or [made]
    starts = tuple((Place(one.path, line), one.name, _shell(one, match)) for one in found.innermost() if _MAY_START.search(one.code) for line, match in one.find(_STARTS) if _valued(one, match))
    ordered = sorted(filters, key=lambda item: (item.place.path, item.place.line))
    return CommandFilters(tuple(ordered), found.unread, starts)


def _lists(one: Passage) -> Iterator[tuple[str, bool, tuple[Entry, ...], int]]:
    """Name, whether it refuses, entries and line of each list of commands that is written in a passage."""
    pairs = pairs_of(one.code) if _NAME.search(one.code) else {}
    for match in _LIST.finditer(one.code) if pairs else ():
        at = match.start("open")
        name = match.group("name").rpartition(".")[2].lstrip("#")
        kind = _NAME.search(name)
        if kind is None or (not _COMMANDS.search(name) and not _COMMANDS.search(one.path)):
            continue
        end = pairs.get(at, -1)
        # `(given or []) + [...]`: what is written comes after
        while end > at and (more := re.match(r"[\s)]*\+\s*(?=\[)", one.code[end + 1 : end + 200])) is not None:
            at = end + 1 + more.end()
            end = pairs.get(at, -1)
        if not at < end < at + _LIST_LIMIT:
            continue
        if one.code[at] == "(" and one.code[at + 1 : end].strip()[:1] not in ("[", "{", "(", "'", '"', "r"):
            continue
        entries = tuple(_entries(one, at, end))
        if len(entries) >= 2:
            yield name, kind.group("no") is not None, entries, one.at(match.start())


def _entries(one: Passage, start: int, end: int) -> Iterator[Entry]:
    for match in _STRING.finditer(one.text, start, end + 1):
        before = one.text[max(start, match.start() - 40) : match.start()]
        # `(r"...", "why")` and `pattern: /.../, reason: "..."`: the second is for readers
        if re.search(r"(?:reason|message|description|severity|why|label|name|category|desc|level|risk)['\"]?\s*:\s*\Z", before):
            continue
        if re.search(r"['\"/][a-z]*\)?\s*,\s*(?:re\.\w+\s*,\s*)?\Z", before) and _paired(one, match.start(), start):
            continue
        place = Place(one.path, one.at(match.start()))
        if match.group("re") is not None:
            yield _expression(match.group("re").replace("\\/", "/"), place, "i" in match.group("flags"))
            continue
        value = _value(match, one.language)
        if value is not None and len(value) <= _TEXT_LIMIT:
            ignoring = bool(re.match(r"\s*,\s*(?:re\.I\b|re\.IGNORECASE)", one.text[match.end() :]))
            yield _expression(value, place, ignoring) if value else Entry(value, place)


def _paired(one: Passage, position: int, start: int) -> bool:
    """The string stands second in a tuple or an inner list, and not in the list itself."""
    depth = 0
    for at in range(position - 1, start, -1):
        letter = one.code[at]
        if letter in ")]}":
            depth += 1
        elif letter in "([{":
            depth -= 1
        if depth < 0:
            return letter != "{" and not re.search(r"(?:compile|RegExp|set|Set|tuple|list)\Z", one.code[start:at].rstrip())
    return False


def _value(match: re.Match[str], language: str) -> str | None:
    body, prefix = match.group("body"), (match.group("py") or "").lower()
    if language == "python":
        if "f" in prefix or "b" in prefix:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = ast.literal_eval(match.group(0))
        except (SyntaxError, ValueError):
            return None
        return value if isinstance(value, str) else None
    return None if "${" in body else _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t"}.get(found.group(1), found.group(1)), body)


def _expression(text: str, place: Place, ignoring: bool) -> Entry:
    """The entry, with whether it may be tried as an expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return Entry(text, place)
    return Entry(text, place, not explodes(text), re.IGNORECASE if ignoring else 0)


def _consulted(made: CommandFilter, path: str, found: Passages, tree: Tree) -> Iterator[CommandFilter]:
    """The list in each way in which a function consults it."""
    word = re.escape(made.name)
    own = re.compile(rf"(?<![\w$])(?:[\w$]+\.)*{word}(?![\w$])")
    for one in found.innermost():
        if made.name not in one.code or not own.search(one.code) or (one.path != path and not re.search(rf"import[^\n]*\b{word}\b|require", _top(one.path, found))):
            continue
        for mode, position in _modes(one, made):
            holder = Place(one.path, one.at(position))
            yield replace(
                made, mode=mode, consulted=holder, function=one.name, lowered=bool(re.search(r"\.(?:lower|casefold|toLowerCase)\s*\(", one.code)),
                entries=_ignoring(made.entries, one), live=mentioned(tree, one), acts=_acts(one, position),
                raises=bool(_RAISES.search(one.code, position)), before_start=_before_start(one, position, found), heeded=_heeded(one, found),
            )  # fmt: skip


def _ignoring(entries: tuple[Entry, ...], one: Passage) -> tuple[Entry, ...]:
    if not re.search(r"\bre\.(?:I|IGNORECASE)\b|RegExp\s*\([^)]*['\"]i", one.text):
        return entries
    return tuple(replace(entry, flags=entry.flags | re.IGNORECASE) for entry in entries)


def _top(path: str, found: Passages) -> str:
    return next((one.code for one in found if one.path == path and one.outside), "")


def _modes(one: Passage, made: CommandFilter) -> Iterator[tuple[str, int]]:
    """How a passage consults the list, and where."""
    word = rf"(?:[\w$]+\.)*{re.escape(made.name)}"
    loop = re.compile(rf"\bfor\s*\(?\s*(?:const\s+|let\s+)?[\[({{]?\s*(\w+)[^\n]*?\b(?:in|of)\s+(?:\w+\()?{word}(?![\w$])|{word}\s*\.(?:some|every|find|filter|forEach|any)\s*\(\s*\(?\s*[{{\[]?\s*(\w+)")
    for match in loop.finditer(one.code):
        item = re.escape(match.group(1) or match.group(2))
        near = one.code[max(match.start() - 200, 0) : match.end() + 400]
        for mode, form in (
            ("search", rf"re\.search\s*\(\s*{item}\b|\b{item}(?:\.\w+)?\.(?:search|test|exec)\s*\(|RegExp\s*\(\s*{item}\b|\.match\s*\(\s*{item}\b|\.test\s*\(|\.search\s*\(\s*{item}\b|re\.findall\s*\(\s*{item}\b"),
            ("match", rf"re\.(?:match|fullmatch)\s*\(\s*{item}\b|\b{item}\.(?:match|fullmatch)\s*\("),
            ("prefix", rf"\.starts?_?[wW]ith\s*\(\s*{item}\b"),
            ("piece", rf"\b{item}(?:\.lower\(\))?\s+in\s+(?!{word})|\.includes\s*\(\s*{item}\b|\.indexOf\s*\(\s*{item}\b"),
        ):
            if re.search(form, near):
                yield mode, match.start()
                break
    for match in re.finditer(rf"(?P<what>[\w$.\[\]()]+)\s+(?:not\s+)?in\s+{word}(?![\w$.])|{word}\s*\.(?:has|includes)\s*\(\s*(?P<given>[^()\n]*(?:\([^()\n]*\))?[^()\n]*)\)", one.code):
        if re.search(r"\bfor\s+[\w, ()]*\Z", one.code[max(match.start() - 30, 0) : match.start("what")] if match.group("what") else "") or (match.group("what") and re.search(rf"\bfor\s+{re.escape(match.group('what'))}\s*\Z|for\s*\Z", one.code[: match.start("what")][-20:])):
            continue
        what = (match.group("what") or match.group("given") or "").strip()
        yield ("word" if _first_word(what, one) else "whole"), match.start()


def _first_word(what: str, one: Passage) -> bool:
    """The first word of a command, by how it is made."""
    sign = r"\[0\]|\.at\(0\)|split|basename|\.name\b|argv|program|binary|executable|base_?cmd|base_?command|first"
    name = re.escape(what.partition(".")[0].partition("[")[0])
    made = re.search(rf"\b{name}\b\s*(?::\s*\w+)?=\s*([^\n]*)", one.code)
    return bool(re.search(sign, what, re.IGNORECASE)) or (made is not None and bool(re.search(sign, made.group(1), re.IGNORECASE)))


def _before_start(one: Passage, position: int, found: Passages, depth: int = 3) -> bool:
    """A process is started after the list was consulted: here, in a function that is called after it here, or in one that calls this one first."""
    if _starts_after(one, position, found):
        return True
    if not one.name or depth == 0:
        return False
    return any(_before_start(other, at, found, depth - 1) for other, at in _callers(one, found) if other is not one)


def _callers(one: Passage, found: Passages) -> list[tuple[Passage, int]]:
    call = re.compile(rf"(?<![\w$]){re.escape(one.name)}\s*\(")
    every = [(other, match) for other in found.innermost() if one.name in other.code for match in [call.search(other.code, len(other.name) if other is one else 0)] if match is not None]
    return [(other, match.end()) for other, match in every if not re.search(r"(?:def|function)\s+\Z", other.code[: match.start()])]


def _starts_after(one: Passage, position: int, found: Passages) -> bool:
    if _STARTS.search(one.code, position):
        return True
    called = {match.group(1) for match in re.finditer(r"(?<![\w$])(\w+)\s*\(", one.code[position:])}
    return bool(called & _starting(one.path, found))


def _starting(path: str, found: Passages) -> set[str]:
    """Functions of a file that start a process, by themselves or through another of the file."""
    own = [one for one in found.innermost() if one.path == path and one.name]
    names = {one.name for one in own if _STARTS.search(one.code)}
    grown = -1
    while grown != len(names):
        grown = len(names)
        names |= {one.name for one in own if any(re.search(rf"(?<![\w$]){re.escape(name)}\s*\(", one.code.partition("\n")[2]) for name in names)}
    return names


def _heeded(one: Passage, found: Passages) -> bool:
    """Some caller looks at the answer; a function that raises need not be looked at."""
    if not one.name or one.handed:
        return True
    calls = [(other, match) for other in found if one.name in other.code for match in re.finditer(rf"(?<![\w$])(?:[\w$]+\.)*{re.escape(one.name)}\s*\(", other.code) if other is not one]
    calls = [(other, match) for other, match in calls if not re.search(r"(?:def|function)\s+\Z", other.code[: match.start()])]
    if _RAISES.search(one.code):
        return not calls or not all(_SWALLOWED.match(other.code, match.start()) and "try" in other.code[max(match.start() - 60, 0) : match.start()] for other, match in calls)
    return not calls or any(other.code[other.code.rfind("\n", 0, match.start()) + 1 : match.start()].strip() not in ("", "await") for other, match in calls)


def _acts(one: Passage, position: int) -> bool:
    """The function leaves where the list is asked: in the block that depends on it, or by what it gives back."""
    lines = one.code.split("\n")
    at = one.code.count("\n", 0, position)
    for start in range(at, max(at - 4, -1), -1):
        line = lines[start]
        if re.match(r"\s*(?:return|assert)\b|.*=>\s*!?[\w.]+\.", line) or re.search(r"\)\s*(?:return|throw)\b", line):
            return True
        block = _block(lines, start)
        if block and _LEAVES.search(block):
            return True
        named = re.match(r"\s*(?:const\s+|let\s+)?(\w+)\s*(?::\s*\w+)?\s*=(?!=)", line)
        if named is not None:
            for asked in range(start + 1, min(start + 12, len(lines))):
                if re.search(rf"\bif\b[^\n]*\b{re.escape(named.group(1))}\b", lines[asked]):
                    return bool(_LEAVES.search(lines[asked] + _block(lines, asked)))
                if re.search(rf"\breturn\b[^\n]*\b{re.escape(named.group(1))}\b", lines[asked]):
                    return True
            return False
        if re.match(r"\s*(?:if|elif|for|while|\}?\s*else if)\b", line):
            return False
    return False


def _block(lines: list[str], start: int) -> str:
    """Lines below one that stand further in than it."""
    depth = len(lines[start]) - len(lines[start].lstrip())
    found: list[str] = []
    for line in lines[start + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth and line.strip()[:1] not in ")]":
            break
        found.append(line)
    return "\n".join(found)


def _valued(one: Passage, match: re.Match[str]) -> bool:
    """The command is a value: neither a text nor a list that begins with one."""
    given = one.text[match.end() : match.end() + 120].lstrip(" \n\t*([")
    if re.match(r"[rbf]?(['\"`])(?:(?!\1)[^\n])*\1\s*(?:\.join|\.format|%|\+)|(?:f['\"]|`)\s*(?:\{|\$\{)", given):
        return True
    return not given.startswith(("'", '"', "`", 'f"', "f'", "r'", 'r"', "sys.executable", "b'", 'b"'))


def _shell(one: Passage, match: re.Match[str]) -> bool:
    at = one.code.find("(", match.start())
    return bool(_SHELL.search(one.code[match.start() : closing(one.code, at) + 1]))
