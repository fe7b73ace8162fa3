"""What a forge's settings say about a promise: pure functions from the fact `Forge` to a verdict.

Rules: Kept needs a value that was seen and an effect that nobody may bypass; where the forge did not show who may bypass it, the verdict is Unknown. A setting counts as off only if everything that could have switched it on was read.
A word that this module does not know is Unknown. Every verdict's evidence names the request, its time and its digest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from troth.terms.facts.forge_answer import Answer, NotSeen, Seen, Source
from troth.terms.place import Place
from troth.terms.verdict import Broken, Evidence, How, Kept, NotApplicable, Partly, Unknown, Verdict

if TYPE_CHECKING:
    from troth.terms.facts.forge import Branch, Environment, Forge, Layer

__all__ = [
    "actions_allowed",
    "actions_limited",
    "admins_included",
    "branch_protected",
    "checks_required",
    "default_token_reads",
    "dependency_fixes",
    "environment_guarded",
    "feature_on",
    "fork_approval",
    "history_protected",
    "linear_history",
    "pushes_restricted",
    "reviews_required",
    "signatures_required",
    "switched_on",
]

_PLACE: Final = Place("(settings)")
_AUDIENCES: Final = ("first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors")
"""Whose pull requests from forks wait for a person, from the fewest to all."""

_EVERYTHING: Final = frozenset({"*", "**", "*/*", "**/*", "*/**"})
"""Patterns that leave nothing out."""


def _evidence(says: str, source: Source) -> tuple[Evidence, ...]:
    return (Evidence(says, _PLACE, source=str(source)),)


def _unknown(gap: NotSeen) -> Unknown:
    return Unknown(gap.missing, gap.because)


def _branch(forge: Forge, name: str) -> Branch | Unknown:
    if not name:
        if isinstance(forge.about, NotSeen):
            return _unknown(forge.about)
        name = forge.about.value.default_branch
    found = next((branch for branch in forge.branches if branch.name == name), None)
    return found or Unknown(f"a look at the branch {name}", f"The settings of {name} were not asked for.")


def _demand(forge: Forge, branch: str, what: str, meets: Callable[[Layer], bool]) -> Verdict:
    """Judge one demand on a branch over all its layers."""
    found = _branch(forge, branch)
    if isinstance(found, Unknown):
        return found
    meeting = [layer for layer in found.layers if meets(layer.value)]
    firm = next((layer for layer in meeting if layer.value.bypass == ()), None)
    if firm is not None:
        says = f"{firm.value.kind} {firm.value.name}: {what} on {found.name}; nobody is exempt."
        return Kept(_evidence(says, firm.source), f"{found.name}: {what}, for everybody.")
    unseen = next((layer for layer in meeting if layer.value.bypass is None), None)
    if unseen is not None:
        return Unknown(
            "a token that may see who bypasses the ruleset",
            f"{unseen.value.name} demands it ({what}), but the forge did not show who is exempt.",
            _evidence(f"{unseen.value.name}: {what} on {found.name}.", unseen.source),
        )
    if found.gaps:
        return _unknown(found.gaps[0])
    if meeting:
        exempt = ", ".join(meeting[0].value.bypass or ())
        says = f"{meeting[0].value.kind} {meeting[0].value.name}: {what} on {found.name}, except for: {exempt}."
        return Partly(
            How.BYPASSED,
            _evidence(says, meeting[0].source),
            f"{exempt} may bypass it.",
            "Let the rule hold for everybody.",
        )
    return _absent(found, what)


def _absent(branch: Branch, what: str) -> Verdict:
    if not branch.looked:
        return Unknown("an answer of the forge about the branch", f"Nothing about {branch.name} was read.")
    evidence = tuple(
        Evidence(f"Nothing here makes it true on {branch.name}: {what}.", _PLACE, source=str(one))
        for one in branch.looked
    )
    return Broken(
        How.ABSENT,
        evidence,
        f"No protection and no ruleset of {branch.name} says: {what}.",
        "Switch it on for this branch.",
    )


def branch_protected(forge: Forge, branch: str = "") -> Verdict:
    """The branch takes changes by pull request or from named people only. `branch`: "" is the default branch, as in all functions here."""
    return _demand(forge, branch, "no direct pushes", lambda layer: layer.pull_request or layer.restricts_push)


def reviews_required(
    forge: Forge, approvals: int = 1, *, branch: str = "", dismiss_stale: bool = False, code_owners: bool = False
) -> Verdict:
    """Pull requests need that many approvals, and what else the promise says of them."""
    what = f"at least {approvals} approving review(s)"
    what += ", stale ones dismissed" if dismiss_stale else ""
    what += ", code owners among them" if code_owners else ""

    def meets(layer: Layer) -> bool:
        enough = layer.pull_request and layer.approvals >= approvals
        return enough and (layer.dismiss_stale or not dismiss_stale) and (layer.code_owners or not code_owners)

    return _demand(forge, branch, what, meets)


def checks_required(
    forge: Forge, names: tuple[tuple[str, ...], ...] = (), *, branch: str = "", strict: bool = False
) -> Verdict:
    """Checks must pass before a merge: those named (each by any of its names), or any; `strict`: the branch must be up to date."""
    what = (
        "checks must pass"
        + (f" ({', '.join(name[0] for name in names)})" if names else "")
        + (", on an up-to-date branch" if strict else "")
    )

    def meets(layer: Layer) -> bool:
        return bool(layer.checks) and all(set(name) & set(layer.checks) for name in names) and (layer.strict or not strict)

    return _demand(forge, branch, what, meets)


def pushes_restricted(forge: Forge, branch: str = "") -> Verdict:
    """Only named people, teams or apps may push."""
    return _demand(forge, branch, "only named people may push", lambda layer: layer.restricts_push)


def signatures_required(forge: Forge, branch: str = "") -> Verdict:
    """Commits must be signed."""
    return _demand(forge, branch, "commits must be signed", lambda layer: layer.signatures)


def history_protected(forge: Forge, branch: str = "", *, deletion: bool = False) -> Verdict:
    """The branch's history cannot be rewritten, or (`deletion`) the branch cannot be deleted."""
    if deletion:
        return _demand(forge, branch, "no deletion", lambda layer: layer.no_deletion)
    return _demand(forge, branch, "no force pushes", lambda layer: layer.no_force_push)


