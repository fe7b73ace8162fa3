"""What is remembered of a case's events is what the database says, whoever else wrote, and holds no sealed word."""

from __future__ import annotations

import pytest

from tests.web.conftest import Room
from troth.app.desk import triage
from troth.app.desk.opening import TENANT
from troth.desk.events import EventKind, make
from troth.desk.machines import fold
from troth.desk.storage.chronicle import Chronicle
from troth.desk.storage.event_rows import EventRows


def fresh(room: Room) -> EventRows:
    """Rows that remember nothing."""
    return EventRows(room.desk.cases.tenant, Chronicle())


def compare(room: Room) -> None:
    desk = room.desk
    with desk.store.read(TENANT) as t:
        row = desk.cases.by_number(t, 1)
        assert row is not None
        key = desk.cases.desk_key(t, row.uid)
        for one in (key, None):
            told, state = desk.events.folded(t, row.uid, "T-1", one)
            assert told == fresh(room).read(t, row.uid, "T-1", one) == desk.events.read(t, row.uid, "T-1", one)
            assert state == fold(told)


def test_what_is_remembered_is_what_the_database_says_after_each_act(room: Room) -> None:
    room.report()
    member, _client = room.member()
    for act in (
        lambda: triage.reply(room.desk, member, 1, "We look at it."),
        lambda: triage.tag(room.desk, member, 1, "parser"),
        lambda: triage.note(room.desk, member, 1, "Looks real."),
        lambda: triage.act(room.desk, member, 1, "report.invalidated", {"reason": "canary of a reason"}),
        lambda: triage.act(room.desk, member, 1, "report.validated", {}),
    ):
        compare(room)
        act()
        compare(room)


def test_sealed_words_are_not_remembered(room: Room) -> None:
    room.report()
    member, _client = room.member()
    triage.act(room.desk, member, 1, "report.invalidated", {"reason": "canary of a reason"})
    compare(room)
    assert "canary" not in repr(list(room.desk.events._remembered._known.values()))


def test_what_was_rolled_back_is_not_remembered_and_another_writers_event_is_seen(room: Room) -> None:
    room.report()
    member, _client = room.member()
    desk = room.desk
    triage.reply(desk, member, 1, "We look at it.")
    with desk.store.read(TENANT) as t:
        row = desk.cases.by_number(t, 1)
        assert row is not None
        before = desk.events.read(t, row.uid, "T-1")
    lost = make(EventKind.CASE_ASSIGNED, desk.now(), member.actor, "T-1", to="nobody")
    with pytest.raises(RuntimeError), desk.store.write(TENANT) as t:
        desk.events.append(t, [(row.uid, None, lost)])
        assert desk.events.folded(t, row.uid, "T-1")[1].assignee == "nobody"
        raise RuntimeError
    kept = make(EventKind.CASE_ASSIGNED, desk.now(), member.actor, "T-1", to=member.id)
    with desk.store.write(TENANT) as t:
        fresh(room).append(t, [(row.uid, None, kept)])
    with desk.store.read(TENANT) as t:
        told, state = desk.events.folded(t, row.uid, "T-1")
    assert told == (*before, kept)
    assert state.assignee == member.id


def test_nothing_is_trusted_where_the_last_row_is_another_one(room: Room) -> None:
    room.report()
    member, _client = room.member()
    triage.reply(room.desk, member, 1, "We look at it.")
    compare(room)
    rows = room.desk.events
    (key, known), = rows._remembered._known.items()
    changed = type(known)((*known.events[:-1], known.events[0]), known.sealed, {**known.head, "actor": "team:other"}, known.state, known.folded)
    rows._remembered.put(*key, changed)
    compare(room)
