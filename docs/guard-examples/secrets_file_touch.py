"""`touch(mode=0o600)` on a file that exists changes nothing, and the loader never looks at the mode."""

import os
import stat
from pathlib import Path

SECRET = "q8Zk-3vLw7XsPn2Ht9"


def unguarded(path, value):
    Path(path).touch(mode=0o600)
    Path(path).write_text(f"KEY={value}\n")
    return Path(path).read_text()


def guarded(path, value):
    from troth.guard.secrets import load, save

    save(path, {"KEY": value})
    return str(load(path)["KEY"].reveal())


def attack(program, folder):
    path = os.path.join(folder, "secrets.env")
    Path(path).write_text("KEY=old\n")
    os.chmod(path, 0o644)
    program(path, SECRET)
    return bool(stat.S_IMODE(os.stat(path).st_mode) & 0o077)


def works(program, folder):
    return SECRET in program(os.path.join(folder, "fresh.env"), SECRET)
