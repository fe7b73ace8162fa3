"""The secrets file under attack: every way in which somebody else could read it, or be read in its place."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from tests.attacks.secrets_file.again import again, again_twins
from tests.attacks.secrets_file.aside import aside, aside_twins
from tests.attacks.secrets_file.blind import blind, blind_twins
from tests.attacks.secrets_file.further import further, further_twins
from tests.attacks.suite import Suite
from troth.guard.secrets import Secret, SecretsFileError, load, save

VALUE = "v-3kXz91LqP0sTn7"


def _file(place: Path, mode: int = 0o600, name: str = "secrets.env") -> Path:
    path = place / name
    path.write_text(f"KEY={VALUE}\n")
    path.chmod(mode)
    return path


def _loads(path: Path) -> bool:
    """Whether a value comes out."""
    try:
        return load(path)["KEY"].reveal() == VALUE  # type: ignore[union-attr]
    except (SecretsFileError, OSError):
        return False


def _mode(mode: int) -> Callable[[Path], bool]:
    return lambda place: _loads(_file(place, mode))


def _symlink(place: Path) -> bool:
    (place / "link.env").symlink_to(_file(place))
    return _loads(place / "link.env")


def _hard_link(place: Path) -> bool:
    path = _file(place)
    os.link(path, place / "other")
    return _loads(path)


def _parent(mode: int) -> Callable[[Path], bool]:
    def tried(place: Path) -> bool:
        (place / "open").mkdir()
        path = _file(place / "open")
        (place / "open").chmod(mode)
        return _loads(path)

    return tried


def _fifo(place: Path) -> bool:
    os.mkfifo(place / "secrets.env", 0o600)
    return _loads(place / "secrets.env")


def _stranger(place: Path) -> bool:
    path = _file(place)
    if os.geteuid() != 0:
        return False
    os.chown(path, 12345, 12345)
    return _loads(path)


def _planted_write(place: Path) -> bool:
    victim = place / "victim"
    victim.write_text("before")
    victim.chmod(0o666)
    (place / "secrets.env").symlink_to(victim)
    with contextlib.suppress(SecretsFileError):
        save(place / "secrets.env", {"KEY": VALUE})
    return VALUE in victim.read_text()


def _window(place: Path) -> bool:
    """Somebody watches the directory while the file is written, under the loosest umask."""
    seen, stop = [], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for entry in os.scandir(place):
                try:
                    seen.append(stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode) & 0o077)
                except FileNotFoundError:
                    continue

    before = os.umask(0)
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for _ in range(30):
            save(place / "secrets.env", {"KEY": VALUE})
    finally:
        os.umask(before)
        stop.set()
        thread.join()
    return any(seen)


def _loose_replaced(place: Path) -> bool:
    path = _file(place, 0o644)
    save(path, {"KEY": VALUE})
    return bool(path.stat().st_mode & 0o077)


def _held_open(place: Path) -> bool:
    """Somebody opened the loose file before; what is written later must not appear there."""
    path = _file(place, 0o666)
    with path.open() as held:
        save(path, {"KEY": "new-" + VALUE})
        return "new-" in held.read()


def _shows(place: Path) -> bool:
    value = load(_file(place))["KEY"]
    return any(
        VALUE in text
        for text in (str(value), repr(value), f"{value}", f"{value!r}", "%s" % value, str([value]), str({"k": value}))
    )


def _child(place: Path) -> bool:
    load(_file(place))
    return VALUE in subprocess.run(["env"], capture_output=True, text=True).stdout


def _error_tells(place: Path) -> bool:
    path = place / "secrets.json"
    path.write_text('{"KEY": "' + VALUE + '"')
    path.chmod(0o600)
    try:
        load(path)
    except SecretsFileError as error:
        return VALUE in str(error) or VALUE in repr(error.__context__)
    return True


def _injects(place: Path) -> bool:
    try:
        save(place / "secrets.env", {"A": "x\nKEY=" + VALUE})
    except SecretsFileError:
        return False
    return "KEY" in load(place / "secrets.env")


def _leftover(place: Path) -> bool:
    """A write that fails leaves nothing behind."""
    with contextlib.suppress(SecretsFileError, UnicodeError):
        save(place / "secrets.env", {"A": "\ud800" + VALUE})
    return any(VALUE.encode() in path.read_bytes() for path in place.iterdir())


def _refused_for(path: Path, word: str) -> bool:
    try:
        load(path)
    except SecretsFileError as error:
        return word in str(error)
    return False


def suites() -> list[Suite]:
    """The one suite of this class."""
    suite = Suite("secrets file")
    for mode in (0o644, 0o640, 0o604, 0o660, 0o666, 0o777, 0o601):
        suite.attack(f"mode {mode:o} is read")(_mode(mode))
    for name, case in {
        "a symbolic link is followed": _symlink, "a second name is read": _hard_link, "a directory that all can write": _parent(0o777), "a directory that the group can write": _parent(0o770), "a FIFO": _fifo,
        "a stranger's file": _stranger, "a planted link is filled": _planted_write, "a moment at which all can read": _window, "a loose file stays loose": _loose_replaced, "an old reader sees the new value": _held_open,
        "a value prints itself": _shows, "a child inherits it": _child, "an error tells the content": _error_tells, "a value makes another line": _injects, "a failed write leaves it behind": _leftover,
    }.items():  # fmt: skip
        suite.attack(name)(case)
    for name, case in further().items():
        suite.attack(f"further: {name}")(case)
    for name, case in further_twins().items():
        suite.twin(f"further: {name}")(case)
    for name, case in again().items():
        suite.attack(f"again: {name}")(case)
    for name, case in again_twins().items():
        suite.twin(f"again: {name}")(case)
    for name, case in blind().items():
        suite.attack(f"blind: {name}")(case)
    for name, case in blind_twins().items():
        suite.twin(f"blind: {name}")(case)
    for name, case in aside().items():
        suite.attack(f"aside: {name}")(case)
    for name, case in aside_twins().items():
        suite.twin(f"aside: {name}")(case)
    suite.twin("0600 is read")(_mode(0o600))
    suite.twin("0400 is read")(_mode(0o400))
    suite.twin("what was saved is loaded")(
        lambda place: (save(place / "s.env", {"KEY": Secret(VALUE)}), _loads(place / "s.env"))[1]
    )
    suite.twin("JSON is saved and loaded")(
        lambda place: (save(place / "s.json", {"KEY": VALUE}), _loads(place / "s.json"))[1]
    )
    suite.twin("a private file is replaced")(
        lambda place: (save(_file(place), {"KEY": VALUE}), _loads(place / "secrets.env"))[1]
    )
    suite.twin("the refusal names the command that mends it")(
        lambda place: _refused_for(_file(place, 0o644), "chmod 600")
    )
    suite.twin("quotes, comments and exports")(
        lambda place: (
            (place / "a.env").write_text(f'# c\nexport KEY="{VALUE}"\n'),
            (place / "a.env").chmod(0o600),
            _loads(place / "a.env"),
        )[2]
    )
    suite.twin("a tree of TOML")(
        lambda place: (
            (place / "a.toml").write_text(f'KEY = "{VALUE}"\n'),
            (place / "a.toml").chmod(0o600),
            _loads(place / "a.toml"),
        )[2]
    )
    return [suite]
