"""Values of what policies promise about reports, fixes, disclosure, scope, and themselves."""

from __future__ import annotations

import re
from typing import Final

from troth.policy import durations as stretches
from troth.policy.match.source import Source
from troth.terms.promise import Kind, Section, Statement
from troth.terms.values import Duration, Value

__all__: list[str] = []

_NEXT: Final = re.compile(r"\b(?:next|upcoming|due|effective)\b.{0,60}", re.IGNORECASE | re.DOTALL)
_DATE: Final = re.compile(
    r"(?P<iso>\d{4}-\d{2}(?:-\d{2})?)|(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s{1,3}(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s{1,3})?(?P<year>\d{4})"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th)?\s{1,3}(?P<month2>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?\s{1,3}(?P<year2>\d{4})|(?P<slash>\d{4}/\d{2}/\d{2})",
    re.IGNORECASE,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HEAD: Final = re.compile(r"^\W*(?:(?:issues|attacks|vulnerabilities|bugs|problems|findings|reports) (?:that )?(?:requiring|requires?|involving|in|affecting)|any use that) ", re.IGNORECASE)
"""What a scope line says before it names its item ("Issues requiring physical access")."""
_TAIL: Final = re.compile(r" (?:provided (?:via|through|by)|such as|including|that (?:is|are|do|does|have|has)|which|where)\b.*$", re.IGNORECASE)
_LINE: Final = re.compile(r"[\s`*]{1,3}v?\d{1,4}(?:\.\d{1,4}){0,2}\.x\b", re.IGNORECASE)
_VERSION: Final = re.compile(r"\bv?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:[-.]?(?:alpha|beta|rc|dev|post)[-.]?\d{0,4})?)\b", re.IGNORECASE)
_STANDARD: Final = re.compile(r"\bSOC ?2(?: Type (?:II|I|2|1))?|\bOWASP (?:Top (?:10|Ten)|ASVS|LLM Top 10)|\bCIS (?:\w+ )?(?:Benchmarks?|Controls)|\bNIST (?:CSF|SSDF|AI RMF|Cybersecurity Framework|SP ?[\d-]+)|\bISO(?:/IEC)? ?\d{4,5}|\bPCI[- ]DSS|\bFIPS \d{3}(?:-\d)?", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\[[^\]\n]{0,60}(?:@|mail)[^\]\n]{0,60}\]|<[^>\n]{0,60}(?:@|mail)[^>\n]{0,60}>", re.IGNORECASE)
_YES: Final = re.compile(r":white_check_mark:|:heavy_check_mark:|✅|✔|☑|🟢|\b(?:yes|supported|active|maintained|current|latest|full|security fixes|lts)\b", re.IGNORECASE)
_NO: Final = re.compile(r":x:|:negative_squared_cross_mark:|❌|✗|✘|🔴|\b(?:no|not|unsupported|eol|end[- ]of[- ]life|deprecated|never)\b", re.IGNORECASE)
_CODE_OF: Final = {"sh": "bash", "shell": "bash", "console": "bash", "zsh": "bash", "py": "python", "typescript": "ts", "js": "javascript", "yml": "yaml", "dotenv": "env"}


def _limits(source: Source) -> list[Duration]:
    return [one for one in source.durations() if not one.recurring or one.iso in ("asap", "immediate")]


def within(source: Source) -> Value | None:
    """Time limit, ISO 8601, or the word that stands for one."""
    found = _limits(source)
    counted = next((one for one in found if one.iso not in ("asap", "immediate")), None)
    if counted is not None and source.has(r"(?:immediate\w*|asap)\b.{0,30}\([^()]{0,20}\d"):
        return counted.iso  # "immediate release (< 24 hours)": the bracket says how long that is
    return found[0].iso if found else None


def least(source: Source) -> Value | None:
    """Lower end of a range of time."""
    found = _limits(source)
    return found[0].minimum if found else None


def severity(source: Source) -> Value | None:
    """Severity, or several joined by a slash; `any` for a fix of no stated severity."""
    found = source.names("severity")
    if not found and source.statement.kind is Kind.ITEM:
        found = [name for one in source.statement.lead_in[-1:] for name in ("critical", "high", "medium", "low") if one.lower().startswith(name)]
    if not found and source.members:
        found = [name for one in source.members[:1] for name in ("critical", "high", "medium", "low") if one.text.lower().startswith(name)]
    return "/".join(found[:4]) if found else "any"


