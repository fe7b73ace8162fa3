import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engines.advisories.intervals import Interval, all_but, end, overlap
from troth.engines.advisories.orders import key_of
from troth.engines.advisories.wishes import intervals_of


def takes(ecosystem, wish, version):
    return any(interval.holds(key_of(ecosystem, version)) for interval in intervals_of(ecosystem, wish))


@pytest.mark.parametrize(
    ("ecosystem", "wish", "inside", "outside"),
    [
        ("npm", "^1.2.3", ("1.2.3", "1.9.0"), ("1.2.2", "2.0.0")),
        ("npm", "^0.2.3", ("0.2.9",), ("0.3.0",)),
        ("npm", "^0.0.3", ("0.0.3",), ("0.0.4",)),
        ("npm", "~1.2", ("1.2.0", "1.2.9"), ("1.3.0",)),
        ("npm", "1.x", ("1.0.0", "1.9.9"), ("2.0.0",)),
        ("npm", "1.2 - 2.3", ("1.2.0", "2.3.9"), ("2.4.0",)),
        ("npm", ">=1.0.0 <2.0.0 || 3.0.0", ("1.5.0", "3.0.0"), ("2.5.0",)),
        ("npm", "*", ("0.0.1", "99.0.0"), ()),
        ("npm", "", ("1.0.0",), ()),
        ("npm", "=1.2.3", ("1.2.3",), ("1.2.4",)),
        ("cargo", "1.2", ("1.2.0", "1.9.0"), ("2.0.0", "1.1.9")),
        ("cargo", "0.3", ("0.3.19",), ("0.4.0",)),
        ("cargo", "=0.3.1", ("0.3.1",), ("0.3.2",)),
        ("cargo", ">= 1.0, < 1.5", ("1.4.9",), ("1.5.0",)),
        ("pypi", "~=1.4.2", ("1.4.2", "1.4.9"), ("1.5.0",)),
        ("pypi", "==1.4.*", ("1.4.0.dev1", "1.4.9"), ("1.5.0",)),
        ("pypi", ">=2,<3", ("2.0", "2.9.9"), ("3.0",)),
        ("golang", "v1.2.3", ("v1.2.3", "v1.9.0"), ("v1.2.2",)),
    ],
)
def test_a_wish_admits_what_its_tool_would_install(ecosystem, wish, inside, outside):
    assert all(takes(ecosystem, wish, version) for version in inside)
    assert not any(takes(ecosystem, wish, version) for version in outside)


@pytest.mark.parametrize(("ecosystem", "wish"), [("npm", "latest-beta"), ("npm", "git+https://x.test/a"), ("cargo", "newest"), ("pypi", ">=one"), ("conda", "1.0"), ("npm", "1" * 3000)])
def test_a_wish_that_cannot_be_read_is_none_and_never_everything(ecosystem, wish):
    assert intervals_of(ecosystem, wish) is None


def test_a_wish_that_nothing_fulfils_admits_nothing():
    assert intervals_of("npm", ">2.0.0 <1.0.0") == ()
    assert intervals_of("pypi", ">2,<1") == ()


NUMBERS = st.integers(0, 6)


def spans(low, high, low_in, high_in):
    return Interval(end("npm", f"{min(low, high)}.0.0", inside=low_in), end("npm", f"{max(low, high)}.0.0", inside=high_in))


INTERVALS = st.builds(spans, NUMBERS, NUMBERS, st.booleans(), st.booleans())


@given(INTERVALS, INTERVALS, NUMBERS)
@settings(max_examples=200, deadline=None)
def test_an_overlap_holds_what_both_hold_and_the_rest_holds_what_no_hole_holds(one, two, number):
    key = key_of("npm", f"{number}.0.0")
    both = overlap(one, two)

    assert (both is not None and both.holds(key)) == (one.holds(key) and two.holds(key))
    assert any(part.holds(key) for part in all_but((one, two))) == (not one.holds(key) and not two.holds(key))


@given(st.sampled_from(("npm", "cargo", "pypi", "golang")), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_wish_makes_the_reader_fail(ecosystem, wish):
    found = intervals_of(ecosystem, wish)
    assert found is None or isinstance(found, tuple)
