"""What the desk tells the public: security.txt (RFC 9116), published reports, pauses of the intake.

Rules: security.txt is made from the settings each time it is asked for, and never says a date that has passed; what is published is the text that a person
published, nothing derived from the report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from troth.app.desk.opening import TENANT, Desk
from troth.desk.crypt.envelope import place, seal, unseal
from troth.desk.crypt.mail_keys import MailKeys
from troth.desk.events import EventKind, make
from troth.desk.machines import Intake, fold_intake
from troth.desk.machines.intake import step
from troth.desk.tables import CASES, PUBLISHED
from troth.store import Transaction

__all__ = ["Advisory", "announce_pause", "close_intake", "open_intake", "probe", "publish_text", "published", "security_txt"]


@dataclass(frozen=True, slots=True)
class Advisory:
    """A published report: short id, title, text, how it was judged, when."""

    code: str
    title: str
    text: str
    verdict: str
    at: datetime


def security_txt(desk: Desk) -> str:
    """The file for `/.well-known/security.txt`: contact, a date in the future, language, where the policy and the thanks are; signed where the desk has an OpenPGP key."""
    origin, now = desk.settings.origin, desk.now()
    expires = (now + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {origin}/", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", f"Canonical: {origin}/.well-known/security.txt", f"Policy: {origin}/promises", f"Acknowledgments: {origin}/published", "Preferred-Languages: en"]  # fmt: skip
    with desk.store.read(TENANT) as t:
        pause = _intake(desk, t).pause
    if pause is not None and pause.ends > now:
        lines.insert(0, f"# Reports are paused from {pause.starts:%Y-%m-%d %H:%M} to {pause.ends:%Y-%m-%d %H:%M} UTC{'; what arrives meanwhile waits' if pause.holds else ''}.")
    keys = MailKeys.read(desk.folder / "keys")
    if not keys.armored:
        return "\n".join(lines) + "\n"
    # signed, and therefore with the address under which the signature holds (RFC 9116, 2.3 and 2.5.2)
    lines.append(f"Encryption: {origin}/openpgp.asc")
    return keys.clearsign("\n".join(lines) + "\n")


def _intake(desk: Desk, t: Transaction) -> Intake:
    return fold_intake(desk.events.read(t, "", ""))


def _announce(desk: Desk, kind: EventKind, actor: str, **data: object) -> None:
    event = make(kind, desk.now(), actor, **data)

    def work(t: Transaction) -> None:
        step(_intake(desk, t), event)
        desk.events.append(t, [("", None, event)])

    desk.writer.write(work)
    desk.recent.forget()


def announce_pause(desk: Desk, actor: str, starts: datetime, ends: datetime, *, hold: bool) -> None:
    """Announce that no reports are taken for a while.

    Raises:
        TransitionError: it begins in the past, or ends before it begins.
    """
    _announce(desk, EventKind.INTAKE_PAUSED, actor, starts=starts, ends=ends, mode="hold" if hold else "refuse")


def close_intake(desk: Desk, actor: str) -> None:
    """Take no reports until further notice."""
    _announce(desk, EventKind.INTAKE_CLOSED, actor)


def open_intake(desk: Desk, actor: str) -> None:
    """Take reports again."""
    _announce(desk, EventKind.INTAKE_OPENED, actor)


def probe(desk: Desk, channel: str, *, arrived: bool) -> None:
    """Record that a channel was tried, and whether what was sent arrived."""
    _announce(desk, EventKind.CHANNEL_PROBED, "system", channel=channel, arrived=arrived)


def publish_text(desk: Desk, t: Transaction, uid: str, told: Advisory) -> None:
    """Keep what is published; it is public, and therefore under the desk's key and not under the case's, which may be destroyed."""
    tenant = desk.cases.tenant
    body = json.dumps({"title": told.title, "text": told.text, "verdict": told.verdict}).encode()
    t.execute(insert(PUBLISHED), [{"tenant": tenant, "case_uid": uid, "at": told.at, "sealed": seal(desk.keys.wrapping, body, place(tenant, "public", uid))}])


def published(desk: Desk) -> tuple[Advisory, ...]:
    """What was published, latest first."""
    tenant = desk.cases.tenant
    with desk.store.read(TENANT) as t:
        rows = t.execute(
            select(PUBLISHED.c.case_uid, PUBLISHED.c.at, PUBLISHED.c.sealed, CASES.c.number)
            .join(CASES, (CASES.c.tenant == PUBLISHED.c.tenant) & (CASES.c.uid == PUBLISHED.c.case_uid))
            .where(PUBLISHED.c.tenant == tenant, CASES.c.advisory.in_(("published", "corrected")))
            .order_by(PUBLISHED.c.at.desc())
        ).all()
    found = []
    for row in rows:
        body = json.loads(unseal(desk.keys.wrapping, row.sealed, place(tenant, "public", row.case_uid)))
        found.append(Advisory(desk.cases.code(row.number), body["title"], body["text"], body["verdict"], row.at))
    return tuple(found)
