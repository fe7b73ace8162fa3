"""Each settings promise, decided from hand-made answers with every relevant option on and off, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from troth.engines.forge.endpoints import ENDPOINTS, Endpoint
from troth.engines.forge.pages import Page
from troth.engines.forge.posture import collect
from troth.engines.forge.shapes import cut
from troth.judgement import settings as judge
from troth.terms.facts.forge import Forge
from troth.terms.verdict import Verdict, name_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REPO = "/repos/acme/rocket"
PROTECTION = f"{REPO}/branches/main/protection"
RULES = f"{REPO}/rules/branches/main"
ACTIONS = f"{REPO}/actions/permissions"
ENVS = f"{REPO}/environments"
ABOUT = {"full_name": "acme/rocket", "default_branch": "main", "private": False, "archived": False}
OFF = {"enforce_admins": {"enabled": False}, "allow_force_pushes": {"enabled": True}, "allow_deletions": {"enabled": True}}


class Hand:
    """Hand-made answers; what is not in them is refused."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.answers = {REPO: ABOUT, **answers}

    def page(self, endpoint: Endpoint, path: str) -> Page:
        where = path.partition("?")[0]
        if where not in self.answers:
            return Page(path, 404, None, "sha256:0", NOW, stated="Not Found")
        body = self.answers[where]
        if body is None:
            return Page(path, 204, None, "sha256:0", NOW)
        return Page(path, 200, cut(body, ENDPOINTS[endpoint.name].shape), "sha256:1", NOW)


def fact(**answers: object) -> Forge:
    return collect(Hand(dict(answers.items())), "acme/rocket")


def classic(admins: bool = True, **on: object) -> dict[str, object]:
    return {**OFF, "enforce_admins": {"enabled": admins}, **on}


def reviews(count: int = 1, stale: bool = False, owners: bool = False, **more: object) -> dict[str, object]:
    told = {"required_approving_review_count": count, "dismiss_stale_reviews": stale, "require_code_owner_reviews": owners, **more}
    return {"required_pull_request_reviews": told}


def checks(*names: str, strict: bool = False) -> dict[str, object]:
    return {"required_status_checks": {"contexts": list(names), "checks": [], "strict": strict}}


