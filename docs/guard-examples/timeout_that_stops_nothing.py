"""The timeout gives up waiting, and the work goes on in its thread."""

import concurrent.futures
import os
import time
from pathlib import Path


def work(path, begin):
    """Waits until the file `begin` is there, then writes; for ever, if it must."""
    while not os.path.exists(begin):
        time.sleep(0.01)
    Path(path).write_text("done after all")
    return "done"


def unguarded(path, begin):
    pool = concurrent.futures.ThreadPoolExecutor()
    return pool.submit(work, path, begin).result(timeout=0.2)


def guarded(path, begin):
    from troth.guard.limits import run_limited

    return run_limited(lambda: work(path, begin), wall_seconds=0.2)


def attack(program, folder):
    path, begin = os.path.join(folder, "written"), os.path.join(folder, "begin")
    try:
        program(path, begin)
    except Exception:  # the timeout was told; what counts is whether the work goes on
        pass
    Path(begin).touch()  # whoever still lives goes on now
    for _ in range(60):
        if os.path.exists(path):
            return True
        time.sleep(0.005)
    return False


def works(program, folder):
    Path(folder, "now").touch()
    return program(os.path.join(folder, "quick"), os.path.join(folder, "now")) == "done"
