"""Asks all questions about one repository and makes the fact of the answers.

Rules: a question whose answer would mean nothing (the list behind "selected actions" where all are allowed) is not asked; a question that fails leaves `NotSeen` in its place and all others stand.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth.engines.forge.activity import read_activity
from troth.engines.forge.pages import Asker, Pages, Reply
from troth.engines.forge.protection import read_branch
from troth.engines.forge.security import read_security
from troth.engines.forge.shapes import Node
from troth.errors import FormatError, LookError
from troth.terms.facts import forge as facts
from troth.terms.facts.forge import Answer, NotSeen, Seen

__all__ = ["collect"]


def collect(
    pages: Pages,
    repository: str,
    *,
    branches: Sequence[str] = (),
    digests: Sequence[str] = (),
    recorded: bool = False,
) -> facts.Forge:
    """Everything that can be read about `repository`.

    Args:
        pages: a client or a snapshot.
        repository: `owner/name`.
        branches: branches to look at besides the default branch.
        digests: digests of files whose attestations are looked for.
        recorded: the pages come from a snapshot.

    Raises:
        ForgeUnreachableError: the forge cannot be spoken with at all.
        LookError: not one answer could be had, or what answers does not tell of the repository as a forge does.
    """
    owner, _, name = repository.partition("/")
    asker = Asker(pages, owner, name)
    about = asker.ask("repository", lambda reply: _repository(reply.node))
    if not recorded and isinstance(about, NotSeen) and not about.status:
        # neither an answer nor a refusal: what is there is no forge, and an empty list of its would look like a setting
        raise LookError(about.missing, about.because)
    default = about.value.default_branch if isinstance(about, Seen) else ""
    wanted = dict.fromkeys(branch for branch in (default, *branches) if branch)
    seen = (
        tuple(read_branch(asker, branch) for branch in wanted),
        asker.ask("rulesets", _rulesets),
        _actions(asker),
        _environments(asker),
        facts.SecretNames(
            *(_secret_names(asker, each) for each in ("secrets", "organization-secrets", "dependabot-secrets"))
        ),
        read_security(asker),
        read_activity(asker, default, tuple(digests)),
    )
    if asker.oldest is None:
        because = about.because if isinstance(about, NotSeen) else "The forge gave no answer."
        raise LookError("an answer of the forge", because)
    return facts.Forge("github", repository, asker.oldest, recorded, about, *seen)


def _repository(node: Node) -> facts.Repository:
    features = None
    if node.has("security_and_analysis"):
        switches = node.node("security_and_analysis")
        shown = {name: switches.node(name).text("status", "") for name in switches.names()}
        features = tuple(
            (name, status == "enabled") for name, status in shown.items() if status in ("enabled", "disabled")
        )
    return facts.Repository(
        node.text("full_name"),
        node.text("default_branch"),
        node.flag("private"),
        node.flag("archived"),
        features,
        node.maybe_flag("has_discussions"),
    )


def _rulesets(reply: Reply) -> tuple[facts.Ruleset, ...]:
    return tuple(facts.Ruleset(node.text("name"), node.text("target", ""), node.text("enforcement")) for node in reply.nodes)


def _actions(asker: Asker) -> facts.ActionsSettings:
    permissions = asker.ask("actions", lambda reply: _permissions(reply.node))
    selected: Answer[facts.SelectedActions] | None = None
    if isinstance(permissions, NotSeen) or permissions.value.allowed == "selected":
        selected = asker.ask("selected-actions", lambda reply: _selected(reply.node))
    return facts.ActionsSettings(
        permissions=permissions,
        default_token=asker.ask("default-token", lambda reply: _default_token(reply.node)),
        selected=selected,
        fork_approval=asker.ask("fork-approval", lambda reply: reply.node.text("approval_policy")),
        private_forks=asker.ask("private-forks", lambda reply: _private_forks(reply.node)),
    )


def _permissions(node: Node) -> facts.ActionsPermissions:
    return facts.ActionsPermissions(
        node.flag("enabled"), node.text("allowed_actions", ""), node.maybe_flag("sha_pinning_required")
    )


def _selected(node: Node) -> facts.SelectedActions:
    return facts.SelectedActions(
        node.flag("github_owned_allowed"), node.flag("verified_allowed"), node.texts("patterns_allowed")
    )


def _default_token(node: Node) -> facts.DefaultToken:
    return facts.DefaultToken(node.text("default_workflow_permissions"), node.flag("can_approve_pull_request_reviews"))


def _private_forks(node: Node) -> facts.PrivateForks:
    return facts.PrivateForks(
        run_workflows=node.flag("run_workflows_from_fork_pull_requests"),
        write_tokens=node.flag("send_write_tokens_to_workflows"),
        secrets=node.flag("send_secrets_and_variables"),
        approval=node.flag("require_approval_for_fork_pr_workflows"),
    )


def _secret_names(asker: Asker, question: str, **parts: str) -> Answer[tuple[facts.SecretName, ...]]:
    return asker.ask(question, _names, **parts)


def _names(reply: Reply) -> tuple[facts.SecretName, ...]:
    return tuple(facts.SecretName(node.text("name"), node.time("updated_at"), node.maybe_time("created_at")) for node in reply.nodes)


def _environments(asker: Asker) -> Answer[tuple[facts.Environment, ...]]:
    names = asker.ask("environments", lambda reply: tuple(node.text("name") for node in reply.nodes))
    if isinstance(names, NotSeen):
        return names
    found = []
    for name in names.value:
        one = _environment(asker, name)
        if isinstance(one, NotSeen):
            return one
        found.append(one)
    return Seen(tuple(found), names.source)


def _environment(asker: Asker, name: str) -> facts.Environment | NotSeen:
    told = asker.ask("environment", lambda reply: _gates(reply.node, name), environment_name=name)
    if isinstance(told, NotSeen):
        return told
    reviewers, own, minutes, protected, custom = told.value
    policies: Answer[tuple[facts.BranchPolicy, ...]] | None = None
    if custom:
        policies = asker.ask("branch-policies", _policies, environment_name=name)
    secrets = _secret_names(asker, "environment-secrets", environment_name=name)
    return facts.Environment(name, reviewers, own, minutes, protected, custom, policies, secrets, told.source)


def _gates(node: Node, name: str) -> tuple[int, bool, int, bool, bool]:
    if node.text("name") != name:
        raise FormatError("it is another environment than the one that was asked for")
    reviewers, own, minutes = 0, False, 0
    for rule in node.nodes("protection_rules"):
        if rule.text("type") == "required_reviewers":
            reviewers += len(rule.nodes("reviewers"))
            own = own or rule.flag("prevent_self_review", False)
        elif rule.text("type") == "wait_timer":
            minutes = max(minutes, rule.number("wait_timer", 0))
    policy = node.node("deployment_branch_policy")
    return (
        reviewers,
        own,
        minutes,
        policy.flag("protected_branches", False),
        policy.flag("custom_branch_policies", False),
    )


def _policies(reply: Reply) -> tuple[facts.BranchPolicy, ...]:
    return tuple(facts.BranchPolicy(node.text("name"), node.text("type", "branch")) for node in reply.nodes)
