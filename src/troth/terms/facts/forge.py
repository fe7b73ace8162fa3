"""Settings of a repository on its forge, as the forge's own interface told them.

Rules: every value carries where it came from (`Source`); what could not be read is `NotSeen`, which names what is missing and is never
"off" or "absent". Secrets appear by name only. This module has no behaviour and does not know how answers are fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from troth.terms.facts.forge_activity import Activity
from troth.terms.facts.forge_answer import Answer, NotSeen, Seen, Source
from troth.terms.facts.forge_security import Security

__all__ = [
    "ActionsPermissions",
    "ActionsSettings",
    "Answer",
    "Branch",
    "BranchPolicy",
    "DefaultToken",
    "Environment",
    "Forge",
    "Layer",
    "NotSeen",
    "PrivateForks",
    "Repository",
    "Ruleset",
    "SecretName",
    "SecretNames",
    "Seen",
    "SelectedActions",
    "Source",
]


@dataclass(frozen=True, slots=True)
class Repository:
    """What the forge says about the repository itself.

    Attributes:
        full_name: `owner/name`, as the forge writes it.
        default_branch: its name.
        private: not public (internal counts as private).
        archived: read-only.
        features: switches of `security_and_analysis`, name -> whether it is enabled; None where the forge did not show them to this token.
        discussions: the forum is open; None where the forge does not say.
    """

    full_name: str
    default_branch: str
    private: bool
    archived: bool
    features: tuple[tuple[str, bool], ...] | None
    discussions: bool | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One set of rules that holds on a branch: a classic branch protection, or one active ruleset. Layers add up; the forge applies them all.

    Attributes:
        kind: `branch-protection` or `ruleset`.
        name: the ruleset's name or number; the branch for a classic protection.
        pull_request: changes must come by pull request.
        approvals: approving reviews that a pull request needs.
        dismiss_stale: a push takes earlier approvals away.
        code_owners: the owners of the files must approve.
        last_push: somebody other than the last pusher must approve.
        conversations: all threads must be resolved.
        checks: names of checks that must pass.
        strict: the branch must be up to date with its base before the checks count.
        linear: no merge commits.
        no_force_push: history cannot be rewritten.
        no_deletion: the branch cannot be deleted.
        signatures: commits must be signed.
        restricts_push: only named people, teams or apps may push (also: nobody may).
        pushers: who may then push; empty where nobody is named.
        bypass: who is exempt from some of it; empty = nobody; None where the forge did not show it.
    """

    kind: str
    name: str
    pull_request: bool = False
    approvals: int = 0
    dismiss_stale: bool = False
    code_owners: bool = False
    last_push: bool = False
    conversations: bool = False
    checks: tuple[str, ...] = ()
    strict: bool = False
    linear: bool = False
    no_force_push: bool = False
    no_deletion: bool = False
    signatures: bool = False
    restricts_push: bool = False
    pushers: tuple[str, ...] = ()
    bypass: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset, whatever branch it is for: `target` is `branch`, `tag` or `push`; only `active` ones hold (`evaluate` only reports)."""

    name: str
    target: str
    enforcement: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch and everything that protects it.

    Attributes:
        name: the branch.
        layers: what was seen to hold.
        looked: sources that were read, also those that hold nothing (an empty list of rules is an answer).
        gaps: what could not be read; while there is one, the lack of a rule proves nothing.
    """

    name: str
    layers: tuple[Seen[Layer], ...] = ()
    looked: tuple[Source, ...] = ()
    gaps: tuple[NotSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionsPermissions:
    """Which actions may run: `allowed` is `all`, `local_only`, `selected` or "" where the forge did not say."""

    enabled: bool
    allowed: str
    sha_pinning: bool | None


@dataclass(frozen=True, slots=True)
class DefaultToken:
    """What a workflow's token may do where the workflow does not say: `read` or `write`; and whether it may approve pull requests."""

    permissions: str
    can_approve: bool


@dataclass(frozen=True, slots=True)
class SelectedActions:
    """The list behind `selected`."""

    github_owned: bool
    verified: bool
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrivateForks:
    """Pull requests from forks of a private repository."""

    run_workflows: bool
    write_tokens: bool
    secrets: bool
    approval: bool


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret that the forge keeps, by name; its value is never read. A date is None where the forge does not say (Gitea and Forgejo never say when a value was changed)."""

    name: str
    updated_at: datetime | None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecretNames:
    """Names of secrets that workflows of the repository can be given."""

    repository: Answer[tuple[SecretName, ...]]
    organization: Answer[tuple[SecretName, ...]]
    dependabot: Answer[tuple[SecretName, ...]]


@dataclass(frozen=True, slots=True)
class ActionsSettings:
    """Settings of the forge's own CI.

    Attributes:
        fork_approval: whose pull requests from forks wait for a person: `all_external_contributors`, `first_time_contributors`
            or `first_time_contributors_new_to_github`.
        selected: asked only where `permissions` says `selected`; None otherwise.
    """

    permissions: Answer[ActionsPermissions]
    default_token: Answer[DefaultToken]
    selected: Answer[SelectedActions] | None
    fork_approval: Answer[str]
    private_forks: Answer[PrivateForks]


@dataclass(frozen=True, slots=True)
class BranchPolicy:
    """A pattern of branches or tags that may deploy to an environment."""

    pattern: str
    kind: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A deployment environment.

    Attributes:
        name: as written.
        reviewers: how many people or teams are named who must approve.
        prevent_self_review: whoever starts a deployment cannot approve it.
        wait_minutes: time that a deployment waits.
        protected_branches: only branches with a protection rule may deploy.
        custom_policies: only what `policies` names may deploy.
        policies: the patterns; asked only with `custom_policies`, None otherwise.
        secrets: names of its secrets.
        source: where its guards were read.
    """

    name: str
    reviewers: int
    prevent_self_review: bool
    wait_minutes: int
    protected_branches: bool
    custom_policies: bool
    policies: Answer[tuple[BranchPolicy, ...]] | None
    secrets: Answer[tuple[SecretName, ...]]
    source: Source


@dataclass(frozen=True, slots=True)
class Forge:
    """Everything that was read of one repository's settings.

    Attributes:
        kind: `github`, or `gitea` (also Forgejo).
        repository: `owner/name` that was asked for.
        taken: when the oldest of the answers was fetched or last confirmed.
        recorded: the answers come from a snapshot, not from the forge.
    """

    kind: str
    repository: str
    taken: datetime
    recorded: bool
    about: Answer[Repository]
    branches: tuple[Branch, ...]
    rulesets: Answer[tuple[Ruleset, ...]]
    actions: ActionsSettings
    environments: Answer[tuple[Environment, ...]]
    secrets: SecretNames
    security: Security
    activity: Activity
