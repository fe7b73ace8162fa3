"""Judges named properties of images and of what starts them, each by itself: stages, base, read-only root, capabilities, health check, digest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from troth.judgement.guards import source_lines
from troth.judgement.policy_scope import for_users
from troth.terms.facts.containers import Containers, Image
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_PROPERTIES: Final = {
    "multi-stage": r"multi-?stage",
    "minimal": r"\b(?:minimal|slim|alpine|distroless|small)\b.{0,20}\b(?:base|image)|\bdistroless\b|\balpine\b",
    "read-only": r"read-?only (?:root|file ?system|container)",
    "capabilities": r"\bcapabilit|cap[-_]drop|\bdrop(?:s|ped)? all\b",
    "no-new-privileges": r"no[-_ ]new[-_ ]privileges|privilege escalation",
    "health check": r"health ?-?checks?",
    "digest": r"\bdigests?\b|pinned base",
}
_MINIMAL: Final = re.compile(
    r"(?:alpine|slim|distroless|scratch|chainguard|wolfi|busybox|-micro|-minimal|ubi-micro|ubi\d*-minimal)",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*|\.devcontainer)/")
Found = tuple[tuple[Evidence, ...], tuple[Evidence, ...]]

_SET: Final = {
    "read-only": re.compile(r"--read-only\b|ReadonlyRootfs"),
    "capabilities": re.compile(r"--cap-drop\b|no-new-privileges|\bCapDrop\b|\bcap_drop\b"),
    "no-new-privileges": re.compile(r"no-new-privileges"),
}
"""Options by which a program hardens containers that it starts itself."""


def verify(params: Params, statement: Statement, containers: Containers, tree: Tree) -> Verdict:
    """Kept only if every named property holds everywhere; Broken if one is nowhere; Unknown for a property that files cannot show."""
    advice = for_users(statement, "harden their containers")
    if advice is not None:
        return advice
    declared = params.values.get("property")
    text = f"{declared if isinstance(declared, str) else ''} {statement.text}"
    wanted = [name for name, pattern in _PROPERTIES.items() if re.search(pattern, text, re.IGNORECASE)]
    if "minimal" in wanted and statement.text and not re.search(r"base|images?\b|slim|alpine|distroless|wolfi|scratch|ubi", statement.text, re.IGNORECASE):
        wanted.remove("minimal")  # something else is minimal: mounts, rights, exposure
    if not wanted:
        return Unknown(
            "a property that a build file shows", "The sentence names no property that build or start files could show."
        )
    images = [image for image in containers.images if not _ASIDE.search(image.path)] or list(containers.images)
    started = bool(containers.services or containers.workloads)
    if not images and not started:
        return Unknown(
            "a build file, or what starts the containers", "Neither build files nor start files are in the tree."
        )
    held: list[Evidence] = []
    for name in wanted:
        have, lack = _CHECKS[name](images, containers, tree)
        if not have and not lack:
            return Unknown(f"a file that shows {name}", f"No file of the tree speaks of {name}.")
        coded = [tree.evidence(path, line, "The program itself sets it for containers that it starts.") for path, line, _ in source_lines(tree, _SET[name], ".go", ".py", ".ts", ".js", ".mjs", ".rs", ".sh")][:3] if lack and name in _SET else []
        if coded:
            return Unknown("a run that starts a container", f"{name}: files that start containers lack it, but code sets it for some.", (*coded, *lack[:3]))
        if not have:
            return Broken(How.ABSENT, lack[:6], f"{name}: none of them has it.", "Add it, or drop the claim.")
        if lack:
            return Partly(
                How.INCOMPLETE,
                (*lack[:4], *have[:2]),
                f"{name}: {len(lack)} of {len(have) + len(lack)} lack it.",
                "Add it everywhere, or say where it holds.",
            )
        held += have
    return Kept(tuple(held[:8]), f"Every build or start file has it: {', '.join(wanted)}.")


def _split(images: list[Image], tree: Tree, test: Callable[[Image], int], has: str, lacks: str) -> Found:
    """`test` gives the line that shows the property, or the negative of the line that shows its absence."""
    have, lack = list[Evidence](), list[Evidence]()
    for image in images:
        line = test(image)
        (have if line > 0 else lack).append(tree.evidence(image.path, abs(line), has if line > 0 else lacks))
    return tuple(have), tuple(lack)


def _stages(images: list[Image], _: Containers, tree: Tree) -> Found:
    return _split(
        images,
        tree,
        lambda image: image.stages[1].line if len(image.stages) > len(_chain(image)) else -image.stages[0].line,
        "It has a second stage.",
        "Nothing is built apart from the image itself.",
    )


def _chain(image: Image) -> set[int]:
    """Stages that the final one is built upon, itself among them: what they leave behind is in the image."""
    stage, seen = image.stages[-1], set[int]()
    while stage.index not in seen:
        seen.add(stage.index)
        base = stage.base.lower()
        stage = next((item for item in image.stages[: stage.index] if item.name and item.name == base), stage)
    return seen


def _minimal(images: list[Image], _: Containers, tree: Tree) -> Found:
    def test(image: Image) -> int:
        final, base = image.stages[-1], image.stages[-1].base
        for stage in reversed(image.stages):  # a stage builds on those above it only
            if stage.name and stage.name == base.lower():
                base = stage.base
        return final.line if _MINIMAL.search(base) else -final.line

    return _split(images, tree, test, "Its base is a small one.", "Its base is not one of the small ones.")


def _health(images: list[Image], _: Containers, tree: Tree) -> Found:
    """In a build file, or for a service in a compose file: then nothing says that each image must have its own."""
    composed = tuple(
        tree.evidence(path, number, "A service has a health check here.")
        for path in tree.paths("*compose*.y*ml")
        for number, line in enumerate(tree.lines(path)[:5_000], 1)
        if line.strip() == "healthcheck:"
    )
    have, lack = _split(
        images,
        tree,
        lambda image: image.stages[-1].healthcheck or -image.stages[-1].line,
        "It has a health check.",
        "It has no health check.",
    )
    return (*composed, *have), () if composed else lack


def _digest(images: list[Image], _: Containers, tree: Tree) -> Found:
    def test(image: Image) -> int:
        names = {stage.name for stage in image.stages if stage.name}
        loose = next(
            (
                stage
                for stage in image.stages
                if "@sha256:" not in stage.base and stage.base.lower() not in names and stage.base != "scratch"
            ),
            None,
        )
        return -loose.line if loose is not None else image.stages[0].line

    return _split(images, tree, test, "Its base is named by digest.", "Its base is a tag, which can move.")


def _started(containers: Containers, tree: Tree, *, service: str, workload: str, says: str) -> Found:
    have, lack = list[Evidence](), list[Evidence]()
    for item in containers.services:
        line = int(getattr(item, service))
        (have if line else lack).append(
            tree.evidence(
                item.path, line or item.line, f"{item.name}: {says}" if line else f"{item.name} does not say so."
            )
        )
    for each in containers.workloads:
        line = int(getattr(each, workload))
        (have if line else lack).append(
            tree.evidence(
                each.path, line or each.line, f"{each.name}: {says}" if line else f"{each.name} does not say so."
            )
        )
    return tuple(have), tuple(lack)


_CHECKS: Final[dict[str, Callable[[list[Image], Containers, Tree], Found]]] = {
    "multi-stage": _stages,
    "minimal": _minimal,
    "health check": _health,
    "digest": _digest,
    "read-only": lambda _, containers, tree: _started(
        containers, tree, service="read_only", workload="read_only", says="its root is read-only."
    ),
    "capabilities": lambda _, containers, tree: _started(
        containers, tree, service="cap_drop_all", workload="drop_all", says="it drops all capabilities."
    ),
    "no-new-privileges": lambda _, containers, tree: _started(
        containers, tree, service="no_new_privileges", workload="no_escalation", says="it forbids new privileges."
    ),
}
