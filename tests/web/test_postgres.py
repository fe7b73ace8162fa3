"""The desk on PostgreSQL: the same life of a report as on SQLite, and a move there and back that changes nothing that anybody holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.postgres import Cluster, postgres  # noqa: F401
from tests.web.conftest import REPORT, Clock, Room, copied, csrf
from troth.app.desk import keeping
from troth.app.desk.opening import TENANT, Desk, open_desk
from troth.app.desk.statements import signed_statement
from troth.desk.receipts import verify
from troth.ledger.audit import audit
from troth.store import METADATA


def pointed(folder: Path, url: str) -> Path:
    """A desk's settings, with another store."""
    path = folder / "desk.toml"
    path.write_text(re.sub(r'(?m)^store = ".*"$', f'store = "{url}"', path.read_text()))
    return folder


@pytest.fixture
def away(template: Path, tmp_path: Path, postgres: Cluster):  # noqa: F811
    """A desk whose rows are on PostgreSQL; its first member was made there."""
    with postgres.database() as url:
        clock = Clock()
        folder = pointed(copied(template, tmp_path / "desk"), url)
        desk = open_desk(folder, clock)
        yield Room(desk, clock, folder)
        desk.close()


def rows(desk: Desk) -> dict[str, list[tuple]]:
    """Every row of the desk and its ledger."""
    found = {}
    with desk.store.read(TENANT) as t:
        for name, table in sorted(METADATA.tables.items()):
            if name.startswith(("desk_", "ledger_")) and "tenant" in table.c:
                found[name] = sorted(tuple(row) for row in t.execute(select(table).where(table.c.tenant == str(TENANT))))
    return found


def test_the_life_of_a_report_on_postgresql(away: Room) -> None:
    link = away.report(files=[("files", ("poc.bin", b"A" * 200_000))])
    twice = away.client()
    nonce = re.search(r'name="nonce" value="([^"]+)"', twice.get("/").text).group(1)
    answers = {twice.post("/report", data={"nonce": nonce, **REPORT}, files=[("files", ("", b""))]).headers["location"] for _ in range(2)}
    assert len(answers) == 1
    member, team = away.member()
    token = csrf(team)

    def act(kind: str, **fields: str) -> None:
        answer = team.post("/board/T-1/act", data={"csrf": token, "kind": kind, **fields})
        assert answer.status_code == 303, answer.text

    act("report.acknowledged", message="Thank you.")
    act("report.validated")
    act("embargo.proposed", until="2027-01-15T12:00")
    assert away.client().post(f"{link}/embargo", data={"answer": "accept"}).status_code == 303
    assert team.post("/board/T-1/tag", data={"csrf": token, "name": "archive"}).status_code == 303
    assert team.post("/board/T-1/note", data={"csrf": token, "text": "Looks real."}).status_code == 303
    assert away.client().post(f"{link}/reply", data={"text": "Any news?", "nonce": "n" * 43}).status_code == 303
    assert "Any news?" in team.get("/board/T-1").text
    for where in ("/board", "/board?view=lanes", "/board?view=clocks", "/board?which=all&q=traversal", "/board/numbers", "/board/desk"):
        assert team.get(where).status_code == 200, where
    assert REPORT["title"] in team.get("/board?which=all&q=traversal").text
    file = re.search(r'href="(/board/T-1/files/[^"]+)"', team.get("/board/T-1").text).group(1)
    assert team.get(file).content == b"A" * 200_000

    act("embargo.exited", reason="agreed")
    assert team.post("/board/T-1/publish", data={"csrf": token, "title": "Out", "text": "It is out."}).status_code == 303
    assert "It is out." in away.client().get("/published/T-1").text
    assert team.post("/board/T-1/erase", data={"csrf": token, "sure": "T-1"}).status_code == 303
    assert away.client().get(link).status_code == 404
    assert json.loads(signed_statement(away.desk, "lantern/fish"))["payload"]
    with away.desk.store.read(TENANT) as t:
        assert away.desk.people.get(t, member.id) is not None


def test_a_move_to_postgresql_and_back_keeps_ids_receipts_links_and_the_ledger(room: Room, tmp_path: Path, postgres: Cluster) -> None:  # noqa: F811
    links = [room.report(title=f"Report {at}", files=[("files", (f"{at}.bin", bytes([at]) * 90_000))]) for at in range(1, 4)]
    _member, team = room.member()
    team.post("/board/T-2/act", data={"csrf": csrf(team), "kind": "report.acknowledged", "message": "Thank you."})
    team.post("/board/T-3/erase", data={"csrf": csrf(team), "sure": "T-3"})
    receipts = [room.client().get(f"{link}/receipt").text for link in links[:2]]
    before = rows(room.desk)

    with postgres.database() as url:
        counts = keeping.migrate_to(room.desk, url)
        assert counts["desk_cases"] == 3
        there = open_desk(pointed(copied(room.folder, tmp_path / "there"), url), room.clock)
        try:
            assert rows(there) == before
            _read(there, links, receipts)
            # it goes on there: the next number, the next leaf
            after = Room(there, room.clock, tmp_path / "there")
            links.append(after.report(title="Made on PostgreSQL"))
            between = rows(there)
            keeping.migrate_to(there, f"sqlite:///{tmp_path}/back/desk.db")
        finally:
            there.close()

    back = open_desk(pointed(copied(room.folder, tmp_path / "home"), f"sqlite:///{tmp_path}/back/desk.db"), room.clock)
    try:
        assert rows(back) == between
        _read(back, links, receipts)
        assert Room(back, room.clock, tmp_path / "home").client().get(links[3]).status_code == 200
        with back.store.read(TENANT) as t:
            assert back.cases.by_number(t, 4) is not None
    finally:
        back.close()


def _read(desk: Desk, links: list[str], receipts: list[str]) -> None:
    """Links lead where they led, receipts are the same and verify, the ledger audits."""
    client = Room(desk, Clock(), desk.folder).client()
    for link, receipt in zip(links, receipts, strict=False):
        assert client.get(link).status_code == 200
        assert client.get(f"{link}/receipt").text == receipt
        verify(receipt, desk.public_key)
    assert client.get(links[2]).status_code == 404, "what was erased stays erased"
    with desk.store.read(TENANT) as t:
        found = audit(desk.events.chronicle.log, t)
        assert (found.problems, found.size > 3) == ((), True)


def test_pages_of_the_board_on_postgresql(away: Room) -> None:
    from troth.app.desk.lists import list_cases

    member, _client = away.member()
    for number in range(5):
        away.report(title=f"Report {number}")
        away.clock.go(hours=1)
    whole = list_cases(away.desk, member, "all").cases
    first = list_cases(away.desk, member, "all", most=2)
    second = list_cases(away.desk, member, "all", most=2, after=first.later)
    third = list_cases(away.desk, member, "all", most=2, after=second.later)

    assert (*first.cases, *second.cases, *third.cases) == whole
    assert list_cases(away.desk, member, "all", most=2, before=second.earlier).cases == first.cases
    assert not third.later
