"""The fields of a report: one superset of what VINCE, CERT's basic form, OpenSSF's template and the policies ask for, and how they are read.

Rules: the essential ones come first, the policy says which are required, and nothing else is: CWE and CVSS never are. Every value is bounded and kept as it
was written (control characters but for line ends and tabs are refused, not removed); the mail address is the only value that is ever sent anywhere.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar, Final

from troth.errors import DeskError

__all__ = ["ESSENTIAL", "FIELDS", "GROUPS", "Field", "FormError", "Submission", "read"]


class FormError(DeskError):
    """A report or message that cannot be taken as it is.

    Attributes:
        problems: name of the field -> what is wrong with it, one sentence; `""` for the whole.
    """

    code: ClassVar[str] = "desk-form"
    help: ClassVar[str] = "The message names the fields; nothing was stored, and what was written stays in the form."

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = MappingProxyType(dict(problems))


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        name: its name in forms, the API and stored reports.
        label: what people see.
        kind: `line`, `text`, `choice`, `flag`, `moment` (a local time, with the field `zone`), `mail`.
        limit: most characters.
        hint: one sentence below the label.
        choices: for `choice`: value -> label.
        group: heading under which it stands; empty for the essential ones.
    """

    name: str
    label: str
    kind: str = "line"
    limit: int = 300
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    group: str = ""


_WHAT, _WORLD, _YOU = "More about the problem", "Who knows of it", "About you"
GROUPS: Final = (_WHAT, _WORLD, _YOU)
_YES_NO: Final = MappingProxyType({"no": "No", "unsure": "Not sure", "yes": "Yes"})

