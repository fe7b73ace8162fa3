"""Fields that speak of a person, and SQL that touches audit tables, in source files of common languages.

Line by line with fixed patterns: what is built at run time, or named otherwise, is not seen. So nothing may be called absent by this.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from typing import Final

from troth.judgement.remembered import of_blob
from troth.terms.facts.data_fields import DataFields, Field
from troth.terms.facts.tree import Tree, is_foreign
from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["look"]

_SOURCES: Final = (
    ".py",
    ".ts",
    ".tsx",
    ".js",
    ".mjs",
    ".sql",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".rb",
    ".prisma",
    ".graphql",
    ".proto",
)
_ASIDE: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|examples?|docs?|fixtures?|mocks?|node_modules|dist|vendor)/|[._-](?:test|spec)\.\w+\Z"
)
_NAMES: Final = (
    r"user_?id|e?mail(?:_?address)?|phone(?:_?number)?|ip_?addr(?:ess)?|first_?name|last_?name|full_?name|date_?of_?birth|birth_?date|ssn|"
    r"passport(?:_?number)?|home_?address|postal_?code|credit_?card(?:_?number)?|user_?agent"
)
_PERSONAL: Final = re.compile(
    rf"^\s*(?:(?:public|private|readonly|val|var|let|pub)\s+)*[\"']?(?P<typed>{_NAMES})[\"']?\??\s*:\s*(?:z\.|t\.)?(?:string|str|number|int|text|uuid|String|Option<|Optional\[|UUID)"
    rf"|^\s*[\"`]?(?P<column>{_NAMES})[\"`]?\s+(?:text|varchar|char|uuid|inet|citext|string|String)\b",
    re.IGNORECASE,
)  # fmt: skip
_AUDIT_WRITE: Final = re.compile(
    r"\b(?:UPDATE(?=\s+(?:ONLY\s+)?[\w.\"`]+(?:(?:\s+(?:AS\s+)?\w+)?\s+SET\b|\s*$|\s*[\"'`;\\]))|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?[\"`]?((?:\w+\.)?\w*audit\w*)", re.IGNORECASE
)
_AUDIT_TABLE: Final = re.compile(
    r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"`]?((?:\w+\.)?\w*audit\w*)", re.IGNORECASE
)
_HINT: Final = re.compile(
    r"[uU]ser_?[iI]d|[uU]ser_?[aA]gent|USER_?ID|[mM]ail|MAIL|[pP]hone|[iI]p_?[aA]ddr|(?:irst|ast|ull)_?[nN]ame|[bB]irth|ssn|SSN|[pP]assport|_?[aA]ddress|[pP]ostal|[cC]redit|[aA]udit|AUDIT"
)
_STEMS: Final = (
    "userid", "user_id", "useragent", "user_agent", "mail", "phone", "ipaddr", "ip_addr", "irst_name", "irstname", "ast_name", "astname", "ull_name", "ullname",
    "birth", "ssn", "passport", "address", "postal", "credit", "audit",
)  # fmt: skip
"""One of these is in every match of `_HINT`, whatever its capitals: searching for them one by one is ten times as fast as for the expression."""
_SIZE_LIMIT: Final = 512 * 1024
_MOST: Final = 200


def look(tree: Tree) -> DataFields:
    """Declarations and statements, in order of path and line, at most 200 of each kind."""
    personal: list[Field] = []
    writes: list[Field] = []
    tables: list[Field] = []
    files = 0
    for path, file in tree.files.items():
        if (
            not path.endswith(_SOURCES)
            or path.endswith(".d.ts")
            or _ASIDE.search(path)
            or is_foreign(path)
            or not 0 < file.size < _SIZE_LIMIT
            or file.mode == "120000"
        ):
            continue
        files += 1
        for number, line in of_blob(file.blob, "data fields", 0, partial(_lines_of, tree, path)):
            match = _PERSONAL.match(line)
            if match:
                personal.append(
                    _field(match.group("typed") or match.group("column"), path, number, line, "It declares {}.")
                )
            if "audit" in line.lower():
                writes += [
                    _field(name, path, number, line, "It changes or deletes rows of {}.")
                    for name in _found(_AUDIT_WRITE, line)
                ]
                tables += [
                    _field(name, path, number, line, "It makes the table {}.") for name in _found(_AUDIT_TABLE, line)
                ]
    return DataFields(tuple(personal[:_MOST]), tuple(writes[:_MOST]), tuple(tables[:_MOST]), files)


def _lines_of(tree: Tree, path: str) -> tuple[tuple[int, str], ...]:
    return tuple(_hinted(tree.text(path) or ""))


def _hinted(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold one of the words at all, with their numbers; overlong ones are left out."""
    lower = text.lower()
    places = [at for stem in _STEMS for at in _occurrences(lower, stem)]
    if not places:
        return
    breaks = list(_occurrences(lower, "\n"))
    lines = text.split("\n")
    for number in sorted({bisect_left(breaks, at) for at in places}):
        line = lines[number]
        if len(line) <= 500 and _HINT.search(line):
            yield number + 1, line


def _occurrences(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _found(pattern: re.Pattern[str], line: str) -> Iterator[str]:
    return (match.group(1) for match in pattern.finditer(line) if not line.lstrip().startswith(("--", "#", "//", "*")))


def _field(name: str, path: str, number: int, line: str, says: str) -> Field:
    return Field(name, Evidence(says.format(name), Place(path, number), line.strip()[:200]))
