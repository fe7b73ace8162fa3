"""Every command that a step, a script or a hook would run, with where it is written and whether its failure counts.

Follows `make x`, `npm run x`, `tox -e x`, `nox -s x`, `just x`, shell scripts and local composite actions, a few hops deep. Reads only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from troth.engines.tools.pretence import idle_shell, pretences
from troth.engines.tools.scripts import Scripted, Scripts
from troth.judgement.evaluate import both
from troth.judgement.shell import Command, commands
from troth.terms.facts.workflows import Job, LocalAction, Setting, Step, Truth, Uses, Workflow, Workflows
from troth.terms.place import Place

__all__ = ["Call", "Sources", "calls_of_step", "calls_of_text"]

_HOPS = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One command or action, before anything is known about its tool.

    Attributes:
        argv: words of the command; `(uses,)` for an action.
        place: where it is written.
        fails: whether its failure fails what runs it.
        why, why_place: what swallows it, and where.
        guards: conditions of the script that it stands behind.
        via: places that lead to it, outermost first.
        folder: working directory, relative to the root; empty = the root.
        uses, options: of an action.
        env: environment that is set for it: names, values, lines.
        writes: files that its output goes to.
        never: why it is never reached; empty where nothing says so.
        doubt: why it may be another command than its name says; empty where nothing says so.
    """

    argv: tuple[str, ...]
    place: Place
    fails: Truth = Truth.TRUE
    why: str = ""
    why_place: Place | None = None
    guards: tuple[tuple[str, ...], ...] = ()
    via: tuple[Place, ...] = ()
    folder: str = ""
    uses: Uses | None = None
    options: tuple[Setting, ...] = ()
    env: tuple[Setting, ...] = ()
    writes: tuple[str, ...] = ()
    never: str = ""
    doubt: str = ""


def _join(folder: str, below: str) -> str:
    if below.startswith(("/", "~", "$")):
        return below
    joined = posixpath.normpath(posixpath.join(folder, below))
    return "" if joined == "." else joined


def _lowered(call: Call, outer: Call) -> Call:
    """A call inside a script, with what the call of the script does to it."""
    lost = not outer.fails.certain
    return replace(
        call,
        fails=both(call.fails, outer.fails),
        why=outer.why if lost and outer.why else call.why,
        why_place=outer.why_place if lost and outer.why else call.why_place,
        guards=(*outer.guards, *call.guards),
        via=(*outer.via, outer.place, *call.via),
        env=(*outer.env, *call.env),
        never=outer.never or call.never,
        doubt=outer.doubt or call.doubt,
    )


def calls_of_text(text: Scripted, scripts: Scripts, folder: str, hops: int = _HOPS) -> Iterator[Call]:
    """Calls of a script's text, and of the scripts that they call."""
    for command in commands(text.text, errexit=text.errexit, pipefail=text.pipefail):
        place = Place(text.path, text.line(command.line))
        if command.argv[:1] == ("cd",) and len(command.argv) > 1 and not command.guards:
            folder = _join(folder, command.argv[1])
        call = _pretended(_call(command, place, folder, text), command, text)
        yield call
        if hops:
            yield from _inside(call, scripts, hops - 1)


def _call(command: Command, place: Place, folder: str, text: Scripted) -> Call:
    why_place = Place(text.path, text.line(command.why_line)) if command.why else None
    pairs = (item.partition("=") for item in command.env)
    env = tuple(Setting(name, value, place.line) for name, _, value in pairs)
    return Call(
        argv=command.argv,
        place=place,
        fails=Truth.FALSE if text.ignores(command.line) else command.fails,
        why="- (make ignores the failure)" if text.ignores(command.line) else command.why,
        why_place=place if text.ignores(command.line) else why_place,
        guards=command.guards,
        folder=folder,
        env=env,
        writes=command.writes,
        never="an unconditional `exit` stands before it" if command.unreachable else "",
    )


def _pretended(call: Call, command: Command, text: Scripted) -> Call:
    """A call, with what its script does so that it only looks like one."""
    found = pretences(text.text)
    doubt = found.doubt(command.argv)
    # a script that others source may hold functions for them; a step's own text is all there is
    never = found.never(command.line) if text.whole else ""
    call = replace(call, doubt=doubt, never=call.never or never) if doubt or never else call
    if found.trapped is not None and command.line > found.trapped[0] and call.fails.possible:
        call = replace(call, fails=Truth.FALSE, why=found.trapped[1], why_place=Place(text.path, text.line(found.trapped[0])))
    return call


def _inside(call: Call, scripts: Scripts, hops: int) -> Iterator[Call]:
    for inner in scripts.resolve(call.argv, call.folder):
        for found in calls_of_text(inner, scripts, inner.folder, hops):
            yield _lowered(found, call)


def _pipefail(step: Step) -> bool:
    return step.shell.split(" ")[0] == "bash" and (step.shell == "bash" or "pipefail" in step.shell)


def _errexit(step: Step, job: Job) -> bool:
    word = step.shell.split(" ")[0].rsplit("/", 1)[-1] if step.shell else ""
    if word in ("pwsh", "powershell", "cmd"):
        return False
    windows = any("windows" in label.lower() for label in job.runs_on)
    if not word and windows and not any("ubuntu" in label.lower() for label in job.runs_on):
        return False
    return " " not in step.shell or "-e" in step.shell


@dataclass(frozen=True, slots=True)
class Sources:
    """Where calls are followed to: local actions of the workflows, and scripts of the tree."""

    workflows: Workflows
    scripts: Scripts


def calls_of_step(step: Step, job: Job, workflow: Workflow, sources: Sources, hops: int = 3) -> Iterator[Call]:
    """Calls of one step: its action, or its commands and what they call."""
    env = (*workflow.env, *job.env, *step.env)
    folder = _join("", step.working_directory) if step.working_directory else ""
    if step.uses is not None:
        call = Call(
            (step.uses.text,),
            Place(workflow.path, step.uses.line),
            uses=step.uses,
            options=step.inputs,
            env=env,
            folder=folder,
        )
        yield call
        action = sources.workflows.action(step.uses) if step.uses.local else None
        if action is not None and hops:
            yield from _of_action(action, call, job, sources, hops - 1)
    elif step.run is not None and step.shell.split(" ")[0] not in ("python", "perl", "node"):
        text = Scripted(
            workflow.path,
            step.run.text,
            step.run.lines,
            errexit=_errexit(step, job),
            pipefail=_pipefail(step),
            folder=folder,
            whole=True,
        )
        idle = idle_shell(step.shell)
        for call in calls_of_text(text, sources.scripts, folder):
            never = f"its shell is `{step.shell[:40]}`, which runs nothing" if idle else call.never
            yield replace(call, env=(*env, *call.env), never=never)


def _of_action(action: LocalAction, outer: Call, job: Job, sources: Sources, hops: int) -> Iterator[Call]:
    carrier = Workflow(action.path, action.path)
    for step in action.steps:
        for call in calls_of_step(step, job, carrier, sources, hops):
            inner = call
            if step.continue_on_error is Truth.TRUE:
                place = Place(action.path, step.continue_line)
                inner = replace(call, fails=Truth.FALSE, why="continue-on-error: true", why_place=place)
            yield _lowered(inner, outer)
