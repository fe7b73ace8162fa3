"""Reads the cases that every control's README carries.

A case is a heading `## Case: ...`, fenced blocks `<lang> file=<path>` (optionally `mode=100755`), at most one `yaml history` block and exactly one
`yaml expect` block; a `yaml forge` block gives answers of the forge by their path below the repository (a number: refused with that status; null: 204), a
`yaml advisories` block gives OSV records for an index. Its syntax is described in docs/adding-a-control.md.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tests.repositories import MadeCommit
from troth.engines.advisories.importing import import_source
from troth.engines.forge.endpoints import ENDPOINTS, Endpoint, path_of
from troth.engines.forge.pages import Page
from troth.engines.forge.shapes import cut
from troth.engines.forge.snapshot import write_snapshot

FENCE = re.compile(r"^(`{3,}|~{3,})([^\n`]*)\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^## Case: (.+)$", re.MULTILINE)
EXPECT_KEYS = {"promise", "under", "params", "verdict", "how", "evidence", "today", "policy", "parts"}


@dataclass
class Case:
    """One case of a control, as its README tells it."""

    control: str
    title: str
    files: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    history: list[MadeCommit] = field(default_factory=list)
    expect: dict[str, Any] = field(default_factory=dict)
    forge: dict[str, Any] = field(default_factory=dict)
    advisories: list[Any] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.control}: {self.title}"


def _attributes(info: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in info.split() if "=" in word)


def _commits(text: str) -> list[MadeCommit]:
    return [MadeCommit(**{str(key): value for key, value in entry.items()}) for entry in yaml.safe_load(text) or []]


def read_cases(control: str, readme: Path) -> list[Case]:
    """Cases of one README; a malformed one fails the test that asks for it."""
    text = readme.read_text(encoding="utf-8")
    parts = HEADING.split(text)
    cases = []
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        case = Case(control, title.strip())
        for fence in FENCE.finditer(body):
            info, content = fence.group(2).strip(), fence.group(3)
            attributes = _attributes(info)
            if "file" in attributes:
                case.files[attributes["file"]] = content
                if "mode" in attributes:
                    case.modes[attributes["file"]] = attributes["mode"]
            elif info == "yaml history":
                case.history = _commits(content)
            elif info == "yaml forge":
                case.forge = yaml.safe_load(content)
            elif info == "yaml advisories":
                case.advisories = yaml.safe_load(content)
            elif info == "yaml expect":
                assert not case.expect, f"{readme}: two expect blocks in {title!r}"
                case.expect = yaml.safe_load(content)
        assert case.expect, f"{readme}: no `yaml expect` block in case {title!r}"
        assert set(case.expect) <= EXPECT_KEYS, f"{readme}: unknown key in {title!r}: {set(case.expect) - EXPECT_KEYS}"
        assert "verdict" in case.expect, f"{readme}: no verdict in {title!r}"
        cases.append(case)
    return cases


FORGE = "acme/rocket"
ABOUT = {"full_name": FORGE, "default_branch": "main", "private": False, "archived": False}


def write_forge(case: Case, path: Path, now: datetime) -> None:
    """A real snapshot file of the case's answers; what the case does not answer was refused with 404."""
    answers = {"": ABOUT, **case.forge}
    pages = []
    for name, body in answers.items():
        address = f"/repos/{FORGE}/{name}".rstrip("/")
        endpoint, parts = _question(address)
        full = path_of(endpoint, parts)
        if isinstance(body, int):
            pages.append(Page(full, body, None, "sha256:0", now, stated="refused"))
        else:
            cut_body = None if body is None else cut(body, endpoint.shape)
            pages.append(Page(full, 204 if body is None else 200, cut_body, "sha256:1", now))
    write_snapshot(path, FORGE, pages)


def write_advisories(case: Case, folder: Path, now: datetime) -> Path:
    """A real index of the case's advisories, which are OSV records."""
    source = folder / "osv"
    source.mkdir()
    for number, record in enumerate(case.advisories):
        (source / f"{number}.json").write_text(json.dumps(record), encoding="utf-8")
    import_source(source, folder / "index.sqlite", now=now)
    return folder / "index.sqlite"


def _question(address: str) -> tuple[Endpoint, dict[str, str]]:
    found = []
    for endpoint in ENDPOINTS.values():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(endpoint.path))
        match = re.fullmatch(pattern, address)
        if match:
            found.append((endpoint, match.groupdict()))
    assert found, f"{address} is no question that Troth asks"
    return min(found, key=lambda pair: len(pair[1]))
