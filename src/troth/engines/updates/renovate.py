"""Renovate's configuration: whether it is on, how often, and what it leaves out. Presets are known by name only, never fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping

from troth.engines.documents import DocumentError, JsonLines, parse_json
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.terms.facts.updates import UpdateBot, UpdateRule
from troth.terms.place import Place

__all__ = ["parse"]

_WEEKDAY = re.compile(r"\bon\b.*day|every weekend|mon|tue|wed|thu|fri|sat|sun", re.IGNORECASE)


def parse(path: str, text: str) -> UpdateBot:
    """Configuration of Renovate, also inside a `package.json`.

    Raises:
        DocumentError: strict JSON was to be expected and it is none.
    """
    try:
        data = parse_json(text)
    except DocumentError:
        if not path.endswith("json5"):
            raise
        # JSON5 allows more than is read here: the bot may well accept it, so only the interval stays unknown
        return UpdateBot("renovate", path, (_rule(path, {}, JsonLines(text), None, "not read"),))
    document = as_map(data)
    lines = JsonLines(text)
    if path.rpartition("/")[2] == "package.json":
        document = as_map(document.get("renovate"))
    days, interval = _interval(document)
    return UpdateBot("renovate", path, (_rule(path, document, lines, days, interval),))


def _rule(path: str, document: Mapping[str, Plain], lines: JsonLines, days: float | None, interval: str) -> UpdateRule:
    limit = document.get("prConcurrentLimit")
    line = lines.key("schedule") or lines.key("extends") or 1
    return UpdateRule(
        ecosystem="*",
        folders=("**",),
        interval_days=days,
        interval=interval,
        place=Place(path, line),
        interval_place=Place(path, line),
        # 0 means no limit here, unlike in Dependabot
        limit=limit if isinstance(limit, int) and limit > 0 else None,
        ignored=tuple(as_text(item) for item in as_list(document.get("ignoreDeps")) if as_text(item)),
        enabled=document.get("enabled") is not False and not _off(document),
    )


def _off(document: Mapping[str, Plain]) -> bool:
    """Whether rules, paths or managers leave nothing on: a rule for every package that switches off, every path ignored, no manager enabled."""
    managers = document.get("enabledManagers")
    if isinstance(managers, list) and not managers:
        return True
    if any(as_text(item).strip("/") in ("**", "*", "**/*", "**/**") for item in as_list(document.get("ignorePaths"))):
        return True
    for item in as_list(document.get("packageRules")):
        rule = as_map(item)
        names = [as_text(name) for key in ("matchPackageNames", "matchPackagePatterns", "matchDepNames") for name in as_list(rule.get(key))]
        narrowed = {key for key in rule if key.startswith(("match", "exclude"))} - {"matchPackageNames", "matchPackagePatterns", "matchDepNames"}
        if rule.get("enabled") is False and not narrowed and (not names or any(name in ("*", "**", ".*", "/.*/", "^.*$") for name in names)):
            return True
    return False


def _interval(document: Mapping[str, Plain]) -> tuple[float | None, str]:
    presets = [as_text(item) for item in as_list(document.get("extends"))]
    wished = document.get("schedule")
    schedule = [as_text(item) for item in as_list(wished)] or ([as_text(wished)] if as_text(wished) else [])
    schedule += [preset.removeprefix("schedule:") for preset in presets if preset.startswith("schedule:")]
    if not schedule:
        # an organisation's preset may set another schedule; Renovate's own ones do not
        foreign = any(
            not preset.startswith(("config:", ":", "group:", "docker:", "helpers:", "packages:")) for preset in presets
        )
        return (None, ", ".join(presets)) if foreign else (1.0, "at any time")
    text = "; ".join(schedule)
    return _days(text.lower()), text


def _days(text: str) -> float | None:
    if "quarter" in text:
        return 92.0
    if "month" in text:
        return 31.0
    if "year" in text:
        return 366.0
    if "week" in text or _WEEKDAY.search(text):
        return 7.0 if "weekday" not in text else 3.0
    return 1.0 if any(word in text for word in ("daily", "at any time", "night", "before", "after", "every")) else None
