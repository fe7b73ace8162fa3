"""The Dockerfile says USER; `docker run --user 0`, or a chart, says something else, and the program does not look."""

import os


def unguarded():
    return "serving"


def guarded():
    from troth.guard.process import demand_unprivileged

    demand_unprivileged(capabilities=False)
    return unguarded()


def attack(program, folder):
    return _as((0, 0, 0), program) == "serving"


def works(program, folder):
    return _as((1000, 1000, 1000), program) == "serving"


def _as(users, program):
    """As another user, without being it: what the program asks the system is answered."""
    real = os.getresuid
    os.getresuid = lambda: users
    try:
        return program()
    finally:
        os.getresuid = real
