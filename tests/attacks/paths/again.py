"""Paths, a third time: what changes between two steps of the guard's own, archives that describe themselves falsely, odd arguments, and the audit hook by the back doors of the library."""

from __future__ import annotations

import contextlib
import fileinput
import glob
import io
import linecache
import logging.handlers
import mmap
import os
import pickle
import shelve
import sqlite3
import stat
import tarfile
import threading
import zipfile
from pathlib import Path, PurePosixPath

from tests.attacks.paths.blind import SECRET, _from, _hooked, _laid, _link, _member, _reads, _tar, _unpacks, _zip
from tests.attacks.suite import Attack
from troth.guard.paths import PathRefusedError, Root, extract_tar, extract_zip


class Two(os.PathLike[str]):
    """A path that says something else the second time."""

    def __init__(self, first: str, then: str) -> None:
        self.said = [then, first]

    def __fspath__(self) -> str:
        return self.said.pop() if len(self.said) > 1 else self.said[0]


class Sub(str):
    """A text that lies about itself."""

    __slots__ = ()

    def split(self, *_: object) -> list[str]:  # type: ignore[override]
        return ["plain.txt"]

    def startswith(self, *_: object) -> bool:  # type: ignore[override]
        return False

    def __contains__(self, _: object) -> bool:
        return False


def _given(path: object) -> Attack:
    return _reads(lambda place: path)  # type: ignore[arg-type, return-value]


READS: dict[str, Attack] = {
    "a path that says two things": _given(Two("plain.txt", "../secret")), "a text that lies": _given(Sub("../secret")), "bytes with dots": _given(b"../secret"), "bytes that are no text": _given(b"\xff/../../secret"), "a pure path": _given(PurePosixPath("sub/../../secret")), "a surrogate": _given("\udcff/../../secret"), "a descriptor's number": _reads(lambda p: os.open(p / "secret", os.O_RDONLY)),  # type: ignore[arg-type, return-value]
    "nothing": _given(""), "a dot": _given("."), "a line end": _given("../secret\n"), "a NUL": _given("plain.txt\0/../../secret"), "4,096 dots": _given("sub/../" * 600 + "../secret"), "a long name": _given("a" * 300 + "/../../secret"), "a file as a folder": _given("plain.txt/../../secret"), "an address": _reads(lambda p: f"file://{p}/secret"), "a wide dot": _given("\uff0e\uff0e/secret"), "a slash that looks alike": _given("..\u2215secret"), "percent": _given("%2e%2e/secret"), "a tilde": _given("~/../../secret"), "a variable": _given("$PWD/../secret"),
    "a folder's link, then dots": _reads(lambda _: "link/../secret", _link("../in-evil")), "a link with a slash behind": _reads(lambda _: "link/", _link("../secret")), "a link to a link outside and back": _reads(lambda _: "a", lambda p: (os.symlink("../back", p / "in" / "a"), os.symlink("secret", p / "back"))), "a link to an open file of this process": _reads(lambda p: "link", lambda p: os.symlink(f"/proc/self/fd/{os.open(p / 'secret', os.O_RDONLY)}", p / "in" / "link")), "a link to the thread's folder": _reads(lambda _: "link/../secret", _link("/proc/thread-self/cwd")),
}  # fmt: skip


def _renamed_up(place: Path) -> bool:
    """A folder is moved out of the root between two opens through it."""
    inside = _laid(place)
    with Root(inside) as root:
        root.read_bytes("sub/plain.txt")
        os.rename(inside / "sub", place / "moved")
        (place / "moved" / "plain.txt").write_bytes(SECRET)
        with contextlib.suppress(PathRefusedError):
            return SECRET in root.read_bytes("sub/plain.txt")
    return False


def _closed(place: Path) -> bool:
    """A closed root whose number was given to another folder."""
    root = Root(_laid(place))
    root.close()
    held = [os.open(place / "in-evil", os.O_RDONLY) for _ in range(8)]
    try:
        with contextlib.suppress(Exception):
            return SECRET in root.read_bytes("secret")
    finally:
        for number in held:
            os.close(number)
    return False


