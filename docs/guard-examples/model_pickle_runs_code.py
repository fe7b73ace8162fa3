"""A model file is a pickle, and loading it calls what it names."""

import os
import pickle
from pathlib import Path


class Trip:
    """Unpickles as a call."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """`open(path, "w")`, while the file is being loaded."""
        return open, (self.path, "w")


def unguarded(path):
    return pickle.loads(Path(path).read_bytes())


def guarded(path):
    from troth.guard import models

    return models.load(path).value


def attack(program, folder):
    path = os.path.join(folder, "model.pkl")
    Path(path).write_bytes(pickle.dumps(Trip(os.path.join(folder, "ran"))))
    try:
        program(path)
    finally:
        ran = os.path.exists(os.path.join(folder, "ran"))
    return ran


def works(program, folder):
    path = os.path.join(folder, "fine.pkl")
    Path(path).write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    return program(path) == {"weights": [1.0, 2.0]}
