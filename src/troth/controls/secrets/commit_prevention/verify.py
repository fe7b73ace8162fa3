"""Commits with secrets are prevented: a hook that sees the files and has rules that can match, and CI behind it."""

from __future__ import annotations

import re

from troth.judgement.effect import Ground, Wish, absent, shown
from troth.judgement.naming import Named, is_advice, named, runs_for
from troth.terms.facts.hooks import Hook, HookFile, Hooks
from troth.terms.facts.tools import Carrier, ConfigFact, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Workflows
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_HOOK = re.compile(r"hook|pre-?commit", re.IGNORECASE)
_PUSH = re.compile(r"push protection|secret scanning", re.IGNORECASE)
_FORGES = re.compile(r"\b(?:github|gitlab|gitea)(?:'s)?(?:[ -]native| built-in)? (?:advanced security )?(?:secret[- ]scanning|push[- ]protection)", re.IGNORECASE)
_STOPS = re.compile(r"prevent|commit|hook|block|stop|before|protect|reject|avoid|ensur|never|keep|guard|catch|gate|must not|locally|\bpush", re.IGNORECASE)
"""Speaks of more than a look: something is to be kept out."""
_HOLES = ("allow-list", "dead-rule", "weak-rule", "no-default-rules")
_MOST = 10


def verify(  # noqa: PLR0917 - facts are injected by type
    params: Params, statement: Statement, tools: ToolRuns, hooks: Hooks, workflows: Workflows, tree: Tree
) -> Verdict:
    """Judge the set-up: the hook, its rules, and whether anything stands behind a hook that people may leave out."""
    if _FORGES.search(statement.text) and (params.text("tool") or "any").lower() in ("any", "github", "github secret scanning", "secret scanning", "push protection"):
        return Unknown("push protection and secret scanning (settings)", "The sentence names what the forge itself does, which a setting switches on.")
    items = named(params.text("tool"), tools, (Purpose.SECRETS,), "a secret scanner")
    runs = [run for item in items for run in runs_for(item, tools) if Purpose.SECRETS in run.purposes or item.unknown]
    held = [pair for item in items for pair in _hooks(item, hooks, runs)]
    working = [(file, hook) for file, hook in held if file.usable and hook.works and not hook.missing]
    in_ci = [run for run in runs if run.carrier is Carrier.WORKFLOW and run.can_fail and run.reaches]
    shown_hooks = tuple(tree.evidence(hook.place.path, hook.place.line, f"hook {hook.id}") for _, hook in working)
    if not working and not in_ci:
        return _nothing(items, held, runs, statement, Ground(tools, workflows, tree))
    seen = (*shown_hooks, *shown(tree, in_ci[:3]))
    holes = _holes(runs, tools)
    if holes:
        because = f"A scanner is there, but {holes[0].says}."
        return Partly(
            How.BYPASSED,
            (*seen[:2], *holes)[:_MOST],
            because,
            "Narrow the allow-lists, and give the rules what they can match.",
        )
    if not working and statement.text and not statement.children and items[0].tool is not None and not _STOPS.search(" ".join((statement.text, *statement.lead_in))):
        return Kept(seen[:_MOST], "The scanner runs in a workflow, and the sentence promises a scan and no more.")
    if not working:
        because = "Secrets are looked for after they were pushed; nothing stops the commit itself."
        return Partly(How.INCOMPLETE, seen[:_MOST], because, "Add a hook, and push protection on the forge.")
    if in_ci or (_HOOK.search(statement.text) and not is_advice(statement)):
        return Kept(
            seen[:_MOST],
            "A hook looks at every commit of those who install it" + (", and CI looks again." if in_ci else "."),
        )
    because = "The hook only runs for those who install it, and `--no-verify` goes round it; nothing stands behind it."
    return Partly(How.INCOMPLETE, seen[:_MOST], because, "Run the scanner in CI too.")


def _hooks(item: Named, hooks: Hooks, runs: list[ToolRun]) -> list[tuple[HookFile, Hook]]:
    if item.tool is not None or item.unknown:
        return list(hooks.named(item.tool or item.label))
    places = {(run.place.path, run.place.line) for run in runs if run.carrier is Carrier.PRE_COMMIT}
    return [(file, hook) for file in hooks.files for hook in file.hooks if (hook.place.path, hook.place.line) in places]


def _holes(runs: list[ToolRun], tools: ToolRuns) -> tuple[Evidence, ...]:
    used = {run.config for run in runs if run.config}
    names = {run.tool for run in runs}
    facts: list[ConfigFact] = [
        fact
        for config in tools.configs
        if config.tool in names and (config.path in used or not used)
        for fact in config.of(*_HOLES)
    ]
    wide = [fact for fact in facts if fact.kind != "allow-list" or fact.value in ("sources", "documents", "hex")]
    return tuple(fact.evidence for fact in wide)


def _nothing(
    items: tuple[Named, ...],
    held: list[tuple[HookFile, Hook]],
    runs: list[ToolRun],
    statement: Statement,
    ground: Ground,
) -> Verdict:
    if held:
        file, hook = held[0]
        flaw = hook.flaws[0] if hook.flaws else None
        says = file.problem[1] if file.problem else flaw[1] if flaw else ""
        if not file.found:
            says = f"{file.path} lies where {file.tool} does not look"
        elif not says and hook.missing:
            says = f"it names {hook.missing[0]}, which is not there, seen from the root"
        line = flaw[0] if flaw and flaw[0] else hook.place.line
        evidence: tuple[Evidence, ...] = (
            ground.tree.evidence(file.path, line, says),
            ground.tree.evidence(file.path, hook.place.line, f"hook {hook.id}"),
        )
        return Broken(How.VACUOUS, tuple(dict.fromkeys(evidence)), f"The hook does nothing: {says}.", "Mend the hook.")
    if runs:
        flaws = tuple(dict.fromkeys(flaw.evidence for run in runs for flaw in run.flaws))
        evidence = (*flaws, *shown(ground.tree, runs))[:_MOST]
        if statement.text and not statement.children and any(run.works and run.reaches and run.carrier is Carrier.WORKFLOW for run in runs) and not _STOPS.search(" ".join((statement.text, *statement.lead_in))):
            return Partly(How.TOOTHLESS, evidence, "The scanner runs, and what it finds cannot fail anything.", "Let the job fail, and add a hook.")
        return Broken(
            How.TOOTHLESS, evidence, "What finds a secret stops nothing.", "Let the job fail, and add a hook."
        )
    if is_advice(statement):
        return Unknown("what contributors do", "The sentence asks people to look before they commit.")
    if _PUSH.search(statement.text) or items[0].tool is None:
        return Unknown(
            "push protection and secret scanning (settings)",
            "No hook and no workflow looks for secrets; a setting may.",
        )
    return absent(Wish(items[0].label, near=(Purpose.SECRETS, Purpose.SAST, Purpose.LINT)), ground)
