"""What a forge's features say about a promise: alerts, scanning, private reports, stored secrets and the age of their values.

Rules as in `settings`: Kept needs a value that was seen; a refusal is Unknown with what is missing; a feature counts as off only where the forge said so in an answer of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from troth.judgement.settings import dependency_fixes, environment_guarded, feature_on, switched_on
from troth.terms.facts.forge_answer import Answer, NotSeen, Seen, Source
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

if TYPE_CHECKING:
    from troth.terms.facts.forge import Forge, SecretName
    from troth.terms.facts.forge_security import Alert, Analysis, DefaultSetup

__all__ = ["code_scanning", "discussions_open", "feature", "feature_name", "secrets_in_environment", "secrets_renewed"]

_PLACE: Final = Place("(settings)")
_FRESH: Final = timedelta(days=35)
"""A weekly scanner misses at most a month of runs before its findings say nothing about today's code."""
_MOST: Final = 8

_NAMES: Final = (
    ("push protection", "push-protection"),
    ("secret", "secret-scanning"),
    ("code", "code-scanning"),
    ("graph", "dependency-graph"),
    ("security update", "security-updates"),
    ("security-updates", "security-updates"),
    ("security fix", "security-updates"),
    ("private", "private-reporting"),
    ("alert", "dependabot-alerts"),
    ("dependabot", "dependabot-alerts"),
)


def feature_name(words: str) -> str:
    """The feature that a sentence means, in one of our names; "" where it names none that this module knows."""
    lower = words.lower().replace("_", " ")
    spaced = lower.replace("-", " ")
    return next((name for word, name in _NAMES if word in lower or word in spaced), "")


def feature(forge: Forge, name: str, now: datetime) -> Verdict:
    """Whether a feature is on.

    Args:
        forge: the settings.
        name: a name of `feature_name`.
        now: moment of judgement, for the age of scans.
    """
    judges: dict[str, Callable[[], Verdict]] = {
        "push-protection": lambda: feature_on(forge, "secret_scanning_push_protection"),
        "secret-scanning": lambda: _or_alerts(
            feature_on(forge, "secret_scanning"), forge.security.secret_alerts, "alerts for secrets"
        ),
        "code-scanning": lambda: code_scanning(forge, now),
        "dependency-graph": lambda: _graph(forge),
        "dependabot-alerts": lambda: _dependency_alerts(forge),
        "security-updates": lambda: dependency_fixes(forge),
        "private-reporting": lambda: switched_on(forge.security.private_reporting, "private reports"),
    }
    if name not in judges:
        return Unknown("a sentence that names a feature", "The sentence names no feature that the forge's settings have.")
    told = judges[name]()
    return told if not isinstance(told, Unknown) else _configured(forge, name, told)


_SWITCHES: Final = {
    "push-protection": "secret_scanning_push_protection",
    "secret-scanning": "secret_scanning",
    "code-scanning": "code_scanning_default_setup",
    "dependency-graph": "dependency_graph",
    "dependabot-alerts": "dependabot_alerts",
    "security-updates": "dependabot_security_updates",
    "private-reporting": "private_vulnerability_reporting",
}


def _configured(forge: Forge, name: str, otherwise: Unknown) -> Verdict:
    """An organisation's configuration decides only where it is enforced: one that is merely attached can be overruled in the repository."""
    told = forge.security.configuration
    if isinstance(told, NotSeen) or told.value.status != "enforced":
        return otherwise
    word = dict(told.value.switches).get(_SWITCHES[name], "")
    evidence = (Evidence(f"The enforced configuration says {_SWITCHES[name]}: {word or 'nothing'}.", _PLACE, source=str(told.source)),)
    if word == "enabled":
        return Kept(evidence, f"{name} is on, by an enforced configuration.")
    if word == "disabled":
        return Broken(How.ABSENT, evidence, f"{name} is off, by an enforced configuration.", "Switch it on.")
    return otherwise


def _or_alerts(told: Verdict, alerts: Answer[tuple[Alert, ...]], what: str) -> Verdict:
    """The forge lists alerts only where the feature is on."""
    if isinstance(told, Unknown) and isinstance(alerts, Seen):
        return Kept((Evidence(f"The forge answers with {what}.", _PLACE, source=str(alerts.source)),), "It is on: the forge lists its alerts.")
    return told


