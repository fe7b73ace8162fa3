"""The abstract pickle machine: one pass over a stream, nothing executed, everything that is not proved harmless refused with its offset.

Rules:

* bounded: a window of the stream is held, literals and memo indices are limited, and the sum of what loading would allocate is known at the end;
* frames must be met and left at the edge of an operation, the memo is never overwritten, and marks fence the stack as in CPython;
* a global must be on the allow-list by its exact, un-dotted name; a call must pass the validator of its rule (`rules`).

It does not decide what is allowed (that is `allow`), and does not know containers.
"""

from __future__ import annotations

import gc
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

from troth.formats.pickle.opcodes import FRAME, STOP, TABLE, Short
from troth.formats.pickle.values import MARK, Global, Items, Obj, OldText
from troth.formats.pickle.weighing import weigh
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, Budget, Refusal

if TYPE_CHECKING:
    from troth.formats.pickle.allow import AllowList

__all__ = ["Machine"]

WINDOW: Final = 1 << 20
_INNER: Final = 1 << 12
"""First window of a stream inside, or behind, another: there may be very many."""
_PLAIN_KEYS: Final = frozenset((type(None), bool, int, float, str, bytes, OldText, Global))
_BATCH: Final = 1 << 16
"""Operations between two looks at the budget."""
_GLOBALS: Final = 20_000
_KEY_KINDS: Final = frozenset(("device", "dtype", "enum", "datetime", "uuid", "path", "scalar", "size", "fraction", "namedtuple", "tensor", "zone", "index"))

Persistent = Callable[[object, int], object]


