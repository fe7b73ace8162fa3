"""Handlers of opcodes that push literals: numbers, text, bytes. See `opcodes` for their rules."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Final

from troth.formats.pickle.values import Blob, OldText
from troth.formats.verdict import Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["HANDLERS", "Handler", "Short", "integer_of", "line", "u4"]

Handler = Callable[["Machine", int], int]

_CARRIED: Final = 65536
"""Bytes literals up to this length are kept; longer ones only by place and length."""
_INTEGER: Final = re.compile(rb"-?(?:0|[1-9][0-9]{0,1199})\Z")
_FLOAT: Final = re.compile(rb"-?(?:[0-9]{1,25}(?:\.[0-9]{1,25})?(?:e[+-]?[0-9]{1,4})?|inf|nan)\Z")
_ESCAPE: Final = re.compile(rb"\\(?:[\\'\"nrt]|x(?:[01][0-9a-f]|7f|[89a-f][0-9a-f]))")
_LINE: Final = 8192
_LONG_LINE: Final = 16 << 20

_u2: Final[Callable[..., tuple[int]]] = Struct("<H").unpack_from
u4: Final[Callable[..., tuple[int]]] = Struct("<I").unpack_from
_i4: Final[Callable[..., tuple[int]]] = Struct("<i").unpack_from
_u8: Final[Callable[..., tuple[int]]] = Struct("<Q").unpack_from
_f8: Final = Struct(">d").unpack_from


class Short(Exception):  # noqa: N818 - no error: asks for a larger window
    """The window ends inside the operation; `need` is the number of bytes that would be enough, from the opcode."""

    def __init__(self, need: int) -> None:
        super().__init__(need)
        self.need = need


def line(vm: Machine, pos: int) -> tuple[bytes, int]:
    """One line of an old protocol, without its end, and the position behind it."""
    end = vm.data.find(b"\n", pos, pos + _LINE)
    if end < 0:
        if len(vm.data) - pos >= _LINE:
            raise Refusal("line-too-long", "a text argument of an old protocol has no end", vm.base + pos)
        raise Short(_LINE + 16)
    return vm.data[pos:end], end + 1


def _long_line(vm: Machine, pos: int) -> tuple[bytes, int]:
    end = vm.data.find(b"\n", pos)
    if end < 0:
        if len(vm.data) - pos >= _LONG_LINE:
            raise Refusal("line-too-long", "a text of protocol 0 has no end", vm.base + pos)
        raise Short(2 * len(vm.data))
    return vm.data[pos:end], end + 1


def _take(vm: Machine, pos: int, size: int) -> bytes:
    end = pos + size
    if end > len(vm.data):
        if size > vm.budget.literal:
            raise Refusal("budget-literal", f"a literal of {size} bytes; the limit is {vm.budget.literal}", vm.base + pos)
        raise Short(size + 16)
    return vm.data[pos:end]


# ---- numbers

def _binint(vm: Machine, pos: int) -> int:
    vm.stack.append(_i4(vm.data, pos)[0])
    return pos + 4


def _binint1(vm: Machine, pos: int) -> int:
    vm.stack.append(vm.data[pos])
    return pos + 1


def _binint2(vm: Machine, pos: int) -> int:
    vm.stack.append(_u2(vm.data, pos)[0])
    return pos + 2


def _int(vm: Machine, pos: int) -> int:
    text, end = line(vm, pos)
    if text in (b"00", b"01"):
        vm.stack.append(text == b"01")
    elif _INTEGER.match(text):
        vm.stack.append(int(text))
    else:
        raise Refusal("odd-number", "an integer in a spelling that readers understand differently", vm.base + pos)
    return end


def _long(vm: Machine, pos: int) -> int:
    text, end = line(vm, pos)
    if not text.endswith(b"L") or not _INTEGER.match(text[:-1]):
        raise Refusal("odd-number", "a long integer in a spelling that readers understand differently", vm.base + pos)
    vm.stack.append(int(text[:-1]))
    return end


def _long1(vm: Machine, pos: int) -> int:
    size = vm.data[pos]
    vm.stack.append(int.from_bytes(_take(vm, pos + 1, size), "little", signed=True))
    return pos + 1 + size


def _long4(vm: Machine, pos: int) -> int:
    size = _i4(vm.data, pos)[0]
    if not 0 <= size <= 4096:
        raise Refusal("odd-number", f"an integer of {size} bytes", vm.base + pos - 1)
    vm.stack.append(int.from_bytes(_take(vm, pos + 4, size), "little", signed=True))
    return pos + 4 + size


def _float(vm: Machine, pos: int) -> int:
    text, end = line(vm, pos)
    if not _FLOAT.match(text):
        raise Refusal("odd-number", "a float in a spelling that readers understand differently", vm.base + pos)
    vm.stack.append(float(text))
    return end


def _binfloat(vm: Machine, pos: int) -> int:
    vm.stack.append(_f8(vm.data, pos)[0])
    return pos + 8


# ---- text and bytes

def _text(vm: Machine, raw: bytes, pos: int) -> None:
    try:
        vm.stack.append(raw.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        raise Refusal("bad-text", "a text literal is not UTF-8", vm.base + pos) from error


def _short_binunicode(vm: Machine, pos: int) -> int:
    end = pos + 1 + vm.data[pos]
    if end > len(vm.data):
        raise Short(300)
    _text(vm, vm.data[pos + 1 : end], pos)
    return end


def _binunicode(vm: Machine, pos: int) -> int:
    size = u4(vm.data, pos)[0]
    _text(vm, _take(vm, pos + 4, size), pos)
    return pos + 4 + size


def _binunicode8(vm: Machine, pos: int) -> int:
    size = _u8(vm.data, pos)[0]
    _text(vm, _take(vm, pos + 8, size), pos)
    return pos + 8 + size


def _unicode(vm: Machine, pos: int) -> int:
    raw, end = _long_line(vm, pos)
    try:
        vm.stack.append(raw.decode("raw-unicode-escape"))
    except UnicodeDecodeError as error:
        raise Refusal("bad-text", "a text literal with a broken escape", vm.base + pos) from error
    return end


def _bytes(vm: Machine, pos: int, size: int) -> int:
    if size > _CARRIED:
        end = vm.base + pos + size
        if end > vm.end or (vm.frame_end >= 0 and end > vm.frame_end):
            raise Refusal("truncated", f"a literal of {size} bytes reaches beyond its frame or the file", vm.base + pos)
        vm.stack.append(Blob(vm.base + pos, size))
    else:
        vm.stack.append(_take(vm, pos, size))
    return pos + size


def _short_binbytes(vm: Machine, pos: int) -> int:
    return _bytes(vm, pos + 1, vm.data[pos])


def _binbytes(vm: Machine, pos: int) -> int:
    return _bytes(vm, pos + 4, u4(vm.data, pos)[0])


def _binbytes8(vm: Machine, pos: int) -> int:
    return _bytes(vm, pos + 8, _u8(vm.data, pos)[0])


def _bytearray8(vm: Machine, pos: int) -> int:
    return _binbytes8(vm, pos)


def _short_binstring(vm: Machine, pos: int) -> int:
    size = vm.data[pos]
    vm.stack.append(OldText(_take(vm, pos + 1, size)))
    return pos + 1 + size


def _binstring(vm: Machine, pos: int) -> int:
    size = _i4(vm.data, pos)[0]
    if size < 0:
        raise Refusal("odd-number", "a string of negative length", vm.base + pos - 1)
    vm.stack.append(OldText(_take(vm, pos + 4, size)))
    return pos + 4 + size


def _escaped_plainly(raw: bytes) -> bool:
    """Whether a text of protocol 0 has only the escapes that Python 2 writes (none for a printable character), which all readers put back alike."""
    left = _ESCAPE.sub(b"", raw[1:-1])
    return b"\\" not in left and raw[:1] not in left


def _string(vm: Machine, pos: int) -> int:
    raw, end = _long_line(vm, pos)
    quoted = len(raw) >= 2 and raw[:1] == raw[-1:] and raw[:1] in (b"'", b'"')
    if quoted and b"\\" in raw and _escaped_plainly(raw):
        vm.stack.append(OldText(codecs.escape_decode(raw[1:-1])[0]))
        return end
    if not quoted or b"\\" in raw or raw[:1] in raw[1:-1]:
        raise Refusal("odd-text", "a string of protocol 0 with escapes or without quotes", vm.base + pos)
    vm.stack.append(OldText(raw[1:-1]))
    return end


def integer_of(text: bytes, at: int) -> int:
    """A memo index of protocol 0."""
    if not _INTEGER.match(text) or text[:1] == b"-" or len(text) > 10:
        raise Refusal("odd-number", "a memo index in a spelling that readers understand differently", at)
    return int(text)


HANDLERS: Final[dict[int, Handler]] = {
    ord("F"): _float, ord("I"): _int, ord("J"): _binint, ord("K"): _binint1, ord("L"): _long, ord("M"): _binint2, ord("S"): _string,
    ord("T"): _binstring, ord("U"): _short_binstring, ord("V"): _unicode, ord("X"): _binunicode, ord("G"): _binfloat, 0x8A: _long1, 0x8B: _long4,
    ord("B"): _binbytes, ord("C"): _short_binbytes, 0x8C: _short_binunicode, 0x8D: _binunicode8, 0x8E: _binbytes8, 0x96: _bytearray8,
}  # fmt: skip
"""Handler of each opcode that pushes a literal."""
