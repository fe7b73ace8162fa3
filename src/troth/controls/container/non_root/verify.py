"""Judges whether containers run without root: by every image's last user, its entrypoint, and what starts it."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import said
from troth.judgement.subject import off_subject
from troth.terms.facts.containers import Containers, Image, Root
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_NEVER_ROOT = re.compile(r"\b(?:never|do not|don'?t|must not|not)\b.{0,40}\bas root\b", re.IGNORECASE)
_IMAGES = re.compile(
    r"\b(?:our|the|default in|provided|official|shipped)\b.{0,30}\b(?:images?|containers?|dockerfile)\b", re.IGNORECASE
)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*|\.devcontainer)/|dev(?:el)?\b", re.IGNORECASE)

_MATTER = re.compile(r"root|\b(?:user|uid|gid)s?\b|unprivileged|container|docker|\bimages?\b|\bpods?\b|setuid|\bsudo\b", re.IGNORECASE)


def verify(statement: Statement, containers: Containers, tree: Tree) -> Verdict:
    """Kept only if every image ends as somebody else than root, or gives root up whichever way it starts, and nothing starts it as root again."""
    beside = off_subject(statement, _MATTER, "the user that a container runs as")
    if beside is not None:
        return beside
    images = [image for image in containers.images if not _ASIDE.search(image.path)] or list(containers.images)
    if statement.modality is Modality.RECOMMENDATION_USERS and not _IMAGES.search(statement.text):
        return _advice(statement, images, tree)
    undone = _undone(containers, tree)
    if not images:
        if undone:
            return Broken(How.BYPASSED, undone, "What starts the containers asks for root.", "Drop the user: root.")
        return Unknown(
            "the image's build file", "No build file is in the tree, so nothing says whose rights the process has."
        )
    rooted = [image for image in images if image.root is Root.YES]
    unsure = [image for image in images if image.root is Root.UNKNOWN]
    firm = [image for image in images if image.root is Root.NO]
    mend = "End the build file with a USER that is not root, or drop root in the entrypoint on every way through it."
    if rooted:
        evidence = (*_evidence(rooted, tree), *_evidence(firm, tree)[:2])
        if firm:
            return Partly(
                How.INCOMPLETE, evidence, f"{rooted[0].path} runs as root; {len(firm)} other images do not.", mend
            )
        return Broken(How.ABSENT, evidence, f"{rooted[0].path} runs as root. {rooted[0].because}", mend)
    if undone:
        return Partly(
            How.BYPASSED,
            (*undone, *_evidence(firm, tree)[:2]),
            "The image gives root up; what starts it takes root back.",
            "Drop the user: root.",
        )
    if unsure:
        return Unknown("the base image's own user", unsure[0].because, _evidence(unsure, tree)[:4])
    return Kept(_evidence(firm, tree)[:8], "Every image of the tree runs as somebody else than root.")


def _advice(statement: Statement, images: list[Image], tree: Tree) -> Verdict:
    """Advice binds users; only an image that refuses root makes `never as root` true by itself."""
    refusing = [
        image
        for image in images
        if image.entrypoint is not None and image.entrypoint.always and image.entrypoint.refuses
    ]
    if refusing and len(refusing) == len(images) and _NEVER_ROOT.search(statement.text):
        extra = tuple(
            tree.evidence(image.entrypoint.path, image.entrypoint.refuses, "It refuses to go on as root.")
            for image in refusing
            if image.entrypoint
        )
        return Kept((*_evidence(refusing, tree), *extra), "The image gives root up, and ends where it cannot.")
    because = "The sentence asks users to run it without root; how they run it is in no file."
    return Unknown(
        "what users of the software do, which no repository shows",
        because,
        (said(statement, "It is advice to users."),),
    )


def _evidence(images: list[Image], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(image.place.path, image.place.line, image.because) for image in images)


def _undone(containers: Containers, tree: Tree) -> tuple[Evidence, ...]:
    services = [item for item in containers.services if ((item.user or item.stage) and item.root is Root.YES) or item.privileged]
    found = [
        tree.evidence(
            item.path, item.user_line or item.privileged or item.stage, f"{item.name} is started as root, or with all privileges."
        )
        for item in services
    ]
    found += [
        tree.evidence(
            item.path, item.run_as_root or item.privileged, f"{item.name} is started as root, or with all privileges."
        )
        for item in containers.workloads
        if item.run_as_root or item.privileged
    ]
    return tuple(found[:6])
