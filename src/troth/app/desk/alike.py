"""Cases that may tell of the same problem: those of one group, and those whose titles share rare words; a person decides.

Rules: the search index holds keyed digests of words, so nothing is decrypted to find them, and sealed and restricted cases are never found; only titles that
the member may read are shown; nothing is grouped, closed or ranked down by a program.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from troth.app.desk.lists import titles_of
from troth.app.desk.opening import TENANT, Desk
from troth.desk.storage.case_rows import COLUMNS, CaseRow, row_of
from troth.desk.storage.people_rows import Member
from troth.desk.tables import CASES, WORDS

__all__ = ["alike", "group_of"]

_MOST: Final = 5
_FREQUENT: Final = 200
"""A word in more titles than this, or in a third of them, says nothing of what a report is about."""
_SHARED: Final = 2
"""So many rare words two titles have to share."""


def group_of(desk: Desk, member: Member, row: CaseRow) -> tuple[tuple[str, str, str], ...]:
    """The other cases of a case's group: short id, title (empty without a key), state."""
    if not row.cluster:
        return ()
    with desk.store.read(TENANT) as t:
        query = select(*COLUMNS).where(CASES.c.tenant == desk.cases.tenant, CASES.c.cluster == row.cluster, CASES.c.uid != row.uid).order_by(CASES.c.number).limit(50)
        rows = [row_of(one) for one in t.execute(query)]
        titles = titles_of(desk, t, member, rows)
    return tuple((desk.cases.code(one.number), titles.get(one.uid, ""), one.state) for one in rows)


def alike(desk: Desk, member: Member, row: CaseRow) -> tuple[tuple[str, str, int], ...]:
    """Cases outside of its group whose titles share at least two rare words with a case's: short id, title, how many words; most first."""
    tenant = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        own = [one.word for one in t.execute(select(WORDS.c.word).where(WORDS.c.tenant == tenant, WORDS.c.case_uid == row.uid))]
        counts = {
            one.word: int(one.many)
            for one in t.execute(select(WORDS.c.word, func.count().label("many")).where(WORDS.c.tenant == tenant, WORDS.c.word.in_(own)).group_by(WORDS.c.word))
        }
        highest = int(t.execute(select(func.max(CASES.c.number)).where(CASES.c.tenant == tenant)).scalar() or 0)
        rare = [word for word in own if counts.get(word, 0) <= min(_FREQUENT, max(3, highest // 3))]
        many = func.count()
        found = {
            one.case_uid: int(one.many)
            for one in t.execute(
                select(WORDS.c.case_uid, many.label("many")).where(WORDS.c.tenant == tenant, WORDS.c.word.in_(rare), WORDS.c.case_uid != row.uid)
                .group_by(WORDS.c.case_uid).having(many >= _SHARED).order_by(many.desc()).limit(_MOST * 4)
            )
        }  # fmt: skip
        query = select(*COLUMNS).where(CASES.c.tenant == tenant, CASES.c.uid.in_(list(found)))
        rows = [one for one in map(row_of, t.execute(query)) if not row.cluster or one.cluster != row.cluster]
        titles = titles_of(desk, t, member, rows)
    told = sorted(((desk.cases.code(one.number), titles.get(one.uid, ""), found[one.uid]) for one in rows), key=lambda one: (-one[2], one[0]))
    return tuple(told[:_MOST])
