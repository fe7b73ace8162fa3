"""What a report says about the code, looked up: files, lines, functions, options, versions and commits that it cites, and which of them do not exist.

Rules:

* no guess about who or what wrote a report: only whether what it cites is there, at the version that it names;
* the report is data: it is read with bounded patterns, nothing in it is executed, and nothing in it can name a file outside the repository;
* a name that is not found says so and no more: the reporter may mean another version, and a human decides. Nothing is closed by this.

`find_claims` reads a text, `check_claims` compares what it cites with a `Sources` (a repository at one commit; `app.claims` gives one). Pure, but for what a
`Sources` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

__all__ = ["Checked", "Claim", "Kind", "Seen", "Sources", "State", "check_claims", "find_claims", "summary"]

MAX_TEXT: Final = 200_000
MAX_CLAIMS: Final = 300
_EXTENSIONS: Final = (
    "py|pyi|pyx|js|mjs|cjs|jsx|ts|tsx|rs|go|c|h|cc|cpp|cxx|hpp|hh|java|kt|kts|scala|rb|php|cs|swift|m|mm|lua|pl|pm|sh|bash|zsh|ps1|sql|toml|yaml|yml|json|xml|html|css|ini|cfg|conf|md|rst|txt|lock|gradle|ex|exs|erl|hs|ml|zig|nim|jl|r|vue|svelte|proto|tf|cu"
)
_PATH: Final = re.compile(
    rf"(?<![\w@/.:-])(?P<path>(?:\.{{0,2}}/)?(?:[\w.@+-]{{1,100}}/){{0,12}}[\w.@+-]{{0,100}}\.(?:{_EXTENSIONS}))(?![\w/])"
    r"(?:(?::|#L|, lines? |, ?line:? |\s\(lines? | lines? )(?P<line>\d{1,7})(?:(?:-|–|:|-L| to )(?P<end>\d{1,7}))?)?",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r'File "(?P<path>[^"\n]{1,300})", line (?P<line>\d{1,7})(?:, in (?P<symbol>[A-Za-z_][\w.<>]{0,100}))?')
_AT: Final = re.compile(r"^\s*(?:at|#\d{1,3})\s+(?:(?P<symbol>[A-Za-z_$][\w.$:<>]{0,100})\s*)?\(?(?P<path>[\w./@+-]{1,300}\.[a-z]{1,4}):(?P<line>\d{1,7})", re.MULTILINE)
_LINE_OF: Final = re.compile(rf"\blines? (?P<line>\d{{1,7}})(?:(?:-|–| to | and )(?P<end>\d{{1,7}}))? (?:of|in) `?(?P<path>(?:[\w.@+-]{{1,100}}/){{0,12}}[\w.@+-]{{1,100}}\.(?:{_EXTENSIONS}))\b", re.IGNORECASE)
_CALL: Final = re.compile(r"(?<![\w.$:>-])(?P<symbol>[A-Za-z_$][\w$]{2,80}(?:(?:\.|::|->|#)[A-Za-z_$][\w$]{1,80}){0,6})\(\)?")
_TICKED: Final = re.compile(r"`(?P<symbol>[A-Za-z_$][\w$]{2,80}(?:(?:\.|::|->|#)[A-Za-z_$][\w$]{1,80}){0,6})(?:\([^`\n]{0,80}\))?`")
_NAMED: Final = re.compile(r"\b(?:function|method|class|struct|macro|endpoint|handler|routine|module)s?\s+(?:named |called )?[`'\"]?(?P<symbol>[A-Za-z_$][\w$]{2,80}(?:(?:\.|::|->)[A-Za-z_$][\w$]{1,80}){0,6})[`'\"]?")
_OPTION: Final = re.compile(r"(?<![\w-])(?P<option>--[a-z][a-z0-9]{1,30}(?:-[a-z0-9]{1,30}){0,6})(?![\w])")
_VERSION: Final = re.compile(
    r"(?:\bversions?|\brelease|\bv(?=\d)|\btag|\btested (?:on|with|against)|\baffects?)\s{0,2}:?\s{0,2}`?(?:[\w-]{1,40} )?v?(?P<version>\d{1,4}\.\d{1,4}(?:\.\d{1,6}){0,2}(?:[-.]?(?:alpha|beta|rc|a|b|dev|post)[-.]?\d{0,4})?)\b",
    re.IGNORECASE,
)
_COMMIT: Final = re.compile(r"(?:\b[Cc]ommit\s{1,2}`?|`|/commit/)(?P<commit>[0-9a-f]{7,40})\b")
_WORDS: Final = frozenset(
    ["the", "this", "that", "and", "for", "with", "from", "when", "then", "which", "function", "method", "class", "struct", "module", "handler", "endpoint", "macro", "routine", "http", "https", "www", "com", "org", "main", "true", "false", "none", "null", "void", "return", "print", "printf", "strcpy", "memcpy", "malloc", "free", "alert", "eval", "exec", "system", "sleep", "len", "int", "str", "range", "open", "input", "console", "document", "window"]
)
"""Words that follow "function" in prose, and calls of every language, which prove nothing."""
_PLACEHOLDERS: Final = re.compile(r"(?:^|/)(?:poc|exploit|payload|test|evil|malicious|attack|example|my_?script|demo|crash|repro\w*)\w*\.\w+\Z|\Aexploit|\Apoc", re.IGNORECASE)


class Kind(StrEnum):
    """What is cited."""

    FILE = "file"
    LINE = "line"
    SYMBOL = "symbol"
    OPTION = "option"
    VERSION = "version"
    COMMIT = "commit"


class State(StrEnum):
    """What looking it up gave. UNSURE: several files could be meant, or the name occurs without being defined."""

    EXISTS = "exists"
    MISSING = "missing"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a report cites.

    Attributes:
        kind: what it is.
        text: as the report writes it.
        path: of a file or a line. line, end: of a line or a range, 1-based. name: of a symbol, an option, a version or a commit.
        at: where in the report it is first cited, in characters.
    """

    kind: Kind
    text: str
    path: str = ""
    line: int = 0
    end: int = 0
    name: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A place at which a name occurs: path, line, and whether it looks like its definition."""

    path: str
    line: int
    defines: bool


class Sources(Protocol):
    """A repository at one commit."""

    @property
    def label(self) -> str:
        """What is looked at, for people: `1.0.3 (tag v1.0.3)`."""
        ...  # pragma: no cover - a protocol

    def paths(self) -> Iterable[str]:
        """All files."""
        ...  # pragma: no cover - a protocol

    def line_count(self, path: str) -> int | None:
        """Lines of a file; None where it is not text that can be read."""
        ...  # pragma: no cover - a protocol

    def find(self, names: Sequence[str]) -> dict[str, tuple[Seen, ...]]:
        """Places at which whole words occur, for each name; a few for each."""
        ...  # pragma: no cover - a protocol

    def has_version(self, version: str) -> bool:
        """A tag or a manifest says so."""
        ...  # pragma: no cover - a protocol

    def has_commit(self, commit: str) -> bool:
        """The commit is in the repository."""
        ...  # pragma: no cover - a protocol


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim and what looking it up gave: one sentence, and the place found (path:line; empty for none)."""

    claim: Claim
    state: State
    says: str
    place: str = ""


