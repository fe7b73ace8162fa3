"""Compose services and the containers of cluster manifests: what they add to, or take back from, what an image says."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from troth.engines.containers.privileges import is_root, root_of
from troth.engines.documents import Node
from troth.terms.facts.containers import Image, Root, Service, Workload

__all__ = ["services", "workloads"]

_KINDS = frozenset(("Deployment", "Pod", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet"))


def services(path: str, documents: tuple[Node, ...], images: tuple[Image, ...]) -> Iterator[Service]:
    """Services of a compose file."""
    for document in documents[:1]:
        listed = document.get("services")
        for name, line, node in listed.pairs if listed is not None else ():
            yield _service(path, name, line, node, images)


def _service(path: str, name: str, line: int, node: Node, images: tuple[Image, ...]) -> Service:
    build = _build_file(path, node)
    user = node.scalar("user")
    image = next((item for item in images if item.path == build), None)
    security = node.get("security_opt")
    dropped = node.get("cap_drop")
    ports = node.get("ports")
    build_node = node.get("build")
    target = build_node.scalar("target").lower() if build_node is not None and build_node.kind == "map" else ""
    at = next((stage.index for stage in (image.stages if image is not None else ()) if target and stage.name == target), None)
    earlier = root_of(image.stages[: at + 1]) if image is not None and at is not None and at + 1 < len(image.stages) else None
    root = is_root(user) if user else earlier or (image.root if image is not None else Root.UNKNOWN)
    return Service(
        path=path,
        line=line,
        name=name,
        image=node.scalar("image"),
        build=build if image is not None else "",
        user=user,
        user_line=node.key_line("user"),
        ports=tuple((item.text or item.scalar("published"), item.line) for item in (ports.items if ports is not None else ())),
        read_only=node.key_line("read_only") if node.flag("read_only") else 0,
        privileged=node.key_line("privileged") if node.flag("privileged") else 0,
        cap_drop_all=next((item.line for item in (dropped.items if dropped is not None else ()) if item.text.upper() == "ALL"), 0),
        no_new_privileges=next((item.line for item in (security.items if security is not None else ()) if item.text.replace("=", ":") in ("no-new-privileges:true", "no-new-privileges")), 0),
        root=root,
        stage=build_node.key_line("target") if build_node is not None and earlier is not None else 0,
    )  # fmt: skip


def _build_file(path: str, node: Node) -> str:
    build = node.get("build")
    if build is None:
        return ""
    context = build.text if build.kind == "scalar" else build.scalar("context") or "."
    name = build.scalar("dockerfile") or "Dockerfile"
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), context, name))


def workloads(path: str, documents: tuple[Node, ...]) -> Iterator[Workload]:
    """Containers of cluster manifests, and of the `securityContext` blocks of a chart's values."""
    for document in documents:
        if document.scalar("kind") in _KINDS:
            for node in document.walk():
                containers = node.get("containers") if node.kind == "map" else None
                for item in containers.items if containers is not None else ():
                    yield _workload(
                        path, item.scalar("name"), item, (item.get("securityContext"), node.get("securityContext"))
                    )
        elif not document.scalar("kind"):
            context, pod = document.get("securityContext"), document.get("podSecurityContext")
            if context is not None or pod is not None:
                yield _workload(path, "values", context or pod or document, (context, pod))


def _workload(path: str, name: str, node: Node, contexts: tuple[Node | None, ...]) -> Workload:
    known = [context for context in contexts if context is not None]

    def line(key: str, *, wanted: bool) -> int:
        # the container's own word goes before the pod's
        first = next((context for context in known if context.flag(key) is not None), None)
        return first.key_line(key) if first is not None and first.flag(key) is wanted else 0

    user = next((context for context in known if context.scalar("runAsUser")), None)
    user_line = user.key_line("runAsUser") if user is not None else 0
    as_root = is_root(user.scalar("runAsUser")) if user is not None else Root.UNKNOWN
    drops = [item for context in known for item in (_drop(context)) if item.text.upper() == "ALL"]
    return Workload(
        path=path,
        line=node.line,
        name=name,
        run_as_non_root=line("runAsNonRoot", wanted=True) or (user_line if as_root is Root.NO else 0),
        run_as_root=user_line if as_root is Root.YES else line("runAsNonRoot", wanted=False),
        read_only=line("readOnlyRootFilesystem", wanted=True),
        drop_all=drops[0].line if drops else 0,
        privileged=line("privileged", wanted=True),
        no_escalation=line("allowPrivilegeEscalation", wanted=False),
    )


def _drop(context: Node) -> tuple[Node, ...]:
    found = context.get("capabilities", "drop")
    return found.items if found is not None else ()