def _grows(place: Path) -> bool:
    """A file that grows while it is read must not pass the limit."""
    inside = _laid(place)
    (inside / "big").write_bytes(b"x" * 5_000)
    try:
        with Root(inside) as root:
            return len(root.read_bytes("big", limit_bytes=1_000)) > 1_000
    except PathRefusedError:
        return False


def _mode(place: Path) -> bool:
    """A write that asks for a mode gets no more, and never the special bits."""
    inside = _laid(place)
    with contextlib.suppress(PathRefusedError, ValueError), Root(inside) as root, root.write("new", mode=0o6777) as file:
        file.write(b"x")
    return (inside / "new").exists() and bool((inside / "new").stat().st_mode & 0o7022)


def _made(place: Path) -> bool:
    """Folders made through a link that lies there."""
    inside = _laid(place)
    os.symlink("../in-evil", inside / "d")
    with contextlib.suppress(PathRefusedError, OSError), Root(inside) as root:
        root.make_directory("d/new")
        root.make_directory("../new")
    return (place / "in-evil" / "new").exists() or (place / "new").exists()


def _race_of_writes(place: Path) -> bool:
    """A folder is swapped with a link to outside while files are written through it."""
    inside = _laid(place)
    os.symlink("../in-evil", inside / "other")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for one, two in (("sub", "t"), ("other", "sub"), ("t", "other")):
                with contextlib.suppress(OSError):
                    os.rename(inside / one, inside / two)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        with Root(inside) as root:
            for number in range(300):
                with contextlib.suppress(PathRefusedError, OSError), root.write(f"sub/n{number}") as file:
                    file.write(b"x")
    finally:
        stop.set()
        thread.join()
    return len(list((place / "in-evil").iterdir())) != 1


def _pax(headers: dict[str, str], name: str = "fine") -> io.BytesIO:
    member = tarfile.TarInfo(name)
    member.size = 1
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={}) as archive:
        member.pax_headers = headers
        archive.addfile(member, io.BytesIO(b"x"))
    out.seek(0)
    return out


def _local(name: bytes) -> io.BytesIO:
    """A zip whose Unicode field names another path than its header."""
    extra = b"up" + (5 + len(name)).to_bytes(2, "little") + b"\1" + b"\0\0\0\0" + name
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("fine.txt")
        info.extra = extra
        archive.writestr(info, b"x")
    out.seek(0)
    return out


ARCHIVES: dict[str, Attack] = {
    "tar: a name in a header of its own": _unpacks(lambda r, _: extract_tar(_pax({"path": "../evil"}), r)), "tar: a link in a header of its own": _unpacks(lambda r, _: extract_tar(_pax({"linkpath": "../secret"}), r)), "tar: a sparse map in a header": _unpacks(lambda r, _: extract_tar(_pax({"GNU.sparse.major": "1", "GNU.sparse.name": "../evil", "GNU.sparse.realsize": "1"}), r)), "tar: an owner in a header": _unpacks(lambda r, _: extract_tar(_pax({"uid": "0", "mode": "06777"}), r)),
    "tar: a folder that is a link to a folder made after": _unpacks(lambda r, _: extract_tar(_tar((_member("a", tarfile.SYMTYPE, "b"), b""), (_member("b", tarfile.DIRTYPE), b""), (_member("a/x"), b"x")), r)), "tar: a hard link to a link": _unpacks(lambda r, p: (os.symlink("../secret", p / "in" / "planted"), extract_tar(_tar((_member("h", tarfile.LNKTYPE, "planted"), b"")), r))), "tar: a NUL in a name": _unpacks(lambda r, _: extract_tar(_tar((_member("a\0/../../evil"), b"x")), r)), "tar: one name in two cases of a link": _unpacks(lambda r, _: extract_tar(_tar((_member("A", tarfile.SYMTYPE, ".."), b""), (_member("a/evil"), b"x")), r)),
    "zip: a name in its Unicode field": _unpacks(lambda r, _: extract_zip(_local(b"../evil"), r)), "zip: a whole name in its Unicode field": _unpacks(lambda r, p: extract_zip(_local(str(p / "evil").encode()), r)), "zip: dots behind a folder": _unpacks(lambda r, _: extract_zip(_zip(("a/", b"", stat.S_IFDIR | 0o755), ("a/../../evil", b"x", 0o644)), r)), "zip: a FIFO": _unpacks(lambda r, _: extract_zip(_zip(("f", b"", stat.S_IFIFO | 0o666)), r)), "zip: over a folder": _unpacks(lambda r, _: extract_zip(_zip(("sub", b"../secret", 0o120777)), r)), "zip: bytes before it": _unpacks(lambda r, _: extract_zip(io.BytesIO(b"#!/bin/sh\n" + _zip(("../evil", b"x", 0o644)).getvalue()), r)),
}  # fmt: skip


