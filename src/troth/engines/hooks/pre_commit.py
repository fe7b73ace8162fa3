"""`.pre-commit-config.yaml`: which hooks start, on which files, and what they are told.

pre-commit looks for its file in the root of the git repository alone, and starts every hook there: a path in `args` that only exists below a package
does not exist for the hook. A hook whose filters let no file of the tree through never runs (`always_run` and `pass_filenames: false` aside).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.documents import Node, parse_yaml
from troth.terms.facts.hooks import Hook, HookFile
from troth.terms.facts.tree import Tree
from troth.terms.place import Place

__all__ = ["parse"]

_ON_COMMIT = frozenset(("pre-commit", "commit", "pre-merge-commit", "pre-push", "push", "commit-msg", "merge-commit"))
_SUFFIXES = {
    "python": (".py", ".pyi", ".pyw"),
    "pyi": (".pyi",),
    "rust": (".rs",),
    "javascript": (".js", ".mjs", ".cjs"),
    "ts": (".ts", ".mts", ".cts"),
    "tsx": (".tsx",),
    "jsx": (".jsx",),
    "yaml": (".yaml", ".yml"),
    "json": (".json",),
    "toml": (".toml",),
    "markdown": (".md",),
    "go": (".go",),
    "shell": (".sh", ".bash"),
    "jupyter": (".ipynb",),
    "terraform": (".tf",),
}
_BY_HOOK = {
    "bandit": "python",
    "mypy": "python",
    "black": "python",
    "isort": "python",
    "flake8": "python",
    "pylint": "python",
    "pyupgrade": "python",
}
_PATH_OPTIONS = (
    "--config",
    "-c",
    "--baseline",
    "--config-file",
    "--rcfile",
    "-r",
    "--rules",
    "--configfile",
    "--settings-file",
    "--manifest-path",
)
_ALIASES = {
    "ruff-format": "ruff",
    "ruff-check": "ruff",
    "gitleaks-docker": "gitleaks",
    "gitleaks-system": "gitleaks",
    "detect-secrets": "detect-secrets",
    "detect-private-key": "private-key",
}
_IDLE = re.compile(r"(?:(?:/usr)?/bin/)?(?:true|:|echo|printf|exit 0|cat|ls)(?:\s|\Z)|(?:ba|da|z)?sh -\w*c [\"']?\s*(?:true|:|echo|exit 0)\b")
_FORGIVES = re.compile(r"\|\|\s*(?:true|:|exit 0|echo\b[^&|;]*)\s*[\"']?\s*\Z|;\s*(?:true|exit 0)\s*[\"']?\s*\Z")
_WORD = re.compile(r"[a-z][\w.-]+")


def parse(path: str, text: str, tree: Tree) -> HookFile:
    """Hooks of a pre-commit configuration.

    Raises:
        DocumentError: it is not YAML.
    """
    found = path == ".pre-commit-config.yaml"
    documents = parse_yaml(text)
    repos = documents[0].get("repos") if documents else None
    if repos is None or repos.kind != "list":
        return HookFile(path, "pre-commit", problem=(1, "It has no list `repos`."), found=found)
    document = documents[0]
    bad = _invalid(repos)
    hooks = tuple(hook for repo in repos.items for hook in _hooks(path, document, repo, tree))
    return HookFile(path, "pre-commit", hooks, problem=bad, found=found)


def _invalid(repos: Node) -> tuple[int, str] | None:
    for repo in repos.items:
        source = repo.scalar("repo")
        if not source:
            return repo.line, "A repository has no `repo`."
        hooks = repo.get("hooks")
        if hooks is None or hooks.kind != "list":
            return repo.line, f"{source} has no list `hooks`."
        if source not in ("local", "meta") and not repo.scalar("rev"):
            return repo.line, f"{source} has no `rev`."
        nameless = next((hook for hook in hooks.items if not hook.scalar("id")), None)
        if nameless is not None:
            return nameless.line, "A hook has no `id`."
    return None


def _hooks(path: str, document: Node, repo: Node, tree: Tree) -> Iterator[Hook]:
    source = repo.scalar("repo")
    hooks = repo.get("hooks")
    for node in hooks.items if hooks is not None else ():
        identity = node.scalar("id")
        stages = node.texts("stages") or document.texts("default_stages")
        selected = _selected(node, document, identity, tree)
        missing = tuple(_missing(node, tree))
        yield Hook(
            id=identity,
            names=_names(identity, source, node.scalar("entry")),
            place=Place(path, node.line),
            repository_place=Place(path, repo.line),
            revision=repo.scalar("rev"),
            stages=stages or ("pre-commit",),
            selected=selected,
            missing=tuple(text for text, _ in missing),
            flaws=tuple(_flaws(node, stages, selected, missing)),
        )


def _names(identity: str, source: str, entry: str) -> tuple[str, ...]:
    found = [identity.lower(), _ALIASES.get(identity.lower(), identity.lower())]
    last = source.rstrip("/").removesuffix(".git").rpartition("/")[2].lower()
    if last not in ("local", "meta", "pre-commit-hooks"):
        found += [last, re.sub(r"^(?:mirrors-|pre-commit-)|-pre-commit$", "", last)]
    words = _WORD.findall(entry.lower())
    return tuple(dict.fromkeys([*found, *words[:3]]))


def _flaws(
    node: Node, stages: tuple[str, ...], selected: int | None, missing: tuple[tuple[str, int], ...]
) -> Iterator[tuple[int, str]]:
    if stages and not any(stage in _ON_COMMIT for stage in stages):
        line = node.key_line("stages") or node.line
        yield line, f"It only starts at {', '.join(stages)}, which no commit or push does."
    entry = node.scalar("entry").strip()
    if entry and _IDLE.match(entry):
        yield node.key_line("entry") or node.line, f"It only starts `{entry[:60]}`, which looks at nothing."
    elif entry and _FORGIVES.search(entry):
        yield node.key_line("entry") or node.line, f"It forgives what it finds: `{entry[-60:]}`."
    if selected == 0:
        yield node.key_line("files") or node.line, "Its filters let no file of this tree through."
    for text, line in missing:
        yield line, f"`{text}` is looked for from the root of the repository, where it does not exist."


def _selected(node: Node, document: Node, identity: str, tree: Tree) -> int | None:
    if node.flag("always_run"):
        return None
    patterns = []
    for holder in (document, node):
        for key, wanted in (("files", True), ("exclude", False)):
            text = holder.scalar(key)
            if not text:
                continue
            if _costly(text):
                return None
            try:
                patterns.append((re.compile(text), wanted))
            except (re.error, RecursionError, OverflowError):
                return None
    suffixes = _wanted_suffixes(node, identity)
    if suffixes is None and not patterns:
        return None
    paths = [path for path in tree.paths() if len(path) < 200]
    if len(paths) > 20_000:
        return None
    return sum(
        (suffixes is None or path.endswith(suffixes))
        and all(bool(pattern.search(path)) is wanted for pattern, wanted in patterns)
        for path in paths
    )


def _costly(pattern: str) -> bool:
    """A stranger's pattern that may take long to fail: repeated groups, back references, or more than two open repetitions."""
    return (
        len(pattern) > 500
        or bool(re.search(r"\)[*+{]|\\\d|\(\?P=", pattern))
        or len(re.findall(r"(?<!\\)[*+]|\{\d*,\}", pattern)) > 2
    )


