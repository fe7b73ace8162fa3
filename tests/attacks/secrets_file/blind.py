"""The secrets file, written without having looked at the guard: who else may read it, what stands where it should be, what a save does to it, where its values show."""

from __future__ import annotations

import collections
import contextlib
import io
import json
import logging
import os
import pprint
import socket
import stat
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.redact import redact, shared_redactor
from troth.guard.secrets import SecretsFileError, load, save

VALUE = "q8Zk-3vLw7XsPn2Ht9"


def _file(place: Path, mode: int = 0o600, name: str = "s.env") -> Path:
    path = place / name
    path.write_text(f"KEY={VALUE}\n")
    path.chmod(mode)
    return path


def _loads(prepare: Callable[[Path], Path]) -> Attack:
    """Succeeds where the file is loaded, or something other than a refusal comes."""

    def tried(place: Path) -> bool:
        path = prepare(place)
        try:
            load(path)
        except SecretsFileError as error:
            return VALUE in str(error)
        except Exception:
            return True
        return True

    return tried


def _folder(place: Path, mode: int) -> Path:
    (place / "open").mkdir()
    path = _file(place / "open")
    (place / "open").chmod(mode)
    return path


def _deep(place: Path) -> Path:
    (place / "open" / "inner").mkdir(parents=True)
    path = _file(place / "open" / "inner")
    (place / "open").chmod(0o777)
    return path


def _linked(place: Path) -> Path:
    os.symlink(_file(place, name="real.env"), place / "s.env")
    return place / "s.env"


def _linked_folder(place: Path) -> Path:
    (place / "real").mkdir(mode=0o777)
    (place / "real").chmod(0o777)
    _file(place / "real")
    os.symlink("real", place / "safe")
    return place / "safe" / "s.env"


def _hard(place: Path) -> Path:
    path = _file(place)
    os.link(path, place / "other")
    return path


def _fifo(place: Path) -> Path:
    os.mkfifo(place / "s.env", 0o600)
    return place / "s.env"


def _socket(place: Path) -> Path:
    here = os.getcwd()
    os.chdir(place)
    try:
        holder = socket.socket(socket.AF_UNIX)
        holder.bind("s.env")
        holder.close()
    finally:
        os.chdir(here)
    (place / "s.env").chmod(0o600)
    return place / "s.env"


def _directory(place: Path) -> Path:
    (place / "s.env").mkdir(mode=0o700)
    return place / "s.env"


def _foreign(place: Path) -> Path:
    path = _file(place)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        path.chmod(0o640)
    return path


def _acl(place: Path) -> Path:
    """An access list that lets another user read, where the file system has them; else the mode says it."""
    path = _file(place)
    entry = b"\2\0\0\0" + b"".join(tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + who.to_bytes(4, "little", signed=False) for tag, rights, who in ((1, 6, 2**32 - 1), (2, 4, 65533), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)))
    try:
        os.setxattr(path, "system.posix_acl_access", entry)
    except OSError:
        path.chmod(0o640)
    return path


def _copy(name: str) -> Callable[[Path], Path]:
    def prepare(place: Path) -> Path:
        path = _file(place, name="s.yaml")
        path.write_text(f"KEY: {VALUE}\n")
        _file(place, 0o644, name)
        return path

    return prepare


FILES: dict[str, Attack] = {
    **{f"mode {mode:04o}": _loads(lambda place, mode=mode: _file(place, mode)) for mode in (0o604, 0o620, 0o602, 0o660, 0o606, 0o755, 0o444, 0o610, 0o601, 0o4644)},
    **{f"folder of mode {mode:04o}": _loads(lambda place, mode=mode: _folder(place, mode)) for mode in (0o777, 0o770, 0o722, 0o702)},
    "an open folder above": _loads(_deep), "a link": _loads(_linked), "a link to an open folder": _loads(_linked_folder), "a second name": _loads(_hard), "a FIFO": _loads(_fifo), "a socket": _loads(_socket), "a folder": _loads(_directory), "another's": _loads(_foreign), "an access list": _loads(_acl),
    "a device": _loads(lambda _: Path("/dev/null")), "a descriptor": _loads(lambda place: Path(f"/proc/self/fd/{os.open(_file(place, 0o644), os.O_RDONLY)}")),
    **{f"a copy beside it: {name}": _loads(_copy(name)) for name in ("s.yaml~", "s.yaml.bak", "s.yaml.orig", ".s.yaml.swp", "#s.yaml#", "s.yaml.old", "s.yaml.save")},
}  # fmt: skip


