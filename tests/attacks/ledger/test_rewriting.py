"""Somebody who can write the database, while a process goes on writing to the log and while clients keep checkpoints: cut, put back, forked, backdated. Each with a twin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import text

from tests.attacks.ledger.scene import NOW, OTHER, OWN, SIZE, START, Scene, entry
from troth.errors import LedgerError
from troth.ledger.entry import Entry, EntryError, commitment, leaf_bytes, parse_leaf
from troth.ledger.log import Log
from troth.ledger.tree import Frontier, leaf_hash

Act = Callable[[Scene], None]
Row = tuple[bytes, bytes | None, bytes | None]


def frontier_of(rows: list[Row]) -> Frontier:
    made = Frontier()
    for leaf, _, _ in rows:
        made.add(leaf_hash(leaf))
    return made


def set_head(scene: Scene, rows: list[Row], **more: Any) -> None:
    made = frontier_of(rows)
    told = {"s": made.size, "f": made.pack(), "l": START + made.size - 1, **more}
    scene.sql("UPDATE ledger_heads SET size = :s, frontier = :f, latest = :l WHERE {own}", **told)


def write_one(scene: Scene, number: int, log: Log | None = None, **changed: Any) -> None:
    with scene.store.write(OWN) as transaction:
        (scene.log if log is None else log).append(transaction, entry(number, **changed))


# --- while a process writes ---


def cut_tail(scene: Scene) -> None:
    """The last entries go, and the head goes back with them."""
    rows = scene.rows()[:-20]
    scene.sql("DELETE FROM ledger_leaves WHERE {own} AND number >= :n", n=len(rows))
    scene.sql("DELETE FROM ledger_bodies WHERE {own} AND number >= :n", n=len(rows))
    set_head(scene, rows)


def head_back_only(scene: Scene) -> None:
    """The head alone goes back, so that the next entry would take the place of one that is there."""
    set_head(scene, scene.rows()[:-1])


def everything_gone(scene: Scene) -> None:
    """The whole log is deleted, as if there had been none."""
    for table in ("leaves", "bodies", "tiles", "heads"):
        scene.sql(f"DELETE FROM ledger_{table} WHERE {{own}}")


def last_replaced(scene: Scene) -> None:
    """The last entry is another one, and everything fits it: as long as before."""
    rows = scene.rows()
    told = parse_leaf(rows[-1][0])
    body = b'{"n":"nothing happened"}'
    leaf = leaf_bytes(type(told)(told.number, told.log, told.kind, told.at, told.actor, told.subject, commitment(bytes(32), body)))
    scene.rebuild([*rows[:-1], (leaf, bytes(32), body)])


def rebuilt_shorter(scene: Scene) -> None:
    """A consistent log of half the length takes its place."""
    scene.rebuild(scene.rows()[: SIZE // 2])


def rebuilt_by_backup(scene: Scene) -> None:
    """An older backup is put back, to the letter, under a running process."""
    older = scene.rows()
    scene.grow(SIZE, SIZE + 5)
    scene.rebuild(older)


def head_of_the_other(scene: Scene) -> None:
    """The head becomes that of another tenant's log."""
    with scene.store.read(OTHER) as transaction:
        other = list(scene.log.leaves(transaction))
    set_head(scene, other)


RUNNING = [cut_tail, head_back_only, everything_gone, last_replaced, rebuilt_shorter, rebuilt_by_backup, head_of_the_other]


@pytest.mark.parametrize("attack", RUNNING, ids=lambda one: one.__name__)
def test_a_process_does_not_write_to_a_log_that_lost_what_it_wrote(scene: Scene, attack: Act) -> None:
    scene.grow(SIZE, SIZE + 3)
    attack(scene)
    before = scene.rows()
    with pytest.raises(LedgerError):
        write_one(scene, SIZE + 10)

    assert before == scene.rows()


def grows_elsewhere(scene: Scene) -> None:
    """Another process goes on with the log."""
    with scene.store.write(OWN) as transaction:
        Log("troth/test").append_many(transaction, [entry(number) for number in range(SIZE + 3, SIZE + 40)])


def fails_in_between(scene: Scene) -> None:
    """A transaction of this process is rolled back after it has appended."""
    with pytest.raises(RuntimeError), scene.store.write(OWN) as transaction:
        scene.log.append(transaction, entry(SIZE + 3))
        raise RuntimeError


