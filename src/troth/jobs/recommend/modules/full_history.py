"""Gives a secret scanner the whole history: `fetch-depth: 0` at the checkout that the finding names."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.modules._workflows import WORKFLOWS, jobs, steps, workflows
from troth.jobs.recommend.recommendation import Advice, Risk, patch
from troth.jobs.recommend.yaml_spans import YamlFile, is_block, pair, pairs

__all__ = ["MODULE", "FullHistory"]

_SHALLOW = re.compile(r"only the last commit is checked out|^fetch-depth: (?!0$)")


class FullHistory:
    """See the module."""

    name = "full-history"
    controls = ("secrets/scan-history", "secrets/not-in-code")
    wants = WORKFLOWS

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over the workflows whose checkouts are too shallow."""
        texts: dict[str, str] = {}
        mends: dict[str, Complaint] = {}
        for file, document in workflows(facts):
            lines = {seen.line: one for one in facts.complaints for seen in one.evidence if seen.path == file.path and _SHALLOW.search(seen.says)}
            edits = list(_edits(document, lines))
            if edits:
                texts[file.path] = edited(document.file, edits)
                mends |= {one.fingerprint: one for one in lines.values()}
        made = patch(
            facts, self.name, texts, title="Check out the whole history for the secret scan", mends=tuple(mends.values()), risk=Risk.LOW,
            why="The checkout brings one commit; a secret that was committed and taken back is in an older one.",
        )  # fmt: skip
        if made is not None:
            yield made


def _edits(document: YamlFile, lines: dict[int, Complaint]) -> Iterable[Edit]:
    for job in jobs(document):
        for step in steps(job):
            uses = pair(step.body, "uses")
            if uses is None or "checkout" not in step.text("uses") or step.body.flow_style:
                continue
            inputs, depth = pair(step.body, "with"), pair(step.body, "with", "fetch-depth")
            at = depth or uses
            if document.file.body.count("\n", 0, at.key.start_mark.index) + 1 not in lines:
                continue
            if depth is not None and isinstance(depth.value, yaml.ScalarNode):
                yield Edit(*document.span(depth.value), "0")
            elif inputs is None:
                column = uses.key.start_mark.column
                yield document.below(uses.value, column, "with:\n  fetch-depth: 0")
            elif is_block(inputs.value):
                yield document.above(pairs(inputs.value)[0], "fetch-depth: 0")


MODULE = FullHistory()
