"""More on the secrets file: what its text can do to a parser, where a value shows after it was loaded, what a save leaves around it."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import os
import pickle
import stat
import string
import threading
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.redact import redact
from troth.guard.secrets import Secret, load, save

VALUE = "q8Zk-3vLw7XsPn2Ht9"


def _text(name: str, text: str | bytes) -> Callable[[Path], object]:
    def loaded(place: Path) -> object:
        path = place / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return load(path)

    return loaded


def _taken(name: str, text: str | bytes) -> Attack:
    """Succeeds where the text is loaded at all."""

    def tried(place: Path) -> bool:
        try:
            _text(name, text)(place)
        except Exception as error:
            return VALUE in str(error)
        return True

    return tried


def _shown(show: Callable[[Secret], object]) -> Attack:
    def tried(place: Path) -> bool:
        value = _text("s.env", f"KEY={VALUE}\n")(place)["KEY"]  # type: ignore[index]
        with contextlib.suppress(Exception):
            return VALUE in str(show(value))
        return False

    return tried


def _executed(place: Path) -> bool:
    mark = place / "ran"
    with contextlib.suppress(Exception):
        _text("s.yaml", f"KEY: !!python/object/apply:os.system ['touch {mark}']\n")(place)
    return mark.exists()


def _substituted(place: Path) -> bool:
    mark = place / "ran"
    with contextlib.suppress(Exception):
        _text("s.env", f"KEY=$(touch {mark})\nOTHER=`touch {mark}`\n")(place)
    return mark.exists()


def _traced(place: Path) -> bool:
    import traceback

    value = _text("s.env", f"KEY={VALUE}\n")(place)["KEY"]  # type: ignore[index]
    try:
        raise ValueError(value)
    except ValueError as error:
        return VALUE in "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def _saved_loose(place: Path) -> bool:
    before = os.umask(0)
    try:
        save(place / "s.env", {"KEY": VALUE})
    finally:
        os.umask(before)
    return bool(stat.S_IMODE((place / "s.env").stat().st_mode) & 0o077)


def _saved_into_open(place: Path) -> bool:
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    with contextlib.suppress(Exception):
        save(place / "open" / "s.env", {"KEY": VALUE})
        return (place / "open" / "s.env").exists()
    return False


def _two_writers(place: Path) -> bool:
    """Two savers at once: whatever wins is whole, private, and nothing else stays."""
    path = place / "s.env"
    values = {letter: letter * 2_000 for letter in string.ascii_lowercase[:4]}
    threads = [threading.Thread(target=lambda v=value: [save(path, {"KEY": v}) for _ in range(10)]) for value in values.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = load(path)["KEY"].reveal()  # type: ignore[union-attr]
    return got not in values.values() or os.listdir(place) != ["s.env"] or bool(path.stat().st_mode & 0o077)


def _logged(place: Path) -> bool:
    tree = _text("s.yaml", f"db:\n  nested:\n    - {VALUE}\n")(place)
    record = logging.makeLogRecord({"msg": "%s %r", "args": (tree, {"t": tree})})
    return VALUE in record.getMessage() or VALUE in json.dumps(redact({"t": str(tree)}))


def further() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {
        "YAML runs code": _executed, "a shell substitution runs": _substituted, "a traceback with local variables": _traced, "saved under a loose umask": _saved_loose, "saved into an open folder": _saved_into_open,
        "two savers at once": _two_writers, "a tree prints itself": _logged,
    }  # fmt: skip
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    texts: dict[str, tuple[str, str | bytes]] = {
        "YAML aliases that grow": ("s.yaml", bomb), "YAML nested 100,000 deep": ("s.yaml", "[" * 100_000), "JSON nested 100,000 deep": ("s.json", "[" * 100_000), "100 MB of nothing": ("s.env", b"#" * 10**8), "not UTF-8": ("s.env", b"KEY=\xff\xfe" + VALUE.encode()),
        "two documents": ("s.yaml", f"KEY: {VALUE}\n---\nKEY: x\n"), "broken JSON": ("s.json", f'{{"KEY": "{VALUE}"'), "broken TOML": ("s.toml", f'KEY = "{VALUE}'), "broken YAML": ("s.yaml", f"KEY: '{VALUE}\n"),
        "no mapping": ("s.json", f'["{VALUE}"]'), "a NUL in it": ("s.env", f"KEY={VALUE}\0x\n"),
    }  # fmt: skip
    found |= {f"text: {name}": _taken(*text) for name, text in texts.items()}
    shows: dict[str, Callable[[Secret], object]] = {
        "repr": repr, "format": lambda s: f"{s:>40}", "percent": lambda s: "%s %r" % (s, s), "in a list": lambda s: [s], "in an exception": ValueError, "pickle": pickle.dumps, "copied": lambda s: (copy.copy(s), copy.deepcopy(s)),
        "JSON": lambda s: json.dumps(s, default=str), "vars": lambda s: getattr(s, "__dict__", {}), "Template": lambda s: string.Template("$x").substitute(x=s), "str.format": lambda s: f"{s} {s!r} {s!s}", "as a key": lambda s: {s: 1}, "joined": lambda s: " ".join(map(str, [s])),
    }  # fmt: skip
    found |= {f"shown by {name}": _shown(show) for name, show in shows.items()}
    return found


def further_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        "nested YAML": lambda place: _text("s.yaml", f"db:\n  password: {VALUE}\n")(place)["db"]["password"].reveal() == VALUE,  # type: ignore[index]
        "a dollar in a value": lambda place: _text("s.env", "KEY='a$b`c'\n")(place)["KEY"].reveal() == "a$b`c",  # type: ignore[index]
        "an empty file of comments": lambda place: not _text("s.env", "# nothing yet\n")(place),
        "Unicode": lambda place: _text("s.env", "KEY=pässwört-漢字\n")(place)["KEY"].reveal() == "pässwört-漢字",  # type: ignore[index]
        "equal values are equal": lambda place: _text("s.env", f"KEY={VALUE}\n")(place)["KEY"] == Secret(VALUE),  # type: ignore[index]
    }
