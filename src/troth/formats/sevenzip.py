"""7z archives, unpacked by py7zr (an extra) in a process of its own with limits on memory, time and output.

The reader of 7z headers is somebody else's code over hostile bytes, so that it works where a bomb or a fault costs nothing: a child without environment, its results files in a folder that is thrown away, named by number.
Members keep their archive names for the verdict only. Not unpacked: encrypted archives, links, more than the budget. Without py7zr the archive is refused.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from troth.formats.source import Source
from troth.formats.verdict import Budget, Refusal

__all__ = ["MAGIC", "unpacked"]

MAGIC: Final = b"7z\xbc\xaf\x27\x1c"
_SECONDS: Final = 60
_MEMORY_BYTES: Final = 1 << 30
_MOST_MEMBERS: Final = 10_000
_HEADER_BYTES: Final = 16 << 20
_ABSENT: Final = 3

_CHILD: Final = """
import json, os, sys
folder, limit, most, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (memory + limit, memory + limit))
    resource.setrlimit(resource.RLIMIT_CPU, (50, 55))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
try:
    import py7zr
    from py7zr.io import Py7zIO, WriterFactory
except ImportError:
    sys.exit(3)
left = [limit]
class Writer(Py7zIO):
    def __init__(self, path):
        self.file = open(path, "w+b")
    def write(self, data):
        left[0] -= len(data)
        if left[0] < 0:
            raise ValueError("budget")
        return self.file.write(data)
    def read(self, size=None):
        return self.file.read() if size is None else self.file.read(size)
    def seek(self, offset, whence=0):
        return self.file.seek(offset, whence)
    def flush(self):
        self.file.flush()
    def size(self):
        return os.fstat(self.file.fileno()).st_size
class Factory(WriterFactory):
    def __init__(self):
        self.names = []
        self.files = []
    def create(self, filename):
        if len(self.names) >= most:
            raise ValueError("members")
        self.names.append(filename)
        made = Writer(os.path.join(folder, str(len(self.names) - 1)))
        self.files.append(made)
        return made
with py7zr.SevenZipFile(sys.stdin.buffer, "r") as archive:
    if archive.needs_password():
        sys.exit(4)
    members = archive.list()
    if len(members) > most:
        sys.exit(5)
    if sum(member.uncompressed for member in members) > limit:
        sys.exit(6)
    if any(member.is_symlink for member in members):
        sys.exit(7)
    factory = Factory()
    archive.extractall(factory=factory)
    for made in factory.files:
        made.file.flush()
with open(os.path.join(folder, "names"), "w") as file:
    json.dump(factory.names, file)
"""

_WHY: Final = {
    _ABSENT: ("archive-7z", "a 7z archive, which is not looked into without the package py7zr; install it, or unpack the archive and scan its files"),
    4: ("archive-encrypted", "an encrypted 7z archive, into which nobody can look"),
    5: ("budget-members", f"the 7z archive has more than {_MOST_MEMBERS} members"),
    6: ("budget-expanded", "the 7z archive expands to more than the limit"),
    7: ("link-member", "a link inside of the archive"),
}


def _check_start(source: Source) -> None:
    """The signature header: its own checksum, and a header that lies inside the file. 7-Zip's 7zFormat.txt, `SignatureHeader`."""
    head = source.head(32)
    if len(head) < 32 or zlib.crc32(head[12:32]) != struct.unpack_from("<I", head, 8)[0]:
        raise Refusal("7z-header", "the start of the 7z archive is damaged", 8)
    offset, size, _checksum = struct.unpack_from("<QQI", head, 12)
    if size > _HEADER_BYTES or 32 + offset + size > source.size:
        raise Refusal("7z-header", "the 7z archive's header lies outside of the file, or is larger than one can be", 12)


@contextmanager
def unpacked(source: Source, budget: Budget) -> Iterator[list[tuple[str, Source]]]:
    """Names and contents of all members.

    Raises:
        Refusal: no reader, damaged, encrypted, too large, or a member that is no plain file.
    """
    _check_start(source)
    with tempfile.TemporaryDirectory(prefix="troth-7z-") as folder:
        _run(source, Path(folder), budget)
        names = json.loads(Path(folder, "names").read_text(encoding="utf-8"))
        found, handles = [], []
        try:
            for number, name in enumerate(names):
                handle = os.open(Path(folder, str(number)), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
                handles.append(handle)
                found.append((str(name), Source(handle)))
            yield found
        finally:
            for handle in handles:
                os.close(handle)


def _run(source: Source, folder: Path, budget: Budget) -> None:
    with tempfile.TemporaryFile(dir=folder) as archive:
        at = 0
        while at < source.size:
            piece = source.read(at, min(1 << 20, source.size - at))
            archive.write(piece)
            at += len(piece)
        archive.seek(0)
        command = [sys.executable, "-I", "-c", _CHILD, str(folder), str(budget.expanded), str(_MOST_MEMBERS), str(_MEMORY_BYTES)]
        try:
            done = subprocess.run(  # noqa: S603 - our own script and arguments
                command, stdin=archive, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={}, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Refusal("budget-time", f"the 7z archive took longer than {_SECONDS} s to unpack") from error
    if done.returncode in _WHY:
        raise Refusal(*_WHY[done.returncode], 0)
    if done.returncode or not (folder / "names").is_file():
        raise Refusal("7z-damaged", "the 7z archive cannot be unpacked within its limits", 0)
