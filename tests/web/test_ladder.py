"""Reminders: who hears of which rung, once each; the reporter's honest word; many overdue cases hold up nobody."""

from __future__ import annotations

import dataclasses

import pytest

from tests.web.conftest import REPORT, Room
from troth.app.desk import triage
from troth.app.desk.ladder import climb
from troth.app.desk.mailing import deliver
from troth.app.desk.opening import Desk, new_member
from troth.desk.events import EventKind


def with_mail(desk: Desk, **values: object) -> Desk:
    return dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, mail=dataclasses.replace(desk.settings.mail, **values)))


def sent(desk: Desk) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    while deliver(desk, lambda _desk, waiting: found.append((waiting.mail.to, waiting.mail.subject, waiting.mail.text))):
        pass
    return found


def climbed(room: Room, desk: Desk, **span: float) -> list[tuple[str, str]]:
    room.clock.go(**span)
    climb(desk)
    climb(desk)
    return [(to, subject.partition("] ")[2]) for to, subject, _text in sent(desk) if "acknowledge" in subject or "late" in subject]


def test_each_rung_is_told_once_to_whom_it_is_for(room: Room) -> None:
    desk = with_mail(room.desk, backup="backup@example.org")
    lead, _link = new_member(desk, "Lena", "lena@example.org", "member")
    room.report()
    owner, _client = room.member()
    triage.act(desk, owner, 1, EventKind.CASE_ASSIGNED.value, {"to": lead.id})
    sent(desk)

    assert climbed(room, desk, hours=23) == []
    assert climbed(room, desk, hours=2) == [("lena@example.org", "acknowledge at 50 %")]
    assert climbed(room, desk, hours=12) == [("team@example.org", "acknowledge at 75 %")]
    assert climbed(room, desk, hours=7) == [("backup@example.org", "acknowledge at 90 %")]
    assert climbed(room, desk, hours=5) == [("team@example.org", "acknowledge at 100 %"), (REPORT["contact"], "we are late")]
    assert climbed(room, desk, hours=12) == [("backup@example.org", "acknowledge at 125 %")]
    assert climbed(room, desk, hours=1) == []


def test_the_reporter_hears_the_policys_sentence_and_nothing_of_the_report(room: Room) -> None:
    room.report()
    sent(room.desk)
    room.clock.go(hours=49)
    climb(room.desk)
    ((_to, _subject, text),) = [one for one in sent(room.desk) if one[0] == REPORT["contact"]]

    assert "We will acknowledge your report within 48 hours." in text
    assert "2026-11-04 09:00 UTC" in text
    assert not any(word in text for word in ("archive", "Rosa", "/r/"))


@pytest.mark.parametrize("why", ["restricted", "by a program", "no address"])
def test_who_cannot_or_must_not_be_told_is_not(room: Room, why: str) -> None:
    if why == "by a program":
        from troth.app.desk.mail_intake import take_mail

        take_mail(room.desk, b"From: Rosa <rosa@example.org>\r\nAuto-Submitted: auto-generated\r\nSubject: s\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n")
    else:
        room.report(**({"contact": ""} if why == "no address" else {}))
    owner, _client = room.member()
    if why == "restricted":
        triage.restrict(room.desk, owner, 1)
    sent(room.desk)
    room.clock.go(hours=49)
    climb(room.desk)

    told = sent(room.desk)
    assert {to for to, _subject, _text in told} == {"team@example.org"}


def test_many_that_are_overdue_keep_nobody_from_being_looked_at(room: Room) -> None:
    for _ in range(5):
        room.report()
    room.clock.go(days=3)
    room.report()
    sent(room.desk)
    room.clock.go(hours=25)
    place, rounds = None, 0
    while True:
        place = climb(room.desk, 2, place)
        rounds += 1
        if place is None:
            break

    assert rounds <= 4
    assert any(subject == "[T-6] acknowledge at 50 %" for _to, subject, _text in sent(room.desk))
