"""`desk.toml`: what a desk's owner decides. No secrets: keys lie in `keys/`, the mail server's password comes from the environment.

Rules: an unknown name is an error, so that a misspelt one does not silently mean the default; times of the team are in a named zone.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from troth.desk.crypt.wraps import recipient_of
from troth.errors import SettingsError

__all__ = ["FILE", "DeskSettings", "MailSettings", "OidcSettings", "read", "write"]

FILE: Final = "desk.toml"
_PREFIX: Final = re.compile(r"[A-Z][A-Z0-9]{0,9}\Z")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Outgoing and incoming mail; `host` empty: no mail is sent; `imap` empty: no mailbox is read (over TLS only).

    `backup`: who hears, beside nobody else, when nine tenths of a time are over, and after it; the team without it. `address`: the public one of the mailbox; a mail goes to it once a day, and has to come in.
    `authserv`: name that the own mail server gives itself in Authentication-Results; empty: none is believed. `dkim`: signatures are checked here (needs
    `dkimpy`, asks the domain name system). `encrypt`: mail to a reporter who gave a key is encrypted to it, and then carries what was written.
    """

    host: str = ""
    port: int = 587
    starttls: bool = True
    user: str = ""
    sender: str = ""
    team: str = ""
    backup: str = ""
    address: str = ""
    maildir: str = ""
    imap: str = ""
    imap_port: int = 993
    imap_user: str = ""
    imap_folder: str = "INBOX"
    authserv: str = ""
    dkim: bool = False
    encrypt: bool = False


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An identity provider for members; empty: passkeys and links only. The client's secret comes from `TROTH_DESK_OIDC_SECRET`."""

    issuer: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What the owner decided.

    Attributes:
        project: name that people see. prefix: of short ids. url: address under which the desk is reached.
        zone: the team's. store: where rows go; empty: SQLite beside this file. holidays: country (and subdivision) whose holidays the team keeps, `AT`, `US-CA`.
        sealed: age recipients; where there are any, the server keeps no key that opens a report.
        settled: numbers for promises whose words name none (`update` -> `P7D`).
        required: fields that a report must have, beyond those of the policy.
        package: package URL of what is maintained, without a version (`pkg:pypi/NAME`); for advisories. cna: UUID of the CNA that the project is, for CVE records.
        repository: path of a clone, in which the claims of reports are looked up.
        hourly: reports from one network per hour that stay in the fast lane.
        max_files, max_mib: for one report. max_gib: for all that the desk keeps. daily_mib: from one network, or one mail address, within a day.
        hops: proxies in front whose X-Forwarded-For is believed.
    """

    project: str
    url: str = "http://127.0.0.1:8181"
    prefix: str = "T"
    zone: str = "UTC"
    store: str = ""
    holidays: str = ""
    sealed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    settled: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    package: str = ""
    cna: str = ""
    repository: str = ""
    hourly: int = 10
    max_files: int = 10
    max_mib: int = 25
    max_gib: int = 20
    daily_mib: int = 200
    hops: int = 0
    mail: MailSettings = field(default_factory=MailSettings)
    oidc: OidcSettings = field(default_factory=OidcSettings)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: it names the value.
        """
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname or address.path.rstrip("/") or address.query:
            raise SettingsError(f"{FILE}: url {self.url!r} has to be like https://security.example.org")
        if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise SettingsError(f"{FILE}: url {self.url!r} would send reports over an open line: use https")
        if not self.project.strip() or len(self.project) > 100 or not self.project.isprintable():
            raise SettingsError(f"{FILE}: project needs a name of at most 100 characters")
        if not _PREFIX.match(self.prefix):
            raise SettingsError(f"{FILE}: prefix {self.prefix!r} has to be capital letters and digits, at most 10")
        try:
            zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(f"{FILE}: there is no time zone {self.zone!r}") from error
        if self.max_gib < 1 or not self.max_mib <= self.daily_mib <= 999:
            raise SettingsError(f"{FILE}: max_gib is at least 1, and daily_mib lies between max_mib and 999")
        for recipient in self.sealed:
            recipient_of(recipient)

    @property
    def secure(self) -> bool:
        """The desk is reached over TLS."""
        return self.url.startswith("https://")

    @property
    def host(self) -> str:
        """Host name of the desk's address; what passkeys are bound to."""
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the desk's address."""
        return self.url.rstrip("/")


def read(folder: Path) -> DeskSettings:
    """The settings of the desk in a folder.

    Raises:
        SettingsError: there are none, or they say something impossible.
    """
    path = folder / FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path} does not exist: make a desk with `troth desk init`") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    return _settings(raw)


def _settings(raw: dict[str, Any]) -> DeskSettings:
    values = dict(raw)
    mail = _typed(MailSettings, values.pop("mail", {}), "mail.")
    oidc = _typed(OidcSettings, values.pop("oidc", {}), "oidc.")
    settled = values.pop("settled", {})
    if not isinstance(settled, dict) or not all(isinstance(one, str) for one in settled.values()):
        raise SettingsError(f"{FILE}: [settled] has names and stretches of time, like update = \"P7D\"")
    made: DeskSettings = _typed(DeskSettings, {**values, "mail": mail, "oidc": oidc, "settled": MappingProxyType(settled)}, "")
    return made


def _typed(kind: Any, values: Any, prefix: str) -> Any:  # noqa: ANN401 - the parser's edge
    if not isinstance(values, dict):
        raise SettingsError(f"{FILE}: [{prefix.rstrip('.')}] has to be a table")
    known = {one.name: one for one in dataclasses.fields(kind)}
    checked = {}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(f"{FILE}: there is no setting {prefix}{name}; there are {', '.join(known)}")
        wanted = str(known[name].type)
        right = {"str": str, "int": int, "bool": bool, "tuple[str, ...]": list}.get(wanted, object)
        if not isinstance(value, right) or (right is int and isinstance(value, bool)):
            raise SettingsError(f"{FILE}: {prefix}{name} has to be {'a list of texts' if right is list else wanted}")
        checked[name] = tuple(str(one) for one in value) if isinstance(value, list) else value
    try:
        return kind(**checked)
    except TypeError as error:
        raise SettingsError(f"{FILE}: {prefix or 'the desk '}needs more: {error}") from error


def write(folder: Path, settings: DeskSettings) -> None:
    """Write new settings; an existing file is left as it is.

    Raises:
        SettingsError: there is one already.
    """
    lines = ["# The desk's settings; docs/desk.md explains each. No secrets belong here."]
    for one in dataclasses.fields(DeskSettings):
        value = getattr(settings, one.name)
        if isinstance(value, (str, int, tuple)):
            lines.append(f"{one.name} = {json.dumps(value if not isinstance(value, tuple) else list(value), ensure_ascii=False)}")
    tables: dict[str, dict[str, object]] = {"mail": dataclasses.asdict(settings.mail), "oidc": dataclasses.asdict(settings.oidc)}
    for table, values in tables.items():
        lines += ["", f"[{table}]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    lines += ["", "[settled]", *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in settings.settled.items())]
    try:
        with (folder / FILE).open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError as error:
        raise SettingsError(f"{folder / FILE} exists already: this folder has a desk") from error
