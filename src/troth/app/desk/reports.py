"""What a reporter does: send a report, come back with the link, write, add files, agree to a date, say how to be named, get a new link.

Rules: everything here sees what is meant for reporters and nothing else (`ThreadRows.for_reporter`); a report is stored before it is confirmed; nothing is
refused for lack of a proof of work, an account or an address; nothing is ever closed by a program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from troth.app.desk.acting import record
from troth.app.desk.mail_texts import received_mails, reply_mails
from troth.app.desk.opening import TENANT, Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock
from troth.desk.crypt.envelope import new_key
from troth.desk.crypt.wraps import DESK, LINK, MEMBER, unwrap_link, wrap, wrap_link, wrap_member
from troth.desk.events import Event, EventKind, make
from troth.desk.intake.fields import FormError, Submission
from troth.desk.intake.links import bound_to, digest_of, new_nonce, token_for
from troth.desk.machines import Case, Intake, IntakeMode, fold_intake
from troth.desk.receipts import Due, issue
from troth.desk.storage.case_rows import CaseRow, NewCase, StagedFile, Stored, new_id
from troth.desk.storage.thread_rows import FileRow, Item
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["Arrival", "ClosedError", "Visit", "answer_credit", "answer_embargo", "begin", "bound", "demand_open", "first_dues", "intake_mode", "key_of", "new_case", "receipt_of", "renew", "reply", "submit", "submit_async", "visit"]

SEALED_TITLE = "(encrypted by the reporter)"


class ClosedError(DeskError):
    """The intake is paused or closed, as was announced."""

    code = "desk-closed"
    help = "Come back at the time that the message names, or use another channel of the policy."


@dataclass(frozen=True, slots=True)
class Arrival:
    """A report that is arriving: its id, key and link exist before its first byte, so that files are encrypted as they come.

    Attributes:
        uid: of the case. key: the case's. nonce: the form's. token: of the link.
    """

    uid: str
    key: bytes
    nonce: str
    token: str


def begin(desk: Desk, nonce: str = "") -> Arrival:
    """Prepare for a report."""
    nonce = nonce or new_nonce()
    return Arrival(new_id(), new_key(), nonce, token_for(desk.keys.links, nonce))


def bound(desk: Desk, arrival: Arrival, nonce: str, report: Submission, files: Sequence[StagedFile] = ()) -> Arrival:
    """The arrival of exactly this report under a nonce: sent again it is the same, and other words under the same nonce are another report with another link."""
    name = bound_to(nonce, report.canonical(), *(f"{one.name} {one.size} {one.digest}".encode() for one in files))
    return Arrival(arrival.uid, arrival.key, name, token_for(desk.keys.links, name))


def first_dues(desk: Desk, received: Event) -> tuple[Clock, ...]:
    """The clocks of a report that just came in."""
    return clocks(desk.policy.policy, (received,), received.at, desk.team)


def submit(desk: Desk, arrival: Arrival, report: Submission, *, channel: str, proven: bool, files: Sequence[StagedFile] = (), chunks: Sequence[tuple[str, int, bytes]] = (), note: str = "", confirm: bool = True, since: datetime | None = None) -> Future[Stored]:
    """Store a report; the future is done once it is on the disk. Arguments as those of `new_case`."""
    return desk.writer.submit(desk.cases.add, new_case(desk, arrival, report, channel=channel, proven=proven, files=files, chunks=chunks, note=note, confirm=confirm, since=since))


def submit_async(desk: Desk, arrival: Arrival, report: Submission, *, channel: str, proven: bool, files: Sequence[StagedFile] = (), chunks: Sequence[tuple[str, int, bytes]] = (), confirm: bool = True) -> asyncio.Future[Stored]:
    """As `submit`, in the event loop that is running."""
    return desk.writer.submit_async(desk.cases.add, new_case(desk, arrival, report, channel=channel, proven=proven, files=files, chunks=chunks, confirm=confirm))


def new_case(desk: Desk, arrival: Arrival, report: Submission, *, channel: str, proven: bool, files: Sequence[StagedFile], chunks: Sequence[tuple[str, int, bytes]], note: str = "", confirm: bool = True, since: datetime | None = None) -> NewCase:
    """A report as it goes into the store: clocks, wraps, receipt and mails with it.

    Args:
        desk: the desk.
        arrival: from `begin`.
        report: what was written.
        channel: `form`, `api`, `mail` or `ghsa`.
        proven: a proof of work came with it.
        files: that came with it.
        chunks: of these, not yet stored.
        note: for the team, about how it came.
        confirm: whether the address that the report gives is written to.
        since: when it came to the first door of the project, where that was another one, and earlier: clocks run since then.
    """
    at, policy = desk.now(), desk.policy
    facts: dict[str, object] = {"exploited": True} if report.exploited else {}
    if since is not None:
        facts["received_at"] = since
    if policy.digest:
        facts["policy"] = policy.digest
    if policy.policy.supported:
        facts["lines"] = policy.policy.supported
    received = make(EventKind.REPORT_RECEIVED, at, "reporter", "X-1", channel=channel, **facts)
    running = first_dues(desk, received)
    dues = [Due(one.name, one.due, policy.says(one.place)) for one in running if one.due is not None and one.open]
    first = min(dues, key=lambda one: one.due) if dues else None
    body = report.canonical()

    def receipt(code: str) -> str:
        digest = f"sha256:{policy.digest}" if policy.digest else ""
        return issue(desk.keys.signer, desk.settings.origin, code, at=at, policy=digest, report=body, clocks=dues)

    return NewCase(
        uid=arrival.uid, nonce=digest_of(arrival.nonce), token=arrival.token, key=arrival.key, title=report.get("title") or SEALED_TITLE, body=body,
        channel=channel, lane="fast" if proven else "slow", at=at, policy=policy.digest, clock=first.clock if first else "", due=first.due if first else None,
        wraps=_wraps(desk, arrival), receipt=receipt, mails=lambda code: received_mails(desk, arrival, code, report if confirm else None),
        words=() if report.sealed or desk.settings.sealed else desk.words(report.get("title")), files=files, chunks=chunks, facts=MappingProxyType(facts),
        blind=bool(desk.settings.sealed), note=note,
    )  # fmt: skip


def _wraps(desk: Desk, arrival: Arrival) -> Mapping[str, bytes]:
    """Who may open a new case: the reporter's link, and the desk, or the recipients of a sealed desk instead."""
    tenant = desk.cases.tenant
    made = {LINK: wrap_link(arrival.token, arrival.key, tenant, arrival.uid)}
    if desk.settings.sealed:
        return {**made, **{f"{MEMBER}sealed-{at}": wrap_member(one, arrival.key, tenant, arrival.uid) for at, one in enumerate(desk.settings.sealed)}}
    return {**made, DESK: wrap(desk.cases.wrapping, arrival.key, tenant, arrival.uid)}


