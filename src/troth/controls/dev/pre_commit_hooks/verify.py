"""Judges whether local hooks exist and work: the file where the tool looks for it, each named hook, its filters and its paths."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users, said
from troth.judgement.wording import several
from troth.terms.facts.hooks import Hook, HookFile, Hooks
from troth.terms.facts.tools import Carrier, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_ENFORCED = re.compile(r"\benforc\w+\b|\bmust pass\b|\bcannot be (?:committed|bypassed)\b|\bguarantee\w*\b", re.IGNORECASE)
_GONE_ROUND = re.compile(r"\bbypass\w*\b.{0,30}\b(?:pre-?commit|hooks?)\b|--no-verify\b", re.IGNORECASE)
_MANAGERS = frozenset(("pre-commit", "husky", "lefthook", "lint-staged", "git", "hooks", "hook"))
_MEND = "Put the file where its tool looks (the root), and let each hook see the files that it is for."


def verify(params: Params, statement: Statement, hooks: Hooks, tools: ToolRuns, tree: Tree) -> Verdict:
    """Kept only if the tool finds its file and every hook that the sentence names can see a commit; whether developers install it is theirs."""
    advice = for_users(statement, "install hooks")
    if advice is not None:
        return advice
    if _GONE_ROUND.search(statement.text):
        return Unknown("a sentence about hooks that are there", "The sentence tells of what goes round hooks, and not that there are any.", (said(statement, "It stands here."),))
    if not hooks.files:
        absent = (said(statement, "It speaks of hooks; no file of the tree declares any."),)
        return Broken(
            How.ABSENT, absent, "No hooks are declared.", "Add .pre-commit-config.yaml, or drop the sentence."
        )
    usable = [file for file in hooks.files if file.usable]
    if not usable:
        evidence = tuple(_unusable(file, tree) for file in hooks.files[:4])
        return Broken(
            How.VACUOUS, evidence, "The hooks are declared where, or in a way that, no tool reads them.", _MEND
        )
    wanted = tuple(name.lower() for name in params.texts("hooks") if name.lower() not in _MANAGERS)
    found = _named(wanted, hooks, tree) if wanted else _any(usable, tree)
    if not isinstance(found, Kept):
        return found
    narrow = _narrowed(wanted, usable, tools)
    if narrow:
        because = f"The hooks are there, but {narrow[0].says}."
        return Partly(How.INCOMPLETE, (*narrow, *found.evidence)[:8], because, "Extend the default rules (`[extend] useDefault = true`).")
    behind = any(run.carrier is Carrier.WORKFLOW and run.works and run.reaches and run.can_fail for run in tools.of("pre-commit"))
    if _ENFORCED.search(statement.text) and not behind:
        because = "The hooks only run for those who install them, and `--no-verify` goes round them; no workflow runs them again."
        return Partly(How.BYPASSED, found.evidence, because, "Run the hooks in CI too.")
    return found


def _narrowed(wanted: tuple[str, ...], files: list[HookFile], tools: ToolRuns) -> tuple[Evidence, ...]:
    """A secret scanner among the hooks whose configuration takes its default rules away."""
    names = {name for file in files for hook in file.hooks if hook.works for name in hook.names}
    return tuple(
        fact.evidence
        for config in tools.configs
        if config.tool in names and (not wanted or config.tool in wanted)
        for fact in config.of("allows-all", "no-default-rules")
    )[:2]


def _unusable(file: HookFile, tree: Tree) -> Evidence:
    if file.problem is not None:
        return tree.evidence(file.path, file.problem[0], file.problem[1])
    return tree.evidence(
        file.path, 1, f"{file.tool} does not look for its file here: it starts from the root of the repository."
    )


def _any(files: list[HookFile], tree: Tree) -> Verdict:
    hooks = [hook for file in files for hook in file.hooks]
    if not hooks:
        return Broken(
            How.VACUOUS, (tree.evidence(files[0].path, 1, "It declares no hook."),), "The file declares no hook.", _MEND
        )
    working = [hook for hook in hooks if hook.works]
    if not working:
        return Broken(How.VACUOUS, _flaws(hooks, tree), "No hook can see a commit's files.", _MEND)
    if len(working) < len(hooks):
        broken = [hook for hook in hooks if not hook.works]
        return Partly(
            How.INCOMPLETE,
            (*_flaws(broken, tree), *_places(working[:2], tree)),
            f"{len(broken)} of {len(hooks)} hooks cannot do their work.",
            _MEND,
        )
    return Kept(_places(working[:8], tree), f"{several(len(working), 'hook is declared where', 'hooks are declared where')} their tool finds them.")


def _named(wanted: tuple[str, ...], hooks: Hooks, tree: Tree) -> Verdict:
    good: list[Hook] = []
    bad: list[Hook] = []
    absent: list[str] = []
    hidden: list[HookFile] = []
    for name in wanted:
        found = hooks.named(name)
        usable = [hook for file, hook in found if file.usable]
        hidden += [file for file, _ in found if not file.usable and not usable]
        working = [hook for hook in usable if hook.works]
        if working:
            good += working[:1]
        elif usable:
            bad += usable[:1]
        else:
            absent.append(name)
    if not absent and not bad:
        return Kept(
            _places(good, tree),
            f"{', '.join(wanted)}: declared where the tool finds them, and nothing keeps them from a commit's files.",
        )
    evidence = (*_flaws(bad, tree), *(_unusable(file, tree) for file in hidden[:2]), *_places(good, tree))
    if not evidence:
        evidence = tuple(
            tree.evidence(file.path, 1, f"It does not name {', '.join(absent)}.") for file in hooks.files[:2]
        )
    lacking = ", ".join([*absent, *(hook.id for hook in bad)])
    if not good:
        return Broken(
            How.VACUOUS if bad or hidden else How.ABSENT, evidence, f"{lacking}: not there, or without effect.", _MEND
        )
    return Partly(How.INCOMPLETE, evidence, f"{lacking}: not there, or without effect.", _MEND)


def _places(hooks: list[Hook], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(hook.repository_place.path, hook.repository_place.line, f"{hook.id} is declared here.")
        for hook in hooks
    )


def _flaws(hooks: list[Hook], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(
        tree.evidence(hook.place.path, line, f"{hook.id}: {says}") for hook in hooks for line, says in hook.flaws
    )[:8]
