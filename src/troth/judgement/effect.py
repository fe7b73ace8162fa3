"""Does a tool have the effect that a promise claims? Runs + the promised moments -> a verdict with evidence.

The scale (ARCHITECTURE 2): nothing calls it = Broken (absent); called, but never reached, refused or pointed at nothing = Broken (vacuous);
it works and cannot fail the job = Partly (toothless), or Broken where the promise is that it prevents; it works on some of the promised
moments = Partly (incomplete); only a hook on developers' machines = Partly (incomplete). What files cannot tell is Unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from troth.judgement.dead_mentions import dead_mentions
from troth.judgement.elsewhere import seen_elsewhere
from troth.judgement.moments import AUTOMATIC, Cover, Coverage, Moment, cover
from troth.terms.facts.tools import Carrier, Flaw, FlawKind, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

__all__ = ["Ground", "Wish", "absent", "judge_runs", "shown"]

_MOST = 8
"""Most pieces of evidence in one verdict."""
_MOST_RANKED = 60


@dataclass(frozen=True, slots=True)
class Ground:
    """The facts that a judgement stands on."""

    tools: ToolRuns
    workflows: Workflows
    tree: Tree


@dataclass(frozen=True, slots=True)
class Wish:
    """What a promise wants of a tool.

    Attributes:
        label: name for sentences ("bandit", "a licence check").
        moments: when it is to run.
        prevents: the promise is that it stops something, not only that it looks.
        teeth: whether a failure must be able to fail the job at all.
        near: purposes of tools to point at where the wanted one is absent.
    """

    label: str
    moments: tuple[Moment, ...] = (Moment("ci"),)
    prevents: bool = False
    teeth: bool = True
    near: tuple[Purpose, ...] = ()


def shown(tree: Tree, runs: Iterable[ToolRun], says: str = "") -> tuple[Evidence, ...]:
    """Evidence at the calls themselves, and at the steps that lead to them."""
    found: list[Evidence] = []
    for run in runs:
        where = f" in job {run.job_name}" if run.job_name else ""
        found.append(tree.evidence(run.place.path, run.place.line, says or f"{run.tool} is called{where}"))
        for via in run.via[:2]:
            found.append(tree.evidence(via.path, via.line, f"this leads to {run.tool}"))
    return _unique(found)


def _unique(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    seen: dict[tuple[str, int], Evidence] = {}
    for item in evidence:
        seen.setdefault((item.place.path, item.place.line), item)
    return tuple(seen.values())[:_MOST]


def _flaws(runs: Iterable[ToolRun]) -> list[Flaw]:
    return [flaw for run in runs for flaw in run.flaws]


def absent(wish: Wish, ground: Ground, setting: str = "") -> Verdict:
    """Nothing calls the tool: Broken, or Unknown where it may be called from elsewhere or be switched on in the settings."""
    setting = setting or ground.tools.settings.get(ground.tools.canonical(wish.label) or "", "")
    if setting:
        return Unknown(
            f"the repository's settings ({setting})", f"No file calls {wish.label}; a setting may switch it on."
        )
    seen = seen_elsewhere(_spellings(wish, ground), ground.tools, ground.tree)
    if seen:
        says = f"No workflow calls {wish.label} directly, but another CI system or a script names it."
        return Unknown("a reading of that script or CI system", says, seen)
    if ground.tools.unread:
        says = f"No file here calls {wish.label}, but what is called from elsewhere cannot be seen."
        return Unknown("the workflows and actions of other repositories that are called", says, ground.tools.unread[:3])
    near = (
        [run for run in ground.tools.for_purpose(*wish.near) if run.carrier is Carrier.WORKFLOW and run.works]
        if wish.near
        else []
    )
    instead = shown(ground.tree, near[:4], f"called here, and not {wish.label}")
    dead = _dead(wish, ground)
    return Broken(
        How.ABSENT,
        _unique((*dead, *instead, *_nowhere(wish, ground.workflows, ground.tree))),
        f"Nothing calls {wish.label}: no workflow, hook or script.",
        f"Add a step that runs {wish.label} to a workflow, or take the sentence out.",
    )


def _dead(wish: Wish, ground: Ground) -> tuple[Evidence, ...]:
    return dead_mentions(ground.tools.canonical(wish.label), ground.tools, ground.workflows, ground.tree)


def _spellings(wish: Wish, ground: Ground) -> tuple[str, ...]:
    tool = ground.tools.canonical(wish.label)
    if tool is None:
        return ()
    return tuple(name for name, canonical in ground.tools.known.items() if canonical == tool)


def _nowhere(wish: Wish, workflows: Workflows, tree: Tree) -> tuple[Evidence, ...]:
    if not workflows.workflows:
        return (Evidence("there is no workflow in .github/workflows", Place(".github/workflows")),)
    found = [
        tree.evidence(
            workflow.path,
            workflow.jobs[0].line if workflow.jobs else 1,
            f"no step of {workflow.path} calls {wish.label}",
        )
        for workflow in workflows.workflows
    ]
    idle = [Evidence(item.says, Place(item.path, 1)) for item in workflows.inactive]
    return (*found[:4], *idle[:3])


def judge_runs(wish: Wish, runs: Sequence[ToolRun], ground: Ground) -> Verdict:
    """Verdict on a tool that something calls; `runs` is not empty."""
    tree = ground.tree
    hooked = [run for run in runs if run.carrier is Carrier.PRE_COMMIT and run.works]
    if any(moment.kind == "hook" for moment in wish.moments):
        return _judge_hooks(wish, runs, hooked, tree)
    inside = [run for run in runs if run.carrier is Carrier.WORKFLOW]
    working = [run for run in inside if run.works]
    if working:
        return _judge_working(wish, working, ground)
    if hooked:
        return Partly(
            How.INCOMPLETE,
            shown(tree, hooked),
            f"{wish.label} is only a hook on developers' machines, which each of them may leave out; no workflow calls it.",
            f"Call {wish.label} from a workflow too.",
        )
    scripts = [run for run in runs if run.carrier is Carrier.SCRIPT]
    if scripts and not inside:
        because = f"{wish.label} only stands in a script that no workflow calls: somebody has to start it by hand."
        idle = [run for run in runs if run.carrier is Carrier.PRE_COMMIT]
        evidence = _unique((*_dead(wish, ground), *[flaw.evidence for flaw in _flaws(idle)], *shown(tree, (*scripts[:3], *idle))))
        return Broken(How.VACUOUS, evidence, because, "Call it from a workflow.")
    fatal = [flaw for flaw in _flaws(inside or runs) if flaw.fatal]
    evidence = _unique((*[flaw.evidence for flaw in fatal], *shown(tree, inside or runs)))
    reason = fatal[0].evidence.says if fatal else "it is never reached"
    return Broken(How.VACUOUS, evidence, f"{wish.label} is called, but to no effect: {reason}.", _mend(fatal))


def _mend(flaws: Sequence[Flaw]) -> str:
    advice = {
        FlawKind.UNREACHED: "Move the call to a workflow in .github/workflows that the promised event starts.",
        FlawKind.CANNOT_START: "Mend the step that fails before it.",
        FlawKind.BAD_OPTION: "Mend the option, and let the step fail when the tool does.",
        FlawKind.WRONG_TARGET: "Point the tool at the project: its files, or its installed dependencies.",
        FlawKind.NO_RULES: "Give the tool what it needs to do anything.",
        FlawKind.SWALLOWED: "Let the step fail: take out what swallows the tool's exit status.",
        FlawKind.NO_THRESHOLD: "Add the option that makes the tool fail on findings.",
    }
    return next((advice[flaw.kind] for flaw in flaws if flaw.kind in advice), "")


def _judge_hooks(wish: Wish, runs: Sequence[ToolRun], hooked: Sequence[ToolRun], tree: Tree) -> Verdict:
    if hooked:
        says = f"{wish.label} is a hook; whether each contributor installs it, no file can tell."
        return Kept(shown(tree, hooked), says)
    flaws = _flaws(runs)
    evidence = _unique((*[flaw.evidence for flaw in flaws], *shown(tree, runs)))
    return Broken(How.VACUOUS, evidence, f"{wish.label} is no hook that runs at a commit.", _mend(flaws))


def _judge_working(wish: Wish, working: Sequence[ToolRun], ground: Ground) -> Verdict:
    tree = ground.tree
    strong = [run for run in working if run.can_fail]
    able = strong if strong and wish.teeth else working
    covers = [cover(ground.workflows, tree, able, moment) for moment in wish.moments]
    if not strong and wish.teeth:
        return _toothless(wish, working, covers, tree)
    able = _nearest(able, wish, ground)
    evidence = _unique((*shown(tree, able)[: _MOST - len(covers)], *[item for found in covers for item in found.evidence]))
    missing = [found for found in covers if found.cover is Cover.NONE]
    if len(missing) == len(covers):
        return _elsewhen(wish, able, evidence)
    partial = [found for found in covers if found.cover in (Cover.NONE, Cover.PART)]
    if partial:
        limits = [item for found in partial for item in found.evidence]
        names = ", ".join(found.moment.label for found in partial)
        because = f"{wish.label} runs, but not (always) on {names}."
        return Partly(
            How.INCOMPLETE, _unique((*limits, *evidence)), because, "Widen the trigger, or the sentence's limits."
        )
    doubts = [item for run in able for item in run.doubts]
    if any(found.cover is Cover.UNSURE for found in covers) or all(run.doubts for run in able):
        says = f"{wish.label} is called, but a condition decides whether it is reached, and files cannot tell."
        return Unknown("the values of the condition", says, _unique((*doubts, *evidence)))
    labels = " and ".join(found.moment.label for found in covers)
    return Kept(evidence, f"{wish.label} runs on {labels}, and what it finds counts.")


def _nearest(able: Sequence[ToolRun], wish: Wish, ground: Ground) -> Sequence[ToolRun]:
    """The runs that the promised moments start, before all others: they are what the reader wants to see."""
    if len(able) < 2 or len(able) > _MOST_RANKED:
        return able
    if wish.moments == (Moment("ci"),):  # whatever change there is starts it, and not only one of some files
        worth = {id(run): len({reach.event for reach in run.reaches if reach.event in AUTOMATIC and not (reach.trigger.paths or reach.trigger.paths_ignore)}) for run in able}
    else:
        worth = {id(run): sum(cover(ground.workflows, ground.tree, (run,), moment).cover for moment in wish.moments) for run in able}
    return sorted(able, key=lambda run: -worth[id(run)])


def _toothless(wish: Wish, working: Sequence[ToolRun], covers: Sequence[Coverage], tree: Tree) -> Verdict:
    flaws = [flaw for flaw in _flaws(working) if flaw.toothless]
    evidence = _unique(
        (
            *[flaw.evidence for flaw in flaws],
            *shown(tree, working),
            *[item for found in covers for item in found.evidence],
        )
    )
    because = f"{wish.label} runs, but it cannot fail anything: {flaws[0].evidence.says}."
    if wish.prevents:
        return Broken(How.TOOTHLESS, evidence, because, _mend(flaws))
    if all(found.cover is Cover.NONE for found in covers):
        return Partly(How.TOOTHLESS, evidence, f"{because} And it does not run when the promise says.", _mend(flaws))
    return Partly(How.TOOTHLESS, evidence, because, _mend(flaws))


def _elsewhen(wish: Wish, able: Sequence[ToolRun], evidence: tuple[Evidence, ...]) -> Verdict:
    events = sorted({reach.event for run in able for reach in run.reaches})
    names = " and ".join(moment.label for moment in wish.moments)
    because = f"{wish.label} only runs on {', '.join(events) or 'no event'}, never on {names}."
    by_hand = set(events) <= {"workflow_dispatch", "repository_dispatch"}
    how = How.VACUOUS if by_hand and wish.moments == (Moment("ci"),) else How.INCOMPLETE
    if how is How.VACUOUS or any(moment.kind == "ci" for moment in wish.moments):
        return Partly(How.INCOMPLETE, evidence, because, "Add an event that needs nobody to start it.")
    return Broken(How.VACUOUS, evidence, because, "Add the promised event to the workflow's triggers.")