def linear_history(forge: Forge, branch: str = "") -> Verdict:
    """No merge commits on the branch."""
    return _demand(forge, branch, "a linear history", lambda layer: layer.linear)


def admins_included(forge: Forge, branch: str = "") -> Verdict:
    """The branch's rules hold for administrators and everybody else; every layer counts, not only one."""
    found = _branch(forge, branch)
    if isinstance(found, Unknown):
        return found
    exempt = [layer for layer in found.layers if layer.value.bypass]
    if exempt:
        names = ", ".join(exempt[0].value.bypass or ())
        says = f"{exempt[0].value.kind} {exempt[0].value.name} on {found.name} exempts: {names}."
        return Broken(
            How.BYPASSED, _evidence(says, exempt[0].source), f"{names} may bypass the rules.", "Remove the exemption."
        )
    if found.gaps:
        return _unknown(found.gaps[0])
    if any(layer.value.bypass is None for layer in found.layers):
        return Unknown(
            "a token that may see who bypasses the rulesets", "The forge did not show who is exempt from a ruleset."
        )
    if not found.layers:
        return _absent(found, "rules that hold for administrators")
    evidence = tuple(
        Evidence(f"{one.value.kind} {one.value.name} exempts nobody.", _PLACE, source=str(one.source))
        for one in found.layers
    )
    return Kept(evidence, f"Nobody is exempt from the rules of {found.name}.")


def fork_approval(forge: Forge, audience: str = "all_external_contributors") -> Verdict:
    """Pull requests of `audience` (the forge's words) from forks wait for a person before a workflow runs."""
    told = forge.actions.fork_approval
    if isinstance(told, NotSeen):
        return _unknown(told)
    if told.value not in _AUDIENCES or audience not in _AUDIENCES:
        return Unknown("a newer Troth", "The approval policy is a word that this version does not know.")
    evidence = _evidence(f"Approval is required for {told.value}.", told.source)
    if _AUDIENCES.index(told.value) >= _AUDIENCES.index(audience):
        return Kept(evidence, f"Runs wait for a person for {told.value}.")
    return Partly(
        How.INCOMPLETE,
        evidence,
        f"Only {told.value} wait for approval, not {audience}.",
        "Choose the wider approval setting.",
    )


def actions_limited(forge: Forge) -> Verdict:
    """Only chosen actions may run in workflows."""
    told = forge.actions.permissions
    if isinstance(told, NotSeen):
        return _unknown(told)
    evidence = _evidence(f"Allowed actions: {told.value.allowed or 'not said'}.", told.source)
    if not told.value.enabled:
        return NotApplicable("Actions are switched off in this repository.", evidence)
    if told.value.allowed == "local_only":
        return Kept(evidence, "Only the owner's own actions may run.")
    if told.value.allowed == "all":
        return Broken(How.ABSENT, evidence, "Every action may run.", "Allow chosen actions only.")
    selected = forge.actions.selected
    if told.value.allowed != "selected" or selected is None:
        return Unknown("which actions are allowed", "The forge did not say which actions may run.", evidence)
    if isinstance(selected, NotSeen):
        return _unknown(selected)
    patterns = ", ".join(selected.value.patterns) or "none"
    listed = evidence + _evidence(f"Patterns of allowed actions: {patterns}.", selected.source)
    if _EVERYTHING & set(selected.value.patterns):
        return Broken(How.TOOTHLESS, listed, "The list has a pattern that allows everything.", "Name the actions.")
    return Kept(listed, "Only chosen actions may run.")


