"""A path is inside because its text begins like the folder's: a sibling and a link pass."""

import os
from pathlib import Path

SECRET = "q8Zk-3vLw7XsPn2Ht9"


def unguarded(folder, path):
    if not os.path.abspath(os.path.join(folder, path)).startswith(folder):
        raise PermissionError
    return Path(folder, path).read_bytes()


def guarded(folder, path):
    from troth.guard.paths import Root

    return Root(folder).read_bytes(path)


def attack(program, folder):
    data = os.path.join(folder, "data")
    os.mkdir(data)
    os.mkdir(data + "-old")
    Path(data + "-old", "key").write_text(SECRET)
    os.symlink("../data-old/key", Path(data, "link"))
    read = b""
    for path in ("../data-old/key", "link"):
        try:
            read += program(data, path)
        except Exception:  # any refusal is one
            continue
    return SECRET.encode() in read


def works(program, folder):
    os.mkdir(os.path.join(folder, "own"))
    Path(folder, "own", "report.csv").write_text("1,2")
    return program(os.path.join(folder, "own"), "report.csv") == b"1,2"
