from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.jobs.acting.made import TOKEN, Forge, LocalWeb, handler, reader, request, serving, tools
from troth.jobs.handler import HandlerError, Outcome, TryAgainError
from troth.jobs.recommend.diffs import Version, file_diff

API = {"repository": "o/n", "api": "https://forge.example"}


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def web(forge: Forge) -> Iterator[LocalWeb]:
    with serving(forge) as made:
        yield made


def writes(forge: Forge) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in forge.asked if method != "GET"]


def there_and_back(name: str, asked: object, web: LocalWeb, forge: Forge) -> Outcome:
    doer = handler(name)
    diff = doer.plan(asked, reader(web))
    assert [] == writes(forge)
    assert diff.sha256 == doer.plan(asked, reader(web)).sha256
    outcome = doer.act(asked, diff, tools(web))
    assert forge.tokens == {f"Bearer {TOKEN}"}
    assert TOKEN.encode() not in diff.encoded() + outcome.encoded()
    return outcome


PROTECTED = {
    "required_status_checks": {"strict": False, "contexts": ["old"]}, "enforce_admins": False,
    "required_pull_request_reviews": {"required_approving_review_count": 3, "dismiss_stale_reviews": True, "require_code_owner_reviews": False},
    "restrictions": {"users": ["ana"], "teams": [], "apps": []}, "required_linear_history": True, "allow_deletions": False, "lock_branch": False,
}  # fmt: skip


def test_protection_adds_what_is_asked_for_keeps_what_was_and_can_be_taken_back(web: LocalWeb, forge: Forge) -> None:
    forge.protection["main"] = dict(PROTECTED)
    asked = request("forge.protect-branch", **API, branch="main", approvals=2, checks=["ci"], admins=True, signatures=True)
    doer = handler("protect-branch")
    diff = doer.plan(asked, reader(web))
    doer.act(asked, diff, tools(web))
    now = forge.protection["main"]

    assert {"strict": False, "contexts": ["ci", "old"]} == now["required_status_checks"]
    assert 3 == now["required_pull_request_reviews"]["required_approving_review_count"]
    assert now["enforce_admins"] is True
    assert ["ana"] == now["restrictions"]["users"]
    assert now["required_linear_history"] is True
    assert {"main"} == forge.signatures
    assert "enforce_admins: false -> true" in diff.changes[0].text
    assert "required_pull_request_reviews:" not in diff.changes[0].text.partition("before:")[0]
    doer.undo(asked, diff, tools(web))
    assert PROTECTED == {name: forge.protection["main"][name] for name in PROTECTED}
    assert set() == forge.signatures


def test_a_branch_without_protection_gets_one_and_loses_it_again(web: LocalWeb, forge: Forge) -> None:
    asked = request("forge.protect-branch", **API, branch="rel/1", approvals=1)
    there_and_back("protect-branch", asked, web, forge)
    assert 1 == forge.protection["rel/1"]["required_pull_request_reviews"]["required_approving_review_count"]

    doer = handler("protect-branch")
    with pytest.raises(HandlerError, match="already"):
        doer.plan(asked, reader(web))


def test_a_forge_that_makes_something_else_of_it_is_set_back(web: LocalWeb, forge: Forge) -> None:
    forge.protection["main"] = dict(PROTECTED)
    asked = request("forge.protect-branch", **API, branch="main", admins=True)
    doer = handler("protect-branch")
    diff = doer.plan(asked, reader(web))
    forge.meddles = True
    with pytest.raises(HandlerError) as caught:
        doer.act(asked, diff, tools(web))

    assert "not-as-asked" == caught.value.reason
    assert forge.protection["main"]["enforce_admins"] is False


def test_only_features_that_are_off_are_switched_and_undo_switches_those(web: LocalWeb, forge: Forge) -> None:
    forge.analysis["secret_scanning"] = "enabled"
    forge.switches["vulnerability-alerts"] = True
    asked = request("forge.security-features", **API, features=["secret-scanning", "push-protection", "dependabot-alerts", "private-reporting", "code-scanning", "security-updates"])
    there_and_back("security-features", asked, web, forge)

    assert {"secret_scanning": "enabled", "secret_scanning_push_protection": "enabled"} == forge.analysis
    assert all(forge.switches.values())
    assert not [path for method, path in writes(forge) if path == "/vulnerability-alerts"]
    doer = handler("security-features")
    with pytest.raises(HandlerError, match="All of them"):
        doer.plan(asked, reader(web))
    forge.switches["private-vulnerability-reporting"] = False
    diff = doer.plan(asked, reader(web))
    doer.act(asked, diff, tools(web))
    doer.undo(asked, diff, tools(web))
    assert forge.switches["private-vulnerability-reporting"] is False
    assert "enabled" == forge.analysis["secret_scanning"]


def test_an_issue_is_opened_once_however_often_it_is_tried(web: LocalWeb, forge: Forge) -> None:
    asked = request("forge.open-issue", **API, title="Promises not kept", body="- one")
    there_and_back("open-issue", asked, web, forge)
    doer = handler("open-issue")
    doer.act(asked, doer.plan(asked, reader(web)), tools(web))

    assert 1 == len(forge.issues)
    assert "- one\n\n<!-- troth-job: " in forge.issues[0]["body"]
    with pytest.raises(HandlerError, match="same title"):
        doer.plan(request("forge.open-issue", **API, title="Promises not kept", body="other"), reader(web))
    doer.undo(asked, doer.plan(asked, reader(web)), tools(web))
    assert "closed" == forge.issues[0]["state"]