def pull_rule(count: int = 1, stale: bool = False, owners: bool = False) -> dict[str, object]:
    told = {
        "required_approving_review_count": count,
        "dismiss_stale_reviews_on_push": stale,
        "require_code_owner_review": owners,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    return {"type": "pull_request", "ruleset_id": 5, "parameters": told}


def ruleset(bypass: list[dict[str, object]] | None = None, shown: bool = True) -> dict[str, object]:
    made: dict[str, object] = {"id": 5, "name": "main rules", "enforcement": "active", "target": "branch"}
    return {**made, "bypass_actors": bypass or []} if shown else made


def branch(protection: object = None, rules: object = None, detail: object = None) -> Forge:
    answers = {PROTECTION: protection, RULES: rules, f"{REPO}/rulesets/5": detail}
    return fact(**{path: body for path, body in answers.items() if body is not None})


EMPTY = classic()
APPROVE = {"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "always"}
TWO = lambda forge: judge.reviews_required(forge, 2)
STALE = lambda forge: judge.reviews_required(forge, dismiss_stale=True)
OWNERS = lambda forge: judge.reviews_required(forge, code_owners=True)
STRICT = lambda forge: judge.checks_required(forge, (("ci",),), strict=True)
NAMED = lambda forge: judge.checks_required(forge, (("ci",),))

BRANCHES: list[tuple[str, Callable[[Forge], Verdict], Forge, str]] = [
    ("reviews, protected", judge.branch_protected, branch(classic(**reviews()), []), "kept"),
    ("nothing is demanded", judge.branch_protected, branch(EMPTY, []), "broken"),
    ("protection off", judge.branch_protected, branch({**EMPTY, "enabled": False}, []), "broken"),
    ("nothing is readable", judge.branch_protected, branch(), "unknown"),
    ("no rules, protection not readable", judge.branch_protected, branch(None, []), "unknown"),
    ("no protection, rules not readable", judge.branch_protected, branch(EMPTY), "unknown"),
    ("administrators exempt", judge.branch_protected, branch(classic(False, **reviews()), []), "partly"),
    ("administrators exempt, rules not readable", judge.branch_protected, branch(classic(False, **reviews())), "unknown"),
    ("ruleset without bypass", judge.branch_protected, branch(None, [pull_rule()], ruleset()), "kept"),
    ("ruleset with bypass", judge.branch_protected, branch(EMPTY, [pull_rule()], ruleset([APPROVE])), "partly"),
    ("ruleset, bypass not shown", judge.branch_protected, branch(EMPTY, [pull_rule()], ruleset(shown=False)), "unknown"),
    ("ruleset, detail refused", judge.branch_protected, branch(EMPTY, [pull_rule()]), "unknown"),
    ("exempt in one layer, firm in the other", judge.branch_protected, branch(classic(False, **reviews()), [pull_rule()], ruleset()), "kept"),
    ("one of two approvals", TWO, branch(classic(**reviews(1)), []), "broken"),
    ("two approvals", TWO, branch(classic(**reviews(2)), []), "kept"),
    ("two approvals by ruleset", TWO, branch(classic(**reviews(1)), [pull_rule(2)], ruleset()), "kept"),
    ("no approvals needed", judge.reviews_required, branch(EMPTY, [pull_rule(0)], ruleset()), "broken"),
    ("somebody may skip reviews", judge.reviews_required, branch(classic(**reviews(bypass_pull_request_allowances={"users": [{"login": "a"}]})), []), "partly"),
    ("stale kept", STALE, branch(classic(**reviews()), []), "broken"),
    ("stale dismissed", STALE, branch(classic(**reviews(stale=True)), []), "kept"),
    ("stale dismissed by ruleset", STALE, branch(EMPTY, [pull_rule(stale=True)], ruleset()), "kept"),
    ("owners not asked", OWNERS, branch(classic(**reviews()), []), "broken"),
    ("owners asked", OWNERS, branch(classic(**reviews(owners=True)), []), "kept"),
    ("check demanded", NAMED, branch(classic(**checks("ci")), []), "kept"),
    ("another check", NAMED, branch(classic(**checks("lint")), []), "broken"),
    ("no checks in the list", judge.checks_required, branch(classic(**checks()), []), "broken"),
    ("not strict", STRICT, branch(classic(**checks("ci")), []), "broken"),
    ("strict", STRICT, branch(classic(**checks("ci", strict=True)), []), "kept"),
    ("pushes free", judge.pushes_restricted, branch(classic(**reviews()), []), "broken"),
    ("pushes restricted", judge.pushes_restricted, branch(classic(restrictions={"users": [], "teams": [], "apps": []}), []), "kept"),
    ("update rule", judge.pushes_restricted, branch(EMPTY, [{"type": "update", "ruleset_id": 5}], ruleset()), "kept"),
    ("signatures off", judge.signatures_required, branch(classic(required_signatures={"enabled": False}), []), "broken"),
    ("signatures on", judge.signatures_required, branch(classic(required_signatures={"enabled": True}), []), "kept"),
    ("admins included", judge.admins_included, branch(classic(), []), "kept"),
    ("admins exempt", judge.admins_included, branch(classic(False), []), "broken"),
    ("admins exempt, rest not readable", judge.admins_included, branch(classic(False)), "broken"),
    ("admins included, rules not readable", judge.admins_included, branch(classic()), "unknown"),
    ("admins included, ruleset exempts", judge.admins_included, branch(classic(), [pull_rule()], ruleset([APPROVE])), "broken"),
    ("admins included, ruleset not shown", judge.admins_included, branch(classic(), [pull_rule()], ruleset(shown=False)), "unknown"),
    ("no rules at all", judge.admins_included, branch({**EMPTY, "enabled": False}, []), "broken"),
]

SELECTED = {ACTIONS: {"enabled": True, "allowed_actions": "selected"}}
LIST = f"{ACTIONS}/selected-actions"
FORKS = f"{ACTIONS}/fork-pr-contributor-approval"
TOKEN = f"{ACTIONS}/workflow"


def listed(*patterns: str) -> dict[str, object]:
    return {LIST: {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": list(patterns)}}


def forks(policy: str) -> Forge:
    return fact(**{FORKS: {"approval_policy": policy}})


def analysed(**states: str) -> Forge:
    return fact(**{REPO: {**ABOUT, "security_and_analysis": {name: {"status": state} for name, state in states.items()}}})


def fixes(enabled: bool, paused: bool) -> Forge:
    return fact(**{f"{REPO}/automated-security-fixes": {"enabled": enabled, "paused": paused}})


def environment(rules: list[object] | None = None, policy: object = None, patterns: list[str] | None = None) -> Forge:
    answers: dict[str, object] = {
        ENVS: {"total_count": 1, "environments": [{"name": "release"}]},
        f"{ENVS}/release": {"name": "release", "protection_rules": rules or [], "deployment_branch_policy": policy},
    }
    if patterns is not None:
        answers[f"{ENVS}/release/deployment-branch-policies"] = {"total_count": 1, "branch_policies": [{"name": one} for one in patterns]}
    return fact(**answers)


REVIEWER = {"type": "required_reviewers", "reviewers": [{"type": "User"}]}
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}
PUSH = lambda forge: judge.feature_on(forge, "secret_scanning_push_protection")
REPORT = lambda forge: judge.switched_on(forge.security.private_reporting, "private reporting")
ALERTS = lambda forge: judge.switched_on(forge.security.dependency_alerts, "dependency alerts")
RELEASE = lambda forge: judge.environment_guarded(forge, "release")
RELEASE_BRANCHES = lambda forge: judge.environment_guarded(forge, "release", branches=True)
RELEASE_PEOPLE = lambda forge: judge.environment_guarded(forge, "release", reviewers=True)

OTHERS: list[tuple[str, Callable[[Forge], Verdict], Forge, str]] = [
    ("all outsiders wait", judge.fork_approval, forks("all_external_contributors"), "kept"),
    ("first-timers wait", judge.fork_approval, forks("first_time_contributors"), "partly"),
    ("only new accounts wait", judge.fork_approval, forks("first_time_contributors_new_to_github"), "partly"),
    ("unknown word", judge.fork_approval, forks("nobody_ever"), "unknown"),
    ("fork approval refused", judge.fork_approval, fact(), "unknown"),
    ("first-timers promised and more done", lambda forge: judge.fork_approval(forge, "first_time_contributors"), forks("all_external_contributors"), "kept"),
    ("all actions", judge.actions_limited, fact(**{ACTIONS: {"enabled": True, "allowed_actions": "all"}}), "broken"),
    ("own actions", judge.actions_limited, fact(**{ACTIONS: {"enabled": True, "allowed_actions": "local_only"}}), "kept"),
    ("actions off", judge.actions_limited, fact(**{ACTIONS: {"enabled": False}}), "not-applicable"),
    ("not said which", judge.actions_limited, fact(**{ACTIONS: {"enabled": True}}), "unknown"),
    ("chosen actions", judge.actions_limited, fact(**SELECTED, **listed("acme/*")), "kept"),
    ("chosen: everything", judge.actions_limited, fact(**SELECTED, **listed("acme/*", "*")), "broken"),
    ("list refused", judge.actions_limited, fact(**SELECTED), "unknown"),
    ("token reads", judge.default_token_reads, fact(**{TOKEN: {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}}), "kept"),
    ("token writes", judge.default_token_reads, fact(**{TOKEN: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}}), "broken"),
    ("token: unknown word", judge.default_token_reads, fact(**{TOKEN: {"default_workflow_permissions": "some", "can_approve_pull_request_reviews": False}}), "unknown"),
    ("token refused", judge.default_token_reads, fact(), "unknown"),
    ("push protection on", PUSH, analysed(secret_scanning_push_protection="enabled"), "kept"),
    ("push protection off", PUSH, analysed(secret_scanning_push_protection="disabled"), "broken"),
    ("push protection not shown", PUSH, analysed(secret_scanning="enabled"), "unknown"),
    ("features not shown", PUSH, fact(), "unknown"),
    ("private reporting on", REPORT, fact(**{f"{REPO}/private-vulnerability-reporting": {"enabled": True}}), "kept"),
    ("private reporting off", REPORT, fact(**{f"{REPO}/private-vulnerability-reporting": {"enabled": False}}), "broken"),
    ("private reporting refused", REPORT, fact(), "unknown"),
    ("alerts on", ALERTS, fact(**{f"{REPO}/vulnerability-alerts": None}), "kept"),
    ("alerts refused or off", ALERTS, fact(), "unknown"),
    ("fixes on", judge.dependency_fixes, fixes(True, False), "kept"),
    ("fixes paused", judge.dependency_fixes, fixes(True, True), "broken"),
    ("fixes off", judge.dependency_fixes, fixes(False, False), "broken"),
    ("environments refused", RELEASE, fact(), "unknown"),
    ("no such environment", RELEASE, fact(**{ENVS: {"total_count": 0, "environments": []}}), "broken"),
    ("bare environment", RELEASE, environment(), "broken"),
    ("a wait is no guard", RELEASE, environment([{"type": "wait_timer", "wait_timer": 30}]), "broken"),
    ("reviewer", RELEASE, environment([REVIEWER]), "kept"),
    ("reviewer rule without people", RELEASE, environment([{"type": "required_reviewers", "reviewers": []}]), "broken"),
    ("protected branches", RELEASE, environment(policy=PROTECTED), "kept"),
    ("branches promised, reviewer only", RELEASE_BRANCHES, environment([REVIEWER]), "broken"),
    ("reviewer promised, branches only", RELEASE_PEOPLE, environment(policy=PROTECTED), "broken"),
    ("patterns", RELEASE_BRANCHES, environment(policy=CUSTOM, patterns=["v*"]), "kept"),
    ("pattern for everything", RELEASE_BRANCHES, environment(policy=CUSTOM, patterns=["*"]), "broken"),
    ("patterns refused", RELEASE_BRANCHES, environment(policy=CUSTOM), "unknown"),
]


@pytest.mark.parametrize(("case", "function", "forge", "verdict"), BRANCHES + OTHERS, ids=[case[0] for case in BRANCHES + OTHERS])
def test_a_settings_promise_is_decided_by_what_was_seen(case: str, function: Callable[[Forge], Verdict], forge: Forge, verdict: str) -> None:
    found = function(forge)
    assert name_of(found) == verdict, found
    if verdict in ("kept", "partly", "broken"):
        for one in found.evidence:
            assert one.source is not None
            assert one.source.startswith("GET /repos/acme/rocket")
            assert "2026-01-02" in one.source
            assert "sha256:" in one.source
    if verdict == "unknown":
        assert found.missing


def test_a_branch_that_was_not_asked_for_is_unknown() -> None:
    assert name_of(judge.branch_protected(branch(classic(**reviews()), []), "release")) == "unknown"