def cadence_iso(source: Source) -> Value | None:
    """Cadence of updates as a duration; `regular` without a number."""
    found = source.durations()
    counted = [one for one in found if one.iso.startswith("P")]
    recurring = next((one for one in counted or found if one.recurring), (counted or found)[0] if found else None)
    return recurring.iso if recurring is not None else ("regular" if source.has(r"regular|periodic|updates?|informed") else None)


def channel(source: Source) -> Value | None:
    """Where reports go: email, ghsa, pgp, form; several joined by a bar."""
    kinds = []
    if source.has(r"advisor|security tab|private(?:ly)? (?:vulnerability )?report|github'?s? private|report a vulnerability"):
        kinds.append("ghsa")
    if source.addresses() or source.has(r"e-?mail|\bmail\b|inbox"):
        kinds.append("email")
    if source.has(r"\b(?:pgp|gpg|openpgp|public key|encrypt)"):
        kinds.append("pgp")
    if not kinds and source.has(r"\bform\b") and any(source.has(r"github|advisor|security tab", text) for text in source.around[:2]):
        kinds.append("ghsa")
    if not kinds and source.has(r"\bform\b|hackerone|bugcrowd|huntr|portal|platform"):
        kinds.append("form")
    return "|".join(kinds) or None


def address(source: Source) -> Value | None:
    """The address itself, a placeholder as it stands, or where the text says it is."""
    found = source.addresses()
    if found:
        return found[0]
    texts = (source.quote[:2000], *(one.quote[:500] for one in source.members))
    for text in texts:
        match = _PLACEHOLDER.search(text)
        if match is not None:
            return match.group()
    listed = re.search(r"\b(?:listed|given|found|available|shown)\b.{0,40}\b(?:repository|profile|readme|package|website)\b", source.text, re.IGNORECASE)
    return f"({listed.group()})" if listed else None


def fields(source: Source) -> Value | None:
    """What a report should hold; a question mark where it is optional."""
    names: list[str] = []
    for one in (source.statement, *source.members) if source.members else (source.statement,):
        if one.kind is Kind.CODE or re.match(r"subject\b", one.text, re.IGNORECASE):
            continue
        found = source.names_in(one.text, "field")
        label = one.label or ""
        named = source.names_in(label, "field") if label else []
        chosen = (named or found)[:1] if one.kind is Kind.ITEM else found
        optional = re.search(r"\bif (?:any|you|possible|available|known)|optional|when possible", one.text, re.IGNORECASE) is not None
        names += [f"{name}?" if optional and name == "fix" else name for name in chosen if name != "subject"]
    return tuple(dict.fromkeys(names))


def subject(source: Source) -> Value | None:
    """Subject line that a report should carry."""
    for text in (source.whole, *(one.text for one in source.members)):
        match = re.search(r"subject(?: line| prefix)?\s*(?::|of|with|starting with|prefix)?\s*[\"“'`*]{0,3}(?P<line>\[?[^\"”'`*\n]{3,120})", text, re.IGNORECASE)
        if match is not None:
            return match["line"].strip(" .\"'")
    return None


_STEPS: Final = (
    ("acknowledge", r"acknowledg|confirm (?:the )?receipt|receipt"),
    ("confirm", r"\bconfirm (?:the )?(?:problem|issue|vulnerab)"),
    ("understand", r"\bunderstand"),
    ("document", r"^\W*document\b|update security documentation"),
    ("post-incident review", r"post[- ]?(?:incident|mortem)|retrospective|lessons"),
    ("fix or disable", r"\bdisable|mitigat"),
    ("investigate", r"investigat"),
    ("validate", r"validat"),
    ("verify", r"verif"),
    ("triage", r"triag"),
    ("reproduce", r"reproduc"),
    ("assess severity and impact", r"(?:assess|evaluat|determin)\w*.{0,30}(?:severity|impact)|severity (?:assessment|rating|scor)"),
    ("determine affected versions", r"affected versions"),
    ("develop fix", r"(?:develop|prepar|creat|implement|writ|work)\w*.{0,25}(?:fix|patch|mitigation|solution)|fix development|develop and test"),
    ("test fix", r"\btest\w*.{0,20}(?:fix|patch)|develop and test|fix.{0,20}test"),
    ("release security update", r"releas\w*|deploy\w*|ship"),
    ("notify", r"notif|announc|inform"),
    ("fix", r"\bfix(?:es)?\b"),
)


