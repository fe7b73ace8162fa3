from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.recommend.made import complaint, facts, module
from troth.jobs.recommend.personal import Personal, find, held, without
from troth.jobs.recommend.recommendation import Gap, Proof, Recommendation, RecommendationError

CI = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to jo.doe@corp-mail.org now", ["email"]),
        ("call +49 30 901820 or phone: (030) 90-1820", ["phone", "phone"]),
        ("Signed-off-by: Ana Maria Berg", ["name"]),
        ("Ana Berg <ana@berg-family.net>", ["name", "email"]),
        ("security@corp-mail.org and noreply@github.com and a@example.com", []),
        ("uses: actions/checkout@v4 # v4.2.2", []),
        ("version 1.2.3.4, 2026-11-21T12:00:00Z, sha256 " + "0" * 64, []),
        ("torch.load(path, map_location='cpu')", []),
    ],
)
def test_people_are_found_and_versions_are_not(text: str, kinds: list[str]) -> None:
    assert kinds == [one.kind for one in find(text)]


@given(st.text(max_size=300))
@settings(max_examples=150)
def test_what_was_redacted_holds_no_address_any_more(text: str) -> None:
    mixed = f"{text} jo.doe@corp-mail.org {text}"

    assert "email" not in [one.kind for one in find(without(mixed))]


def spoken() -> Recommendation:
    given_ = facts([complaint("ci/actions-pinned")], {CI: "jobs:\n  a:\n    steps:\n      - uses: o/n@v1\n"}, commits={"o/n@v1": "a" * 40})
    (made,) = module("pin-actions").recommend(given_)
    assert isinstance(made, Recommendation)
    return replace(made, why="Ask jo.doe@corp-mail.org.", evidence=(Proof("file", CI, "0" * 64, "maintainer: jo.doe@corp-mail.org", "Signed-off-by: Ana Berg"),))


def test_evidence_leaves_the_boundary_without_people_or_not_at_all() -> None:
    made = held(spoken(), Personal.REDACT)
    assert isinstance(made, Recommendation)
    assert ("Ask [email].", "", "Signed-off-by: [name]") == (made.why, made.evidence[0].quote, made.evidence[0].says)
    assert spoken().patch == made.patch
    assert spoken() == held(spoken(), Personal.ALLOW)
    with pytest.raises(RecommendationError, match="personal-data"):
        held(spoken(), Personal.REFUSE)


def test_a_gap_and_an_added_line_are_held_too() -> None:
    gap = Gap("m", ("x",), "a word from jo.doe@corp-mail.org", "why")
    assert Gap("m", ("x",), "a word from [email]", "why") == held(gap, Personal.REDACT)
    clean = replace(spoken(), why="x", evidence=())
    assert clean == held(clean, Personal.REFUSE)
    with pytest.raises(RecommendationError):
        held(replace(clean, patch=clean.patch + "+# jo.doe@corp-mail.org\n"), Personal.REFUSE)
