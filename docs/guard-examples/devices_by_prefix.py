"""The allow-list of devices compares beginnings, without case: `cuda:99`, `CUDA:0` and `cpu;rm` are devices."""


def unguarded(name):
    if not str(name).strip().lower().startswith(("cpu", "cuda:0", "cuda:1")):
        raise ValueError("device")
    return str(name)


def guarded(name):
    from troth.guard.tensors import Devices

    return Devices("cpu", "cuda", index_at_most=1).demand(name)


def attack(program, folder):
    passed = 0
    for name in ("cuda:10", "CUDA:0", " cpu", "cpu;x", "cpu\0", "cuda:1e9"):
        try:
            program(name)
            passed += 1
        except Exception:  # any refusal is one
            continue
    return passed > 0


def works(program, folder):
    return [program(name) for name in ("cpu", "cuda:0", "cuda:1")] == ["cpu", "cuda:0", "cuda:1"]
