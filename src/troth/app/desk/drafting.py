"""An advisory of a case in the five official formats and GitHub's, as drafts for people to finish: nothing here is published or sent.

Rules: facts (lines, fixes, severity, thanks) come from the case; the words are what was published of it, or the reporter's own until something was; what a format
cannot do without is named and not made up; a reporter who did not choose to be named is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from troth.app.desk.announcing import published
from troth.app.desk.opening import Desk
from troth.app.desk.triage import Opened, forbid, open_case
from troth.desk.advisories import (
    Advisory,
    Named,
    Package,
    Publisher,
    Reference,
    advisory_of,
    csaf,
    cve_record,
    cyclonedx_vex,
    gaps,
    ghsa,
    openvex,
    osv,
)
from troth.desk.events import EventKind
from troth.desk.storage.people_rows import Member
from troth.errors import DeskError
from troth.ledger.record import Json

__all__ = ["FORMS", "Drafts", "draft", "drafts"]

FORMS: Final[Mapping[str, tuple[str, Callable[[Advisory], Mapping[str, Json]]]]] = MappingProxyType({
    "osv": ("OSV 1.7", osv), "csaf": ("CSAF 2.0", csaf), "cve": ("CVE record 5.2", cve_record), "openvex": ("OpenVEX 0.2", openvex), "cyclonedx": ("CycloneDX 1.7", cyclonedx_vex),
    "ghsa": ("GitHub advisory", ghsa),
})  # fmt: skip
"""Name in addresses -> what people call it, and what draws it."""
_ECOSYSTEMS: Final = {"pypi": "PyPI", "npm": "npm", "cargo": "crates.io", "gem": "RubyGems", "maven": "Maven", "golang": "Go", "nuget": "NuGet", "composer": "Packagist", "hex": "Hex", "pub": "Pub"}
_PURL: Final = re.compile(r"pkg:(?P<kind>[a-z0-9.+-]{1,20})/(?P<name>[^@?#\s]{1,300})")
_CWE: Final = re.compile(r"CWE-[1-9][0-9]{0,4}")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")


@dataclass(frozen=True, slots=True)
class Drafts:
    """What can be drafted of a case: by name of the format the text of its file, or why it cannot be; and what is missing before anything is published."""

    made: Mapping[str, str]
    refused: Mapping[str, str]
    missing: tuple[str, ...]


def drafts(desk: Desk, opened: Opened) -> Drafts:
    """All formats of an open case."""
    advisory = _advisory(desk, opened)
    made: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, (_label, write) in FORMS.items():
        try:
            made[name] = json.dumps(write(advisory), indent=2, ensure_ascii=False) + "\n"
        except DeskError as error:
            refused[name] = str(error)
    return Drafts(made, refused, gaps(advisory))


def draft(desk: Desk, member: Member, number: int, form: str) -> str:
    """One format of a case, as the text of its file.

    Raises:
        DeskError: the role may not, there is no such format, or the case lacks what the format cannot do without.
        CryptError: the member holds no key of the case.
    """
    forbid(member, "judge")
    if form not in FORMS:
        raise DeskError(f"{form[:20]!r} is none of {', '.join(FORMS)}")
    return json.dumps(FORMS[form][1](_advisory(desk, open_case(desk, member, number))), indent=2, ensure_ascii=False) + "\n"


def _advisory(desk: Desk, opened: Opened) -> Advisory:
    """The words of a case with its facts."""
    code, report, settings = desk.cases.code(opened.row.number), opened.report, desk.settings
    out = next((one for one in published(desk) if one.code == code), None)
    vector = next((event.text("vector") for event in reversed(opened.events) if event.kind is EventKind.SEVERITY_SET and event.text("vector")), report.get("cvss"))
    match = _PURL.match(settings.package)
    package = Package(settings.project) if match is None else Package(match["name"], _ECOSYSTEMS.get(match["kind"], ""), settings.package)
    name = report.get("credit_as") or report.get("name")
    text = f"{out.title}\n{out.text}" if out is not None else report.get("references")
    written = Advisory(
        id=code, title=out.title if out is not None else opened.title, details=out.text if out is not None else report.get("description"), package=package,
        publisher=Publisher(settings.project, settings.origin, settings.origin, settings.cna), branches=(), created=opened.row.received_at, modified=opened.row.updated_at,
        aliases=tuple(dict.fromkeys(_CVE.findall(text))), weaknesses=tuple((one, "") for one in dict.fromkeys(_CWE.findall(report.get("cwe").upper()))), cvss=vector,
        credits=(Named(name),) if name else (), references=(Reference(f"{settings.origin}/published/{code}", "advisory"),),
    )  # fmt: skip
    return advisory_of(opened.state, opened.events, written)
