"""What the team does with a case: open it, judge it, answer, note, tag, agree on dates, share, publish, erase.

Rules: whoever acts holds a key of the case, or acts without reading it (erase, leave); every act is an event or changes who may read; what goes to the
reporter and what stays with the team are two different calls with two different names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select

from troth.app.desk.acting import record
from troth.app.desk.announcing import Advisory, publish_text
from troth.app.desk.mail_texts import team_reply_mail
from troth.app.desk.opening import TENANT, Desk
from troth.desk.clock_rules import clocks
from troth.desk.clocks import Clock
from troth.desk.crypt.envelope import CryptError, place, seal, unseal
from troth.desk.crypt.wraps import DESK, MEMBER, unwrap_member, wrap, wrap_member
from troth.desk.events import Event, EventKind, make
from troth.desk.intake.fields import Submission
from troth.desk.machines import Case, legal
from troth.desk.storage.case_rows import CaseRow, StagedFile, new_id
from troth.desk.storage.people_rows import Member
from troth.desk.storage.thread_rows import FileRow, Item
from troth.desk.tables import CASES, LABELS, TAGS, WORDS
from troth.errors import DeskError
from troth.store import Transaction

__all__ = ["Opened", "act", "cluster", "erase", "forbid", "key_for", "labels", "note", "open_case", "open_row", "publish", "reply", "restrict", "share", "tag", "untag"]

ACTS: Final = frozenset(kind.value for kind in EventKind) - {
    "report.received", "report.receipt-sent", "message.received", "message.sent", "note.added", "tag.added", "tag.removed", "channel.probed", "advisory.published",
    "intake.opened", "intake.paused", "intake.closed",
}  # fmt: skip
"""Events that a form of the board may make; the others come from calls of their own."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case as the team sees it."""

    row: CaseRow
    title: str
    state: Case
    events: tuple[Event, ...]
    items: tuple[Item, ...]
    files: tuple[FileRow, ...]
    clocks: tuple[Clock, ...]
    legal: tuple[str, ...]
    tags: Mapping[str, str]
    holders: tuple[str, ...]
    report: Submission


def forbid(member: Member, right: str) -> None:
    """Refuse who lacks a right.

    Raises:
        DeskError: the role does not have it.
    """
    if not member.may(right):
        raise DeskError(f"a {member.role} may not do that ({right})")


def key_for(desk: Desk, t: Transaction, member: Member, row: CaseRow) -> bytes:
    """A case's key for a member: through the desk for the team's open cases, through their own key otherwise.

    Raises:
        CryptError: they hold none.
        DeskError: a guest, who holds none.
    """
    if not member.may("read") or row.erased_at is not None:
        raise CryptError("you hold no key of this case")
    own = desk.cases.wrap(t, row.uid, f"{MEMBER}{member.id}")
    if own is not None:
        return unwrap_member(desk.people.identity(t, member.id), own, desk.cases.tenant, row.uid)
    if member.role == "guest":
        # what is not theirs is not there: how many cases there are, and which, is none of a guest's business
        raise _none(desk, row.number)
    if row.restricted:
        raise CryptError("you hold no key of this case")
    return desk.cases.desk_key(t, row.uid)


def open_row(desk: Desk, t: Transaction, number: int) -> CaseRow:
    """A case by its number.

    Raises:
        DeskError: there is none.
    """
    row = desk.cases.by_number(t, number)
    if row is None:
        raise _none(desk, number)
    return row


def _none(desk: Desk, number: int) -> DeskError:
    return DeskError(f"there is no case {desk.cases.code(number)}")


def open_case(desk: Desk, member: Member, number: int) -> Opened:
    """A case with all that the member may read of it; guests see what reporters see.

    Raises:
        DeskError: there is none. CryptError: the member holds no key of it.
    """
    with desk.store.read(TENANT) as t:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        events, state = desk.events.folded(t, row.uid, desk.cases.code(number), key)
        guest = member.role == "guest"
        items = desk.threads.for_reporter(t, row.uid, key) if guest else desk.threads.for_team(t, row.uid, key)
        shown = {item.id for item in items}
        files = tuple(one for one in desk.threads.files(t, row.uid, key) if one.item in shown)
        title, tags, holders = desk.cases.title(row, key), {} if guest else _tags(desk, t, row.uid), desk.cases.holders(t, row.uid)
    bound = desk.policies.get(row.policy).policy
    report = next((Submission.from_canonical(item.body) for item in items if item.kind == "report"), Submission({}))
    return Opened(row, title, state, events, items, files, clocks(bound, events, desk.now(), desk.team), legal(state), tags, holders, report)


def _tags(desk: Desk, t: Transaction, uid: str) -> dict[str, str]:
    names = labels(desk, t)
    rows = t.execute(select(TAGS.c.label).where(TAGS.c.tenant == desk.cases.tenant, TAGS.c.case_uid == uid))
    return {row.label: names[row.label] for row in rows if row.label in names}


