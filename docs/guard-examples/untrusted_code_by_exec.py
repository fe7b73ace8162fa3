"""Untrusted code runs "in a sandbox": exec with the dangerous names taken out, in the program's own process."""

import os
from pathlib import Path

SECRET = "q8Zk-3vLw7XsPn2Ht9"


def unguarded(source, payload):
    names = {"__builtins__": {"sum": sum, "len": len, "range": range, "str": str}}
    exec(source, names)
    return names["main"](payload)


def guarded(source, payload):
    from troth.guard.sandbox import run

    return run(source, payload)


WALK = """def main(path):
    for kind in ().__class__.__base__.__subclasses__():
        if kind.__name__ == "FileLoader":
            return kind("x", path).get_data(path).decode()
"""


def attack(program, folder):
    path = os.path.join(folder, "secret")
    Path(path).write_text(SECRET)
    return SECRET in str(program(WALK, path))


def works(program, folder):
    return program("def main(payload):\n    return sum(payload)", [1, 2, 3]) == 6
