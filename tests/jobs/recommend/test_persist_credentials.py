"""Checkouts that leave no credentials behind: what the module changes, leaves and names."""

from __future__ import annotations

import pytest
import yaml

from tests.jobs.recommend.made import advice, after, complaint, facts, gaps
from troth.jobs.recommend.recommendation import Recommendation

CI = ".github/workflows/ci.yml"


def plain(text: str) -> object:
    return yaml.load(text, Loader=yaml.BaseLoader)


def workflow(steps: list[str], newline: str) -> str:
    return ("on: [push]\n\n# jobs\njobs:\n  a:\n    runs-on: x\n    steps:\n" + "".join(f"      {step}\n" for step in steps)).replace("\n", newline)


LEFT = complaint("ci/credentials-not-persisted")


@pytest.mark.parametrize(
    "step",
    [
        "- uses: actions/checkout@v4",
        "- uses: Actions/Checkout@v4  # the code\n        name: get it",
        "- name: get it\n        uses: 'actions/checkout@v4'\n\n      # next",
        "- uses: actions/checkout@v4\n        with:\n          fetch-depth: 0  # all",
        "- uses: actions/checkout@v4\n        with: {fetch-depth: 0}",
        "- uses: actions/checkout@v4\n        with: {}",
        "- {uses: actions/checkout@v4}",
        "- {uses: actions/checkout@v4, with: {fetch-depth: 0}}",
        "- uses: actions/checkout@v4\n        with:\n          persist-credentials: true",
        '- uses: actions/checkout@v4\n        with:\n          Persist-Credentials: "yes"',
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_checkout_leaves_nothing_behind_and_the_rest_stays(step: str, newline: str) -> None:
    text = workflow([step, "- run: make"], newline)
    now = after("persist-credentials", facts([LEFT], {CI: text}))[CI]
    before, told = plain(text)["jobs"]["a"]["steps"], plain(now)["jobs"]["a"]["steps"]  # type: ignore[index,call-overload]
    inputs = {name.lower(): value for name, value in told[0]["with"].items()}
    rest = {name: value for name, value in inputs.items() if name != "persist-credentials"}

    assert "false" == inputs["persist-credentials"]
    assert {name.lower(): value for name, value in before[0].get("with", {}).items() if name.lower() != "persist-credentials"} == rest
    assert before[1:] == told[1:]
    assert now.count("\n") == now.count(newline)
    assert text.count("#") == now.count("#")
    assert {} == after("persist-credentials", facts([LEFT], {CI: now}))


@pytest.mark.parametrize(
    "later",
    ["- run: git push", "- run: git -c user.name=x push origin main", "- run: mkdocs gh-deploy --force", "- uses: stefanzweifel/git-auto-commit-action@v5", "- run: npx semantic-release"],
)
def test_a_job_that_pushes_keeps_its_token_and_is_named(later: str) -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: make\n  b:\n    steps:\n      - uses: actions/checkout@v4\n      " + later + "\n"
    given = facts([LEFT], {CI: text})
    told = plain(after("persist-credentials", given)[CI])["jobs"]  # type: ignore[index,call-overload]

    assert {"persist-credentials": "false"} == told["a"]["steps"][0]["with"]
    assert "with" not in told["b"]["steps"][0]
    assert ["job b" in one.missing for one in gaps("persist-credentials", given)] == [True]


@pytest.mark.parametrize("step", ["- uses: actions/checkout@v4\n        with:\n          persist-credentials: ${{ vars.X }}", "- uses: somebody/checkout@v4", "- uses: actions/checkout@v4\n        with:\n          persist-credentials: False"])
def test_what_an_expression_says_or_is_said_already_stays(step: str) -> None:
    assert {} == after("persist-credentials", facts([LEFT], {CI: workflow([step], "\n")}))


def test_a_first_version_has_no_such_input_and_is_named() -> None:
    given = facts([LEFT], {CI: workflow(["- uses: actions/checkout@v1"], "\n")})

    assert {} == after("persist-credentials", given)
    assert ["newer checkout" in one.missing for one in gaps("persist-credentials", given)] == [True]


def test_an_action_of_the_repository_s_own_is_mended_too_and_a_fetch_is_a_caution() -> None:
    action = "name: set up\nruns:\n  using: composite\n  steps:\n    - uses: actions/checkout@v4\n    - run: git fetch --tags\n      shell: bash\n"
    given = facts([LEFT], {"act/action.yml": action})
    now = after("persist-credentials", given)["act/action.yml"]
    (one,) = [one for one in advice("persist-credentials", given) if isinstance(one, Recommendation)]

    assert "false" == plain(now)["runs"]["steps"][0]["with"]["persist-credentials"]  # type: ignore[index,call-overload]
    assert ["token of its own" in caution for caution in one.cautions] == [True]
