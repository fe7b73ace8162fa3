from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.jobs.recommend.diffs import DiffError, Version, applied, file_diff, lines_of, merged, parse_diff

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "--- x\n", "+++ y\n", "@@ -1 +1 @@\n", "diff --git a/q b/q\n", "é\u2028ü\n", "\x0c\n"]), max_size=25)
ENDS = st.sampled_from(["", "", "no end", "\r"])
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, ENDS)


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_what_is_made_is_read_and_applied_to_the_same_result(before: str, after: str) -> None:
    diff = file_diff(Version("a b/x.txt", before), Version("a b/x.txt", after))

    if before == after:
        assert diff == ""
        return
    (parsed,) = parse_diff(diff)
    assert ("a b/x.txt", "a b/x.txt") == (parsed.old, parsed.new)
    assert after == applied(parsed, before)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_git_applies_what_is_made_to_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    names = ["plain.txt", "with space.txt", 'quo"te\\.txt', "ümlaut.txt"]
    diffs = []
    for name, (before, after) in zip(names, pairs, strict=False):
        (folder / name).write_bytes(before.encode())
        diffs.append(file_diff(Version(name, before), Version(name, after)))
    if not any(diffs):
        return
    done = subprocess.run(["git", "apply", "--unsafe-paths", "-p1", "-"], input="".join(diffs).encode(), cwd=folder, capture_output=True, env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(folder.parent)})

    assert done.returncode == 0, done.stderr
    for name, (before, after) in zip(names, pairs, strict=False):
        assert (folder / name).read_bytes() == after.encode() if before != after else True


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=150)
def test_a_diff_is_never_applied_to_a_text_that_it_was_not_made_for(before: str, after: str, other: str) -> None:
    diff = file_diff(Version("x", before), Version("x", after))
    if not diff:
        return
    (parsed,) = parse_diff(diff)
    lines = lines_of(other)
    fits = all(tuple(lines[hunk.start : hunk.start + len(hunk.before)]) == hunk.before for hunk in parsed.hunks)

    if not fits:
        with pytest.raises(DiffError):
            applied(parsed, other)


def test_new_files_deletions_modes_and_moves_are_read_as_git_writes_them(tmp_path: Path) -> None:
    made = file_diff(None, Version("new/a.txt", "x\ny")) + file_diff(Version("gone.txt", "z\n"), None) + file_diff(Version("m.sh", "1\n"), Version("m.sh", "1\n", "100755")) + file_diff(Version("m.bin", ""), Version("q/m.bin.quarantined", ""))
    (tmp_path / "gone.txt").write_text("z\n")
    (tmp_path / "m.sh").write_text("1\n")
    (tmp_path / "m.bin").write_bytes(b"\x00\xff\x80")
    done = subprocess.run(["git", "apply", "-"], input=made.encode(), cwd=tmp_path, capture_output=True, env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})

    assert done.returncode == 0, done.stderr
    assert "x\ny" == (tmp_path / "new/a.txt").read_text()
    assert not (tmp_path / "gone.txt").exists()
    assert (tmp_path / "m.sh").stat().st_mode & 0o100
    assert b"\x00\xff\x80" == (tmp_path / "q/m.bin.quarantined").read_bytes()
    assert [("", "new/a.txt"), ("gone.txt", ""), ("m.sh", "m.sh"), ("m.bin", "q/m.bin.quarantined")] == [(one.old, one.new) for one in parse_diff(made)]


@pytest.mark.parametrize(
    "diff",
    [
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n",
        "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc/passwd\n",
        "diff --git a/x b/x\nGIT binary patch\nliteral 0\n",
        "diff --git a/x b/x\n--- x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        'diff --git a/x b/x\n--- "a/x\\q"\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n',
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n" * 2,
    ],
)
def test_any_other_form_is_refused(diff: str) -> None:
    with pytest.raises(DiffError):
        parse_diff(diff)


@given(TEXTS, st.integers(0, 5), st.integers(6, 12))
@settings(max_examples=100)
def test_changes_far_apart_merge_and_changes_of_one_line_clash(text: str, low: int, high: int) -> None:
    base = [*[f"{at}\n" for at in range(14)]]
    one, other = list(base), list(base)
    one[low] = "one\n"
    other[high + 1] = "other\n"
    both, clashing = merged("".join(base), ["".join(one), "".join(other)])

    expected = list(one)
    expected[high + 1] = "other\n"
    assert (("".join(expected), ()) if high + 1 - low > 1 else (both, clashing)) == (both, clashing)
    rival = list(base)
    rival[low] = "rival\n"
    assert (1,) == merged("".join(base), ["".join(one), "".join(rival)])[1]
    assert () == merged("".join(base), ["".join(one), "".join(one)])[1]
