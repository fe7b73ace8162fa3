"""Judges whether an update bot runs with the promised cadence: by its file as the bot reads it, and by what that file covers."""

from __future__ import annotations

import re

from troth.judgement.forge_features import feature
from troth.judgement.policy_scope import for_users, said
from troth.judgement.shown_settings import settings_or
from troth.terms.facts.clock import Clock
from troth.terms.facts.dependencies import Dependencies, Manifest, Pin
from troth.terms.facts.forge_shown import ForgeShown
from troth.terms.facts.tree import Tree
from troth.terms.facts.updates import UpdateBot, UpdateRule, Updates
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_DAYS = {
    "hourly": 1,
    "daily": 1,
    "weekly": 7,
    "biweekly": 14,
    "fortnightly": 14,
    "monthly": 31,
    "quarterly": 92,
    "yearly": 366,
    "P1D": 1,
    "P7D": 7,
    "P14D": 14,
    "P1M": 31,
    "P30D": 31,
    "P3M": 92,
    "P90D": 92,
}
_NAMES = {
    "pip": r"\bpip\b|\bpython\b|\bpypi\b",
    "npm": r"\bnpm\b|\bnode(?:\.js)?\b|javascript|\byarn\b|\bpnpm\b",
    "github-actions": r"github[ -]actions|\bactions\b",
    "docker": r"\bdocker\b|base images?",
    "cargo": r"\bcargo\b|\brust\b|\bcrates?\b",
    "gomod": r"\bgo modules?\b|\bgolang\b|\bgomod\b",
}
_SAME = {"pip": ("pip", "uv", "poetry", "pipenv", "pip-compile"), "npm": ("npm", "bun")}
_SIDE = frozenset(("github-actions", "docker", "docker-compose", "gitsubmodule", "devcontainers", "pre-commit"))
_ALERTS = re.compile(r"\balerts?\b|\bsecurity updates\b|\bmonitor\w*\b|\bfindings?\b|\bsurfaced?\b|\bvulnerabilit\w+ (?:detect\w*|scan\w*|tracking|management)\b|\bdetects? (?:known )?vulnerab\w*", re.IGNORECASE)
_UPDATES = re.compile(
    r"\b(?:version|automat\w+|regular|weekly|monthly|daily) (?:dependency )?updates?\b|\bpull requests?\b|\bPRs?\b|\bbumps?\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|samples?|bench\w*|fuzz|templates?|patches|vendor(?:ed)?|third[_-]?party)/")


def verify(
    params: Params,
    statement: Statement,
    *,
    updates: Updates,
    dependencies: Dependencies,
    tree: Tree,
    shown: ForgeShown,
    clock: Clock,
) -> Verdict:
    """Kept needs a file that the bot accepts, rules that open requests often enough, and no package list left out."""
    advice = for_users(statement, "run an update bot")
    if advice is not None:
        return advice
    if params.flag("auto_security_prs"):
        fixes = Unknown(
            "the forge's settings",
            "Whether security fixes are proposed by themselves is a setting of the forge, which no file shows.",
        )
        return settings_or(shown, lambda forge: feature(forge, "security-updates", clock.now), lambda: fixes)
    if re.search(r"\b(?:alert[as]?|alertas|avisos?|notices?|notifications?|advisor(?:y|ies))\b", statement.text, re.IGNORECASE) and not _UPDATES.search(statement.text) and not re.search(r"updat|upgrad|propos", statement.text, re.IGNORECASE):
        only = Unknown("the forge's settings", "The sentence speaks of alerts, which are a setting of the forge; no file shows them.")
        return settings_or(shown, lambda forge: feature(forge, "dependabot-alerts", clock.now), lambda: only)
    if not updates.bots and _ALERTS.search(statement.text) and not _UPDATES.search(statement.text):
        alerts = Unknown("the forge's settings", "Alerts are a setting of the forge, which no file shows.")
        return settings_or(shown, lambda forge: feature(forge, "dependabot-alerts", clock.now), lambda: alerts)
    if not updates.bots:
        evidence = (said(statement, "It promises an update bot, and no file of the tree configures one."),)
        hosted = "renovate" in statement.text.lower() or re.search(
            r"\b(?:snyk|pyup|depfu|mend)\b", statement.text, re.IGNORECASE
        )
        if hosted:
            return Unknown(
                "the bot's own settings",
                "This bot can be set up outside the repository, where no file shows it.",
                evidence,
            )
        return Broken(
            How.ABSENT,
            evidence,
            "No update bot is configured.",
            "Add .github/dependabot.yml (or a Renovate configuration).",
        )
    working = [bot for bot in updates.working if not _named(statement) or bot.tool in _named(statement)]
    if not working:
        return _dead(updates.bots, tree)
    rules = [rule for bot in working for rule in bot.rules if rule.works]
    return _cadence(params, statement, rules, dependencies, tree)


