"""Fuzzes the compiled part of the pack reader under AddressSanitizer and UndefinedBehaviorSanitizer.

    python tools/fuzz_native.py [--rounds 2000000] [--seed 1]

Makes seeds (zlib streams of all levels and strategies, deltas, entries of packs), compiles `native/fuzz.c` with sanitizers and runs it. Exit code 0 where
nothing was found, 1 where a sanitizer stopped it (its report is on standard error), 3 where there is no compiler with sanitizers: then nothing was shown.
"""

from __future__ import annotations

import argparse
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


def number(value: int) -> bytes:
    """A size as deltas write it."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def text(chance: random.Random, size: int) -> bytes:
    """Something that compresses as text does, or as noise."""
    words = [chance.randbytes(chance.randrange(1, 9)) for _ in range(40)]
    made = b"".join(chance.choice(words) for _ in range(size // 4))[:size]
    return made if chance.random() < 0.8 else chance.randbytes(size)


def stream(chance: random.Random) -> tuple[bytes, int]:
    """A zlib stream and what it makes."""
    content = text(chance, chance.choice((0, 1, 20, 300, 3_000, 40_000)))
    maker = zlib.compressobj(chance.randrange(10), zlib.DEFLATED, 15, chance.randrange(1, 10), chance.choice(STRATEGIES))
    middle = chance.randrange(len(content) + 1)
    packed = maker.compress(content[:middle]) + maker.flush(zlib.Z_FULL_FLUSH) + maker.compress(content[middle:]) + maker.flush()
    return packed + chance.randbytes(chance.randrange(12)), len(content)


def delta(chance: random.Random) -> tuple[bytes, int]:
    """A delta and the length of its base."""
    base, operations, size = chance.randrange(1, 70_000), b"", 0
    for _ in range(chance.randrange(30)):
        if chance.random() < 0.5:
            inserted = chance.randbytes(chance.randrange(1, 128))
            operations += bytes([len(inserted)]) + inserted
            size += len(inserted)
            continue
        start = chance.randrange(base)
        count = min(chance.randrange(1, base - start + 1), 0xFFFF)
        operations += bytes([0x80 | 15 | 0x30]) + struct.pack("<IH", start, count)
        size += count or 0x10000
    return number(base) + number(size) + operations, base


def seeds(seed: int) -> bytes:
    """The file of seeds."""
    chance = random.Random(seed)
    found = []
    for _ in range(400):
        found.append((b"i", *stream(chance)))
        found.append((b"d", *delta(chance)))
    for _ in range(60):
        entries = b"".join(bytes([chance.randrange(256)]) * chance.randrange(1, 4) + chance.randbytes(chance.randrange(40)) for _ in range(30))
        found.append((b"s", entries, 0))
    return b"".join(kind + struct.pack("<II", len(data), size) + data for kind, data, size in found)


def main() -> int:
    """Compile and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="troth-fuzz-") as folder:
        if subprocess.run([sys.executable, str(ROOT / "native" / "build.py"), "--fuzz", folder], capture_output=True, check=False).returncode:
            sys.stderr.write("no compiler with sanitizers: nothing was shown\n")
            return 3
        file = Path(folder) / "seeds"
        file.write_bytes(seeds(options.seed))
        done = subprocess.run([str(Path(folder) / "fuzz"), str(file), str(options.rounds), str(options.seed)], capture_output=True, text=True, check=False)
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
