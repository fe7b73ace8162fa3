import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engines.advisories.orders import ORDERS, UnorderableError, key_of

CONFORMANCE = os.environ.get("TROTH_CONFORMANCE")
TABLES = {
    "pypi-versions-generated.txt": ("pypi", 12_375),
    "pypi-versions.txt": ("pypi", 37),
    "semver-versions.txt": ("npm", 86),
    "rubygems-versions.txt": ("gem", 22),
    "maven-versions-generated.txt": ("maven", 14_752),
}


def holds(ecosystem, line):
    left, sign, right = line.split(" ")
    one, two = key_of(ecosystem, left), key_of(ecosystem, right)
    return {"<": one < two, ">": one > two, "=": one == two}[sign]


@pytest.mark.skipif(CONFORMANCE is None, reason="TROTH_CONFORMANCE is not set")
@pytest.mark.parametrize("table", TABLES)
def test_every_line_of_the_fields_table_of_versions_holds(table):
    ecosystem, least = TABLES[table]
    text = (Path(CONFORMANCE) / "versions" / table).read_text(encoding="utf-8")
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("//")]
    wrong = [line for line in lines if not holds(ecosystem, line)]

    assert len(lines) >= least
    assert not wrong, (len(wrong), wrong[:20])


@pytest.mark.parametrize(
    ("ecosystem", "line"),
    [
        ("pypi", "1.0.dev1 < 1.0a1"),
        ("pypi", "1.0 = 1.0.0"),
        ("pypi", "1!0.1 > 2.0"),
        ("pypi", "9.9-onix < 0.0.1.dev1"),
        ("npm", "1.0.0-alpha.9 < 1.0.0-alpha.10"),
        ("npm", "1.0.0-9 < 1.0.0-a"),
        ("cargo", "0.0.0-0 < 0.0.0"),
        ("golang", "v1.2.3 = 1.2.3"),
        ("golang", "v0.0.0-20240101000000-abcdefabcdef < v0.0.1"),
        ("gem", "1.0.0.rc1 < 1.0.0"),
        ("gem", "1.0 = 1.0.0"),
        ("gem", "1.0-1 < 1.0"),
        ("maven", "1.0-alpha-1 = 1.0a1"),
        ("maven", "1.0-SNAPSHOT < 1.0"),
        ("maven", "1.0-sp > 1.0"),
        ("maven", "1.0.0 = 1"),
        ("maven", "1-1.foo-bar-1-baz-0.1 = 1-1.foo-bar-1-baz-.1"),
    ],
)
def test_an_order_is_as_its_registry_tells_it(ecosystem, line):
    assert holds(ecosystem, line)


@pytest.mark.parametrize(("ecosystem", "text"), [("npm", "latest"), ("cargo", ""), ("pypi", "***"), ("gem", "a b"), ("maven", " "), ("deb", "1"), ("npm", "1" * 400)])
def test_what_is_no_version_is_refused_and_never_sorted_somewhere(ecosystem, text):
    with pytest.raises(UnorderableError):
        key_of(ecosystem, text)


PIECES = st.lists(st.sampled_from(["0", "1", "2", "10", ".", "-", "_", "+", "a", "alpha", "b", "rc", "final", "sp", "x", "dev", "post", "v", "!"]), min_size=1, max_size=8)


@given(st.sampled_from(sorted(ORDERS)), PIECES, PIECES, PIECES)
@settings(max_examples=300, deadline=None)
def test_every_order_is_total_wherever_it_takes_the_versions(ecosystem, first, second, third):
    try:
        one, two, three = (key_of(ecosystem, "".join(each)) for each in (first, second, third))
    except UnorderableError:
        return
    assert (one < two) + (one > two) + (one == two) == 1
    if ecosystem != "maven" and one <= two <= three:
        assert one <= three
