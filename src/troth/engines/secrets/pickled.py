"""The text in a pickle, without loading it: its opcodes are stepped over, and the arguments that are strings or bytes are kept.

`pickletools.genops` does the same at twenty times the price, since it makes an object of every argument; it is the oracle of the tests and reads the rare opcodes
whose arguments are lines.
"""

from __future__ import annotations

import io

__all__ = ["texts_of"]

SHORTEST = 8
"""Characters (or bytes) from which on a string is kept."""
LONGEST = 65_536
"""Bytes up to which a bytes object is kept: beyond, it is an array's content."""
STEPS = 500_000
STOP = ord(".")
ERRORS = (ValueError, EOFError, IndexError, OverflowError, UnicodeError, AttributeError)

_FIXED = [0] * 256
"""Length of an opcode with its argument, where that is always the same; 0 for all others."""
for _code in b"\x97\x98N\x88\x89]ael)t\x85\x86\x87}dsu\x8f\x90\x9102(1\x94\x93Rbo\x81\x92.Q":
    _FIXED[_code] = 1
for _code in b"Khq\x82\x80":
    _FIXED[_code] = 2
for _code in b"M\x83":
    _FIXED[_code] = 3
for _code in b"Jjr\x84":
    _FIXED[_code] = 5
for _code in b"G\x95":
    _FIXED[_code] = 9

_UTF8, _LATIN, _BYTES, _SKIPPED = range(4)
_COUNTED = {
    0x8C: (1, _UTF8), 0x58: (4, _UTF8), 0x8D: (8, _UTF8), 0x55: (1, _LATIN), 0x43: (1, _BYTES), 0x42: (4, _BYTES), 0x8E: (8, _BYTES), 0x96: (8, _BYTES), 0x8A: (1, _SKIPPED),
}  # fmt: skip
"""Opcodes whose argument is a length and so many bytes: how long the length is (unsigned, little-endian), and what the bytes are."""


def texts_of(data: bytes, left: int) -> tuple[list[bytes], bool]:
    """Strings and bytes of a pickle, in order, and whether reading ended before the pickle did (damaged, or over a limit) with something left out.

    Args:
        data: the pickle.
        left: characters after which nothing more is read.
    """
    texts: list[bytes] = []
    try:
        return texts, _read(data, left, texts)
    except ERRORS:
        return texts, not texts


def _read(data: bytes, left: int, texts: list[bytes]) -> bool:
    at, number, size, fixed = 0, -1, len(data), _FIXED
    while True:
        number += 1
        op = data[at]  # IndexError at the end: a pickle ends with STOP
        step = fixed[op]
        if step:
            at += step
            if at > size:
                raise ValueError("argument is cut short")
        else:
            text: str | bytes | None
            counted = _COUNTED.get(op)
            at, text = _counted(data, at + 1, *counted) if counted else _line(data, at)
            if text is not None and len(text) >= SHORTEST:
                if isinstance(text, str):
                    texts.append(text.encode("utf-8", "replace"))
                    left -= len(text)
                elif len(text) <= LONGEST:
                    texts.append(text)
                    left -= len(text)
        if left <= 0 or number > STEPS:
            return True
        if op == STOP:
            return False


def _counted(data: bytes, at: int, width: int, kind: int) -> tuple[int, str | bytes | None]:
    """An argument with its length in front of it: where it ends, and the text it is."""
    begin = at + width
    end = begin + int.from_bytes(data[at:begin], "little")
    if begin > len(data) or end > len(data):
        raise ValueError("argument is cut short")
    if kind == _UTF8:
        return end, str(data[begin:end], "utf-8", "surrogatepass")
    if kind == _LATIN:
        return end, data[begin:end].decode("latin-1")
    return end, data[begin:end] if kind == _BYTES else None


def _line(data: bytes, at: int) -> tuple[int, str | bytes | None]:
    """An argument of another form, which the standard library reads."""
    import pickletools

    opcode = pickletools.code2op.get(chr(data[at]))  # type: ignore[attr-defined]
    if opcode is None:
        raise ValueError("no such opcode")
    file = io.BytesIO(data)  # shares the bytes
    file.seek(at + 1)
    found = opcode.arg.reader(file)
    return file.tell(), found if isinstance(found, str | bytes) else None
