"""Who a container's process is in the end: the last `USER`, the base image, or an entrypoint that gives root up.

A build file that ends as root may be right: many images start as root, fix the ownership of a mounted folder and then drop privileges.
What counts is whether a way through the script keeps root.
"""

from __future__ import annotations

import posixpath
import re

from troth.terms.facts.containers import Entrypoint, Image, Root, Stage
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["image_of", "is_root", "root_of"]

_DROP = re.compile(
    r"\bexec\s+(?:[\w./-]*/)?(?:gosu|su-exec|setpriv|runuser|setuidgid|s6-setuidgid|chpst|sudo\s+-u|su\s)|\bexec\s+(?:[\w./-]*/)?(?:start-stop-daemon).*--chuid"
)
_TO_ROOT = re.compile(r"(?:gosu|su-exec|runuser\s+-u|s6-setuidgid|sudo\s+-u)\s+(?:root|0)\b|--reuid[= ](?:0|root)\b")
_ROOT_CHECK = re.compile(r"""\bif\s.*(?:id\s+-u|\$\{?E?UID\}?|whoami).*(?:(?:=|==|-eq)\s*["']?(?:0|root)\b)""")
_LINE_LIMIT = 2_000
_NONZERO_EXIT = re.compile(r"^\s*exit\s+[1-9]\d*\b")
_NONROOT_BASES = re.compile(
    r":(?:[\w.-]*-)?nonroot(?:[-@]|\Z)|\b(?:distroless/[\w.-]+:[\w.-]*nonroot|cgr\.dev/chainguard/|bitnami/|nginxinc/nginx-unprivileged)"
)
_ROOT_BASES = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:python|node|debian|ubuntu|alpine|golang|rust|ruby|php|openjdk|eclipse-temurin|amazonlinux|fedora|centos|rockylinux|busybox|nginx|httpd|redis|postgres|nvidia/cuda|pytorch/pytorch|oven/bun|denoland/deno|ghcr\.io/astral-sh/uv|mcr\.microsoft\.com/devcontainers/[\w-]+|gcc|perl|swift|haskell|elixir|erlang|maven|gradle)(?:[:@]|\Z)"
)


def is_root(user: str) -> Root:
    """Whether a `USER` value is root; UNKNOWN for a variable."""
    name = user.split(":", 1)[0].strip().strip("\"'")
    if "$" in name or not name:
        return Root.UNKNOWN
    return Root.YES if name == "root" or (name.isascii() and name.isdigit() and int(name[:12]) == 0) else Root.NO


def image_of(path: str, stages: tuple[Stage, ...], tree: Tree) -> Image:
    """What a build file's image runs as when nothing else is said."""
    final = stages[-1]
    script = _entrypoint(path, final, tree)
    user, line, base = _user(final, stages)
    root = is_root(user) if user else Root.UNKNOWN
    if not user:
        root = (
            Root.NO
            if _NONROOT_BASES.search(base)
            else Root.YES
            if _ROOT_BASES.match(base) or base == "scratch"
            else Root.UNKNOWN
        )
    if script is not None and script.always and root is not Root.NO:
        because = f"It starts as root, but {script.path} gives root up or ends, whichever way it runs."
        return Image(path, stages, Root.NO, Place(script.path, script.drops or script.refuses), because, script)
    taken = _takes_root(final, script, tree) if root is Root.NO else None
    if taken is not None:
        return Image(path, stages, Root.YES, taken if taken.path else Place(path, taken.line), "It starts with a command that takes root back.", script)
    says = f"It has no USER, and its base {base[:80]} {_BASE_SAYS[root]}"
    because = f"Its last USER is {user}." if user else says
    return Image(path, stages, root, Place(path, line or final.line), because, script)


_SUDO = re.compile(r"(?:^|[\s;&|\"'\[,/])sudo(?!-)[\"']?(?:[\s,]+[\"']?-[A-Za-z-]+[\"']?)*(?:[\s,]|\Z)")
_AS_OTHER = re.compile(r"sudo\b.{0,40}?(?:-u|--user)[\"', =]+(?!root\b|0\b|#0\b)\w")


