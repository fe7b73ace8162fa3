"""A file is swapped with a link to the secret as fast as two processes can, while it is opened a given number of times."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from troth.guard.paths import PathRefusedError, Root

SWAP = (
    "import os, sys\nos.chdir(sys.argv[1])\nwhile True:\n os.rename('a', 't'); os.rename('b', 'a'); os.rename('t', 'b')"
)
SWAP_FOLDER = (
    "import os, sys\nos.chdir(sys.argv[1])\nwhile True:\n os.rename('d', 'u'); os.rename('e', 'd'); os.rename('u', 'e')"
)


def race(opens: int) -> tuple[int, int, float]:
    """Opens that read something, escapes, seconds."""
    begun, opened, escapes, tried = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "in"
        (inside / "d").mkdir(parents=True)
        (Path(folder) / "out").mkdir()
        (Path(folder) / "out" / "f").write_bytes(b"secret")
        (inside / "d" / "f").write_bytes(b"fine")
        (inside / "a").write_bytes(b"fine")
        (inside / "b").symlink_to("../out/f")
        (inside / "e").symlink_to("../out")
        swappers = [subprocess.Popen([sys.executable, "-c", program, str(inside)]) for program in (SWAP, SWAP_FOLDER)]
        root = Root(inside)
        try:
            while tried < opens:
                tried += 1
                try:
                    descriptor = root.descriptor("a" if tried % 2 else "d/f")
                except PathRefusedError:
                    continue
                opened += 1
                escapes += os.read(descriptor, 16) != b"fine"
                os.close(descriptor)
        finally:
            for swapper in swappers:
                swapper.kill()
                swapper.wait()
    return tried, escapes, time.monotonic() - begun
