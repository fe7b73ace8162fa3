"""A report that came to GitHub (private vulnerability reporting), read from the JSON of its repository advisory: no network, a file that somebody fetched.

Rules: whoever reported wrote most of it, so that it is as hostile as a form: kinds, lengths and numbers are checked, what does not fit is cut and said, nothing
is followed. Its id makes it one case however often the file is read. When it came is when GitHub says it was created, and never later than now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Final

from troth.desk.intake.fields import FIELDS, Submission
from troth.errors import DeskError

__all__ = ["AdvisoryError", "Reported", "read_advisories"]

MAX_BYTES: Final = 32 * 1024 * 1024
_MOST: Final = 1_000
_ID: Final = re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\x7f\ud800-\udfff]")
_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\[bot\])?")
_OPEN: Final = frozenset({"triage", "draft"})


class AdvisoryError(DeskError):
    """A file that is no repository advisory of GitHub, or no list of them."""

    code: ClassVar[str] = "desk-ghsa"
    help: ClassVar[str] = "Save the answer of GET /repos/OWNER/NAME/security-advisories?state=triage, or of one advisory, as it is."


@dataclass(frozen=True, slots=True)
class Reported:
    """One advisory, as a report.

    Attributes:
        id: `GHSA-...`. state: GitHub's word for where it stands there.
        created: when it came to GitHub; None where it does not say.
        report: what was written. login: who wrote it; empty where it does not say.
        cut: names of fields that were longer than a report's may be.
    """

    id: str
    state: str
    created: datetime | None
    report: Submission
    login: str = ""
    cut: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Nobody has closed or published it there."""
        return self.state in _OPEN


def read_advisories(raw: bytes) -> tuple[Reported, ...]:
    """All advisories of a file.

    Args:
        raw: JSON, one advisory or a list, UTF-8.

    Raises:
        AdvisoryError: it is no such file; it names the first entry that is none.
    """
    if len(raw) > MAX_BYTES:
        raise AdvisoryError(f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AdvisoryError("the file is no JSON") from error
    entries = told if isinstance(told, list) else [told]
    if len(entries) > _MOST:
        raise AdvisoryError(f"more than {_MOST} advisories in one file")
    return tuple(_read(at, one) for at, one in enumerate(entries, 1))


def _read(at: int, told: object) -> Reported:
    if not isinstance(told, dict) or not _ID.fullmatch(str(told.get("ghsa_id"))):
        raise AdvisoryError(f"entry {at} has no ghsa_id like GHSA-xxxx-xxxx-xxxx")
    packages, ranges = _affected(told.get("vulnerabilities"))
    vector = told.get("cvss_vector_string") or _in(told.get("cvss"), "vector_string") or _in(_in(told.get("cvss_severities"), "cvss_v4"), "vector_string")
    values = {
        "title": _line(told.get("summary")) or "(no summary)",
        "description": _text(told.get("description")) or "(no description)",
        "version": "; ".join(ranges),
        "product": ", ".join(packages),
        "cwe": ", ".join(_line(one) for one in _several(told.get("cwe_ids")) if re.fullmatch(r"CWE-\d{1,5}", _line(one))),
        "cvss": _line(vector),
        "references": "\n".join(one for one in (_line(told.get("html_url")), _line(told.get("cve_id"))) if one),
        "name": (login := _login(told.get("author"))),
        "credit_as": ", ".join(f"@{name} ({kind})" for name, kind in _credits(told.get("credits")))[:200],
    }
    cut = tuple(name for name, text in values.items() if len(text) > FIELDS[name].limit)
    kept = {name: text[: FIELDS[name].limit].strip() for name, text in values.items()}
    return Reported(str(told["ghsa_id"]), _line(told.get("state"))[:20], _moment(told.get("created_at")), Submission(MappingProxyType({name: text for name, text in kept.items() if text})), login, cut)


def _text(value: object) -> str:
    """A text without what cannot be shown; empty for anything else."""
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip() if isinstance(value, str) else ""


def _line(value: object) -> str:
    return " ".join(_text(value).split())


def _several(value: object) -> Sequence[Any]:
    return value[:100] if isinstance(value, list) else ()


def _in(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _login(author: object) -> str:
    login = _line(_in(author, "login"))
    return login if _LOGIN.fullmatch(login) else ""


def _credits(value: object) -> list[tuple[str, str]]:
    return [(_login(one), _line(_in(one, "type"))[:40] or "other") for one in _several(value) if _login(one)]


def _affected(value: object) -> tuple[list[str], list[str]]:
    """Packages and ranges, each once, in order."""
    packages: dict[str, None] = {}
    ranges: dict[str, None] = {}
    for one in _several(value):
        package = _in(one, "package")
        name = _line(_in(package, "name"))
        if name:
            packages[f"{_line(_in(package, 'ecosystem')) or 'other'}: {name}"] = None
        told = _line(_in(one, "vulnerable_version_range"))
        patched = _line(_in(one, "patched_versions"))
        if told:
            ranges[f"{told} (patched: {patched})" if patched else told] = None
    return list(packages), list(ranges)


def _moment(value: object) -> datetime | None:
    """An instant of RFC 3339; None where it is none."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
