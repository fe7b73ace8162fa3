"""Reading cases without the desk: whoever holds a key, with the data (or a backup of it) and an age identity, on any machine, offline.

Rules: needs none of the desk's own keys, and changes nothing in the data; what is written lies in folders of 0700 and files of 0600 that did not exist before;
names of attached files are the reporters' words, so they are stored under their number and named in `case.json` alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyrage
from sqlalchemy import select

from troth.app.desk.opening import TENANT
from troth.desk.crypt.envelope import KEY_BYTES, CryptError
from troth.desk.crypt.wraps import MEMBER, unwrap_member
from troth.desk.events import Event
from troth.desk.intake.fields import Submission
from troth.desk.storage.case_rows import COLUMNS, CaseRow, CaseRows, row_of
from troth.desk.storage.chronicle import Chronicle
from troth.desk.storage.event_rows import EventRows
from troth.desk.storage.outbox_rows import OutboxRows
from troth.desk.storage.thread_rows import FileRow, Item, ThreadRows
from troth.desk.tables import CASES, WRAPS
from troth.errors import DeskError
from troth.store import Store, Transaction, open_store

__all__ = ["Read", "identities_of", "read_cases"]

_NONE: Final = bytes(KEY_BYTES)
"""Stands where the desk's own key would; nothing is opened with it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was written: short ids of the cases that opened, and of those for which no identity holds a key."""

    opened: tuple[str, ...]
    closed: tuple[str, ...]


def identities_of(path: Path) -> tuple[str, ...]:
    """Age identities in a file, as `age-keygen` writes it.

    Raises:
        DeskError: there is none in it.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{path} cannot be read as a file of age identities") from error
    found = tuple(line for line in lines if line.startswith("AGE-SECRET-KEY-1"))
    if not found:
        raise DeskError(f"{path} has no line that begins with AGE-SECRET-KEY-1")
    return found


def read_cases(url: str, identities: Sequence[str], to: Path, *, prefix: str = "T", numbers: Sequence[int] = ()) -> Read:
    """Write the cases that the identities open, one folder each.

    Args:
        url: of the store, or of a backup: `sqlite:///PATH`, `postgresql+psycopg://...`.
        identities: `AGE-SECRET-KEY-1...`.
        to: a folder that does not exist yet.
        prefix: of short ids.
        numbers: of cases; empty for all.

    Raises:
        DeskError: the folder exists, or an identity is none.
    """
    for one in identities:
        try:
            pyrage.x25519.Identity.from_str(one)
        except pyrage.IdentityError as error:
            raise DeskError("an identity is none that age knows") from error
    try:
        to.mkdir(mode=0o700)
    except OSError as error:
        raise DeskError(f"{to} cannot be made: {error.strerror}; what is opened is written into a new folder only") from error
    tenant = str(TENANT)
    events = EventRows(tenant, Chronicle())
    cases = CaseRows(tenant, prefix, _NONE, events, OutboxRows(tenant, _NONE))
    with open_store(url) as store:
        return _Reader(store, cases, ThreadRows(tenant, cases), events, tuple(identities), to).all(numbers)


@dataclass(frozen=True)
class _Reader:
    store: Store
    cases: CaseRows
    threads: ThreadRows
    events: EventRows
    identities: tuple[str, ...]
    to: Path

    def all(self, numbers: Sequence[int]) -> Read:
        opened: list[str] = []
        closed: list[str] = []
        with self.store.read(TENANT) as t:
            query = select(*COLUMNS).where(CASES.c.tenant == self.cases.tenant, CASES.c.erased_at.is_(None)).order_by(CASES.c.number)
            for row in [row_of(one) for one in t.execute(query.where(CASES.c.number.in_(list(numbers))) if numbers else query)]:
                key = self._key(t, row.uid)
                (closed if key is None else opened).append(self.cases.code(row.number))
                if key is not None:
                    self._write(t, row, key)
        return Read(tuple(opened), tuple(closed))

    def _key(self, t: Transaction, uid: str) -> bytes | None:
        rows = t.execute(select(WRAPS.c.holder, WRAPS.c.wrap).where(WRAPS.c.tenant == self.cases.tenant, WRAPS.c.case_uid == uid)).all()
        for wrap in (bytes(row.wrap) for row in rows if row.holder.startswith(MEMBER)):
            for identity in self.identities:
                try:
                    return unwrap_member(identity, wrap, self.cases.tenant, uid)
                except CryptError:
                    continue
        return None

    def _write(self, t: Transaction, row: CaseRow, key: bytes) -> None:
        code = self.cases.code(row.number)
        folder = self.to / code
        folder.mkdir(mode=0o700)
        files = self.threads.files(t, row.uid, key)
        for at, one in enumerate(files, 1):
            with os.fdopen(os.open(folder / f"file-{at}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for piece in self.threads.content(t, key, one.id):
                    out.write(piece)
        told = {
            "case": code, "title": self.cases.title(row, key), "state": row.state, "severity": row.severity, "received": row.received_at.isoformat(), "channel": row.channel,
            "policy": row.policy, "thread": [self._item(item, files) for item in self.threads.for_team(t, row.uid, key)],
            "events": [_event(event) for event in self.events.read(t, row.uid, code, key)],
        }  # fmt: skip
        with os.fdopen(os.open(folder / "case.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(told, out, indent=1, ensure_ascii=False, default=str)

    def _item(self, item: Item, files: Sequence[FileRow]) -> Mapping[str, Any]:
        told: dict[str, Any] = {"kind": item.kind, "audience": item.audience, "author": item.author, "at": item.at.isoformat()}
        told["files"] = [{"stored": f"file-{at}", "name": one.name, "size": one.size} for at, one in enumerate(files, 1) if one.item == item.id]
        if item.kind != "report":
            return {**told, "text": item.text}
        report = Submission.from_canonical(item.body)
        return {**told, "values": {**report.values, **self._sealed(report.sealed)}}

    def _sealed(self, armor: str) -> Mapping[str, Any]:
        """What a reporter's browser or mail program encrypted to the same identities: its fields, its text, or the ciphertext where it does not open."""
        if not armor:
            return {}
        try:
            clear = bytes(pyrage.decrypt(armor.encode(), [pyrage.x25519.Identity.from_str(one) for one in self.identities])).decode("utf-8", "replace")
        except pyrage.DecryptError:
            return {"sealed": armor}
        try:
            fields = json.loads(clear)
        except ValueError:
            return {"description": clear}
        return {str(name): str(value) for name, value in fields.items()} if isinstance(fields, dict) else {"description": clear}


def _event(event: Event) -> Mapping[str, Any]:
    return event.to_json()
