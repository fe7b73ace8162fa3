"""From the promises of a policy to the settings of a desk.

Rules: only sentences that were matched to a control of reports, fixes or disclosure count, and rows of tables that give times for severities; of two limits for
one thing the shorter one is kept (the contradiction is `desk.lint`'s business); a limit beats an aim, which is kept as a target where both exist. Days of a
timeline ("Day 3-7: assessment") are windows from reception: the last day is the limit of that step, an open one ("Day 30+") a lower bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from troth.desk.promises import (
    Channel,
    Credit,
    DeskPolicy,
    Fix,
    Force,
    Limit,
    Need,
    Pauses,
    ReportField,
    ScopeRule,
    SupportedLine,
    Window,
)
from troth.desk.spans import CalendarSpan, Span, parse, shortest
from troth.judgement.contacts import placeholder_in
from troth.policy.clauses import Timed, subject_in, timed
from troth.policy.durations import day_range
from troth.policy.reading import Reading
from troth.terms.place import Place
from troth.terms.promise import Kind, Modality, Polarity, Promise, Section, Statement
from troth.terms.values import Duration

__all__ = ["desk_policy", "subject_of_plan"]

_TIMED: Final = frozenset({"report/ack-within", "report/assess-within", "report/status-updates", "fix/within", "disclosure/coordinated", "disclosure/timeline"})
_SETTING: Final = {"acknowledgement": "acknowledge", "assessment": "assess", "plan": "plan", "updates": "update", "fix": "fix", "disclosure": "embargo"}
_BY_CONTROL: Final = {"report/ack-within": "acknowledge", "report/assess-within": "assess", "report/status-updates": "update", "fix/within": "fix"}
_PLAN: Final = re.compile(r"\b(?:timeline|time ?frame|plan|estimate|eta|schedule|(?:target|expected) date|next steps)\b", re.IGNORECASE)
_FIX_TIME: Final = re.compile(r"\W{0,4}(?:(?:bug |security )?(?:fix|patch|resolution|remediation)(?:es)?) (?:time(?:line|frame)?|time frame|schedule|target|window)s?\b", re.IGNORECASE)
_ASSESS: Final = re.compile(r"\bassess|\btriag|\bvalidat|\bverif|\bevaluat|\bconfirm|\binvestigat|\banaly|\breproduc|\bdetermin", re.IGNORECASE)
_PAUSE: Final = re.compile(
    r"\b(?:clock|timer|timeline|deadline|time ?frame|period|limit)s?\b.{0,60}\b(?:paus\w*|stops?|suspend\w*|on hold|extend\w*)\b"
    r"|\b(?:paus\w*|suspend\w*|put on hold)\b.{0,60}\b(?:clock|timer|timeline|deadline|period)s?\b",
    re.IGNORECASE,
)
_AGREED: Final = re.compile(r"\b(?:appreciate|welcome|encourage|support|value|follow|practi[cs]e|prefer)s? (?:a |the )?(?:coordinated|responsible) (?:vulnerability )?disclosure\b", re.IGNORECASE)
_WAITING: Final = re.compile(r"\b(?:information|reporter|researcher|you|clarif\w*|respon\w*|answer)\b", re.IGNORECASE)
_NO_PROMISE: Final = re.compile(
    r"\b(?:targets?|goals?|estimates?|guidelines?|intentions?)\b.{0,40}\b(?:rather than|not|instead of|no)\b.{0,30}\b(?:sla|slas|guarantees?|commitments?|promises?)\b"
    r"|\bbest[- ]effort\b|\b(?:not|no)\b.{0,20}\b(?:guarantee[ds]?|sla|slas)\b",
    re.IGNORECASE,
)
_HEDGE: Final = re.compile(
    r"\b(?:aim|striv|try|tries|attempt|endeavou?r|typical|usual|general|normal|ideal|best[- ]effort|hope|intend|target|expect|goal|possible|approximately|roughly|about|around|should|may|might|could|consider)",
    re.IGNORECASE,
)
_RELEASE: Final = re.compile(r"\b(?:releas|ship|deploy|publish\w* (?:of )?(?:the |a )?(?:fix|patch|update)|patch available|update available)", re.IGNORECASE)
_DISCLOSE: Final = re.compile(r"\bdisclos|\bpublic\b|\bpublish|\badvisor", re.IGNORECASE)
_DEVELOP: Final = re.compile(r"\bdevelop|\bprepar|\bfix\b|\bpatch", re.IGNORECASE)
_ASKED: Final = re.compile(r"\b(?:please|allow|give us|wait|ask (?:you|that)|request)\b", re.IGNORECASE)
_PROCESS: Final = frozenset({Section.TIMELINE, Section.HANDLING, Section.REPORTING, Section.DISCLOSURE})
_SEVERITIES: Final = ("critical", "high", "medium", "low")


def place_of(statement: Statement) -> Place:
    """Where a statement stands."""
    return Place(statement.path, statement.line)


def subject_of_plan(statement: Statement) -> bool:
    """A limit for an assessment is in truth one for a plan: it speaks of a timeline or an estimate, and not of judging the report."""
    if _FIX_TIME.match(statement.label or statement.text):
        return False
    words = f"{statement.label or ''} {statement.text}"
    return bool(_PLAN.search(words)) and not _ASSESS.search(words)


@dataclass(frozen=True, slots=True)
class _Found:
    setting: str
    severity: str
    limit: Limit
    least: Span | None


def desk_policy(reading: Reading, promises: Iterable[Promise]) -> DeskPolicy:
    """The settings that a policy gives.

    Args:
        reading: the policy, as `policy.read` gives it.
        promises: what was matched on its statements.
    """
    known = tuple(promise for promise in promises if promise.statement.path == reading.path)
    found = [*_limits(reading, known), *_timeline_limits(known)]
    simple = {name: _strictest(one.limit for one in found if one.setting == name) for name in ("acknowledge", "assess", "plan", "update", "embargo")}
    fix = _fixes([one for one in found if one.setting == "fix"])
    return DeskPolicy(
        digest=reading.digest,
        path=reading.path,
        acknowledge=simple["acknowledge"],
        assess=simple["assess"],
        plan=simple["plan"],
        update=simple["update"],
        embargo=simple["embargo"],
        fix=fix,
        develop=_window(known),
        not_before_release=_lower_bound(known, _RELEASE),
        not_before=_lower_bound(known, _DISCLOSE),
        coordinated=any(promise.control == "disclosure/coordinated" for promise in known) or any(_agrees(one) for one in reading.statements),
        credit=_credit(known),
        fields=_fields(known),
        subject=next((text for promise in known if (text := _text(promise, "subject"))), ""),
        channels=_channels(known),
        lines=_lines(known),
        scope=_scope(known),
        all_lines=any(promise.control == "fix/all-supported-versions" for promise in known),
        variants=any(promise.control == "fix/variant-audit" for promise in known),
        advisories=tuple(dict.fromkeys(kind for one in known if one.control == "disclosure/advisory-published" for kind in _text(one, "channel").split("|") if kind)),
        steps=tuple(dict.fromkeys(step for one in known if one.control == "report/workflow" for step in one.params.texts("steps"))),
        pauses=_pauses(reading.statements),
        needs=_needs(known, simple, fix),
    )


def _text(promise: Promise, name: str) -> str:
    value = promise.params.values.get(name)
    return value if isinstance(value, str) else ""


def _force(statement: Statement, duration: Duration) -> Force:
    """An aim, unless what hedges comes only after this time ("within 48 hours, and aim to fix within 7 days")."""
    if not (duration.aim or statement.hedged):
        return Force.LIMIT
    several = len(statement.durations) > 1 and not statement.cells
    until = statement.text.find(duration.text) + len(duration.text)
    return Force.LIMIT if several and not _HEDGE.search(statement.text[:until]) else Force.AIM


def _disowned(statements: Sequence[Statement]) -> frozenset[tuple[str, ...]]:
    """Headings whose times are called targets and not promises by a sentence of their own."""
    return frozenset(one.headings for one in statements if one.headings and one.kind is not Kind.CODE and _NO_PROMISE.search(one.text))


def _agrees(statement: Statement) -> bool:
    """Whether disclosure by agreement is wished for in passing ("no bounty, but we appreciate responsible disclosure")."""
    said = None if statement.kind is Kind.CODE else _AGREED.search(statement.text)
    return said is not None and not re.search(r"\b(?:not|never|no longer|n't)\s+(?:\w+\s+)?$", statement.text[: said.start()], re.IGNORECASE)


def _weakened(found: _Found, disowned: frozenset[tuple[str, ...]], headings: tuple[str, ...]) -> _Found:
    """An aim, where the section says so, or where a time that the desk keeps for all severities is promised for some only."""
    for_some = found.setting != "fix" and found.severity != "any"
    return replace(found, limit=replace(found.limit, force=Force.AIM)) if for_some or headings in disowned else found


def _limits(reading: Reading, promises: Sequence[Promise]) -> Iterable[_Found]:
    """Limits from sentences and rows, without those of day-by-day timelines."""
    own: dict[tuple[str, int], list[Promise]] = {}
    for promise in promises:
        if promise.control in _TIMED:
            own.setdefault((promise.statement.path, promise.statement.span.start), []).append(promise)
    said: set[int] = set()
    fixed: set[tuple[int, str]] = set()
    disowned = _disowned(reading.statements)
    for time in timed((one for one in reading.statements if _counts(one, own)), promises):
        here = own.get((time.statement.path, time.statement.span.start), [])
        if time.timeline or time.duration.iso == "open" or any(one.control == "disclosure/timeline" for one in here):
            continue
        made = _found(time, _setting(time, here))
        if made is not None:
            said.add(time.statement.span.start)
            fixed.update((time.statement.span.start, one) for one in made.severity.split("/"))
            yield _weakened(made, disowned, time.statement.headings)
    for promise in promises:
        yield from _of_promise(promise, said, fixed, disowned)
    yield from _leftovers(reading, own, said, disowned)


def _of_promise(promise: Promise, said: set[int], fixed: set[tuple[int, str]], disowned: frozenset[tuple[str, ...]]) -> Iterable[_Found]:
    """What a promise itself carries, where its sentence said nothing yet; "critical within 14 days, high within 30" is one sentence with a time for each severity."""
    setting, start = _BY_CONTROL.get(promise.control), promise.statement.span.start
    if setting == "assess" and subject_of_plan(promise.statement):
        setting = "plan"
    if setting is None or (start in said and not (setting == "fix" and any(begun == start for begun, _severity in fixed))):
        return
    for made in _from_params(promise, setting):
        if (start, made.severity) in fixed:
            continue
        said.add(start)
        if setting == "fix":
            fixed.add((start, made.severity))
        yield _weakened(made, disowned, promise.statement.headings)


def _leftovers(reading: Reading, own: Mapping[tuple[str, int], list[Promise]], said: set[int], disowned: frozenset[tuple[str, ...]]) -> Iterable[_Found]:
    """Rows that give the time first and say afterwards what it is for; and times that publication is asked to wait."""
    for statement in reading.statements:
        times = [one for one in statement.durations if not one.recurring and parse(one.iso) is not None]
        if statement.span.start in said or len(times) != 1 or statement.modality is not Modality.PROMISE:
            continue
        controls = {one.control for one in own.get((statement.path, statement.span.start), [])}
        subject = subject_in(" ".join(statement.cells)) if statement.kind is Kind.ROW and statement.section in _PROCESS else None
        setting = "embargo" if controls == {"disclosure/coordinated"} else _SETTING.get(subject or "")
        span = parse(times[0].iso)
        if setting is None or setting == "update" or span is None or day_range(times[0].text) is not None:
            continue
        force = Force.AIM if _ASKED.search(statement.text) else _force(statement, times[0])
        limit = Limit(span, force, place_of(statement), times[0].text)
        yield _weakened(_Found(setting, "any", limit, parse(times[0].minimum)), disowned, statement.headings)


def _counts(statement: Statement, own: Mapping[tuple[str, int], list[Promise]]) -> bool:
    """A matched sentence, or a row that can only be read with its columns."""
    if (statement.path, statement.span.start) in own:
        return True
    return statement.kind is Kind.ROW and statement.section in _PROCESS and statement.modality is Modality.PROMISE


def _setting(time: Timed, promises: Sequence[Promise]) -> str:
    """Which clock a time is for: the words decide, the one control that matched where it knows better."""
    setting = _SETTING[time.subject]
    if setting == "fix" and _FIX_TIME.match(time.statement.label or time.statement.text):
        return setting
    controls = {promise.control for promise in promises}
    if setting in ("assess", "plan") or controls == {"report/assess-within"}:
        return "plan" if subject_of_plan(time.statement) else "assess" if setting != "plan" or _ASSESS.search(time.statement.text) else "plan"
    if len(controls) == 1 and len(time.statement.durations) == 1:
        return _BY_CONTROL.get(next(iter(controls)), setting)
    return "plan" if setting == "fix" and "report/assess-within" in controls and "fix/within" not in controls else setting


def _found(time: Timed, setting: str) -> _Found | None:
    span = parse(time.duration.iso)
    if span is None or time.statement.polarity is Polarity.ADMITTED:
        return None
    if time.duration.recurring is not (setting == "update") and setting != "update":
        return None
    limit = Limit(span, _force(time.statement, time.duration), place_of(time.statement), time.duration.text)
    return _Found(setting, time.severity, limit, parse(time.duration.minimum))


def _from_params(promise: Promise, setting: str) -> Iterable[_Found]:
    """The value that the promise itself carries: a pinned or corrected one, or one whose words do not say what it is for."""
    iso = _text(promise, "cadence" if setting == "update" else "within")
    span = parse(iso)
    if span is None:
        return
    words = next((one for one in promise.statement.durations if one.iso == iso), None)
    force = Force.AIM if promise.statement.hedged or (words is not None and words.aim) else Force.LIMIT
    limit = Limit(span, force, place_of(promise.statement), words.text if words is not None else iso)
    for severity in (_text(promise, "severity") or "any").split("/"):
        yield _Found(setting, severity, limit, parse(_text(promise, "min")))


def _strictest(limits: Iterable[Limit]) -> Limit | None:
    """The shortest limit; the shortest aim where there is no limit."""
    told = list(limits)
    binding = [limit for limit in told if limit.binding]
    return min(binding or told, key=lambda limit: limit.span.days, default=None)


def _fixes(found: Sequence[_Found]) -> Mapping[str, Fix]:
    """Target and limit by severity."""
    fixes: dict[str, Fix] = {}
    for severity in ("any", *_SEVERITIES):
        own = [one for one in found if one.severity == severity]
        limit = _strictest(one.limit for one in own if one.limit.binding)
        aims = [one.limit for one in own if not one.limit.binding]
        aims += [replace(one.limit, span=one.least, force=Force.AIM) for one in own if one.limit.binding and one.least is not None]
        target = _strictest(aims)
        if limit is not None or target is not None:
            fixes[severity] = Fix(target, limit)
    return MappingProxyType(fixes)


def _timeline(promises: Iterable[Promise]) -> Iterable[tuple[Promise, float, float | None, str]]:
    """Steps of a day-by-day timeline: first day, last day (None: open), what is done."""
    for promise in promises:
        if promise.control == "disclosure/timeline" and day_range(promise.statement.text) is not None:
            first, last = promise.params.number("day_from"), promise.params.number("day_to")
            if first is not None:
                yield promise, first, last, _text(promise, "event") or promise.statement.text.lower()


def _timeline_limits(promises: Sequence[Promise]) -> Iterable[_Found]:
    """The last day of a step is its limit."""
    for promise, _, last, event in _timeline(promises):
        if not last:
            continue
        words = promise.statement.text
        limit = Limit(CalendarSpan(int(last)), Force.AIM if promise.statement.hedged else Force.LIMIT, place_of(promise.statement), words[:80])
        subject = subject_in(event)
        if _RELEASE.search(event) and not _DISCLOSE.search(event):
            yield _Found("fix", "any", limit, None)
        elif subject in ("acknowledgement", "assessment", "plan"):
            yield _Found(_SETTING[subject], "any", limit, None)
    for promise in promises:
        days = promise.params.number("day_to") if promise.control == "disclosure/timeline" and day_range(promise.statement.text) is None else None
        if days and _DISCLOSE.search(promise.statement.text):
            force = Force.AIM if promise.statement.hedged else Force.LIMIT
            yield _Found("embargo", "any", Limit(CalendarSpan(int(days)), force, place_of(promise.statement), f"{int(days)} days"), None)


def _window(promises: Sequence[Promise]) -> Window | None:
    """The step in which the fix is made, where a timeline gives one."""
    for promise, first, last, event in _timeline(promises):
        if last and last > first and _DEVELOP.search(event) and not _RELEASE.search(event) and not _DISCLOSE.search(event):
            return Window(CalendarSpan(int(first)), CalendarSpan(int(last)), place_of(promise.statement), event)
    return None


def _lower_bound(promises: Sequence[Promise], what: re.Pattern[str]) -> Limit | None:
    """The first day of an open step ("Day 30+: public disclosure")."""
    for promise, first, last, event in _timeline(promises):
        if last is None and first > 0 and what.search(event) and (what is not _DISCLOSE or not _RELEASE.search(event)):
            return Limit(CalendarSpan(int(first)), Force.LIMIT, place_of(promise.statement), promise.statement.text[:80])
    return None


def _credit(promises: Sequence[Promise]) -> Credit:
    told = [promise for promise in promises if promise.control == "disclosure/credit-reporter" and promise.statement.polarity is Polarity.POSITIVE]
    if not told:
        return Credit()
    return Credit(True, any(promise.params.flag("opt_out") for promise in told), place_of(told[0].statement))


def _fields(promises: Sequence[Promise]) -> tuple[ReportField, ...]:
    found: dict[str, ReportField] = {}
    for promise in promises:
        for name in promise.params.texts("fields") if promise.control == "report/required-fields" else ():
            bare = name.removesuffix("?")
            found.setdefault(bare, ReportField(bare, name != bare, place_of(promise.statement)))
    return tuple(found.values())


def _channels(promises: Sequence[Promise]) -> tuple[Channel, ...]:
    """Private channels, each once; the one without doubt wins over the same one with."""
    found: dict[tuple[str, str], Channel] = {}
    for promise in promises:
        if promise.control != "report/private-contact":
            continue
        address = _text(promise, "address")
        doubt = placeholder_in(promise.statement.quote[:2_000]) or ("the policy names no address" if address.startswith("(") else "")
        for kind in (_text(promise, "channel") or "email").split("|"):
            given = address if kind == "email" and not address.startswith("(") else ""
            channel = Channel(kind, given, doubt, place_of(promise.statement))
            old = found.get((kind, given.lower()))
            if old is None or (old.doubt and not doubt):
                found[kind, given.lower()] = channel
    return tuple(found.values())


def _lines(promises: Sequence[Promise]) -> tuple[SupportedLine, ...]:
    found = []
    for promise in promises:
        for row in promise.params.rows("rows") if promise.control == "versions/supported-table" else ():
            name, supported = row.get("range"), row.get("supported")
            if isinstance(name, str) and isinstance(supported, bool):
                found.append(SupportedLine(name, supported, place_of(promise.statement)))
    return tuple(dict.fromkeys(found))


def _scope(promises: Sequence[Promise]) -> tuple[ScopeRule, ...]:
    return tuple(
        ScopeRule(_text(promise, "direction") or "in", _text(promise, "item") or promise.statement.text.lower()[:200], promise.params.texts("cwe"), place_of(promise.statement))
        for promise in promises
        if promise.control == "scope/declared"
    )


def _pauses(statements: Sequence[Statement]) -> Pauses:
    """Pauses that the policy itself announces; none else."""
    for statement in statements:
        if statement.section in _PROCESS and statement.polarity is Polarity.POSITIVE and _PAUSE.search(statement.text) and _WAITING.search(statement.text):
            cap = shortest(*(parse(one.iso) for one in statement.durations))
            return Pauses(frozenset({"assess", "fix", "develop"}), max(1, int(cap.days)) if cap is not None else 30, place_of(statement))
    return Pauses()


def _needs(promises: Sequence[Promise], simple: Mapping[str, Limit | None], fix: Mapping[str, Fix]) -> tuple[Need, ...]:
    """Promises of a time without a number, where nothing else gives one."""
    found: dict[str, Need] = {}
    for promise in promises:
        setting = _BY_CONTROL.get(promise.control)
        if setting is None or promise.statement.polarity is not Polarity.POSITIVE or promise.statement.modality is not Modality.PROMISE:
            continue
        setting = "plan" if setting == "assess" and subject_of_plan(promise.statement) else setting
        given = fix if setting == "fix" else simple[setting]
        value = _text(promise, "cadence" if setting == "update" else "within")
        if not given and parse(value) is None:
            found.setdefault(setting, Need(setting, promise.statement.text[:120], place_of(promise.statement)))
    return tuple(found.values())
