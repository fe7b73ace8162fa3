"""Pins actions to commits: `uses: owner/name@v4` becomes `uses: owner/name@<commit> # v4`.

A commit id comes from the map that it was given (a lock file, a local mirror, the forge) and from nowhere else; what the map lacks is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Facts
from troth.jobs.recommend.modules._workflows import ACTIONS, WORKFLOWS, opened
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch
from troth.jobs.recommend.yaml_spans import YamlFile

__all__ = ["MODULE", "PinActions", "reference"]

_REFERENCE: Final = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)((?:/[A-Za-z0-9_./-]+)?)@([A-Za-z0-9_./+-]+)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_VERSION: Final = re.compile(r"v?\d+(\.\d+)*([.-][\w.]+)?")


def reference(uses: str) -> str:
    """What a commit is looked up by: `owner/name@ref`; "" for what needs no commit (local, an image, already pinned) or is no reference."""
    match = _REFERENCE.fullmatch(uses)
    if match is None or _COMMIT.fullmatch(match[3]):
        return ""
    return f"{match[1].lower()}@{match[3]}"


class PinActions:
    """See the module."""

    name = "pin-actions"
    controls = ("ci/actions-pinned",)
    wants = (*WORKFLOWS, *ACTIONS)

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch over all workflows and actions of the repository, and a gap for what nobody knows the commit of."""
        texts: dict[str, str] = {}
        unknown: set[str] = set()
        moving: set[str] = set()
        for file in facts.matching(*self.wants):
            document = opened(file)
            if document is None or (file.path.startswith(".github/workflows/") and file.path.count("/") != 2):
                continue
            edits = list(_edits(document, facts, unknown, moving))
            if edits:
                texts[file.path] = edited(document.file, edits)
        cautions = tuple(f"{name} names a branch; pinned, it no longer moves, and an action that reads its own ref acts differently." for name in sorted(moving))
        made = patch(
            facts, self.name, texts, title="Pin actions to commits", mends=facts.complaints, risk=Risk.MEDIUM if moving else Risk.LOW, cautions=cautions,
            why="A tag or branch can be moved to other code; a full commit id cannot. The version stays as a comment, which update bots keep up to date.",
        )  # fmt: skip
        if made is not None:
            yield made
        if unknown:
            listed = ", ".join(sorted(unknown)[:20]) + (" ..." if len(unknown) > 20 else "")
            yield Gap(
                self.name,
                tuple(one.fingerprint for one in facts.complaints),
                f"the commits of {listed} (--refs FILE, --mirror DIRECTORY, or --forge)",
                "A commit id is looked up, never guessed.",
            )


def _edits(document: YamlFile, facts: Facts, unknown: set[str], moving: set[str]) -> Iterable[Edit]:
    for one in document.walk():
        if one.name != "uses" or not isinstance(one.value, yaml.ScalarNode):
            continue
        wanted = reference(str(one.value.value))
        source = document.source(one.value)
        if not wanted or "\n" in source or source.count("@") != 1:
            continue
        commit = facts.commits.get(wanted, "").lower()
        if not _COMMIT.fullmatch(commit):
            unknown.add(wanted)
            continue
        ref = wanted.partition("@")[2]
        if not _VERSION.fullmatch(ref):
            moving.add(wanted)
        start, end = document.span(one.value)
        at = document.file.body.index("@", start) + 1
        yield Edit(at, at + len(ref), commit)
        tail = document.file.body[end : document.file.line_end(end)]
        if not tail.strip():
            yield Edit(end, end, f" # {ref}")
        elif tail.lstrip().startswith("#"):
            yield Edit(end, end + len(tail) - len(tail.lstrip()), f" # {ref} ")


MODULE = PinActions()
