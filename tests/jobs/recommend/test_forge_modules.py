"""Modules whose advice is an action on the forge, not a patch."""

from __future__ import annotations

from tests.jobs.recommend.made import advice, complaint, facts
from troth.jobs.recommend.recommendation import Recommendation


def test_settings_become_actions_with_the_policy_s_numbers() -> None:
    review = complaint("branch/review-required", text="Two approvals are required.", verdict="unknown", how="", codeowners=True)
    checks = complaint("branch/status-checks", text="CI must pass.", checks=["ci", "lint"], line=2)
    (made,) = [item for item in advice("protect-branch", facts([review, checks], {}, repository="o/n", branch="main")) if isinstance(item, Recommendation)]
    feature = complaint("settings/security-features", text="Secret scanning is enabled.", feature="secret-scanning")
    (switched,) = [item for item in advice("security-features", facts([feature], {}, repository="o/n")) if isinstance(item, Recommendation)]

    assert made.action is not None
    assert {"branch": "main", "repository": "o/n", "approvals": 2, "code_owners": True, "checks": ["ci", "lint"], "strict": False} == dict(made.action.params)
    assert switched.action is not None
    assert ["secret-scanning"] == switched.action.params["features"]


def test_an_issue_quotes_without_calling_anyone() -> None:
    one = complaint("x/y", text="We love `@everyone` <b>", because="@somebody did not.")
    (made,) = [item for item in advice("open-issue", facts([one], {}, repository="o/n")) if isinstance(item, Recommendation)]

    assert made.action is not None
    body = str(made.action.params["body"])
    assert "`We love '@everyone' <b>`" in body
    assert "@somebody" not in body


def test_a_sentence_that_names_two_switches_has_both_switched_on() -> None:
    both = complaint("settings/security-features", text="Secret scanning and push protection are enabled.", feature="push-protection")
    (made,) = [item for item in advice("security-features", facts([both], {}, repository="o/n")) if isinstance(item, Recommendation)]

    assert made.action is not None
    assert ["push-protection", "secret-scanning"] == made.action.params["features"]
