"""Secrets files that were kept aside: line ends that only Unicode knows, numbers that cost, copies beside the file, links above it, ACLs, paths that are none."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.secrets import Secret, SecretsFileError, load, save

VALUE = "t5Wn-8bXq2KdRv6Lm"
LINE_ENDS = ("\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
COPIES = ("s.env~", "s.env.bak", "s.env.old", "s.env.orig", "s.env.save", ".s.env.swp", "#s.env#")
PATHS = ("/\0", "/\ud800", "/" + "a" * 300, "/" + "\u00e4" * 128, "/a\0.env")
SECONDS = 2.0


def _put(place: Path, name: str, text: str, mode: int = 0o600) -> Path:
    path = place / name
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    path.chmod(mode)
    return path


def _plain(place: Path, name: str, text: str) -> dict[str, str]:
    return {key: value.reveal() for key, value in load(_put(place, name, text)).items() if isinstance(value, Secret)}


def _not_refused(work: Callable[[Path], object]) -> Attack:
    """Succeeds where the guard's own error does not refuse it, or that takes long, in processor time."""

    def tried(place: Path) -> bool:
        begun = time.process_time()
        try:
            work(place)
        except SecretsFileError as error:
            return time.process_time() - begun > SECONDS or VALUE in str(error)
        except Exception:
            return True
        return True

    return tried


def _slow(name: str, text: str) -> Attack:
    """Succeeds where loading takes long or ends in an error that is not the guard's."""

    def tried(place: Path) -> bool:
        begun = time.process_time()
        try:
            with contextlib.suppress(SecretsFileError):
                load(_put(place, name, text))
        except Exception:
            return True
        return time.process_time() - begun > SECONDS

    return tried


def _injected(end: str) -> Attack:
    """A value that is saved makes another line, or a value that is loaded is cut."""

    def tried(place: Path) -> bool:
        for name in ("s.env", "s.json", "s.yaml", "s.toml"):
            with contextlib.suppress(SecretsFileError):
                save(place / name, {"A": f"x{end}KEY={VALUE}"})
                if set(load(place / name)) != {"A"}:
                    return True
        return False

    return tried


def _copy_beside(name: str) -> Attack:
    def work(place: Path) -> None:
        _put(place, name, f"KEY={VALUE}\n", 0o644)
        load(_put(place, "s.env", f"KEY={VALUE}\n"))

    return _not_refused(work)


def _linked(place: Path) -> Path:
    """A folder whose real parent everybody can write, by a link from a private place."""
    (place / "open" / "in").mkdir(parents=True)
    (place / "open").chmod(0o777)
    (place / "conf").symlink_to(place / "open" / "in")
    return place / "conf" / "s.env"


def _by_acl(place: Path) -> bool:
    """An entry of the access list lets another user read; chmod shows its mask."""
    path = _put(place, "s.env", f"KEY={VALUE}\n")
    entries = ((0x01, 6, 0xFFFFFFFF), (0x02, 4, 12345), (0x04, 0, 0xFFFFFFFF), (0x10, 4, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF))
    try:
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))
    except (OSError, AttributeError):
        return False  # no access lists here
    return _not_refused(lambda _: load(path))(place)


def _by_default_acl(place: Path) -> bool:
    """The folder's default list would let another user read what is saved."""
    entries = ((0x01, 7, 0xFFFFFFFF), (0x02, 4, 12345), (0x04, 5, 0xFFFFFFFF), (0x10, 7, 0xFFFFFFFF), (0x20, 5, 0xFFFFFFFF))
    try:
        os.setxattr(place, "system.posix_acl_default", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))
    except (OSError, AttributeError):
        return False
    save(place / "s.env", {"KEY": VALUE})
    return bool((place / "s.env").stat().st_mode & 0o077)


