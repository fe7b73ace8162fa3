"""Bombs, a third time: numbers that are no numbers, views and broadcasts, calls that start others, documents and definitions, limits shared by threads."""

from __future__ import annotations

import contextlib
import decimal
import fractions
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.bombs.blind import SHAPES, TEXT, _quick, _refused, _unpacked, _zip
from tests.attacks.suite import Attack
from troth.errors import GuardError
from troth.guard.limits import RateLimit, TextLimits, limited, run_limited
from troth.guard.paths import Root, extract_zip
from troth.guard.redact import redact, remember, shared_redactor
from troth.guard.tensors import Budget, Devices, Dtypes, demand_finite
from troth.guard.tokenizers import GuardedTokenizer, demand_safe_definition
from troth.guard.validate import parse_json, validated


class Index:
    def __init__(self, first: int, then: int) -> None:
        self.said = [then, first]

    def __index__(self) -> int:
        return self.said.pop() if len(self.said) > 1 else self.said[0]


class Rows(list):  # type: ignore[type-arg]
    """A list that is longer when it is read again."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from ((2, 2) if not getattr(self, "seen", False) else (2**40, 2**40))
        self.seen = True


SHAPE: dict[str, tuple[object, object]] = {
    "a decimal": ((decimal.Decimal("1e12"),), "float32"), "a fraction": ((fractions.Fraction(10**12),), "float32"), "infinity": ((float("inf"),), "float32"), "not a number": ((float("nan"), 2), "float32"), "a generator": ((n for n in (2**40, 2**40)), "float32"), "an index that changes": ((Index(2, 2**40), 2), "float32"), "a set": ({2**40, 2**39}, "float32"), "a dictionary": ({2**40: 1}, "float32"), "a range": (range(2**40, 2**40 + 3), "float32"), "nested": (((2**20, 2**20), 2**20), "float32"), "an array of numbers": (memoryview(struct.pack("qq", 2**40, 2**40)).cast("q"), "float32"), "complex": ((2j,), "float32"), "numbers as text": (("2", "2"), "float32"),
}  # fmt: skip


def _views() -> dict[str, Attack]:
    return {
        "a view beyond its memory": _refused(lambda: SHAPES.demand_view((1_000, 1_000), (8, 8), "float64", held=64)), "a view with steps back": _refused(lambda: SHAPES.demand_view((10,), (-8,), "float64", held=80, offset=0)), "a view with steps that wrap": _refused(lambda: SHAPES.demand_view((2, 2), (2**63 - 8, 8), "float64", held=2**20)), "a view from beyond": _refused(lambda: SHAPES.demand_view((1,), (8,), "float64", held=8, offset=8)), "a view of steps of nothing": _refused(lambda: SHAPES.demand_view((2**40,), (0,), "float64", held=8)),
        "a broadcast of two": _refused(lambda: SHAPES.demand_broadcast([(2**20, 1), (1, 2**20)], "float64")), "a broadcast of many": _refused(lambda: SHAPES.demand_broadcast([tuple(2**12 if at == n else 1 for at in range(6)) for n in range(6)], "float32")), "a budget in threads": _budget,
    }  # fmt: skip


def _budget(_: Path) -> bool:
    """Threads that take at once must not have more than there is."""
    budget, taken = Budget(100_000), []

    def take() -> None:
        for _number in range(200):
            try:
                taken.append(budget.take((100,), "int8"))
            except GuardError:
                return

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(taken) * 100 > 100_000


def _rates(_: Path) -> bool:
    """Threads that ask at once must not pass more than the burst."""
    limit, passed = RateLimit(per_second=0.001, burst=10), []

    def ask() -> None:
        for _number in range(20):
            try:
                limit.demand("one")
                passed.append(1)
            except GuardError:
                continue

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(passed) > 10


def _children(_: Path) -> bool:
    """What limited work starts must not outlive it."""
    marker = f"troth-child-{os.getpid()}-{time.monotonic_ns()}"

    def work() -> None:
        subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(60) # {marker}"])
        while True:
            pass

    with contextlib.suppress(GuardError):
        run_limited(work, wall_seconds=1, cpu_seconds=5)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), 9)
                    return True
            except OSError:
                continue
    return False


def _warnings() -> int:
    sys.stderr = open(os.devnull, "w")  # whoever reads the tests need not read it
    while True:
        warnings.warn("again", stacklevel=1)


def _prints() -> int:
    sys.stdout = open(os.devnull, "w")
    while True:
        print("x" * 10_000)


def _descriptors() -> int:
    return len([open(os.devnull) for _ in range(10**6)])


def _recursion() -> int:
    sys.setrecursionlimit(10**9)

    def deep(n: int) -> int:
        return deep(n + 1) + 1

    return deep(0)


def _raises() -> int:
    raise ValueError("x" * 10**8)


@limited(wall_seconds=1, cpu_seconds=0.5)
def _decorated(count: int) -> int:
    while count:
        pass
    return count


def _own_error(work: Callable[[], int]) -> Attack:
    """The work's own mistake comes back, in few words."""

    def tried(_: Path) -> bool:
        try:
            run_limited(work, wall_seconds=2, cpu_seconds=1, memory_bytes=2**28, output_bytes=10_000)
        except (GuardError, RuntimeError) as error:
            return len(str(error)) > 5_000
        return True

    return tried


def _known(_: Path) -> bool:
    """A thousand registered values must not make the redactor slow."""
    redactor = shared_redactor()
    for number in range(300):
        remember(f"bomb-{number}-k9Zq2Lw7Xs{number * 7919}", "bomb")
    begun = time.process_time()
    redactor.text("an ordinary line of a log, with some numbers 42 and words; " * 850)
    return time.process_time() - begun > 0.5


