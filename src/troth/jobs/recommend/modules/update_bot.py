"""Adds `.github/dependabot.yml`, or mends it: package lists that nothing watches, an interval slower than promised, a rule that is switched off, a file in the wrong place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Final

import yaml

from troth.jobs.recommend.edits import Edit, edited
from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, Gap, Risk, patch
from troth.jobs.recommend.yaml_spans import Pair, YamlFile, is_block, load, pair

__all__ = ["MODULE", "UpdateBot", "ecosystems"]

_PLACE: Final = ".github/dependabot.yml"
_RANK: Final = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "semiannually": 184, "yearly": 366}
_CADENCE: Final = {
    "hourly": "daily", "daily": "daily", "P1D": "daily", "weekly": "weekly", "P7D": "weekly", "biweekly": "weekly", "fortnightly": "weekly", "P14D": "weekly",
    "monthly": "monthly", "P1M": "monthly", "P30D": "monthly", "quarterly": "quarterly", "P3M": "quarterly", "P90D": "quarterly", "yearly": "yearly",
}  # fmt: skip
_MANIFESTS: Final = (
    (r"(?:requirements[\w.-]*\.(?:txt|in)|pyproject\.toml|setup\.(?:py|cfg)|Pipfile)", "pip"),
    (r"uv\.lock", "uv"), (r"package\.json", "npm"), (r"Cargo\.toml", "cargo"), (r"go\.mod", "gomod"), (r"Gemfile", "bundler"), (r"composer\.json", "composer"),
    (r"pom\.xml", "maven"), (r"build\.gradle(?:\.kts)?", "gradle"), (r"[\w.-]+\.csproj", "nuget"), (r"mix\.exs", "mix"), (r"pubspec\.yaml", "pub"),
    (r"(?:Dockerfile|Containerfile)(?:\.[\w-]+)?|[\w-]+\.Dockerfile", "docker"),
)  # fmt: skip
_ASIDE: Final = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|samples?|bench\w*|fuzz|templates?|node_modules|vendor|third_party)/", re.IGNORECASE)
_MOST: Final = 40


def ecosystems(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of ecosystem and folder (`/`, `/web`) that a tree's manifests call for, workflows included."""
    found: dict[tuple[str, str], None] = {}
    for path in sorted(paths):
        if path.startswith(".github/workflows/") and path.count("/") == 2 and path.endswith((".yml", ".yaml")):
            found["github-actions", "/"] = None
        if _ASIDE.search(path):
            continue
        folder, name = posixpath.split(path)
        for pattern, ecosystem in _MANIFESTS:
            if re.fullmatch(pattern, name):
                found[ecosystem, f"/{folder}"] = None
    spare = {("pip", folder) for ecosystem, folder in found if ecosystem == "uv"}
    return tuple(sorted(one for one in found if one not in spare))


class UpdateBot:
    """See the module."""

    name = "update-bot"
    controls = ("deps/update-bot", "deps/updated")
    wants = (".github/dependabot.yml", ".github/dependabot.yaml", "dependabot.yml", "*/dependabot.yml")

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One patch of the bot's file."""
        if any("renovate" in path.rpartition("/")[2] for path in facts.paths):
            return
        complaints = tuple(one for one in facts.complaints if _for_a_file(one))
        wanted = ecosystems(facts.paths)
        if not complaints or not wanted:
            return
        interval = _interval(complaints)
        present = facts.files.get(_PLACE) or facts.files.get(".github/dependabot.yaml")
        if present is None:
            made = patch(
                facts, self.name, {_PLACE: _new(wanted, interval or "weekly")}, title="Have Dependabot watch the dependencies", mends=complaints,
                why="The policy promises an update bot, and no file that the bot reads configures one.", risk=Risk.LOW,
            )  # fmt: skip
        else:
            document = load(present.text)
            rules = pair(document.root, "updates") if document is not None else None
            if document is None or rules is None or not is_block(rules.value):
                yield Gap(self.name, tuple(one.fingerprint for one in complaints), f"a {present.path} that can be read", "The file is not YAML with a list `updates`.")
                return
            text = edited(document.file, _repairs(document, rules, wanted, interval))
            made = patch(
                facts, self.name, {present.path: text}, title="Mend the configuration of Dependabot", mends=complaints, risk=Risk.LOW,
                why="The bot's file leaves package lists out, looks more seldom than promised, or switches a rule off.",
            )  # fmt: skip
        if made is not None:
            yield made


