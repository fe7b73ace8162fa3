"""Promises about branches are decided by a snapshot of Gitea or Forgejo, end to end from the policy's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.forge.server import TOKEN, Server, running
from tests.engines.forge.test_gitea import GOOD, RULE, serve
from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import run_check
from troth.app.forge import ForgeSource
from troth.engines.forge import look_forge, write_snapshot
from troth.engines.forge.client import Client
from troth.terms.verdict import name_of

POLICY = (
    "# Security\n\n## Branch protection\n\n- The `main` branch is protected\n- All pull requests require at least 2 approving reviews before merge\n- Direct pushes to `main` are not allowed\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    MadeRepository(tmp_path / "tree").commit(MadeCommit(files={"SECURITY.md": POLICY}))
    return tmp_path / "tree"


def verdicts(tree: Path, **changed: object) -> dict[str, set[str]]:
    with running(Server()) as server:
        serve(server, **changed)
        with Client(TOKEN, api=f"{server.url}/api/v1", proxies=False) as client:
            look_forge("acme/rocket", client)
            write_snapshot(tree.parent / "forge.json", "acme/rocket", client.pages.values(), client.kind)
    found: dict[str, set[str]] = {}
    for one in run_check(tree, forge=ForgeSource(tree.parent / "forge.json", "acme/rocket")).findings:
        if one.promise.control.startswith("branch/"):
            found.setdefault(one.promise.control, set()).add(name_of(one.verdict))
    return found


def test_a_strict_rule_keeps_what_is_promised(tree: Path) -> None:
    found = verdicts(tree)

    assert {"branch/protected", "branch/review_required".replace("_", "-")} <= set(found)
    assert set().union(*found.values()) == {"kept"}


def test_an_open_branch_breaks_it(tree: Path) -> None:
    found = verdicts(tree, branch={**GOOD["branch"], "protected": False, "effective_branch_protection_name": ""})

    assert "kept" not in set().union(*found.values())
    assert found["branch/protected"] == {"broken"}


def test_administrators_that_are_free_are_said(tree: Path) -> None:
    found = verdicts(tree, protection={**RULE, "block_admin_merge_override": False})

    assert found["branch/review-required"] != {"kept"}


def test_a_rule_that_the_token_may_not_read_decides_nothing(tree: Path) -> None:
    found = verdicts(tree, branch={**GOOD["branch"], "effective_branch_protection_name": ""})

    assert "kept" not in set().union(*found.values())
