import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.judgement.version_ranges import parse_range, parse_version


@given(st.text(max_size=60))
def test_no_text_makes_the_parsers_fail(text):
    parse_range(text)
    parse_version(text)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=4), st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_versions_are_ordered_as_their_numbers_are(first, second):
    padded = [(numbers + [0] * 5)[:5] for numbers in (first, second)]
    left, right = (parse_version(".".join(map(str, numbers))) for numbers in (first, second))

    assert (left < right) is (padded[0] < padded[1])


@pytest.mark.parametrize(
    "text, inside, outside",
    [
        ("1.0.x", ["1.0.0", "1.0.9", "v1.0.3", "1.0.0-rc.1"], ["1.1.0", "0.9.9", "1.1.0-alpha"]),
        ("< 1.0", ["0.9.9", "0.1.0"], ["1.0.0", "1.0.0-rc.1", "2.0"]),
        ("<= 1.2", ["1.2.9", "1.0"], ["1.3.0"]),
        (">= 2.0", ["2.0.0", "3.1"], ["1.9.9"]),
        ("1.2 and newer", ["1.2.0", "4.0"], ["1.1.9"]),
        ("1.2 and below", ["1.2.5", "0.1"], ["1.3.0"]),
        ("0.1.0-alpha.x", ["0.1.0-alpha.1", "0.1.0a7"], ["0.1.0", "0.1.0-beta.1", "0.2.0-alpha.1"]),
        ("< 0.1.0-alpha.2", ["0.1.0-alpha.1", "0.0.9"], ["0.1.0-alpha.2", "0.1.0"]),
        ("v2.x", ["2.0.0", "2.9.9"], ["3.0.0"]),
        ("1", ["1.0.0", "1.9"], ["2.0"]),
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        ("**1.x.x** (LTS)", ["1.5.0"], ["2.0.0"]),
        ("my-tool 3.x", ["3.1.0"], ["2.0.0"]),
        ("latest release", ["0.1", "9.9"], []),
        ("main branch", [], ["1.0"]),
    ],
)
def test_a_range_holds_what_people_mean_by_it(text, inside, outside):
    found = parse_range(text)

    assert found is not None
    assert all(found.holds(parse_version(version)) for version in inside)
    assert not any(found.holds(parse_version(version)) for version in outside)


@pytest.mark.parametrize("text", ["", "All others", ":white_check_mark:", "Yes", "Older versions", "n/a", "1.2 to"])
def test_what_is_no_range_is_none(text):
    assert parse_range(text) is None


def test_pre_releases_come_before_their_release():
    order = ["1.0.dev1", "1.0a1", "1.0-beta.2", "1.0rc1", "1.0", "1.0.1-alpha", "1.0.1"]

    versions = [parse_version(text) for text in order]
    assert versions == sorted(versions)
    assert [version.prerelease for version in versions] == [True, True, True, True, False, True, False]


@pytest.mark.parametrize(("text", "same_as"), [("2.x @acme/desk", "2.x"), ("< 2.0 any", "< 2.0"), ("1.x any package", "1.x")])
def test_a_package_beside_a_range_changes_nothing_about_it(text: str, same_as: str) -> None:
    assert parse_range(text) == parse_range(same_as) is not None
