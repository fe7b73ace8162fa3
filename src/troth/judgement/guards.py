"""Shared reasoning about what guards a program: is the sentence a claim that code can decide, is a guard called at all, and which run would prove the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from troth.judgement.guard_names import is_guard
from troth.judgement.policy_scope import inside, said
from troth.judgement.remembered import of_blob
from troth.terms.facts.programs import Programs, Unit
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Modality, Polarity, Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown

__all__ = ["called_by_frameworks", "evidence_of", "names", "not_a_claim", "prove", "softened", "source_lines", "sources", "split", "universal", "unread"]

_ASIDE: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|spec|examples?|docs?|benchmarks?|benches|bench|samples?|tutorials?|fixtures?|mocks?|__mocks__|e2e|node_modules|dist|vendor|"
    r"third_party|build|site-packages|legacy|archived?|deprecated|obsolete|attic)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?|conftest)\.(?:py|rs|go)\Z|[._-](?:test|spec|stories|d|min)\.[cm]?[jt]sx?\Z"
)
_CODE: Final = (".py", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".rs")
_SIZE_LIMIT: Final = 512 * 1024
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_THEIRS: Final = re.compile(
    r"\b(?:operator|user|caller|deployer|integrator|administrator|admin|customer|host|client)(?:'s|s'|s)? (?:own )?responsibility\b|\bresponsibility of (?:the |each |your )?(?:operator|user|caller|deployer|integrator|administrator|host)",
    re.IGNORECASE,
)
_AS_FITS: Final = re.compile(r"\b(?:where|when|if|as) (?:appropriate|applicable|necessary|needed|possible|feasible)\b", re.IGNORECASE)
_UNIVERSAL: Final = re.compile(r"\b(?:all|every|each|any|no|never|always|only|nothing|none|automatically)\b", re.IGNORECASE)


def not_a_claim(statement: Statement, what: str) -> Unknown | None:
    """The verdict on a line that claims nothing of the code: advice to users, an admitted gap, a threat; None for a claim."""
    if statement.modality is Modality.RECOMMENDATION_USERS:
        because = f"The sentence asks users to {what}; nothing in this repository can keep or break it."
        return Unknown("what users of the software do, which no repository shows", because, (said(statement, "It is advice to users."),))
    if _THEIRS.search(statement.text):
        return Unknown("what operators do", f"The sentence leaves it to others to {what}; it claims nothing of the code.", (said(statement, "It is left to them."),))
    if statement.modality is Modality.RECOMMENDATION_CONTRIBUTORS and _AS_FITS.search(statement.text):
        return Unknown("what is appropriate where", f"The sentence asks contributors to {what} where they see fit; it claims nothing of the code.", (said(statement, "It leaves the choice open."),))
    if statement.polarity is Polarity.ADMITTED or statement.modality is Modality.LIMIT:
        return Unknown("a claim", "The line owns up to a gap or names a threat; it does not say what the code does.", (said(statement, "It is no claim."),))
    return None


def softened(verdict: Broken, statement: Statement, *, claims: bool) -> Broken | Partly:
    """What a fault of the program's own code means for a sentence: advice to users is not broken by it, unless the advice leans on what is at fault.

    Args:
        verdict: what it would be for a claim.
        statement: the sentence.
        claims: the sentence names the option, setting or function that is at fault, and so says that it works.
    """
    if claims or statement.modality is not Modality.RECOMMENDATION_USERS:
        return verdict
    because = f"It is advice to users, and the program's own code does not follow it: {verdict.because}"
    return Partly(How.CONTRADICTED, verdict.evidence, because, verdict.mend)


def names(statement: Statement, identifier: str) -> bool:
    """Whether a sentence names an identifier: as it is written, or all of its words (`requirePolicyToken`: "require policy tokens")."""
    text = statement.quote.lower()
    words = [word.lower() for word in _PARTS.findall(identifier)]
    return identifier.lower() in text or (len(words) > 1 and all(re.search(rf"\b{re.escape(word)}", text) for word in words))


def prove(name: str, because: str, evidence: tuple[Evidence, ...] = ()) -> Unknown:
    """What only a run could decide, and the run that would: `troth prove NAME`."""
    return Unknown(f"a run: `troth prove {name}`", because, evidence)


def universal(statement: Statement) -> bool:
    """Whether the sentence speaks of all cases."""
    return bool(_UNIVERSAL.search(statement.text))


def called_by_frameworks(unit: Unit) -> bool:
    """Whether something may call a unit without naming it: a decorator, a protocol's name, a method that overrides another's."""
    dunder = unit.name.startswith("__") and unit.name.endswith("__")
    return unit.decorated or dunder or unit.kind == "method"


def split(units: Iterable[Unit], programs: Programs, home: str = "") -> tuple[list[Unit], list[Unit]]:
    """Units with a mention elsewhere in production code, and those without; what cannot be told counts with the first, and what only idle ones mention with the second.

    Args:
        units: what is asked about.
        programs: the tree's.
        home: folder of the package that the units belong to. A mention in another package that defines the same name is of its own.
    """
    abroad = {unit.name for unit in programs.units if not inside(home, unit.place.path)}
    every = list(units)
    idle = [unit for unit in every if is_guard(unit.name) and not called_by_frameworks(unit) and not programs.unseen(unit)]
    uses = [[use.place for use in programs.uses(unit) if unit.name not in abroad or inside(home, use.place.path)] for unit in idle]
    live = {index for index, places in enumerate(uses) if any(not _within(place, idle) for place in places)}
    grown = -1
    while grown != len(live):  # what a live one mentions lives; idle ones that only mention each other stay idle
        grown = len(live)
        dead = [unit for index, unit in enumerate(idle) if index not in live]
        live |= {index for index, places in enumerate(uses) if any(not _within(place, dead) for place in places)}
    kept = [unit for index, unit in enumerate(idle) if index not in live]
    return [unit for unit in every if unit not in kept], kept


def _within(place: Place, units: list[Unit]) -> bool:
    return any(unit.place.path == place.path and unit.place.line <= place.line <= (unit.place.end_line or unit.place.line) for unit in units)


def evidence_of(units: Iterable[Unit], tree: Tree, says: str, most: int = 8) -> tuple[Evidence, ...]:
    """Evidence at the first line of each unit."""
    return tuple(tree.evidence(unit.place.path, unit.place.line, says) for unit in list(units)[:most])


def sources(tree: Tree, *extensions: str) -> Iterator[str]:
    """Paths of production code; of the given extensions, or of every language that is known here."""
    for path, file in tree.files.items():
        if path.endswith(extensions or _CODE) and file.mode != "120000" and 0 < file.size <= _SIZE_LIMIT and not _ASIDE.search(path):
            yield path


def unread(tree: Tree, *extensions: str) -> list[str]:
    """Paths of production code that `source_lines` cannot look into: too large, binary, UTF-16, or not readable. Nothing is absent from them."""
    every = (path for path, file in tree.files.items() if path.endswith(extensions or _CODE) and file.mode != "120000" and file.size and not _ASIDE.search(path))
    return [path for path in every if tree.files[path].size > _SIZE_LIMIT or tree.text(path) is None]


def source_lines(tree: Tree, pattern: re.Pattern[str], *extensions: str, holds: bytes | tuple[bytes, ...] = ()) -> Iterator[tuple[str, int, re.Match[str]]]:
    """Lines of production code that match, comments that begin a line left out: path, line, match.

    Args:
        tree: the judged tree.
        pattern: looked for in each line.
        extensions: of files; every known one by default.
        holds: ASCII that every match holds, or several of which every match holds one; a file without is neither decoded nor searched.
    """
    # several promises of one policy ask the same of one tree: what was found is kept with the tree, and read on from there
    scans: dict[tuple[object, ...], _Scan] = tree.__dict__.setdefault("_scans", {})
    words = (holds,) if isinstance(holds, bytes) else holds
    key = (pattern, extensions, words)
    if key not in scans:
        scans[key] = _Scan(_matching(tree, pattern, extensions, words))
    return iter(scans[key])


class _Scan:
    """Lines that were found so far, and the search that goes on where it stopped."""

    def __init__(self, lines: Iterator[tuple[str, int, re.Match[str]]]) -> None:
        self._lines = lines
        self._found: list[tuple[str, int, re.Match[str]]] = []

    def __iter__(self) -> Iterator[tuple[str, int, re.Match[str]]]:
        at = 0
        while True:
            if at == len(self._found):
                following = next(self._lines, None)
                if following is None:
                    return
                self._found.append(following)
            yield self._found[at]
            at += 1


def _matching(tree: Tree, pattern: re.Pattern[str], extensions: tuple[str, ...], holds: tuple[bytes, ...]) -> Iterator[tuple[str, int, re.Match[str]]]:
    for path in sources(tree, *extensions):
        found = of_blob(tree.files[path].blob, ("lines", pattern, holds, path.endswith(".py")), 0, partial(_in_file, tree, path, pattern, holds))
        yield from ((path, number, match) for number, match in found)


def _in_file(tree: Tree, path: str, pattern: re.Pattern[str], holds: tuple[bytes, ...]) -> tuple[tuple[int, re.Match[str]], ...]:
    """Lines of one file that match."""
    if holds:
        data = tree.reader(path) or b""
        if not any(word in data for word in holds):
            return ()
    text = tree.text(path)
    if text is None or not pattern.search(text):
        return ()
    remarks = ("#", '"""', "'''") if path.endswith(".py") else ("//", "*", "/*")
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > 1000 or line.lstrip().startswith(remarks):
            continue
        match = pattern.search(line)
        if match is not None:
            found.append((number, match))
    return tuple(found)