def tree(forge: Forge) -> str:
    blob = forge.put({"content": base64.b64encode(b"a\r\nb\n").decode()[:4] + "\n" + base64.b64encode(b"a\r\nb\n").decode()[4:], "encoding": "base64"})
    link = forge.put({"content": base64.b64encode(b"/etc/passwd").decode()})
    listed = forge.put({"tree": [{"path": "a b.txt", "mode": "100755", "type": "blob", "sha": blob}, {"path": "link", "mode": "120000", "type": "blob", "sha": link}], "truncated": False})
    commit = forge.put({"message": "first", "tree": {"sha": listed}, "parents": []})
    forge.refs["heads/main"] = commit
    return commit


def test_a_pull_request_is_made_of_the_patch_alone_and_taken_back(web: LocalWeb, forge: Forge) -> None:
    base = tree(forge)
    patch = file_diff(Version("a b.txt", "a\r\nb\n", "100755"), Version("a b.txt", "a\r\nc\n", "100755")) + file_diff(None, Version("new/x.yml", "on: push\n"))
    asked = request("forge.open-pull-request", **API, base=base, into="main", branch="troth/fix-1", patch=patch, title="Mend it", body="Why.")
    there_and_back("open-pull-request", asked, web, forge)
    doer = handler("open-pull-request")
    made = forge.objects[forge.refs["heads/troth/fix-1"]]
    entries = {one["path"]: one for one in forge.objects[made["tree"]["sha"]]["tree"]}

    assert b"a\r\nc\n" == base64.b64decode(forge.objects[entries["a b.txt"]["sha"]]["content"])
    assert "100755" == entries["a b.txt"]["mode"]
    assert [base] == made["parents"]
    assert [("Mend it", "troth/fix-1", "main")] == [(one["title"], one["head"], one["base"]) for one in forge.pulls]
    diff = doer.plan.__self__  # the handler keeps nothing between calls
    assert vars(diff) == {}
    from troth.jobs.handler import Diff

    doer.undo(asked, Diff("x"), tools(web))
    assert {"heads/main": base} == forge.refs
    assert "closed" == forge.pulls[0]["state"]


def test_a_try_that_broke_off_is_gone_on_with(web: LocalWeb, forge: Forge) -> None:
    asked = request("forge.open-pull-request", **API, base=tree(forge), into="main", branch="fix", patch=file_diff(None, Version("x", "1\n")), title="T")
    doer = handler("open-pull-request")
    diff = doer.plan(asked, reader(web))
    forge.refuses = {"POST /pulls": 500}
    with pytest.raises(HandlerError):
        doer.act(asked, diff, tools(web))
    forge.refuses = {}
    doer.act(asked, diff, tools(web))

    assert 1 == len(forge.pulls)
    assert 1 == sum((method, path) == ("POST", "/git/refs") for method, path in writes(forge))


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        (file_diff(Version("link", "/etc/passwd"), Version("link", "x")), "not-a-file"),
        (file_diff(Version("missing", "1\n"), Version("missing", "2\n")), "not-a-file"),
        (file_diff(Version("a b.txt", "other\n"), Version("a b.txt", "x\n")), "does-not-fit"),
        (file_diff(None, Version("a b.txt", "x\n")), "exists"),
        (file_diff(None, Version(".git/config", "x\n")), "path"),
        (file_diff(None, Version("../x", "x\n")), "path"),
        ("nonsense", "patch"),
        ("zlib85:!!!", "patch"),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(web: LocalWeb, forge: Forge, patch: str, reason: str) -> None:
    asked = request("forge.open-pull-request", **API, base=tree(forge), into="main", branch="fix", patch=patch, title="T")
    with pytest.raises(HandlerError) as caught:
        handler("open-pull-request").plan(asked, reader(web))

    assert reason == caught.value.reason
    assert [] == writes(forge)


@pytest.mark.parametrize(("status", "kind"), [(403, HandlerError), (429, TryAgainError), (503, TryAgainError), (500, HandlerError)])
def test_a_refusal_says_why_without_control_characters(web: LocalWeb, forge: Forge, status: int, kind: type[HandlerError]) -> None:
    forge.refuses = {"GET ": status}
    with pytest.raises(kind) as caught:
        handler("open-issue").plan(request("forge.open-issue", **API, title="T"), reader(web))

    assert "\x1b" not in str(caught.value)


def test_a_base_that_moved_is_refused(web: LocalWeb, forge: Forge) -> None:
    asked = request("forge.open-pull-request", **API, base=tree(forge), into="main", branch="fix", patch=file_diff(None, Version("x", "1\n")), title="T")
    forge.refs["heads/main"] = forge.put({"message": "second", "tree": {}, "parents": []})
    with pytest.raises(HandlerError) as caught:
        handler("open-pull-request").plan(asked, reader(web))

    assert "base-moved" == caught.value.reason
