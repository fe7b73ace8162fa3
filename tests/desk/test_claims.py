from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timing import processor_seconds
from troth.app.claims import check_report, sources_at
from troth.desk.claims import MAX_CLAIMS, Kind, State, check_claims, find_claims, summary
from troth.desk.promises import ScopeRule
from troth.desk.triage import touches
from troth.errors import LookError
from troth.terms.place import Place


def cited(text: str) -> set[tuple[str, str]]:
    return {(claim.kind.value, f"{claim.path}:{claim.line}-{claim.end}" if claim.line else claim.path or claim.name) for claim in find_claims(text)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The bug is in src/leaf/loader.py:42.", {("line", "src/leaf/loader.py:42-42")}),
        ("See `src/leaf/loader.py#L10-L20`", {("line", "src/leaf/loader.py:10-20")}),
        ("On line 12 of loader.py", {("line", "loader.py:12-12")}),
        ("in loader.py, line 7", {("line", "loader.py:7-7")}),
        ("We looked at leaf/net/tls.c and found", {("file", "leaf/net/tls.c")}),
        ("calling parse_header() with", {("symbol", "parse_header")}),
        ("the method `Loader.open_member` follows", {("symbol", "Loader.open_member")}),
        ("in `leaf::net::readFrame`", {("symbol", "leaf::net::readFrame")}),
        ("the function decode_block overflows", {("symbol", "decode_block")}),
        ("run it with --allow-links", {("option", "--allow-links")}),
        ("tested on version 1.2.3", {("version", "1.2.3")}),
        ("introduced in commit 1a2b3c4d5e", {("commit", "1a2b3c4d5e")}),
        ('  File "/usr/lib/python3/site-packages/leaf/loader.py", line 42, in open_member', {("line", "leaf/loader.py:42-42"), ("symbol", "open_member")}),
        ("    at readFrame (src/net/frame.js:10:4)", {("line", "src/net/frame.js:10-10"), ("symbol", "readFrame")}),
        ("#2 decode_block (src/dec.c:99)", {("line", "src/dec.c:99-99"), ("symbol", "decode_block")}),
        ("my exploit is poc.py, run it", set()),
        ("Please note that this is a bug, for example with the files. See e.g. https://maple.example/x", set()),
        ("An attacker (who is remote) calls print() and eval().", set()),
    ],
)
def test_what_a_report_cites_is_read(text: str, wanted: set) -> None:
    assert cited(text) == wanted


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    assert len(find_claims(text)) <= MAX_CLAIMS


@pytest.mark.parametrize("text", ["a/" * 50_000, "src/" + "a" * 100_000 + ".py", "`" * 100_000, "a.b" * 50_000, "(" * 100_000, "line 1 of " * 20_000, "at " * 60_000, "--a-" * 50_000, "version " * 25_000, "a::b->" * 30_000, "x_" * 90_000])
def test_hostile_texts_take_no_time(text: str) -> None:
    with processor_seconds(2):
        find_claims(text)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("leaf")

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments], check=True, capture_output=True)

    git("init", "-q")
    (root / "src" / "leaf").mkdir(parents=True)
    (root / "src" / "leaf" / "loader.py").write_text("class Loader:\n    def open_member(self, name):\n        return name\n\n\ndef main(arguments):\n    arguments.option('--allow-links')\n")
    (root / "data.py").write_bytes(b"\x00\x01binary")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("tag", "v1.0.0")
    (root / "src" / "leaf" / "loader.py").write_text("def renamed_member(name):\n    return name  # was open_member\n")
    (root / "-e evil.py").write_text("x = 1\n")
    git("add", "-A")
    git("commit", "-qm", "two")
    git("tag", "leaf-1.1.0")
    return root


def states(root: Path, text: str, version: str = "") -> dict[str, State]:
    return {one.claim.text: one.state for one in check_report(root, text, version).checked}


REPORT = "In version 1.0.0, `Loader.open_member` (src/leaf/loader.py:2) follows links; see src/leaf/loader.py:400, `sanitize_member()`, lib/unzip.c and --allow-links, --no-checks. Commit 1234567abc."


