""""Only load models from trusted sources": whatever path arrives is loaded."""

import hashlib
import json
import os
import pickle
from pathlib import Path


def unguarded(path, trusted):
    return pickle.loads(Path(path).read_bytes())


def guarded(path, trusted):
    from troth.guard import models

    return models.load(path, trust=models.TrustFile(trusted)).value


def attack(program, folder):
    trusted = Path(folder, "models.json")
    trusted.write_text(json.dumps({"version": 1, "models": {}}))
    Path(folder, "stranger.pkl").write_bytes(pickle.dumps({"weights": [6.66]}))
    return program(str(Path(folder, "stranger.pkl")), str(trusted)) == {"weights": [6.66]}


def works(program, folder):
    from troth.guard import models

    path, trusted = Path(folder, "ours.pkl"), os.path.join(folder, "ours.json")
    path.write_bytes(pickle.dumps({"weights": [1.0]}))
    models.TrustFile(trusted).pin(path, hashlib.sha256(path.read_bytes()).hexdigest(), by="a reviewer")
    return program(str(path), trusted) == {"weights": [1.0]}
