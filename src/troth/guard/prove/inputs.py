"""The doors through which untrusted things come in: paths, text, calls, models, code, names of devices, data, shapes, secrets files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from troth.guard.prove.bait import TRIPPED
from troth.guard.prove.trying import SECONDS, refuses, seen, takes, try_door

__all__ = ["TRIES"]

Door = Callable[..., object]
Told = dict[str, object]


def _each(*values: object) -> list[tuple[object, ...]]:
    return [(value,) for value in values]


def _paths(door: Door, folder: str) -> Told:
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
    return try_door("paths/confined", door, _each(*attacks), _each("fine.txt"))


def _tokens(door: Door, _folder: str) -> Told:
    begun = time.monotonic()
    taken = takes(door, "an ordinary sentence")
    for hostile in ("a" * 16_000, "\u0301" * 16_000, "\ud800" * 10):
        refuses(door, hostile)
        if time.monotonic() - begun > 3 * SECONDS:
            return seen("input/tokenizer-limits", False, "One word of 16,000 letters kept it busy for more than 6 s")
    long = not refuses(door, "a " * 5_000_000)
    return seen(
        "input/tokenizer-limits",
        None if not taken else not long,
        "A text of 10 MB was taken" if long else "Hostile words were refused or done quickly, 10 MB refused",
    )


def _rate(door: Door, _folder: str) -> Told:
    if not takes(door, "first client"):
        return seen("api/rate-limited", None, "The first call was refused already")
    refused = sum(refuses(door, "one client") for _ in range(2_000))
    return seen("api/rate-limited", refused > 0, f"{refused} of 2,000 calls at once were refused")


def _model(door: Door, folder: str) -> Told:
    TRIPPED.clear()
    refuses(door, f"{folder}/hostile.pkl")
    if TRIPPED:
        return seen("model/weights-only", False, "Code from a pickle ran while it was loaded")
    taken = takes(door, f"{folder}/fine.pkl")
    return seen(
        "model/weights-only",
        True if taken else None,
        "A hostile pickle ran nothing, a plain one was loaded" if taken else "The plain pickle was refused, too",
    )


_CODE: Final = [
    "def main(p):\n    return open('/etc/passwd').read()", "import os\ndef main(p):\n    return os.listdir('/proc')[0]", "import socket\ndef main(p):\n    socket.socket()\n    return 1", "import os\ndef main(p):\n    return os.fork() + 1",
    "import os\ndef main(p):\n    return os.environ['PATH']", "def main(p):\n    open('/tmp/troth-prove', 'w').write('x')\n    return 1", "import subprocess\ndef main(p):\n    return subprocess.run(['/bin/true']).returncode",
]  # fmt: skip


def _stores(door: Door, folder: str) -> Told:
    """Paths that no list of folders holds and every blacklist should; HOME is the bait's own."""
    home = f"{folder}/home"
    attacks = [
        f"{home}/{name}"
        for name in (".ssh/id_ed25519", ".aws/credentials", ".netrc", ".git-credentials", ".config/gh/hosts.yml")
    ]
    return try_door(
        "paths/blacklist",
        door,
        _each(*attacks, f"{folder}/inside/keys", "/etc/passwd", "/proc/self/environ"),
        _each(f"{folder}/inside/fine.txt"),
    )


def _pinned(door: Door, folder: str) -> Told:
    """A file and the digest that it must have."""
    import hashlib

    right = hashlib.sha256(Path(folder, "fine.pkl").read_bytes()).hexdigest()
    wrong = [right[:-1] + ("0" if right[-1] != "0" else "1"), "0" * 64, "", right[:8], "md5:" + right[:32]]
    return try_door(
        "model/checksum-verified",
        door,
        [(f"{folder}/fine.pkl", digest) for digest in wrong] + [(f"{folder}/other.pkl", right)],
        [(f"{folder}/fine.pkl", right)],
    )


def _shapes(door: Door, _folder: str) -> Told:
    """A shape and a dtype, before anything is allocated."""
    shapes: list[object] = [
        (2**32, 2**32),
        (2**62, 4),
        (-1, 4),
        (2**40,),
        (0, 2**63),
        (1,) * 65,
        (2.0, 2),
        ("1e9",),
        (2**31, 2**31, 2**31),
        None,
        "4,4",
        (2**63 - 1, 2),
    ]
    return try_door(
        "tensor/shape-limits",
        door,
        [(shape, "float32") for shape in shapes] + [((4, 4), "object"), ((4, 4), "U999999999")],
        [((2, 3), "float32"), ((16,), "float32")],
    )


def _spin() -> str:
    """Five seconds of processor time, then an answer; nobody waits for ever, even where nothing stops it."""
    end = time.process_time() + 5
    while time.process_time() < end:
        pass
    return "came to its end"


def _hoard() -> int:
    """More memory than any one request needs, touched."""
    return len(bytearray(1536 * 2**20))


def _work(door: Door, _folder: str) -> Told:
    """Work that has to be stopped: it never comes to its end. How soon is the program's own business, so no clock is asked."""
    if not takes(door, int):
        return seen("resources/limited", None, "The door refused the benign twin, so its refusals prove nothing")
    ended = [work.__name__ for work in (_spin, _hoard) if _comes_to_its_end(door, work)]
    says = (
        f"{' and '.join(ended)} came to its end"
        if ended
        else "Endless work was stopped, and so was work that took 1.5 GiB"
    )
    return seen(
        "resources/limited",
        not ended,
        says.replace("_spin", "endless work").replace("_hoard", "work that took 1.5 GiB"),
    )


def _comes_to_its_end(door: Door, work: Callable[[], object]) -> bool:
    try:
        door(work)
    except Exception:  # noqa: BLE001 - stopped, or refused
        return False
    return True


def _load_source(door: Door, folder: str) -> Told:
    """Where a model comes from; the program tells one of its own as the twin."""
    strangers = [
        f"{folder}/fine.pkl",
        "https://models.example/x.pkl",
        "http://127.0.0.1:9/x.pkl",
        "stranger/model",
        "git+https://example.org/m",
        "../fine.pkl",
        "file:///etc/passwd",
        "s3://bucket/m",
    ]
    own = getattr(door, "trusted", None)
    if own is None:
        return seen(
            "model/trusted-source",
            None,
            "The door names no source of its own (attribute `trusted`), so its refusals prove nothing",
        )
    return try_door("model/trusted-source", door, _each(*strangers), _each(own))


_VALUES: Final = [None, [], {"__proto__": 1, "": "x" * 10**6}, "\0", "x" * 10**7, float("nan"), object()]
TRIES: Final[dict[str, Callable[[Door, str], Told]]] = {
    "read": _paths,
    "read_any": _stores,
    "tokenize": _tokens,
    "rate": _rate,
    "load_model": _model,
    "load_pinned": _pinned,
    "load_source": _load_source,
    "tensor": _shapes,
    "work": _work,
    "run_code": lambda door, _: try_door(
        "exec/untrusted-code-sandboxed", door, _each(*_CODE), _each("def main(p):\n    return 1")
    ),
    "device": lambda door, _: try_door(
        "input/device-allowlist",
        door,
        _each("cuda:99", "CUDA:0", " cpu", "meta", "cpu\0", "", 7, "cpu;x"),
        _each("cpu"),
    ),
    "secrets": lambda door, folder: try_door(
        "secrets/file-mode", door, _each(f"{folder}/loose.env", f"{folder}/link.env"), _each(f"{folder}/private.env")
    ),
    "validate": lambda door, _: try_door("input/validated", door, _each(*_VALUES), _each({}, "x", 1)),
}
"""Name of each door -> how it is tried."""
