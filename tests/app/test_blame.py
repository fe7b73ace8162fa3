"""Blame: the commit at which a promise stopped being true, on made histories with straight lines, merges and detours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app.blame import Blame, blame
from troth.cli import run
from troth.errors import UsageError
from troth.terms.verdict import name_of

POLICY = "# Security\n\n## Dependencies\n\n- Dependabot proposes updates weekly\n"
WEEKLY = "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: weekly\n"
MONTHLY = WEEKLY.replace("weekly", "monthly")
BOT = ".github/dependabot.yml"
START = {"SECURITY.md": POLICY, BOT: WEEKLY, "requirements.txt": "requests==2.32.0\n"}


def noise(made: MadeRepository, number: int) -> str:
    return made.commit(MadeCommit(files={"notes.txt": f"{number}\n"}, message=f"Note {number}"))


def the_one(root: Path) -> Blame:
    found = blame(root, only=("deps/update-bot",))
    assert len(found) == 1
    return found[0]


def test_the_commit_that_broke_it_is_found_and_both_sides_were_judged(tmp_path):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files=START))
    for number in range(9):
        noise(made, number)
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}, message="Calm the bot", author="Kim Example"))
    for number in range(9, 15):
        noise(made, number)
    found = the_one(tmp_path)

    assert (guilty, "Calm the bot", "Kim Example") == (found.since.id, found.since.subject, found.since.author)
    assert "kept" == name_of(found.before)
    assert not found.never


def test_a_flip_back_and_forth_among_the_newest_touches_of_the_evidence_is_seen(tmp_path):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files={**START, BOT: MONTHLY}, message="Begin calmly"))
    made.commit(MadeCommit(files={BOT: WEEKLY}, message="Keep it"))
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}, message="Break it again"))
    for number in range(20):
        made.commit(MadeCommit(files={BOT: f"# {number}\n{MONTHLY}"}))
    found = the_one(tmp_path)

    assert guilty == found.since.id
    assert "kept" == name_of(found.before)


def test_an_unknown_before_it_says_nothing_of_never(tmp_path):
    made = MadeRepository(tmp_path)
    image = {"SECURITY.md": "# Security\n\n## Containers\n\n- Containers do not run as root.\n", "Dockerfile": "FROM registry.example/ours:1\n"}
    made.commit(MadeCommit(files=image))
    guilty = made.commit(MadeCommit(files={"Dockerfile": "FROM python:3.12-slim\n"}))
    found = blame(tmp_path, only=("container/non-root",))[0]

    assert guilty == found.since.id
    assert "unknown" == name_of(found.before)
    assert not found.never


def test_a_promise_that_never_held_is_blamed_on_the_commit_that_brought_the_mechanism(tmp_path):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files={"SECURITY.md": POLICY, "requirements.txt": "requests==2.32.0\n"}))
    noise(made, 1)
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}))
    noise(made, 2)
    found = the_one(tmp_path)

    assert guilty == found.since.id
    assert "absent" == str(found.before.how)
    assert found.never


def test_what_fails_from_the_first_commit_on_says_so(tmp_path):
    made = MadeRepository(tmp_path)
    first = made.commit(MadeCommit(files={**START, BOT: MONTHLY}))
    noise(made, 1)
    found = the_one(tmp_path)

    assert first == found.since.id
    assert found.before is None
    assert found.never


def test_the_search_goes_down_the_side_of_a_merge_that_brought_the_change(tmp_path):
    made = MadeRepository(tmp_path)
    base = made.commit(MadeCommit(files=START))
    noise(made, 1)
    main = made.git("rev-parse", "HEAD")
    made.git("update-ref", "HEAD", base)
    made.git("read-tree", "HEAD")
    side = [made.commit(MadeCommit(files={"side.txt": f"{number}\n"}, message=f"Side {number}")) for number in range(3)]
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}, message="Calm the bot"))
    tip = made.commit(MadeCommit(files={"side.txt": "last\n"}, message="Side again"))
    tree = made.git("write-tree")
    merge = made.git("commit-tree", tree, "-p", main, "-p", tip, "-m", "Merge the side", GIT_AUTHOR_NAME="R", GIT_AUTHOR_EMAIL="r@e.org", GIT_COMMITTER_NAME="R", GIT_COMMITTER_EMAIL="r@e.org")
    made.git("update-ref", "HEAD", merge)
    noise(made, 9)
    found = the_one(tmp_path)

    assert guilty == found.since.id
    assert side[-1] == found.before_commit


def test_only_the_last_run_counts(tmp_path):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files=START))
    made.commit(MadeCommit(files={BOT: MONTHLY}))
    noise(made, 1)
    made.commit(MadeCommit(files={BOT: WEEKLY}))
    noise(made, 2)
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}))
    noise(made, 3)

    assert guilty == the_one(tmp_path).since.id


def test_seven_hundred_commits_cost_at_most_twelve_judgements(tmp_path):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files=START))
    stream, guilty_at = [], 333
    for number in range(700):
        path, content = (BOT, MONTHLY) if number == guilty_at else ("notes.txt", f"{number}\n")
        body = f"Step {number}\n"
        previous = "from refs/heads/main^0\n" if not stream else ""
        stream.append(f"commit refs/heads/main\ncommitter R <r@e.org> {1768478400 + number} +0000\ndata {len(body)}\n{body}{previous}M 100644 inline {path}\ndata {len(content)}\n{content}\n")
    subprocess.run(["git", "-C", str(tmp_path), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
    found = the_one(tmp_path)

    assert f"Step {guilty_at}" == found.since.subject
    assert found.judged <= 12


def test_a_kept_promise_and_an_unknown_control_are_told_apart(tmp_path):
    MadeRepository(tmp_path).commit(MadeCommit(files=START))

    assert () == blame(tmp_path, only=("deps/update-bot",))
    with pytest.raises(UsageError):
        blame(tmp_path, only=("no/such-control",))
    with pytest.raises(UsageError):
        blame(tmp_path, at="no-such-commit")


def test_the_command_tells_it_in_words_and_in_json_and_leaves_the_work_tree_alone(tmp_path, capsys):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files=START))
    guilty = made.commit(MadeCommit(files={BOT: MONTHLY}, message="Calm the bot"))
    (tmp_path / BOT).write_text(WEEKLY)

    assert 0 == run(["blame", str(tmp_path), "--only", "deps/update-bot"])
    assert f"since {guilty[:12]} 2026-01-15 Robin Example: Calm the bot" in capsys.readouterr().out
    assert 0 == run(["blame", str(tmp_path), "--only", "deps/update-bot", "--format", "json"])
    assert guilty == json.loads(capsys.readouterr().out)["blames"][0]["since"]["commit"]
    assert WEEKLY == (tmp_path / BOT).read_text()


def test_a_commit_is_opened_once_for_all_promises_and_each_finds_its_own_commit(tmp_path, monkeypatch):
    from troth.app import blame as module

    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files={**START, "SECURITY.md": POLICY + "- All dependencies are pinned to exact versions\n"}))
    for number in range(12):
        noise(made, number)
    first = made.commit(MadeCommit(files={BOT: MONTHLY}))
    for number in range(12, 20):
        noise(made, number)
    second = made.commit(MadeCommit(files={"requirements.txt": "requests>=2.0\n"}))
    noise(made, 20)
    opened: list[str] = []
    real = module.open_session

    def counted(*args, **options):
        opened.append(options["at"])
        return real(*args, **options)

    monkeypatch.setattr(module, "open_session", counted)
    found = {one.finding.promise.control: one for one in blame(tmp_path, only=("deps/update-bot", "deps/pinned"))}

    assert {"deps/update-bot": first, "deps/pinned": second} == {control: one.since.id for control, one in found.items()}
    searched = opened[1:]  # the first is the tip, which tells what fails
    assert len(searched) == len(set(searched))
    assert len(searched) < sum(one.judged for one in found.values())
