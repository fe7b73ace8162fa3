"""Dockerfiles and Containerfiles: stages, users, entrypoints.

The parser follows the builder's: continued lines, comments between them, here-documents, the `escape` directive, `ARG` defaults in `FROM`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from troth.engines.documents import DocumentError
from troth.terms.facts.containers import Stage

__all__ = ["parse"]

_FROM = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+as\s+(\S+))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])", re.IGNORECASE)
_ALWAYS_WELL = re.compile(r"(?:--\S+\s+)*CMD\s+(?:\[\s*)?[\"']?(?:(?:/usr)?/bin/)?(?:true|:|exit(?:[\s\"',]+0)?|echo\b[^|&;]*)[\"']?\s*\]?\s*", re.IGNORECASE)
"""A check that cannot fail."""
_LINE_LIMIT = 20_000


def parse(text: str) -> tuple[Stage, ...]:
    """Stages of a build file.

    Raises:
        DocumentError: it has no `FROM`, or something other than `ARG` stands before it.
    """
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for line, word, rest in _instructions(text):
        if word == "FROM":
            match = _FROM.match(_filled(rest, arguments))
            if match is None:
                raise DocumentError("A FROM names no image.", line)
            stages.append(Stage(len(stages), line, match.group(1), (match.group(2) or "").lower()))
        elif not stages:
            if word != "ARG":
                raise DocumentError(f"{word[:20]} stands before the first FROM.", line)
            name, _, value = rest.partition("=")
            arguments[name.strip()] = value.strip().strip("\"'")
        else:
            stages[-1] = _with(stages[-1], line, word, _filled(rest, arguments) if word == "USER" else rest)
    if not stages:
        raise DocumentError("It has no FROM.")
    return tuple(stages)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    lines = text.split("\n")[:_LINE_LIMIT]
    escape = _ESCAPE.match(lines[0].strip()) if lines else None
    mark = escape.group(1) if escape else "\\"
    index = 0
    while index < len(lines):
        start, parts = index, list[str]()
        while index < len(lines):
            raw = lines[index]
            index += 1
            if raw.lstrip().startswith("#") or (parts and not raw.strip()):
                if not parts:
                    break
                continue
            stripped = raw.rstrip()
            if stripped.endswith(mark):
                parts.append(stripped[:-1])
                continue
            parts.append(stripped)
            break
        logical = " ".join(parts).strip()
        index = _after_heredoc(logical, lines, index)
        word, _, rest = logical.partition(" ")
        if word:
            yield start + 1, word.upper(), rest.strip()


def _after_heredoc(logical: str, lines: list[str], index: int) -> int:
    if logical[:4].upper() not in ("RUN ", "COPY", "ADD "):
        return index
    for word in _HEREDOC.findall(logical):
        end = next((number for number in range(index, len(lines)) if lines[number].strip() == word), None)
        index = end + 1 if end is not None else index
    return index


def _filled(text: str, values: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        return values.get(match.group(1) or match.group(3)) or match.group(2) or match.group(0)

    return _VARIABLE.sub(fill, text)


def _with(stage: Stage, line: int, word: str, rest: str) -> Stage:
    if word == "USER":
        return replace(stage, user=rest.partition(" ")[0], user_line=line)
    if word == "ENTRYPOINT":
        words, shell = _command(rest)
        return replace(stage, entrypoint=words, entrypoint_line=line, shell_form=shell)
    if word == "CMD":
        words, shell = _command(rest)
        return replace(
            stage, command=words, command_line=line, shell_form=stage.shell_form if stage.entrypoint else shell
        )
    if word == "HEALTHCHECK":
        return replace(stage, healthcheck=0 if rest.upper().startswith("NONE") or _ALWAYS_WELL.fullmatch(rest) else line)
    if word in ("COPY", "ADD") and "--from=" not in rest:
        parts = [item for item in rest.split() if not item.startswith("--")]
        if len(parts) >= 2:
            return replace(
                stage,
                copies=(*stage.copies, *((source.strip("\"',[]"), parts[-1].strip("\"',[]")) for source in parts[:-1])),
            )
    return stage


def _command(text: str) -> tuple[tuple[str, ...], bool]:
    """Words of a command, and whether a shell gets them as one string."""
    if text.startswith("["):
        try:
            words = json.loads(text)
        except ValueError:
            words = None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words), False
    try:
        return tuple(shlex.split(text)), True
    except ValueError:
        return tuple(text.split()), True