def aside() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {f"saved with {end!a}": _injected(end) for end in LINE_ENDS}
    found |= {f"a copy others can read: {name}": _copy_beside(name) for name in COPIES}
    found |= {f"a path that is none {path[:12]!a}": _not_refused(lambda place, path=path: load(str(place) + path)) for path in PATHS}  # type: ignore[misc]
    found |= {
        "loaded by a link from an open folder": _not_refused(lambda place: load(_put(_linked(place).parent, "s.env", f"KEY={VALUE}\n"))), "saved by a link into an open folder": _not_refused(lambda place: save(_linked(place), {"KEY": VALUE})),
        "read by an access list": _by_acl, "saved under a default access list": _by_default_acl, "set-uid": _not_refused(lambda place: load(_put(place, "s.env", "KEY=x\n", 0o4600))), "set-gid": _not_refused(lambda place: load(_put(place, "s.env", "KEY=x\n", 0o2600))),
        "a number is saved": _not_refused(lambda place: save(place / "s.env", {"KEY": 5})), "a lone surrogate is saved": _not_refused(lambda place: save(place / "s.json", {"KEY": "\ud800" + VALUE})),
        "a lone surrogate is loaded": _not_refused(lambda place: load(_put(place, "s.json", '{"KEY": "\\ud800' + VALUE + '"}'))), "TOML: a dotted key of 2,000": _not_refused(lambda place: load(_put(place, "s.toml", ".".join("a" * 2_000) + " = 1"))),
        "TOML: a number of 6,000 digits": _not_refused(lambda place: load(_put(place, "s.toml", "K = 0x" + "f" * 5_000))), "JSON: a number of 100,000 digits": _not_refused(lambda place: load(_put(place, "s.json", '{"K": ' + "9" * 100_000 + "}"))),
        "YAML: a sum of 100,000 sixties": _slow("s.yaml", "K: 1" + ":1" * 100_000), "YAML: 5,000 hexadecimal digits": _slow("s.yaml", "K: 0x" + "f" * 5_000), "YAML: a day that is none": _slow("s.yaml", "K: 2001-99-99"), "YAML: a list as a name": _slow("s.yaml", "? [a]\n: b\n"),
        "YAML: a PIN is another number": lambda place: _plain(place, "s.yaml", "K: 0123456\nL: 1_000\nM: 1:30\nN: 007\n") != {"K": "0123456", "L": "1_000", "M": "1:30", "N": "007"},
        "the state of a value": lambda place: _state(),
    }  # fmt: skip
    return found


def _state() -> bool:
    with contextlib.suppress(TypeError):
        return VALUE in str(object.__getattribute__(Secret(VALUE), "__getstate__")())
    return False


@dataclasses.dataclass
class _Settings:
    key: Secret


def aside_twins() -> dict[str, Attack]:
    """What must work."""
    odd = {"A": "x\n\u2028y 'q' \"r\" \\ # $HOME", "B": "p\u00e4ss-\U0001f511", "C": "\x7f\x85 {a: [b]}", "D": "0123"}
    return {
        **{f"odd values are saved and loaded: {name}": lambda place, name=name: (save(place / name, odd), _plain(place, name, (place / name).read_text(encoding="utf-8")) == odd)[1] for name in ("s.json", "s.yaml", "s.toml")},  # type: ignore[dict-item, misc]
        "lines that end as on Windows": lambda place: _plain(place, "s.env", "A=1\r\nB='x y'\r\n") == {"A": "1", "B": "x y"},
        "a private copy beside it": lambda place: (_put(place, "s.env~", f"KEY={VALUE}\n"), _plain(place, "s.env", "KEY=x\n"))[1] == {"KEY": "x"},
        "an example beside it": lambda place: (_put(place, "s.env.example", "KEY=\n", 0o644), _plain(place, "s.env", "KEY=x\n"))[1] == {"KEY": "x"},
        "a private folder by a link": lambda place: ((place / "in").mkdir(0o700), (place / "conf").symlink_to(place / "in"), _plain(place / "conf", "s.env", "KEY=x\n"))[2] == {"KEY": "x"},
        "settings that hold a secret are copied": lambda place: copy.deepcopy(_Settings(Secret(VALUE))).key.reveal() == dataclasses.asdict(_Settings(Secret(VALUE)))["key"].reveal() == VALUE,
        "dotted TOML": lambda place: load(_put(place, "s.toml", 'a.b.c = "x"\nhost = "10.0.0.1"\n'))["a"]["b"]["c"].reveal() == "x",  # type: ignore[index,union-attr,call-overload]
        "nothing in YAML": lambda place: _plain(place, "s.yaml", "A: x\nB:\nC: ~\n") == {"A": "x"},
    }
