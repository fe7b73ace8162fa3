"""The second half of the second blind set of attacks on the desk: roles, need to know, exports and backups. Every test has the harmless twin of what it tries.

Written before any of it had been tried; docs/desk.md says how many got through at first.
"""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.web.conftest import Room, csrf
from tests.web.test_attacks_people import NO, files_of, post, two
from troth.app.desk import keeping, triage
from troth.app.desk.opening import TENANT
from troth.app.desk.statements import signed_statement
from troth.desk.tables import CASES, ITEMS
from troth.errors import DeskError, TrothError
from troth.ledger.desk_statement import verify_desk_statement

__all__ = ["two"]


# --- roles and need to know -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whom", ["owner", "coordinator", "member"])
def test_an_admin_makes_no_link_of_somebody_who_reads(room: Room, whom: str) -> None:
    reader, _client = room.member("Rita", whom)
    auditor, _other = room.member("Otto", "auditor")
    _admin, admin = room.member("Adam", "admin")
    answer = post(admin, "/board/desk/link", member=reader.id)
    assert answer.status_code in NO
    assert "/welcome/" not in answer.text
    assert "/welcome/" in post(admin, "/board/desk/link", member=auditor.id).text


@pytest.mark.parametrize("role", ["guest", "member", "coordinator", "auditor"])
def test_who_does_not_manage_makes_no_link(room: Room, role: str) -> None:
    owner, _client = room.member()
    _member, client = room.member("Mia", role)
    assert post(client, "/board/desk/link", member=owner.id).status_code in NO


def test_a_link_of_somebody_who_left_is_none(room: Room) -> None:
    _owner, team = room.member()
    left, _client = room.member("Lee", "member")
    stays, _other = room.member("Sam", "member")
    room.desk.writer.write(lambda t: room.desk.people.leave(t, left.id, room.clock()))
    assert post(team, "/board/desk/link", member=left.id).status_code in NO
    assert "/welcome/" in post(team, "/board/desk/link", member=stays.id).text


@pytest.mark.parametrize("path", ["", "/files/{file}", "?claims", "?advisory", "/advisory/osv", "/sealed", "/sealed/{file}"])
def test_a_restricted_case_is_closed_to_the_rest_of_the_team_by_every_door(two, room: Room, path: str) -> None:
    _first, _second, owner, team, _guest, _visitor = two
    file = files_of(team, "/board/T-2")[0]
    _member, client = room.member("Mia", "member")
    if "sealed" not in path:
        assert client.get(f"/board/T-2{path.format(file=file)}").status_code in (200, 400)
    triage.restrict(room.desk, owner, 2)
    answer = client.get(f"/board/T-2{path.format(file=file)}")
    assert answer.status_code in NO
    assert "beta" not in answer.text


@pytest.mark.parametrize("what", ["note", "reply", "act", "tag", "assign", "cluster", "publish", "ban", "share", "open", "restrict"])
def test_nobody_changes_a_case_that_they_may_not_read(two, room: Room, what: str) -> None:
    _first, _second, owner, _team, _guest, _visitor = two
    triage.restrict(room.desk, owner, 2)
    other, client = room.member("Mia", "coordinator")
    before = _items(room)
    fields = {"text": "x", "kind": "report.acknowledged", "name": "t", "to": other.id, "other": "T-1", "title": "t", "member": other.id}
    assert post(client, f"/board/T-2/{what}", **fields).status_code in NO, what
    assert _items(room) == before
    assert post(client, "/board/T-1/note", text="fine").status_code == 303


def _items(room: Room) -> tuple[int, tuple[object, ...]]:
    with room.desk.store.read(TENANT) as t:
        row = t.execute(select(CASES).where(CASES.c.tenant == str(TENANT), CASES.c.number == 2)).one()
        return int(t.execute(select(func.count()).select_from(ITEMS).where(ITEMS.c.tenant == str(TENANT), ITEMS.c.case_uid == row.uid)).scalar()), tuple(row)


def test_a_group_tells_nothing_of_a_case_that_one_may_not_read(two, room: Room) -> None:
    _first, _second, owner, team, _guest, _visitor = two
    post(team, "/board/T-1/cluster", other="T-2")
    _member, client = room.member("Mia", "member")
    assert "Second beta" in client.get("/board/T-1").text
    triage.restrict(room.desk, owner, 2)
    assert "Second beta" not in client.get("/board/T-1").text


def test_a_restricted_case_s_words_are_found_by_nobody_else(two, room: Room) -> None:
    _first, _second, owner, team, _guest, _visitor = two
    _member, client = room.member("Mia", "member")
    assert "T-2<" in client.get("/board?q=beta&which=all").text
    triage.restrict(room.desk, owner, 2)
    for q in ("beta", "Second", "b@example.org", "betanote"):
        assert "Second beta" not in client.get("/board", params={"q": q, "which": "all"}).text
    assert "Second beta" in team.get("/board/T-2").text