def test_what_does_not_exist_at_the_stated_version_is_listed(repository: Path) -> None:
    found = check_report(repository, REPORT)

    assert found.label == "1.0.0 (tag v1.0.0)"
    missing = [one.claim.text for one in found.checked if one.state is State.MISSING]
    assert missing == ["src/leaf/loader.py:400", "sanitize_member", "lib/unzip.c", "--no-checks", "1234567abc"]
    assert found.says == "5 of 9 things that the report cites do not exist at 1.0.0 (tag v1.0.0)."
    assert next(one.place for one in found.checked if one.claim.name == "Loader.open_member") == "src/leaf/loader.py:2"


def test_another_version_gives_another_answer(repository: Path) -> None:
    assert states(repository, "`Loader.open_member` fails", "1.0.0") == {"Loader.open_member": State.EXISTS}
    assert states(repository, "`Loader.open_member` fails", "1.1.0") == {"Loader.open_member": State.UNSURE}


def test_a_version_without_a_tag_is_said_and_head_is_looked_at(repository: Path) -> None:
    found = check_report(repository, "version 9.9.9: `renamed_member`")

    assert found.label.startswith("HEAD")
    assert "9.9.9 has no tag" in found.label
    assert {one.claim.text: one.state for one in found.checked} == {"9.9.9": State.MISSING, "renamed_member": State.EXISTS}


@pytest.mark.parametrize("text", ["see ../../etc/passwd.txt", "see /etc/hosts.conf and ~/x.py", "`--output=/tmp/x`", "--open-files-in-pager", "`-e evil.py`", "see -e evil.py", "`$(touch x)` and `a;b`", "commit 0000000aaaa^{tree}"])
def test_names_from_a_report_are_data_for_git(repository: Path, text: str) -> None:
    before = sorted(path.name for path in repository.iterdir())
    for one in check_report(repository, text).checked:
        assert one.state is not State.EXISTS or one.claim.kind is Kind.FILE
    assert sorted(path.name for path in repository.iterdir()) == before


def test_a_binary_file_has_no_lines(repository: Path) -> None:
    assert sources_at(repository).line_count("data.py") is None
    assert states(repository, "in data.py:3") == {"data.py:3": State.UNSURE}


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with pytest.raises(LookError):
        check_report(tmp_path, "x")


def test_a_report_that_cites_nothing_says_so() -> None:
    assert summary((), "HEAD") == "The report cites nothing that could be looked up."


class Nothing:
    label = "HEAD"

    def paths(self):
        return ("a/x.py", "b/x.py")

    def line_count(self, path: str):
        return 10 if path == "a/x.py" else 3

    def find(self, names):
        return {}

    def has_version(self, version: str) -> bool:
        return False

    def has_commit(self, commit: str) -> bool:
        return False


def test_two_files_of_one_name_leave_it_unsure() -> None:
    assert [one.state for one in check_claims(find_claims("x.py:5 and see x.py:11"), Nothing())] == [State.UNSURE, State.MISSING]


def rule(direction: str, item: str, line: int, *weaknesses: str) -> ScopeRule:
    return ScopeRule(direction, item, weaknesses, Place("SECURITY.md", line))


RULES = (
    rule("out", "issues requiring physical access to the host system", 1),
    rule("out", "social engineering attacks", 2),
    rule("in", "path traversal attacks", 3, "CWE-22"),
    rule("out", "brute force attacks on properly configured rate-limited endpoints", 4, "CWE-307"),
)


@pytest.mark.parametrize(
    ("text", "weaknesses", "lines"),
    [
        ("With physical access to a host, an attacker reads the system's disk.", (), [1]),
        ("I used social engineering to get the password", (), [2]),
        ("Path traversals in the loader", (), [3]),
        ("The loader writes outside its folder (CWE-22)", (), [3]),
        ("Anything", ("cwe-307",), [4]),
        ("A buffer overflow in the decoder", (), []),
        ("The system", (), []),
    ],
)
def test_scope_lines_become_rules_of_triage(text: str, weaknesses: tuple, lines: list[int]) -> None:
    assert [touch.rule.place.line for touch in touches(RULES, text, weaknesses)] == lines


def test_words_that_stand_far_apart_touch_nothing() -> None:
    far = "social " + "and then something else happened " * 40 + "engineering"
    assert touches(RULES, far) == ()
