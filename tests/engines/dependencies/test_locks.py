import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import refusal, tree_of
from troth.engines.dependencies import look
from troth.engines.dependencies.locks import KINDS, kind_of, parse_lock
from troth.engines.documents import DocumentError

CONFORMANCE = os.environ.get("TROTH_CONFORMANCE")
FOLDERS = {
    "bunlock": "bun.lock", "cargolock": "Cargo.lock", "packagelockjson": "package-lock.json", "pdmlock": "pdm.lock", "pipfilelock": "Pipfile.lock",
    "pnpmlock": "pnpm-lock.yaml", "poetrylock": "poetry.lock", "pylock": "pylock.toml", "uvlock": "uv.lock", "yarnlock": "yarn.lock",
}  # fmt: skip
PARSED = sorted(kind for kind, (parser, _) in KINDS.items() if parser is not None)


def packages(kind, text):
    return [(item.name, item.version, item.line) for item in parse_lock(kind, text)]


@given(st.sampled_from(PARSED), st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_a_lock_parser_fail_in_another_way_than_its_own(kind, text):
    error = refusal(parse_lock, kind, text)
    assert error is None or error.says


@given(
    st.sampled_from(PARSED),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    (
                        "packages",
                        "dependencies",
                        "default",
                        "name",
                        "version",
                        "resolved",
                        "node_modules/a",
                        "lockfileVersion",
                        "a@1.0.0",
                    )
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    ),
)
@settings(max_examples=200, deadline=None)
def test_no_json_of_any_shape_makes_a_lock_parser_fail(kind, data):
    error = refusal(parse_lock, kind, json.dumps(data))
    assert error is None or error.says


def test_names_of_lock_files_are_known_wherever_they_lie():
    assert kind_of("a/b/poetry.lock") == "poetry.lock"
    assert kind_of("pylock.dev.toml") == "pylock.toml"
    assert kind_of("npm-shrinkwrap.json") == "package-lock.json"
    assert kind_of("lock.txt") is None


def test_a_python_lock_names_each_package_with_its_line():
    text = 'version = 1\n\n[[package]]\nname = "Flask"\nversion = "3.0.3"\nsource = { registry = "https://x.test" }\nsdist = { url = "u", hash = "sha256:0" }\n\n[[package]]\nname = "own"\nversion = "1"\nsource = { editable = "." }\n'

    assert packages("uv.lock", text) == [("flask", "3.0.3", 3)]
    assert parse_lock("uv.lock", text)[0].hashed


def test_both_forms_of_npm_locks_are_read():
    old = '{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}'
    new = '{"lockfileVersion": 3, "packages": {"": {"name": "x"}, "node_modules/a": {"version": "1.0.0"}, "node_modules/a/node_modules/@s/b": {"version": "2.0.0"}, "node_modules/l": {"link": true}}}'

    assert [item[:2] for item in packages("package-lock.json", old)] == [("a", "1.0.0"), ("b", "2.0.0")]
    assert [item[:2] for item in packages("package-lock.json", new)] == [("a", "1.0.0"), ("@s/b", "2.0.0")]


@pytest.mark.parametrize(
    "text",
    [
        "lockfileVersion: 5.4\npackages:\n  /@s/a/1.0.0_b@2:\n    resolution: {integrity: sha512-x}\n",
        "lockfileVersion: '6.0'\npackages:\n  /@s/a@1.0.0(b@2):\n    resolution: {integrity: sha512-x}\n",
        "lockfileVersion: '9.0'\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-x}\n",
    ],
)
def test_every_pnpm_version_names_the_same_package(text):
    assert packages("pnpm-lock.yaml", text) == [("@s/a", "1.0.0", 3)]


def test_both_forms_of_yarn_locks_are_read():
    assert packages(
        "yarn.lock",
        '# yarn lockfile v1\n\n\n"@s/a@^1.0.0", "@s/a@^1.1.0":\n  version "1.2.0"\n  resolved "https://x.test/a.tgz#00"\n',
    ) == [("@s/a", "1.2.0", 4)]
    assert packages(
        "yarn.lock",
        '__metadata:\n  version: 8\n\n"@s/a@npm:^1.0.0":\n  version: 1.2.0\n  resolution: "@s/a@npm:1.2.0"\n  checksum: 00\n',
    ) == [("@s/a", "1.2.0", 4)]