def savepoint_fails(scene: Scene) -> None:
    """A part of a transaction is rolled back after it has appended, and the rest is committed."""
    with scene.store.write(OWN) as transaction:
        with pytest.raises(RuntimeError), transaction.savepoint():
            scene.log.append_many(transaction, [entry(number) for number in range(SIZE + 3, SIZE + 9)])
            raise RuntimeError
        scene.log.append(transaction, entry(SIZE + 3))


def erased(scene: Scene) -> None:
    """A body is erased, as the log says."""
    with scene.store.write(OWN) as transaction:
        assert scene.log.erase(transaction, 7, at=START + SIZE + 4, actor="ana", reason="asked for")


def same_rows_again(scene: Scene) -> None:
    """The database is taken away and put back as it was."""
    scene.rebuild(scene.rows())


@pytest.mark.parametrize("twin", [grows_elsewhere, fails_in_between, savepoint_fails, erased, same_rows_again], ids=lambda one: one.__name__)
def test_a_process_goes_on_with_a_log_that_others_only_continued(scene: Scene, twin: Act) -> None:
    scene.grow(SIZE, SIZE + 3)
    twin(scene)
    size = len(scene.rows())
    write_one(scene, SIZE + 50)

    assert size + 1 == len(scene.rows())
    assert () == scene.audit().problems


def test_a_batch_that_is_rolled_back_in_a_group_does_not_stop_the_log(scene: Scene) -> None:
    from troth.store import GroupWriter

    def fails(transaction: Any) -> None:
        scene.log.append_many(transaction, [entry(number) for number in range(SIZE, SIZE + 5)])
        raise RuntimeError

    with GroupWriter(scene.store) as writer:
        futures = [writer.submit(OWN, fails if number % 2 else lambda transaction, at=number: scene.log.append(transaction, entry(SIZE + at))) for number in range(12)]
    assert 6 == sum(future.exception() is not None for future in futures)
    write_one(scene, SIZE + 60)

    assert () == scene.audit().problems
    assert SIZE + 7 == len(scene.rows())


# --- the head's time, which a new process believes ---


@pytest.mark.parametrize(("latest", "at"), [(0, START - 86_400_000), (START - 86_400_000, START - 86_400_000), (START + 10**12, NOW), (2**62, NOW)])
def test_a_head_whose_time_was_moved_neither_lets_entries_be_backdated_nor_refuses_them_silently(scene: Scene, latest: int, at: int) -> None:
    scene.sql("UPDATE ledger_heads SET latest = :l WHERE {own}", l=latest)
    with pytest.raises(LedgerError, match="head"):
        write_one(scene, SIZE, Log("troth/test"), at=at)

    assert SIZE == len(scene.rows())


@pytest.mark.parametrize("ahead", [0, 60_000, 120_000])
def test_a_head_whose_time_is_ahead_as_far_as_clocks_differ_is_right(scene: Scene, ahead: int) -> None:
    write_one(scene, SIZE, at=START + SIZE + ahead)
    write_one(scene, SIZE + 1, at=START + SIZE + ahead - 100_000 if ahead >= 100_000 else START + SIZE)
    write_one(scene, SIZE + 2, Log("troth/test"), at=START + SIZE + ahead)

    assert () == scene.audit().problems


def test_a_last_entry_that_is_missing_or_none_stops_a_new_process(scene: Scene) -> None:
    scene.sql("UPDATE ledger_leaves SET leaf = :l WHERE {own} AND number = :n", l=b"{}", n=SIZE - 1)
    with pytest.raises(LedgerError):
        write_one(scene, SIZE, Log("troth/test"))
    scene.sql("DELETE FROM ledger_leaves WHERE {own} AND number = :n", n=SIZE - 1)
    with pytest.raises(LedgerError, match="head"):
        write_one(scene, SIZE, Log("troth/test"))


# --- rewritten as a whole, before a client who kept checkpoints ---


def rewritten(scene: Scene, change: Callable[[list[Row]], list[Row]]) -> None:
    """The rows changed, each leaf numbered and spelled anew, the whole log rebuilt: only a kept checkpoint can tell."""
    made: list[Row] = []
    for number, (leaf, salt, body) in enumerate(change(scene.rows())):
        told = parse_leaf(leaf)
        committed = told.body if salt is None or body is None else commitment(salt, body)
        made.append((leaf_bytes(type(told)(number, told.log, told.kind, told.at, told.actor, told.subject, committed)), salt, body))
    scene.rebuild(made)


