"""Values that stand behind a name which says that they are secret, in running text: `password=...`, `"apiKey": "..."`, `Authorization: Bearer ...`, `scheme://user:...@host`.

Names are judged by `keys.secret_key`, so that `max_tokens: 4096` and `tokenizer: bpe` stay. Linear: expressions start at a literal word and look a bounded distance ahead.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Final

from troth.detectors.matching import presence
from troth.detectors.redaction.armour import unfinished
from troth.detectors.redaction.crowded import crowded, is_crowded
from troth.detectors.redaction.keys import secret_key
from troth.detectors.redaction.told import SIGNS as TOLD
from troth.detectors.redaction.told import TABLE as TOLD_TABLE

__all__ = ["SIGNS", "hides", "labelled", "plain_view", "suspicious"]

_SMALL: Final = 2_000
"""Texts up to this length cannot hold so many labels that it matters how they are taken."""
_MOST: Final = 400
"""Values in one text from which on all of it goes, and one more for every 2,000 bytes: to replace them one by one would cost more than to find them."""
Span = tuple[int, int, str, bytes]
_AFTER: Final = rb"([a-z0-9_-]{0,20}+)\\{0,2}[\"']?[ \t]{0,3}[:=]>?[ \t]{0,3}(?:b[\"']|\\{0,2}[\"']?)"
_PAIRED: Final = rb"([a-z0-9_-]{0,20}+)(?:\\{0,2}[\"'][ \t]{0,3},[ \t\r\n]{0,40}\\{0,2}[\"']value\\{0,2}[\"'][ \t]{0,3}:[ \t]{0,3}\\{0,2}[\"']|[\"'][ \t]{0,3},[ \t]{0,3}b?[\"']|>|</key>[ \t\r\n]{0,8}<string>)"
"""A name and its value as two literals of a list, as an element of XML, or as `"name": "...", "value": "..."`."""
_WORDS: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential")
_NAMED: Final = rb"[a-z0-9_-]*[\\\"' \t]*[:=>,<]"
"""The rest of a name, and what stands between a name and its value, in every way of writing that is looked for below."""
SIGNS: Final = (
    *(word + _NAMED for word in (b"passw", b"passphrase", b"pwd", b"secret", b"credential", b"(?:auth|access)token", b"(?:api|private|access|secret)key")),
    rb"token[_-]*[\\\"' \t]*[:=>,<]",
    rb"(?:api|access|private|secret|signing|encryption|master|shared|auth|ssh|hmac|deploy|account|storage|service|license|subscription)[_-]*key[_-]*[\\\"' \t]*[:=>,<]",
    rb"x[_-]*a[_-]*p[_-]*i[_-]*key[_-]*[\\\"' \t]*[:=>,<]",
    rb"(?:authorization|cookie)[_-]*[\\\"' \t]*[:=]",
    rb"signature=",
    rb"[?&]sig=",
    rb"bearer[ \t]+[a-z0-9._~+/=-]{16}",
    rb"://[^\x09-\x0d\x20/@\"']+@",
    rb"(?:password|passwd|passphrase)[ \t]{1,3}(?:is|was|[\"'])",
    rb"identified[ \t]{1,3}(?:with|by|as)[ \t]",
    rb"(?:mysql|mariadb)[^\r\n]{0,140}[ \t]-p",
    rb"-----begin [a-z0-9 ]{0,40}private key",
    rb"--[a-z0-9-]{2,40}[ \t]",
    rb"sk[0-9a-f]{32}",
    *TOLD,
)
"""One of these is in every text in which `labelled` finds something (tests/detectors/test_gate.py). Of names they ask what `keys.secret_key` asks, as far as a pattern can: `tokens=` and `key:` alone say nothing."""
_STARTS: Final = {word: re.compile(re.escape(word) + _AFTER) for word in _WORDS}
_PAIRS: Final = {word: re.compile(re.escape(word) + _PAIRED) for word in _WORDS}
_HEADS: Final = {
    b"authorization": re.compile(
        rb"authorization\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?(?:(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+)?"
    ),
    b"cookie": re.compile(rb"cookie\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,2}[\"']?[a-z0-9_.-]{1,64}+="),
    b"signature=": re.compile(rb"signature="),
    b"sig=": re.compile(rb"sig=(?<=[?&]sig=)"),
}
_BEARER: Final = re.compile(rb"bearer[ \t]+(?=[a-z0-9._~+/=-]{16})")
_LINE: Final = re.compile(rb"[^\r\n\"'\\]{4,4096}+")
_SCHEMES: Final = re.compile(rb"(?:digest|aws4-hmac-sha256|oauth|hawk)[ \t]+[^\r\n]{4,4096}+")
"""Ways to authorize that take the rest of their line, with quotes in it."""
_SPOKEN: Final = re.compile(rb"(?:password|passwd|passphrase)[ \t]{1,3}(?:(?:is|was)[ \t]{1,3}[\"']?|[\"'])")
"""`the password is ...`, `PASSWORD '...'`, as in sentences and in SQL. Not `token '...'`: parsers say that of what they did not expect."""
_IDENTIFIED: Final = re.compile(rb"identified[ \t]{1,3}(?:with[ \t]{1,3}[\"'`]?[a-z0-9_]{1,40}+[\"'`]?[ \t]{1,3})?(?:by|as)[ \t]{1,3}(?:password[ \t]{1,3}|values[ \t]{1,3})?([\"']?)")
"""`IDENTIFIED BY '...'` of SQL: accounts of MySQL, MariaDB and Oracle."""
_STATEMENTS: Final = (b"create ", b"alter ", b"grant ")
"""How statements begin that name an account; looked for by bytes, since an expression for each of thousands of places would cost milliseconds."""
_JOINED: Final = re.compile(rb"(?<=[ \t])-p(?=[^ \t\r\n-])[\"']?(?=[a-z]{0,60}+[^a-z\s.!?])")
"""`-pVALUE` of the programs of MySQL: the one option whose value is joined to it. Not a plain word."""
_CLIENTS: Final = re.compile(rb"(?:mysql|mariadb)(?:dump|admin|import|check|show|slap|-dump|-admin)?(?:\.exe)?[ \t][^\r\n|;&]{0,140}+\Z")
_BELOW: Final = re.compile(rb"(?:passw(?:or)?d|passphrase|secret|api[_-]?key|token)\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\?\r?\n[ \t]{0,16}([\"']?)([^\s\"'&,;<>{}\[\]()\\]{6,200}+)[\"']?[,;]?[ \t]{0,3}(?=[\r\n]|\Z)")
"""A name whose value stands alone in the line below."""
_OPTION: Final = re.compile(rb"--([a-z0-9-]{2,40}+)[ \t]{1,3}[\"']?")
_SIGNED: Final = re.compile(rb"SK(?<![0-9A-Za-z]SK)[0-9a-f]{32}(?![0-9A-Za-z])")
"""Twilio's API keys: the form alone is too common to be reported and rare enough to be redacted. https://www.twilio.com/docs/iam/api-keys"""
_LONE: Final = re.compile(rb"://([^\s/@:\"']{10,256}+)@")
"""A token where a user's name stands in an address."""
_USERINFO: Final = re.compile(rb"://[^\s/@:\"']{0,64}+:([^\s/@\"']{1,256}+)@")
_VALUE: Final = re.compile(rb"[^\s\"'&,;<>{}\[\]()\\]{4,4096}")
_TO_SPACE: Final = bytes(code if code in b"_-" or (chr(code).isalnum() and code < 128) else 32 for code in range(256))
"""Everything that no name contains, as a space."""
_TOKEN_LEAST: Final = 8
"""Bytes of a value of plain `token`, which parsers say, too."""
_PATH: Final = re.compile(rb"(?:~|\.{1,2})?(?:/[A-Za-z0-9_.-]{1,60}){2,20}\.[a-z]{2,5}\Z")
"""The name of a file, where the value is kept."""
_WORDY: Final = re.compile(rb"[a-z]+[.!?]?\Z")
_NOT_VALUES: Final = (b"[redacted", b"***", b"<redacted", b"${", b"{{", b"none", b"null", b"true", b"false", b"xxxx")
_CODES: Final = re.compile("\x1b(?:\\[[0-9;?]{0,12}[@-~]|\\][^\x07\x1b]{0,200}+(?:\x07|\x1b\\\\)|[PX^_][^\x1b]{0,200}+\x1b\\\\|[@-Z\\\\-_])|\x9b[0-9;?]{0,12}[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
"""What a terminal does not show: colours, cursor and title codes, a letter and the backspace over it, control characters."""
_OVER: Final = re.compile("[^\b]\b")
_PLAIN: Final = {
    **dict.fromkeys(
        [0xAD, *range(0x300, 0x370), 0x61C, 0x115F, 0x1160, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), 0x2800, 0x3164,
         *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0)], None,
    ),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{
        first + number: letters[number % len(letters)]
        for first, count, letters in ((0x1D400, 676, string.ascii_uppercase + string.ascii_lowercase), (0x1D7CE, 50, string.digits))
        for number in range(count)
    },
    **{code: str(unicodedata.digit(chr(code))) for code in range(0x80, 0x3000) if unicodedata.digit(chr(code), None) is not None},
    **{first + number: letters[number] for first, letters in ((0x24B6, string.ascii_uppercase + string.ascii_lowercase), (0x2460, "123456789")) for number in range(len(letters))},
    **dict(zip(map(ord, "асеорхуіјѕԁԛԝАВЕКМНОРСТХ"), "aceopxyijsdqwABEKMHOPCTX", strict=True)),
}  # fmt: skip
"""Invisible characters and combining marks -> nothing; wide, mathematical, circled and look-alike letters -> the plain ones."""
_MAYBE: Final = re.compile("[" + "".join(chr(code) for code in _PLAIN if code < 0x10000) + "\U0001d400-\U0001d7ff\U000e0000-\U000e01ef]")
"""Ranges for what lies beyond 16 bits: a thousand single ones would be compared one by one at every character."""
_LETTERS: Final = frozenset(map(chr, _PLAIN))
_KNOWN_AT_MOST: Final = 70_000
_FEW: Final = 16
"""Up to so many different characters are replaced one by one, which is quicker than to translate the whole text."""