def _dependency_alerts(forge: Forge) -> Verdict:
    told = switched_on(forge.security.dependency_alerts, "alerts for dependencies")
    return _or_alerts(told, forge.security.dependency_bot_alerts, "alerts for dependencies")


def _graph(forge: Forge) -> Verdict:
    """Alerts for dependencies need the graph, so that they prove it."""
    told = _dependency_alerts(forge)
    if isinstance(told, Kept):
        return Kept(told.evidence, "The graph is on: alerts for dependencies stand on it.")
    missing = "a security configuration, or alerts for dependencies"
    return Unknown(missing, "The forge shows the dependency graph by itself to nobody; nothing that stands on it was seen.")


def code_scanning(forge: Forge, now: datetime, tool: str = "") -> Verdict:
    """Code scanning is on where its default set-up is (which is CodeQL), or where an analysis with rules and without errors was uploaded lately.

    Args:
        forge: what it showed.
        now: moment of judgement.
        tool: name of the scanner whose analyses count; any where empty.
    """
    setup, analyses = forge.security.default_setup, forge.security.analyses
    if isinstance(setup, Seen) and setup.value.configured:
        says = f"Default set-up: configured ({', '.join(setup.value.languages) or 'no language named'})."
        return Kept((Evidence(says, _PLACE, source=str(setup.source)),), "The forge's own code scanning is on.")
    if isinstance(analyses, NotSeen):
        return Unknown(analyses.missing, analyses.because)
    sound = [one for one in analyses.value if one.rules and not one.error]
    if not sound:
        return _no_analysis(setup, analyses)
    sound = [one for one in sound if tool.lower() in (one.tool or "").lower()]
    if not sound:
        return Unknown(f"an analysis by {tool}", f"Analyses arrive, and none of them names {tool}.", (Evidence(_scan(analyses.value[0]), _PLACE, source=str(analyses.source)),))
    newest = max(sound, key=lambda one: one.created_at)
    evidence = (Evidence(_scan(newest), _PLACE, source=str(analyses.source)),)
    if now - newest.created_at > _FRESH:
        because = f"The newest analysis is {(now - newest.created_at).days} days old."
        return Partly(How.STALE, evidence, because, "Let the scanner run on every change.")
    return Kept(evidence, "Analyses arrive, with rules and without errors.")


def _scan(one: Analysis) -> str:
    return f"{one.tool or 'a scanner'} {one.version}: {one.rules} rules on {one.ref}, {one.created_at.date().isoformat()}.".replace("  ", " ")


def _no_analysis(setup: Answer[DefaultSetup], analyses: Seen[tuple[Analysis, ...]]) -> Verdict:
    if analyses.value:
        says = f"{len(analyses.value)} analyses, every one with an error or without rules."
        evidence = (Evidence(says, _PLACE, source=str(analyses.source)),)
        return Broken(How.VACUOUS, evidence, "Scans are uploaded, and none of them looked at anything.", "Mend the scanner's run.")
    if isinstance(setup, NotSeen):
        return Unknown(setup.missing, setup.because)
    both = (
        Evidence("Default set-up: not configured.", _PLACE, source=str(setup.source)),
        Evidence("No analysis was ever uploaded.", _PLACE, source=str(analyses.source)),
    )
    return Broken(How.ABSENT, both, "Neither the default set-up nor any uploaded analysis scans the code.", "Switch code scanning on.")


def discussions_open(forge: Forge) -> Verdict:
    """Whether the repository's forum is open."""
    if isinstance(forge.about, NotSeen):
        return Unknown(forge.about.missing, forge.about.because)
    if forge.about.value.discussions is None:
        return Unknown("an answer that names the forum", "The forge did not say whether discussions are open.")
    return switched_on(Seen(forge.about.value.discussions, forge.about.source), "discussions")