def test_rust_and_go_locks_leave_the_project_itself_out():
    assert packages(
        "Cargo.lock",
        'version = 4\n\n[[package]]\nname = "own"\nversion = "1.0.0"\n\n[[package]]\nname = "syn"\nversion = "2.0.1"\nsource = "registry+https://x.test"\nchecksum = "0"\n',
    ) == [("syn", "2.0.1", 7)]
    assert packages("go.sum", "x.test/a v1.0.0 h1:aaa=\nx.test/a v1.0.0/go.mod h1:bbb=\n") == [
        ("x.test/a", "v1.0.0", 1)
    ]


def test_a_damaged_line_is_named():
    with pytest.raises(DocumentError) as caught:
        parse_lock("go.sum", "x.test/a v1.0.0 h1:aaa=\nrubbish\n")

    assert caught.value.line == 2


def test_a_lock_of_twenty_thousand_packages_is_read_in_seconds():
    text = (
        '{"lockfileVersion": 3, "packages": {'
        + ",\n".join(f'"node_modules/p{n}": {{"version": "1.0.{n}"}}' for n in range(20_000))
        + "}}"
    )

    assert len(parse_lock("package-lock.json", text)) == 20_000


@pytest.mark.skipif(CONFORMANCE is None, reason="TROTH_CONFORMANCE is not set")
@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_each_lock_file_of_the_field_is_read_or_refused_with_a_reason(folder):
    refused = 0
    for path in sorted(Path(CONFORMANCE, "lockfiles", folder).iterdir()):
        text = path.read_text(encoding="utf-8", errors="replace")
        error = refusal(parse_lock, FOLDERS[folder], text)
        if error is None:
            assert all(item.name and item.version for item in parse_lock(FOLDERS[folder], text)), path.name
            continue
        refused += 1
        assert error.says
        assert any(word in path.name for word in ("not-", "bad", "invalid", "null", "no-version", "empty-file")), (
            path.name
        )
    assert refused


@pytest.mark.parametrize("kind", PARSED)
def test_a_lock_of_a_hundred_megabytes_is_refused_at_once(kind):
    begun = time.process_time()
    error = refusal(parse_lock, kind, "x.test/a v1.0.0 h1:aaa=\n" * 4_200_000)

    assert "longer than" in error.says
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("package-lock.json", '{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/a": {"version": "2.0.0"}}}'),
        ("Pipfile.lock", '{"default": {"a": {"version": "==1"}, "a": {"version": "==2"}}}'),
        ("bun.lock", '{"packages": {"a": ["a@1.0.0"], "a": ["a@2.0.0"],}}'),
        ("poetry.lock", '[[package]]\nname = "a"\nname = "b"\nversion = "1"\n'),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  'a@1.0.0': {resolution: {integrity: x}}\n  'a@1.0.0': {resolution: {integrity: y}}\n"),
    ],
)
def test_a_key_that_stands_twice_is_refused_or_told_twice_and_never_silently_one(kind, text):
    error = refusal(parse_lock, kind, text)
    assert error is not None or len(parse_lock(kind, text)) == 2


@pytest.mark.parametrize("kind", ["package-lock.json", "Pipfile.lock", "bun.lock", "poetry.lock", "uv.lock", "pdm.lock", "Cargo.lock", "pylock.toml"])
def test_a_lock_that_breaks_off_is_refused(kind):
    text = '{"packages": {"node_modules/a": {"vers' if kind.endswith(("json", "bun.lock")) or kind == "Pipfile.lock" else '[[package]]\nname = "a"\nversion = "1.'
    assert refusal(parse_lock, kind, text).says


@pytest.mark.skipif(CONFORMANCE is None, reason="TROTH_CONFORMANCE is not set")
def test_all_files_of_the_fields_collection_are_read_or_refused_with_a_place():
    counted, refused = 0, []
    for path in sorted(Path(CONFORMANCE, "lockfiles").rglob("*")):
        if not path.is_file() or path.name == "LICENSE":
            continue
        counted += 1
        folder = path.parent.name
        if folder == "requirements":
            name, files = "requirements.txt", {each.name: each.read_bytes() for each in path.parent.iterdir()}
            tree = tree_of({**files, name: path.read_bytes()})
        else:
            name = FOLDERS[folder]
            tree = tree_of({name: path.read_bytes()})
        found = look(tree)
        refused += [(path.name, problem) for problem in found.problems if problem.place.path == name]
        known = bool(found.manifest(name)) if folder == "requirements" else any(lock.path == name for lock in found.locks)
        assert known or found.problem(name), path
    assert counted == 179, "every file but the licence"
    assert all(problem.says and problem.place.path for _, problem in refused)
