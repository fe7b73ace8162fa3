"""How much a desk takes, and from one sender in a day: the limits are named to whoever meets them, shown to who keeps the desk, and nobody loses what they wrote."""

from __future__ import annotations

import os
from dataclasses import replace
from email.message import EmailMessage

import pytest

from tests.web.conftest import REPORT, Room, csrf
from troth.app.desk import keeping
from troth.app.desk import room as rooms
from troth.app.desk.mail_intake import read_maildir, take_mail
from troth.app.desk.room import FullError, files_refused, used_bytes
from troth.app.desk.settings import DeskSettings
from troth.errors import SettingsError

MIB = 1024 * 1024
PAGE = {"nonce": "n" * 43, **REPORT}


def limited(room: Room, monkeypatch: pytest.MonkeyPatch, share: float | None = None, **settings: int) -> None:
    """The same desk with other limits; with a share of its room taken."""
    object.__setattr__(room.desk, "settings", replace(room.desk.settings, **settings))  # a desk of this test's own
    if share is not None:
        monkeypatch.setattr(rooms, "_asked", lambda _engine: int(share * room.desk.settings.max_gib * 1024**3))
    room.desk.recent.forget()


def send(client, size: int = 0, **values: str):
    return client.post("/report", data={**PAGE, **values}, files=[("files", ("big.bin", os.urandom(size)) if size else ("", b""))])


def numbers(room: Room) -> int:
    return int(keeping.status(room.desk)["cases"])


def test_files_of_one_sender_are_refused_beyond_the_day_s_limit_and_the_text_is_still_taken(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(room, monkeypatch, max_mib=1, daily_mib=2)
    client = room.client()
    assert [send(client, 900 * 1024, nonce=f"{at}" * 43).status_code for at in range(2)] == [303, 303]
    refused = send(client, 900 * 1024)
    assert refused.status_code == 422
    assert "more than 2 MiB within a day" in refused.text
    assert REPORT["description"] in refused.text
    assert send(client).status_code == 303
    assert numbers(room) == 3


def test_text_of_one_sender_is_refused_at_twice_the_limit_and_comes_back_whole(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(room, monkeypatch, max_mib=1, daily_mib=1)
    client = room.client()
    for _ in range(4):
        refused = send(client, 600 * 1024)
    assert refused.status_code == 422
    last = send(client)
    assert last.status_code == 503
    assert "more than 2 MiB within a day" in last.text
    assert REPORT["description"] in last.text
    answer = client.post("/api/reports", json={"fields": REPORT})
    assert answer.status_code == 503
    assert "more than 2 MiB" in answer.json()["detail"]


def test_a_day_later_the_same_sender_is_taken_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(room, monkeypatch, max_mib=1, daily_mib=1)
    client = room.client()
    for _ in range(3):
        send(client, 600 * 1024)
    volume = client.app.state.volume
    assert volume.told("volume testclient") > 1024
    monkeypatch.setattr(volume, "_window", -1.0)
    assert volume.told("volume testclient") == 0


def test_a_desk_that_is_nearly_full_takes_text_and_no_files(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(room, monkeypatch, share=0.96)
    client = room.client()
    refused = send(client, 1000)
    assert refused.status_code == 422
    assert "The 20 GiB that this desk has for files are taken" in refused.text
    assert send(client).status_code == 303
    assert "no file is taken any more" in keeping.status(room.desk)["room"]


def test_a_full_desk_says_so_and_gives_back_what_was_written(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    link = room.report()
    limited(room, monkeypatch, share=1.0)
    client = room.client()
    refused = send(client)
    assert refused.status_code == 503
    assert "The 20 GiB that this desk may take are taken" in refused.text
    assert REPORT["description"] in refused.text
    later = client.post(f"{link}/reply", data={"text": "One thing more.", "nonce": "m" * 43})
    assert later.status_code == 503
    assert "One thing more." in later.text
    assert numbers(room) == 1


def test_the_team_is_never_refused_for_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.report()
    _member, team = room.member()
    limited(room, monkeypatch, share=1.5)
    assert team.post("/board/T-1/reply", data={"csrf": csrf(team), "text": "We look at it."}, files=[("files", ("fix.txt", b"x"))]).status_code == 303
    assert team.post("/board/T-1/note", data={"csrf": csrf(team), "text": "n"}).status_code == 303


def test_who_keeps_the_desk_sees_what_is_taken_and_how_often_there_was_no_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    _member, team = room.member()
    assert keeping.status(room.desk)["room"].endswith("MiB of 20 GiB")
    limited(room, monkeypatch, share=0.85)
    assert keeping.status(room.desk)["room"].endswith("it fills up")
    limited(room, monkeypatch, share=1.0)
    for _ in range(3):
        send(team)
    page = team.get("/board/desk").text
    assert "no report is taken any more" in page
    assert "3 within a day" in page


def _mail(number: int, size: int) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "rosa@example.org", "A report", f"<{number}@x>"
    made.set_content("It is in the archive reader.")
    made.add_attachment(os.urandom(size), maintype="application", subtype="octet-stream", filename="poc.bin")
    return made.as_bytes()


def test_a_mail_for_which_there_is_no_room_stays_where_it_was_and_is_taken_later(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    box = room.folder / "box"
    (box / "new").mkdir(parents=True)
    (box / "new" / "1").write_bytes(_mail(1, 1000))
    limited(room, monkeypatch, share=1.0)
    with pytest.raises(FullError):
        read_maildir(room.desk, box)
    assert [one.name for one in (box / "new").iterdir()] == ["1"]
    limited(room, monkeypatch, share=0.5)
    assert read_maildir(room.desk, box) == (1, 0)
    assert numbers(room) == 1


def test_mail_of_one_address_is_bounded_in_a_day_all_of_a_mail_or_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(room, monkeypatch, max_mib=1, daily_mib=3)
    take_mail(room.desk, _mail(1, 700 * 1024))
    with pytest.raises(FullError, match="3 MiB"):
        take_mail(room.desk, _mail(2, 1700 * 1024))
    # what was refused counted for nothing
    take_mail(room.desk, _mail(3, 300 * 1024))
    assert numbers(room) == 2
    room.clock.go(days=1, minutes=1)
    take_mail(room.desk, _mail(2, 1700 * 1024))
    assert numbers(room) == 3


def test_what_is_taken_is_what_the_database_takes(room: Room) -> None:
    before = used_bytes(room.desk)
    for at in range(4):
        room.report(files=[("files", ("a.bin", os.urandom(MIB)))], title=f"number {at}")
    room.desk.recent.forget()
    assert 4 * MIB <= used_bytes(room.desk) - before <= 6 * MIB
    assert files_refused(room.desk) == ""


@pytest.mark.parametrize("wrong", [{"max_gib": 0}, {"daily_mib": 10}, {"daily_mib": 1000}])
def test_limits_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="max_gib"):
        DeskSettings(project="x", **wrong)
