"""Canned replies: texts that the team writes often; sealed under the desk's key."""

from __future__ import annotations

import json

from sqlalchemy import delete, insert, select

from troth.app.desk.opening import TENANT, Desk
from troth.desk.crypt.envelope import place, seal, unseal
from troth.desk.storage.case_rows import new_id
from troth.desk.tables import REPLIES
from troth.errors import DeskError

__all__ = ["add_reply", "drop_reply", "replies"]


def replies(desk: Desk) -> tuple[tuple[str, str, str], ...]:
    """All of them, by title: (id, title, text)."""
    tenant = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        rows = t.execute(select(REPLIES).where(REPLIES.c.tenant == tenant)).all()
    bodies = ((row.id, json.loads(unseal(desk.keys.wrapping, row.sealed, place(tenant, "reply", row.id)))) for row in rows)
    return tuple(sorted(((id_, body["title"], body["text"]) for id_, body in bodies), key=lambda one: one[1].casefold()))


def add_reply(desk: Desk, title: str, text: str) -> None:
    """Keep a text.

    Raises:
        DeskError: no title or no text.
    """
    title, text, tenant, id_ = " ".join(title.split())[:100], text.replace("\r\n", "\n").strip()[:20_000], desk.cases.tenant, new_id()
    if not title or not text:
        raise DeskError("a canned reply needs a title and a text")
    sealed = seal(desk.keys.wrapping, json.dumps({"title": title, "text": text}).encode(), place(tenant, "reply", id_))
    desk.writer.write(lambda t: t.execute(insert(REPLIES), [{"tenant": tenant, "id": id_, "sealed": sealed}]) and None)


def drop_reply(desk: Desk, id_: str) -> None:
    """Forget a text."""
    desk.writer.write(lambda t: t.execute(delete(REPLIES).where(REPLIES.c.tenant == desk.cases.tenant, REPLIES.c.id == id_)) and None)
