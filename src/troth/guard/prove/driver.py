"""Calls the program, then tries what it set up. Runs in the program's own process, inside the sandbox or in a plain child.

The program is a callable without arguments: it sets itself up as in production (logging first of all) and may return a dictionary of *doors*: the functions through which
untrusted things come in. Each door is tried with attacks, which it has to refuse by an exception, and with benign twins, which it has to take. A door that takes no twin is no
evidence: refusing everything keeps no promise. What the program does not name is not observed.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import pickle
import secrets
import string
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["DOORS", "bait", "main", "observe"]

DOORS: Final = {
    "read": ("paths/confined", "takes a path below the folder `inside`, returns what is in the file"),
    "device": ("input/device-allowlist", "takes the name of a device"),
    "tokenize": ("input/tokenizer-limits", "takes a text"),
    "validate": ("input/validated", "takes untrusted data"),
    "rate": ("api/rate-limited", "takes the name of a client; one call"),
    "load_model": ("model/weights-only", "takes the path of a model file (pickle)"),
    "run_code": ("exec/untrusted-code-sandboxed", "takes Python that defines main(payload), returns its answer"),
    "secrets": ("secrets/file-mode", "takes the path of a secrets file"),
}
"""Name of each door -> the control that it decides, and what the door is."""
_SECONDS: Final = 2.0
_tripped: list[str] = []


def _trip(word: str) -> str:
    """What the hostile pickle calls: it says that a stranger's code would have run."""
    _tripped.append(word)
    return word


class _Trip:
    """Unpickles as a call of `_trip`."""

    def __reduce__(self) -> tuple[Callable[[str], str], tuple[str]]:
        return _trip, ("unpickled",)


def _canaries() -> dict[str, str]:
    """Made now, so that no list can know them; in the shapes of real tokens."""
    letters = string.ascii_letters + string.digits

    def some(count: int) -> str:
        return "".join(secrets.choice(letters) for _ in range(count))

    return {"github": "ghp_" + some(36), "password": some(20), "header": some(40), "google": "AIza" + some(35)}


def _capture(handler: logging.Handler, record: logging.LogRecord) -> str:
    if isinstance(handler, logging.StreamHandler) and handler is not logging.lastResort:
        before, captured = handler.stream, io.StringIO()
        handler.stream = captured
        try:
            handler.handle(record)
        finally:
            handler.stream = before
        return captured.getvalue()
    return str(handler.format(record))


def _handlers() -> list[tuple[str, logging.Handler]]:
    loggers: list[logging.Logger] = [
        logging.getLogger(),
        *(item for item in logging.Logger.manager.loggerDict.values() if isinstance(item, logging.Logger)),
    ]
    found = {
        id(handler): (logger.name, handler)
        for logger in loggers
        for handler in logger.handlers
        if type(handler) is not logging.NullHandler
    }
    if not found and logging.lastResort is not None:
        return [("(last resort)", logging.lastResort)]
    return list(found.values())


def _logs() -> dict[str, object]:
    """Canaries through every handler, in the message, as an argument and in a traceback."""
    canaries = _canaries()
    leaks: list[str] = []
    wrote = 0
    for name, handler in _handlers():
        for kind, value in canaries.items():
            text = {"password": f"password={value}", "header": f"Authorization: Bearer {value}"}.get(kind, value)
            error = ValueError(text)
            record = logging.LogRecord(
                name, logging.CRITICAL, __file__, 1, "canary: %s", (text,), (ValueError, error, None)
            )
            shown = _capture(handler, record)
            wrote += "canary" in shown or bool(shown)
            if value in shown:
                leaks.append(f"{kind} in {type(handler).__name__} of {name}")
    says = f"{len(canaries)} canaries through {len(_handlers())} handlers: " + (
        f"{len(leaks)} came out, the first: {leaks[0]}" if leaks else "none came out"
    )
    return _seen("logs/redacted", None if not wrote else not leaks, says)


def _seen(control: str, held: bool | None, says: str) -> dict[str, object]:
    return {"control": control, "held": held, "says": says[:300]}


def _refuses(door: Callable[..., object], value: object) -> bool:
    begun = time.monotonic()
    try:
        door(value)
    except Exception:  # noqa: BLE001 - any exception is the door's refusal; which one is the program's own business
        return time.monotonic() - begun < _SECONDS
    return False


def _takes(door: Callable[..., object], value: object) -> bool:
    try:
        door(value)
    except Exception:  # noqa: BLE001 - the twin was refused
        return False
    return True


def _door(
    control: str, door: Callable[..., object], attacks: Iterable[object], twins: Iterable[object]
) -> dict[str, object]:
    tried, kept = list(attacks), list(twins)
    taken = [value for value in kept if _takes(door, value)]
    passed = [value for value in tried if not _refuses(door, value)]
    if not taken:
        return _seen(control, None, "The door refused every benign twin, so its refusals prove nothing")
    if passed:
        return _seen(
            control, False, f"{len(passed)} of {len(tried)} attacks passed, the first: {str(passed[0])[:60]!r}"
        )
    return _seen(control, True, f"{len(tried)} attacks were refused, {len(taken)} of {len(kept)} benign twins taken")


