"""A desk, opened: settings, keys, store, writer and policies together; and a new one, made.

Rules: everything that reads or writes goes through this object; the process' clock is asked in one place (`now`), and tests give their own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from troth.app.desk.policies import Policies, PolicyRecord, bring_in
from troth.app.desk.recent import Recent
from troth.app.desk.settings import DeskSettings, read, write
from troth.desk.calendars import Calendar, holidays_of
from troth.desk.crypt.keyring import Keyring
from troth.desk.receipts import public_text
from troth.desk.storage.case_rows import CaseRows
from troth.desk.storage.chronicle import Chronicle
from troth.desk.storage.event_rows import EventRows
from troth.desk.storage.outbox_rows import OutboxRows
from troth.desk.storage.people_rows import Member, PeopleRows
from troth.desk.storage.thread_rows import ThreadRows
from troth.desk.storage.turns import Turn
from troth.desk.storage.writer import Writer
from troth.errors import DeskError
from troth.store import Store, Transaction, open_store
from troth.terms.tenant import Tenant

__all__ = ["TENANT", "Desk", "assemble", "make_desk", "new_member", "open_desk", "store_url", "use_of"]

TENANT: Final = Tenant("desk", "reports")
"""The desk's rows; one desk per store."""
_WORD: Final = re.compile(r"[^\W_]{2,40}")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """An open desk.

    Attributes:
        folder: where `desk.toml`, `keys/`, `policies/` and the SQLite file lie.
        settings, keys, store, writer, policies: see their types.
        cases, threads, people, events, outbox: rows.
        now: the clock. recent: answers that hold for a second. rounds: whose turn it is to send mail and reminders. using: that the desk is open.
    """

    folder: Path
    settings: DeskSettings
    keys: Keyring
    store: Store
    writer: Writer
    policies: Policies
    cases: CaseRows
    threads: ThreadRows
    people: PeopleRows
    events: EventRows
    outbox: OutboxRows
    team: Calendar
    now: Callable[[], datetime] = _utc_now
    recent: Recent = field(default_factory=Recent)
    rounds: Turn | None = None
    using: Turn | None = None

    @property
    def policy(self) -> PolicyRecord:
        """The policy in force; one that `troth desk policy` brings in is seen a second later."""
        return self.recent.get("policy", self.policies.current)

    @property
    def public_key(self) -> str:
        """The key of receipts, as the desk publishes it."""
        return public_text(self.keys.signer.public_key())

    def words(self, text: str) -> tuple[str, ...]:
        """Keyed words of a text, for the search index."""
        found = dict.fromkeys(match.group().casefold() for match in _WORD.finditer(text))
        return tuple(hmac.new(self.keys.search, word.encode(), hashlib.sha256).hexdigest()[:16] for word in list(found)[:60])

    def sender(self, text: str) -> str:
        """What is kept of an address or a network: a keyed digest."""
        return hmac.new(self.keys.senders, text.casefold().encode(), hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Write what waits and close the store."""
        self.writer.close()
        self.store.close()
        for turn in (self.rounds, self.using):
            if turn is not None:
                turn.close()


def _turn(folder: Path, name: str) -> Turn:
    """What one process of the desk does at a time."""
    return Turn(folder / "data" / f"{name}.turn")


def store_url(folder: Path, settings: DeskSettings) -> str:
    """Where rows go: the owner's choice, or SQLite in the desk's folder."""
    if settings.store:
        return settings.store
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    return f"sqlite:///{(data / 'desk.db').resolve()}"


def open_desk(folder: Path, now: Callable[[], datetime] = _utc_now) -> Desk:
    """Open the desk in a folder.

    Args:
        folder: where `troth desk init` made it.
        now: the clock.

    Raises:
        SettingsError: no desk, or settings that cannot work.
        CryptError: its keys cannot be read.
    """
    settings = read(folder)
    using = use_of(folder)
    if not using.keep(shared=True):
        raise DeskError("the desk's key is being changed: wait for `troth desk rotate` to end")
    try:
        keys = Keyring.read(folder / "keys")
        store = open_store(store_url(folder, settings))
        turn = _turn(folder, "write")
        with turn.taken():  # of several processes that start at once, one makes the tables
            store.migrate()
        turn.close()
        return assemble(folder, settings, keys, store, now, using)
    except BaseException:
        using.close()
        raise


def use_of(folder: Path) -> Turn:
    """Who has the desk open: everybody at the same time, or whoever changes its key, alone."""
    return _turn(folder, "use")


def assemble(  # noqa: PLR0917 - the parts of a desk
    folder: Path, settings: DeskSettings, keys: Keyring, store: Store, now: Callable[[], datetime] = _utc_now, using: Turn | None = None
) -> Desk:
    """A desk over a store that is open and migrated."""
    tenant = str(TENANT)
    events = EventRows(tenant, Chronicle())
    outbox = OutboxRows(tenant, keys.wrapping)
    cases = CaseRows(tenant, settings.prefix, keys.wrapping, events, outbox)
    return Desk(
        folder, settings, keys, store, Writer(store, TENANT, _turn(folder, "write")), Policies(folder, settings.settled), cases, ThreadRows(tenant, cases),
        PeopleRows(tenant, keys.wrapping), events, outbox, calendar_of(settings), now, rounds=_turn(folder, "rounds"), using=using,
    )  # fmt: skip


def calendar_of(settings: DeskSettings) -> Calendar:
    """When the team works: its zone, free weekends, and the public holidays that the settings name (`AT`, `US-CA`).

    Raises:
        UsageError: no such country or subdivision.
        LookError: holidays are named and the package that knows them is not installed.
    """
    country, _, subdivision = settings.holidays.partition("-")
    return Calendar(zone_name=settings.zone, holidays=holidays_of(country, subdivision or None) if country else frozenset())


def make_desk(folder: Path, settings: DeskSettings, policy: Path | None, admin: str, now: Callable[[], datetime] = _utc_now) -> str:
    """Make a desk: settings, keys, store, policy, and the first member, who signs in with the returned link.

    Args:
        folder: a new or empty folder.
        settings: the owner's choices.
        policy: SECURITY.md, if there is one.
        admin: name of the first member. They are a coordinator, who can read and lead, and name others.
        now: the clock.

    Raises:
        SettingsError: the folder has a desk already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(folder, settings)
    Keyring.make(folder / "keys")
    if policy is not None:
        bring_in(folder, policy)
    desk = open_desk(folder, now)
    try:
        _member, link = new_member(desk, admin, "", "owner")
    finally:
        desk.close()
    return link


def new_member(desk: Desk, name: str, mail: str, role: str) -> tuple[Member, str]:
    """A new member and the link that signs them in once, within two days."""
    at = desk.now()

    def work(transaction: Transaction) -> tuple[Member, str]:
        member = desk.people.add(transaction, name, mail, role, at=at)
        return member, desk.people.invite(transaction, member.id, at + timedelta(days=2))

    member, token = desk.writer.write(work)
    return member, f"{desk.settings.origin}/welcome/{token}"