def _query(path: Path) -> bytes:
    base = sqlite3.connect(path)
    base.execute("create table t (x)")
    base.close()
    return b""


def _shelved(path: Path) -> bytes:
    with shelve.open(str(path)) as shelf:
        shelf["a"] = 1
    return b""


def _rotated(place: Path) -> bytes:
    handler = logging.handlers.RotatingFileHandler(place / "app.log", delay=False)
    handler.close()
    return b""


HOOKED: dict[str, Attack] = {
    "io.open": _hooked(lambda p, h, o: open(p / "secret", "rb").read()), "io.FileIO": _hooked(lambda p, h, o: io.FileIO(p / "secret").read()), "_io.open_code": _hooked(lambda p, h, o: io.open_code(str(p / "secret")).read()), "linecache": _hooked(lambda p, h, o: "".join(linecache.getlines(str(p / "secret"))).encode()), "fileinput": _hooked(lambda p, h, o: b"".join(fileinput.input(p / "secret", mode="rb"))), "mmap": _hooked(lambda p, h, o: mmap.mmap(os.open(p / "secret", os.O_RDONLY), 0, access=mmap.ACCESS_READ)[:]), "a loader": _hooked(lambda p, h, o: __import__("importlib.machinery").machinery.SourceFileLoader("x", str(p / "secret")).get_data(str(p / "secret"))),
    "sqlite": _hooked(lambda p, h, o: _query(p / "new.db")), "a shelf": _hooked(lambda p, h, o: _shelved(p / "shelf")), "a log": _hooked(lambda p, h, o: _rotated(p)), "a pickle of a path": _hooked(lambda p, h, o: pickle.loads(pickle.dumps(p / "secret")).read_bytes()), "truncate": _hooked(lambda p, h, o: os.truncate(p / "secret", 0)), "a copy by the system": _hooked(lambda p, h, o: os.link(p / "secret", p / "in" / "copy")), "a listing": _hooked(lambda p, h, o: "".join(glob.glob(str(p / "*"))).encode()), "a child process with a path": _hooked(lambda p, h, o: _from(p, lambda: open("in/../secret", "rb").read())), "a wrapped opener": _hooked(lambda p, h, o: io.TextIOWrapper(io.BufferedReader(io.FileIO("secret", opener=lambda n, f: os.open(n, f, dir_fd=o)))).read().encode()),
}  # fmt: skip


def again() -> dict[str, Attack]:
    """All of them."""
    found = {f"read: {name}": case for name, case in READS.items()} | {f"archive: {name}": case for name, case in ARCHIVES.items()} | {f"hook: {name}": case for name, case in HOOKED.items()}
    return found | {"a folder moved out": _renamed_up, "a closed root": _closed, "a file longer than its limit": _grows, "a mode with special bits": _mode, "folders through a link": _made, "a race of writes": _race_of_writes}


def again_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        "a path object": lambda place: Root(_laid(place)).read_bytes(PurePosixPath("sub/plain.txt")) == b"plain",
        "a name with dots": lambda place: ((_laid(place) / "..hidden..").write_bytes(b"x"), Root(place / "in").read_bytes("..hidden..") == b"x")[1],
        "a name with a percent sign": lambda place: ((_laid(place) / "%2e%2e").write_bytes(b"x"), Root(place / "in").read_bytes("%2e%2e") == b"x")[1],
        "a tar with a header of its own": lambda place: (_laid(place), extract_tar(_pax({"path": "other.txt"}), Root(place / "in")), (place / "in" / "other.txt").exists())[2],
        "a zip with a Unicode field": lambda place: (_laid(place), extract_zip(_local(b"fine.txt"), Root(place / "in")), (place / "in" / "fine.txt").exists())[2],
        "a limit that is kept": lambda place: Root(_laid(place)).read_bytes("plain.txt", limit_bytes=5) == b"plain",
    }