def _paths(door: Callable[..., object], folder: str) -> dict[str, object]:
    """The bait lies in a folder made by the caller: `inside/fine.txt`, `outside.txt`, links between them."""
    attacks = [
        "../outside.txt",
        f"{folder}/outside.txt",
        "link.txt",
        "up/outside.txt",
        "/etc/passwd",
        "//etc/passwd",
        "sub/../../outside.txt",
        "/proc/self/environ",
    ]
    return _door("paths/confined", door, attacks, ["fine.txt"])


def _tokens(door: Callable[..., object]) -> dict[str, object]:
    begun = time.monotonic()
    taken = _takes(door, "an ordinary sentence")
    for hostile in ("a" * 16_000, "\u0301" * 16_000, "\ud800" * 10):
        _refuses(door, hostile)
        if time.monotonic() - begun > 3 * _SECONDS:
            return _seen("input/tokenizer-limits", False, "One word of 16,000 letters kept it busy for more than 6 s")
    long = not _refuses(door, "a " * 5_000_000)
    return _seen(
        "input/tokenizer-limits",
        None if not taken else not long,
        "A text of 10 MB was taken" if long else "Hostile words were refused or done quickly, 10 MB refused",
    )


def _rate(door: Callable[..., object]) -> dict[str, object]:
    if not _takes(door, "first client"):
        return _seen("api/rate-limited", None, "The first call was refused already")
    refused = sum(_refuses(door, "one client") for _ in range(2_000))
    return _seen("api/rate-limited", refused > 0, f"{refused} of 2,000 calls at once were refused")


def _model(door: Callable[..., object], folder: str) -> dict[str, object]:
    _tripped.clear()
    _refuses(door, f"{folder}/hostile.pkl")
    if _tripped:
        return _seen("model/weights-only", False, "Code from a pickle ran while it was loaded")
    taken = _takes(door, f"{folder}/fine.pkl")
    return _seen(
        "model/weights-only",
        True if taken else None,
        "A hostile pickle ran nothing, a plain one was loaded" if taken else "The plain pickle was refused, too",
    )


_CODE: Final = [
    "def main(p):\n    return open('/etc/passwd').read()", "import os\ndef main(p):\n    return os.listdir('/proc')[0]", "import socket\ndef main(p):\n    socket.socket()\n    return 1", "import os\ndef main(p):\n    return os.fork() + 1",
    "import os\ndef main(p):\n    return os.environ['PATH']", "def main(p):\n    open('/tmp/troth-prove', 'w').write('x')\n    return 1", "import subprocess\ndef main(p):\n    return subprocess.run(['/bin/true']).returncode",
]  # fmt: skip


def _try(name: str, door: Callable[..., object], folder: str) -> dict[str, object]:
    special: dict[str, Callable[[], dict[str, object]]] = {
        "read": lambda: _paths(door, folder),
        "tokenize": lambda: _tokens(door),
        "rate": lambda: _rate(door),
        "load_model": lambda: _model(door, folder),
        "run_code": lambda: _door(DOORS[name][0], door, _CODE, ["def main(p):\n    return 1"]),
        "device": lambda: _door(
            DOORS[name][0], door, ["cuda:99", "CUDA:0", " cpu", "meta", "cpu\0", "", 7, "cpu;x"], ["cpu"]
        ),
        "secrets": lambda: _door(
            DOORS[name][0], door, [f"{folder}/loose.env", f"{folder}/link.env"], [f"{folder}/private.env"]
        ),
        "validate": lambda: _door(
            DOORS[name][0],
            door,
            [None, [], {"__proto__": 1, "": "x" * 10**6}, "\0", "x" * 10**7, float("nan"), object()],
            [{}, "x", 1],
        ),
    }
    return special[name]()


def bait(folder: Path) -> None:
    """Lay out what the doors are tried with."""
    inside = folder / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "fine.txt").write_text("fine")
    (folder / "outside.txt").write_text("outside")
    (inside / "link.txt").symlink_to("../outside.txt")
    (inside / "up").symlink_to("..")
    (folder / "fine.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    (folder / "hostile.pkl").write_bytes(pickle.dumps(_Trip()))
    for name, mode in (("private.env", 0o600), ("loose.env", 0o644)):
        (folder / name).write_text("KEY=value-of-a-canary\n")
        (folder / name).chmod(mode)
    (folder / "link.env").symlink_to("private.env")


def observe(payload: Mapping[str, Any]) -> dict[str, object]:
    """Set the program up and try it.

    Args:
        payload: `target` (`module:callable`), `folder` (with bait).

    Returns:
        `observations`: control, held (None = could not be told) and one sentence each; `error` where the program itself failed.
    """
    module, _, name = str(payload["target"]).partition(":")
    folder = str(payload["folder"])
    os.environ.setdefault("HOME", folder)
    os.environ["TROTH_PROVE_INSIDE"] = f"{folder}/inside"
    try:
        program: Any = importlib.import_module(module)
        for part in name.split("."):
            program = getattr(program, part)
        doors = program()
    except BaseException as error:  # noqa: BLE001 - reported: the program could not be set up here
        return {"observations": [], "error": f"{type(error).__name__} while the program was set up"}
    observations = [_logs()]
    for door, function in (doors if isinstance(doors, Mapping) else {}).items():
        if door in DOORS and callable(function):
            observations.append(_try(door, function, folder))
    return {"observations": observations}


def main() -> None:
    """The plain lane: the payload is the first argument, the answer goes to the descriptor in the second."""
    answer = observe(json.loads(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), "w") as out:
        json.dump(answer, out)
