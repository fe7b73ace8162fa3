"""Usage is monitored: a figure is written to a log at start, and never looked at again."""

from pathlib import Path


def unguarded(work, alarms):
    before = len(Path("/proc/self/statm").read_text()) if Path("/proc").exists() else 0
    work()
    return before >= 0


def guarded(work, alarms):
    from troth.guard.limits import Monitor, Usage

    now = Usage.now()
    limits = {"memory_bytes": now.memory_bytes + 32 * 1024 * 1024}
    with Monitor(limits, lambda what, value, limit: alarms.append(what), every_seconds=0.005):
        work()
    return True


def attack(program, folder):
    """A hundred megabytes that nobody hears of."""
    import time

    alarms, held = [], []

    def work():
        held.append(b"x" * (100 * 1024 * 1024))
        for _ in range(400):
            if alarms:
                break
            time.sleep(0.005)

    program(work, alarms)
    return not alarms


def works(program, folder):
    alarms = []
    return program(lambda: None, alarms) and not alarms
