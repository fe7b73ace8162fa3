"""Differential fuzz of the abstract pickle machine against CPython's C and Python unpicklers; resumable.

Usage: python -m bench.models.fuzz STATE.json [--seconds N] [--seed N]

Each round mutates a stream that a real pickler wrote (bits, bytes, opcodes, splices, operations inserted). A mutant that the machine calls inert is replayed in both unpicklers with a
`find_class` that records what is asked for and gives a harmless recorder; it is a violation if one asks for a global that the machine had not reported, or if the machine raises
anything but a refusal. Replays run with bounded memory, in this process: recorders call nothing. The state file keeps the totals, so that runs add up.
"""

from __future__ import annotations

import argparse
import collections
import copyreg
import datetime
import decimal
import io
import ipaddress
import json
import pickle
import random
import re
import resource
import time
import zoneinfo
from pathlib import Path

from troth.formats.pickle.allow import AllowList
from troth.formats.pickle.machine import Machine
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, Refusal

LIMITS = BUDGET._replace(memory=1 << 24, literal=1 << 20)
OPERATIONS = [b"(", b".", b"0", b"1", b"2", b"N", b"K\1", b")", b"]", b"}", b"t", b"R", b"b", b"\x81", b"\x85", b"\x86", b"q\0", b"h\0", b"\x94", b"\x93", b"\x88", b"a", b"e", b"s", b"u", b"Q", b"\x8f", b"\x90",
              b"cos\nsystem\n", b"cbuiltins\neval\n", b"c__builtin__\nset\n", b"ccopy_reg\n_reconstructor\n", b"\x8c\2os", b"\x8c\6system", b"X\2\0\0\0os", b"\x95\4\0\0\0\0\0\0\0", b"ccollections\nOrderedDict\n", b"\x82\1", b"(ios\nsystem\n", b"I1\n", b"L1L\n", b"S'a'\n", b"\x8a\1\5", b"C\1a"]  # fmt: skip


class Recorder:
    """Stands for anything that a stream asks for; takes any call and state, and does nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __call__(self, *args, **kwargs):
        return self

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, value):
        pass

    def extend(self, values):
        pass

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return self is other


def recording(base):
    class Replayer(base):
        asked: set

        def find_class(self, module, name):
            self.asked.add((module, name))
            return Recorder

        def persistent_load(self, pid):
            raise pickle.UnpicklingError("no")

    return Replayer


REPLAYERS = [recording(pickle.Unpickler), recording(pickle._Unpickler)]


def seeds() -> list[bytes]:
    value = {"a": [1, -5, 300, 2**40, 1.5, None, True], "t": (1, (2,), ()), "s": {1, "x"}, "f": frozenset([1]), "b": b"xyz", "u": "text\n", "n": {"k": {"v": []}}}
    library = [collections.OrderedDict(a=1), collections.defaultdict(list, {"k": [1]}), datetime.datetime(2024, 1, 1), decimal.Decimal("1.5"), complex(1, 2), bytearray(b"ab"), range(3)]
    narrowed = [str.lower, type(None), type(...), ValueError("x"), re.compile("a+", re.IGNORECASE), collections.UserDict(a=1), len, zoneinfo.ZoneInfo("UTC"), ipaddress.ip_address("10.0.0.1")]
    loop: list = []
    loop.append(loop)
    out = [pickle.dumps(item, protocol) for item in (value, library, [value, library], narrowed, loop) for protocol in range(6)]
    try:
        import numpy

        out += [pickle.dumps([numpy.arange(3), numpy.float32(1)], protocol) for protocol in (2, 4, 5)]
    except ImportError:
        pass
    return out


def mutate(data: bytes, pool: list[bytes], dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        at, kind = dice.randrange(len(out) or 1), dice.randrange(7)
        if kind == 0 and out:
            out[at % len(out)] ^= 1 << dice.randrange(8)
        elif kind == 1 and out:
            out[at % len(out)] = dice.randrange(256)
        elif kind == 2:
            del out[at : at + dice.choice((1, 1, 2, 8))]
        elif kind == 3:
            out[at:at] = dice.choice(OPERATIONS)
        elif kind == 4:
            other = dice.choice(pool)
            begin = dice.randrange(len(other))
            out[at:at] = other[begin : begin + dice.randrange(1, 40)]
        elif kind == 5:
            out[at : at + 1] = dice.choice(OPERATIONS)
        else:
            out[at:at] = out[at : at + dice.randrange(1, 16)]
    return bytes(out)


def replay(data: bytes, reported: set[tuple[str, str]]) -> str:
    for base in REPLAYERS:
        unpickler = base(io.BytesIO(data))
        unpickler.asked = set()
        try:  # noqa: SIM105
            unpickler.load()
        except Exception:
            pass
        foreign = unpickler.asked - reported
        if foreign:
            return f"{base.__mro__[1].__module__} asked for {sorted(foreign)}"
    return ""


def run(state: dict, seconds: float) -> None:
    pool, allow = seeds(), AllowList()
    dice = random.Random(state["seed"] + state["total"])
    begin, violations = time.monotonic(), state["violations"]
    while time.monotonic() - begin < seconds:
        for _ in range(500):
            data = mutate(dice.choice(pool), pool, dice)
            state["total"] += 1
            machine = Machine(Source(data), allow, budget=LIMITS)
            try:
                machine.run()
            except Refusal:
                continue
            except Exception as error:
                violations.append({"crash": repr(error)[:200], "data": data.hex()})
                continue
            state["accepted"] += 1
            says = replay(data[: machine.pos], set(machine.asked))
            if says:
                violations.append({"foreign": says, "data": data.hex()})
            elif len(pool) < 3000 and machine.pos >= 60 and machine.asked and dice.random() < 0.02:
                pool.append(data)
    state["seconds"] += time.monotonic() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    copyreg.pickle(Recorder, lambda _: (Recorder, ()))
    state = {"seed": options.seed, "total": 0, "accepted": 0, "seconds": 0.0, "violations": []}
    if options.state.exists():
        state = json.loads(options.state.read_text())
    run(state, options.seconds)
    options.state.write_text(json.dumps(state, indent=1))
    rate = state["total"] / max(state["seconds"], 1e-9)
    print(f"{state['total']:,} mutants, {state['accepted']:,} accepted and replayed twice, {rate:,.0f} a second, {len(state['violations'])} violations")
    return 1 if state["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
