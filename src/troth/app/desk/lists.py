"""Lists of cases: pages of fifty, by what is due first; figures; search; statistics of tags.

A page begins after (or ends before) a place in the order, and not after so many rows: the thousandth costs what the first does, and a case that is closed
meanwhile moves nothing from one page to another.

Rules: nothing is decrypted but the titles of one page; who holds no key of a case sees its number, times and state, and no title; guests see their own cases
only; whatever is counted is counted in the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, tuple_

from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.triage import key_for, labels
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.wraps import DESK, MEMBER, unwrap
from troth.desk.storage.case_rows import COLUMNS, CaseRow, row_of
from troth.desk.storage.people_rows import Member
from troth.desk.tables import CASES, NEVER, TAGS, WORDS, WRAPS
from troth.store import Transaction

__all__ = ["ListPage", "Listed", "figures", "list_cases", "tag_numbers"]

PAGE: Final = 50
_RARE: Final = 400
"""Up to so many cases a word is looked up by itself."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_PLACE: Final = re.compile(r"(fast|slow)\.([0-9]{1,18})\.([0-9]{1,9})", re.ASCII)
OPEN: Final = ("received", "valid", "invalid", "accepted", "deferred")


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a list; the title is empty where the member holds no key."""

    row: CaseRow
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        cases: on it.
        earlier, later: places that the pages beside it are asked with (`before`, `after`); empty where there is none.
    """

    cases: tuple[Listed, ...]
    earlier: str
    later: str


def _only(query: Select, desk: Desk, member: Member, which: str, *, label: str = "") -> Select:  # type: ignore[type-arg]
    """The conditions of a list."""
    tenant = desk.cases.tenant
    if which in OPEN or which == "closed":
        query = query.where(CASES.c.state == which)
    elif which == "waiting":
        query = query.where(CASES.c.waiting, CASES.c.state.in_(OPEN))
    elif which == "overdue":
        query = query.where(CASES.c.due_at < desk.now(), CASES.c.state.in_(OPEN))
    elif which == "mine":
        query = query.where(CASES.c.assignee == member.id, CASES.c.state.in_(OPEN))
    elif which == "open":
        query = query.where(CASES.c.state.in_(OPEN))
    if label:
        query = query.where(CASES.c.uid.in_(select(TAGS.c.case_uid).where(TAGS.c.tenant == tenant, TAGS.c.label == label)))
    if member.role == "guest":
        query = query.where(CASES.c.uid.in_(select(WRAPS.c.case_uid).where(WRAPS.c.tenant == tenant, WRAPS.c.holder == f"{MEMBER}{member.id}")))
    return query.where(CASES.c.tenant == tenant, CASES.c.erased_at.is_(None) if which != "erased" else CASES.c.erased_at.is_not(None))


def _having(query: Select, t: Transaction, desk: Desk, words: Sequence[str]) -> Select:  # type: ignore[type-arg]
    """Only cases with all these words. A rare word is looked up first; a frequent one is asked of each case in the list's order, until the page is full."""
    tenant = desk.cases.tenant
    for word in words:
        uids = [row.case_uid for row in t.execute(select(WORDS.c.case_uid).where(WORDS.c.tenant == tenant, WORDS.c.word == word).limit(_RARE + 1))]
        if len(uids) <= _RARE:
            query = query.where(CASES.c.uid.in_(uids))
        else:
            query = query.where(exists().where(WORDS.c.tenant == tenant, WORDS.c.word == word, WORDS.c.case_uid == CASES.c.uid))
    return query


def list_cases(desk: Desk, member: Member, which: str = "open", *, after: str = "", before: str = "", words: str = "", label: str = "", most: int = PAGE) -> ListPage:
    """A page of cases, the fast lane before the slow one, and in each what is due first.

    Args:
        desk: the desk.
        member: who looks.
        which: `open`, `waiting`, `overdue`, `mine`, `closed`, `erased`, `all`, or a state.
        after: a place that another page named as `later`; what is none is the beginning.
        before: the same with `earlier`.
        words: that the title must have; a number or short id finds that case.
        label: id of a tag.
        most: cases on a page.
    """
    start, end = _place(after), _place(before)
    with desk.store.read(TENANT) as t:
        direct = _direct(desk, t, member, words)
        if direct is not None:
            rows = [direct]
        else:
            query = _having(_only(select(*COLUMNS), desk, member, which, label=label), t, desk, desk.words(words if member.may("read") else ""))
            rows = _window(t, query, start, end, most)
        beyond, rows = len(rows) > most, rows[:most]
        if end is not None:
            rows.reverse()
        titles = titles_of(desk, t, member, rows)
    listed = tuple(Listed(row, desk.cases.code(row.number), titles.get(row.uid, "")) for row in rows)
    earlier, later = (beyond, True) if end is not None else (start is not None, beyond)
    return ListPage(listed, _place_of(rows[0]) if rows and earlier else "", _place_of(rows[-1]) if rows and later else "")


_ORDER: Final = (CASES.c.lane, CASES.c.due_at, CASES.c.number)