def secrets_renewed(forge: Forge, now: datetime, within: timedelta | None) -> Verdict:
    """Whether every stored secret got its value lately.

    Args:
        forge: the settings.
        now: moment of judgement.
        within: the promised interval; None where the sentence gives no number: then only a year without change is held against it.
    """
    found: list[tuple[SecretName, datetime, Source]] = []
    answers: list[Answer[tuple[SecretName, ...]]] = [forge.secrets.repository]
    if isinstance(forge.environments, Seen):
        answers += [one.secrets for one in forge.environments.value]
    for told in answers:
        if isinstance(told, NotSeen):
            return Unknown(told.missing, told.because)
        silent = next((name for name in told.value if name.updated_at is None), None)
        if silent is not None:
            return Unknown("a forge that tells when a secret was last changed", f"The forge tells when {silent.name} was made, not when its value was last changed.")
        found += [(name, name.updated_at, told.source) for name in told.value if name.updated_at is not None]
    if not found:
        return Unknown("a stored secret", "The forge keeps no secret of this repository, so that nothing shows when one was changed.")
    limit = within or timedelta(days=365)
    old = sorted((pair for pair in found if now - pair[1] > limit), key=lambda pair: pair[1])
    if old:
        evidence = tuple(_age(pair, now) for pair in old[:_MOST])
        because = f"{len(old)} of {len(found)} stored secrets have not been changed for more than {limit.days} days."
        return Broken(How.STALE, evidence, because, "Change them, and put a date on the next time.")
    evidence = tuple(_age(pair, now) for pair in found[:_MOST])
    if within is None and not all(name.created_at is not None and name.created_at < changed for name, changed, _ in found):
        because = "No secret is older than a year, but not every one has been changed since it was made; the sentence does not say how often."
        return Unknown("a second date, or a number in the sentence", because, evidence)
    return Kept(evidence, f"Every stored secret was changed within {limit.days} days.")


def _age(pair: tuple[SecretName, datetime, Source], now: datetime) -> Evidence:
    name, changed, source = pair
    return Evidence(f"{name.name} was last changed {(now - changed).days} days ago.", _PLACE, source=str(source))


def secrets_in_environment(forge: Forge, uses: Sequence[tuple[str, str]]) -> Verdict:
    """Whether secrets lie in guarded environments, and nowhere wider.

    Args:
        forge: the settings.
        uses: pairs of a secret's name and the environment of the job that reads it.
    """
    if isinstance(forge.environments, NotSeen):
        return Unknown(forge.environments.missing, forge.environments.because)
    wide = _wide(forge, {name for name, _ in uses})
    if isinstance(wide, Unknown):
        return wide
    if wide:
        return _bypassed(wide)
    kept: list[Evidence] = []
    for name, where in uses:
        guarded = environment_guarded(forge, where)
        if not isinstance(guarded, Kept):
            return guarded
        own = next(one for one in forge.environments.value if one.name.lower() == where.lower()).secrets
        if isinstance(own, NotSeen):
            return Unknown(own.missing, own.because)
        if name.lower() not in {each.name.lower() for each in own.value}:
            evidence = (Evidence(f"{where} has no secret {name}.", _PLACE, source=str(own.source)),)
            return Broken(How.ABSENT, evidence, f"{name} is not kept in the environment {where}.", f"Move {name} into it.")
        kept += [*guarded.evidence, Evidence(f"{name} is a secret of {where}.", _PLACE, source=str(own.source))]
    return Kept(tuple(dict.fromkeys(kept))[:_MOST], "Every secret that is read lies in a guarded environment, and nowhere wider.")


def _wide(forge: Forge, names: set[str]) -> list[Evidence] | Unknown:
    """Secrets of those names that every workflow of the repository could read."""
    found: list[Evidence] = []
    for told, where in ((forge.secrets.repository, "the repository"), (forge.secrets.organization, "the organisation")):
        if isinstance(told, NotSeen):
            return Unknown(told.missing, told.because)
        lower = {name.lower() for name in names}
        found += [
            Evidence(f"{each.name} is also a secret of {where}.", _PLACE, source=str(told.source))
            for each in told.value
            if each.name.lower() in lower
        ]
    return found


def _bypassed(wide: list[Evidence]) -> Verdict:
    because = "The secret is stored where every workflow of the repository can read it, so that the environment guards nothing."
    return Partly(How.BYPASSED, tuple(wide[:_MOST]), because, "Delete it there, and keep the environment's own.")