def _named(statement: Statement) -> tuple[str, ...]:
    return tuple(tool for tool in ("dependabot", "renovate") if tool in statement.text.lower())


def _dead(bots: tuple[UpdateBot, ...], tree: Tree) -> Verdict:
    evidence: list[Evidence] = []
    for bot in bots:
        if not bot.active:
            evidence.append(tree.evidence(bot.path, 1, f"{bot.tool} does not look for its file here."))
        elif bot.problems:
            evidence += [tree.evidence(bot.path, line, says) for line, says in bot.problems[:4]]
        else:
            line = bot.rules[0].place.line if bot.rules else 1
            evidence.append(tree.evidence(bot.path, line, "No rule of this file opens version updates."))
    return Broken(
        How.VACUOUS,
        tuple(evidence),
        "The bot is configured, but the configuration has no effect.",
        "Mend the file at the line shown.",
    )


def _cadence(
    params: Params, statement: Statement, rules: list[UpdateRule], dependencies: Dependencies, tree: Tree
) -> Verdict:
    wanted = _DAYS.get(params.text("cadence") or "")
    named = [name for name, pattern in _NAMES.items() if re.search(pattern, statement.text, re.IGNORECASE)]
    missing = [name for name in named if not any(rule.ecosystem in ("*", *_SAME.get(name, (name,))) for rule in rules)]
    counted = [
        rule for rule in rules if rule.ecosystem in named or (not named and rule.ecosystem not in _SIDE)
    ] or rules
    evidence = tuple(
        tree.evidence(
            rule.interval_place.path,
            rule.interval_place.line,
            f"{rule.ecosystem} {_where(rule)}: {rule.interval or 'no interval'}",
        )
        for rule in rules[:8]
    )
    if missing:
        return Partly(
            How.INCOMPLETE,
            evidence,
            f"Nothing watches {', '.join(missing)}.",
            "Add a rule for each ecosystem that the policy names.",
        )
    if wanted is not None:
        unsure = [rule for rule in counted if rule.interval_days is None]
        slow = [rule for rule in counted if rule.interval_days is not None and rule.interval_days > wanted]
        if unsure and not slow:
            return Unknown(
                "the schedule in a form that can be read",
                f"{unsure[0].interval_place} does not say how often the bot looks.",
                evidence,
            )
        if slow and len(slow) == len(counted):
            return Broken(
                How.CONTRADICTED,
                evidence,
                f"The bot looks {slow[0].interval}, not {params.text('cadence')}.",
                "Set the interval that the policy promises.",
            )
        if slow:
            return Partly(
                How.INCOMPLETE,
                evidence,
                f"{slow[0].ecosystem} is only looked at {slow[0].interval}.",
                "Set the interval that the policy promises.",
            )
    return _watched(rules, counted, dependencies, evidence, tree, named=bool(named))


def _watched(
    rules: list[UpdateRule], counted: list[UpdateRule], dependencies: Dependencies, evidence: tuple[Evidence, ...], tree: Tree, *, named: bool
) -> Verdict:
    """Kept, unless only a few packages may be proposed, or a list is watched by nothing."""
    few = next((rule for rule in counted if rule.allowed is not None and "*" not in rule.allowed), None)
    if few is not None:
        return Partly(How.INCOMPLETE, evidence, f"It is told to watch only {', '.join(few.allowed or ())[:80]}.", "Take the list `allow` out.")
    left_out = _left_out(rules, dependencies)
    if left_out and not named:
        more = tuple(
            tree.evidence(item.path, item.entries[0].place.line, "No rule covers this list.") for item in left_out[:4]
        )
        return Partly(
            How.INCOMPLETE,
            (*evidence, *more),
            f"{left_out[0].path} is watched by nothing.",
            "Add its folder to the bot's file.",
        )
    return Kept(evidence, "The bot reads its file, and its rules look as often as promised.")


def _where(rule: UpdateRule) -> str:
    return ", ".join(f"/{folder}" for folder in rule.folders[:3])


def _left_out(rules: list[UpdateRule], dependencies: Dependencies) -> list[Manifest]:
    covered = {path for rule in rules for path in rule.covers}
    return [
        item for item in dependencies.manifests
        if item.path not in covered and not _ASIDE.search(item.path) and item.kind in ("requirements", "pyproject", "package.json", "Cargo.toml", "go.mod", "Pipfile")
        and any(entry.pin is not Pin.LOCAL for entry in item.entries)
        and not any(lock.path in covered or set(lock.covers) & covered for lock in dependencies.locks_of(item.path))
    ]  # fmt: skip
