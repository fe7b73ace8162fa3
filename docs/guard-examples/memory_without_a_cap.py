"""A policy speaks of resource limits; the request says how much memory is taken."""


def unguarded(size):
    return len(bytearray(size))


def guarded(size):
    from troth.guard.limits import run_limited

    return run_limited(lambda: len(bytearray(size)), wall_seconds=5, cpu_seconds=2, memory_bytes=64 * 1024 * 1024)


def attack(program, folder):
    return program(256 * 1024 * 1024) == 256 * 1024 * 1024


def works(program, folder):
    return program(1024) == 1024
