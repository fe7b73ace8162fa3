"""Takes the token away after a checkout: `persist-credentials: false` at every checkout whose job does not need it any more.

A job that pushes with what the checkout left is not touched: it would break. It is named as a gap, as is a first version of the action, which has no such input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Facts, SourceFile
from troth.jobs.recommend.modules._workflows import ACTIONS, WORKFLOWS, Step, jobs, opened, steps
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch
from troth.jobs.recommend.yaml_spans import YamlFile, is_block, pair, pairs

__all__ = ["MODULE", "PersistCredentials"]

_INPUT: Final = "persist-credentials"
_PUSHES: Final = re.compile(
    r"\bgit(?:\s+-[cC]\s+\S+|\s+-\S+)*\s+push\b|\bgh-deploy\b|\bsemantic-release\b|\blerna\s+(?:publish|version)\b|git-auto-commit-action|add-and-commit|\bchangesets/action\b"
)
"""Steps that push with the credentials that git finds; their own documents say so."""
_READS: Final = re.compile(r"\bgit(?:\s+-[cC]\s+\S+|\s+-\S+)*\s+(?:fetch|pull|clone|submodule|lfs)\b")
_FIRST: Final = re.compile(r"v?1(?:\.\d+)*")
_CAUTION: Final = "{} talks to the forge with git after the checkout: in a private repository it needs a token of its own then."


class PersistCredentials:
    """See the module."""

    name = "persist-credentials"
    controls = ("ci/credentials-not-persisted",)
    wants = (*WORKFLOWS, *ACTIONS)

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over all checkouts, and a gap for those that something later needs."""
        texts: dict[str, str] = {}
        needed: list[str] = []
        cautions: list[str] = []
        for file in facts.matching(*self.wants):
            document = opened(file)
            if document is None or (file.path.startswith(".github/workflows/") and file.path.count("/") != 2):
                continue
            edits = [edit for name, group in _groups(file, document) for edit in _edits(document, name, group, needed, cautions)]
            if edits:
                texts[file.path] = edited(document.file, edits)
        made = patch(
            facts, self.name, texts, title="Leave no credentials behind after a checkout", mends=facts.complaints, risk=Risk.MEDIUM if cautions else Risk.LOW,
            cautions=tuple(dict.fromkeys(cautions)),
            why="The token of a checkout stays in the repository's configuration, where every later step and every uploaded folder has it; the input takes it away.",
        )  # fmt: skip
        if made is not None:
            yield made
        if needed:
            listed = ", ".join(needed[:10]) + (" ..." if len(needed) > 10 else "")
            yield Gap(self.name, tuple(one.fingerprint for one in facts.complaints), f"another way to push, or a newer checkout, in {listed}", "Without the token that the checkout left, it would fail.")


def _groups(file: SourceFile, document: YamlFile) -> Iterable[tuple[str, Sequence[Step]]]:
    """Steps that share one checkout: those of a job, or of an action."""
    yield from ((f"{file.path} (job {job.id})", tuple(steps(job))) for job in jobs(document))
    found = pair(document.root, "runs", "steps")
    if found is not None and isinstance(found.value, yaml.SequenceNode):
        yield file.path, tuple(Step(node) for node in found.value.value if isinstance(node, yaml.MappingNode))


def _edits(document: YamlFile, name: str, group: Sequence[Step], needed: list[str], cautions: list[str]) -> Iterable[Edit]:
    for at, step in enumerate(group):
        action, _, ref = step.text("uses").partition("@")
        if action.lower() != "actions/checkout":
            continue
        edit = _edit(document, step)
        if edit is None:
            continue
        later = " \n".join(f"{one.text('run')} \n{one.text('uses')}" for one in group[at + 1 :])
        if _PUSHES.search(later) or _FIRST.fullmatch(ref):
            needed.append(name)
            continue
        if _READS.search(later):
            cautions.append(_CAUTION.format(name))
        yield edit


def _edit(document: YamlFile, step: Step) -> Edit | None:
    """What makes the input say `false`; None where it does, where an expression says it, or where the text cannot be edited safely."""
    uses, inputs = pair(step.body, "uses"), pair(step.body, "with")
    given = next((one for one in pairs(inputs.value if inputs else None) if one.name.lower() == _INPUT), None)
    if uses is None or (given is not None and not isinstance(given.value, yaml.ScalarNode)):
        return None
    if given is not None:
        said = str(given.value.value)
        return None if said.strip().lower() == "false" or "${{" in said else Edit(*document.span(given.value), "false")
    if inputs is None and step.body.flow_style:
        end = document.span(uses.value)[1]
        return Edit(end, end, f", with: {{{_INPUT}: false}}")
    if inputs is None:
        return document.below(uses.value, uses.key.start_mark.column, f"with:\n  {_INPUT}: false")
    if is_block(inputs.value):
        return document.above(pairs(inputs.value)[0], f"{_INPUT}: false")
    if isinstance(inputs.value, yaml.MappingNode) and inputs.value.flow_style:
        start = inputs.value.start_mark.index + 1
        return Edit(start, start, f"{_INPUT}: false" + (", " if inputs.value.value else ""))
    return None


MODULE = PersistCredentials()