def _window(place: Path) -> bool:
    """While it is saved, at every call of the kernel, nothing in the folder may be open to others: seen by an audit hook of a child."""
    code = """
    import os, sys, stat
    from troth.guard.secrets import save
    os.umask(0)
    folder, seen = sys.argv[1], []
    def look(event, args):
        if event in ("os.rename", "os.chmod", "open", "os.link", "os.remove") and not look.busy:
            look.busy = True
            try:
                seen.extend(stat.S_IMODE(os.lstat(os.path.join(folder, n)).st_mode) for n in os.listdir(folder))
            finally:
                look.busy = False
    look.busy = False
    sys.addaudithook(look)
    for number in range(3):
        save(os.path.join(folder, "s.env"), {"KEY": "q8Zk-3vLw7XsPn2Ht9" + str(number)})
    print(any(mode & 0o077 for mode in seen), len(seen))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(place)], capture_output=True, text=True, check=False)
    return not done.stdout.startswith("False")


def _over_loose(place: Path) -> bool:
    """A save over a file that others may read leaves it so."""
    path = _file(place, 0o644)
    with contextlib.suppress(SecretsFileError):
        save(path, {"KEY": VALUE + "new"})
    return "new" in path.read_text() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _over_link(place: Path) -> bool:
    victim = place / "victim"
    victim.write_text("untouched")
    os.symlink(victim, place / "s.env")
    with contextlib.suppress(SecretsFileError):
        save(place / "s.env", {"KEY": VALUE})
    return victim.read_text() != "untouched"


def _over_names(place: Path) -> bool:
    """The old file's other name must not get the new value."""
    path = _file(place)
    os.link(path, place / "other")
    with contextlib.suppress(SecretsFileError):
        save(path, {"KEY": "fresh-" + VALUE})
    return "fresh-" in (place / "other").read_text()


def _planted(place: Path) -> bool:
    """Links under every name that a temporary file could be guessed to have."""
    victim = place / "victim"
    victim.write_text("untouched")
    for name in ("s.env.tmp", "s.env.new", ".s.env.tmp", "s.env.part", f"s.env.{os.getpid()}", f".s.env.{os.getpid()}.tmp", "s.env~"):
        os.symlink(victim, place / name)
    with contextlib.suppress(SecretsFileError):
        save(place / "s.env", {"KEY": VALUE})
    return victim.read_text() != "untouched"


def _crashed(place: Path) -> bool:
    """A process that is killed in the middle of a save leaves the old file whole, and nothing that others can read."""
    path = _file(place)
    code = "import os, sys\nfrom troth.guard.secrets import save\nos.umask(0)\nos.fsync = lambda *_: os.kill(os.getpid(), 9)\nsave(sys.argv[1], {'KEY': 'fresh'})"
    subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    loose = [item for item in place.iterdir() if stat.S_IMODE(item.lstat().st_mode) & 0o077]
    return path.read_text() != f"KEY={VALUE}\n" or bool(loose)


def _full(place: Path) -> bool:
    """A save that cannot be written to its end (a limit on the size of files) must not cut the old file."""
    path = _file(place)
    code = "import resource, signal, sys\nfrom troth.guard.secrets import save\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\nsave(sys.argv[1], {'KEY': 'x' * 5000})"
    subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    return path.read_text() != f"KEY={VALUE}\n" or len(list(place.iterdir())) != 1


INJECTED = {"a line end in a value": {"KEY": "a\nADMIN=1"}, "a line end in a name": {"KEY\nADMIN": "1"}, "a quote": {"KEY": 'a"\nADMIN="1'}, "a comment": {"KEY": "a # b"}, "an equals sign in a name": {"KEY=1\nADMIN": "x"}, "spaces around": {"KEY": "  a  "}, "a dollar": {"KEY": "$(id) ${HOME} `id`"}, "a backslash at the end": {"KEY": "a\\"}, "carriage return": {"KEY": "a\rADMIN=1"}, "a NUL": {"KEY": "a\0b"}}  # fmt: skip