class Machine:
    """One stream.

    Args:
        source: bytes that hold the stream.
        allow: names that may be imported.
        begin: where the stream begins.
        persistent: resolves persistent ids (torch storages); None refuses them.
        budget: limits.
        depth: how many streams lie around this one.

    Attributes:
        held: values put into containers, tuples and calls so far.
        memory: bytes that loading would allocate beyond the stream.
        tensors: tensors and arrays met.
        asked: globals in order of appearance, (module, name) -> Global.
        objects: what validators want to check at the end.
    """

    __slots__ = (
        "allow", "asked", "base", "begin", "budget", "data", "depth", "end", "frame_end", "held", "jump", "marks", "memo", "memory", "operations",
        "persistent_id", "pos", "protocol", "raw_arrays", "result", "source", "stack", "tensors",
    )  # fmt: skip

    def __init__(
        self, source: Source, allow: AllowList, *, begin: int = 0, persistent: Persistent | None = None, budget: Budget = BUDGET,
        depth: int = 0, raw_arrays: bool = False,
    ) -> None:  # fmt: skip
        self.source = source
        self.allow = allow
        self.begin = begin
        self.end = source.size
        self.persistent_id = persistent
        self.budget = budget
        self.depth = depth
        self.raw_arrays = raw_arrays
        self.base = begin
        self.data = b""
        self.pos = begin
        self.frame_end = -1
        self.protocol = 0
        self.jump = -1
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.memory = 0
        self.held = 0
        self.operations = 0
        self.tensors = 0
        self.asked: dict[tuple[str, str], Global] = {}
        self.result: object = None

    # ---- the loop

    def run(self) -> int:
        """Go through the stream.

        Returns:
            The position after STOP; `result` holds the value.

        Raises:
            Refusal: at the first thing that is not proved harmless.
        """
        collects = gc.isenabled()
        gc.disable()  # a proof makes no cycles of its own; looking for them again and again takes time that grows with the square of its values
        try:
            pos = self.begin
            self._fill(pos, WINDOW if not self.depth and not self.begin else _INNER)
            while True:
                pos = self._stretch(pos)
                if pos < 0:
                    break
            self._finish()
        finally:
            if collects:
                gc.enable()
        return self.pos

    def _fill(self, pos: int, size: int) -> None:
        self.base = pos
        self.data = self.source.read(pos, min(size, self.end - pos))

    def _stretch(self, pos: int) -> int:
        """Run until the window, the frame or the stream ends; gives the next absolute position, or -1 after STOP."""
        data = self.data
        limit = len(data) if self.frame_end < 0 else min(len(data), self.frame_end - self.base)
        here, done = pos - self.base, 0
        try:
            code = data[here]
            for done in range(_BATCH):
                if code == STOP or code == FRAME:  # noqa: PLR1714, SIM109 - the hot loop: two comparisons beat a set
                    break
                here = TABLE[code](self, here + 1)
                if here >= limit:
                    self._count(done + 1)
                    return self._edge(here)
                code = data[here]
            else:
                self._count(_BATCH)
                return self.base + here
        except (IndexError, struct.error, Short) as short:
            self._count(done)
            return self._grow(here, short)
        except _Leap:
            self._count(done)
            pos, self.jump = self.jump, -1
            if not self.base <= pos < self.base + len(self.data):
                self._fill(pos, WINDOW)
            return pos if pos < self.end else self.truncated(pos)
        self._count(done)
        if code == FRAME:
            return self._frame(here)
        return self._stop(here)

    def _count(self, done: int) -> None:
        """Hold operations, and the values that are held at once, to the budget."""
        self.operations += done
        if self.operations > self.budget.operations:
            raise Refusal("budget-operations", f"more than {self.budget.operations} operations", self.base)
        if len(self.stack) > self.budget.stack:
            raise Refusal("budget-stack", f"more than {self.budget.stack} values on the stack", self.base)
        if self.held > self.budget.values:
            raise Refusal("budget-values", f"more than {self.budget.values} values in containers", self.base)
        if len(self.memo) > self.budget.memo:
            raise Refusal("budget-memo", f"more than {self.budget.memo} values in the memo", self.base)

    def _edge(self, here: int) -> int:
        """An operation ended at or beyond the limit of the stretch."""
        pos = self.base + here
        if self.frame_end >= 0 and pos >= self.frame_end:
            if pos > self.frame_end:
                raise Refusal("frame-straddled", "an operation crosses the end of its frame; readers differ on that", self.frame_end)
            self.frame_end = -1
        if pos >= self.end:
            self.truncated(self.end)
        if pos >= self.base + len(self.data):
            self._fill(pos, WINDOW)
        return pos

    def _grow(self, here: int, short: Exception) -> int:
        """The window (or the file) ended inside an operation."""
        pos = self.base + here
        if self.base + len(self.data) >= self.end:
            self.truncated(pos)
        need = short.need if isinstance(short, Short) else 64
        self._fill(pos, max(WINDOW, need))
        return pos

    def truncated(self, pos: int) -> NoReturn:
        """Refuse a stream that ends in the middle; what ran before its end would have run."""
        raise Refusal("truncated", "the pickle ends before its STOP", pos)

    def _frame(self, here: int) -> int:
        pos = self.base + here
        if self.protocol < 4 or self.frame_end >= 0:
            raise Refusal("odd-frame", "a frame inside a frame, or in a protocol without frames", pos)
        size = int.from_bytes(self.source.read(pos + 1, 8), "little")
        if size == 0 or pos + 9 + size > self.end:
            raise Refusal("odd-frame", f"a frame of {size} bytes, which the file does not hold", pos)
        self.frame_end = pos + 9 + size
        if pos + 9 >= self.base + len(self.data):  # else the window goes on: many small frames cost no reads
            self._fill(pos + 9, WINDOW)
        return pos + 9

    def _stop(self, here: int) -> int:
        self.pos = self.base + here + 1
        if self.frame_end >= 0 and self.frame_end != self.pos:
            raise Refusal("odd-frame", "the pickle stops before its frame ends; readers differ on that", self.pos - 1)
        if self.marks or len(self.stack) != 1:
            raise Refusal("odd-stack", "the pickle does not end with exactly one value", self.pos - 1)
        return -1

    def _finish(self) -> None:
        self.result = self.stack[0]
        weigh(self.result, self.budget.weight)
        if self.memory > self.budget.memory:
            raise Refusal("budget-memory", f"loading would allocate {self.memory} bytes; the limit is {self.budget.memory}")
        if self.tensors > self.budget.tensors:
            raise Refusal("budget-tensors", f"{self.tensors} tensors; the limit is {self.budget.tensors}")

    # ---- stack and memo

    def need(self, count: int) -> None:
        """Refuse unless `count` values lie above the last mark."""
        fence = self.marks[-1] + 1 if self.marks else 0
        if len(self.stack) - fence < count:
            raise Refusal("stack-underflow", "an operation takes values that are not there", self.base)

    def pop(self) -> object:
        """The topmost value."""
        self.need(1)
        return self.stack.pop()

    def top(self) -> object:
        """The topmost value, left where it is."""
        self.need(1)
        return self.stack[-1]

    def slice_to_mark(self) -> list[object]:
        """Values above the last mark, which is dropped."""
        if not self.marks:
            raise Refusal("stack-underflow", "an operation looks for a mark that is not there", self.base)
        start = self.marks.pop()
        items = self.stack[start + 1 :]
        del self.stack[start:]
        return items

    def get(self, index: int, pos: int) -> None:
        """Push what the memo holds."""
        try:
            self.stack.append(self.memo[index])
        except KeyError:
            raise Refusal("memo-misuse", f"memo {index} is used before it is filled", self.base + pos - 1) from None

    def put(self, index: int, pos: int) -> None:
        """Fill the memo; never twice, and never far ahead (a loader allocates up to the index)."""
        memo = self.memo
        if index in memo or index > 2 * len(memo) + 4096:
            raise Refusal("memo-misuse", f"memo {index} is overwritten, or lies far ahead", self.base + pos - 1)
        value = self.top()
        if value is MARK:
            raise Refusal("memo-misuse", "a mark is put into the memo", self.base + pos - 1)
        memo[index] = value

    # ---- containers

    def keys(self, items: list[object], offset: int) -> None:
        """Refuse keys and elements whose hash or comparison could run foreign code or recurse without end."""
        if set(map(type, items)) <= _PLAIN_KEYS:
            return
        for item in items:
            self._key(item, offset, 0)

    def _key(self, item: object, offset: int, depth: int) -> None:
        kind = type(item)
        if kind in _PLAIN_KEYS:
            return
        inner: list[object] | tuple[object, ...] | None = None
        if isinstance(item, tuple):
            inner = item
        elif isinstance(item, Items) and item.kind == "frozenset":
            inner = item.items
        if inner is not None and depth < 8 and len(inner) < 4096:
            for part in inner:
                self._key(part, offset, depth + 1)
        elif not (isinstance(item, Obj) and item.kind in _KEY_KINDS):
            raise Refusal("odd-key", "a key or set element whose hash runs code of its class, or has none", offset)

    def set_items(self, items: list[object], offset: int) -> None:
        """Keys and values for the dict on top."""
        if len(items) % 2:
            raise Refusal("odd-stack", "a dict gets a key without a value", offset)
        self.held += len(items)
        if not set(map(type, items[::2])) <= _PLAIN_KEYS:
            self.keys(items[::2], offset)
        target = self.top()
        if type(target) is Items and target.kind == "dict":
            target.items.extend(items)
        elif isinstance(target, Obj) and target.extra is not None and target.extra.kind == "dict":
            target.extra.items.extend(items)
        else:
            raise Refusal("items-of-odd-object", "items are set on something that is not a plain dict", offset)

    def append_items(self, items: list[object], offset: int) -> None:
        """Elements for the list on top."""
        self.held += len(items)
        target = self.top()
        if type(target) is Items and target.kind == "list":
            target.items.extend(items)
        elif isinstance(target, Obj) and target.extra is not None and target.extra.kind == "list":
            target.extra.items.extend(items)
        else:
            raise Refusal("items-of-odd-object", "elements are appended to something that is not a plain list", offset)

    # ---- names, calls, states

    def find(self, module: str, name: str, offset: int) -> Global:
        """The allowed global of that name."""
        known = self.asked.get((module, name))
        if known is None:
            if len(self.asked) > _GLOBALS:
                raise Refusal("budget-globals", f"more than {_GLOBALS} names", offset)
            known = self.allow.find(module, name, self.protocol, offset)
            self.asked[module, name] = known
        return known

    def call(self, func: object, args: object, kwargs: object, offset: int, how: str) -> object:
        """The value of an allowed call."""
        from troth.formats.pickle.rules import call

        if type(func) is not Global:
            raise Refusal("call-of-value", "something that is not a name is called", offset)
        if not isinstance(args, tuple):
            raise Refusal("odd-arguments", f"the arguments of {func.full} are not a tuple", offset, func.full)
        if kwargs is not None and not (isinstance(kwargs, Items) and kwargs.kind == "dict"):
            raise Refusal("odd-arguments", f"the named arguments of {func.full} are not a dict", offset, func.full)
        self.held += 1
        return call(self, func, args, kwargs if isinstance(kwargs, Items) else None, offset, how)

    def build(self, target: Obj, state: object, offset: int, after: int) -> None:
        """Apply a state; `after` is where the stream goes on (raw arrays of joblib lie there)."""
        from troth.formats.pickle.rules import build

        self.jump = -1
        build(self, target, state, offset, after)
        if self.jump >= 0:
            # Make the loop leave the stretch: the window restarts behind the raw bytes.
            if self.frame_end >= 0 and self.frame_end != after:
                raise Refusal("frame-straddled", "array bytes follow inside a frame", after)
            self.frame_end = -1
            raise _Leap

    def persistent(self, pid: object, offset: int) -> object:
        """What a persistent id stands for."""
        if self.persistent_id is None:
            raise Refusal("persistent-id", "a persistent id, which only the loading program can explain", offset)
        return self.persistent_id(pid, offset)

    def spend(self, size: int, what: str, offset: int) -> None:
        """Count bytes that loading would allocate."""
        self.memory += size
        if self.memory > self.budget.memory:
            raise Refusal("budget-memory", f"{what}: loading would allocate {self.memory} bytes; the limit is {self.budget.memory}", offset)


class _Leap(Exception):  # noqa: N818 - no error: makes the loop leave its stretch
    """Raw bytes follow; the stream goes on at `jump`."""