def find_claims(text: str) -> tuple[Claim, ...]:
    """What a report cites, each thing once, in order of first mention; at most 300, from the first 200,000 characters."""
    text = text[:MAX_TEXT]
    found: dict[Claim, None] = {}
    for claim in sorted((*_places(text), *_names(text)), key=lambda one: one.at):
        if len(found) < MAX_CLAIMS:
            found.setdefault(claim, None)
    lined = {claim.path for claim in found if claim.kind is Kind.LINE}
    return tuple(claim for claim in found if not (claim.kind is Kind.FILE and claim.path in lined))


def _places(text: str) -> Iterable[Claim]:
    for pattern in (_FRAME, _AT, _LINE_OF, _PATH):
        for match in pattern.finditer(text):
            path = _clean(match["path"])
            if not path or _PLACEHOLDERS.search(path):
                continue
            line, end = int(match["line"] or 0), int(match.groupdict().get("end") or 0)
            kind = Kind.LINE if line else Kind.FILE
            yield Claim(kind, " ".join(match.group().split())[:200], path, line, max(end, line) if line else 0, at=match.start())
            symbol = match.groupdict().get("symbol")
            if symbol and _telling(symbol):
                yield Claim(Kind.SYMBOL, symbol, name=symbol, at=match.start())


def _names(text: str) -> Iterable[Claim]:
    for pattern in (_CALL, _TICKED, _NAMED):
        for match in pattern.finditer(text):
            name = match["symbol"]
            if _telling(name) and not re.search(rf"\.(?:{_EXTENSIONS})\Z", name, re.IGNORECASE):
                yield Claim(Kind.SYMBOL, name, name=name, at=match.start())
    for match in _OPTION.finditer(text):
        yield Claim(Kind.OPTION, match["option"], name=match["option"], at=match.start())
    for match in _VERSION.finditer(text):
        yield Claim(Kind.VERSION, match["version"], name=match["version"], at=match.start())
    for match in _COMMIT.finditer(text):
        if re.search(r"\d", match["commit"]) and re.search(r"[a-f]", match["commit"]):
            yield Claim(Kind.COMMIT, match["commit"], name=match["commit"], at=match.start())


def _telling(name: str) -> bool:
    """A name that a project would have, and not a word of prose: two words in one, or a part after a dot."""
    last = re.split(r"\.|::|->|#", name)[-1]
    return last.lower() not in _WORDS and (len(last) > 3 or last != name) and bool(re.search(r"_|[a-z][A-Z]|\.|::|->|#|\d|\A[A-Z][a-z]+[A-Z]|\A[a-z]{4,}\Z", name))


