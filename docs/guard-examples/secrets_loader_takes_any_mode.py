"""The keys are in a file of their own, as promised; the program reads it, whoever else can."""

import os
from pathlib import Path


def unguarded(path):
    return Path(path).read_text()


def guarded(path):
    from troth.guard.secrets import load

    return str(load(path))


def attack(program, folder):
    Path(folder, "keys.env").write_text("KEY=q8Zk-3vLw7XsPn2Ht9\n")
    os.chmod(Path(folder, "keys.env"), 0o600)
    os.symlink("keys.env", Path(folder, "link.env"))
    Path(folder, "loose.env").write_text("KEY=q8Zk-3vLw7XsPn2Ht9\n")
    os.chmod(Path(folder, "loose.env"), 0o640)
    read = ""
    for name in ("loose.env", "link.env"):
        try:
            read += program(str(Path(folder, name)))
        except Exception:  # any refusal is one
            continue
    return bool(read)


def works(program, folder):
    Path(folder, "own.env").write_text("KEY=q8Zk-3vLw7XsPn2Ht9\n")
    os.chmod(Path(folder, "own.env"), 0o600)
    return "KEY" in program(str(Path(folder, "own.env")))
