"""What a policy promises to who reports, as settings of the desk: typed limits with the place of their sentence.

Rules: "aim to", "typically" and the like make a goal, which is reported and never called broken; a range ("1-2 weeks") has its lower end as target and its upper
end as limit; a cadence or a limit without a number is kept as a *need*: the desk asks for one and invents none. A case is bound to the policy by the digest of
its text at reception: `DeskPolicy.digest`.

`desk.promise_reading` makes a `DeskPolicy` from a policy's promises; `settled` fills in what the maintainers answered. Does not read files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from troth.desk.events import Severity
from troth.desk.spans import Span, parse_strict
from troth.errors import UsageError
from troth.terms.place import Place

__all__ = ["Channel", "Credit", "DeskPolicy", "Fix", "Force", "Limit", "Need", "Pauses", "ReportField", "ScopeRule", "SupportedLine", "Window"]


class Force(StrEnum):
    """How strongly a sentence binds."""

    LIMIT = "limit"
    AIM = "aim"


@dataclass(frozen=True, slots=True)
class Limit:
    """A stretch of time that a sentence promises.

    Attributes:
        span: how long.
        force: a limit, or only an aim.
        place: the sentence.
        words: the words that give it.
    """

    span: Span
    force: Force
    place: Place
    words: str = ""

    @property
    def binding(self) -> bool:
        """A miss breaks a promise."""
        return self.force is Force.LIMIT


@dataclass(frozen=True, slots=True)
class Fix:
    """Times for a fix of one severity: a target (a goal, or the lower end of a range) and a limit; one of them at least."""

    target: Limit | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A step of a timeline that lasts from one day to another, counted from reception."""

    after: Span
    until: Span
    place: Place
    words: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to report.

    Attributes:
        kind: `email`, `ghsa`, `form`, `pgp`.
        address: what the policy gives; empty where it names none.
        doubt: why it may not work ("it says itself that the address may not exist"); empty where nothing speaks against it.
        place: the sentence.
    """

    kind: str
    address: str
    doubt: str
    place: Place


@dataclass(frozen=True, slots=True)
class ReportField:
    """Something that a report should hold; `optional` where the policy says "if any"."""

    name: str
    optional: bool
    place: Place


@dataclass(frozen=True, slots=True)
class SupportedLine:
    """A row of the table of versions."""

    range: str
    supported: bool
    place: Place


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """A line of the policy's scope, as a rule of triage.

    Attributes:
        direction: `in` or `out`.
        item: what it speaks of.
        weaknesses: CWE ids that its words name.
        place: the sentence.
    """

    direction: str
    item: str
    weaknesses: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Credit:
    """Whether reporters are credited, and may stay unnamed."""

    promised: bool = False
    opt_out: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Pauses:
    """Clocks that the policy lets stand still while an answer of the reporter is awaited, and for how many days in all."""

    clocks: frozenset[str] = frozenset()
    cap_days: int = 30
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A promise that nobody could measure as it stands.

    Attributes:
        setting: the clock that needs a number: `update`, `fix`, ...
        words: the words that name none.
        place: the sentence.
    """

    setting: str
    words: str
    place: Place


def _nothing() -> Mapping[str, Fix]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """A policy as the desk keeps it.

    Attributes:
        digest: SHA-256 of the policy's text, hex.
        path: its name.
        acknowledge, assess, plan: from reception.
        update: from each word to the reporter to the next.
        fix: by severity (`critical` ... `low`), `any` for what no severity of its own is given.
        develop: a window for the fix, where a timeline gives one.
        not_before_release, not_before: days before which nothing is released, or disclosed: lower bounds.
        embargo: how long publication waits at the most, where a number is given.
        coordinated: disclosure is agreed upon with the reporter.
        credit, fields, subject, channels, lines, scope, pauses: see their types; `subject` is the subject line that a mail should carry.
        all_lines: fixes are promised for every supported line. variants: similar code is audited.
        advisories: where advisories appear: `ghsa`, `cve`, `release-notes`.
        steps: steps of handling that are promised, in the field's words.
        needs: promises without a number.
    """

    digest: str
    path: str = "SECURITY.md"
    acknowledge: Limit | None = None
    assess: Limit | None = None
    plan: Limit | None = None
    update: Limit | None = None
    fix: Mapping[str, Fix] = field(default_factory=_nothing)
    develop: Window | None = None
    not_before_release: Limit | None = None
    not_before: Limit | None = None
    embargo: Limit | None = None
    coordinated: bool = False
    credit: Credit = field(default_factory=Credit)
    fields: tuple[ReportField, ...] = ()
    subject: str = ""
    channels: tuple[Channel, ...] = ()
    lines: tuple[SupportedLine, ...] = ()
    scope: tuple[ScopeRule, ...] = ()
    all_lines: bool = False
    variants: bool = False
    advisories: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    pauses: Pauses = field(default_factory=Pauses)
    needs: tuple[Need, ...] = ()

    def fix_for(self, severity: Severity | None) -> Fix | None:
        """Times for a fix of a severity; those for `any` where it has none of its own, None where the policy gives none."""
        own = self.fix.get(severity.value) if severity is not None else None
        return own or self.fix.get("any")

    @property
    def supported(self) -> tuple[str, ...]:
        """Version lines that get fixes, as the policy writes them; each once."""
        return tuple(dict.fromkeys(line.range for line in self.lines if line.supported))

    def settled(self, setting: str, span: str, *, force: Force = Force.LIMIT) -> DeskPolicy:
        """The policy with a number that the maintainers gave where its words name none.

        Args:
            setting: `acknowledge`, `assess`, `plan`, `update`, `embargo`, or `fix.critical`, `fix.any` ...
            span: ISO 8601, `P2BD` for working days.
            force: whether they are bound by it.

        Raises:
            UsageError: no such setting, or no stretch of time.
        """
        name, _, severity = setting.partition(".")
        asked = next((need.place for need in self.needs if need.setting == name), Place("(desk settings)"))
        limit = Limit(parse_strict(span), force, asked, span)
        needs = tuple(need for need in self.needs if need.setting != name)
        if name == "fix" and severity in {"any", *(one.value for one in Severity)}:
            old = self.fix.get(severity, Fix())
            new = replace(old, limit=limit) if force is Force.LIMIT else replace(old, target=limit)
            return replace(self, fix=MappingProxyType({**self.fix, severity: new}), needs=needs)
        if severity or name not in ("acknowledge", "assess", "plan", "update", "embargo"):
            raise UsageError(f"the desk has no setting {setting[:60]!r}")
        return replace(self, needs=needs, **{name: limit})  # type: ignore[arg-type]
