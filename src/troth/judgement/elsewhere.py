"""Signs that a tool is called in a way that cannot be followed: another CI system, a script in another language.

Then its absence from workflows proves nothing, and the answer is Unknown, not Broken.
"""

from __future__ import annotations

import re

from troth.terms.facts.tools import ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["seen_elsewhere"]

_SYSTEMS = (
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    ".azure-pipelines/*.yml",
    "Jenkinsfile",
    ".cirrus.yml",
    ".buildkite/*.yml",
    "appveyor.yml",
    ".appveyor.yml",
    "bitbucket-pipelines.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".woodpecker/*.yml",
    ".forgejo/workflows/*.yml",
    ".gitea/workflows/*.yml",
    ".builds/*.yml",
    "cloudbuild.yaml",
)
_SCRIPT = re.compile(r"\.(py|js|mjs|cjs|ts|rb|ps1|go|rs|nu|fish)$")
_SHELL = re.compile(r"\.(?:sh|bash|zsh)$|(?:^|/)(?:Makefile|GNUmakefile|justfile|Taskfile\.ya?ml)$|(?:^|/)\.?(?:git)?hooks?/[\w.-]+$|(?:^|/)\.husky/[\w.-]+$")
"""Scripts that people start, some of them written in ways that no reader of calls follows."""
_RUNNERS = {
    "nx": ("nx.json", "project.json", "*/project.json", "package.json"),
    "turbo": ("turbo.json", "package.json", "*/package.json"),
    "lerna": ("lerna.json", "package.json", "*/package.json"),
    "moon": (".moon/*.yml", "moon.yml", "*/moon.yml"),
    "rush": ("rush.json", "common/config/rush/*.json"),
}
"""Runners of tasks, and where it is written what a task is."""
_TASKS = frozenset(("lint", "check", "audit", "security", "scan", "test", "typecheck", "type-check", "validate", "verify", "format", "coverage", "build"))
_LIMIT = 40
_MOST_SCRIPTS = 120


_ONLY_SAID = re.compile(r"\s*@?-?(?:echo|printf|log|info|warn|cat)\b")


def seen_elsewhere(words: tuple[str, ...], tools: ToolRuns, tree: Tree) -> tuple[Evidence, ...]:
    """Lines of other CI systems, and of scripts that workflows start, which name one of the words.

    Args:
        words: names of the tool, lower case.
        tools: whose other calls name the scripts.
        tree: the tree.
    """
    wanted = [word for word in words if len(word) > 2]
    if not wanted:
        return ()
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in wanted), re.IGNORECASE)
    scripts = {word.removeprefix("./") for run in tools.others for word in run.argv if _SCRIPT.search(word)}
    paths = [*tree.paths(*_SYSTEMS), *(path for path in sorted(scripts) if path in tree.files)][:_LIMIT]
    paths += [path for path in tree.paths() if _SHELL.search(path) and path not in paths and 0 < tree.files[path].size < 512 * 1024][:_MOST_SCRIPTS]
    found: list[Evidence] = []
    for path in paths:
        for at, line in enumerate(tree.lines(path)[:3000], 1):
            if pattern.search(line[:400]) and not line.lstrip().startswith("#") and not (_SHELL.search(path) and _ONLY_SAID.match(line)):
                found.append(tree.evidence(path, at, "it is named here, where calls cannot be followed"))
                break
    return tuple(found[:3]) or _by_task(wanted, tools, tree)


def _by_task(wanted: list[str], tools: ToolRuns, tree: Tree) -> tuple[Evidence, ...]:
    """Steps that hand a task to a runner whose own configuration decides what runs (`nx affected -t lint`), where the tool is known to that configuration."""
    found: list[Evidence] = []
    for run in tools.others:
        words = run.argv[1:] if run.argv[:1] in (("npx",), ("yarn",), ("pnpm",), ("bunx",)) else run.argv
        runner = words[0] if words else ""
        tasks = {part for word in words[1:] for part in word.split(",")} & _TASKS
        settings = [path for path in tree.paths(*_RUNNERS.get(runner, ())) if runner in _RUNNERS]
        if tasks and any(word in (tree.text(path) or "").lower() for path in settings for word in wanted):
            found.append(tree.evidence(run.place.path, run.place.line, f"{runner} runs a task here, and its configuration says what that is"))
    return tuple(found[:3])