def _wanted_suffixes(node: Node, identity: str) -> tuple[str, ...] | None:
    types = node.texts("types") or node.texts("types_or")
    if not types and identity in _BY_HOOK:
        types = (_BY_HOOK[identity],)
    known = [suffix for kind in types for suffix in _SUFFIXES.get(kind, ())]
    return tuple(known) if types and all(kind in _SUFFIXES for kind in types) else None


def _missing(node: Node, tree: Tree) -> Iterator[tuple[str, int]]:
    """Arguments that name a file or folder which only exists below some package: certain enough to say that they miss."""
    args = node.get("args")
    items = args.items if args is not None else ()
    for index, item in enumerate(items):
        text = item.text
        option, _, value = text.partition("=")
        if option in _PATH_OPTIONS and value:
            candidate = value
        elif text.startswith("-"):
            continue
        elif index and items[index - 1].text in _PATH_OPTIONS:
            candidate = text
        else:
            candidate = text if "/" in text or text.endswith("/") else ""
        candidate = candidate.removeprefix("./").rstrip("/")
        if (
            candidate
            and "://" not in candidate
            and not re.search(r"[*^$(){}|\\\s~]", candidate)
            and not _exists(candidate, tree)
            and _below(candidate, tree)
        ):
            yield text, item.line


def _exists(path: str, tree: Tree) -> bool:
    return path in tree.files or any(known.startswith(path + "/") for known in tree.files)


def _below(path: str, tree: Tree) -> bool:
    return any(known.endswith("/" + path) or f"/{path}/" in known for known in tree.files)