def steps(source: Source) -> Value | None:
    """Steps of handling that the sentence names, in the field's words."""
    found = [name for name, pattern in _STEPS if source.has(pattern)]
    if "develop fix" in found and "fix" in found:
        found.remove("fix")
    return tuple(found)


def offered(source: Source) -> Value | None:
    """Whether a bounty is offered; None where it may be."""
    if source.has(r"\b(?:no|not|don't|none|unfortunately|do not)\b"):
        return False
    return None if source.has(r"\bmay\b|might|case[- ]by[- ]case") else True


def opt_out(source: Source) -> Value | None:
    """Whether a reporter may stay unnamed, in the words or in the sentence that follows them."""
    words = " ".join((source.text, *(one.text for one in source.members)))
    return True if source.has(r"anonym|unless|if (?:you|they)(?:'d)? (?:wish|want|prefer|like|desire|choose)|if (?:desired|requested|wanted)|permission|consent|opt|let us know how|with your|prefer", words) else None


def embargo(source: Source) -> Value | None:
    """Whether publication waits for the fix."""
    return True if source.has(r"embargo|before (?:public|any public|disclos)|until (?:a |the )?(?:fix|patch)|\bnot\b.{0,60}\buntil\b|after (?:a |the )?(?:fix|patch)|prior to (?:public|disclos)") else None


def _days(text: str) -> tuple[float | None, float | None] | None:
    found = stretches.day_range(text)
    if found is None:
        match = re.search(r"\b(\d{1,3})[- ]days?\b", text)
        return (None, float(match.group(1))) if match else None
    return found.first, found.last


def _timeline(source: Source) -> list[tuple[float | None, float | None]]:
    texts = [source.text, *(one.text for one in source.members)]
    return [days for text in texts if (days := _days(text)) is not None]


def day_from(source: Source) -> Value | None:
    """First day of a stage of the timeline."""
    found = _timeline(source)
    return found[0][0] if found else None


def day_to(source: Source) -> Value | None:
    """Last day of a stage of the timeline."""
    found = _timeline(source)
    return found[-1][1] if found else None


def day_event(source: Source) -> Value | None:
    """What is done by then."""
    head, colon, tail = source.text.partition(":")
    words = tail if colon else re.sub(r"^\W*days?\s*[\d+–-]{1,8}\W*", "", head, flags=re.IGNORECASE)
    return re.sub(r"\([^()]{0,80}\)", "", words).strip(" .-–—").lower() or None


def _row(one: Statement) -> dict[str, Value] | None:
    cells = one.cells
    if not cells:
        return None
    columns = [column.lower() for column in one.columns]
    mark = next((index for index, column in enumerate(columns) if re.search(r"support|status|security|maintained", column)), len(cells) - 1)
    named = [index for index, column in enumerate(columns) if re.search(r"version|release|branch|package|component|series", column)] or [0]
    ranges = " ".join(cells[index].strip("`* ") for index in named if index < len(cells) and index != mark)
    verdict = cells[mark] if mark < len(cells) else ""
    supported = not _NO.search(verdict) and bool(_YES.search(verdict) or verdict.strip())
    return {"range": _range(ranges or cells[0]), "supported": supported}


def _range(text: str) -> str:
    return re.sub(r"([<>≤≥=])\s+", r"\1", " ".join(text.replace("`", "").split()))


def rows(source: Source) -> Value | None:
    """Rows of a table of versions: range and whether it is supported; a sentence gives one row."""
    table = [row for one in sorted((source.statement, *source.members), key=lambda one: one.line) if (row := _row(one)) is not None]
    if table:
        return tuple(table)
    match = re.search(r"\b(main|master|latest|newest|most recent|current)\b|" + _VERSION.pattern + r"(?:\.x)?", source.text, re.IGNORECASE)
    if match is None:
        return None
    if match.group(1):  # "the latest `2.x` release": a line of its own, which newer ones leave behind
        match = _LINE.match(source.text, match.end()) or match
    single: dict[str, Value] = {"range": match.group().strip(" `*").lower(), "supported": not source.has(r"\bnot\b|no longer|unsupported|never")}
    return (single,)


