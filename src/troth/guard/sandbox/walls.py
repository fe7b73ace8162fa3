"""The command that starts a zygote: what is found on this machine, and what an interpreter must be able to read.

Does not start anything. Refuses by `SandboxError`, naming what is missing.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Final

from troth.guard.sandbox.refusal import SandboxError
from troth.guard.sandbox.terms import Isolation

__all__ = ["DEFAULT_MODULES", "command", "interpreter", "system_paths"]

INSIDE: Final = "/troth"
_HERE: Final = Path(__file__).resolve().parent
_BOOT: Final = "import sys; sys.path.insert(0, {folder!r}); from inside import zygote; sys.path.pop(0); zygote.main()"
_BUBBLEWRAP: Final = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap")
"""Where bubblewrap is taken from; not from PATH, which whoever starts the program can set."""
_WORDS: Final = (
    "abc array ast base64 binascii bisect calendar cmath collections collections.abc copy csv dataclasses datetime decimal difflib enum fnmatch fractions "
    "functools graphlib hashlib heapq hmac html html.parser inspect io ipaddress itertools json keyword locale math numbers operator pprint queue random re "
    "reprlib sched shlex statistics string stringprep struct textwrap threading time timeit token tokenize traceback types typing unicodedata urllib.parse "
    "uuid zlib zoneinfo ?_strptime encodings.utf_8 encodings.utf_8_sig encodings.utf_16 encodings.utf_16_le encodings.utf_16_be encodings.utf_32 "
    "encodings.ascii encodings.latin_1 encodings.cp1252 encodings.idna encodings.punycode encodings.unicode_escape encodings.raw_unicode_escape "
    "encodings.hex_codec encodings.base64_codec encodings.rot_13 ctypes "
)
DEFAULT_MODULES: Final = tuple(_WORDS.split())
"""Loaded before the walls close; names with `?` may be missing."""


def interpreter() -> str:
    """The Python that runs inside: the real one, outside any virtual environment."""
    return os.path.realpath(sys.executable)


def system_paths() -> tuple[str, ...]:
    """What an interpreter needs to read: itself, its standard library, shared libraries. No /etc, /proc, /dev, /home or /tmp."""
    prefix = os.path.realpath(sys.base_prefix)
    own = [interpreter(), os.path.join(prefix, "lib"), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    shared = ["/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
    ordered = dict.fromkeys(os.path.realpath(item) if item.startswith(prefix) else item for item in own)
    return tuple(path for path in (*dict.fromkeys([*shared, *ordered]),) if os.path.exists(path))


def _masked() -> list[str]:
    """Folders of installed packages below what is readable: not needed inside, so not shown."""
    found = []
    for path in system_paths():
        if os.path.isdir(path):
            found += [
                str(item) for name in ("site-packages", "dist-packages") for item in Path(path).glob(f"python3*/{name}")
            ]
    return sorted({os.path.realpath(item) for item in found})


def _bubblewrap() -> str:
    for path in _BUBBLEWRAP:
        if os.access(path, os.X_OK):
            return path
    elsewhere = shutil.which("bwrap")
    raise SandboxError(
        "bubblewrap (bwrap) in /usr/bin or /usr/local/bin, or isolation=Isolation.SEALED on purpose",
        f"There is a bwrap at {elsewhere}, which is not a system folder." if elsewhere else "",
    )


def command(isolation: Isolation, readable: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The zygote's command line, and the paths that Landlock lets it read.

    Args:
        isolation: which walls must stand.
        readable: further paths of the caller, shown at the same place.

    Raises:
        SandboxError: not Linux, or bubblewrap is missing where it must not be.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxError('Linux; on this platform use lane="expr"', f"The platform is {sys.platform}.")
    python = [interpreter(), "-I", "-S", "-B", "-c"]
    if isolation is Isolation.SEALED:
        if readable:
            raise SandboxError("bubblewrap: a sealed sandbox reads no files")
        return [*python, _BOOT.format(folder=str(_HERE))], []
    arguments = [
        _bubblewrap(),
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    arguments += [
        "--uid",
        "65534",
        "--gid",
        "65534",
        "--hostname",
        "sandbox",
        "--cap-drop",
        "ALL",
        "--new-session",
        "--clearenv",
        "--chdir",
        "/",
    ]
    shown = system_paths()
    for path in shown:
        arguments += ["--ro-bind", path, path]
    for path in _masked():
        arguments += ["--tmpfs", path, "--remount-ro", path]
    for path in readable:
        arguments += ["--ro-bind", path, path]
    arguments += ["--ro-bind", str(_HERE / "inside"), f"{INSIDE}/inside", "--remount-ro", "/", "--"]
    return [*arguments, *python, _BOOT.format(folder=INSIDE)], [*shown, *readable]
