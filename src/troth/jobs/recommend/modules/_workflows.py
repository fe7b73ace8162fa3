"""Workflow files as modules edit them: their paths, jobs and steps with spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from troth.jobs.recommend.facts import Facts, SourceFile
from troth.jobs.recommend.yaml_spans import Pair, YamlFile, load, pair, pairs

__all__ = ["ACTIONS", "WORKFLOWS", "Job", "Step", "jobs", "opened", "steps", "workflows"]

WORKFLOWS: Final = (".github/workflows/*.yml", ".github/workflows/*.yaml")
"""Where the forge looks for workflows; deeper folders match the glob and are left out by `workflows`."""

ACTIONS: Final = ("action.yml", "action.yaml", "*/action.yml", "*/action.yaml")
"""Actions of the repository's own."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its key and its mapping."""

    id: str
    pair: Pair
    body: yaml.MappingNode

    def text(self, name: str) -> str:
        """Text of a scalar key of the job; "" where absent."""
        found = pair(self.body, name)
        return str(found.value.value) if found is not None and isinstance(found.value, yaml.ScalarNode) else ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step's mapping."""

    body: yaml.MappingNode

    def text(self, name: str) -> str:
        """Text of a scalar key of the step; "" where absent."""
        found = pair(self.body, name)
        return str(found.value.value) if found is not None and isinstance(found.value, yaml.ScalarNode) else ""


def workflows(facts: Facts) -> Iterator[tuple[SourceFile, YamlFile]]:
    """Workflow files that the forge would run and that can be edited."""
    for file in facts.matching(*WORKFLOWS):
        if file.path.count("/") == 2:
            found = opened(file)
            if found is not None:
                yield file, found


def opened(file: SourceFile) -> YamlFile | None:
    """A YAML file for editing; None where it cannot be edited safely."""
    return load(file.text)


def jobs(document: YamlFile) -> Iterator[Job]:
    """Jobs, in order."""
    found = pair(document.root, "jobs")
    for one in pairs(found.value if found else None):
        if isinstance(one.value, yaml.MappingNode):
            yield Job(one.name, one, one.value)


def steps(job: Job) -> Iterator[Step]:
    """Steps of a job, in order."""
    found = pair(job.body, "steps")
    for node in found.value.value if found is not None and isinstance(found.value, yaml.SequenceNode) else ():
        if isinstance(node, yaml.MappingNode):
            yield Step(node)