def _injected(values: dict[str, str], name: str) -> Attack:
    """Succeeds where what is loaded is not what was saved."""

    def tried(place: Path) -> bool:
        path = place / name
        try:
            save(path, values)
        except (SecretsFileError, ValueError):
            return False
        return {key: value.reveal() for key, value in load(path).items()} != values  # type: ignore[union-attr]

    return tried


def _shows(show: Callable[[dict[str, object]], object]) -> Attack:
    def tried(place: Path) -> bool:
        tree = load(_file(place))
        with contextlib.suppress(Exception):
            return VALUE in str(show(tree))  # type: ignore[arg-type]
        return False

    return tried


def _error(tree: dict[str, object]) -> str:
    try:
        {}[tree["KEY"]]
    except KeyError as error:
        return "".join(traceback.format_exception(error)) + repr(error.args)
    return ""


def _logged(tree: dict[str, object]) -> str:
    out = io.StringIO()
    logger = logging.Logger("x")
    logger.addHandler(logging.StreamHandler(out))
    logger.info("%s %r %s", tree, tree["KEY"], {"a": [tree["KEY"]]})
    return out.getvalue()


SHOWS: dict[str, Callable[[dict[str, object]], object]] = {
    "a pretty print": pprint.pformat, "a log record": _logged, "a missing key": _error, "dir and attributes": lambda t: [getattr(t["KEY"], name, None) for name in dir(t["KEY"]) if not name.startswith("_") and name != "reveal"], "a default of JSON": lambda t: json.dumps(t, default=lambda o: o.__dict__ if hasattr(o, "__dict__") else str(o)), "a chain": lambda t: collections.ChainMap(t, {}),
    "bytes of it": lambda t: bytes(str(t["KEY"]), "utf-8"), "a sum of texts": lambda t: "x" + str(t["KEY"]), "sorted": lambda t: sorted([t["KEY"], t["KEY"]], key=str), "an assertion": lambda t: _failing(t["KEY"]), "slots": lambda t: [getattr(t["KEY"], s, "") for s in getattr(type(t["KEY"]), "__slots__", ()) if not s.startswith("_")], "the redactor": lambda t: redact({"colour": VALUE}), "the redactor's text": lambda t: shared_redactor().text(f"colour {VALUE}"),
}  # fmt: skip


def _failing(value: object) -> str:
    try:
        assert value == "other", value
    except AssertionError as error:
        return "".join(traceback.format_exception(error))
    return ""


def _environment(place: Path) -> bool:
    """What is loaded must not get into the environment of children."""
    load(_file(place))
    return VALUE in subprocess.run([sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, text=True, check=False).stdout


def blind() -> dict[str, Attack]:
    """All of them."""
    found = {f"file: {name}": case for name, case in FILES.items()}
    found |= {"a window while it is saved": _window, "saved over a loose file": _over_loose, "saved over a link": _over_link, "saved over a file with another name": _over_names, "planted temporary names": _planted, "killed while it is saved": _crashed, "no room while it is saved": _full, "in the environment": _environment}
    found |= {f"saved as {kind}: {name}": _injected(values, f"s.{kind}") for name, values in INJECTED.items() for kind in ("env", "yaml", "toml", "json")}
    return found | {f"shown by {name}": _shows(show) for name, show in SHOWS.items()}


def blind_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        **{f"mode {mode:04o}": lambda place, mode=mode: load(_file(place, mode))["KEY"].reveal() == VALUE for mode in (0o600, 0o400)},  # type: ignore[union-attr, misc]
        "a folder that others may read": lambda place: load(_folder(place, 0o755))["KEY"].reveal() == VALUE,  # type: ignore[union-attr]
        "a private copy beside it": lambda place: (_file(place, 0o600, "s.env.bak"), load(_file(place))["KEY"].reveal() == VALUE)[1],  # type: ignore[union-attr]
        "an example beside it": lambda place: (_file(place, 0o644, "s.env.example"), load(_file(place))["KEY"].reveal() == VALUE)[1],  # type: ignore[union-attr]
        **{f"saved twice as {kind}": lambda place, kind=kind: (save(place / f"s.{kind}", {"A": "1 2", "B": "é# x"}), save(place / f"s.{kind}", {"A": "3", "B": "é# x"}), {k: v.reveal() for k, v in load(place / f"s.{kind}").items()} == {"A": "3", "B": "é# x"})[2] for kind in ("env", "yaml", "toml", "json")},  # type: ignore[union-attr, misc]
    }
