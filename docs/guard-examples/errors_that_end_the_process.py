""""Comprehensive error handling prevents crashes": every exception is caught, and the input ends the interpreter without one."""

import os
import subprocess
import sys


def parse(data):
    """Stands for native code with a flaw: some bytes end the process."""
    if data.startswith(b"\xff"):
        os.abort()
    return len(data)


def unguarded(data):
    try:
        return parse(data)
    except Exception:  # what everybody writes
        return -1


def guarded(data):
    from troth.guard.limits import run_limited

    try:
        return run_limited(lambda: parse(data), wall_seconds=5)
    except Exception:  # a child that died is an exception here
        return -1


def attack(program, folder):
    """In a process of its own, since it may end."""
    own = f"import runpy; example = runpy.run_path({__file__!r}); print(example[{program.__name__!r}](b'\\xff\\x00'))"
    done = subprocess.run([sys.executable, "-c", own], capture_output=True, text=True, check=False)
    return done.returncode != 0 or done.stdout.strip() != "-1"


def works(program, folder):
    return program(b"fine") == 4