def labels(desk: Desk, t: Transaction) -> dict[str, str]:
    """All tags: id -> name."""
    tenant = desk.cases.tenant
    rows = t.execute(select(LABELS).where(LABELS.c.tenant == tenant))
    return {row.id: unseal(desk.keys.wrapping, row.name_sealed, place(tenant, "label", row.id)).decode() for row in rows}


def act(desk: Desk, member: Member, number: int, kind: str, data: Mapping[str, object], *, message: str = "") -> None:
    """Do something to a case, and tell the reporter if there is a message.

    Raises:
        DeskError: the role may not, or no such act. TransitionError: it cannot happen now.
    """
    forbid(member, "judge")
    if kind not in ACTS:
        raise DeskError(f"{kind[:40]!r} is nothing that can be done here")
    message = message.replace("\r\n", "\n").strip()[:50_000]

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        values = dict(data)
        if kind == EventKind.CASE_ASSIGNED.value:
            whom = desk.people.get(t, str(values.get("to", ""))[:64])
            if whom is None or not whom.may("judge"):
                raise DeskError("nobody of this desk who could lead a case")
        at, code = desk.now(), desk.cases.code(number)
        events = []
        if message:
            item = desk.threads.add(t, row.uid, key, "message", "reporter", author=member.id, at=at, text=message)
            events.append(make(EventKind.MESSAGE_SENT, at, member.actor, code, message=item))
            desk.outbox.put(t, team_reply_mail(desk, row, item, _report(desk, t, row, key), message), at)
        record(desk, t, row, key, *events, make(EventKind(kind), at, member.actor, code, **values))

    desk.writer.write(work)


def _report(desk: Desk, t: Transaction, row: CaseRow, key: bytes) -> Submission:
    report = desk.threads.one(t, row.uid, key, "report")
    return Submission.from_canonical(report.body) if report is not None else Submission({})


def reply(desk: Desk, member: Member, number: int, text: str, files: Sequence[StagedFile] = (), *, chunks: Sequence[tuple[str, int, bytes]] = (), question: bool = False, acknowledge: bool = True) -> None:  # fmt: skip
    """Write to the reporter. A person's first answer acknowledges the report.

    Raises:
        DeskError: nothing was written, or the role may not.
    """
    forbid(member, "reply")
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > 50_000:
        raise DeskError("write something, up to 50,000 characters")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        at, code = desk.now(), desk.cases.code(number)
        item = desk.threads.add(t, row.uid, key, "message", "reporter", author=member.id, at=at, text=text)
        desk.threads.put_chunks(t, chunks)
        desk.cases.attach(t, row.uid, key, item, files)
        if member.role == "guest":
            record(desk, t, row, key, make(EventKind.MESSAGE_RECEIVED, at, member.actor, code, message=item, channel="guest"))
            return
        events = [make(EventKind.MESSAGE_SENT, at, member.actor, code, message=item, question=question or None)]
        if acknowledge and not row.acknowledged:
            events.append(make(EventKind.REPORT_ACKNOWLEDGED, at, member.actor, code, message=item))
        record(desk, t, row, key, *events)
        desk.cases.change(t, row.uid, waiting=False)
        desk.outbox.put(t, team_reply_mail(desk, row, item, _report(desk, t, row, key), text), at)

    desk.writer.write(work)


def note(desk: Desk, member: Member, number: int, text: str) -> None:
    """Write something that only the team reads.

    Raises:
        DeskError: nothing was written, or the role may not.
    """
    forbid(member, "note")
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > 50_000:
        raise DeskError("write something, up to 50,000 characters")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        item = desk.threads.add(t, row.uid, key, "note", "team", author=member.id, at=desk.now(), text=text)
        record(desk, t, row, key, make(EventKind.NOTE_ADDED, desk.now(), member.actor, desk.cases.code(number), note=item))

    desk.writer.write(work)


def tag(desk: Desk, member: Member, number: int, name: str) -> None:
    """Put a tag on a case, for lists and statistics."""
    forbid(member, "judge")
    name = " ".join(name.split())[:40]
    if not name:
        raise DeskError("a tag needs a name")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key, tenant = key_for(desk, t, member, row), desk.cases.tenant
        known = next((id_ for id_, one in labels(desk, t).items() if one.casefold() == name.casefold()), "")
        if not known:
            known = new_id()
            t.execute(insert(LABELS), [{"tenant": tenant, "id": known, "name_sealed": seal(desk.keys.wrapping, name.encode(), place(tenant, "label", known))}])
        if known not in _tags(desk, t, row.uid):
            t.execute(insert(TAGS), [{"tenant": tenant, "case_uid": row.uid, "label": known}])
            record(desk, t, row, key, make(EventKind.TAG_ADDED, desk.now(), member.actor, desk.cases.code(number), tag=name))

    desk.writer.write(work)