def _takes_root(final: Stage, script: Entrypoint | None, tree: Tree) -> Place | None:
    """Where the image's own start takes root back (`sudo`, `gosu root`); a place without a path is a line of the build file. None where nothing does."""
    for words, line in ((final.entrypoint, final.entrypoint_line), (final.command if not final.entrypoint else (), final.command_line)):
        text = " ".join(words)
        first = re.match(r"(?:(?:/usr)?/bin/)?(?:tini|dumb-init|env|exec|(?:ba|da)?sh -\w*c)\b[\s-]*", text)
        rest = text[first.end() :] if first else text
        if (_SUDO.match(rest) and not _AS_OTHER.search(rest)) or _TO_ROOT.search(text):
            return Place("", line or final.line)
    if script is not None:
        for at, code in enumerate(tree.lines(script.path)[:5_000], 1):
            bare = code.strip()
            if bare.startswith("exec ") and ((_SUDO.search(bare[4:60]) and not _AS_OTHER.search(bare)) or _TO_ROOT.search(bare)):
                return Place(script.path, at)
    return None


def root_of(stages: tuple[Stage, ...]) -> Root:
    """Whether the process of the last of some stages runs as root, what it starts with aside."""
    user, _, base = _user(stages[-1], stages)
    if user:
        return is_root(user)
    return Root.NO if _NONROOT_BASES.search(base) else Root.YES if _ROOT_BASES.match(base) or base == "scratch" else Root.UNKNOWN


_BASE_SAYS = {
    Root.YES: "runs as root.",
    Root.NO: "runs as an ordinary user.",
    Root.UNKNOWN: "is not known here.",
}


def _user(final: Stage, stages: tuple[Stage, ...]) -> tuple[str, int, str]:
    """Last USER along the chain of stages that the final one is built from, its line, and the outermost base."""
    stage, seen = final, set[int]()
    while not stage.user and stage.index not in seen:
        seen.add(stage.index)
        base = stage.base.lower()
        earlier = next((item for item in stages[: stage.index] if item.name and item.name == base), None)
        if earlier is None:
            return "", 0, stage.base
        stage = earlier
    return stage.user, stage.user_line, stage.base


def _entrypoint(path: str, stage: Stage, tree: Tree) -> Entrypoint | None:
    for word in (*stage.entrypoint, *(stage.command if not stage.entrypoint else ())):
        name = posixpath.basename(word)
        if not name.endswith((".sh", ".bash")) and name not in ("entrypoint", "docker-entrypoint"):
            continue
        folder = posixpath.dirname(path)
        wanted = [
            source
            for source, target in stage.copies
            if posixpath.basename(source) == name or posixpath.basename(target) == name
        ]
        for candidate in (*wanted, name, f"docker/{name}", f"scripts/{name}"):
            for base in (folder, ""):
                full = posixpath.normpath(posixpath.join(base, candidate))
                if full in tree.files:
                    return _read(full, tree.lines(full))
    return None


def _read(path: str, lines: tuple[str, ...]) -> Entrypoint:
    code = [line[:_LINE_LIMIT].split(" #")[0] if not line.lstrip().startswith("#") else "" for line in lines[:5_000]]
    drops = next((n for n, line in enumerate(code, 1) if _DROP.search(line) and not _TO_ROOT.search(line)), 0)
    check = next((n for n, line in enumerate(code, 1) if _ROOT_CHECK.search(line)), 0)
    refuses = 0
    if check:
        end = _end_of_if(code, check)
        body = code[check:end]
        refuses = next((check + n for n, line in enumerate(body, 1) if _NONZERO_EXIT.match(line)), 0)
        always = _ends(code, check, end)
    else:
        # without a check, the drop must be what the script does last, at the outer level
        last = next((n for n in range(len(code), 0, -1) if code[n - 1].strip()), 0)
        always = bool(drops) and drops == last
    return Entrypoint(path, drops, refuses, always)


def _end_of_if(code: list[str], start: int) -> int:
    depth = 0
    for number in range(start, len(code) + 1):
        words = re.findall(r"\b(?:if|fi)\b", code[number - 1]) if re.match(r"\s*(?:if|fi)\b", code[number - 1]) else []
        depth += words.count("if") - words.count("fi")
        if depth <= 0 and number > start:
            return number
    return len(code)


def _ends(code: list[str], start: int, end: int) -> bool:
    """Whether the block for uid 0 cannot fall through: its last command replaces the process as somebody else, or ends the script."""
    body = [line for line in code[start : end - 1] if line.strip()]
    if any(re.match(r"else\b|elif\b", line.strip()) and _indent(line) == _indent(code[start - 1]) for line in body):
        return False
    if any(_TO_ROOT.search(line) for line in body) or not body:
        return False
    last = body[-1].strip()
    return bool(_NONZERO_EXIT.match(last) or (_DROP.search(last) and not _TO_ROOT.search(last)))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