_ALL: Final = (
    Field("title", "What is it about?", limit=200, hint="One line, as you would tell a colleague."),
    Field("description", "What is wrong", "text", 50_000, "What happens, and what should happen instead."),
    Field("steps", "How to see it", "text", 50_000, "Steps, a short script, a command: the less we guess, the sooner it is fixed."),
    Field("impact", "What could someone do with it?", "text", 10_000, "Who is affected, and what they would lose."),
    Field("version", "Version or commit you looked at", limit=300, hint="For example 1.0.3, or a commit."),
    Field("product", "Product or package", limit=300, hint="A name, or a package URL (pkg:...).", group=_WHAT),
    Field("component", "File, function or component", limit=1_000, group=_WHAT),
    Field("prerequisites", "What an attacker needs beforehand", "text", 5_000, group=_WHAT),
    Field("fix", "How would you fix it?", "text", 20_000, "A patch, or a sentence. Optional, and welcome.", group=_WHAT),
    Field("cwe", "Kind of weakness (CWE)", limit=40, hint="If you happen to know it.", group=_WHAT),
    Field("cvss", "Severity vector (CVSS)", limit=200, hint="If you happen to have one.", group=_WHAT),
    Field("found", "How it was found", "text", 5_000, "By reading, by a tool (which?), by chance.", group=_WHAT),
    Field(
        "ai_use", "Was a language model used?", "choice", 20, "Using one is fine. Please say so, and check what it wrote.",
        MappingProxyType({"none": "No", "wording": "Only for the wording", "finding": "To find it; I checked every claim", "unchecked": "To find it; not everything is checked"}), _WHAT,
    ),
    Field("industrial", "It concerns industrial control systems", "flag", 3, group=_WHAT),
    Field("ai_system", "It concerns a machine-learning model or its data", "flag", 3, group=_WHAT),
    Field("exploited", "Is it being exploited?", "choice", 10, "Attacks that you have seen, not those that you could imagine.", _YES_NO, _WORLD),
    Field("exploited_evidence", "What shows that", "text", 5_000, group=_WORLD),
    Field("known_public", "Is it public already?", "choice", 10, "", _YES_NO, _WORLD),
    Field("references", "Where", "text", 2_000, "Links, one per line.", group=_WORLD),
    Field("told", "Whom did you tell already, and when?", "text", 2_000, group=_WORLD),
    Field("disclose_at", "Do you plan to publish? When?", "moment", 40, "Date and time where you are; we agree on a date with you.", group=_WORLD),
    Field("zone", "Your time zone", limit=60, hint="For example Europe/Vienna; without it the time counts as UTC.", group=_WORLD),
    Field("share_vendor", "We may pass it on to the maker of the part concerned", "choice", 10, "", MappingProxyType({"yes": "Yes", "ask": "Ask me first", "no": "No"}), _WORLD),
    Field("contact", "How to reach you", "mail", 254, "An e-mail address. Leave it empty to stay anonymous: you get a private page instead.", group=_YOU),
    Field("name", "Name or handle", limit=120, group=_YOU),
    Field("organisation", "Organisation", limit=200, group=_YOU),
    Field("credit", "Thanks in the advisory", "choice", 20, "You can change your mind until it is published.", MappingProxyType({"ask": "Ask me later", "named": "Name me", "anonymous": "Stay anonymous"}), _YOU),
    Field("credit_as", "Name me as", limit=200, hint="Name, handle, link.", group=_YOU),
    Field("key", "Your encryption key", "text", 12_000, "An age recipient (age1...) or an OpenPGP public key.", group=_YOU),
    Field("private", "Only for this team", "text", 10_000, "Is not passed on to guests, vendors or the public.", group=_YOU),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({one.name: one for one in _ALL})
"""All fields, in the order of the form."""
ESSENTIAL: Final = tuple(one.name for one in _ALL if not one.group)
_ALWAYS: Final = ("title", "description")
_CONTROL: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])
_MAIL: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\Z")
_SEALED: Final = "-----BEGIN AGE ENCRYPTED FILE-----"


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it was written, checked.

    Attributes:
        values: name of a field -> what was written; empty ones are left out.
        sealed: age ciphertext, where the reporter's browser encrypted the report; then `values` has only what was left in the clear.
    """

    values: Mapping[str, str]
    sealed: str = ""

    def get(self, name: str) -> str:
        """What was written; empty where nothing was."""
        return self.values.get(name, "")

    @property
    def exploited(self) -> bool:
        """The reporter says that attacks were seen."""
        return self.get("exploited") == "yes"

    def canonical(self) -> bytes:
        """The bytes that receipts commit to: sorted JSON of all values."""
        body = {**self.values, **({"sealed": self.sealed} if self.sealed else {})}
        return json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")

    @staticmethod
    def from_canonical(raw: bytes) -> Submission:
        """The submission that `canonical` wrote; for bytes that were authenticated before."""
        body = {str(name): str(value) for name, value in json.loads(raw).items()}
        sealed = body.pop("sealed", "")
        return Submission(MappingProxyType(body), sealed)


def read(raw: Mapping[str, str], required: Sequence[str] = ()) -> Submission:
    """A submission out of a form or a JSON object.

    Args:
        raw: names and texts; unknown names are not looked at.
        required: names that the policy asks for, beyond title and description.

    Raises:
        FormError: something is missing, too long or no value of its field; all problems at once.
    """
    sealed = raw.get("sealed", "").strip()
    if sealed:
        return _read_sealed(raw, sealed)
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, one in FIELDS.items():
        text = raw.get(name, "").replace("\r\n", "\n").strip()
        if not text:
            continue
        wrong = _wrong(one, text, raw)
        if wrong:
            problems[name] = wrong
        values[name] = text
    for name in dict.fromkeys((*_ALWAYS, *required)):
        if name in FIELDS and not values.get(name):
            problems.setdefault(name, f"{FIELDS[name].label.rstrip('?')}: please say something here.")
    if problems:
        raise FormError(problems)
    return Submission(MappingProxyType(_with_instant(values)))


def _read_sealed(raw: Mapping[str, str], sealed: str) -> Submission:
    if not sealed.startswith(_SEALED) or len(sealed) > 400_000 or _unshowable(sealed):
        raise FormError({"": "What your browser encrypted did not arrive whole."})
    contact = raw.get("contact", "").strip()
    if contact and not _MAIL.match(contact):
        raise FormError({"contact": "This does not look like an e-mail address."})
    return Submission(MappingProxyType({"contact": contact} if contact else {}), sealed)


def _unshowable(text: str) -> bool:
    """Whether there are control characters in a text (but for line ends and tabs), or halves of characters; over bytes, for that is seven times as fast."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return True
    return len(raw.translate(None, _CONTROL)) != len(raw)


def _wrong(field: Field, text: str, raw: Mapping[str, str]) -> str:
    """What is wrong with a value; empty where nothing is."""
    if len(text) > field.limit:
        return f"{field.label}: {len(text):,} characters are more than the {field.limit:,} that fit. Attach a file instead."
    if _unshowable(text) or (field.kind not in ("text",) and "\n" in text):
        return f"{field.label}: there are characters in it that cannot be shown."
    if field.kind == "choice" and text not in field.choices:
        return f"{field.label}: {text[:30]!r} is no answer to this."
    if field.kind == "flag" and text not in ("on", "yes", "true"):
        return f"{field.label}: tick it, or leave it."
    if field.kind == "mail" and not _MAIL.match(text):
        return "This does not look like an e-mail address."
    if field.kind == "moment" and _moment(text, raw.get("zone", "")) is None:
        return f"{field.label}: a date and time like 2027-01-31T17:00, and a time zone like Europe/Vienna."
    return ""


def _moment(text: str, zone: str) -> datetime | None:
    """The instant of a local time; None where the time or the zone does not exist."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zoneinfo.ZoneInfo(zone.strip()) if zone.strip() else UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, zoneinfo.ZoneInfoNotFoundError, OSError):
        return None


def _with_instant(values: dict[str, str]) -> dict[str, str]:
    """A bare date never stands for an instant: the planned publication is kept in UTC too."""
    moment = _moment(values["disclose_at"], values.get("zone", "")) if "disclose_at" in values else None
    return {**values, "disclose_at_utc": moment.isoformat()} if moment is not None else values