@pytest.mark.parametrize("whom", ["admin", "auditor", "nobody", "desk", "link", ""])
def test_a_key_is_given_to_people_who_can_hold_one(two, room: Room, whom: str) -> None:
    team = two[3]
    other = room.member("Adam", whom)[0].id if whom in ("admin", "auditor") else whom
    assert post(team, "/board/T-1/share", member=other).status_code in NO
    guest, visitor = room.member("Gus", "guest")
    assert post(team, "/board/T-1/share", member=guest.id).status_code == 303
    assert "First alpha" in visitor.get("/board/T-1").text


def test_a_session_of_before_is_not_the_one_after_signing_in(room: Room) -> None:
    from troth.app.desk.opening import new_member

    _member, link = new_member(room.desk, "Mia", "", "member")
    client = room.client()
    client.cookies.set("troth", "p" * 43)
    client.post(link.removeprefix(room.desk.settings.origin))
    planted = room.client()
    planted.headers["cookie"] = f"troth={'p' * 43}"
    assert planted.get("/board").status_code == 401
    assert client.get("/board").status_code == 200


def test_a_form_token_does_not_outlive_its_session(room: Room) -> None:
    member, client = room.member("Mia", "member")
    old = csrf(client)
    room.report()
    fresh = room.signed_in(member)
    assert fresh.post("/board/T-1/note", data={"csrf": old, "text": "x"}).status_code == 403
    assert post(fresh, "/board/T-1/note", text="x").status_code == 303


# --- exports and backups ----------------------------------------------------------------------------------------------------------------------


def test_a_backup_follows_no_link_and_is_nobody_else_s_to_read(room: Room, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "link").symlink_to(victim)
    with pytest.raises(DeskError):
        keeping.backup(room.desk, tmp_path / "link")
    assert not victim.exists()
    keeping.backup(room.desk, tmp_path / "good")
    assert stat.S_IMODE((tmp_path / "good").stat().st_mode) == 0o600


def _spoiled(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for one in statements:
        connection.execute(one)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("statement", [
    "CREATE TRIGGER planted AFTER INSERT ON desk_cases BEGIN UPDATE desk_members SET role = 'owner'; END", "CREATE VIEW planted AS SELECT * FROM desk_members",
    "CREATE TABLE planted (x)", "DROP TRIGGER {trigger}", "CREATE INDEX planted ON desk_cases (title_sealed)",
])  # fmt: skip
def test_a_backup_with_more_or_less_in_it_than_a_desk_s_is_not_restored(room: Room, tmp_path: Path, statement: str) -> None:
    room.report()
    for name in ("good", "bad"):
        keeping.backup(room.desk, tmp_path / name)
    with sqlite3.connect(tmp_path / "bad") as connection:
        trigger = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name LIMIT 1").fetchone()[0]
    _spoiled(tmp_path / "bad", statement.format(trigger=trigger))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with pytest.raises(DeskError):
        keeping.restore(tmp_path / "one", tmp_path / "bad")
    assert not (tmp_path / "one" / "data" / "desk.db").exists()
    keeping.restore(tmp_path / "two", tmp_path / "good")
    assert (tmp_path / "two" / "data" / "desk.db").exists()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(200), b"not a database at all" * 50])
def test_what_is_no_backup_leaves_no_half_a_desk(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(DeskError):
        keeping.restore(tmp_path, tmp_path / "bad")
    assert not (tmp_path / "data" / "desk.db").exists()


def test_a_backup_is_restored_over_no_data_and_by_no_link(room: Room, tmp_path: Path) -> None:
    keeping.backup(room.desk, tmp_path / "good")
    (tmp_path / "desk2").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "desk2" / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeskError):
        keeping.restore(tmp_path / "desk2", tmp_path / "good")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("project", ["", "a\nb", "x" * 500, "a/b\x1b[2J", "\u202ea/b"])
def test_a_statement_is_of_a_project_with_a_name(room: Room, project: str) -> None:
    with pytest.raises(TrothError):
        signed_statement(room.desk, project)
    assert "lantern/fish" in verify_desk_statement(signed_statement(room.desk, "lantern/fish").encode(), key=room.desk.keys.signer.public_key()).project


def test_a_case_that_is_not_published_has_no_public_page(two, room: Room) -> None:
    client = room.client()
    assert client.get("/published/T-1").status_code == 404
    assert "alpha" not in client.get("/published").text
    post(two[3], "/board/T-1/publish", title="Public title", text="Public text")
    assert client.get("/published/T-2").status_code == 404
