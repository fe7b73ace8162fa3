"""Starts a scanner's workflow when the policy says that it starts: adds `pull_request` or a schedule, and takes out path filters that leave changes out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.modules._workflows import WORKFLOWS, workflows
from troth.jobs.recommend.recommendation import Advice, Risk, patch
from troth.jobs.recommend.yaml_spans import Pair, YamlFile, is_block, pair, pairs
from troth.judgement.moments import moments_of

__all__ = ["MODULE", "WidenTrigger", "with_event"]

_FILTER: Final = re.compile(r"^(\w+) starts it (?:only|not) for ")
_CALLED: Final = re.compile(r"\bis called\b")
_CRON: Final = {"daily": "23 4 * * *", "nightly": "23 2 * * *", "weekly": "23 4 * * 1", "monthly": "23 4 1 * *"}
_MISSED: Final = re.compile(r"but not \(always\) on|does not start the scan|not on\b|only runs on [^.]*, never on |only when somebody starts it by hand|Only the commits of a push", re.IGNORECASE)


class WidenTrigger:
    """See the module."""

    name = "widen-trigger"
    controls = ("code/scan-tool-runs", "deps/vuln-scan", "deps/reviewed", "container/scan", "secrets/scan-history", "tests/security-covered")
    wants = WORKFLOWS

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over the workflows that start too seldom."""
        texts: dict[str, str] = {}
        mends: list[Complaint] = []
        for file, document in workflows(facts):
            edits: list[Edit] = []
            for one in facts.complaints:
                found = list(_edits(document, file.path, one))
                edits += found
                mends += [one] if found and one not in mends else []
            if edits:
                texts[file.path] = edited(document.file, edits)
        made = patch(
            facts, self.name, texts, title="Start the scan when the policy says", mends=tuple(mends), risk=Risk.MEDIUM,
            why="The tool runs, but not on everything that the sentence names.", cautions=("The workflow will run more often.",),
        )  # fmt: skip
        if made is not None:
            yield made


def _edits(document: YamlFile, path: str, one: Complaint) -> Iterable[Edit]:
    if not _MISSED.search(one.because) or not any(seen.path == path for seen in one.evidence):
        return
    events = pair(document.root, "on")
    if events is None:
        return
    filtered = {match[1] for seen in one.evidence if seen.path == path and (match := _FILTER.match(seen.says))}
    yield from _unfiltered(document, events, filtered)
    if not any(seen.path == path and (_CALLED.search(seen.says) or _FILTER.match(seen.says)) for seen in one.evidence):
        return
    wanted = moments_of(one.words("on"), one.word("schedule") or None)
    if one.control == "secrets/scan-history":
        wanted = moments_of((), "weekly")
    for moment in wanted:
        if moment.kind in ("pull", "commit") and not _has(events, "pull_request"):
            yield from with_event(document, events, "pull_request:")
            break
        if moment.kind == "schedule" and not _has(events, "schedule"):
            cron = _CRON.get(moment.cadence, _CRON["weekly"])
            yield from with_event(document, events, f"schedule:\n  - cron: '{cron}'")
            break


def _has(events: Pair, name: str) -> bool:
    node = events.value
    if isinstance(node, yaml.MappingNode):
        return pair(node, name) is not None
    listed = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return any(isinstance(item, yaml.ScalarNode) and item.value == name for item in listed)


def _unfiltered(document: YamlFile, events: Pair, filtered: set[str]) -> Iterable[Edit]:
    for event in pairs(events.value):
        if event.name not in filtered or not is_block(event.value) or not is_block(events.value):
            continue
        for one in pairs(event.value):
            if one.name in ("paths", "paths-ignore"):
                start = document.file.line_start(one.key.start_mark.index)
                yield Edit(start, document.last_line(one.value), "")


def with_event(document: YamlFile, events: Pair, block: str) -> Iterable[Edit]:
    """Add an event to `on:`, in the shape that it has; a shape that cannot take it becomes a block."""
    node, name = events.value, block.partition(":")[0]
    simple = block == f"{name}:"
    if is_block(node) and isinstance(node, yaml.MappingNode):
        yield document.below(node, pairs(node)[0].key.start_mark.column, block)
    elif isinstance(node, yaml.SequenceNode) and node.flow_style and node.value and simple:
        end = document.span(node.value[-1])[1]
        yield Edit(end, end, f", {name}")
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value and simple:
        first = node.value[0].start_mark.index
        dash = document.file.body.rfind("-", 0, first) - document.file.line_start(first)
        yield document.below(node, dash, f"- {name}")
    else:
        yield from _as_block(document, events, block)


def _as_block(document: YamlFile, events: Pair, block: str) -> Iterable[Edit]:
    node = events.value
    listed = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(item, yaml.ScalarNode) and re.fullmatch(r"\w+", str(item.value)) for item in listed) or (isinstance(node, yaml.SequenceNode) and not node.flow_style):
        return
    start, end = document.span(node)
    before = document.file.body.rfind(":", 0, start) + 1
    if document.file.body[end : document.file.line_end(end)].strip():
        return
    lines = [*(f"{item.value}:" for item in listed), *block.split("\n")]
    yield Edit(before, end, "".join(f"\n  {line}" for line in lines))


MODULE = WidenTrigger()
