"""Differential fuzz of the abstract pickle machine against CPython's C and Python unpicklers; resumable.

Usage: python -m bench.models.fuzz STATE.json [--seconds N] [--seed N] [--until TOTAL]

Each round mutates a stream that a real pickler wrote (bits, bytes, opcodes, splices, operations inserted). A mutant that the machine calls inert is replayed in both unpicklers with a
`find_class` that records what is asked for and gives a harmless recorder; it is a violation if one asks for a global that the machine had not reported, or if the machine raises
anything but a refusal. Streams with joblib's raw arrays are replayed in joblib's own unpickler. Replays run with bounded memory, in this process: recorders call nothing.

Seeds (`seeds`): small streams of our own, and every short stream in the benign corpus of the tests that the installed libraries can make; they are written beside the state file once
and read from there afterwards. The state is written after every few thousand mutants, so that a run that is stopped goes on where it was, and runs add up.
"""

from __future__ import annotations

import argparse
import copyreg
import io
import json
import os
import pickle
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.models.seeds import gather, resolve
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
            return Recorder()

    return Replayer


REPLAYERS = [recording(pickle.Unpickler), recording(pickle._Unpickler)]


class _Inner:
    """Stands for the module `pickle` inside joblib: an array of objects goes through our recorder, too."""

    asked: set = set()  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        return getattr(pickle, name)

    def load(self, file: Any, **_options: Any) -> object:
        unpickler = REPLAYERS[1](file)
        unpickler.asked = self.asked
        return unpickler.load()


def joblib_replayer() -> Any:
    """joblib's unpickler with a recording `find_class`; None where joblib is not installed."""
    try:
        import joblib.numpy_pickle as library
        import numpy
    except ImportError:
        return None
    library.pickle = _Inner()
    real = {("joblib.numpy_pickle", "NumpyArrayWrapper"): library.NumpyArrayWrapper, ("numpy", "ndarray"): numpy.ndarray, ("numpy", "dtype"): numpy.dtype}

    class Replayer(library.NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            self.asked.add((module, name))
            return real.get((module, name), Recorder)

        def persistent_load(self, pid: object) -> object:
            return Recorder()

    def make(data: bytes) -> Any:
        made = Replayer("", io.BytesIO(data), True)
        made.asked = _Inner.asked = set()
        return made

    return make


JOBLIB = joblib_replayer()


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
    """What a reader asked for beyond the reported names; empty where nothing."""
    raw = ("joblib.numpy_pickle", "NumpyArrayWrapper") in reported
    for base in [JOBLIB] if raw and JOBLIB else REPLAYERS:
        unpickler = base(data) if raw and JOBLIB else base(io.BytesIO(data))
        if not raw:
            unpickler.asked = set()
        try:  # noqa: SIM105
            unpickler.load()
        except Exception:
            pass
        foreign = unpickler.asked - reported
        if foreign:
            return f"{type(unpickler).__mro__[1].__module__} asked for {sorted(foreign)}"
    return ""


def _round(data: bytes, state: dict, allow: AllowList) -> Machine | None:
    """One mutant; the machine where it was accepted."""
    state["total"] += 1
    machine = Machine(Source(data), allow, budget=LIMITS, persistent=resolve, raw_arrays=JOBLIB is not None)
    try:
        machine.run()
    except Refusal:
        return None
    except Exception as error:
        state["violations"].append({"crash": repr(error)[:200], "data": data.hex()})
        return None
    state["accepted"] += 1
    says = replay(data[: machine.pos], set(machine.asked))
    if says:
        state["violations"].append({"foreign": says, "data": data.hex()})
        return None
    return machine


def run(state: dict, file: Path, pool: list[bytes], seconds: float, until: int) -> None:
    allow, dice = AllowList(), random.Random(state["seed"] + state["total"])
    weights = [(60 + len(item)) ** -2.0 for item in pool]
    grown: list[bytes] = []
    begin = saved = time.process_time()
    while saved - begin < seconds and state["total"] < until:
        for base in dice.choices(pool, weights, k=4000):
            data = mutate(dice.choice(grown) if grown and dice.random() < 0.25 else base, pool, dice)
            machine = _round(data, state, allow)
            if machine is not None and len(grown) < 3000 and 60 <= machine.pos < 1500 and machine.asked and dice.random() < 0.02:
                grown.append(data)
        now = time.process_time()
        state["seconds"] += now - saved
        saved = now
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(state, indent=1))
        os.replace(beside, file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--seconds", type=float, default=60, help="CPU seconds of this run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", type=int, default=1 << 60, help="stop at this total")
    options = parser.parse_args()
    pool = gather(options.state.with_suffix(".seeds"))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    copyreg.pickle(Recorder, lambda _: (Recorder, ()))
    state = {"seed": options.seed, "total": 0, "accepted": 0, "seconds": 0.0, "violations": [], "seeds": len(pool)}
    if options.state.exists():
        state = json.loads(options.state.read_text())
    run(state, options.state, pool, options.seconds, options.until)
    rate = state["total"] / max(state["seconds"], 1e-9)
    print(f"{state['total']:,} mutants of {len(pool)} seeds, {state['accepted']:,} accepted and replayed, {rate:,.0f} a second of CPU, {len(state['violations'])} violations, Python {sys.version.split()[0]}")
    return 1 if state["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
