"""Judges whether only listed commands run: is the list asked before each start of a process, and is what it looks at all that runs."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim
from troth.judgement.subject import off_subject
from troth.terms.facts.command_filters import CommandFilter, CommandFilters
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_MATTER = re.compile(r"command|binar|executable|program|shell|exec|tool|operation|subprocess", re.IGNORECASE)
_COMMANDS = re.compile(r"command|cmd|shell|binar|executable|program|subprocess|exec|bash|allowlist|whitelist|allowed", re.IGNORECASE)
_INTERPRETERS = frozenset(("python", "python3", "node", "bash", "sh", "zsh", "perl", "ruby", "env", "xargs", "awk", "find", "ssh", "npx", "deno", "bun", "php", "lua", "osascript", "powershell", "pwsh", "cmd"))
_METACHARACTERS = re.compile(r"\[[^\]\n]*(?:;|\\\||&|`|\$)[^\]\n]*\]|['\"](?:;|\|\||&&|\||`|\$\()['\"]|shlex\.quote|metachar|shell_?(?:chars|operators)", re.IGNORECASE)
_MEND = "Split the command into words, compare the first with the list, and start it from the words without a shell."


def verify(statement: Statement, filters: CommandFilters, tree: Tree) -> Verdict:
    """Broken where nothing asks the list, or it looks at the first word and a shell reads the rest; Partly where a listed program runs others; Kept where each start is behind it, without a shell."""
    other = not_a_claim(statement, "run listed commands only") or off_subject(statement, _MATTER, "commands")
    if other is not None:
        return other
    lists = [item for item in filters.filters if not item.refuses and _COMMANDS.search(item.name) and (item.before_start or re.search(r"command|cmd|binar", item.name, re.IGNORECASE))]
    asked = [item for item in lists if item.mode and item.live]
    wired = [item for item in asked if item.acts and item.before_start and item.heeded]
    if not asked:
        return _idle(lists, filters, tree)
    shown = tuple(tree.evidence(item.consulted.path, item.consulted.line, "The list is asked here.") for item in wired[:3] if item.consulted)
    if not wired:
        unheeded = [item for item in asked if not item.heeded]
        if unheeded and len(unheeded) == len(asked):
            said = tuple(tree.evidence(item.consulted.path, item.consulted.line, "It says no, and no caller looks at what it says.") for item in unheeded[:3] if item.consulted)
            return Broken(How.TOOTHLESS, said, "What the list says is not heeded.", _MEND)
        return _run("A list of allowed commands is asked; that it stands before a start of a process is not seen.")
    shells = [(item, place) for item in wired if item.mode in ("word", "prefix", "piece") for place in _shell_beside(item, filters)]
    if shells and not any(_refuses_more(item, tree) for item, _ in shells):
        said = tuple(tree.evidence(place.path, place.line, "A shell reads the whole text, and what stands behind `;` or `|` runs as well.") for _, place in shells[:3])
        return Broken(How.BYPASSED, (*said, *shown[:2]), "The list looks at the beginning of the command, and a shell reads all of it.", _MEND)
    if shells or filters.unread:
        return _run("The list looks at the beginning and something else at the rest; what passes both takes a run.", shown)
    loose = [place for place, function, _ in filters.starts if not any(_guards(item, place, function) for item in wired)]
    if loose or not filters.starts:
        beside = tuple(tree.evidence(place.path, place.line, "It starts a process with a value; no list is seen before it.") for place in loose[:3])
        return _run("A list is asked, and a process is started elsewhere, or not where it can be seen; whether all that is started passes the list takes a run.", (*shown, *beside))
    wide = sorted({entry.text for item in wired for entry in item.entries if entry.text.rpartition("/")[2] in _INTERPRETERS})
    if wide:
        return Partly(How.BYPASSED, shown, f"Programs on the list run others: {', '.join(wide[:6])}.", "Leave programs that start others off the list, or fix their arguments.")
    if any(item.mode not in ("word", "whole") for item in wired):
        return _run("The list is compared with a piece of the command; what else passes takes a run.", shown)
    return Kept(shown, f"Each of the {len(filters.starts)} places that start a process with a value stands behind a list of {len(wired[0].entries)} programs, and no shell is used.")


def _idle(lists: list[CommandFilter], filters: CommandFilters, tree: Tree) -> Verdict:
    named = [item for item in lists if re.search(r"command|cmd|binar", item.name, re.IGNORECASE)]
    unused = [item for item in named if not item.mode and not _named_elsewhere(item, tree)]
    if named and len(unused) == len(named) and filters.starts and not filters.unread:
        shown = tuple(tree.evidence(item.place.path, item.place.line, "Nothing outside of tests asks it.") for item in unused[:4])
        return Broken(How.BYPASSED, shown, "The list of allowed commands is never asked.", _MEND)
    return _run("No list of allowed commands that is asked before a process starts is known here.")


def _named_elsewhere(item: CommandFilter, tree: Tree) -> bool:
    word = re.compile(rf"(?<![\w$]){re.escape(item.name)}(?![\w$])")
    for path in tree.paths("*.py", "*.ts", "*.tsx", "*.js", "*.mjs", "*.cjs"):
        if item.name.encode() not in (tree.reader(path) or b"") or re.search(r"(?:^|/)tests?/|[._-]test\.|test_", path):
            continue
        for number, line in enumerate(tree.lines(path), start=1):
            if word.search(line) and (path, number) != (item.place.path, item.place.line) and not line.lstrip().startswith(("#", "//", "*", "import", "from", "export {")):
                return True
    return False


def _shell_beside(item: CommandFilter, filters: CommandFilters) -> list[Place]:
    """Starts of a shell in the function that asks the list, or in the same file where that function only answers."""
    here = [place for place, function, shell in filters.starts if shell and item.consulted is not None and place.path == item.consulted.path]
    return [place for place in here if item.consulted is not None and place.line > item.consulted.line] or here


def _refuses_more(item: CommandFilter, tree: Tree) -> bool:
    """The file also looks for what a shell would take apart."""
    return bool(item.consulted and _METACHARACTERS.search(tree.text(item.consulted.path) or ""))


def _guards(item: CommandFilter, place: Place, function: str) -> bool:
    """The start stands in the file of the list's asker, below it or in another function that it leads to."""
    return item.consulted is not None and item.consulted.path == place.path and (item.function != function or item.consulted.line <= place.line)


def _run(because: str, shown: tuple[Evidence, ...] = ()) -> Unknown:
    return Unknown("a run of the check with a corpus of spellings", because, shown)