def _window(t: Transaction, query: Select, start: tuple[str, datetime, int] | None, end: tuple[str, datetime, int] | None, most: int) -> list[CaseRow]:  # type: ignore[type-arg]
    """Rows after a place in order, or before one in the opposite order; one more than fits, so that it shows whether something follows."""
    if end is not None:
        query = query.where(tuple_(*_ORDER) < tuple_(*_literals(end))).order_by(*(column.desc() for column in _ORDER))
    else:
        query = (query.where(tuple_(*_ORDER) > tuple_(*_literals(start))) if start is not None else query).order_by(*_ORDER)
    return [row_of(row) for row in t.execute(query.limit(most + 1))]


def _literals(place: tuple[str, datetime, int]) -> list[ColumnElement[object]]:
    return [literal(value, column.type) for value, column in zip(place, _ORDER, strict=True)]


def _place_of(row: CaseRow) -> str:
    """A row's place in the order, as an address carries it: lane, microseconds since 1970, number."""
    return f"{row.lane}.{((row.due_at or NEVER) - _EPOCH) // _TICK}.{row.number}"


def _place(text: str) -> tuple[str, datetime, int] | None:
    """The place that `_place_of` wrote; None where it is none."""
    found = _PLACE.fullmatch(text)
    return (found[1], _EPOCH + int(found[2]) * _TICK, int(found[3])) if found is not None and int(found[2]) * _TICK <= NEVER - _EPOCH else None


def _direct(desk: Desk, t: Transaction, member: Member, words: str) -> CaseRow | None:
    """The case whose number or short id was typed; of a guest's only those that they hold a key of."""
    text = words.strip().upper().removeprefix(f"{desk.settings.prefix}-")
    row = desk.cases.by_number(t, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
    hidden = row is not None and member.role == "guest" and desk.cases.wrap(t, row.uid, f"{MEMBER}{member.id}") is None
    return None if hidden else row


def titles_of(desk: Desk, t: Transaction, member: Member, rows: Sequence[CaseRow]) -> Mapping[str, str]:
    """Titles of a page: one query for the desk's wraps, single ones for restricted cases."""
    if not member.may("read") or not rows:
        return {}
    tenant = desk.cases.tenant
    open_uids = [row.uid for row in rows if not row.restricted and member.role != "guest"]
    wraps = {one.case_uid: bytes(one.wrap) for one in t.execute(select(WRAPS.c.case_uid, WRAPS.c.wrap).where(WRAPS.c.tenant == tenant, WRAPS.c.holder == DESK, WRAPS.c.case_uid.in_(open_uids)))}
    titles: dict[str, str] = {}
    for row in rows:
        if row.erased_at is not None:
            continue
        try:
            key = unwrap(desk.cases.wrapping, wraps[row.uid], tenant, row.uid) if row.uid in wraps else key_for(desk, t, member, row)
        except CryptError:
            continue
        titles[row.uid] = desk.cases.title(row, key)
    return titles


def figures(desk: Desk, member: Member) -> dict[str, int]:
    """How many cases wait, are overdue, are open, are mine, are closed."""
    with desk.store.read(TENANT) as t:
        def count(which: str, *only: ColumnElement[bool]) -> int:
            return int(t.execute(_only(select(func.count()).select_from(CASES), desk, member, which).where(*only)).scalar() or 0)

        # in the order of one index, so that nothing is sorted; both values of `waiting` are named for the same reason
        rows = t.execute(_only(select(CASES.c.state, CASES.c.waiting, func.count().label("many")), desk, member, "all").group_by(CASES.c.state, CASES.c.waiting)).all()
        told = {"waiting": 0, "overdue": count("overdue", CASES.c.waiting.in_((True, False))), "open": 0, "mine": count("mine"), "closed": 0}
    for row in rows:
        for name in ("closed",) if row.state == "closed" else ("open", "waiting") if row.waiting else ("open",):
            told[name] += int(row.many)
    return told


def tag_numbers(desk: Desk) -> tuple[tuple[str, str, int], ...]:
    """Tags with how many cases have them, most first: (id, name, count)."""
    tenant = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        names = labels(desk, t)
        counts = {row.label: int(row.many) for row in t.execute(select(TAGS.c.label, func.count().label("many")).where(TAGS.c.tenant == tenant).group_by(TAGS.c.label))}
    return tuple(sorted(((id_, name, counts.get(id_, 0)) for id_, name in names.items()), key=lambda one: (-one[2], one[1])))


def received_per_month(desk: Desk) -> tuple[tuple[str, int], ...]:
    """Reports per month, oldest first."""
    with desk.store.read(TENANT) as t:
        moments: list[datetime] = [row.received_at for row in t.execute(select(CASES.c.received_at).where(CASES.c.tenant == desk.cases.tenant))]
    months: dict[str, int] = {}
    for moment in sorted(moments):
        months[f"{moment:%Y-%m}"] = months.get(f"{moment:%Y-%m}", 0) + 1
    return tuple(months.items())[-24:]


__all__ += ["received_per_month", "titles_of"]
