"""Values of what policies promise about the repository, its workflows, its dependencies and its settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from troth.policy.match.source import Source
from troth.terms.values import Value

__all__: list[str] = []

_TOOLS: Final = {
    "code/scan-tool-runs": ("tool.sast", "tool.lint", "tool.dast", "tool.fuzz", "tool.secrets", "tool.sca", "tool.image"),
    "code/scan-custom-rules": ("tool.sast", "tool.lint", "tool.secrets"),
    "deps/vuln-scan": ("tool.sca", "tool.image", "tool.updates", "tool.sast"),
    "secrets/commit-prevention": ("tool.secrets",),
    "secrets/scan-history": ("tool.secrets",),
    "container/scan": ("tool.image", "tool.sca"),
}
_EVENTS: Final = {"commit": "every commit", "schedule": "schedule", "build": "build"}
_SECRET: Final = re.compile(r"\b[A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){0,5}_?(?:TOKEN|KEY|SECRET|PASSWORD)\b")
_BRANCH: Final = re.compile(r"\b(?P<known>main|master|develop|trunk|production)\b|`(?P<code>[\w./-]{1,60})`\s+branch|branch\s+`(?P<after>[\w./-]{1,60})`", re.IGNORECASE)
_ENV_FILE: Final = re.compile(r"(?<![\w/])\.env(?:\.[a-z]{2,20})?\b|\b[\w.-]{1,40}\.(?:pem|key)\b|\bsecrets?\.(?:ya?ml|toml|json)\b|\bcredentials\.json\b", re.IGNORECASE)
_PINNED: Final = re.compile(r"(?<![\w/])(?:[\w.-]{1,40}/){0,6}(?:requirements[\w.-]{0,30}\.(?:txt|in|lock)|(?<=requirements/)[\w.-]{1,30}\.(?:txt|in|lock)|pyproject\.toml|poetry\.lock|uv\.lock|Pipfile(?:\.lock)?|package(?:-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Cargo\.(?:lock|toml)|go\.(?:mod|sum)|Gemfile\.lock|composer\.lock|environment\.ya?ml|setup\.(?:py|cfg))\b", re.IGNORECASE)
_COMMAND: Final = re.compile(r"\b(?:pip3? install (?:-U|--upgrade)|npm (?:update|audit fix)|pnpm update|yarn upgrade|cargo update|poetry update|uv lock --upgrade|go get -u|brew upgrade|apt(?:-get)? upgrade)\b[^`\n]{0,60}", re.IGNORECASE)


_EACH: Final = frozenset(("code/scan-tool-runs", "deps/vuln-scan", "container/scan"))
"""Controls that judge each of several named tools."""
_ENUMERATED: Final = re.compile(r":\s*(?:[\w.+-]+(?: [\w.+-]+)?)(?:\s*(?:,|&|\+|\band\b)\s*(?:and )?[\w.+-]+(?: [\w.+-]+)?)+\s*\.?\s*\Z")
"""A label and nothing but an enumeration after it ("SAST: Bandit, Semgrep")."""
_BOTH_NAMED: Final = re.compile(r"\W*[\w.+-]{2,20}\s?(?:/|\+|&|\band\b)\s?[\w.+-]{2,20}(?: [\w.+-]{1,20})?\s*:")
"""A label of two names ("Safety/pip-audit: ...")."""
_CHOICE: Final = re.compile(r"\bor\b|\be\.g|such as|like\b|instead|optional|/", re.IGNORECASE)


def tool(source: Source) -> Value | None:
    """The tool that the words name, or else the lead-in or heading does; `any` where none is named."""
    control = source.control
    around = control not in ("ops/monitored",)
    for lexicon in _TOOLS.get(control, ("tool",)):
        found = source.names(lexicon)
        if found:
            return _all_named(found, source.text) if control in _EACH else found[0]
    for lexicon in _TOOLS.get(control, ("tool",)) if around else ():
        found = source.names(lexicon, around=True, members=True)
        if found:
            return found[0]
    labelled = re.match(r"\W*tools?\W{0,3}:\W{0,3}(?P<name>[A-Za-z][\w.+-]{1,30}(?: [\w.+-]{1,30}){0,2})\W*$", source.whole, re.IGNORECASE)
    if labelled is not None:
        return labelled["name"].lower()
    match = re.search(r"`(?:[\w./-]{0,60}/)?(?P<name>[\w-]{2,40})(?:\.(?:py|sh|js|ts))\b", source.quote)
    if match is not None:
        return match["name"]
    named = re.search(r"\b(prometheus|grafana|datadog|sentry|opentelemetry|splunk|falco|cloudwatch)\b", source.text, re.IGNORECASE)
    if named is not None:
        return named.group(1).lower()
    return "any" if control in _TOOLS else None


def _all_named(found: Sequence[str], text: str) -> str:
    """Every tool of an enumeration ("Bandit, Semgrep"): each is promised; the first of what is left to choose ("Bandit or Semgrep")."""
    several = list(dict.fromkeys(found))[:4]
    if len(several) > 1 and _BOTH_NAMED.match(text):
        return ", ".join(several)
    return found[0] if len(several) < 2 or not _ENUMERATED.search(text) or _CHOICE.search(text) else ", ".join(several)


def events(source: Source) -> Value | None:
    """Events on which it runs: `pull_request`, `push:main`, `every commit`, `ci` ..."""
    found = _events(source.names("event"), source.text)
    if not found:
        for text in source.around[:2]:
            names = [name for name in source.names_in(text, "event") if name in ("ci", "pull_request", "push", "commit")]
            if names:
                found = _events(names, text)
                break
    if not found and source.statement.language and source.has(r"\bin ci\b|ci/cd"):
        found = ["ci"]
    return tuple(found)


def _events(names: list[str], text: str) -> list[str]:
    found: list[str] = []
    specific = [name for name in names if name not in ("ci", "build")]
    for name in specific or names:
        if name in ("schedule", "install", "merge"):
            continue
        branch = re.search(r"push(?:es)?\s+(?:to\s+)?`?(main|master|develop)\b", text, re.IGNORECASE) if name == "push" else None
        found.append(f"push:{branch.group(1).lower()}" if branch else _EVENTS.get(name, name))
    return found


def schedule(source: Source) -> Value | None:
    """Cadence word: nightly, weekly ..."""
    found = [name for name in source.names("cadence") if name not in ("regularly", "continuously")]
    return found[0] if found else None


def cadence(source: Source) -> Value | None:
    """Cadence word, taken from the lines that belong to the promise where its own words name none."""
    found = [name for name in source.names("cadence", members=True) if name not in ("regularly", "continuously")]
    return found[0] if found else None


def suite(source: Source) -> Value | None:
    """Query suite of a scanner."""
    match = re.search(r"security[- ](?:extended|and[- ]quality|experimental)|\bdefault\b(?= (?:query|queries|setup|suite))", source.text, re.IGNORECASE)
    return match.group().lower().replace(" ", "-") if match else None


def checks(source: Source) -> Value | None:
    """What the scanner looks for, where the sentence lists it."""
    match = re.search(r"\b(?:checks?|scans?|looks?|detects?|analy[sz]es?)(?: for)? (?P<list>[^.]{3,200})", source.text, re.IGNORECASE)
    if match is None or "," not in match["list"]:
        return None
    parts = (part.strip(" .") for part in re.split(r",\s*(?:and\s+)?|\s+and\s+|\s+or\s+", match["list"]))
    return tuple(re.sub(r"\s+risks?$", "", part) for part in parts if part and not re.fullmatch(r"etc\.?|more|others?", part))


def status_checks(source: Source) -> Value | None:
    """Names of the checks below the line, or quoted in it."""
    names = [re.sub(r"\s*\([^()]{0,80}\)\s*$", "", one.text).strip("` ") for one in source.members if one is not source.statement]
    return tuple(names) or tuple(source.code())


def fail(source: Source) -> Value | None:
    """Severity from which the job fails."""
    if not source.has(r"\bfail|block|threshold"):
        return None
    if source.has(r"\bany\b"):
        return "any"
    found = source.names("severity")
    return found[0] if found else None


def job(source: Source) -> Value | None:
    """Job or workflow that a table names for a tool."""
    columns = [column.lower() for column in source.statement.columns]
    for index, column in enumerate(columns):
        if re.search(r"\bjob\b|workflow|\bci\b|where", column) and index < len(source.statement.cells):
            return source.statement.cells[index].strip("` ") or None
    return None


def auto_security_prs(source: Source) -> Value | None:
    """Whether the bot opens pull requests for security patches."""
    return True if source.has(r"automat\w*.{0,40}(?:prs?\b|pull requests?|patch|security)|(?:prs?\b|pull requests?).{0,30}(?:security|patch)") else None


def ecosystems(source: Source) -> Value | None:
    """Package ecosystems that the bot looks after."""
    known = {"pip": r"\bpip\b|python", "github-actions": r"github actions|\bactions\b", "npm": r"\bnpm\b", "cargo": r"\bcargo\b", "docker": r"\bdocker\b", "gomod": r"\bgo modules?\b|gomod", "terraform": r"terraform"}
    return tuple(name for name, pattern in known.items() if source.has(pattern))


def release_event(source: Source) -> Value | None:
    """Event that alone starts the release."""
    if source.has(r"\bnever\b|cannot|can't|not run|github\.event_name|github\.ref"):
        return None
    found = [name for name in source.names("event") if name in ("push", "tag", "release", "pull_request", "merge")]
    first = next((name for name in found if name != "release"), None)
    return first or ("workflow_dispatch" if source.has(r"manual|dispatch") else None)


def release_branch(source: Source) -> Value | None:
    """Branch from which alone the release starts."""
    return None if source.has(r"github\.ref") else branch(source)


def branch(source: Source) -> Value | None:
    """Branch that the words name, or else the lead-in does; `main` for a rule of "the default branch"."""
    for text in (source.quote[:1000], *source.around[:1]):
        match = _BRANCH.search(text)
        if match is not None:
            return match["known"].lower() if match["known"] else match["code"] or match["after"]
    return "main" if source.has(r"default branch") else None


def condition(source: Source) -> Value | None:
    """Quoted condition of a job."""
    for code in source.code():
        if "github." in code or code.startswith("if:"):
            return re.sub(r"^if:\s*", "", code)
    return None


def never(source: Source) -> Value | None:
    """Events that never start it."""
    if not source.has(r"\bnever\b|cannot|can't|can not|not run|not trigger|\bno\b"):
        return None
    return ("pull_request",) if source.has(r"pull requests?|\bprs?\b|forks?|external") else None


def secret(source: Source) -> Value | None:
    """Name of the secret; `*` for all."""
    match = _SECRET.search(source.text)
    if match is not None:
        return match.group()
    return "*" if source.has(r"\bsecrets\b|\btokens\b|credentials") else None


def audience(source: Source) -> Value | None:
    """Whose pull requests need approval."""
    if source.has(r"first[- ]time|new contributors?"):
        return "first-time"
    if source.has(r"all (?:outside|external)|outside (?:collaborators?|contributors?)|external contributors?"):
        return "all-outside"
    return "fork-pr" if source.has(r"fork") else None


def forbid_permission(source: Source) -> Value | None:
    """Permission that no workflow has."""
    return "write-all" if source.has(r"write[- ]all") else None


def forbid_module(source: Source) -> Value | None:
    """What a module may not reach."""
    if source.has(r"environment variables?|env vars?"):
        return "env-secrets"
    if source.has(r"secret (?:management|store|handling|storage)|secrets management"):
        return "secret-manager"
    return "db-api" if source.has(r"database|\bdb\b|\bapi\b|network") else None


def actions_policy(source: Source) -> Value | None:
    """Which actions the forge lets run."""
    return "all" if source.has(r"\ball actions\b") else "selected"


def environment_name(source: Source) -> Value | None:
    """Name of the protected environment."""
    for text in (source.text, *(one.text for one in source.members)):
        match = re.search(r"\bname:\s*[\"']?([\w-]{1,60})", text) or re.search(r"`([\w-]{2,40})` environment|\b(production|pypi|npm|release|staging) environments?\b", text, re.IGNORECASE)
        if match is not None:
            return next(found for found in match.groups() if found).lower()
    return "production" if source.has(r"\bproduction\b") else None


def environment_url(source: Source) -> Value | None:
    """URL of the environment."""
    found = source.links()
    return found[0] if found else None


def monitored(source: Source) -> Value | None:
    """What is watched: logs, workflow runs, publishes, resource usage ..."""
    kinds = (
        ("workflow-runs", r"actions tab|workflow runs?|unexpected runs"),
        ("npm-publishes", r"\bnpm\b|publish|package releases|unauthorized releases"),
        ("access logs", r"access logs?"),
        ("audit logs", r"audit logs?"),
        ("logs", r"\blogs?\b|logging"),
        ("performance", r"performance"),
        ("resource usage", r"resource|cpu|memory"),
        ("issue on violation", r"issue creation|issues? (?:are )?created"),
        ("metrics", r"metrics|prometheus"),
        ("usage", r"usage|spending|cost"),
        ("activity", r"activit|anomal|suspicious|unusual|behaviou?r|traffic|events?"),
    )
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def env_files(source: Source) -> Value | None:
    """Local files that hold secrets."""
    found = (match.group() for match in _ENV_FILE.finditer(source.text))
    return tuple(dict.fromkeys(re.sub(r"^\.env\.(?:example|sample|template)$", ".env", name) for name in found))


def registry(source: Source) -> Value | None:
    """Registry that packages go to."""
    found = source.names("registry", around=True)
    return found[0] if found else ("github" if source.has(r"github") else None)


def package_scope(source: Source) -> Value | None:
    """Scope of the organisation's packages."""
    match = re.search(r"@[a-z0-9][\w.-]{0,60}(?=/|`|\b)", source.text, re.IGNORECASE)
    return match.group() if match else None