@dataclass(frozen=True, slots=True)
class Visit:
    """What a reporter's page shows.

    Attributes:
        row: the case. title: empty where it was erased. state: its machines. items, files: what is meant for reporters.
        clocks: what was promised. erased: nothing is left to read.
    """

    row: CaseRow
    title: str
    state: Case
    events: tuple[Event, ...]
    items: tuple[Item, ...]
    files: tuple[FileRow, ...]
    clocks: tuple[Clock, ...]
    erased: bool = False


def visit(desk: Desk, token: str) -> Visit | None:
    """What the holder of a link sees; None where the link is no one's, was replaced, or its case was erased."""
    with desk.store.read(TENANT) as t:
        found = desk.cases.by_link(t, token)
        if found is None or found[1] is None:
            return None
        row, key = found[0], found[1]
        code = desk.cases.code(row.number)
        events, state = desk.events.folded(t, row.uid, code, key)
        items, files = desk.threads.for_reporter(t, row.uid, key), desk.threads.files(t, row.uid, key)
        title = desk.cases.title(row, key)
    shown = {item.id for item in items}
    bound = desk.policies.get(row.policy).policy
    return Visit(
        row, title, state, events, items, tuple(one for one in files if one.item in shown), clocks(bound, events, desk.now(), desk.team)
    )


def _open(desk: Desk, t: Transaction, token: str) -> tuple[CaseRow, bytes]:
    """The case of a link, inside a transaction.

    Raises:
        DeskError: the link leads nowhere.
    """
    found = desk.cases.by_link(t, token)
    if found is None or found[1] is None:
        raise DeskError("this address leads to no report")
    return found[0], found[1]


def key_of(desk: Desk, token: str) -> tuple[CaseRow, bytes]:
    """The case of a link and its key, for files that are about to arrive.

    Raises:
        DeskError: the link leads nowhere.
    """
    with desk.store.read(TENANT) as t:
        return _open(desk, t, token)


