"""Streams that the fuzz starts from: our own small ones, and every short stream of the benign corpus that the installed libraries can make."""

from __future__ import annotations

import collections
import datetime
import decimal
import io
import ipaddress
import pickle
import re
import struct
import sys
import tempfile
import zipfile
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from troth.formats.pickle.allow import AllowList
from troth.formats.pickle.machine import Machine
from troth.formats.pickle.rules_torch import ITEM_SIZES, storage_of
from troth.formats.pickle.values import Global
from troth.formats.source import Source
from troth.formats.verdict import Refusal

__all__ = ["gather", "resolve"]

LONGEST = 6_000
"""Longer streams cost more time than they show."""


def resolve(pid: object, offset: int) -> object:
    """A storage for any persistent id that torch writes, whatever its key: the fuzz has no archive around its streams."""
    if not isinstance(pid, tuple) or len(pid) != 5 or not isinstance(pid[1], Global) or pid[1].name not in ITEM_SIZES or type(pid[4]) is not int or not 0 <= pid[4] < 1 << 30:
        raise Refusal("persistent-id", "a persistent id that torch does not write", offset)
    return storage_of(ITEM_SIZES[pid[1].name], pid[4] * ITEM_SIZES[pid[1].name], pid[1])


def _own() -> Iterator[bytes]:
    value = {"a": [1, -5, 300, 2**40, 1.5, None, True], "t": (1, (2,), ()), "s": {1, "x"}, "f": frozenset([1]), "b": b"xyz", "u": "text\n", "n": {"k": {"v": []}}}
    library = [collections.OrderedDict(a=1), collections.defaultdict(list, {"k": [1]}), datetime.datetime(2024, 1, 1), decimal.Decimal("1.5"), complex(1, 2), bytearray(b"ab"), range(3)]
    narrowed = [str.lower, type(None), type(...), ValueError("x"), re.compile("a+", re.IGNORECASE), collections.UserDict(a=1), len, zoneinfo.ZoneInfo("UTC"), ipaddress.ip_address("10.0.0.1")]
    loop: list[object] = []
    loop.append(loop)
    for item in (value, library, [value, library], narrowed, loop):
        for protocol in range(6):
            yield pickle.dumps(item, protocol)


def streams(path: Path) -> Iterator[bytes]:
    """Pickle streams of one file of the corpus: the file, or members of its archive."""
    data = path.read_bytes() if path.stat().st_size < 1 << 22 else b""
    if data[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    yield archive.read(name)
    elif data[:6] == b"\x93NUMPY":
        yield data[data.index(b"\n") + 1 :]
    else:
        yield data


def _accepted(data: bytes) -> int:
    """Length of the first stream where the machine accepts it, else 0."""
    machine = Machine(Source(data), AllowList(), persistent=resolve, raw_arrays=True)
    try:
        return machine.run()
    except Refusal:
        return 0


def _corpus(folder: Path) -> Iterator[bytes]:
    from tests.attacks.models.corpus import missing, register

    _, benign = register()
    for name, (needs, writer) in benign.items():
        path = folder / name
        if missing(needs) or not name.endswith((".pkl", ".pt", ".pth", ".joblib", ".npy", ".bin", ".ckpt", ".model", ".sav")):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            writer(path)
        except Exception as error:
            print(f"left out {name}: {type(error).__name__}", file=sys.stderr)
            continue
        yield from streams(path)


def gather(file: Path) -> list[bytes]:
    """All seeds; read from `file` where it is, else made and written there (each after its length in four bytes)."""
    if file.exists():
        data, at, found = file.read_bytes(), 0, []
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            found.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        return found
    made = list(_own())
    with tempfile.TemporaryDirectory() as folder:
        for data in _corpus(Path(folder)):
            size = _accepted(data)
            if 2 < size <= LONGEST and data[:size] not in made:
                made.append(data[:size])
    file.write_bytes(b"".join(struct.pack("<I", len(data)) + data for data in made))
    return made
