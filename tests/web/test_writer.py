"""The one writer: every caller hears of its own piece, whoever else fails, goes away or waits in an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from tests.web.conftest import Room
from troth.app.desk import reports
from troth.app.desk.opening import TENANT
from troth.desk.intake.fields import Submission
from troth.desk.storage.writer import BusyError, Writer
from troth.store import Transaction


class Refused(Exception):
    """What a piece raises in these tests."""


def doubled(_transaction: Transaction, many: Sequence[int]) -> list[int]:
    if 13 in many:
        raise Refused
    return [2 * one for one in many]


@pytest.fixture
def held(room: Room):
    """A writer that waits before its first group until it is let go, so that what is submitted meanwhile is one group."""
    writer, go = Writer(room.desk.store, TENANT), threading.Event()
    first = writer.submit(lambda _transaction, many: [go.wait(60) for _one in many], None)
    yield writer, go
    go.set()
    first.result(60)
    writer.close()


def test_one_bad_piece_fails_alone_in_a_group(held: tuple[Writer, threading.Event]) -> None:
    writer, go = held

    async def all_of_them() -> list[object]:
        waiting = [writer.submit_async(doubled, one) for one in (1, 13, 3)]
        other = writer.submit(doubled, 4)
        go.set()
        return [*await asyncio.gather(*waiting, return_exceptions=True), await asyncio.wrap_future(other)]

    one, bad, three, four = asyncio.run(all_of_them())
    assert (one, three, four) == (2, 6, 8)
    assert isinstance(bad, Refused)


def test_who_goes_away_takes_nobody_along(held: tuple[Writer, threading.Event]) -> None:
    writer, go = held

    async def one_leaves() -> int:
        gone, stays = writer.submit_async(doubled, 1), writer.submit_async(doubled, 2)
        gone.cancel()
        go.set()
        return await stays

    assert asyncio.run(one_leaves()) == 4
    assert writer.submit(doubled, 5).result(60) == 10


def test_a_loop_that_has_ended_stops_nobody(held: tuple[Writer, threading.Event]) -> None:
    writer, go = held

    async def leaves() -> None:
        writer.submit_async(doubled, 1)

    asyncio.run(leaves())
    go.set()
    assert writer.submit(doubled, 5).result(60) == 10


def test_a_report_whose_reporter_hung_up_is_stored_all_the_same(room: Room) -> None:
    async def hangs_up() -> None:
        reports.submit_async(room.desk, reports.begin(room.desk), Submission({"title": "t", "description": "d"}), channel="form", proven=True).cancel()

    asyncio.run(hangs_up())
    room.desk.writer.write(lambda _transaction: None)  # what came before it is written
    with room.desk.store.read(TENANT) as t:
        assert sum(room.desk.cases.counts(t).values()) == 1


def test_a_closed_writer_says_so(room: Room) -> None:
    writer = Writer(room.desk.store, TENANT)
    writer.close()

    async def late() -> None:
        with pytest.raises(BusyError):
            writer.submit_async(doubled, 1)

    asyncio.run(late())
    with pytest.raises(BusyError):
        writer.submit(doubled, 1)
