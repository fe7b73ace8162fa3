"""The size is a product of 64-bit numbers: it wraps to something small, passes the cap, and the memory is taken later."""

CAP = 2**30


def unguarded(shape):
    size = 4
    for length in shape:
        size = (size * length) & (2**64 - 1)
    if size > CAP:
        raise ValueError("too large")
    return size


def guarded(shape):
    from troth.guard.tensors import ShapeLimits

    return ShapeLimits(bytes_at_most=CAP).demand(shape, "float32").bytes


def attack(program, folder):
    passed = 0
    for shape in ((2**32, 2**32), (2**31, 2**31, 1), (-1, 2**62)):
        try:
            program(shape)
            passed += 1
        except Exception:  # any refusal is one
            continue
    return passed > 0


def works(program, folder):
    return program((128, 256)) == 128 * 256 * 4
