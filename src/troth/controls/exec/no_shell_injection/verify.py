"""Judges whether commands are started without a shell: every call that starts a process, with its arguments."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, source_lines, sources, unread
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Kept, Partly, Unknown, Verdict

_RUNS = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen")
_SHELLS = ("os.system", "os.popen")
_OTHER = re.compile(r"create_subprocess_shell|getoutput\(|getstatusoutput\(|os\.exec|os\.spawn|pty\.spawn|pexpect|paramiko|fabric|invoke\.run|sh\.Command|plumbum")
_NODE = re.compile(r"child_process|execa\b|\bzx\b|shelljs|Bun\.spawn|Deno\.(?:run|Command)|Command::new")
_MEND = "Pass a list of words without shell=True."


def verify(statement: Statement, calls: PythonCalls, tree: Tree) -> Verdict:
    """Broken where a shell reads a command made of values, Kept only where every start of a process in a Python tree is seen and is a list."""
    other = not_a_claim(statement, "avoid shells")
    if other is not None:
        return other
    runs = [call for call in calls.of(*_RUNS) if not call.test]
    shells = [call for call in runs if _with_shell(call)] + [call for call in calls.of(*_SHELLS) if not call.test]
    made = [call for call in shells if not (call.arguments and call.arguments[0].constant)]
    if made:
        shown = tuple(tree.evidence(call.place.path, call.place.line, "A shell reads a command that is made of values.") for call in made[:10])
        return Broken(How.BYPASSED, shown, f"{len(made)} calls hand a command made of values to a shell.", _MEND)
    if shells:
        shown = tuple(tree.evidence(call.place.path, call.place.line, "A shell reads a fixed command.") for call in shells[:10])
        return Partly(How.INCOMPLETE, shown, "A shell is used, for commands that are written in the code.", _MEND)
    unsure = [call for call in runs if call.star or _unsure(call)]
    elsewhere = next(iter(source_lines(tree, _OTHER)), None) or next(iter(source_lines(tree, _NODE, ".ts", ".js", ".mjs", ".tsx", ".cjs", ".rs")), None)
    if not runs or unsure or elsewhere or calls.unread or unread(tree):
        return Unknown("a look at every start of a process", "Not every place that starts a process could be seen, or there is none.")
    shown = tuple(tree.evidence(call.place.path, call.place.line, "A list of words, no shell.") for call in runs[:8])
    return Kept(shown, f"All {len(runs)} starts of a process in {sum(1 for _ in sources(tree, '.py'))} Python files pass a list and use no shell.")


def _with_shell(call: PythonCall) -> bool:
    given = call.keyword("shell")
    return given is not None and given.constant and bool(given.value)


def _unsure(call: PythonCall) -> bool:
    """`shell` is a value, or the command is not seen to be a list."""
    given = call.keyword("shell")
    return given is not None and not given.constant
