"""Lists and figures of the board: the same cases by whichever way they are looked up, and figures that count what the lists show."""

from __future__ import annotations

import functools
import html
import itertools
import re

import pytest

from tests.web.conftest import Room, csrf
from troth.app.desk import lists, triage
from troth.app.desk.lists import figures, list_cases
from troth.web.desk import board


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


def test_pages_follow_each_other_both_ways_and_miss_nobody(room: Room) -> None:
    member, _client = room.member()
    for number in range(11):
        room.report(title=f"Report {number}")
        room.clock.go(hours=number % 3)
    whole = [one.code for one in list_cases(room.desk, member, "all").cases]
    assert len(whole) == 11

    pages, after = [], ""
    while True:
        page = list_cases(room.desk, member, "all", after=after, most=3)
        pages.append(page)
        if not page.later:
            break
        after = page.later

    assert [one.code for page in pages for one in page.cases] == whole
    assert [len(page.cases) for page in pages] == [3, 3, 3, 2]
    assert not pages[0].earlier
    for first, second in itertools.pairwise(pages):
        back = list_cases(room.desk, member, "all", before=second.earlier, most=3)
        assert back.cases == first.cases
        assert back.later == first.later
        assert bool(back.earlier) == bool(first.earlier)


def test_a_case_that_is_closed_meanwhile_moves_none_to_another_page(room: Room) -> None:
    member, _client = room.member()
    for number in range(6):
        room.report(title=f"Report {number}")
    first = list_cases(room.desk, member, "open", most=3)
    expected = list_cases(room.desk, member, "open", after=first.later, most=3).cases

    number = first.cases[0].row.number
    triage.act(room.desk, member, number, "report.invalidated", {"reason": "as documented"}, message="It is documented.")
    triage.act(room.desk, member, number, "report.closed", {"reason": "not-a-vulnerability"})
    assert first.cases[0].code not in [one.code for one in list_cases(room.desk, member, "open").cases]

    assert [one.code for one in list_cases(room.desk, member, "open", after=first.later, most=3).cases] == [one.code for one in expected]


def test_what_refreshes_itself_stays_on_its_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "list_cases", functools.partial(list_cases, most=2))
    for _ in range(5):
        room.report()
    _member, client = room.member()

    def found(pattern: str, text: str) -> str:
        return html.unescape(re.findall(pattern, text)[0])

    second = found(r'href="([^"]+)">Next page', client.get("/board").text)
    page = client.get(second).text
    shown = re.findall(r'href="/board/(T-\d)"', page)
    assert shown == ["T-3", "T-4"]
    assert re.findall(r'href="/board/(T-\d)"', client.get(found(r'hx-get="([^"]+)"', page)).text) == shown


@pytest.mark.parametrize("place", ["", "x", "fast", "fast.1", "fast.x.1", "fast.999999999999999999.1", "FAST.1.1", "fast.1.1 or 1=1", "fast.-1.1", "fast.٣.1"])
def test_a_place_that_is_none_is_the_beginning(room: Room, place: str) -> None:
    room.report()
    _member, client = room.member()

    assert "T-1" in client.get("/board", params={"after": place}).text
    assert "T-1" in client.get("/board", params={"before": place}).text
