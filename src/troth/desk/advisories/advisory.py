"""What an advisory says, before any format: made from a case and from what its maintainers wrote.

Rules: the state of each version line comes from the case, never from the text; a credit is carried only where the reporter chose to be named; a draft names what is
missing (`gaps`) and is never filled up with guesses. Texts are data: no format interprets them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from troth.desk.events import Event, EventKind
from troth.desk.machines import Case, Credit, Line, Publication
from troth.errors import DeskError
from troth.ledger.record import Json

__all__ = ["Advisory", "Branch", "Named", "Package", "Publisher", "Reference", "Status", "advisory_of", "demand", "distinct", "gaps", "utc"]


class Status(StrEnum):
    """Status of a version line, in the four words of VEX."""

    AFFECTED = "affected"
    FIXED = "fixed"
    NOT_AFFECTED = "not_affected"
    UNDER_INVESTIGATION = "under_investigation"


@dataclass(frozen=True, slots=True)
class Branch:
    """One version line.

    Attributes:
        line: as the policy writes it (`1.0.x`).
        status: what is true of it.
        introduced: first version that is affected, `0` for the beginning of time.
        fixed: first version that is not; empty while there is none.
        reason: why it is not affected, or will not be fixed.
    """

    line: str
    status: Status
    introduced: str = "0"
    fixed: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """What is affected: ecosystem (as OSV writes it), name there, package URL without a version, repository."""

    name: str
    ecosystem: str = ""
    purl: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes: a name, a web address that stands for them, contact, and, for CVE records, the UUID and short name of the CNA."""

    name: str
    namespace: str
    contact: str = ""
    cna_id: str = ""
    cna_name: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is credited: name, role (`finder`, `reporter`, `remediation developer`), contact address or page."""

    name: str
    role: str = "finder"
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A page: address and what it is (`advisory`, `fix`, `report`, `web`, `article`, `package`)."""

    url: str
    kind: str = "web"


@dataclass(frozen=True, slots=True)
class Advisory:
    """Everything that the formats draw from.

    Attributes:
        id: its own id; `aliases`: others (CVE, GHSA).
        title, details, workaround, solution: texts, plain or Markdown, in `language`.
        package, publisher, branches: see their types.
        weaknesses: (CWE id, its official name; empty where it is not known).
        cvss: vector string of CVSS 3.0, 3.1 or 4.0; empty for none: a score is never required.
        severity: word of the case; empty for none.
        credits, references: see their types.
        created, modified: always. published, withdrawn: None where not (yet).
        revision: 1 for the first publication; 0 for a draft.
    """

    id: str
    title: str
    details: str
    package: Package
    publisher: Publisher
    branches: tuple[Branch, ...]
    created: datetime
    modified: datetime
    published: datetime | None = None
    withdrawn: datetime | None = None
    revision: int = 0
    aliases: tuple[str, ...] = ()
    workaround: str = ""
    solution: str = ""
    weaknesses: tuple[tuple[str, str], ...] = ()
    cvss: str = ""
    severity: str = ""
    credits: tuple[Named, ...] = ()
    references: tuple[Reference, ...] = ()
    language: str = "en"

    @property
    def cve(self) -> str:
        """Its CVE id, or empty."""
        return next((name for name in (self.id, *self.aliases) if _CVE.match(name)), "")


_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z")
_URL: Final = re.compile(r"https?://[^\s<>\"]{1,1900}\Z")
_STATUS: Final = {Line.TODO: Status.AFFECTED, Line.FIX_READY: Status.AFFECTED, Line.RELEASED: Status.FIXED, Line.NOT_AFFECTED: Status.NOT_AFFECTED, Line.WONT_FIX: Status.AFFECTED}
_TIMES: Final = {EventKind.ADVISORY_PUBLISHED: "published", EventKind.ADVISORY_WITHDRAWN: "withdrawn"}


def utc(moment: datetime) -> str:
    """A time as all five formats take it: whole seconds, UTC, with a `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def advisory_of(case: Case, events: Iterable[Event], written: Advisory, *, introduced: Mapping[str, str] | None = None) -> Advisory:
    """The advisory of a case: the maintainers' words with the case's facts.

    Args:
        case: folded.
        events: of the case, in order.
        written: what the maintainers wrote; its branches, times, severity and revision are replaced.
        introduced: first affected version by line, where it is known.
    """
    branches: dict[str, Branch] = {}
    times: dict[str, datetime] = {}
    revision = 0
    judged = case.facts and case.report.value not in ("received", "start")
    for name, state in case.lines.items():
        status = _STATUS[state] if judged else Status.UNDER_INVESTIGATION
        branches[name] = Branch(name, status, (introduced or {}).get(name, "0"))
    for event in events:
        line = branches.get(event.text("line"))
        if event.kind is EventKind.LINE_RELEASED and line is not None and line.status is Status.FIXED:
            branches[line.line] = replace(line, fixed=event.text("version"))
        elif event.kind in (EventKind.LINE_NOT_AFFECTED, EventKind.LINE_WONT_FIX) and line is not None:
            branches[line.line] = replace(line, reason=event.text("reason"))
        if event.kind in _TIMES:
            times.setdefault(_TIMES[event.kind], event.at)
        revision += event.kind in (EventKind.ADVISORY_PUBLISHED, EventKind.ADVISORY_CORRECTED, EventKind.ADVISORY_WITHDRAWN)
    named = case.credit is Credit.NAMED
    return replace(
        written,
        branches=tuple(branches.values()),
        modified=case.last or written.modified,
        published=times.get("published"),
        withdrawn=times.get("withdrawn") if case.advisory is Publication.WITHDRAWN else None,
        revision=revision,
        severity=case.severity.value if case.severity is not None else "",
        credits=tuple(one for one in written.credits if named or one.role not in ("finder", "reporter")),
    )


def gaps(advisory: Advisory) -> tuple[str, ...]:
    """What is missing before it can be published; empty where nothing is."""
    found = []
    if not advisory.title.strip() or not advisory.details.strip():
        found.append("a title and a description")
    if not advisory.branches:
        found.append("at least one version line")
    found += [f"the version that fixes {one.line}" for one in advisory.branches if one.status is Status.FIXED and not one.fixed]
    found += [f"whether {one.line} is affected" for one in advisory.branches if one.status is Status.UNDER_INVESTIGATION]
    found += [f"an address that is one instead of {one.url[:60]!r}" for one in advisory.references if not _URL.match(one.url)]
    if not _URL.match(advisory.publisher.namespace):
        found.append("a web address that stands for the publisher")
    return tuple(found)


def demand(advisory: Advisory, fields: Mapping[str, bool], what: str) -> None:
    """Refuse to draft without what a format cannot do without.

    Raises:
        DeskError: something is missing; named by its noun.
    """
    missing = [name for name, there in fields.items() if not there]
    if missing:
        raise DeskError(f"{what} of {advisory.id[:60]} needs {', '.join(missing)}")


def distinct(items: Iterable[Json]) -> list[Json]:
    """Each item once, in order: formats want lists without twins, and two lines may be fixed by one version."""
    found: list[Json] = []
    for one in items:
        if one not in found:
            found.append(one)
    return found
