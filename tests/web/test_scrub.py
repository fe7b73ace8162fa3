"""Erased words leave the file whichever connection the pool hands out: one that read last has been told to write nothing."""

from __future__ import annotations

from tests.web.conftest import Room
from troth.app.desk.opening import TENANT, scrub


def test_the_file_is_written_anew_after_a_read(room: Room) -> None:
    store = room.desk.store
    with store.read(TENANT):
        pass
    scrub(store)
    with store.read(TENANT):
        pass
    scrub(store)