def actions_allowed(forge: Forge, wanted: str) -> Verdict:
    """The setting has the value `wanted` (`all`, `selected`, `local_only`), by the forge's words; for `selected`, the list must leave something out."""
    told = forge.actions.permissions
    if isinstance(told, NotSeen):
        return _unknown(told)
    if wanted == "selected" or told.value.allowed not in ("all", "selected", "local_only"):
        return actions_limited(forge)
    evidence = _evidence(f"Allowed actions: {told.value.allowed}.", told.source)
    if told.value.enabled and told.value.allowed == wanted:
        return Kept(evidence, f"The setting is {wanted}, as the policy says.")
    if not told.value.enabled:
        return NotApplicable("Actions are switched off in this repository.", evidence)
    because = f"The setting is {told.value.allowed}, not {wanted}."
    return Broken(How.CONTRADICTED, evidence, because, "Make the policy and the setting agree.")


def default_token_reads(forge: Forge) -> Verdict:
    """A workflow's token can only read where the workflow does not say otherwise."""
    told = forge.actions.default_token
    if isinstance(told, NotSeen):
        return _unknown(told)
    evidence = _evidence(f"Default permissions of the token: {told.value.permissions}.", told.source)
    if told.value.permissions == "read":
        return Kept(evidence, "The token reads by default.")
    if told.value.permissions == "write":
        return Broken(How.ABSENT, evidence, "The token may write by default.", "Set the default to read.")
    return Unknown("a newer Troth", "The default permissions are a word that this version does not know.", evidence)


def switched_on(told: Answer[bool], what: str) -> Verdict:
    """A feature that is on or off (`forge.security.private_reporting`, `.dependency_alerts`, `.immutable_releases`)."""
    if isinstance(told, NotSeen):
        return _unknown(told)
    if told.value:
        return Kept(_evidence(f"{what}: on.", told.source), f"{what} is on.")
    return Broken(How.ABSENT, _evidence(f"{what}: off.", told.source), f"{what} is off.", "Switch it on.")


def feature_on(forge: Forge, name: str) -> Verdict:
    """A switch of the repository's security features, by the forge's name (`secret_scanning`, `secret_scanning_push_protection`)."""
    if isinstance(forge.about, NotSeen):
        return _unknown(forge.about)
    switches = dict(forge.about.value.features or ())
    if name not in switches:
        return Unknown("a token of an administrator", f"The forge did not show {name} to this token.")
    return switched_on(Seen(switches[name], forge.about.source), name)


def dependency_fixes(forge: Forge) -> Verdict:
    """The dependency bot opens pull requests for vulnerable dependencies, and has not stopped."""
    told = forge.security.fixes
    if isinstance(told, NotSeen):
        return _unknown(told)
    if told.value.enabled and told.value.paused:
        evidence = _evidence("Security updates are on, but paused.", told.source)
        return Broken(
            How.STALE, evidence, "The bot has stopped opening pull requests.", "Answer one of its pull requests."
        )
    return switched_on(Seen(told.value.enabled, told.source), "security updates")


def environment_guarded(forge: Forge, name: str, *, reviewers: bool = False, branches: bool = False) -> Verdict:
    """An environment exists and is guarded by reviewers, by limits on branches, or (neither asked for) by either."""
    told = forge.environments
    if isinstance(told, NotSeen):
        return _unknown(told)
    found = next((one for one in told.value if one.name.lower() == name.lower()), None)
    if found is None:
        if not told.source.complete:
            return Unknown("all pages of the environments", "Not all environments were read.")
        return Broken(How.ABSENT, _evidence(f"There is no environment {name}.", told.source), f"{name} does not exist.")
    limited = _limited(found)
    if isinstance(limited, Unknown) and (branches or not (reviewers or found.reviewers)):
        return limited
    evidence = _evidence(
        f"Environment {name}: {found.reviewers} reviewer(s), branches {'limited' if limited is True else 'not limited'}.",
        found.source,
    )
    lacks = (reviewers and not found.reviewers) or (branches and limited is not True)
    if lacks or not (found.reviewers or limited is True):
        return Broken(
            How.ABSENT, evidence, f"{name} lacks the guard that is promised.", "Add reviewers or limit its branches."
        )
    return Kept(evidence, f"{name} is guarded.")


def _limited(environment: Environment) -> bool | Unknown:
    """Whether only some branches may deploy."""
    if environment.protected_branches or not environment.custom_policies:
        return environment.protected_branches
    if environment.policies is None or isinstance(environment.policies, NotSeen):
        return (
            _unknown(environment.policies)
            if environment.policies
            else Unknown("the branch policies", "They were not asked for.")
        )
    return not _EVERYTHING & {policy.pattern for policy in environment.policies.value}
