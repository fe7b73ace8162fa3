"""Calls the program, then tries what it set up. Runs in the program's own process, inside the sandbox or in a plain child.

The program is a callable without arguments: it sets itself up as in production (logging first of all) and may return a dictionary of *doors*: the functions through which
untrusted things come in. Each door is tried with attacks, which it has to refuse by an exception, and with benign twins, which it has to take. A door that takes no twin is no
evidence: refusing everything keeps no promise. What the program does not name is not observed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from troth.guard.prove.bait import bait
from troth.guard.prove.images import images
from troth.guard.prove.inputs import TRIES
from troth.guard.prove.logs import observe_logs
from troth.guard.prove.surroundings import Listening, container, crashes, defaults, sends
from troth.guard.prove.trying import seen

__all__ = ["DOORS", "bait", "main", "observe"]

DOORS: Final = {
    "read": ("paths/confined", "takes a path below the folder `inside`, returns what is in the file"),
    "read_any": ("paths/blacklist", "takes any path; the home directory is a bait with stores of credentials"),
    "device": ("input/device-allowlist", "takes the name of a device"),
    "tokenize": ("input/tokenizer-limits", "takes a text"),
    "validate": ("input/validated", "takes untrusted data"),
    "tensor": ("tensor/shape-limits", "takes a shape and the name of a dtype"),
    "rate": ("api/rate-limited", "takes the name of a client; one call"),
    "work": ("resources/limited", "takes a callable, and runs it as it runs the work of a client"),
    "load_model": ("model/weights-only", "takes the path of a model file (pickle)"),
    "load_pinned": ("model/checksum-verified", "takes the path of a model file and the SHA-256 that it must have"),
    "load_source": (
        "model/trusted-source",
        "takes where a model comes from; its attribute `trusted` is one that it takes",
    ),
    "run_code": ("exec/untrusted-code-sandboxed", "takes Python that defines main(payload), returns its answer"),
    "secrets": ("secrets/file-mode", "takes the path of a secrets file"),
    "send": (
        "transport/tls-required",
        "takes host, port, bytes and the path of the authority to trust; sends the bytes as it sends to another node",
    ),
    "parse": ("errors/no-crash", "takes bytes from a stranger; must take b'1'"),
    "container": (
        "container/non-root",
        "takes nothing; says that this run is one inside the program's own image, and lets it drop its rights",
    ),
    "scan_image": (
        "container/scan",
        "takes the path of an image as `docker save` writes it, scans it as the pipeline does, and raises where it may not go on",
    ),
    "defaults": ("defaults/safe", "takes nothing, returns the settings that hold when nobody set any"),
}
"""Name of each door -> the control that it decides, and what the door is. Without a door: logs/redacted, network/isolated."""


def _try(name: str, door: Callable[..., object], folder: str) -> dict[str, object]:
    if name == "send":
        return sends(door, folder)
    if name == "scan_image":
        return images(door, folder)
    if name == "parse":
        return crashes(door)
    if name == "defaults":
        return defaults(door)
    return TRIES[name](door, folder)


def observe(payload: Mapping[str, Any]) -> dict[str, object]:
    """Set the program up and try it.

    Args:
        payload: `target` (`module:callable`), `folder` (with bait).

    Returns:
        `observations`: control, held (None = could not be told) and one sentence each; `error` where the program itself failed.
    """
    module, _, name = str(payload["target"]).partition(":")
    folder = str(payload["folder"])
    os.environ["HOME"] = f"{folder}/home"
    os.environ["TROTH_PROVE_INSIDE"] = f"{folder}/inside"
    listening = Listening()
    try:
        program: Any = importlib.import_module(module)
        for part in name.split("."):
            program = getattr(program, part)
        doors = program()
    except BaseException as error:  # noqa: BLE001 - reported: the program could not be set up here
        return {"observations": [], "error": f"{type(error).__name__} while the program was set up"}
    listened = listening.told()  # before the doors: our own listeners are not the program's
    observations = [observe_logs(), *([listened] if listened else [])]
    for door, function in (doors if isinstance(doors, Mapping) else {}).items():
        if door in DOORS and callable(function):
            observations += _tried(str(door), function, folder)
    return {"observations": observations}


def _tried(name: str, door: Callable[..., object], folder: str) -> list[dict[str, object]]:
    try:
        return container(door) if name == "container" else [_try(name, door, folder)]
    except Exception as error:  # noqa: BLE001 - one door that cannot be tried must not hide what the others showed
        return [seen(DOORS[name][0], None, f"The door could not be tried: {type(error).__name__}")]


def main() -> None:
    """The plain lane: the payload is the first argument, the answer goes to the descriptor in the second."""
    answer = observe(json.loads(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), "w") as out:
        json.dump(answer, out)