def reply(desk: Desk, token: str, text: str, files: Sequence[StagedFile], *, nonce: str, chunks: Sequence[tuple[str, int, bytes]] = ()) -> None:
    """A reporter writes; sent twice with one nonce, it is stored once.

    Raises:
        FormError: nothing was written, or too much.
        DeskError: the link leads nowhere.
    """
    text = text.replace("\r\n", "\n").strip()
    if (not text and not files) or len(text) > 50_000 or "\x00" in text:
        raise FormError({"text": "Write something, or add a file; up to 50,000 characters."})

    def work(t: Transaction) -> None:
        row, key = _open(desk, t, token)
        at = desk.now()
        item = desk.threads.add(t, row.uid, key, "message", "reporter", author="reporter", at=at, text=text, nonce=bound_to(nonce, row.uid.encode(), text.encode(), *(f"{one.name} {one.size} {one.digest}".encode() for one in files)) if nonce else "")
        if not item:
            return
        desk.threads.put_chunks(t, chunks)
        desk.cases.attach(t, row.uid, key, item, files)
        code = desk.cases.code(row.number)
        record(desk, t, row, key, make(EventKind.MESSAGE_RECEIVED, at, "reporter", code, message=item, channel="form"))
        desk.cases.change(t, row.uid, waiting=True)
        desk.outbox.put(t, reply_mails(desk, row, item), at)

    desk.writer.write(work)


def receipt_of(desk: Desk, token: str) -> tuple[str, str] | None:
    """Short id and text of the receipt; None where the link leads nowhere."""
    with desk.store.read(TENANT) as t:
        found = desk.cases.by_link(t, token)
        if found is None or found[1] is None:
            return None
        item = desk.threads.one(t, found[0].uid, found[1], "receipt")
        return (desk.cases.code(found[0].number), item.text) if item is not None else None


def answer_embargo(desk: Desk, token: str, *, agree: bool) -> None:
    """A reporter agrees to the proposed date, or does not."""
    kind = EventKind.EMBARGO_ACCEPTED if agree else EventKind.EMBARGO_REJECTED

    def work(t: Transaction) -> None:
        row, key = _open(desk, t, token)
        record(desk, t, row, key, make(kind, desk.now(), "reporter", desk.cases.code(row.number), by="reporter"))
        desk.cases.change(t, row.uid, waiting=True)

    desk.writer.write(work)


def answer_credit(desk: Desk, token: str, choice: str, name: str) -> None:
    """A reporter says how to be named; it may be changed until the advisory is out."""
    if choice not in ("named", "anonymous") or len(name) > 200 or (choice == "named" and not name.strip()):
        raise FormError({"credit_as": "Say how to name you, in at most 200 characters."})

    def work(t: Transaction) -> None:
        row, key = _open(desk, t, token)
        at, code = desk.now(), desk.cases.code(row.number)
        record(desk, t, row, key, make(EventKind.CREDIT_ANSWERED, at, "reporter", code, choice=choice))
        text = f"Thanks: {name.strip()}" if choice == "named" else "Thanks: please do not name me"
        desk.threads.add(t, row.uid, key, "message", "reporter", author="reporter", at=at, text=text)

    desk.writer.write(work)


def renew(desk: Desk, token: str) -> str:
    """A new link in the place of one that someone else has seen; returns the new token."""
    made = new_nonce()

    def work(t: Transaction) -> None:
        row, _key = _open(desk, t, token)
        blob = desk.cases.wrap(t, row.uid, LINK)
        if blob is None:
            raise DeskError("this address leads to no report")
        key = unwrap_link(token, blob, desk.cases.tenant, row.uid)
        desk.cases.new_link(t, row.uid, made, desk.now())
        desk.cases.give(t, row.uid, LINK, wrap_link(made, key, desk.cases.tenant, row.uid))

    desk.writer.write(work)
    return made


def _intake(desk: Desk) -> Intake:
    with desk.store.read(TENANT) as t:
        return fold_intake(desk.events.read(t, "", ""))


def demand_open(desk: Desk) -> None:
    """Let a report pass where the desk takes any.

    Raises:
        ClosedError: it takes none now; the message says until when.
    """
    mode, note = intake_mode(desk)
    if mode is IntakeMode.CLOSED or (mode is IntakeMode.PAUSED and "wait" not in note):
        raise ClosedError(f"Reports are paused: {note}" if note else "This desk takes no reports at present.")


def intake_mode(desk: Desk) -> tuple[IntakeMode, str]:
    """Whether reports are taken now, and what the form says about it."""
    intake = desk.recent.get("intake", lambda: _intake(desk))
    now = desk.now()
    mode = intake.mode_at(now)
    if mode is IntakeMode.PAUSED and intake.pause is not None:
        what = "Reports that arrive meanwhile wait, and count as received when it ends." if intake.pause.holds else "Please come back then."
        return mode, f"{intake.pause.starts:%Y-%m-%d} to {intake.pause.ends:%Y-%m-%d %H:%M} UTC. {what}"
    if mode is IntakeMode.OPEN and intake.pause is not None and intake.pause.starts > now:
        return mode, f"Announced: a pause from {intake.pause.starts:%Y-%m-%d %H:%M} to {intake.pause.ends:%Y-%m-%d %H:%M} UTC."
    return mode, ""