def flag(source: Source) -> Value | None:
    """Build flag."""
    text = "\n".join((source.text, *(one.text for one in source.members)))
    match = re.search(r"-C\s*[\w-]{2,40}=[\w-]{1,20}|-D_FORTIFY_SOURCE=\d|-f[\w-]{3,40}|-Wl,[\w,-]{2,40}|--release\b|-O[0-3s]\b", text)
    return match.group() if match else None


def feature(source: Source) -> Value | None:
    """Feature of the forge."""
    known = (
        ("dependency-graph", r"dependency graph"),
        ("security-updates", r"security updates"),
        ("push-protection", r"push protection"),
        ("private-vulnerability-reporting", r"private vulnerab"),
        ("secret-scanning", r"secret scanning"),
        ("code-scanning", r"code scanning|codeql"),
        ("dependabot-alerts", r"dependabot|vulnerability alerts|security alerts"),
        ("all", r"security features"),
    )
    return next((name for name, pattern in known if source.has(pattern)), None)


def hooks(source: Source) -> Value | None:
    """Hooks that the words name."""
    found = [name for lexicon in ("tool.secrets", "tool.sast", "tool.lint") for name in source.names(lexicon, members=True)]
    return tuple(dict.fromkeys(found))


def dismiss_stale(source: Source) -> Value | None:
    """Whether new commits dismiss old approvals."""
    return True if source.has(r"dismiss|stale") else None


