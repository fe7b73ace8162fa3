"""The engine: tree and workflows -> `ToolRuns`.

Rules: every command of every step is read, those of scripts that steps call too; workflows that never run give runs that are never reached,
so that a verdict can point at them; hooks and scripts that nothing calls are recorded under their own carrier. Nothing is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from troth.engines.tools.calls import Call, Sources, calls_of_step, calls_of_text
from troth.engines.tools.configs import configs_of
from troth.engines.tools.jobs import JobState, stopped_by
from troth.engines.tools.precommit import Hook, hooks_of
from troth.engines.tools.reaches import Way, dead_filter, reaches_of, ways_to
from troth.engines.tools.runs import Surroundings, run_of
from troth.engines.tools.scripts import Scripted, Scripts
from troth.engines.tools.spec import Catalogue, catalogue
from troth.engines.workflows.look import read_workflow
from troth.terms.facts.tools import Carrier, Flaw, FlawKind, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, Step, Workflow, Workflows
from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["look"]

_UNREAD = 200
_BUILTIN_STAGES = frozenset(
    ("pre-commit", "commit", "pre-push", "push", "commit-msg", "pre-merge-commit", "merge-commit")
)


def look(tree: Tree, workflows: Workflows) -> ToolRuns:
    """Find and judge every call of a known tool."""
    known = catalogue()
    hooks = tuple(hooks_of(tree))
    finder = _Finder(tree, workflows, known, hooks)
    found = list(finder.all())
    found.extend(finder.idle({run.place for run in found}))
    named = [run for run in found if run.tool in known.specs]
    return ToolRuns(
        runs=tuple(sorted(named, key=lambda run: (run.place, run.step or 0))),
        configs=configs_of(tree),
        unread=tuple(finder.unread[:_UNREAD]),
        others=tuple(run for run in found if run.tool not in known.specs and not run.via),
        known=known.names,
        purposes={spec.name: spec.purposes for spec in known.specs.values()},
        settings={spec.name: spec.settings for spec in known.specs.values() if spec.settings},
    )


class _Finder:
    def __init__(self, tree: Tree, workflows: Workflows, known: Catalogue, hooks: tuple[Hook, ...]) -> None:
        self.tree, self.workflows, self.known, self.hooks = tree, workflows, known, hooks
        self.sources = Sources(workflows, Scripts(tree))
        self.unread: list[Evidence] = []

    def all(self) -> Iterator[ToolRun]:
        """Runs of workflows (active, invalid, inactive), then hooks."""
        for workflow in self.workflows.workflows:
            problem = None
            if not workflow.valid:
                says = f"the forge refuses {workflow.path} as a whole: {workflow.problems[0].says}"
                problem = Flaw(FlawKind.UNREACHED, self.tree.evidence(workflow.path, workflow.problems[0].line, says))
            yield from self.of_workflow(workflow, problem)
        for item in self.workflows.inactive:
            never = Flaw(FlawKind.UNREACHED, Evidence(item.says, Place(item.path)))
            yield from self.of_workflow(read_workflow(item.path, self.tree.text(item.path)), never)
        for hook in self.hooks:
            yield from self.of_hook(hook, Surroundings(Carrier.PRE_COMMIT, unreached=self.hook_flaw(hook)))

    def idle(self, called: set[Place]) -> Iterator[ToolRun]:
        """Known tools in scripts that nothing calls."""
        around = Surroundings(Carrier.SCRIPT)
        for text in self.sources.scripts.all():
            for call in calls_of_text(text, self.sources.scripts, text.folder, hops=0):
                run = run_of(call, around, self.known, self.tree) if call.place not in called else None
                if run is not None and run.purposes != (Purpose.OTHER,):
                    yield run

    def of_workflow(self, workflow: Workflow, never: Flaw | None) -> Iterator[ToolRun]:
        for job in workflow.jobs:
            if job.uses is not None and not job.uses.local:
                says = f"a reusable workflow elsewhere: {job.uses.text[:100]}"
                self.unread.append(self.tree.evidence(workflow.path, job.uses.line, says))
                yield self.remote(workflow, job, never)
            yield from self.of_job(workflow, job, never)

    def remote(self, workflow: Workflow, job: Job, never: Flaw | None) -> ToolRun:
        """A reusable workflow elsewhere, under its own name, or its tool's where it is a known one (osv-scanner, SLSA)."""
        step = Step(0, job.line, job.end_line, uses=job.uses, inputs=job.inputs)
        call = Call((job.uses.text if job.uses else "",), workflow.place(job.line), uses=job.uses, options=job.inputs)
        ways = () if never else ways_to(self.workflows, workflow, job)
        reaches = reaches_of(ways, workflow, job, step)
        state = JobState(checked_out=True, installed=True)
        around = Surroundings(Carrier.WORKFLOW, workflow, job, step, state, reaches, never)
        run = run_of(call, around, self.known, self.tree)
        return run or ToolRun(job.id, (Purpose.OTHER,), workflow.place(job.line), Carrier.WORKFLOW)

    def of_job(self, workflow: Workflow, job: Job, never: Flaw | None) -> Iterator[ToolRun]:
        state = JobState()
        read = [(step, list(calls_of_step(step, job, workflow, self.sources))) for step in job.steps]
        sarif = any(self.is_sarif(call) for _, calls in read for call in calls)
        also = self.guarded(workflow, job) if never else ()
        if never is None and job.no_legs:
            never = self.flaw(workflow.path, job.no_legs, "its matrix has no combination, so the job never runs")
        ways = () if never else ways_to(self.workflows, workflow, job)
        for step, calls in read:
            if state.stop is None:
                state.stop = stopped_by(workflow.path, step, calls, [item for item, _ in read[: step.index]], self.tree)
            reaches = reaches_of(ways, workflow, job, step)
            unreached = never or (None if reaches else self.unreached(workflow, job, step, ways))
            for call in calls:
                around = Surroundings(
                    Carrier.WORKFLOW, workflow, job, step, replace(state), reaches, unreached, sarif, also
                )
                yield from self.of_call(call, around)
                state.note(call)

    def guarded(self, workflow: Workflow, job: Job) -> tuple[Flaw, ...]:
        """The guard of a job that never runs anyway, where it asks for a certain repository."""
        if job.condition is None or "github.repository" not in job.condition.text:
            return ()
        says = f"and its condition asks for a certain repository: {job.condition.text[:100]}"
        return (self.flaw(workflow.path, job.condition.line, says),)

    def is_sarif(self, call: Call) -> bool:
        return call.uses is not None and call.uses.name == "github/codeql-action/upload-sarif"

    def of_call(self, call: Call, around: Surroundings) -> Iterator[ToolRun]:
        run = run_of(call, around, self.known, self.tree)
        if run is None:
            return
        yield run
        if run.tool == "pre-commit":
            wanted = [word for word in run.argv if any(hook.id == word for hook in self.hooks)]
            for hook in self.hooks:
                if hook.root and (not wanted or hook.id in wanted):
                    inner = replace(around, unreached=around.unreached or self.skipped(hook, run) or self.hook_flaw(hook))
                    yield from self.of_hook(hook, inner, run)

    def skipped(self, hook: Hook, run: ToolRun) -> Flaw | None:
        """pre-commit leaves out the hooks that the variable SKIP names."""
        named = next((item for item in run.env if item.name == "SKIP" and hook.id in re.split(r"[\s,]+", item.value)), None)
        return self.flaw(run.place.path, run.place.line, f"SKIP={named.value[:60]} leaves the hook out") if named is not None else None

    def unreached(self, workflow: Workflow, job: Job, step: Step, ways: tuple[Way, ...]) -> Flaw:
        """Why no event reaches a step of a valid workflow."""
        for trigger in workflow.triggers:
            if dead_filter(self.workflows, workflow, trigger):
                says = f"{trigger.event} waits for {trigger.paths[0].value}, which git ignores: it never starts"
                return self.flaw(workflow.path, trigger.paths[0].line, says)
        inside = any(way.truth.possible for way in ways)
        for item in (step.condition,) if inside else (job.condition,):
            if item is not None:
                return self.flaw(workflow.path, item.line, f"its condition is never true: {item.text[:120]}")
        for name in job.needs:
            other = workflow.job(name)
            if other is not None and other.condition is not None:
                return self.flaw(
                    workflow.path, other.condition.line, f"it waits for {name}, whose condition is never true"
                )
        line = workflow.triggers[0].line if workflow.triggers else 0
        return self.flaw(workflow.path, line, "no event leads to it")

    def flaw(self, path: str, line: int, says: str) -> Flaw:
        return Flaw(FlawKind.UNREACHED, self.tree.evidence(path, line, says))

    def hook_flaw(self, hook: Hook) -> Flaw | None:
        if not hook.root:
            says = "pre-commit reads only the configuration in the root of the repository"
            return Flaw(FlawKind.UNREACHED, self.tree.evidence(hook.path, hook.line, says))
        if hook.stages and not set(hook.stages) & _BUILTIN_STAGES:
            says = f"the hook only runs at {', '.join(hook.stages)}"
            return Flaw(FlawKind.UNREACHED, self.tree.evidence(hook.path, hook.line, says))
        return None

    def of_hook(self, hook: Hook, around: Surroundings, outer: ToolRun | None = None) -> Iterator[ToolRun]:
        """Runs of a hook: by its id where that names a tool, else by the command of its entry."""
        state = JobState(checked_out=True, installed=True)
        around = replace(around, state=state, step=around.step)
        via = (outer.place,) if outer is not None else ()
        spec = self.known.by_hook.get(hook.id)
        if spec is not None and not hook.entry:
            command = " ".join(spec.commands[0]) if spec.commands else spec.name
            if hook.id == "detect-secrets":
                command = "detect-secrets-hook"
            calls: list[Call] = [Call((*command.split(), *hook.args), Place(hook.path, hook.line))]
        else:
            text = Scripted(hook.path, " ".join((hook.entry or hook.id, *hook.args)), (hook.line,), errexit=True)
            calls = list(calls_of_text(text, self.sources.scripts, ""))
        for call in calls:
            run = run_of(replace(call, via=(*via, *call.via)), around, self.known, self.tree)
            if run is not None:
                unnamed = spec is not None and run.purposes == (Purpose.OTHER,)
                tool = spec.name if spec is not None and unnamed else run.tool
                purposes = spec.purposes if spec is not None and unnamed else run.purposes
                flaws = tuple(
                    flaw
                    for flaw in (*(outer.flaws if outer else ()), *run.flaws)
                    if flaw.kind is not FlawKind.NO_THRESHOLD
                )
                yield replace(run, tool=tool, purposes=purposes, flaws=flaws)
