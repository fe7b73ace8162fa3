"""Judges whether models are stored in Git LFS: by the rules, by what is committed of each model file, by the history, and by whether there is a model at all."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from troth.judgement.wording import several
from troth.terms.facts.history import Changes
from troth.terms.facts.model_files import LfsRule, ModelFile, ModelFiles
from troth.terms.facts.model_history import ModelHistory, PastModel
from troth.terms.facts.tree import Tree
from troth.terms.place import Place
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_SMALL_BYTES = 16_384
_MEND = "Track the pattern with LFS, and migrate the files that are in git already."


def verify(params: Params, models: ModelFiles, history: ModelHistory, changes: Changes, tree: Tree) -> Verdict:
    """Kept only if there are model files, each is a pointer as it is committed, and so was each that history stored; a rule without a file is a rule that does nothing."""
    patterns = params.texts("patterns")
    files = [_committed(item, history) for item in models.files if _wanted(item.path, patterns)]
    rules = [rule for rule in models.rules if rule.on and _for_models(rule, patterns, models.suffixes)]
    # a pointer is about 130 bytes; a few kilobytes of test data are no model
    plain = [item for item in files if not item.pointer and item.size > _SMALL_BYTES]
    pointers = [item for item in files if item.pointer]
    by_rule = tuple(
        tree.evidence(rule.place.path, rule.place.line, f"{rule.pattern} goes through LFS.") for rule in rules[:4]
    )
    if plain:
        return _in_git(plain, pointers, by_rule)
    if not rules and not pointers:
        return _no_rule(tree)
    if not pointers:
        return _empty(rules, by_rule, models, changes, tree)
    past = [item for item in history.plain if _wanted(item.path, patterns)]
    return _pointers(pointers, by_rule, models, tree, past, history)


def _wanted(path: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(_fits(path, pattern) for pattern in patterns)


def _committed(item: ModelFile, history: ModelHistory) -> ModelFile:
    """The file as HEAD has it, where the work tree holds what its pointer stands for: LFS is installed and has fetched it."""
    known = history.head.get(item.path)
    fetched = known is not None and not item.pointer and known.stored == item.size
    return replace(item, pointer=True) if fetched else item


def _in_git(plain: list[ModelFile], pointers: list[ModelFile], by_rule: tuple[Evidence, ...]) -> Verdict:
    evidence = (*_evidence(plain, "is in git itself, not in LFS"), *by_rule)
    if pointers:
        because = f"{len(plain)} of {len(plain) + len(pointers)} model files are in git itself."
        return Partly(How.INCOMPLETE, evidence, because, _MEND)
    return Broken(How.BYPASSED, evidence, f"{plain[0].path} is in git itself, not in LFS.", _MEND)


def _no_rule(tree: Tree) -> Verdict:
    if not tree.paths(".gitattributes"):
        evidence = (Evidence("There is no .gitattributes.", Place(".gitattributes")),)
        return Broken(How.ABSENT, evidence, "Nothing is stored in LFS: no rule, no model.", _MEND)
    evidence = (Evidence("No line of this file sends models through LFS.", Place(".gitattributes", 1)),)
    return Broken(How.ABSENT, evidence, "No rule sends models through LFS.", _MEND)


def _empty(
    rules: list[LfsRule], by_rule: tuple[Evidence, ...], models: ModelFiles, changes: Changes, tree: Tree
) -> Verdict:
    past = [
        change
        for change in changes.changes
        if change.status == "D" and any(_fits(change.path, rule.pattern) for rule in rules)
    ]
    gone = tuple(
        Evidence(f"{change.path} was deleted.", Place("(git history)", 0, commit=change.commit)) for change in past[:2]
    )
    because = "The rules are there, and the tree holds no model that they could act on."
    mend = "Bring the model back, or say where it is."
    return Partly(How.VACUOUS, (*by_rule, *gone, *_lost(models, tree)), because, mend)


def _pointers(  # noqa: PLR0917
    pointers: list[ModelFile], by_rule: tuple[Evidence, ...], models: ModelFiles, tree: Tree, past: list[PastModel], history: ModelHistory
) -> Verdict:
    missing = _lost(models, tree)
    if missing:
        mend = "Bring the model back, or mend the path."
        return Partly(How.INCOMPLETE, (*missing, *by_rule), "A model that is loaded is not in the tree.", mend)
    if not by_rule:
        because = "The files are pointers, but no rule of the tree speaks of them: the next one may not be."
        return Unknown("the rule that made the pointers", because, _evidence(pointers, "is a pointer"))
    if past:
        because = f"{several(len(past), 'model file of the history is', 'model files of the history are')} in git itself, where every clone fetches them."
        return Partly(How.INCOMPLETE, (*_stored(past), *by_rule), because, "Rewrite the history with `git lfs migrate import`, or say since when it is so.")
    if history.limits:
        return Unknown("every model blob of the history", f"The history was not seen whole: {'; '.join(history.limits)}.", (*_evidence(pointers, "is a pointer"), *by_rule))
    evidence = (*_evidence(pointers, "is a pointer"), *by_rule)
    return Kept(evidence, f"All {len(pointers)} model files of the tree are pointers, and so are those of its history.")


def _stored(past: list[PastModel]) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"{item.path} was committed with {item.size:,} bytes of its own.", Place("(git history)", 0, commit=item.commit)) for item in past[:6])


def _lost(models: ModelFiles, tree: Tree) -> tuple[Evidence, ...]:
    lost = [item for item in models.references if not item.present]
    return tuple(
        tree.evidence(item.place.path, item.place.line, f"It loads {item.path}, which the tree does not have.")
        for item in lost[:3]
    )


def _fits(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) or fnmatchcase(path.rpartition("/")[2], pattern)


def _for_models(rule: LfsRule, patterns: tuple[str, ...], suffixes: tuple[str, ...]) -> bool:
    if patterns:
        return any(rule.pattern == item or fnmatchcase(item.replace("*", "x"), rule.pattern) for item in patterns)
    return any(fnmatchcase("x" + suffix, rule.pattern.rpartition("/")[2]) for suffix in suffixes)


def _evidence(files: list[ModelFile], says: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"{item.path} {says}.", Place(item.path)) for item in files[:6])
