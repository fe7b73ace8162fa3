"""Judges whether dangerous commands are blocked: the program's own lists are tried on spellings of what the sentence names, and who consults them is looked up."""

from __future__ import annotations

import re

from troth.judgement.command_corpus import GENERAL, dangers_of
from troth.judgement.guards import not_a_claim, universal
from troth.judgement.subject import off_subject
from troth.terms.facts.command_filters import CommandFilter, CommandFilters
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_MATTER = re.compile(
    r"command|pattern|shell|exec|bash|predicate|operation|\brm\b|fork bomb|mkfs|disk|\bdd\b|sudo|chmod|curl|wget|shutdown|reboot|format|tool|delet|deny|denylist|block", re.IGNORECASE
)
_MEND = "Refuse by what a command does and not by how it is spelled: an allow-list of programs, started without a shell, or a sandbox."
_QUOTED = re.compile(r"`([^`\n]{2,60})`")


def verify(statement: Statement, filters: CommandFilters, tree: Tree) -> Verdict:
    """Broken where nothing consults the list or the plain form passes; Partly where other spellings pass; Kept for named commands of which all spellings that are tried are stopped."""
    other = not_a_claim(statement, "block dangerous commands") or off_subject(statement, _MATTER, "commands")
    if other is not None:
        return other
    refusing = [item for item in filters.filters if item.refuses and _of_commands(item)]
    wired = [item for item in refusing if item.mode and item.live and item.acts and item.before_start and item.heeded]
    if not wired:
        return _unwired(refusing, filters, tree)
    dangers = dangers_of(f"{statement.text} {statement.quote}")
    shown = tuple(tree.evidence(item.consulted.path, item.consulted.line, "The list is consulted before a process starts.") for item in wired[:2] if item.consulted)
    shown = (*shown, *(tree.evidence(item.place.path, item.place.line, f"A list with {len(item.entries)} entries.") for item in wired[:2]))
    if not dangers:
        return _generally(statement, wired, shown)
    plain = [command for danger in dangers for command in danger.plain]
    every = [*plain, *(command for danger in dangers for command in danger.spellings)]
    passed = {command: _stopped(command, wired) for command in every}
    if any(stopped is None for stopped in passed.values()):
        return _run("An expression of the list cannot be tried here.", shown)
    through = [command for command in every if not passed[command]]
    if any(command in through for command in plain):
        return Broken(How.BYPASSED, shown, f"The list lets through: {'; '.join(f'`{command}`' for command in through[:4])}.", _MEND)
    if through:
        return Partly(How.BYPASSED, shown, f"The plain form is stopped, and the list lets through: {'; '.join(f'`{command}`' for command in through[:4])}.", _MEND)
    loose = [(place, shell) for place, function, shell in filters.starts if shell and not _passes(place.path, function, wired)]
    if loose or filters.unread:
        return _run("The list stops what is named; another place starts a shell with a value, and whether a command gets there takes a run.", (*shown, *(tree.evidence(place.path, place.line, "It starts a shell.") for place, _ in loose[:2])))
    return Kept(shown, f"The program's own list stops {'; '.join(danger.name for danger in dangers)} in all {len(every)} spellings that were tried (quotes inside of words were not).")


def _of_commands(item: CommandFilter) -> bool:
    """A list of commands, and not of hosts, files or words of a text."""
    return item.before_start or bool(re.search(r"command|cmd|shell|bash|exec", f"{item.name} {item.function}", re.IGNORECASE))


