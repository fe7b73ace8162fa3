"""How images are built and started: build files, compose files, cluster manifests.

Whose rights a process ends up with depends on all of them: the last `USER`, an entrypoint that drops privileges, and whatever starts the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from troth.terms.place import Place

__all__ = ["Containers", "Entrypoint", "Image", "Root", "Service", "Stage", "Workload"]


class Root(StrEnum):
    """Whether a process runs as root. UNKNOWN: the base image, or something at run time, decides."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stage:
    """One `FROM` and what follows it.

    Attributes:
        index: from 0.
        line: line of the `FROM`.
        base: image or earlier stage as written, variables filled in from `ARG` defaults.
        name: after `AS`; empty where none.
        user: last `USER` of the stage as written; empty where none (the base's user stays).
        user_line: its line; 0 where none.
        entrypoint, command: words of the last `ENTRYPOINT` and `CMD`, with their lines.
        shell_form: the entrypoint (or else the command) is given as one string for a shell.
        healthcheck: line of a `HEALTHCHECK` other than NONE; 0 where none.
        copies: source and destination of `COPY` and `ADD` from the build context.
    """

    index: int
    line: int
    base: str
    name: str = ""
    user: str = ""
    user_line: int = 0
    entrypoint: tuple[str, ...] = ()
    entrypoint_line: int = 0
    command: tuple[str, ...] = ()
    command_line: int = 0
    shell_form: bool = False
    healthcheck: int = 0
    copies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """A script of the tree that an image starts with.

    Attributes:
        path: file in the tree.
        drops: line that gives up root (`exec gosu app ...`, `setpriv --reuid`, `su-exec`); 0 where none.
        refuses: line that ends the script when it runs as root; 0 where none.
        always: true where no way through the script keeps root: after the check for uid 0 it drops privileges or ends.
    """

    path: str
    drops: int = 0
    refuses: int = 0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """One Dockerfile or Containerfile.

    Attributes:
        path: the build file.
        stages: in order; empty where the file could not be read.
        root: whether the image's process runs as root when nothing else is said.
        place: the line that decides it.
        because: one sentence.
        entrypoint: the script that it starts with, where that is in the tree.
        problem: why the file could not be read; empty where it could.
    """

    path: str
    stages: tuple[Stage, ...]
    root: Root
    place: Place
    because: str
    entrypoint: Entrypoint | None = None
    problem: str = ""

    @property
    def final(self) -> Stage | None:
        """The stage that becomes the image."""
        return self.stages[-1] if self.stages else None


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a compose file.

    Attributes:
        path, line: where.
        name: its key.
        image: `image:` as written.
        build: path of the build file that it builds, where that is in the tree; empty else.
        user: `user:` as written; empty where none.
        user_line: its line.
        ports: published ports as written, with lines.
        read_only, privileged: the flags' lines; 0 where absent or false.
        cap_drop_all, no_new_privileges: lines; 0 where absent.
        root: whether its process runs as root.
        stage: line of the `target:` that takes an earlier stage than the last; 0 where none.
    """

    path: str
    line: int
    name: str
    image: str = ""
    build: str = ""
    user: str = ""
    user_line: int = 0
    ports: tuple[tuple[str, int], ...] = ()
    read_only: int = 0
    privileged: int = 0
    cap_drop_all: int = 0
    no_new_privileges: int = 0
    root: Root = Root.UNKNOWN
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """One container of a cluster manifest (Deployment, Pod, Job ...) or a chart's values.

    Attributes:
        path, line: where the container (or security context) begins.
        name: of the container.
        run_as_non_root, run_as_root: line that says so; 0 where none.
        read_only, drop_all, privileged, no_escalation: lines; 0 where absent.
    """

    path: str
    line: int
    name: str
    run_as_non_root: int = 0
    run_as_root: int = 0
    read_only: int = 0
    drop_all: int = 0
    privileged: int = 0
    no_escalation: int = 0


@dataclass(frozen=True, slots=True)
class Containers:
    """All of it; `problems` are files that look like one of these and cannot be read (path, line, sentence)."""

    images: tuple[Image, ...] = ()
    services: tuple[Service, ...] = ()
    workloads: tuple[Workload, ...] = ()
    problems: tuple[tuple[str, int, str], ...] = ()
