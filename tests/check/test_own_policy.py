"""Troth's own policy is heard as it is meant: a sentence that is taken for another control is judged wrongly, and it may show on one clone and not on another.

Whether it is kept is not asked here; the gate runs `troth check .`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.check.catalogue import shipped
from troth.policy.match import match
from troth.policy.reading import read

POLICY = Path(__file__).resolve().parents[2] / "SECURITY.md"
MEANT = {
    "0.1.x": ["versions/supported-table"],
    "open a public issue": ["report/no-public-issue"],
    "within 5 days": ["report/ack-within"],
    "minimal permissions": ["ci/minimal-permissions"],
    "pinned to a full commit SHA": ["ci/actions-pinned"],
    "pull requests from forks": ["ci/secret-unreachable-from-fork-pr"],
    "Ruff runs": ["code/scan-tool-runs"],
    "zizmor audits": ["code/scan-tool-runs"],
    "pip-audit scans": ["deps/vuln-scan"],
    "pinned to exact versions": ["deps/pinned"],
    "Dependabot opens": ["deps/update-bot"],
}


@pytest.mark.parametrize("words", MEANT)
def test_a_sentence_of_our_policy_is_heard_as_it_is_meant(words):
    reading = read(POLICY.read_text(encoding="utf-8"), "SECURITY.md")
    promises = match(reading.statements, shipped())
    heard = [promise.control for promise in promises if words in promise.statement.text]
    assert heard == MEANT[words]