DOCUMENTS: dict[str, bytes] = {
    "nested lists": b"[" * 100_000 + b"]" * 100_000, "nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "a number of a million digits": b'{"name": "x", "count": ' + b"9" * 10**6 + b"}", "two names": b'{"name": "a", "name": "b"}', "not a number": b'{"name": "x", "count": NaN}', "more than its limit": b'{"name": "' + b"x" * 2_000_000 + b'"}', "a lone surrogate": b'{"name": "\\ud800"}', "bytes that are no text": b'{"name": "\xff"}',
}  # fmt: skip
PATTERNS = ("(a+)+$", "(a|a)*b", "(.*)*x", "((ab)*)*c", "(\\s+\\S+)+\\s+$", "(?:a?){50}a{50}", "(x+x+)+y", "([a-zA-Z]+)*\\d")


def _definition(pattern: str) -> bytes:
    return json.dumps({"version": "1.0", "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, "model": {"type": "BPE", "vocab": {}, "merges": []}}).encode()


def _boundary() -> tuple[dict[str, Attack], dict[str, Attack]]:
    """What a body and arguments bring, and their benign twins; nothing where pydantic is absent."""
    if importlib.util.find_spec("pydantic") is None:
        return {}, {}
    import pydantic

    model = pydantic.create_model("Model", name=(str, ...), count=(int, 0))

    @validated
    def named(name: str, count: int = 1, tags: list[str] | None = None) -> str:
        return name * min(count, 2)

    found: dict[str, Attack] = {f"document: {name}": _refused(lambda data=data: parse_json(data, model)) for name, data in DOCUMENTS.items()}  # type: ignore[misc]
    found |= {"argument: more than its limit": _refused(lambda: named("x" * 10**7)), "argument: a number as text": _refused(lambda: named("x", "2")), "argument: an unknown one": _refused(lambda: named(name="x", other=1)), "argument: a truth": _refused(lambda: named("x", True)), "argument: ten million tags": _refused(lambda: named("x", 1, ["a"] * 10**7)), "argument: an escape": _refused(lambda: named("a\x1b[2J"))}  # type: ignore[arg-type, call-arg]
    return found, {"a model": lambda _: parse_json(b'{"name": "x", "count": 2}', model).count == 2, "arguments": lambda _: named("ab", 2, ["t"]) == "abab"}  # type: ignore[attr-defined]


def again() -> dict[str, Attack]:
    """All of them."""
    tokenizer = GuardedTokenizer(lambda text: [1] * len(text), limits=TextLimits(bytes_at_most=64_000, run_at_most=2_000), tokens_at_most=1_000)
    found: dict[str, Attack] = {f"shape: {name}": _refused(lambda shape=shape, dtype=dtype: SHAPES.demand(shape, dtype)) for name, (shape, dtype) in SHAPE.items()}  # type: ignore[misc]
    found |= _views() | {"rates in threads": _rates, "a child that outlives its work": _children, "three hundred known values": _known, "a list that grows when read again": _refused(lambda: (SHAPES.demand(rows := Rows([2, 2]), "float64"), SHAPES.demand(rows, "float64")))}
    found |= {f"work: {name}": _refused(lambda work=work: run_limited(work, wall_seconds=2, cpu_seconds=1, memory_bytes=2**28, output_bytes=10_000)) for name, work in {"warnings without end": _warnings, "prints without end": _prints, "recursion without a limit": _recursion}.items()}  # type: ignore[misc]
    found |= {"work: a million descriptors": _own_error(_descriptors), "work: an error of a hundred megabytes": _own_error(_raises)}
    found |= {"work: by a decorator": _refused(lambda: _decorated(1)), "archive: a hundred layers": _unpacked(lambda r: extract_zip(_layers(), r, total_bytes=2**20)), "archive: a ratio": _unpacked(lambda r: extract_zip(_zip(zipfile.ZIP_DEFLATED, 1, 200 << 20), r))}
    found |= _boundary()[0]
    found |= {f"pattern {pattern}": _refused(lambda pattern=pattern: demand_safe_definition(_definition(pattern))) for pattern in PATTERNS}  # type: ignore[misc]
    found |= {"text: a subclass with its own encode": _refused(lambda: TEXT.demand(type("T", (str,), {"encode": lambda *_: b""})("a" * 10**6))), "text: bytes": _refused(lambda: TEXT.demand(b"abc")), "tokens: a tokenizer that gives more": _refused(lambda: tokenizer.encode("ab " * 500)), "value: text of nan": _refused(lambda: demand_finite([1.0, float("nan")])), "device: an object": _refused(lambda: Devices("cpu").demand(Index(0, 1))), "dtype: a class": _refused(lambda: Dtypes().demand(object)), "redact: an endless iterator": _quick(lambda: redact(iter(int, 1)))}  # type: ignore[arg-type]
    return found


def _layers() -> io.BytesIO:
    data = b"0" * (1 << 20)
    for number in range(20):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"layer{number}", data)
        data = out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"f{number}", b"0" * 10_000)
    out.seek(0)
    return out


def again_twins() -> dict[str, Attack]:
    """What must work."""
    return _boundary()[1] | {
        "a view": lambda _: SHAPES.demand_view((2, 2), (16, 8), "float64", held=32) is not None, "a broadcast": lambda _: SHAPES.demand_broadcast([(2, 1), (1, 3)], "float64") is not None, "a definition": lambda _: demand_safe_definition(_definition("\\s+")) is None, "work": lambda _: run_limited(lambda: 42, wall_seconds=10) == 42, "a zip": lambda place: extract_zip(_zip(zipfile.ZIP_DEFLATED, 2, 1000), Root(place)) == ("f0", "f1"),
    }  # fmt: skip
