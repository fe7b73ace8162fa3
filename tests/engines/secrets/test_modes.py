"""Work tree, staged changes, ranges, standard input, baselines and exit codes."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest
from click.testing import CliRunner

from tests.engines.secrets.planted import Planted, hub_token
from troth.cli.secrets import secrets
from troth.engines.secrets.baseline import read_baseline
from troth.errors import LookError, SettingsError, UsageError


@pytest.fixture
def made(tmp_path):
    repository = Planted.__new__(Planted)
    repository.root = tmp_path / "r"
    repository.root.mkdir()
    repository.git("init", "-q", "-b", "main")
    repository.file("a.txt", "clean\n")
    repository.commit("clean")
    return repository


@pytest.fixture
def token():
    return hub_token(random.Random("modes"))


def run(*arguments: str, stdin: bytes | None = None):
    return CliRunner().invoke(secrets, ["scan", *arguments], input=stdin)


def test_a_clean_tree_ends_with_0(made):
    done = run(str(made.root))
    assert done.exit_code == 0
    assert "no secrets found in what was scanned" in done.output


def test_a_secret_in_an_untracked_file_is_found(made, token):
    made.file("new.txt", token)
    assert run(str(made.root)).exit_code == 1


def test_an_ignored_file_is_not_part_of_the_work_tree(made, token):
    made.file(".gitignore", "new.txt\n")
    made.file("new.txt", token)
    assert run(str(made.root)).exit_code == 0


def test_a_directory_without_git_is_walked(tmp_path, token):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x").write_text(token)
    assert run(str(tmp_path)).exit_code == 1


def test_staged_finds_what_is_staged_and_only_that(made, token):
    made.file("new.txt", token)
    assert run(str(made.root), "--staged").exit_code == 0
    made.git("add", "new.txt")
    assert run(str(made.root), "--staged").exit_code == 1


def test_staged_lets_a_known_secret_move_within_its_file(made, token):
    made.file("k.txt", token + "\n")
    made.commit("old sin")
    made.file("k.txt", "one line more\n" + token + "\n")
    made.git("add", "k.txt")
    assert run(str(made.root), "--staged").exit_code == 0


def test_a_range_sees_messages_and_files_that_came_and_went(made, token):
    start = made.git("rev-parse", "HEAD")
    made.file("k.txt", token + "\n")
    made.commit("add")
    (made.root / "k.txt").unlink()
    made.commit("remove")
    assert run(str(made.root), "--range", f"{start}..HEAD").exit_code == 1
    assert run(str(made.root), "--range", "HEAD..HEAD").exit_code == 0
    made.commit(f"oops {token[:3]}{token[3:]}")
    assert run(str(made.root), "--range", "HEAD~1..HEAD").exit_code == 1


def test_a_range_is_not_an_option(made):
    assert isinstance(run(str(made.root), "--range", "--output=x").exception, UsageError)
    assert isinstance(run(str(made.root), "--range", "no..such").exception, LookError)


def test_standard_input_is_scanned(token):
    assert run("-", stdin=b"x " + token.encode() + b" y").exit_code == 1
    assert run("-", stdin=b"nothing").exit_code == 0


def test_modes_exclude_one_another(made):
    assert isinstance(run(str(made.root), "--history", "--staged").exception, UsageError)


def test_a_path_that_does_not_exist_is_not_clean(tmp_path):
    assert isinstance(run(str(tmp_path / "none")).exception, UsageError)
    assert isinstance(run(str(tmp_path), "--history").exception, LookError)


def test_a_baseline_survives_a_move_and_ends(made, token, tmp_path):
    made.file("k.txt", token + "\n")
    target = tmp_path / "baseline.json"
    written = CliRunner().invoke(
        secrets, ["baseline", str(made.root), "--output", str(target), "--reason", "test key", "--days", "30"]
    )
    assert written.exit_code == 0, written.output
    assert token not in target.read_text()
    assert run(str(made.root), "--baseline", str(target)).exit_code == 0
    (made.root / "k.txt").rename(made.root / "moved.txt")
    made.file("moved.txt", "\n\n\n" + token + "\n")
    assert run(str(made.root), "--baseline", str(target)).exit_code == 0
    kept = read_baseline(target)
    assert kept.allow[0].until == dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    data = json.loads(target.read_text())
    data["allow"][0]["until"] = "2020-01-01"
    target.write_text(json.dumps(data))
    assert run(str(made.root), "--baseline", str(target)).exit_code == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":1,"key":"00","allow":[]}',
        '{"format":1,"key":"'
        + "00" * 32
        + '","allow":[{"rule":"a","fingerprint":"b","reason":" ","until":"2027-01-01"}]}',
    ],
)
def test_a_damaged_baseline_is_an_error_and_not_an_empty_one(tmp_path, text):
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        read_baseline(path)


def test_the_rules_can_be_listed_and_explained():
    listed = CliRunner().invoke(secrets, ["rules"])
    assert int(listed.output.splitlines()[-1].split()[0]) >= 400
    assert isinstance(CliRunner().invoke(secrets, ["explain", "nonsense"]).exception, UsageError)


def test_a_missing_object_is_counted_and_fails_the_run(made, token):
    made.file("lost.txt", "some content\n")
    made.commit("to be lost")
    oid = made.git("rev-parse", "HEAD:lost.txt")
    (made.root / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    done = run(str(made.root), "--history", "--no-cache", "--connectivity")
    assert done.exit_code == 2
    assert "1 missing" in done.output
    assert run(str(made.root), "--history", "--no-cache", "--connectivity", "--allow-incomplete").exit_code == 0


def test_a_shallow_history_never_passes_for_a_whole_one(made, tmp_path):
    made.commit("second")
    import subprocess

    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{made.root}", str(tmp_path / "s")], check=True)
    done = run(str(tmp_path / "s"), "--history", "--no-cache")
    assert done.exit_code == 2
    assert "shallow clone" in done.output
    assert run(str(tmp_path / "s"), "--history", "--no-cache", "--allow-incomplete").exit_code == 0


def test_a_name_is_scanned_among_hundreds_and_is_no_container(made, token):
    for number in range(300):
        made.file(f"many/{number}.txt", "x\n")
    made.file("BZh is how bzip2 begins.txt", "clean\n")  # nor is what its bytes look like opened

    done = run(str(made.root))
    assert (done.exit_code, "container" in done.output) == (0, False)

    made.file(f"many/{token}.txt", "clean\n")
    assert run(str(made.root)).exit_code == 1


def test_the_report_says_which_reader_read_the_packs(made, monkeypatch):
    from troth.engines.packs import native

    def said() -> str:
        return json.loads(run(str(made.root), "--history", "--no-cache", "--format", "json").output)["reader"]

    made.git("gc", "-q")
    assert said() == ("compiled" if native.module() else "Python")
    monkeypatch.setenv("TROTH_NATIVE", "0")
    assert said() == "Python"
    assert "packs read by Python" in run(str(made.root), "--history", "--no-cache").output