class _Known(dict[int, str | int | None]):
    """`_PLAIN`, and every other character as itself once it was asked for: a miss in `translate` costs an exception."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


_known_now: list[_Known] = []


def _known() -> _Known:
    """The table of this process, made anew where texts have filled it with characters that nobody needs."""
    if not _known_now or len(_known_now[0]) > _KNOWN_AT_MOST:
        _known_now[:] = [_Known(_PLAIN)]
    return _known_now[0]


Look = Callable[[bytes, bytes], list[Span]]


@lru_cache(maxsize=1)
def _looks() -> tuple[Callable[[bytes], Sequence[int]], tuple[Look, ...]]:
    """What tells which kinds of labels may be there, in one pass instead of two dozen, since most lines have none; and how to look for each."""
    table: list[tuple[bytes, bytes, Look]] = [
        *((start.pattern, word, partial(_behind, start=start)) for word, start in _STARTS.items()),
        *((pair.pattern, word, partial(_paired, start=pair)) for word, pair in _PAIRS.items()),
        *((head.pattern, word, partial(_headed, word=word, head=head)) for word, head in _HEADS.items()),
        (_BEARER.pattern, b"bearer", lambda data, low: [span for match in _BEARER.finditer(low) for span in _taken(data, match.end(), "bearer", strict=False)]),
        (b"://[^@]{0,400}@", b"://", _addresses),
        (_SPOKEN.pattern, b"pass", _spoken),
        (rb"identified[ \t]{1,3}(?:with|by|as)[ \t]", b"identified", _identified),
        (rb"(?:mysql|mariadb)[^\r\n]{0,140}[ \t]-p", b"-p", _mysql),
        (rb"(?:passw(?:or)?d|passphrase|secret|api[_-]?key|token)\\{0,2}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\?\r?\n", b"\n", _below),
        (b"-----begin [a-z0-9 ]{0,40}private key", b"-----begin", lambda data, _: unfinished(data)),
        (_OPTION.pattern, b"--", _options),
        (b"sk[0-9a-f]{32}", b"sk", lambda data, _: [(*match.span(), "key", match.group()) for match in _SIGNED.finditer(data)]),
        *TOLD_TABLE,
    ]  # fmt: skip
    plain = [pattern for pattern, _, _ in table]
    for ours, theirs in ((b"(?=[a-z0-9._~+/=-]{16})", b""), (b"(?<=[?&]sig=)", b""), (b"}+", b"}"), (b"(?![a-z0-9])", b""), (b"(?<![a-z]pw)", b""), (b"(?<![a-z]psk)", b"")):
        plain = [pattern.replace(ours, theirs) for pattern in plain]
    return presence(plain, [literal for _, literal, _ in table]), tuple(look for _, _, look in table)


def suspicious(data: bytes) -> bool:
    """Whether `labelled` has anything to look at in a text."""
    return bool(_looks()[0](data))


def labelled(data: bytes) -> list[Span]:
    """Places of such values: start, end, name for the marker, the value."""
    present, looks = _looks()
    numbers = present(data)
    if not numbers:
        return []
    if len(data) > _SMALL and is_crowded(data):
        return crowded(data)
    low = data.lower()
    found: list[Span] = []
    for number in numbers:
        found += looks[number](data, low)
        if len(found) > _MOST + len(data) // _SMALL:
            return [(0, len(data), "labelled values", b"")]
    return found


def _headed(data: bytes, low: bytes, *, word: bytes, head: re.Pattern[bytes]) -> list[Span]:
    found: list[Span] = []
    whole = _LINE if word == b"cookie" else _SCHEMES if word == b"authorization" else None
    for match in head.finditer(low):
        place = whole.match(data if word == b"cookie" else low, _scheme(low, match)) if whole else None
        if place is not None:
            found.append((*place.span(), word.decode(), data[place.start() : place.end()]))
        else:
            found += _taken(data, match.end(), word.decode().strip("="), strict=False)
    return found


def _addresses(data: bytes, _: bytes) -> list[Span]:
    with_password = [(*match.span(1), "password-in-address", match.group(1)) for match in _USERINFO.finditer(data)]
    alone = [(*match.span(1), "token-in-address", match.group(1)) for match in _LONE.finditer(data)]
    return [
        *(span for span in with_password if not span[3].startswith(_NOT_VALUES)),
        *(span for span in alone if _has_digit(span[3])),
    ]


def _has_digit(value: bytes) -> bool:
    return any(48 <= code <= 57 for code in value)


def _scheme(low: bytes, match: re.Match[bytes]) -> int:
    """Where the value of a header begins: behind its label, before the scheme that its pattern has taken as well."""
    at = low.find(b":", match.start(), match.end())
    at = at if at >= 0 else low.find(b"=", match.start(), match.end())
    end = at + 1
    while low[end : end + 1] in (b" ", b"\t", b'"', b"'"):
        end += 1
    return end


def _paired(data: bytes, low: bytes, *, start: re.Pattern[bytes]) -> list[Span]:
    """Name and value as two literals, or as an element, which has to end where the value does."""
    return [
        span
        for span in _behind(data, low, start)
        if data[span[0] - 1 : span[0]] != b">" or data[span[1] : span[1] + 1] == b"<"
    ]


def _spoken(data: bytes, low: bytes) -> list[Span]:
    """In sentences and in SQL: quoted, or with a digit, which words of a sentence have not."""
    found = [span for match in _SPOKEN.finditer(low) for span in _taken(data, match.end(), "password", strict=False)]
    return [span for span in found if data[span[0] - 1 : span[0]] in (b'"', b"'") or _has_digit(span[3])]


def _identified(data: bytes, low: bytes) -> list[Span]:
    """In statements of SQL: quoted where the statement is one, or with a digit, so that rows that are identified by a column stay."""
    found: list[Span] = []
    for match in _IDENTIFIED.finditer(low):
        if len(found) > _MOST + len(data) // _SMALL:
            break  # all of it goes
        taken = _taken(data, match.end(), "password", strict=False)
        if taken and (match.group(1) or _has_digit(taken[0][3])):
            before = low[max(0, match.start() - 120) : match.start()]
            if any(word in before for word in _STATEMENTS):
                found += taken
    return found


def _mysql(data: bytes, low: bytes) -> list[Span]:
    if b"mysql" not in low and b"mariadb" not in low:
        return []
    found: list[Span] = []
    looked = 0
    for match in _JOINED.finditer(data):  # the option's letter has a case: -P is the port
        first = max(0, match.start() - 140)
        name = max(low.rfind(b"mysql", first, match.start()), low.rfind(b"mariadb", first, match.start()))
        if name >= 0 and _CLIENTS.match(low, name, match.start()):
            looked += 1
            if looked > _MOST + len(data) // _SMALL:
                return [(0, len(data), "labelled values", b"")]
            found += _taken(data, match.end(), "password", strict=True)
    return found


def _below(data: bytes, low: bytes) -> list[Span]:
    """In the line below its name: with letters and digits, and no name of something else, as a tree of settings has it there."""
    return [
        (*match.span(2), "value below its name", data[match.start(2) : match.end(2)])
        for match in _BELOW.finditer(low)
        if _mixed(match.group(2)) and not match.group(2).startswith(_NOT_VALUES) and match.group(2)[-1:] not in b":=" and b"=" not in match.group(2)[:-2] and b":" not in match.group(2)
    ]


def _mixed(value: bytes) -> bool:
    return _has_digit(value) and any(97 <= code <= 122 for code in value)


def _options(data: bytes, low: bytes) -> list[Span]:
    """Behind an option of a command."""
    return [
        span
        for match in _OPTION.finditer(low)
        if data[match.end() : match.end() + 1] != b"-" and _secret_name(match.group(1))
        for span in _taken(data, match.end(), f"value of {match.group(1)[:30].decode('ascii')}", strict=True)
    ]


def _behind(data: bytes, low: bytes, start: re.Pattern[bytes]) -> list[Span]:
    found: list[Span] = []
    skip = 0
    for match in start.finditer(low):
        at, end = match.span()
        if at < skip:
            continue  # inside a value that goes anyway: looking again would cost the square of its length
        name = data[max(0, at - 40) : match.end(1)].translate(_TO_SPACE).rpartition(b" ")[2]
        if _secret_name(name):
            taken = _taken(data, end, f"value of {name[:30].decode('ascii')}", strict=data[end - 1 : end] in b" \t")
            if taken and not (name.lower() == b"token" and len(taken[0][3]) < _TOKEN_LEAST):
                skip = taken[0][1]
                found += taken
    return found


@lru_cache(maxsize=4096)
def _secret_name(name: bytes) -> bool:
    return secret_key(name.decode("ascii"))


def _taken(data: bytes, at: int, name: str, *, strict: bool) -> list[Span]:
    match = _VALUE.match(data, at)
    if match is None or match.group().lower().startswith(_NOT_VALUES) or _PATH.match(match.group()) or (strict and _WORDY.match(match.group().strip(b"`"))):
        return []  # `password: required` is prose
    end = match.end()
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1  # a letter of several bytes is never cut
    return [(match.start(), end, name, data[match.start() : end])]


def hides(text: str) -> bool:
    """Whether a text of ASCII holds what a terminal does not show. In a long one only the signs that terminals act on are asked for: looking for all 30 would cost more than the rest."""
    if len(text) <= _SMALL:
        return not text.isprintable() and ("\b" in text or _CODES.search(text) is not None)
    return "\x1b" in text or "\b" in text or "\0" in text or "\x7f" in text or "\x07" in text


def plain_view(text: str) -> str | None:
    """The text as a person reads it: without invisible characters and colours, wide and look-alike letters as plain ones; None where that changes nothing."""
    plain = _OVER.sub("", text) if "\b" in text else text
    plain = _CODES.sub("", plain)
    if not plain.isascii() and _MAYBE.search(plain):
        seen = _LETTERS.intersection(plain[:_SMALL])
        if len(seen) <= _FEW and len(plain) > _SMALL:
            seen = _LETTERS.intersection(plain)
        if len(seen) > _FEW:
            plain = plain.translate(_known())
        else:
            for letter in seen:
                plain = plain.replace(letter, _PLAIN.get(ord(letter), letter) or "")
    return plain if plain != text else None
