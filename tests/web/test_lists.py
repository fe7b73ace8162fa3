"""Lists and figures of the board: the same cases by whichever way they are looked up, and figures that count what the lists show."""

from __future__ import annotations

import pytest

from tests.web.conftest import Room, csrf
from troth.app.desk import lists
from troth.app.desk.lists import figures, list_cases


@pytest.mark.parametrize("rare", [0, 1, 400])
def test_search_finds_the_same_by_rare_and_by_frequent_words(room: Room, monkeypatch: pytest.MonkeyPatch, rare: int) -> None:
    monkeypatch.setattr(lists, "_RARE", rare)
    for title in ("Crash in the parser", "Crash in the lexer", "Leak in the parser", "Nothing alike"):
        room.report(title=title)
    member, _client = room.member()

    def found(words: str) -> list[str]:
        return [one.title for one in list_cases(room.desk, member, "all", words=words).cases]

    assert found("crash PARSER") == ["Crash in the parser"]
    assert found("crash") == ["Crash in the parser", "Crash in the lexer"]
    assert found("crash nowhere") == []


def test_figures_count_what_the_lists_show(room: Room) -> None:
    member, client = room.member()
    for _ in range(3):
        room.report()
    client.post("/board/T-1/act", data={"csrf": csrf(client), "kind": "report.acknowledged", "message": "Thank you."})
    client.post("/board/T-2/assign", data={"csrf": csrf(client), "to": member.id})
    room.clock.go(days=3)

    shown = {which: len(list_cases(room.desk, member, which).cases) for which in ("waiting", "overdue", "open", "mine", "closed")}
    assert figures(room.desk, member) == shown
    assert shown["overdue"] == 2
    assert shown["open"] == 3
