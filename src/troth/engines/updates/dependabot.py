"""`.github/dependabot.yml`, version 2. What the bot refuses (and then does nothing at all) is a problem with its line.

Keys that are not known here are left alone: the bot learns new ones, and a key missed must not turn a working file into a broken one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from troth.engines.documents import Node, parse_yaml
from troth.terms.facts.updates import UpdateBot, UpdateRule
from troth.terms.place import Place

__all__ = ["parse"]

_DAYS: Final = {
    "daily": 1.0,
    "weekly": 7.0,
    "monthly": 31.0,
    "quarterly": 92.0,
    "semiannually": 184.0,
    "yearly": 366.0,
    "cron": None,
}


def parse(path: str, text: str) -> UpdateBot:
    """Configuration of Dependabot.

    Raises:
        DocumentError: it is not YAML.
    """
    documents = parse_yaml(text)
    if not documents:
        return UpdateBot("dependabot", path, problems=((1, "The file is empty."),))
    document = documents[0]
    problems: list[tuple[int, str]] = []
    if document.kind != "map":
        return UpdateBot("dependabot", path, problems=((document.line, "It is not a mapping."),))
    if document.scalar("version") != "2":
        problems.append((document.key_line("version") or 1, "`version: 2` is missing."))
    updates = document.get("updates")
    if updates is None or updates.kind != "list":
        problems.append((document.key_line("updates") or 1, "`updates` is missing or is no list."))
        return UpdateBot("dependabot", path, problems=tuple(problems))
    groups = document.get("multi-ecosystem-groups")
    rules = tuple(_rule(path, node, groups, problems) for node in updates.items)
    problems.extend(_twice(updates))
    return UpdateBot("dependabot", path, rules, tuple(problems))


def _rule(path: str, node: Node, groups: Node | None, problems: list[tuple[int, str]]) -> UpdateRule:
    ecosystem = node.scalar("package-ecosystem")
    if not ecosystem:
        problems.append((node.line, "A rule has no `package-ecosystem`."))
    folders = node.texts("directories") or node.texts("directory")
    if not folders:
        problems.append((node.line, "A rule has neither `directory` nor `directories`."))
    schedule = node
    group = node.scalar("multi-ecosystem-group")
    if node.get("schedule") is None and group and groups is not None:
        schedule = groups.get(group) or node
    interval = schedule.scalar("schedule", "interval")
    holder = schedule.get("schedule")
    line = holder.key_line("interval") if holder is not None else 0
    if interval not in _DAYS:
        says = f"`{interval[:40]}` is no interval." if interval else "A rule has no `schedule` with an `interval`."
        problems.append((line or node.line, says))
    limit = node.scalar("open-pull-requests-limit")
    ignore = node.get("ignore")
    return UpdateRule(
        ecosystem=ecosystem,
        folders=tuple(_folder(folder) for folder in folders),
        interval_days=_DAYS.get(interval),
        interval=interval,
        place=Place(path, node.line),
        interval_place=Place(path, line or node.line),
        limit=int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else None,
        ignored=tuple(_ignored(ignore)) if ignore is not None else (),
        allowed=_allowed(node.get("allow")),
        enabled=not any(text.strip().strip("/") in ("**", "*", "**/*") for text in node.texts("exclude-paths")),
    )


def _folder(text: str) -> str:
    inner = text.strip().strip("/")
    return "" if inner == "." else inner


def _ignored(node: Node) -> Iterator[str]:
    for item in node.items:
        name = item.scalar("dependency-name")
        # with `versions` or `update-types`, only some updates are left out
        kinds = {kind.rpartition("-")[2] for kind in item.texts("update-types")}
        every = {"major", "minor", "patch"} <= {kind.rpartition(":")[2].removeprefix("semver-") for kind in kinds}
        if name and item.get("versions") is None and (item.get("update-types") is None or every):
            yield name


def _allowed(node: Node | None) -> tuple[str, ...] | None:
    """Names that alone are watched; None where a kind of dependency, or nothing, is said."""
    if node is None or not node.items:
        return None
    names = [item.scalar("dependency-name") for item in node.items]
    return tuple(names) if all(names) else None


def _twice(updates: Node) -> Iterator[tuple[int, str]]:
    seen: set[tuple[str, str, str]] = set()
    for node in updates.items:
        for folder in node.texts("directories") or node.texts("directory"):
            key = (node.scalar("package-ecosystem"), _folder(folder), node.scalar("target-branch"))
            if key in seen:
                yield node.line, f"`{key[0]}` in /{key[1]} is configured twice."
            seen.add(key)
