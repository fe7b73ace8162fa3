"""Gitea and Forgejo: the five questions against the documented form of their answers, in 200, 403 and 404; what a rule means, with every option on and off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jsonschema_rs
import pytest
from click.testing import CliRunner

from tests.engines.forge.server import TOKEN, Answer, Server, running
from troth.cli.snapshot import snapshot
from troth.engines.forge import look_forge, read_snapshot, write_snapshot
from troth.engines.forge.client import Client, kind_of
from troth.engines.forge.gitea import GITEA_ENDPOINTS
from troth.errors import LookError
from troth.judgement.forge_features import secrets_renewed
from troth.terms.facts.forge import Forge, NotSeen, Seen
from troth.terms.verdict import Unknown

REPO = "/api/v1/repos/acme/rocket"
TEXTS = {"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}]}
FLAGS = (
    "enable_push", "enable_push_whitelist", "push_whitelist_deploy_keys", "enable_force_push", "enable_status_check", "block_on_outdated_branch", "dismiss_stale_approvals",
    "ignore_stale_approvals", "require_signed_commits", "block_admin_merge_override",
)  # fmt: skip
SECRETS = {"type": "array", "items": {"type": "object", "required": ["name", "created_at"], "properties": {"name": {"type": "string"}, "created_at": {"type": "string"}}}}
FORMS = {
    "repository": {"type": "object", "required": ["id", "full_name", "default_branch", "private", "archived"], "properties": {"id": {"type": "integer"}, "private": {"type": "boolean"}}},
    "branch": {"type": "object", "required": ["name", "protected", "effective_branch_protection_name", "user_can_push"], "properties": {"protected": {"type": "boolean"}}},
    "protection": {
        "type": "object", "required": ["rule_name", "required_approvals", "status_check_contexts", *FLAGS],
        "properties": {"required_approvals": {"type": "integer"}, "status_check_contexts": TEXTS, "push_whitelist_usernames": TEXTS, **{name: {"type": "boolean"} for name in FLAGS}},
    },
    "secrets": SECRETS,
    "organization-secrets": SECRETS,
}  # fmt: skip
"""The documented form of each answer, as far as it matters here; every answer of the server below is held to it before it is sent."""
RULE = {
    "rule_name": "main", "branch_name": "main", "priority": 1, "enable_push": False, "enable_push_whitelist": False, "push_whitelist_usernames": None, "push_whitelist_teams": [],
    "push_whitelist_deploy_keys": False, "enable_force_push": False, "enable_merge_whitelist": False, "enable_status_check": True, "status_check_contexts": ["ci / test (pull_request)"],
    "required_approvals": 2, "block_on_outdated_branch": True, "dismiss_stale_approvals": True, "ignore_stale_approvals": False, "require_signed_commits": True, "block_admin_merge_override": True,
    "unprotected_file_patterns": "", "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
}  # fmt: skip
GOOD = {
    "repository": {"id": 1, "full_name": "acme/rocket", "default_branch": "main", "private": False, "archived": False, "owner": {"login": "acme", "email": "a@example.org"}},
    "branch": {"name": "main", "protected": True, "effective_branch_protection_name": "main", "user_can_push": False, "commit": {"id": "ab"}},
    "protection": RULE,
    "secrets": [{"name": "PYPI_TOKEN", "description": "", "created_at": "2026-01-02T03:04:05Z"}],
    "organization-secrets": [],
}
PATHS = {
    "repository": REPO, "branch": f"{REPO}/branches/main", "protection": f"{REPO}/branch_protections/main", "secrets": f"{REPO}/actions/secrets", "organization-secrets": "/api/v1/orgs/acme/actions/secrets",
}  # fmt: skip


def serve(server: Server, **changed: object) -> None:
    for name, path in PATHS.items():
        body = changed.get(name.replace("-", "_"), GOOD[name])
        if isinstance(body, Answer):
            server.answers[path] = body
            continue
        assert not list(jsonschema_rs.Draft202012Validator(FORMS[name]).iter_errors(body)), name
        server.answers[path] = Answer(200, body)


def look(server: Server) -> Forge:
    with Client(TOKEN, api=f"{server.url}/api/v1", proxies=False, sleep=lambda _seconds: None) as client:
        return look_forge("acme/rocket", client)


@pytest.fixture
def server():
    with running(Server()) as made:
        yield made


def layer_of(server: Server, **options: object):
    serve(server, protection={**RULE, **options})
    (branch,) = look(server).branches
    assert not branch.gaps
    return branch.layers[0].value


def test_every_question_is_asked_and_every_request_is_a_get_with_the_token(server: Server) -> None:
    serve(server)

    look(server)

    assert {request.path.partition("?")[0] for request in server.requests} == set(PATHS.values())
    assert len(PATHS) == len(GITEA_ENDPOINTS)
    assert {request.method for request in server.requests} == {"GET"}
    assert all(request.headers["authorization"].endswith(TOKEN) for request in server.requests)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
@pytest.mark.parametrize("name", sorted(set(PATHS) - {"repository"}))
def test_a_refusal_is_never_a_setting(server: Server, name: str, status: int) -> None:
    serve(server, **{name.replace("-", "_"): Answer(status, {"message": "no"})})

    forge = look(server)

    missing = {"secrets": forge.secrets.repository, "organization-secrets": forge.secrets.organization}.get(name) or forge.branches[0].gaps[0]
    assert isinstance(missing, NotSeen)
    assert missing.status == status


@pytest.mark.parametrize("raw", [b"<html>", b"[", b"[]", b'{"name": 1}', b'{"name":"main","protected":true,"protected":false}'], ids=["html", "cut", "a-list", "another-type", "a-key-twice"])
def test_an_answer_of_another_form_is_a_gap(server: Server, raw: bytes) -> None:
    serve(server)
    server.answers[PATHS["branch"]] = Answer(200, raw=raw)

    (branch,) = look(server).branches

    assert not branch.layers
    assert branch.gaps


def test_what_the_forge_has_no_word_for_is_not_off(server: Server) -> None:
    serve(server)

    forge = look(server)

    assert forge.kind == "gitea"
    for answer in (forge.rulesets, forge.environments, forge.actions.fork_approval, forge.security.private_reporting, forge.activity.releases):
        assert isinstance(answer, NotSeen)


def test_a_branch_without_a_rule_is_an_answer_and_a_rule_without_a_name_is_none(server: Server) -> None:
    serve(server, branch={**GOOD["branch"], "protected": False, "effective_branch_protection_name": ""})
    (open_branch,) = look(server).branches
    serve(server, branch={**GOOD["branch"], "effective_branch_protection_name": ""})
    (unnamed,) = look(server).branches

    assert (open_branch.layers, open_branch.gaps) == ((), ())
    assert open_branch.looked
    assert unnamed.gaps


def test_a_strict_rule_binds_everybody(server: Server) -> None:
    layer = layer_of(server)

    assert (layer.pull_request, layer.approvals, layer.dismiss_stale, layer.strict, layer.signatures) == (True, 2, True, True, True)
    assert layer.checks == ("ci / test (pull_request)",)
    assert (layer.no_force_push, layer.no_deletion, layer.restricts_push) == (True, True, True)
    assert layer.bypass == ()


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        pytest.param({"enable_push": True}, "pull_request", False, id="everybody-pushes"),
        pytest.param({"enable_push": True, "enable_push_whitelist": True, "push_whitelist_usernames": ["ann"]}, "bypass", ("user ann",), id="one-pushes"),
        pytest.param({"enable_push": True, "enable_push_whitelist": True, "push_whitelist_deploy_keys": True}, "bypass", ("deploy keys",), id="keys-push"),
        pytest.param({"block_admin_merge_override": False}, "bypass", ("administrators",), id="administrators-are-free"),
        pytest.param({"block_admin_merge_override": False, "apply_to_admins": True}, "bypass", (), id="forgejo-binds-them"),
        pytest.param({"enable_bypass_allowlist": True, "bypass_allowlist_teams": ["ops"]}, "bypass", ("team ops",), id="a-bypass-list"),
        pytest.param({"unprotected_file_patterns": "docs/**"}, "bypass", ("changes to docs/** alone",), id="files-go-round"),
        pytest.param({"enable_status_check": False}, "checks", (), id="no-checks"),
        pytest.param({"status_check_contexts": None}, "checks", (), id="checks-without-names"),
        pytest.param({"required_approvals": 0}, "approvals", 0, id="no-approval"),
        pytest.param({"dismiss_stale_approvals": False}, "dismiss_stale", False, id="stale-approvals-stay"),
        pytest.param({"enable_force_push": True}, "no_force_push", False, id="force-push"),
        pytest.param({"require_signed_commits": False}, "signatures", False, id="unsigned"),
        pytest.param({"block_on_outdated_branch": False}, "strict", False, id="outdated"),
    ],
)
def test_each_option_says_what_it_does(server: Server, options: dict, field: str, value: object) -> None:
    assert getattr(layer_of(server, **options), field) == value


def test_when_a_secret_was_changed_stays_unknown(server: Server) -> None:
    serve(server)
    forge = look(server)

    assert isinstance(forge.secrets.repository, Seen)
    assert isinstance(secrets_renewed(forge, datetime(2026, 6, 1, tzinfo=UTC), timedelta(days=90)), Unknown)


def test_a_snapshot_says_the_same_as_the_forge_and_holds_no_token(server: Server, tmp_path) -> None:
    serve(server)
    with Client(TOKEN, api=f"{server.url}/api/v1", proxies=False) as client:
        live = look_forge("acme/rocket", client)
        write_snapshot(tmp_path / "s.json", "acme/rocket", client.pages.values(), client.kind)

    recorded = look_forge("acme/rocket", read_snapshot(tmp_path / "s.json"))

    assert recorded.recorded
    assert (recorded.branches, recorded.secrets, recorded.about) == (live.branches, live.secrets, live.about)
    text = (tmp_path / "s.json").read_text()
    assert TOKEN not in text
    assert "a@example.org" not in text


def test_a_snapshot_of_another_repository_or_an_old_one_is_refused(server: Server, tmp_path) -> None:
    serve(server)
    with Client(TOKEN, api=f"{server.url}/api/v1", proxies=False) as client:
        look_forge("acme/rocket", client)
        kept = write_snapshot(tmp_path / "s.json", "acme/rocket", client.pages.values(), client.kind)

    with pytest.raises(LookError):
        look_forge("acme/other", kept)
    with pytest.raises(LookError):
        look_forge("acme/rocket", kept, now=kept.taken + timedelta(days=30))


def test_the_command_writes_a_snapshot_of_such_a_forge(server: Server, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(server)
    monkeypatch.setenv("TROTH_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    result = CliRunner().invoke(snapshot, ["acme/rocket", "--api", f"{server.url}/api/v1", "-o", str(tmp_path / "s.json")])

    assert result.exit_code == 0, result.output
    assert read_snapshot(tmp_path / "s.json").kind == "gitea"


def test_the_address_says_which_forge_it_is() -> None:
    assert kind_of("https://codeberg.example/api/v1/") == "gitea"
    assert kind_of("https://api.github.com") == "github"
    assert kind_of("https://git.example/api/v3") == "github"
