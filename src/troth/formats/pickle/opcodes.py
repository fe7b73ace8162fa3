"""One function per pickle opcode that real picklers write (protocols 0 to 5); every other opcode is refused.

A handler takes the machine and the position after the opcode, and gives the position after the operation. It reads its arguments before it
changes anything, so that the machine can repeat it with a larger window. Numbers and lines are accepted in the one spelling that picklers
write, because readers differ on the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troth.formats.pickle.literals import HANDLERS, Handler, Short, integer_of, line, u4
from troth.formats.pickle.values import MARK, Global, Items, Obj
from troth.formats.verdict import Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.machine import Machine

__all__ = ["FRAME", "STOP", "TABLE", "Short"]

FRAME: Final = 0x95
STOP: Final = 0x2E


def _refused(code: str, says: str) -> Handler:
    def refuse(vm: Machine, pos: int) -> int:
        raise Refusal(code, says, vm.base + pos - 1)

    return refuse


def _constant(value: object) -> Handler:
    def push(vm: Machine, pos: int) -> int:
        vm.stack.append(value)
        return pos

    return push


def _mark(vm: Machine, pos: int) -> int:
    vm.marks.append(len(vm.stack))
    vm.stack.append(MARK)
    return pos


def _pop(vm: Machine, pos: int) -> int:
    vm.pop()
    return pos


def _pop_mark(vm: Machine, pos: int) -> int:
    vm.slice_to_mark()
    return pos


# ---- containers

def _tuple(vm: Machine, pos: int) -> int:
    items = vm.slice_to_mark()
    vm.held += len(items)
    vm.stack.append(tuple(items))
    return pos


def _tuple_n(count: int) -> Handler:
    def build(vm: Machine, pos: int) -> int:
        vm.need(count)
        stack = vm.stack
        stack[-count:] = [tuple(stack[-count:])]
        vm.held += count
        return pos

    return build


def _empty(kind: str) -> Handler:
    def push(vm: Machine, pos: int) -> int:
        vm.stack.append(Items(kind))
        return pos

    return push


def _list(vm: Machine, pos: int) -> int:
    items = vm.slice_to_mark()
    vm.held += len(items)
    vm.stack.append(Items("list", items))
    return pos


def _dict(vm: Machine, pos: int) -> int:
    items = vm.slice_to_mark()
    vm.stack.append(Items("dict"))
    vm.set_items(items, vm.base + pos - 1)
    return pos


def _frozenset(vm: Machine, pos: int) -> int:
    items = vm.slice_to_mark()
    vm.keys(items, vm.base + pos - 1)
    vm.held += len(items)
    vm.stack.append(Items("frozenset", items))
    return pos


def _append(vm: Machine, pos: int) -> int:
    vm.append_items([vm.pop()], vm.base + pos - 1)
    return pos


def _appends(vm: Machine, pos: int) -> int:
    vm.append_items(vm.slice_to_mark(), vm.base + pos - 1)
    return pos


def _additems(vm: Machine, pos: int) -> int:
    items = vm.slice_to_mark()
    vm.keys(items, vm.base + pos - 1)
    target = vm.top()
    if type(target) is not Items or target.kind != "set":
        raise Refusal("items-of-odd-object", "elements are added to something that is not a set", vm.base + pos - 1)
    vm.held += len(items)
    target.items.extend(items)
    return pos


def _setitem(vm: Machine, pos: int) -> int:
    vm.need(3)
    value, key = vm.stack.pop(), vm.stack.pop()
    vm.set_items([key, value], vm.base + pos - 1)
    return pos


def _setitems(vm: Machine, pos: int) -> int:
    vm.set_items(vm.slice_to_mark(), vm.base + pos - 1)
    return pos


# ---- memo

def _binget(vm: Machine, pos: int) -> int:
    vm.get(vm.data[pos], pos)
    return pos + 1


def _long_binget(vm: Machine, pos: int) -> int:
    vm.get(u4(vm.data, pos)[0], pos)
    return pos + 4


def _get(vm: Machine, pos: int) -> int:
    text, end = line(vm, pos)
    vm.get(integer_of(text, vm.base + pos), pos)
    return end


def _binput(vm: Machine, pos: int) -> int:
    vm.put(vm.data[pos], pos)
    return pos + 1


def _long_binput(vm: Machine, pos: int) -> int:
    vm.put(u4(vm.data, pos)[0], pos)
    return pos + 4


def _put(vm: Machine, pos: int) -> int:
    text, end = line(vm, pos)
    vm.put(integer_of(text, vm.base + pos), pos)
    return end


def _memoize(vm: Machine, pos: int) -> int:
    memo = vm.memo
    stack = vm.stack
    if not stack or stack[-1] is MARK or len(memo) in memo:
        raise Refusal("memo-misuse", "the memo is filled from nothing, or out of order", vm.base + pos - 1)
    memo[len(memo)] = stack[-1]
    return pos


# ---- names, calls, objects

def _ascii(vm: Machine, raw: bytes, pos: int) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise Refusal("odd-name", "a name outside ASCII", vm.base + pos, raw.decode("utf-8", "replace")) from error


def _global(vm: Machine, pos: int) -> int:
    module, middle = line(vm, pos)
    name, end = line(vm, middle)
    vm.stack.append(vm.find(_ascii(vm, module, pos), _ascii(vm, name, middle), vm.base + pos - 1))
    return end


def _stack_global(vm: Machine, pos: int) -> int:
    vm.need(2)
    name, module = vm.stack.pop(), vm.stack.pop()
    if type(name) is not str or type(module) is not str:
        raise Refusal("odd-name", "a name to import that is not a text literal", vm.base + pos - 1)
    vm.stack.append(vm.find(module, name, vm.base + pos - 1))
    return pos


def _reduce(vm: Machine, pos: int) -> int:
    vm.need(2)
    args, func = vm.stack.pop(), vm.stack.pop()
    vm.stack.append(vm.call(func, args, None, vm.base + pos - 1, "reduce"))
    return pos


def _newobj(vm: Machine, pos: int) -> int:
    vm.need(2)
    args, cls = vm.stack.pop(), vm.stack.pop()
    vm.stack.append(vm.call(cls, args, None, vm.base + pos - 1, "newobj"))
    return pos


def _newobj_ex(vm: Machine, pos: int) -> int:
    vm.need(3)
    kwargs, args, cls = vm.stack.pop(), vm.stack.pop(), vm.stack.pop()
    vm.stack.append(vm.call(cls, args, kwargs, vm.base + pos - 1, "newobj"))
    return pos


def _build(vm: Machine, pos: int) -> int:
    vm.need(2)
    state = vm.stack.pop()
    target = vm.stack[-1]
    if type(target) is not Obj:
        name = target.full if type(target) is Global else ""
        raise Refusal("build-of-odd-object", "a state is set on something that takes none", vm.base + pos - 1, name)
    vm.build(target, state, vm.base + pos - 1, vm.base + pos)
    return pos


def _binpersid(vm: Machine, pos: int) -> int:
    vm.need(1)
    vm.stack.append(vm.persistent(vm.stack.pop(), vm.base + pos - 1))
    return pos


def _proto(vm: Machine, pos: int) -> int:
    version = vm.data[pos]
    if vm.base + pos - 1 != vm.begin or version > 5 or version < 2:
        raise Refusal("odd-protocol", f"protocol {version} declared where or how no pickler declares one", vm.base + pos - 1)
    vm.protocol = version
    return pos + 1


def _table() -> list[Handler]:
    table: list[Handler] = [_refused("unknown-opcode", "not an opcode of the pickle protocols")] * 256
    named: dict[int, Handler] = {
        **HANDLERS,
        ord("("): _mark, ord("0"): _pop, ord("1"): _pop_mark, ord("N"): _constant(None), ord("Q"): _binpersid, ord("R"): _reduce, ord("a"): _append, ord("b"): _build,
        ord("c"): _global, ord("d"): _dict, ord("}"): _empty("dict"), ord("e"): _appends, ord("g"): _get, ord("h"): _binget,
        ord("j"): _long_binget, ord("l"): _list, ord("]"): _empty("list"), ord("p"): _put, ord("q"): _binput, ord("r"): _long_binput,
        ord("s"): _setitem, ord("t"): _tuple, ord(")"): _constant(()), ord("u"): _setitems, 0x80: _proto,
        0x81: _newobj, 0x85: _tuple_n(1), 0x86: _tuple_n(2), 0x87: _tuple_n(3), 0x88: _constant(True), 0x89: _constant(False), 0x8F: _empty("set"), 0x90: _additems, 0x91: _frozenset, 0x92: _newobj_ex, 0x93: _stack_global,
        0x94: _memoize,
        ord("i"): _refused("opcode-inst", "INST imports and calls by the loader's own rules"),
        ord("o"): _refused("opcode-obj", "OBJ calls without a validator"),
        ord("P"): _refused("opcode-persid", "a persistent id as text, which only the loading program can explain"),
        ord("2"): _refused("opcode-dup", "DUP, which no pickler writes"),
        0x82: _refused("opcode-ext", "EXT1 asks a registry that other code fills"),
        0x83: _refused("opcode-ext", "EXT2 asks a registry that other code fills"),
        0x84: _refused("opcode-ext", "EXT4 asks a registry that other code fills"),
        0x97: _refused("out-of-band", "an out-of-band buffer, which the file does not hold"),
        0x98: _refused("out-of-band", "an out-of-band buffer, which the file does not hold"),
    }  # fmt: skip
    for code, handler in named.items():
        table[code] = handler
    return table


TABLE: Final = _table()
"""Handler of each opcode; FRAME and STOP belong to the machine."""