def _clean(path: str) -> str:
    """A path as the repository would write it; what leads out of it stays as it is and is found nowhere."""
    for prefix in ("./", "a/", "b/"):
        path = path.removeprefix(prefix)
    match = re.search(r"(?:site-packages|dist-packages|node_modules)/(.+)\Z", path)
    return match[1] if match else path.lstrip("/")


def check_claims(claims: Sequence[Claim], sources: Sources) -> tuple[Checked, ...]:
    """Look every claim up; in the same order."""
    paths = tuple(sources.paths())
    known = frozenset(paths)
    names = [_last(claim.name) for claim in claims if claim.kind is Kind.SYMBOL] + [claim.name for claim in claims if claim.kind is Kind.OPTION]
    seen = sources.find(tuple(dict.fromkeys(names))) if names else {}
    return tuple(_check(claim, sources, (known, paths), seen) for claim in claims)


def _last(name: str) -> str:
    return re.split(r"\.|::|->|#", name)[-1]


def _check(claim: Claim, sources: Sources, files: tuple[frozenset[str], tuple[str, ...]], seen: dict[str, tuple[Seen, ...]]) -> Checked:
    if claim.kind in (Kind.FILE, Kind.LINE):
        return _check_file(claim, sources, *files)
    if claim.kind is Kind.VERSION:
        there = sources.has_version(claim.name)
        return Checked(claim, State.EXISTS if there else State.MISSING, f"Version {claim.name} {'exists' if there else 'was never released or tagged here'}.")
    if claim.kind is Kind.COMMIT:
        there = sources.has_commit(claim.name)
        return Checked(claim, State.EXISTS if there else State.MISSING, f"Commit {claim.name} {'exists' if there else 'is not in the repository'}.")
    return _check_name(claim, sources, seen)


def _check_name(claim: Claim, sources: Sources, seen: dict[str, tuple[Seen, ...]]) -> Checked:
    noun = "Option" if claim.kind is Kind.OPTION else "Name"
    places = seen.get(claim.name if claim.kind is Kind.OPTION else _last(claim.name), ())
    if not places:
        return Checked(claim, State.MISSING, f"{noun} {claim.name} does not occur at {sources.label}.")
    defined = next((one for one in places if one.defines), None)
    best = defined or places[0]
    place = f"{best.path}:{best.line}"
    if claim.kind is Kind.OPTION or defined is not None:
        return Checked(claim, State.EXISTS, f"{noun} {claim.name} stands at {place}.", place)
    return Checked(claim, State.UNSURE, f"{noun} {claim.name} occurs ({place}), but nothing that looks like its definition was found.", place)


def _check_file(claim: Claim, sources: Sources, known: frozenset[str], paths: tuple[str, ...]) -> Checked:
    matches = [claim.path] if claim.path in known else [path for path in paths if path.endswith("/" + claim.path)]
    if not matches:  # a report may cite a path from above the repository: its longest tail counts
        parts = claim.path.split("/")
        for cut in range(1, len(parts) - 1):
            tail = "/".join(parts[cut:])
            if tail in known:
                matches = [tail]
                break
    if not matches:
        return Checked(claim, State.MISSING, f"There is no file {claim.path} at {sources.label}.")
    if not claim.line:
        many = len(matches) > 1
        return Checked(claim, State.UNSURE if many else State.EXISTS, f"{len(matches)} files are called so, the first is {matches[0]}." if many else f"{matches[0]} exists.", matches[0])
    counts = {path: sources.line_count(path) for path in matches[:20]}
    fitting = [path for path, count in counts.items() if count is not None and max(claim.line, claim.end) <= count]
    if fitting:
        state = State.EXISTS if len(matches) == 1 else State.UNSURE
        return Checked(claim, state, f"{fitting[0]} has a line {claim.line}.", f"{fitting[0]}:{claim.line}")
    longest = max((count for count in counts.values() if count is not None), default=None)
    if longest is None:
        return Checked(claim, State.UNSURE, f"{matches[0]} exists, but is no text that can be read.", matches[0])
    return Checked(claim, State.MISSING, f"{matches[0]} has {longest} lines, and no line {max(claim.line, claim.end)}.", matches[0])


def summary(checked: Sequence[Checked], label: str) -> str:
    """One sentence for the board: `3 of 7 things that the report cites do not exist at 1.0.3.`"""
    if not checked:
        return "The report cites nothing that could be looked up."
    missing = sum(one.state is State.MISSING for one in checked)
    if not missing:
        return f"All {len(checked)} things that the report cites exist at {label}, or occur there."
    return f"{missing} of {len(checked)} things that the report cites {'does' if missing == 1 else 'do'} not exist at {label}."
