"""The secrets file, a third time: formats that say two things, names and values that other readers take otherwise, errors that repeat what they read, values in odd hands."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import json
import logging
import os
import pickle
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from tests.attacks.secrets_file.blind import VALUE, _loads, _shows
from tests.attacks.suite import Attack
from troth.guard.redact import redact
from troth.guard.secrets import SecretsFileError, load, save


def _written(name: str, text: str, mode: int = 0o600) -> Callable[[Path], Path]:
    def prepare(place: Path) -> Path:
        path = place / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    return prepare


def _big(place: Path) -> Path:
    path = place / "s.env"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    path.chmod(0o600)
    return path


def _twice_linked(place: Path) -> Path:
    _written("real.env", f"KEY={VALUE}\n")(place)
    os.symlink("real.env", place / "a.env")
    os.symlink("a.env", place / "s.env")
    return place / "s.env"


TEXTS: dict[str, Attack] = {
    "two values of one name in YAML": _loads(_written("s.yaml", f"KEY: {VALUE}\nKEY: other\n")), "two values of one name in JSON": _loads(_written("s.json", f'{{"KEY": "{VALUE}", "KEY": "other"}}')), "a tag of Python": _loads(_written("s.yaml", f"KEY: !!python/object/apply:os.system ['echo {VALUE}']\n")), "aliases upon aliases": _loads(_written("s.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)))), "a JSON that is cut": _loads(_written("s.json", f'{{"KEY": "{VALUE}')), "a YAML with a mistake": _loads(_written("s.yaml", f"KEY: [{VALUE}\n")), "a TOML with a mistake": _loads(_written("s.toml", f'KEY = "{VALUE}\n')), "an environment with a mistake": _loads(_written("s.env", f"KEY {VALUE}\n")),
    "a list": _loads(_written("s.json", json.dumps([VALUE]))), "a text alone": _loads(_written("s.yaml", f"{VALUE}\n")), "bytes that are no text": _loads(_written("s.env", f"KEY={VALUE}".encode() + b"\xff\n")), "a NUL": _loads(_written("s.env", f"KEY={VALUE}\0x\n")), "nested 100,000 deep": _loads(_written("s.json", "[" * 100_000)), "a hundred megabytes of nothing": _loads(_big), "set-user bits": _loads(_written("s.env", f"KEY={VALUE}\n", 0o4600)), "a sticky bit and others": _loads(_written("s.env", f"KEY={VALUE}\n", 0o1604)), "a link to a link": _loads(_twice_linked),
}  # fmt: skip


def _loosened(place: Path) -> bool:
    """A file that is opened up after the check and before the read: what is loaded must be what was checked, and a second load must refuse."""
    path = _written("s.env", f"KEY={VALUE}\n")(place)
    load(path)
    path.chmod(0o644)
    with contextlib.suppress(SecretsFileError):
        load(path)
        return True
    return False


def _swapped(place: Path) -> bool:
    """A loose file is swapped in while it is loaded again and again: its value must never come."""
    good, bad = _written("s.env", f"KEY={VALUE}\n")(place), _written("loose.env", "KEY=from-the-loose-file\n", 0o644)(place)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                os.rename(good, place / "t")
                os.rename(bad, good)
                os.rename(good, bad)
                os.rename(place / "t", good)

    thread = threading.Thread(target=swap)
    thread.start()
    came = False
    try:
        for _ in range(300):
            with contextlib.suppress(SecretsFileError, OSError):
                came = came or load(good)["KEY"].reveal() != VALUE  # type: ignore[union-attr]
    finally:
        stop.set()
        thread.join()
    return came


def _saved_mode(place: Path) -> bool:
    """Saved under a loose umask into a folder that is new."""
    before = os.umask(0)
    try:
        with contextlib.suppress(SecretsFileError, OSError):
            save(place / "new" / "s.env", {"KEY": VALUE})
        save(place / "s.json", {"KEY": VALUE})
    finally:
        os.umask(before)
    return any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in place.rglob("*"))


SHOWS: dict[str, Callable[[dict[str, object]], object]] = {
    "a copy": lambda t: copy.copy(t["KEY"]), "a deep copy": copy.deepcopy, "a pickle": lambda t: pickle.dumps(t["KEY"]), "a format": lambda t: f"{t['KEY']:>40}", "a debugged format": lambda t: f"{t['KEY']=}", "percent": lambda t: "%s %r" % (t["KEY"], t["KEY"]), "its variables": lambda t: [vars(t["KEY"])] if hasattr(t["KEY"], "__dict__") else [], "its reduction": lambda t: t["KEY"].__reduce_ex__(4), "its state": lambda t: t["KEY"].__getstate__(), "its hash's input": lambda t: {t["KEY"]: 1}, "a template": lambda t: "{0} {0!r} {0!a}".format(t["KEY"]), "JSON with its variables": lambda t: json.dumps(t, default=lambda o: getattr(o, "__dict__", str(o))), "an iteration": lambda t: list(t["KEY"]), "a slice": lambda t: t["KEY"][:], "the redactor": redact, "a log of the value by itself": lambda t: _logged(t["KEY"].reveal()),
}  # fmt: skip


def _logged(value: str) -> str:
    from troth.guard import logs

    out = io.StringIO()
    installation = logs.install(streams=False)
    try:
        logger = logging.Logger("x")
        logger.addHandler(logging.StreamHandler(out))
        logger.info("using %s", value)
    finally:
        installation.remove()
    return out.getvalue()


def again() -> dict[str, Attack]:
    """All of them."""
    found = {f"file: {name}": case for name, case in TEXTS.items()} | {f"shown by {name}": _shows(show) for name, show in SHOWS.items()}
    return found | {"opened up after the first load": _loosened, "swapped while it is loaded": _swapped, "saved under a loose umask": _saved_mode}


def again_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        **{f"a {name.rpartition('.')[2]} file": (lambda place, name=name, text=text: load(_written(name, text)(place))["KEY"].reveal() == VALUE) for name, text in {"s.yaml": f"KEY: '{VALUE}'\n", "s.json": json.dumps({"KEY": VALUE}), "s.toml": f'KEY = "{VALUE}"\n', "s.env": f"# comment\nexport KEY={VALUE}\n"}.items() if name != "s.yaml" or importlib.util.find_spec("yaml")},  # type: ignore[misc, union-attr]
        "a nested value": lambda place: load(_written("s.json", json.dumps({"db": {"KEY": VALUE}}))(place))["db"]["KEY"].reveal() == VALUE,  # type: ignore[index, call-overload]
        "saved and loaded": lambda place: (save(place / "s.toml", {"KEY": 'a"b\\c'}), load(place / "s.toml")["KEY"].reveal() == 'a"b\\c')[1],  # type: ignore[union-attr]
        "equal values": lambda place: load(_written("s.env", "A=1234567\nB=1234567\n")(place))["A"] == load(place / "s.env")["B"],
    }
