"""The questions that Troth may ask GitHub: 37 paths, each with the fields that are read and the permission that the token needs.

The only list of them. There is no method here, because there is only one: GET. The permission is what the forge's documentation names for fine-grained tokens; it is what a refused answer is explained by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from troth.engines.forge.shapes import Shape
from troth.errors import FormatError, UsageError

__all__ = ["ENDPOINTS", "Endpoint", "path_of"]

_REPO: Final = "/repos/{owner}/{repo}"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_ALL: Final = 100
"""Pages that are read of what must be read whole."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One question.

    Attributes:
        name: ours.
        path: template, with the forge's own names for its parts.
        permission: repository permission that a token needs, as the forge names it.
        shape: fields of an answer of status 200; None where there is no body (204).
        entries: field that holds a page's entries; "" where the page is the list itself; None where there are no pages.
        pages: how many pages are read at most.
        query: fixed parameters.
    """

    name: str
    path: str
    permission: str
    shape: Shape | None
    entries: str | None = None
    pages: int = 1
    query: str = ""


def path_of(endpoint: Endpoint, parts: dict[str, str]) -> str:
    """The path and query for `parts`, each quoted whole.

    Raises:
        UsageError: owner or repo is no name.
        FormatError: another part is empty or a dot segment.
    """
    for name, part in parts.items():
        if name in ("owner", "repo") and (part in (".", "..") or not _NAME.fullmatch(part)):
            raise UsageError(f"{part!r} cannot be the {name} of a repository's address")
        if part in ("", ".", ".."):
            raise FormatError(f"the {name} of an address cannot be {part!r}")
    path = endpoint.path.format(**{name: quote(part, safe="") for name, part in parts.items()})
    return f"{path}?{endpoint.query}" if endpoint.query else path


_SECRETS: Final[Shape] = {"total_count!": "int", "secrets!": [{"name!": "str", "updated_at!": "time", "created_at": "time"}]}
_ENABLED: Final[Shape] = {"enabled": "bool"}
_STATUS: Final[Shape] = {"status": "str"}
_REVIEWERS: Final[Shape] = [{"type": "str"}]
_ENVIRONMENT: Final[Shape] = {
    "name!": "str",
    "protection_rules": [{"type!": "str", "wait_timer": "int", "prevent_self_review": "bool", "reviewers": _REVIEWERS}],
    "deployment_branch_policy": {"?": "", "protected_branches!": "bool", "custom_branch_policies!": "bool"},
}
_RULE: Final[Shape] = {
    "type!": "str",
    "ruleset_id": "int",
    "parameters": {
        "required_approving_review_count": "int",
        "dismiss_stale_reviews_on_push": "bool",
        "require_code_owner_review": "bool",
        "require_last_push_approval": "bool",
        "required_review_thread_resolution": "bool",
        "required_status_checks": [{"context!": "str"}],
        "strict_required_status_checks_policy": "bool",
    },
}
_RULESET: Final[Shape] = {
    "id!": "int",
    "name!": "str",
    "target": "str",
    "enforcement!": "str",
    "bypass_actors": [{"actor_type!": "str", "actor_id": "int?", "bypass_mode": "str"}],
}
_ACTORS: Final[Shape] = {"users": [{"login": "str"}], "teams": [{"slug": "str"}], "apps": [{"?": "", "slug": "str"}]}
_PROTECTION: Final[Shape] = {
    "enabled": "bool",
    "required_status_checks": {"contexts": ["str"], "checks": [{"context!": "str"}], "strict": "bool"},
    "enforce_admins": {"enabled!": "bool"},
    "required_pull_request_reviews": {
        "bypass_pull_request_allowances": _ACTORS,
        "dismiss_stale_reviews!": "bool",
        "require_code_owner_reviews!": "bool",
        "required_approving_review_count": "int",
        "require_last_push_approval": "bool",
    },
    "restrictions": _ACTORS,
    "required_linear_history": _ENABLED,
    "allow_force_pushes": _ENABLED,
    "allow_deletions": _ENABLED,
    "required_conversation_resolution": _ENABLED,
    "required_signatures": _ENABLED,
    "lock_branch": _ENABLED,
}
_FEATURES: Final = (
    "advanced_security",
    "code_security",
    "dependabot_security_updates",
    "secret_scanning",
    "secret_scanning_push_protection",
    "secret_scanning_non_provider_patterns",
    "secret_scanning_ai_detection",
)
_REPOSITORY: Final[Shape] = {
    "full_name!": "str",
    "default_branch!": "str",
    "private!": "bool",
    "archived!": "bool",
    "has_discussions": "bool",
    "security_and_analysis": {"?": "", **dict.fromkeys(_FEATURES, _STATUS)},
}
_SWITCHES: Final = (
    "advanced_security",
    "dependency_graph",
    "dependabot_alerts",
    "dependabot_security_updates",
    "code_scanning_default_setup",
    "secret_scanning",
    "secret_scanning_push_protection",
    "private_vulnerability_reporting",
    "enforcement",
)
_FOUND: Final[Mapping[str, Shape]] = {"number!": "int", "state!": "str?", "created_at!": "time"}
_ALERT: Final[Shape] = [{**_FOUND, "rule": {"severity": "str?", "security_severity_level": "str?"}}]
_SECRET_ALERT: Final[Shape] = [{"number": "int", "state": "str?", "created_at": "time"}]
_BOT_ALERT: Final[Shape] = [
    {**_FOUND, "security_advisory!": {"severity!": "str"}}
]
_ADVISORY: Final[Shape] = [
    {
        "ghsa_id!": "str",
        "cve_id!": "str?",
        "state!": "str",
        "severity!": "str?",
        "created_at!": "time?",
        "published_at!": "time?",
    }
]
_ANALYSIS: Final[Shape] = [
    {
        "ref!": "str",
        "commit_sha!": "str",
        "error!": "str",
        "created_at!": "time",
        "results_count!": "int",
        "rules_count!": "int",
        "tool!": {"name": "str", "version": "str?"},
    }
]
_RUNS: Final[Shape] = {
    "total_count!": "int",
    "workflow_runs!": [
        {
            "path!": "str",
            "event!": "str",
            "head_branch!": "str?",
            "status!": "str?",
            "conclusion!": "str?",
            "created_at!": "time",
        }
    ],
}
_RELEASE: Final[Shape] = [
    {
        "tag_name!": "str",
        "draft!": "bool",
        "prerelease!": "bool",
        "published_at!": "time?",
        "immutable": "bool",
        "assets!": [{"name!": "str"}],
    }
]
_OWNERS: Final[Shape] = {"errors!": [{"path!": "str", "line!": "int", "kind!": "str", "message!": "str"}]}
_ATTESTATIONS: Final[Shape] = {"attestations!": [{"repository_id": "int"}]}
_WORKFLOWS: Final[Shape] = {"total_count!": "int", "workflows!": [{"path!": "str", "state!": "str"}]}
_CHECKS: Final[Shape] = {
    "total_count!": "int",
    "check_runs!": [{"name!": "str", "status!": "str", "conclusion!": "str?"}],
}
_PULLS: Final[Shape] = [{"number!": "int", "user!": {"?": "", "login!": "str"}, "merged_at!": "time?"}]
_REVIEWS: Final[Shape] = [{"user!": {"?": "", "login!": "str"}, "state!": "str"}]
_DEPLOYMENTS: Final[Shape] = [{"environment!": "str", "ref!": "str", "created_at!": "time"}]
_FORKS: Final[Shape] = {
    "run_workflows_from_fork_pull_requests!": "bool",
    "send_write_tokens_to_workflows!": "bool",
    "send_secrets_and_variables!": "bool",
    "require_approval_for_fork_pr_workflows!": "bool",
}
_POLICIES: Final[Shape] = {"total_count!": "int", "branch_policies!": [{"name!": "str", "type": "str"}]}
_SETUP: Final[Shape] = {"state!": "str", "languages": ["str"], "schedule": "str?"}
_SELECTED: Final[Shape] = {"github_owned_allowed!": "bool", "verified_allowed!": "bool", "patterns_allowed": ["str"]}
_TOKEN: Final[Shape] = {"default_workflow_permissions!": "str", "can_approve_pull_request_reviews!": "bool"}
_PERMISSIONS: Final[Shape] = {"enabled!": "bool", "allowed_actions": "str", "sha_pinning_required": "bool"}
_CONFIGURATION: Final[Shape] = {"status!": "str", "configuration": dict.fromkeys(_SWITCHES, "str")}
_BRANCH: Final = f"{_REPO}/branches/{{branch}}/protection"
_ENV: Final = f"{_REPO}/environments/{{environment_name}}"
_ACTIONS: Final = f"{_REPO}/actions/permissions"
_100: Final = "per_page=100"

_LIST: Final = (
    Endpoint("repository", _REPO, "Metadata: read", _REPOSITORY),
    Endpoint("protection", _BRANCH, "Administration: read", _PROTECTION),
    Endpoint("rulesets", f"{_REPO}/rulesets", "Metadata: read", [_RULESET], "", _ALL, f"{_100}&includes_parents=true"),
    Endpoint(
        "ruleset",
        f"{_REPO}/rulesets/{{ruleset_id}}",
        "Metadata: read, and for who may bypass it Administration: write",
        _RULESET,
    ),
    Endpoint("rules", f"{_REPO}/rules/branches/{{branch}}", "Metadata: read", [_RULE], "", _ALL, _100),
    Endpoint("actions", _ACTIONS, "Administration: read", _PERMISSIONS),
    Endpoint("default-token", f"{_ACTIONS}/workflow", "Administration: read", _TOKEN),
    Endpoint("selected-actions", f"{_ACTIONS}/selected-actions", "Administration: read", _SELECTED),
    Endpoint(
        "fork-approval", f"{_ACTIONS}/fork-pr-contributor-approval", "Administration: read", {"approval_policy!": "str"}
    ),
    Endpoint("private-forks", f"{_ACTIONS}/fork-pr-workflows-private-repos", "Administration: read", _FORKS),
    Endpoint(
        "environments",
        f"{_REPO}/environments",
        "Actions: read",
        {"total_count!": "int", "environments!": [{"name!": "str"}]},
        "environments",
        _ALL,
        _100,
    ),
    Endpoint("environment", _ENV, "Actions: read", _ENVIRONMENT),
    Endpoint(
        "branch-policies",
        f"{_ENV}/deployment-branch-policies",
        "Actions: read",
        _POLICIES,
        "branch_policies",
        _ALL,
        _100,
    ),
    Endpoint("environment-secrets", f"{_ENV}/secrets", "Environments: read", _SECRETS, "secrets", _ALL, _100),
    Endpoint("secrets", f"{_REPO}/actions/secrets", "Secrets: read", _SECRETS, "secrets", _ALL, _100),
    Endpoint(
        "organization-secrets",
        f"{_REPO}/actions/organization-secrets",
        "Secrets: read",
        _SECRETS,
        "secrets",
        _ALL,
        _100,
    ),
    Endpoint(
        "dependabot-secrets", f"{_REPO}/dependabot/secrets", "Dependabot secrets: read", _SECRETS, "secrets", _ALL, _100
    ),
    Endpoint("dependency-alerts", f"{_REPO}/vulnerability-alerts", "Administration: read", None),
    Endpoint(
        "security-fixes",
        f"{_REPO}/automated-security-fixes",
        "Administration: read",
        {"enabled!": "bool", "paused!": "bool"},
    ),
    Endpoint("private-reporting", f"{_REPO}/private-vulnerability-reporting", "Metadata: read", {"enabled!": "bool"}),
    Endpoint(
        "advisories", f"{_REPO}/security-advisories", "Repository security advisories: read", _ADVISORY, "", 10, _100
    ),
    Endpoint("default-setup", f"{_REPO}/code-scanning/default-setup", "Administration: read", _SETUP),
    Endpoint("analyses", f"{_REPO}/code-scanning/analyses", "Code scanning alerts: read", _ANALYSIS, "", 1, _100),
    Endpoint(
        "code-alerts",
        f"{_REPO}/code-scanning/alerts",
        "Code scanning alerts: read",
        _ALERT,
        "",
        10,
        f"{_100}&state=open",
    ),
    Endpoint(
        "secret-alerts",
        f"{_REPO}/secret-scanning/alerts",
        "Secret scanning alerts: read",
        _SECRET_ALERT,
        "",
        10,
        f"{_100}&state=open&hide_secret=true",
    ),
    Endpoint(
        "bot-alerts", f"{_REPO}/dependabot/alerts", "Dependabot alerts: read", _BOT_ALERT, "", 10, f"{_100}&state=open"
    ),
    Endpoint("configuration", f"{_REPO}/code-security-configuration", "Administration: read", _CONFIGURATION),
    Endpoint("owners-errors", f"{_REPO}/codeowners/errors", "Contents: read", _OWNERS),
    Endpoint("immutable-releases", f"{_REPO}/immutable-releases", "Administration: read", {"enabled!": "bool"}),
    Endpoint(
        "attestations",
        f"{_REPO}/attestations/{{subject_digest}}",
        "Attestations: read",
        _ATTESTATIONS,
        "attestations",
        10,
        _100,
    ),
    Endpoint("workflows", f"{_REPO}/actions/workflows", "Actions: read", _WORKFLOWS, "workflows", 10, _100),
    Endpoint("runs", f"{_REPO}/actions/runs", "Actions: read", _RUNS, "workflow_runs", 1, _100),
    Endpoint("checks", f"{_REPO}/commits/{{ref}}/check-runs", "Checks: read", _CHECKS, "check_runs", 10, _100),
    Endpoint(
        "pulls",
        f"{_REPO}/pulls",
        "Pull requests: read",
        _PULLS,
        "",
        1,
        "per_page=50&state=closed&sort=updated&direction=desc",
    ),
    Endpoint("reviews", f"{_REPO}/pulls/{{pull_number}}/reviews", "Pull requests: read", _REVIEWS, "", 5, _100),
    Endpoint("releases", f"{_REPO}/releases", "Contents: read", _RELEASE, "", 1, _100),
    Endpoint("deployments", f"{_REPO}/deployments", "Deployments: read", _DEPLOYMENTS, "", 1, _100),
)

ENDPOINTS: Final = {endpoint.name: endpoint for endpoint in _LIST}
"""Every question, by our name."""
