"""Secrets that are told rather than labelled: `with password ...`, `| password | ... |`, a value one line below its name or two levels inside of it, an option of a known program.

Only what looks as if a machine had made it up counts behind a word: letters of both cases with digits between them, as no word, path, name of a class or date has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

__all__ = ["SIGNS", "TABLE", "looks_made_up"]

Span = tuple[int, int, str, bytes]
_FAR: Final = 48
"""Bytes between a word and the beginning of its value."""
_AT_MOST: Final = 100
"""Words of one kind in one text that are followed, and one more for every 500 bytes; a text with more goes as a whole, as one that is crowded does."""
_LEAST, _CHANGING = 10, 0.45
_TOKEN: Final = re.compile(rb"[A-Za-z0-9](?<![A-Za-z0-9].)[A-Za-z0-9!#$^*_+.~/=-]{9,200}+")
_WORDS: Final = {
    b"pass": rb"(?:passw(?:or)?[dt]s?|passphrases?|passcodes?|passe?)(?![a-z0-9])",
    b"pw": rb"pw(?<![a-z]pw)d?(?![a-z0-9])",
    b"bindpw": rb"bindpw(?![a-z0-9])",
    b"psk": rb"psk(?<![a-z]psk)(?![a-z0-9])",
    b"key": rb"(?:api|access|private|secret|subscription|auth)[ _-]?keys?(?![a-z0-9])",
    b"secret": rb"secrets?(?![a-z0-9])",
    b"bearer": rb"bearer(?![a-z0-9])",
    b"x-auth": rb"x-auth(?![a-z0-9])",
    **{word.encode(): word.encode() for word in ("kennwort", "senha", "wachtwoord", "lösenord", "hasło", "parola", "şifre", "пароль", "Пароль", "ПАРОЛЬ", "密码", "密碼", "パスワード", "비밀번호")},
    b"credential": rb"credentials?(?![a-z0-9])",
    b"contrase": rb"contrase(?:n|\xc3\xb1)as?(?![a-z0-9])",
    b"token": rb"(?:api|access|auth|private|vault|refresh|bot|security|session|client)[ _-]?tokens?(?![a-z0-9])",
}
"""Literal -> the words that hold it, in lower case. They begin with letters, what stands before them is asked behind: a search for anything else is ten times as slow."""
_PLACED: Final[tuple[tuple[bytes, bytes, str, bool], ...]] = (
    (b"oracle:", rb"oracle:(?:thin|oci8?):[^\s/@]{1,64}/([^\s@/]{4,128}+)@", "password-in-address", False),
    (b"redis-cli", rb"redis-cli(?:[ \t]+(?!-a|--pass)[^\s]{1,60}+){0,6}+[ \t]+(?:-a|--pass)[ \t]+[\"']?([^\s\"']{4,128}+)", "password", False),
    (b"plain", rb"auth[ \t]+plain[ \t]+([a-z0-9+/=]{12,400}+)", "password", False),
    (b"simplecookie:", rb"simplecookie:[ \t]*[a-z0-9_.-]{1,64}+=[\"']([^\"']{4,512}+)", "cookie", False),
    (b"-p", rb"[ \t]-p[ \t]+[\"']?([^\s\"']{10,128}+)", "password", True),
    (b"-w", rb"[ \t]-w[ \t]+[\"']?([^\s\"']{10,128}+)", "password", True),
    (b"_auth", rb"_auth[ \t]{0,3}=[ \t]{0,3}[\"']?([a-z0-9+/=]{12,400}+)", "password", False),
    (b"@", rb":(?<=[a-z0-9_.-]:)([^\s/@:\"'<>()\[\]]{9,63}+(?<=[a-z0-9]))@[a-z0-9]", "password-in-address", True),
)
"""Literal, where the value stands, what it is called, and whether it has to look made up."""
_CHEAP: Final = {b"redis-cli": rb"redis-cli[ \t]", b"@": rb"[a-z0-9]@[a-z0-9]"}
"""What is asked first in place of a pattern that costs every text much."""
SIGNS: Final = (
    *(pattern.replace(b"(?![a-z0-9])", b"[^a-z0-9]").replace(b"(?<![a-z]pw)", b"").replace(b"(?<![a-z]psk)", b"") for pattern in _WORDS.values()),
    *(_CHEAP.get(literal, pattern.replace(b"}+", b"}")) for literal, pattern, _, _ in _PLACED),
)
"""One of these is in every text in which something is found here."""


def looks_made_up(value: bytes) -> bool:
    """Whether a value has letters of both cases and digits, in such a turn as chance puts them."""
    kinds = [1 if 48 <= code <= 57 else 2 if 65 <= code <= 90 else 3 for code in value if chr(code).isalnum() and code < 128]
    if len(kinds) < _LEAST or len(value) - len(kinds) > len(value) // 5 or kinds.count(1) < 2 or kinds.count(2) < 2 or 3 not in kinds:
        return False
    return sum(map(int.__ne__, kinds, kinds[1:])) >= _CHANGING * (len(kinds) - 1)


def _told(data: bytes, low: bytes, *, word: re.Pattern[bytes], name: str) -> list[Span]:
    found: list[Span] = []
    for number, match in enumerate(word.finditer(low)):
        if number >= _AT_MOST + len(data) // 500:
            return [(0, len(data), "labelled values", b"")]
        end = match.end()
        for near in _TOKEN.finditer(data, end, end + _FAR + _LEAST):
            token = _TOKEN.match(data, near.start()) or near
            if looks_made_up(token.group()):
                found.append((*token.span(), name, token.group()))
                break
    return found


def _placed(data: bytes, low: bytes, *, place: re.Pattern[bytes], name: str, made_up: bool) -> list[Span]:
    spans = [match.span(1) for number, match in enumerate(place.finditer(low)) if number < 4 * _AT_MOST]
    return [(start, end, name, data[start:end]) for start, end in spans if not made_up or looks_made_up(data[start:end])]


TABLE: Final[tuple[tuple[bytes, bytes, Callable[[bytes, bytes], list[Span]]], ...]] = (
    *((pattern, literal, partial(_told, word=re.compile(pattern), name=f"told {literal.decode()}")) for literal, pattern in _WORDS.items()),
    *((_CHEAP.get(literal, pattern), literal, partial(_placed, place=re.compile(pattern), name=name, made_up=made_up)) for literal, pattern, name, made_up in _PLACED),
)
"""What tells that something may be there, a literal of it, and how to look: as `labelled` has them."""
