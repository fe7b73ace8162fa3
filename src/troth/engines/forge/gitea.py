"""The same questions to Gitea and Forgejo, as far as their interface answers them: the repository, what protects a branch, and the names of secrets.

Both descend from one program and speak one interface (`/api/v1`), close enough to the public forge's that its answers are layers of the same kind. What it has no word for (rulesets, environments, fork approval,
scanners of its own) is `NotSeen` and says so. Variables are not asked for: their answer holds values, and this engine reads no values. Sources: the OpenAPI document that every server of either kind
serves under `/swagger.v1.json` (Gitea 1.24, Forgejo 12), kinds `Branch`, `BranchProtection`, `Repository`, `Secret`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from troth.engines.forge.endpoints import Endpoint
from troth.engines.forge.pages import Asker, Pages, Reply
from troth.engines.forge.shapes import Node, Shape
from troth.errors import FormatError, LookError
from troth.terms.facts import forge as facts
from troth.terms.facts.forge import NotSeen, Seen
from troth.terms.facts.forge_activity import Activity
from troth.terms.facts.forge_security import Security

__all__ = ["GITEA_ENDPOINTS", "collect_gitea"]

_REPO: Final = "/repos/{owner}/{repo}"
_BRANCH: Final[Shape] = {"name!": "str", "protected!": "bool", "effective_branch_protection_name": "str"}
_PROTECTION: Final[Shape] = {
    "rule_name": "str", "branch_name": "str", "enable_push!": "bool", "enable_push_whitelist": "bool", "push_whitelist_usernames": ["str", "?"], "push_whitelist_teams": ["str", "?"],
    "push_whitelist_deploy_keys": "bool", "enable_force_push": "bool", "enable_force_push_allowlist": "bool", "force_push_allowlist_usernames": ["str", "?"], "force_push_allowlist_teams": ["str", "?"],
    "enable_status_check!": "bool", "status_check_contexts": ["str", "?"], "required_approvals!": "int", "dismiss_stale_approvals": "bool", "ignore_stale_approvals": "bool", "block_on_outdated_branch": "bool",
    "require_signed_commits": "bool", "block_admin_merge_override": "bool", "apply_to_admins": "bool", "unprotected_file_patterns": "str", "enable_bypass_allowlist": "bool",
    "bypass_allowlist_usernames": ["str", "?"], "bypass_allowlist_teams": ["str", "?"],
}  # fmt: skip
_LIST: Final = (
    Endpoint("repository", _REPO, "read:repository", {"full_name!": "str", "default_branch!": "str", "private!": "bool", "archived!": "bool"}),
    Endpoint("branch", f"{_REPO}/branches/{{branch}}", "read:repository", _BRANCH),
    Endpoint("protection", f"{_REPO}/branch_protections/{{rule}}", "read:repository, of an administrator of the repository", _PROTECTION),
    Endpoint("secrets", f"{_REPO}/actions/secrets", "read:repository, of an administrator of the repository", [{"name!": "str", "created_at": "time"}], "", 20, "limit=50"),
    Endpoint("organization-secrets", "/orgs/{owner}/actions/secrets", "read:organization, of an owner of the organisation", [{"name!": "str", "created_at": "time"}], "", 20, "limit=50"),
)
GITEA_ENDPOINTS: Final = {endpoint.name: endpoint for endpoint in _LIST}
"""Every question to Gitea and Forgejo, by our name."""
_NONE: Final = NotSeen("(no such question)", "a forge that tells this", "The interface of Gitea and Forgejo has no word for it.")


def collect_gitea(pages: Pages, repository: str, *, branches: Sequence[str] = (), recorded: bool = False) -> facts.Forge:
    """Everything that can be read about `repository` on Gitea or Forgejo.

    Args:
        pages: a client or a snapshot.
        repository: `owner/name`.
        branches: branches to look at besides the default branch.
        recorded: the pages come from a snapshot.

    Raises:
        ForgeUnreachableError: the forge cannot be spoken with at all.
        LookError: not one answer could be had, or what answers does not tell of the repository as such a forge does.
    """
    owner, _, name = repository.partition("/")
    asker = Asker(pages, owner, name, GITEA_ENDPOINTS)
    about = asker.ask("repository", lambda reply: _repository(reply.node))
    if not recorded and isinstance(about, NotSeen) and not about.status:
        raise LookError(about.missing, about.because)
    default = about.value.default_branch if isinstance(about, Seen) else ""
    wanted = dict.fromkeys(branch for branch in (default, *branches) if branch)
    seen = tuple(_branch(asker, branch) for branch in wanted)
    secrets = facts.SecretNames(asker.ask("secrets", _names), asker.ask("organization-secrets", _names), _NONE)
    if asker.oldest is None:
        raise LookError("an answer of the forge", about.because if isinstance(about, NotSeen) else "The forge gave no answer.")
    actions = facts.ActionsSettings(_NONE, _NONE, None, _NONE, _NONE)
    security = Security(*[_NONE] * 12)
    activity = Activity(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE)
    return facts.Forge("gitea", repository, asker.oldest, recorded, about, seen, _NONE, actions, _NONE, secrets, security, activity)


def _repository(node: Node) -> facts.Repository:
    return facts.Repository(node.text("full_name"), node.text("default_branch"), node.flag("private"), node.flag("archived"), None)


def _names(reply: Reply) -> tuple[facts.SecretName, ...]:
    """Names with the day they were made; when a value was last changed this interface does not say."""
    return tuple(facts.SecretName(node.text("name"), None, node.maybe_time("created_at")) for node in reply.nodes)


def _branch(asker: Asker, name: str) -> facts.Branch:
    """A branch and the one rule that holds on it. A branch without a rule is an answer; a rule that the token may not read is a gap."""
    told = asker.ask("branch", lambda reply: _rule_of(reply.node, name), branch=name)
    if isinstance(told, NotSeen):
        return facts.Branch(name, gaps=(told,))
    protected, rule = told.value
    if not protected:
        return facts.Branch(name, looked=(told.source,))
    if not rule:
        return facts.Branch(name, looked=(told.source,), gaps=(NotSeen(
            told.source.endpoint, "a token with the scope read:repository, of an administrator of the repository", "The branch is protected, and the forge tells the rule's name to administrators alone.",
        ),))  # fmt: skip
    layer = asker.ask("protection", lambda reply: _layer(reply.node, rule), rule=rule)
    if isinstance(layer, NotSeen):
        return facts.Branch(name, looked=(told.source,), gaps=(layer,))
    return facts.Branch(name, (layer,), (told.source, layer.source))


def _rule_of(node: Node, name: str) -> tuple[bool, str]:
    if node.text("name") != name:
        raise FormatError("it is another branch than the one that was asked for")
    return node.flag("protected"), node.text("effective_branch_protection_name", "")


def _layer(node: Node, rule: str) -> facts.Layer:
    """A rule as a layer. Who may push in spite of it, and administrators where nothing binds them, are exempt; a protected branch cannot be deleted on these forges."""
    if node.text("rule_name", "") not in ("", rule):
        raise FormatError("it is another rule than the one that was asked for")
    push, listed = node.flag("enable_push"), node.flag("enable_push_whitelist", False)
    pushers = _people(node, "push_whitelist") + (("deploy keys",) if node.flag("push_whitelist_deploy_keys", False) else ()) if push and listed else ()
    forced = node.flag("enable_force_push", False)
    exempt = pushers + (_people(node, "bypass_allowlist") if node.flag("enable_bypass_allowlist", False) else ())
    if not node.flag("block_admin_merge_override", False) and not node.flag("apply_to_admins", False):
        exempt += ("administrators",)
    if node.text("unprotected_file_patterns", "").strip():
        exempt += (f"changes to {node.text('unprotected_file_patterns').strip()} alone",)
    return facts.Layer(
        kind="branch-protection",
        name=rule,
        pull_request=not push or listed,
        approvals=node.number("required_approvals"),
        dismiss_stale=node.flag("dismiss_stale_approvals", False) or node.flag("ignore_stale_approvals", False),
        checks=tuple(sorted(node.texts("status_check_contexts"))) if node.flag("enable_status_check") else (),
        strict=node.flag("block_on_outdated_branch", False),
        no_force_push=not forced,
        no_deletion=True,
        signatures=node.flag("require_signed_commits", False),
        restricts_push=not push or listed,
        pushers=pushers,
        bypass=exempt,
    )


def _people(node: Node, which: str) -> tuple[str, ...]:
    return tuple(f"user {name}" for name in node.texts(f"{which}_usernames")) + tuple(f"team {name}" for name in node.texts(f"{which}_teams"))
