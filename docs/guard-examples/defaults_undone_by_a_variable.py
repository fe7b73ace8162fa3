"""The default is the safe one in code, and an environment variable (or the compose file) makes another of it without a word."""

import os


def unguarded():
    return os.environ.get("DEVICE", "cpu"), os.environ.get("DTYPE", "float32")


def guarded():
    from troth.guard.tensors import Devices, Dtypes

    device, dtype = unguarded()
    return Devices("cpu").demand(device), Dtypes("float32").demand(dtype)


def attack(program, folder):
    os.environ.update(DEVICE="cuda:0", DTYPE="object")
    try:
        return program() != ("cpu", "float32")
    finally:
        del os.environ["DEVICE"], os.environ["DTYPE"]


def works(program, folder):
    return program() == ("cpu", "float32")