def codeowners(source: Source) -> Value | None:
    """Whether code owners must review."""
    return True if source.has(r"code ?owners?") else None


def review_scope(source: Source) -> Value | None:
    """Which changes the review is for, where the sentence narrows or widens it."""
    if source.has(r"security[- ](?:sensitive|critical|related|relevant)|\bsensitive changes"):
        return "security-sensitive"
    if source.has(r"\b(?:all|every)\s+(?:code )?(?:changes?|contributions?|commits?)"):
        return "all changes"
    if source.has(r"\b(?:all|every) code\b"):
        return "all code"
    return "security" if source.has(r"security[- ]focused") else None


def declared(source: Source) -> Value | None:
    """Dependencies that a list declares."""
    names = [re.match(r"`?([\w@/.-]{2,60})`?\s*[:–—-]", one.text) for one in sorted((source.statement, *source.members), key=lambda one: one.line)]
    return tuple(match.group(1) for match in names if match) if source.has(r"trusted|widely used|maintained|reputable") else None


def command(source: Source) -> Value | None:
    """Command that brings updates."""
    for code in source.code():
        if re.match(r"(?:pip|npm|pnpm|yarn|cargo|poetry|uv|go|brew|apt|npx|bun|docker) ", code):
            return code
    match = _COMMAND.search("\n".join((source.text, *(one.text for one in source.members))))
    return match.group().strip() if match else None


def pinned_file(source: Source) -> Value | None:
    """File that pins versions."""
    match = _PINNED.search("\n".join((source.quote, *(one.quote for one in source.members))))
    return match.group() if match else None


def topic(source: Source) -> Value | None:
    """What custom rules are about."""
    match = re.search(r"\b(?:rules?|queries|patterns?) (?:for|that|to|on|covering|targeting) (?P<topic>[\w/ -]{2,60})", source.text, re.IGNORECASE)
    return re.sub(r"\s*(?:specific)?\s*(?:vulnerabilit\w+|issues|patterns|code|security)$", "", match["topic"].strip()) if match else None


def workflow(source: Source) -> Value | None:
    """Path of the workflow."""
    match = re.search(r"\.github/workflows/[\w.-]{1,80}\.ya?ml", source.quote)
    return match.group() if match else None


def package(source: Source) -> Value | None:
    """The one package that a sentence speaks of."""
    found = [code for code in source.code() if re.fullmatch(r"[A-Za-z0-9@/._-]{2,60}", code)]
    return found[0] if found else None
