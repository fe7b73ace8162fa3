"""Sealed cases for a browser: the ciphertext of a case for a member of the team who holds the key that the desk does not have, opened in their browser and nowhere else.

Rules: nothing is opened here, and nothing is sent that was not stored; who may not read, guests and whoever a restricted case does not name get nothing, as if there were no key in the
world; what a browser has to check (the place of every envelope) goes along with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from troth.app.desk.opening import TENANT, Desk
from troth.app.desk.triage import open_row
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.wraps import MEMBER
from troth.desk.intake.fields import FIELDS
from troth.desk.storage.case_rows import CaseRow
from troth.desk.storage.people_rows import Member
from troth.desk.tables import CHUNKS, FILES, ITEMS, WRAPS
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["closed_case", "closed_file", "demand_readable"]

_LENGTH_BYTES = 4


def demand_readable(desk: Desk, t: Transaction, member: Member, number: int) -> CaseRow:
    """A sealed case whose ciphertext a member may have.

    Raises:
        DeskError: there is none, or it was not shared with a guest, for whom it is not there. CryptError: the role may not, or it is not sealed, erased, or kept to others.
    """
    row = open_row(desk, t, number)
    named = desk.cases.wrap(t, row.uid, f"{MEMBER}{member.id}") is not None
    if member.role == "guest" and not named:
        raise DeskError(f"there is no case {desk.cases.code(number)}")
    if not member.may("read") or not row.blind or row.erased_at is not None or (row.restricted and not named):
        raise CryptError("you hold no key of this case")
    return row


def closed_case(desk: Desk, member: Member, number: int) -> Mapping[str, Any]:
    """All that a browser needs to open a case with a member's own age identity, as JSON data; bytes are base64.

    Raises:
        DeskError: as `demand_readable`.
    """
    own = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        row = demand_readable(desk, t, member, number)
        names = {one.id: one.name for one in desk.people.all(t)}
        wraps = t.execute(select(WRAPS.c.holder, WRAPS.c.wrap).where(WRAPS.c.tenant == own, WRAPS.c.case_uid == row.uid)).all()
        items = t.execute(select(ITEMS).where(ITEMS.c.tenant == own, ITEMS.c.case_uid == row.uid, ITEMS.c.kind != "receipt").order_by(ITEMS.c.seq)).all()
        files = t.execute(select(FILES).where(FILES.c.tenant == own, FILES.c.case_uid == row.uid)).all()
    return {
        "tenant": own, "case": row.uid, "code": desk.cases.code(number), "title": _text(row.title_sealed),
        "wraps": [_text(one.wrap) for one in wraps if one.holder.startswith(MEMBER)],
        "labels": {name: field.label for name, field in FIELDS.items()},
        "items": [
            {"id": one.id, "kind": one.kind, "audience": one.audience, "at": one.at.isoformat(), "sealed": _text(one.sealed), "author": names.get(one.author, "The reporter" if one.author == "reporter" else "The desk")}
            for one in items
        ],
        "files": [{"id": one.id, "item": one.item, "size": one.size, "chunks": one.chunks, "name": _text(one.name_sealed)} for one in files],
    }  # fmt: skip


def closed_file(desk: Desk, member: Member, number: int, file: str) -> Iterator[bytes] | None:
    """The sealed chunks of a file, each after its length (four bytes, the greatest first); None where the case has no such file.

    Raises:
        DeskError: as `demand_readable`.
    """
    own = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        row = demand_readable(desk, t, member, number)
        if t.execute(select(FILES.c.id).where(FILES.c.tenant == own, FILES.c.case_uid == row.uid, FILES.c.id == file)).first() is None:
            return None

    def pieces() -> Iterator[bytes]:
        with desk.store.read(TENANT) as t:
            for one in t.execute(select(CHUNKS.c.sealed).where(CHUNKS.c.tenant == own, CHUNKS.c.file == file).order_by(CHUNKS.c.number)):
                yield len(one.sealed).to_bytes(_LENGTH_BYTES, "big") + bytes(one.sealed)

    return pieces()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