def status(source: Source) -> Value | None:
    """Stage before a stable release: alpha, beta, early."""
    return next((name for name in ("alpha", "beta") if source.has(rf"\b{name}\b")), None)


def direction(source: Source) -> Value | None:
    """Whether the line puts something in scope or out of it."""
    if source.statement.section is Section.SCOPE_OUT:
        return "out"
    nearest = source.around[0] if source.around else ""
    if source.has(r"\bnot\b.{0,40}(?:vulnerab|security|consider|report)|out of scope|exclu", nearest):
        return "out"
    if source.has(r"out of scope|not in scope|outside|not (?:considered|treated)|(?:is|are) not (?:a |considered )?(?:security )?(?:vulnerab|issue|bug)|not protect"):
        return "out"
    return "out" if source.statement.section is Section.LIMITS else "in"


def item(source: Source) -> Value | None:
    """What the scope line speaks of, without what is said about it."""
    text = re.split(r"\s[—–-]\s|\s\(|\. |:\s", source.text.strip())[0]
    return _TAIL.sub("", _HEAD.sub("", text)).strip(" .:*").lower() or None


def cwe(source: Source) -> Value | None:
    """Weakness classes that the words name."""
    names = source.names("weakness")
    return tuple(dict.fromkeys(number for name in names for number in name.split()))


def framework(source: Source) -> Value | None:
    """Standard or law; `disclaimer` where compliance is disowned."""
    if source.has(r"\bnot\b.{0,30}(?:compliant|certified)|no (?:compliance|certification)"):
        return "disclaimer"
    right = re.search(r"\bright to (?:erasure|deletion|be forgotten|access|portability)", source.text, re.IGNORECASE)
    if right is not None and not source.names("framework"):
        return right.group().lower()
    match = _STANDARD.search(source.text)
    if match is not None:
        return " ".join(match.group().split())
    found = source.names("framework")
    return found[0] if found else None


def version(source: Source) -> Value | None:
    """Version that the policy carries."""
    for text in (source.whole, *(one.text for one in source.members)):
        if re.search(r"version", text, re.IGNORECASE):
            match = _VERSION.search(text)
            if match is not None:
                return match.group(1)
    return None


def last_updated(source: Source) -> Value | None:
    """Date of the policy, ISO 8601 (day or month); the date of a review that is still to come is none."""
    texts = (source.whole, *(one.text for one in source.members))
    match = next((found for text in texts if (found := _DATE.search(_NEXT.sub("", text))) is not None), None)
    if match is None:
        return None
    if match["iso"]:
        return match["iso"]
    if match["slash"]:
        return match["slash"].replace("/", "-")
    month = _MONTHS.index((match["month"] or match["month2"]).lower()) + 1
    day = match["day"] or match["day2"]
    stamp = f"{match['year'] or match['year2']}-{month:02d}"
    return f"{stamp}-{int(day):02d}" if day else stamp


def url(source: Source) -> Value | None:
    """First link of the statement."""
    found = source.links()
    return found[0] if found else None


def urls(source: Source) -> Value | None:
    """All links of the statement and of the lines that belong to it."""
    return tuple(source.links())


def lang(source: Source) -> Value | None:
    """Language of the sample, under its common name."""
    language = source.statement.language.split(" ")[0].lower().strip("{}.")
    if language:
        return _CODE_OF.get(language, language)
    return "bash" if source.statement.kind is not Kind.CODE or source.has(r"^\s*(?:\$|#|sudo|pip|npm|git|docker|cargo|curl)") else None


def advisory_channel(source: Source) -> Value | None:
    """Where advisories appear: ghsa, cve, release-notes; several joined by a bar."""
    kinds = []
    if source.has(r"advisor|ghsa|github\.com\S*/security"):
        kinds.append("ghsa")
    if source.has(r"\bcves?\b"):
        kinds.append("cve")
    if source.has(r"release notes?|release announcement|\breleases\b") or (source.has(r"documented") and not source.has(r"changelog")):
        kinds.append("release-notes")
    if source.has(r"changelog"):
        kinds.append("changelog")
    if source.has(r"mailing list") or (not kinds and source.has(r"e-?mail|announce")):
        kinds.append("mailing-list")
    return "|".join(kinds[:2]) or None