def _for_a_file(one: Complaint) -> bool:
    """A bot's file can mend it: not what is a setting, what another bot does, or what only merging its requests can make true."""
    regular = one.control == "deps/updated" and (one.how not in ("absent", "vacuous") or bool(one.word("package")))
    return "renovate" not in one.text.lower() and not one.params.get("auto_security_prs") and not regular


def _interval(complaints: tuple[Complaint, ...]) -> str:
    """The fastest cadence that the sentences promise; "" where they promise none."""
    said = [_CADENCE[one.word("cadence")] for one in complaints if one.word("cadence") in _CADENCE]
    return min(said, key=_RANK.__getitem__, default="")


def _rule(ecosystem: str, folder: str, interval: str) -> str:
    shown = folder if re.fullmatch(r"[\w./-]+", folder) else '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"- package-ecosystem: {ecosystem}\n  directory: {shown}\n  schedule:\n    interval: {interval}"


def _new(wanted: tuple[tuple[str, str], ...], interval: str) -> str:
    rules = "\n".join(_rule(ecosystem, folder, interval) for ecosystem, folder in wanted[:_MOST])
    return "version: 2\nupdates:\n" + "".join(f"  {line}\n" for line in rules.split("\n"))


def _repairs(document: YamlFile, rules: Pair, wanted: tuple[tuple[str, str], ...], interval: str) -> Iterable[Edit]:
    watched: set[tuple[str, str]] = set()
    for item in rules.value.value:
        ecosystem, folders = _text(item, "package-ecosystem"), _folders(item)
        watched |= {(ecosystem, folder) for folder in folders}
        yield from _quicker(document, item, interval)
        limit = pair(item, "open-pull-requests-limit")
        if limit is not None and isinstance(limit.value, yaml.ScalarNode) and limit.value.value == "0":
            yield Edit(*document.span(limit.value), "5")
    missing = [(ecosystem, folder) for ecosystem, folder in wanted if not _covered(ecosystem, folder, watched)]
    if missing:
        block = "\n".join(_rule(ecosystem, folder, interval or "weekly") for ecosystem, folder in missing[:_MOST])
        first = rules.value.value[0]
        start = document.file.line_start(first.start_mark.index)
        dash = document.file.body.rfind("-", start, first.start_mark.index)
        yield document.below(rules.value, dash - start if dash >= start else 2, block)


def _quicker(document: YamlFile, item: yaml.Node, interval: str) -> Iterable[Edit]:
    found = pair(item, "schedule", "interval")
    if found is None or not interval or not isinstance(found.value, yaml.ScalarNode):
        return
    now = str(found.value.value)
    if now in _RANK and _RANK[now] > _RANK[interval] and document.source(found.value).count(now) == 1:
        start, _ = document.span(found.value)
        at = document.file.body.index(now, start)
        yield Edit(at, at + len(now), interval)


def _text(node: yaml.Node, name: str) -> str:
    found = pair(node, name)
    return str(found.value.value) if found is not None and isinstance(found.value, yaml.ScalarNode) else ""


def _folders(node: yaml.Node) -> list[str]:
    listed = pair(node, "directories")
    names = [str(each.value) for each in listed.value.value] if listed is not None and isinstance(listed.value, yaml.SequenceNode) else [_text(node, "directory")]
    return [posixpath.normpath("/" + name.strip("/")) for name in names]


_SAME: Final = {"pip": ("pip", "uv"), "uv": ("uv", "pip"), "npm": ("npm", "bun")}


def _covered(ecosystem: str, folder: str, watched: set[tuple[str, str]]) -> bool:
    names = _SAME.get(ecosystem, (ecosystem,))
    for name, pattern in watched:
        if name not in names:
            continue
        expression = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        if re.fullmatch(expression, folder) or (pattern == "/" and ecosystem in ("github-actions", "npm", "cargo") and folder.count("/") > 1 and ecosystem != "npm"):
            return True
    return False


MODULE = UpdateBot()
