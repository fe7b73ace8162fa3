"""Judges whether commands are started without a shell: every call that starts a process, with its arguments."""

from __future__ import annotations

import ast
import re

from troth.judgement.guards import not_a_claim, source_lines, sources, unread
from troth.terms.facts.code_lines import CodeLines
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_RUNS = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen")
_SHELLS = ("os.system", "os.popen")
_OTHER = re.compile(r"create_subprocess_shell|getoutput\(|getstatusoutput\(|os\.exec|os\.spawn|pty\.spawn|pexpect|paramiko|fabric|invoke\.run|sh\.Command|plumbum")
_NODE = re.compile(r"child_process|execa\b|\bzx\b|shelljs|Bun\.spawn|Deno\.(?:run|Command)|Command::new")
_SHELL = re.compile(r"(?:.*[\\/])?(?:(?:ba|z|da|k|c|tc|fi|a)?sh|cmd|powershell|pwsh)(?:\.exe)?\Z", re.IGNORECASE)
_COMMAND = re.compile(r"(?:-\w*c|/c|/k|-command|-encodedcommand)\Z", re.IGNORECASE)
_REMOTE = frozenset({"ssh", "su", "watch", "xargs", "parallel"})
"""Programs that hand what follows to a shell: such a call is not seen to the end."""
_LISTED = re.compile(r"['\"](?:[\w/.-]*/)?(?:(?:ba|z|da|k|c|tc|fi|a)?sh|cmd|powershell|pwsh)(?:\.exe)?['\"]\s*,\s*['\"](?:-\w*c|/[cCkK]|-[Cc]ommand)['\"]")
"""A command for a shell that is put together elsewhere than in the call."""
_OF_ONE = re.compile(r"`([\w.-]{2,30})` (?:is|are|gets?|will be) (?:only )?(?:invoked|called|run|executed|started|spawned|launched)\b|\bthe (\w+) process is (?:spawned|started|launched)\b", re.IGNORECASE)
_IT = re.compile(r"\W*(?:it|this|that|the (?:tool|wrapper|bridge|helper|runner|hook))\b (?:uses|calls|runs|invokes|spawns|starts)\b", re.IGNORECASE)
"""Speaks of what the sentence before named."""
_BY_HAND = re.compile(r"(?:^|/)scripts?/|^(?:hack|ci|\.github)/", re.IGNORECASE)
"""What people start who work on the project: nobody else gives it values."""
_FOREIGN = re.compile(r"`?(?:shell_exec|passthru|proc_open|popen)`?\b")
"""Functions of PHP."""
_ANY = frozenset(("subprocess", "subprocesses", "process", "processes", "command", "commands", "child", "children"))
_MEND = "Pass a list of words without shell=True."


def verify(statement: Statement, calls: PythonCalls, tree: Tree, code: CodeLines) -> Verdict:
    """Broken where a shell reads a command made of values, Kept only where every start of a process in a Python tree is seen and is a list."""
    other = not_a_claim(statement, "avoid shells")
    if other is not None:
        return other
    runs = [call for call in calls.of(*_RUNS) if not call.test]
    shells = [call for call in runs if _with_shell(call)] + [call for call in calls.of(*_SHELLS) if not call.test]
    made = [call for call in shells if not (call.arguments and call.arguments[0].constant)]
    named = [(call, handed) for call in runs if (handed := _handed_to_a_shell(call)) is not None]
    shells += [call for call, _ in named]
    made += [call for call, handed in named if any(not isinstance(word, ast.Constant) for word in handed)]
    other_made = code.of("js-shell-injection", "js-shell-model-output", "rust-command-input")
    if (made or other_made) and (_FOREIGN.search(statement.quote) or all(_BY_HAND.search(path) for path in (*(call.place.path for call in made), *(found.place.path for found in other_made)))):
        return Unknown("a look at every start of a process", "Shells read commands in scripts for those who work on the project, or the sentence names functions of a language that is not read.")
    if (made or other_made) and (one := _subject(statement)):
        return Unknown("a look at the calls of that program", f"The sentence speaks of {one} alone; other commands are another matter.")
    if made or other_made:
        places = [(call.place, "A shell reads a command that is made of values.") for call in made] + [(found.place, found.says) for found in other_made]
        shown = tuple(tree.evidence(place.path, place.line, says) for place, says in places[:10])
        return Broken(How.BYPASSED, shown, f"{len(made) + len(other_made)} calls hand a command made of values to a shell.", _MEND)
    if shells:
        shown = tuple(tree.evidence(call.place.path, call.place.line, "A shell reads a fixed command.") for call in shells[:10])
        return Partly(How.INCOMPLETE, shown, "A shell is used, for commands that are written in the code.", _MEND)
    unsure = [call for call in runs if call.star or _unsure(call)]
    elsewhere = next(iter(source_lines(tree, _OTHER)), None) or next(iter(source_lines(tree, _LISTED)), None) or next(iter(source_lines(tree, _NODE, ".ts", ".js", ".mjs", ".tsx", ".cjs", ".rs")), None)
    if not runs or unsure or elsewhere or calls.unread or code.unread or unread(tree):
        return Unknown("a look at every start of a process", "Not every place that starts a process could be seen, or there is none.")
    shown = tuple(tree.evidence(call.place.path, call.place.line, "A list of words, no shell.") for call in runs[:8])
    return Kept(shown, f"All {len(runs)} starts of a process in {sum(1 for _ in sources(tree, '.py'))} Python files pass a list and use no shell.")


def _subject(statement: Statement) -> str:
    """The one program that the sentence speaks of ("`unzip` is invoked via ..."); empty where it speaks of all."""
    match = _OF_ONE.search(statement.quote)
    name = (match.group(1) or match.group(2)) if match is not None else ""
    name = name or ("it" if _IT.match(statement.text) else "")
    return "" if name.lower() in _ANY else name


def _with_shell(call: PythonCall) -> bool:
    given = call.keyword("shell")
    return given is not None and given.constant and bool(given.value)


def _unsure(call: PythonCall) -> bool:
    """`shell` is a value, the command is a text, or its first word is a shell or hands on to one."""
    given = call.keyword("shell")
    if given is not None and not given.constant:
        return True
    command = call.arguments[0] if call.arguments else call.keyword("args")
    if command is None or re.match(r"[rRbBfFuU]{0,2}['\"]", command.text):
        return True
    words = _words(call)
    first = words[0] if words else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return command.text.startswith(("[", "(")) and not words
    return re.split(r"[\\/]", first.value)[-1].lower() in _REMOTE or _SHELL.match(first.value) is not None


def _words(call: PythonCall) -> list[ast.expr]:
    """The elements of a command that is written as a list or tuple; empty for any other, and for one that is too long to be seen whole."""
    given = call.arguments[0] if call.arguments else call.keyword("args")
    try:
        command = ast.parse(given.text, mode="eval").body if given is not None else None
    except (SyntaxError, ValueError):
        return []
    return command.elts if isinstance(command, (ast.List, ast.Tuple)) else []


def _handed_to_a_shell(call: PythonCall) -> list[ast.expr] | None:
    """What `["sh", "-c", ...]` hands over, wherever in the list the shell stands; None where there is none."""
    words = _words(call)
    texts = [word.value if isinstance(word, ast.Constant) and isinstance(word.value, str) else "" for word in words]
    for at, text in enumerate(texts[:-1]):
        if _SHELL.match(text) and any(_COMMAND.match(option) for option in texts[at + 1 : at + 3]):
            return words[at + 2 :]
    return None
