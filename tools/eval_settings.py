"""Measures promises that wait on forge settings: each must be right with every option on, with every option off, and with every question refused.

    TROTH_TRUTH=... TROTH_SEEDS=... python tools/eval_settings.py [--verbose]

TROTH_TRUTH holds promises.json and verdicts.json, TROTH_SEEDS the policies. Each policy is put into a repository of its own with a small workflow and owners, snapshots are made by hand
(real snapshot files, read by the real engine), and the promises that the truth calls settings are judged as our own extraction reads them. Right is: kept with everything on,
broken or partly with everything off, unknown with everything refused. Skips, saying so, what is absent.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.controls.cases import FORGE, Case, write_forge
from tests.repositories import MadeCommit, MadeRepository

from troth.app.check import run_check
from troth.app.forge import ForgeSource
from troth.terms.verdict import name_of

NOW = datetime.now(UTC)
RECENT = NOW.isoformat(timespec="seconds").replace("+00:00", "Z")
WORKFLOW = "on: [push, pull_request]\njobs:\n  tests:\n    name: Tests\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
FILES = {".github/workflows/ci.yml": WORKFLOW, ".github/CODEOWNERS": "* @acme/maintainers @someone\n"}
OLD = "2020-01-01T00:00:00Z"


def forge(on: bool) -> dict[str, Any]:
    """Answers with every option that a policy asks for on, or off."""
    switches = ("secret_scanning", "secret_scanning_push_protection", "dependabot_security_updates")
    state = {"status": "enabled" if on else "disabled"}
    reviews = {"required_approving_review_count": int(on), "dismiss_stale_reviews": on, "require_code_owner_reviews": on}
    protection: dict[str, Any] = {
        "enforce_admins": {"enabled": on},
        "allow_force_pushes": {"enabled": not on},
        "allow_deletions": {"enabled": not on},
        "required_status_checks": {"contexts": ["Tests"], "checks": [], "strict": on},
    }
    if on:
        protection |= {"required_pull_request_reviews": reviews, "restrictions": {"users": [{"login": "someone"}], "teams": [], "apps": []}}
    secrets = {"total_count": 1, "secrets": [{"name": "NPM_TOKEN", "updated_at": RECENT if on else OLD, "created_at": OLD}]}
    none: dict[str, Any] = {"total_count": 0, "secrets": []}
    return {
        "": {"full_name": FORGE, "default_branch": "main", "private": False, "archived": False, "has_discussions": on, "security_and_analysis": dict.fromkeys(switches, state)},
        "branches/main/protection": protection,
        "rules/branches/main": [],
        "actions/permissions": {"enabled": True, "allowed_actions": "all" if on else "selected"},
        "actions/permissions/selected-actions": {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": []},
        "actions/permissions/fork-pr-contributor-approval": {"approval_policy": "all_external_contributors" if on else "first_time_contributors_new_to_github"},
        "automated-security-fixes": {"enabled": on, "paused": False},
        "vulnerability-alerts": None if on else 404,
        "private-vulnerability-reporting": {"enabled": on},
        "code-scanning/default-setup": {"state": "configured" if on else "not-configured", "languages": []},
        "code-scanning/analyses": [],
        "actions/secrets": secrets,
        "actions/organization-secrets": none,
        "environments": {"total_count": 0, "environments": []},
        "code-security-configuration": {"status": "enforced", "configuration": {"dependency_graph": "enabled" if on else "disabled", "dependabot_alerts": "enabled" if on else "disabled"}},
    }  # fmt: skip


def verdicts(policy: Path, answers: dict[str, Any] | None) -> dict[tuple[int, str], str]:
    """Verdict by (line, control) of a policy under a snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        MadeRepository(root).commit(MadeCommit(files={**FILES, "SECURITY.md": policy.read_text()}))
        snapshot = Path(folder) / "forge.json"
        write_forge(Case("", "", forge=answers if answers is not None else {"": 403}), snapshot, NOW)
        result = run_check(root, forge=ForgeSource(snapshot, FORGE))
    found: dict[tuple[int, str], str] = {}
    for finding in result.findings:
        for line in finding.promise.statement.lines:
            found[line, finding.promise.control] = name_of(finding.verdict)
    return found


def wanted_lines(truth: Path) -> list[dict[str, Any]]:
    """Promises of the truth that settings decide."""
    basis = {entry["id"]: entry["basis"] for entry in json.loads((truth / "verdicts.json").read_text())}
    return [entry for entry in json.loads((truth / "promises.json").read_text()) if basis.get(entry["id"]) == "settings"]


def main() -> int:
    """Print the table; 0 if every promise is right in all three states."""
    truth, seeds = os.environ.get("TROTH_TRUTH", ""), os.environ.get("TROTH_SEEDS", "")
    if not truth or not seeds or not (Path(truth) / "verdicts.json").is_file():
        print("skipped: TROTH_TRUTH and TROTH_SEEDS do not name the truth and the policies")
        return 0
    from troth.check.catalogue import shipped

    catalogue = shipped()
    states: dict[str, dict[str, Any] | None] = {"on": forge(True), "off": forge(False), "refused": None}
    right = {"on": ("kept",), "off": ("broken", "partly"), "refused": ("unknown",)}
    told: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    wrong = 0
    promises = wanted_lines(Path(truth))
    for promise in promises:
        policy = Path(seeds) / Path(promise["seed_file"]).name
        control = catalogue.resolve(promise["control"])
        row = []
        for state, answers in states.items():
            if (policy.name, state) not in told:
                told[policy.name, state] = verdicts(policy, answers)
            row.append(next((told[policy.name, state][line, control.id] for line in promise["lines"] if control and (line, control.id) in told[policy.name, state]), "not read"))
        good = [verdict in right[state] for state, verdict in zip(states, row, strict=True)]
        wrong += not all(good)
        print(f"{promise['id']:5} {promise['control']:28} on {row[0]:9} off {row[1]:9} refused {row[2]:9} {'' if all(good) else 'WRONG'}")
    print(f"settings promises right in all three states: {len(promises) - wrong} of {len(promises)}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