def _unwired(refusing: list[CommandFilter], filters: CommandFilters, tree: Tree) -> Verdict:
    """No list stands before a process: nobody consults it, or nobody heeds it, or there is none that is known."""
    named = [item for item in refusing if re.search(r"command|cmd|shell|bash", item.name, re.IGNORECASE)]
    names = {item.name for item in named}
    idle = [item for item in named if not any(other.name == item.name and other.mode and other.live for other in refusing)]
    if named and len(idle) == len(named) and filters.starts and not filters.unread and not _mentioned(names, idle, tree):
        shown = tuple(tree.evidence(item.place.path, item.place.line, "Nothing outside of tests asks it.") for item in idle[:4])
        return Broken(How.BYPASSED, shown, "The list of refused commands is never asked.", "Ask it before each start of a process, or take the sentence back.")
    unheeded = [item for item in named if item.mode and item.live and not item.heeded]
    if unheeded and len(unheeded) == len([item for item in named if item.mode]):
        shown = tuple(tree.evidence(item.consulted.path, item.consulted.line, "It says no, and no caller looks at what it says.") for item in unheeded[:4] if item.consulted)
        return Broken(How.TOOTHLESS, shown, "What the list says is not heeded.", "Leave where the list says no.")
    seen: tuple[Evidence, ...] = tuple(tree.evidence(item.place.path, item.place.line, "A list of what is refused.") for item in refusing[:2])
    return _run("No list that is asked before a process starts is known here.", seen)


def _mentioned(names: set[str], idle: list[CommandFilter], tree: Tree) -> bool:
    """Another line of code names a list: it may be asked in a way that is not known here."""
    places = {(item.place.path, item.place.line) for item in idle}
    for name in names:
        word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
        for path in tree.paths("*.py", "*.ts", "*.tsx", "*.js", "*.mjs", "*.cjs", "*.rs"):
            if name.encode() not in (tree.reader(path) or b"") or re.search(r"(?:^|/)tests?/|[._-]test\.|test_", path):
                continue
            lines = tree.lines(path)
            if any(word.search(line) and (path, number) not in places and not line.lstrip().startswith(("#", "//", "*", "import", "from", "export {")) for number, line in enumerate(lines, start=1)):
                return True
    return False


def _generally(statement: Statement, wired: list[CommandFilter], shown: tuple[Evidence, ...]) -> Verdict:
    """A sentence that names no kind: never Kept, since no list holds all that is dangerous."""
    quoted = [text for text in _QUOTED.findall(statement.quote) if re.match(r"[a-z][\w.-]*(?:\s|\Z)", text)]
    if quoted and all(_stopped(text, wired) for text in quoted) and not universal(statement):
        spelled = [text for word in quoted for text in (f"sudo {word}", f"/bin/{word}", word.replace(" ", "  ")) if not _stopped(text, wired)]
        if spelled:
            return Partly(How.BYPASSED, shown, f"The plain form is stopped, and the list lets through: {'; '.join(f'`{text}`' for text in spelled[:3])}.", _MEND)
        return Kept(shown, f"The program's own list stops {'; '.join(f'`{text}`' for text in quoted)} in the spellings that were tried (quotes inside of words were not).")
    answers = {command: _stopped(command, wired) for command in GENERAL}
    through = [command for command, stopped in answers.items() if stopped is False]
    if not through:
        return _run("The list stops all that was tried here; what else is dangerous no list holds.", shown)
    if len(through) == len(GENERAL):
        return _run("The list stops none of the usual dangerous commands; what it is about takes a run.", shown)
    return Partly(How.INCOMPLETE, shown, f"The list stops {len(GENERAL) - len(through)} of {len(GENERAL)} usual dangerous commands and lets through: {'; '.join(f'`{command}`' for command in through[:4])}.", _MEND)


def _stopped(command: str, wired: list[CommandFilter]) -> bool | None:
    answers = [item.hits(command) for item in wired]
    return True if True in answers else None if None in answers else False


def _passes(path: str, function: str, wired: list[CommandFilter]) -> bool:
    return any(item.consulted is not None and item.consulted.path == path for item in wired) and bool(function)


def _run(because: str, shown: tuple[Evidence, ...] = ()) -> Unknown:
    return Unknown("a run of the check with a corpus of spellings", because, shown)
