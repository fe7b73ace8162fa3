"""The checksum is verified, then the file is opened again by its name: what is loaded is not what was verified."""

import hashlib
import os
import pickle
from pathlib import Path

SWAP = []
"""What an attacker does between both; a test sets it."""


def unguarded(path, expected):
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != expected:
        raise ValueError("checksum")
    for swap in SWAP:
        swap()
    return pickle.loads(Path(path).read_bytes())


def guarded(path, expected):
    from troth.guard import models

    with models.verified(path, expect=f"sha256:{expected}") as (file, _receipt):
        for swap in SWAP:
            swap()
        return pickle.load(file)


def attack(program, folder):
    path = Path(folder, "model.pkl")
    path.write_bytes(pickle.dumps({"weights": [1.0]}))
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    other = Path(folder, "other.pkl")
    other.write_bytes(pickle.dumps({"weights": [6.66]}))
    SWAP[:] = [lambda: os.replace(other, path)]
    try:
        return program(str(path), expected) != {"weights": [1.0]}
    finally:
        SWAP.clear()


def works(program, folder):
    path = Path(folder, "own.pkl")
    path.write_bytes(pickle.dumps({"weights": [2.0]}))
    return program(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) == {"weights": [2.0]}