def untag(desk: Desk, member: Member, number: int, label: str) -> None:
    """Take a tag off a case."""
    forbid(member, "judge")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key, name = key_for(desk, t, member, row), _tags(desk, t, row.uid).get(label)
        if name is not None:
            t.execute(delete(TAGS).where(TAGS.c.tenant == desk.cases.tenant, TAGS.c.case_uid == row.uid, TAGS.c.label == label))
            record(desk, t, row, key, make(EventKind.TAG_REMOVED, desk.now(), member.actor, desk.cases.code(number), tag=name))

    desk.writer.write(work)


def cluster(desk: Desk, member: Member, number: int, other: int) -> None:
    """Say that two reports tell of the same problem; both stay what they are, valid or not."""
    forbid(member, "judge")

    def work(t: Transaction) -> None:
        row, twin = open_row(desk, t, number), open_row(desk, t, other)
        key_for(desk, t, member, row)
        key_for(desk, t, member, twin)
        whole = min(one for one in (row.cluster or row.number, twin.cluster or twin.number))
        old = {one for one in (row.cluster, twin.cluster) if one}
        members = [row.uid, twin.uid]
        if old:
            members += [one.uid for one in t.execute(select(CASES.c.uid).where(CASES.c.tenant == desk.cases.tenant, CASES.c.cluster.in_(old)))]
        for uid in dict.fromkeys(members):
            desk.cases.change(t, uid, cluster=whole)

    desk.writer.write(work)


def restrict(desk: Desk, member: Member, number: int) -> None:
    """Keep a case to those who are named: the desk's own wrap is destroyed, the member keeps one."""
    forbid(member, "lead")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        desk.cases.give(t, row.uid, f"{MEMBER}{member.id}", wrap_member(member.recipient, key, desk.cases.tenant, row.uid))
        desk.cases.take(t, row.uid, DESK)
        t.execute(delete(WORDS).where(WORDS.c.tenant == desk.cases.tenant, WORDS.c.case_uid == row.uid))
        desk.cases.change(t, row.uid, restricted=True)

    desk.writer.write(work)


def share(desk: Desk, member: Member, number: int, other: str, *, take: bool = False) -> None:
    """Give a member or guest a key of a case, or take it away.

    Raises:
        DeskError: no such member, or one whose role may not read; or the last key would go.
    """
    forbid(member, "lead")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key, whom = key_for(desk, t, member, row), desk.people.get(t, other)
        if whom is None or whom.left or not whom.may("read"):
            raise DeskError("this person cannot read cases")
        if take:
            if whom.id == member.id and row.restricted:
                raise DeskError("give the case to somebody else first: the last key would be lost")
            desk.cases.take(t, row.uid, f"{MEMBER}{whom.id}")
            return
        desk.cases.give(t, row.uid, f"{MEMBER}{whom.id}", wrap_member(whom.recipient, key, desk.cases.tenant, row.uid))

    desk.writer.write(work)


def reopen_to_team(desk: Desk, member: Member, number: int) -> None:
    """Let the whole team read a restricted case again."""
    forbid(member, "lead")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        desk.cases.give(t, row.uid, DESK, wrap(desk.cases.wrapping, key, desk.cases.tenant, row.uid))
        desk.cases.change(t, row.uid, restricted=False)

    desk.writer.write(work)


def publish(desk: Desk, member: Member, number: int, title: str, text: str) -> None:
    """Publish a report, valid or not: what is written here, and nothing else of the case.

    Raises:
        DeskError: nothing was written. TransitionError: an embargo is in force, or it is out already.
    """
    forbid(member, "lead")
    title, text = " ".join(title.split())[:200], text.replace("\r\n", "\n").strip()[:200_000]
    if not title or not text:
        raise DeskError("a published report needs a title and a text")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        key = key_for(desk, t, member, row)
        at, code = desk.now(), desk.cases.code(number)
        state = desk.events.folded(t, row.uid, code, key)[1]
        drafted = () if state.advisory.value in ("draft", "scheduled") else (make(EventKind.ADVISORY_DRAFTED, at, member.actor, code),)
        after = record(desk, t, row, key, *drafted, make(EventKind.ADVISORY_PUBLISHED, at, member.actor, code))
        publish_text(desk, t, row.uid, Advisory(code, title, text, _verdict(after), at))

    desk.writer.write(work)


def _verdict(state: Case) -> str:
    """How a published report is marked."""
    if state.report.value == "invalid" or state.closed_for in ("not-a-vulnerability", "spam", "unsupported-version", "other-vendor"):
        return "invalid"
    return "valid" if state.report.value in ("valid", "accepted", "deferred") or state.closed_for in ("fixed", "wont-fix", "duplicate") else "undecided"


def erase(desk: Desk, member: Member, number: int) -> None:
    """Destroy what a case says, for good: its keys, texts, files and index. What was published stays published; times and states stay in the ledger."""
    forbid(member, "erase")

    def work(t: Transaction) -> None:
        row = open_row(desk, t, number)
        if row.erased_at is None:
            desk.cases.erase(t, row.uid, desk.now())

    desk.writer.write(work)
    desk.store.rewrite()


__all__ += ["reopen_to_team"]
