"""A further blind group on the desk, written after the second set was mended and before it was run: what the same attacker tries next, each beside its harmless twin."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.web.conftest import REPORT, Room, csrf
from tests.web.test_attacks_people import NO, number_of_cases, post
from tests.web.test_attacks_second import KEY, _network, api, mail, texts
from tests.web.test_attacks_second_people import _spoiled
from troth.app.desk import keeping, triage
from troth.app.desk.mail_intake import take_mail
from troth.errors import DeskError, TrothError


def test_many_with_one_key_and_other_words_at_once_are_all_stored_once(room: Room) -> None:
    clients = [room.client() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: api(clients[at], {**REPORT, "title": f"Report {at % 4}"}, KEY), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["token"] for answer in answers}) == number_of_cases(room) == 4


def test_a_key_of_one_sender_is_found_out_by_nobody_who_tries_words(room: Room) -> None:
    mine = api(room.client(), REPORT, KEY).json()["token"]
    for change in ({"title": REPORT["title"] + " "}, {"title": REPORT["title"].upper()}, {"extra": "x"}, {"name": ""}):
        answer = api(room.client(), {**REPORT, **change}, KEY)
        same = {**REPORT, **change}
        told = answer.json().get("token", "")
        assert told != mine or {name: text.strip() for name, text in same.items() if name in REPORT} == REPORT


def test_one_reply_twice_with_different_files_keeps_both(room: Room) -> None:
    link = room.report()
    client = room.client()
    for content in (b"one", b"other words"):
        client.post(f"{link}/reply", data={"text": "see the file", "nonce": "r" * 43}, files=[("files", ("poc.txt", content))])
    client.post(f"{link}/reply", data={"text": "see the file", "nonce": "r" * 43}, files=[("files", ("poc.txt", b"one"))])
    assert texts(room, 1).count("see the file") == 2


def test_files_of_one_name_and_size_under_one_nonce_are_two_reports(room: Room) -> None:
    for content in (b"aaaa", b"bbbb"):
        room.client().post("/report", data={"nonce": "n" * 43, **REPORT}, files=[("files", ("poc.txt", content))])
    assert number_of_cases(room) == 2


@pytest.mark.parametrize(("one", "other"), [("2001:db8::1%eth0", "2001:db8::1"), (" 2001:db8::1 ", "2001:db8::1"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("2002:c000:201::1", "2002:c000:201::2"), ("192.0.2.1", "::ffff:c000:201")])
def test_addresses_of_one_network_are_one_sender_however_written(room: Room, one: str, other: str) -> None:
    assert _network(room, one) == _network(room, other)


@pytest.mark.parametrize("text", ["x" * 10_000, "\x00", "1.2.3.4.5", "::1::", "unknown", "0x7f000001", "192.0.2.010"])
def test_what_is_no_address_is_one_short_name_and_no_crash(room: Room, text: str) -> None:
    assert len(_network(room, text)) <= 64


@pytest.mark.parametrize("length", ["-5", "9" * 30, "abc", "1e3", "+7"])
def test_a_length_that_is_none_is_counted_as_the_most_and_breaks_nothing(room: Room, length: str) -> None:
    from starlette.requests import Request

    from troth.web.desk.guards import sent_kib

    site = room.client().app
    request = Request({"type": "http", "app": site, "client": ("203.0.113.9", 1), "headers": [(b"content-length", length.encode())], "method": "POST", "path": "/report"})
    assert sent_kib(request) >= room.desk.settings.max_mib * 1024


def test_a_confirmation_needs_the_form_s_token_our_own_site_and_somebody_signed_in(room: Room) -> None:
    _member, client = room.member("Mia", "member")
    assert client.post("/passkey/confirm", data={"credential": "{}"}).status_code == 403
    assert client.post("/passkey/confirm", data={"csrf": csrf(client), "credential": "{}"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert room.client().post("/passkey/confirm", data={"credential": "{}"}).status_code == 401
    for credential in ("", "{}", "[]", "null", "x" * 100_000, '{"id": 1}', '{"response": {"clientDataJSON": "e30"}}'):
        assert post(client, "/passkey/confirm", credential=credential).status_code == 403


def test_who_left_confirms_nothing_and_adds_nothing(room: Room) -> None:
    member, client = room.member("Mia", "member")
    token = csrf(client)
    room.desk.writer.write(lambda t: room.desk.people.leave(t, member.id, room.clock()))
    for path in ("/passkey", "/passkey/confirm"):
        assert client.post(path, data={"csrf": token, "credential": "{}"}).status_code == 401
    assert client.get("/passkey").status_code == 401


def test_passkeys_are_tried_so_often_and_no_more(room: Room) -> None:
    _member, client = room.member("Mia", "member")
    codes = [post(client, "/passkey/confirm", credential="{}").status_code for _ in range(45)]
    assert codes[0] == 403
    assert codes[-1] == 429


@pytest.mark.parametrize("spoil", [
    ("ALTER TABLE desk_members ADD COLUMN planted TEXT DEFAULT 'x'",), ("ALTER TABLE desk_cases RENAME TO desk_other", "CREATE VIEW desk_cases AS SELECT * FROM desk_other"),
    ("CREATE TABLE copied AS SELECT * FROM desk_members", "DROP TABLE desk_members"), ("PRAGMA writable_schema = 1", "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '        ') WHERE name = 'desk_cases'"),
    ("DROP INDEX ix_desk_items_case",), ("DROP TABLE desk_events",),
])  # fmt: skip
def test_a_backup_whose_tables_are_others_is_not_restored(room: Room, tmp_path: Path, spoil: tuple[str, ...]) -> None:
    room.report()
    for name in ("good", "bad"):
        keeping.backup(room.desk, tmp_path / name)
    _spoiled(tmp_path / "bad", *spoil)
    (tmp_path / "one").mkdir()
    with pytest.raises(DeskError):
        keeping.restore(tmp_path / "one", tmp_path / "bad")
    (tmp_path / "two").mkdir()
    keeping.restore(tmp_path / "two", tmp_path / "good")
    with sqlite3.connect(tmp_path / "two" / "data" / "desk.db") as connection:
        assert connection.execute("SELECT count(*) FROM desk_cases").fetchone() == (1,)


@pytest.mark.parametrize("name", ["a?mode=rw", "a#b", "a%2e%2e", "a b", "ä"])
def test_a_backup_s_name_is_a_name(room: Room, tmp_path: Path, name: str) -> None:
    keeping.backup(room.desk, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    (tmp_path / "desk2").mkdir()
    keeping.restore(tmp_path / "desk2", tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["desk", "desk2", name])


def test_a_sealed_page_is_none_of_who_may_not_read_even_by_number(room: Room) -> None:
    room.report()
    _owner, team = room.member()
    for path in ("/board/T-1/sealed", "/board/T-9/sealed", "/board/T-1/sealed/x", "/board/t-1/sealed", "/board/T-01/sealed"):
        assert team.get(path).status_code in NO
    assert team.get("/board/T-1").status_code == 200


def test_mail_from_many_spellings_of_one_address_is_one_sender_s(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    object.__setattr__(room.desk, "settings", replace(room.desk.settings, max_mib=1, daily_mib=2))
    taken = 0
    for sender in ("rosa@example.org", "Rosa@Example.ORG", "Rosa <ROSA@example.org>", "<rosa@EXAMPLE.org>"):
        try:
            take_mail(room.desk, mail(os.urandom(4).hex(), From=sender))
            taken += 1
        except TrothError:
            break
    assert taken == 2
    take_mail(room.desk, mail(From="other@example.org"))


def test_the_ledger_s_words_about_passkeys_name_nobody(room: Room) -> None:
    member, client = room.member("Mia Muster", "member")
    _owner, owner = room.member("Olga")
    post(owner, "/board/desk/link", member=member.id)
    with room.desk.store.read(__import__("troth.app.desk.opening", fromlist=["x"]).TENANT) as t:
        text = b"".join(leaf + (body or b"") for leaf, _salt, body in room.desk.events.chronicle.log.leaves(t))
    assert b"link.made" in text
    assert b"Mia" not in text
    assert client.get("/board").status_code == 200


def test_a_case_that_is_erased_while_somebody_reads_its_page_takes_nothing_more(room: Room) -> None:
    room.report()
    owner, team = room.member()
    token = csrf(team)
    triage.erase(room.desk, owner, 1)
    for what in ("note", "reply", "act", "tag", "assign", "publish"):
        assert team.post(f"/board/T-1/{what}", data={"csrf": token, "text": "x", "kind": "report.acknowledged", "name": "t", "to": owner.id, "title": "t"}).status_code in NO, what
