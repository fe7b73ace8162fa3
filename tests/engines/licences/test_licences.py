import pytest

from tests.engines.trees import tree_of
from troth.engines.dependencies import look as dependencies_of
from troth.engines.licences import look
from troth.judgement.licences import LicenceRule, rule_of, satisfies

pytest.importorskip("license_expression", reason="the extra `licences` is not installed")
NO_GPL = LicenceRule(deny=("GPL", "AGPL"))
MIT = LicenceRule(allow=("MIT", "Apache", "BSD"))


def licences(files):
    tree = tree_of(files)
    return look(tree, dependencies_of(tree))


@pytest.mark.parametrize(
    ("expression", "rule", "good"),
    [
        ("MIT", NO_GPL, True),
        ("GPL-3.0-only", NO_GPL, False),
        ("LGPL-2.1-only", NO_GPL, True),
        ("GPL-2.0-only OR MIT", NO_GPL, True),
        ("GPL-2.0-only AND MIT", NO_GPL, False),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", MIT, True),
        ("MIT AND MPL-2.0", MIT, False),
        ("MITNFA", MIT, False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", NO_GPL, False),
        ("SEE LICENSE IN eula.txt", NO_GPL, None),
        ("UNLICENSED", MIT, None),
        ("", MIT, None),
        ("MIT OR Unheard-Of-1.0", MIT, None),
        ("(" * 500, MIT, None),
        ("MIT AND", MIT, None),
    ],
)
def test_an_expression_is_weighed_as_spdx_means_it(expression, rule, good):
    assert satisfies(expression, rule) is good


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("No GPL or AGPL dependencies", LicenceRule(deny=("GPL", "AGPL"))),
        ("Only MIT, Apache-2.0 and BSD licensed packages", LicenceRule(allow=("MIT", "Apache", "BSD"))),
        ("We review licenses", None),
        ("MIT licensed", None),
    ],
)
def test_a_sentence_states_a_rule_or_none(sentence, rule):
    assert rule_of(sentence) == rule


def test_licences_of_npm_locks_are_read_with_their_lines():
    lock = '{\n"packages": {\n"": {"name": "a"},\n"node_modules/x": {"version": "1.0.0", "license": "MIT"},\n"node_modules/y": {"version": "1.0.0", "license": {"type": "ISC"}},\n"node_modules/z": {"version": "1.0.0"}\n}}'
    found = licences({"package.json": '{"name": "a"}', "package-lock.json": lock})

    assert [(item.name, item.expression, item.place.line) for item in found.packages] == [("x", "MIT", 4), ("y", "ISC", 5), ("z", "", 6)]


def test_vendored_packages_tell_their_own():
    found = licences(
        {
            "vendor/left/package.json": '{"name": "left", "version": "1.0.0", "licenses": [{"type": "MIT"}, {"type": "GPL-3.0-only"}]}',
            "third_party/x-1.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: x\nVersion: 1.0\nLicense-Expression: BSD-3-Clause\n\nLicense: not a field\n",
            "vendor/broken/package.json": "{",
        }
    )

    assert {(item.name, item.expression) for item in found.packages} == {("left", "MIT OR GPL-3.0-only"), ("x", "BSD-3-Clause")}
    assert found.unread == ("vendor/broken/package.json",)


def test_locks_without_licences_are_silent_and_not_empty():
    found = licences({"Cargo.toml": '[package]\nname = "a"\n', "Cargo.lock": '[[package]]\nname = "s"\nversion = "1.0.0"\nsource = "registry+x"\n'})

    assert found.silent == (("Cargo.lock", 1),)