def moved_in_time(rows: list[Row]) -> list[Row]:
    """One approval is a day earlier, with everything before it."""
    made = []
    for number, (leaf, salt, body) in enumerate(rows):
        told = parse_leaf(leaf)
        at = told.at - 86_400_000 if number <= 150 else told.at
        made.append((leaf_bytes(type(told)(told.number, told.log, told.kind, at, told.actor, told.subject, told.body)), salt, body))
    return made


def somebody_else(rows: list[Row]) -> list[Row]:
    """Another person did it."""
    told = parse_leaf(rows[100][0])
    return [*rows[:100], (leaf_bytes(type(told)(told.number, told.log, told.kind, told.at, "mallory", told.subject, told.body)), *rows[100][1:]), *rows[101:]]


def other_words(rows: list[Row]) -> list[Row]:
    """What was said is another thing, with a salt of its own."""
    return [*rows[:199], (rows[199][0], b"\1" * 32, b'{"n":"else"}'), *rows[200:]]


REWRITTEN: dict[str, Callable[[list[Row]], list[Row]]] = {
    "one entry left out": lambda rows: rows[:50] + rows[51:], "the first left out": lambda rows: rows[1:], "the last before the checkpoint left out": lambda rows: rows[:199] + rows[200:],
    "one entry twice": lambda rows: [*rows[:120], rows[119], *rows[120:]], "two in another order": lambda rows: [*rows[:10], rows[11], rows[10], *rows[12:]], "the tail cut off": lambda rows: rows[:250],
    "everything but the end": lambda rows: rows[-1:], "a body taken away": lambda rows: [*rows[:5], (rows[5][0], None, None), *rows[6:]],
    "a day earlier": moved_in_time, "somebody else": somebody_else, "other words": other_words,
}  # fmt: skip


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_log_that_was_rewritten_as_a_whole_is_not_the_one_of_the_checkpoints(scene: Scene, name: str) -> None:
    rewritten(scene, REWRITTEN[name])

    assert scene.audit().problems


def test_a_log_that_was_rebuilt_to_the_letter_is_the_one_of_the_checkpoints(scene: Scene) -> None:
    rewritten(scene, lambda rows: rows)
    found = scene.audit()

    assert () == found.problems
    assert (200, 300) == found.confirmed


@pytest.mark.parametrize("number", [0, 199, 255, 256, 299])
def test_a_body_and_its_salt_of_another_entry_are_seen_wherever_they_lie(scene: Scene, number: int) -> None:
    salt, body = scene.rows()[(number + 1) % SIZE][1:]
    scene.sql("UPDATE ledger_bodies SET salt = :s, body = :b WHERE {own} AND number = :n", s=salt, b=body, n=number)
    found = scene.audit()

    assert found.problems
    assert any(one.first <= number <= one.last for one in found.problems)


def test_an_erasure_is_not_made_up_and_does_not_cover_what_is_there(scene: Scene) -> None:
    made_up = Entry("ledger.erased", START + SIZE, "mallory", "42", {"reason": "none"})
    with pytest.raises(EntryError), scene.store.write(OWN) as transaction:
        scene.log.append(transaction, made_up)
    with mock.patch("troth.ledger.log.ERASED", "nothing is"), scene.store.write(OWN) as transaction:
        scene.log.append(transaction, made_up)  # by a program that has no such rule
    assert scene.audit().problems, "the body is still there"
    scene.sql("DELETE FROM ledger_bodies WHERE {own} AND number = 43")
    assert any(one.first <= 43 <= one.last for one in scene.audit().problems)


def test_a_log_is_not_passed_for_another_tenant_s(scene: Scene) -> None:
    rows = scene.rows()
    with scene.attacker() as connection:
        for table in ("leaves", "bodies", "tiles", "heads"):
            connection.execute(text(f"DELETE FROM ledger_{table} WHERE tenant = :t"), {"t": str(OTHER)})
            connection.execute(text(f"UPDATE ledger_{table} SET tenant = :t WHERE tenant = :o"), {"t": str(OTHER), "o": str(OWN)})
    assert {json.loads(leaf)["log"] for leaf, _, _ in rows} == {scene.name}

    assert scene.audit(OTHER, kept=False).problems
    assert scene.audit().problems
