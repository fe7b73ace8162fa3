"""Paths that were kept aside: names no file system carries, trees deeper than a stack, archives that announce more than they hold, mounts, names that are one to a folding file system."""

from __future__ import annotations

import contextlib
import ctypes
import gzip
import io
import os
import sqlite3
import struct
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from tests.attacks.suite import Attack
from troth.guard.paths import Blacklist, PathRefusedError, Root, enforce, extract_tar, extract_zip
from troth.guard.paths import root as root_module

SECONDS = 2.0
MEBIBYTE = 2**20


def _not_refused(work: Callable[[Path], object]) -> Attack:
    """Succeeds where nothing refuses it by the guard's own error, or refusing takes long, in processor time."""

    def tried(place: Path) -> bool:
        begun = time.process_time()
        try:
            work(place)
        except PathRefusedError:
            return time.process_time() - begun > SECONDS
        except Exception:
            return True
        return True

    return tried


def _write(name: str) -> Callable[[Path], object]:
    def work(place: Path) -> None:
        with Root(place) as root, root.write(name) as file:
            file.write(b"x")

    return work


def _header(kind: bytes, size: int, body: bytes = b"", *, packed: bool = True) -> io.BytesIO:
    """A tar archive that is nothing but the head of a description of so many bytes."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=1) if packed else contextlib.nullcontext(data) as out:
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        if body:
            out.write(body.ljust(-(-len(body) // 512) * 512, b"\0"))
        for _ in range(size // MEBIBYTE if not body else 0):
            out.write(b"9" * MEBIBYTE)
    data.seek(0)
    return data


def _pax(headers: dict[str, str], name: str = "fine") -> io.BytesIO:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size, info.pax_headers = 3, headers
        archive.addfile(info, io.BytesIO(b"abc"))
    data.seek(0)
    return data


def _chain(length: int) -> io.BytesIO:
    """A member after so many pax headers."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 11
    return io.BytesIO((info.tobuf(tarfile.USTAR_FORMAT) + b"11 path=ab\n".ljust(512, b"\0")) * length + tarfile.TarInfo("x").tobuf() + bytes(1024))


def _entries(count: int, *, small: bool = False) -> io.BytesIO:
    """A zip archive whose directory has so many entries; with `small`, the record that old readers see says there are none."""
    entry = b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0)
    directory = b"".join(entry + b"%07d" % number for number in range(count))
    data = directory
    if small:
        data += struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), 0) + struct.pack("<4sIQI", b"PK\6\7", 0, len(directory), 1)
    return io.BytesIO(data + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0 if small else len(directory), 0, 0))


def _damaged(place: Path) -> bool:
    """Compressed members with a byte changed: refused in the guard's words, whatever the decompressor says."""
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", method) as archive:
            archive.writestr("f", bytes(range(256)) * 8)
        for at in range(0, len(data.getvalue()), 5):
            broken = bytearray(data.getvalue())
            broken[at] ^= 0x55
            inside = place / f"{method}-{at}"
            inside.mkdir()
            try:
                extract_zip(io.BytesIO(broken), Root(inside), total_bytes=MEBIBYTE)
            except PathRefusedError:
                continue
            except Exception:
                return True
    return False


def _deep(place: Path, levels: int) -> None:
    current = os.open(place, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=current)
        deeper = os.open("d", os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = deeper
    os.close(current)
    (place / "file").write_text("x")


def _deep_walk(place: Path) -> bool:
    """A tree deeper than a stack ends the walk, or hides what is beside it."""
    _deep(place, 1500)
    try:
        return list(Root(place).walk()) != ["file"]
    except (RecursionError, OSError):
        return True
    finally:
        subprocess.run(["rm", "-rf", str(place / "d")], check=True)  # the standard library's own way is recursive


def _removed(place: Path) -> bool:
    """A listed file that is removed after it was opened has no name any more that a list could hold."""
    listed = place / ".env"
    listed.write_text("secret")
    opened = root_module.open_beneath

    def and_remove(*arguments: int | str, **options: bool) -> int:
        descriptor = opened(*arguments, **options)  # type: ignore[arg-type]
        listed.unlink(missing_ok=True)
        return descriptor

    with mock.patch.object(root_module, "open_beneath", and_remove), contextlib.suppress(PathRefusedError):
        return bool(Root(place, blacklist=Blacklist([".env"])).read_bytes(".env"))
    return False


def _mount(place: Path) -> bool:
    """A directory is made in what is mounted below the root."""
    (place / "mount").mkdir()
    library = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or library.mount(b"tmpfs", str(place / "mount").encode(), b"tmpfs", 0, b"size=64k") != 0:
        return False  # nobody can mount here, the attacker neither
    try:
        with contextlib.suppress(PathRefusedError), Root(place) as root:
            root.make_directory("mount/new")
        return (place / "mount" / "new").exists()
    finally:
        library.umount2(str(place / "mount").encode(), 2)


def _enforced(act: Callable[[Path], object]) -> Attack:
    """Succeeds where the audit hook lets it happen outside the folder."""

    def tried(place: Path) -> bool:
        (place / "in").mkdir()
        (place / "out").mkdir()
        (place / "in" / "f").write_text("x")
        (place / "out" / "victim").write_text("victim")
        before = sorted(str(item) for item in (place / "out").rglob("*")), (place / "out" / "victim").stat()[:7]
        hook = enforce([place / "in"])
        try:
            with contextlib.suppress(PathRefusedError):
                act(place)
        finally:
            hook.stop()
        return before != (sorted(str(item) for item in (place / "out").rglob("*")), (place / "out" / "victim").stat()[:7])

    return tried


NAMES = ("a\nb", "x\x1b[2J", "COM\u00b9", "LPT\u00b2.txt", "CONIN$", "con .txt", "d:stream/x", "sub/C:x", ".git\u200c/config", ".e\u00adnv", "a\u202etxt.exe", "dir./x", "dir /x", "\x7f")
FOLDED = ("/srv/.ENV", "/srv/.e\u200cnv", "/srv/.env.", "/srv/.env ", "/srv/.env. .", "/srv/.env::$DATA", "/srv/\u212fd/../.ENV", "/home/robin/.S\u017fH/x", "/home/robin/.\uff33\uff33\uff28/x", "/srv/ID_RSA", "/etc./passwd")  # fmt: skip


def aside() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {
        "a lone surrogate is read": _not_refused(lambda place: Root(place).read_bytes("\ud800")), "a lone surrogate is written": _not_refused(_write("\ud800")), "a name of 300 is written": _not_refused(_write("b" * 300)),
        "a directory of 300": _not_refused(lambda place: Root(place).make_directory("b" * 300)), "a name of 128 that is 256 in bytes": _not_refused(_write("\u00e4" * 128)),
        "a walk over a tree of 1,500 levels": _deep_walk, "a listed file that was removed meanwhile": _removed, "a directory in a mount": _mount, "damaged archives": _damaged,
        "tar: a long name of 512 MB": _not_refused(lambda place: extract_tar(_header(tarfile.GNUTYPE_LONGNAME, 512 * MEBIBYTE, b"9" * 600), Root(place))),
        "tar: a long link of 64 MB": _not_refused(lambda place: extract_tar(_header(tarfile.GNUTYPE_LONGLINK, 64 * MEBIBYTE), Root(place))),
        "tar: a pax header of 64 MB": _not_refused(lambda place: extract_tar(_header(tarfile.XHDTYPE, 64 * MEBIBYTE), Root(place))),
        "tar: a global header of 64 MB": _not_refused(lambda place: extract_tar(_header(tarfile.XGLTYPE, 64 * MEBIBYTE), Root(place))),
        "tar: a pax header of digits": _not_refused(lambda place: extract_tar(_header(tarfile.XHDTYPE, 65_000, b"9" * 65_000, packed=False), Root(place))),
        "tar: 3,000 pax headers for one member": _not_refused(lambda place: extract_tar(_chain(3_000), Root(place))),
        "tar: a map of holes that is none": _not_refused(lambda place: extract_tar(_pax({"GNU.sparse.map": "0,1,x"}), Root(place))),
        "tar: a size below zero": _not_refused(lambda place: extract_tar(_pax({"size": "-5"}), Root(place))),
        "tar: a hole of a tebibyte": _not_refused(lambda place: extract_tar(_pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**40)}), Root(place))),
        "zip: 300,000 entries": _not_refused(lambda place: extract_zip(_entries(300_000), Root(place), members=100)),
        "zip: 300,000 entries that the small record hides": _not_refused(lambda place: extract_zip(_entries(300_000, small=True), Root(place), members=100)),
    }  # fmt: skip
    found |= {f"tar: member {name!a}": _not_refused(lambda place, name=name: extract_tar(_pax({"path": name}), Root(place))) for name in NAMES}  # type: ignore[misc]
    found |= {f"folding: {path!a}": lambda _, path=path: not Blacklist(home="/home/robin", fold_case=True).covers(path) for path in FOLDED}  # type: ignore[misc]
    acts: dict[str, Callable[[Path], object]] = {
        "rename to outside": lambda p: os.rename(p / "in" / "f", p / "out" / "f"), "hard link from outside": lambda p: os.link(p / "in" / "f", p / "out" / "f"), "symbolic link outside": lambda p: os.symlink(p / "in" / "f", p / "out" / "f"),
        "directory outside": lambda p: os.mkdir(p / "out" / "d"), "truncate": lambda p: os.truncate(p / "out" / "victim", 0), "mode": lambda p: os.chmod(p / "out" / "victim", 0o777), "a database": lambda p: sqlite3.connect(p / "out" / "x.db").execute("create table t (a)"),
    }  # fmt: skip
    return found | {f"enforced: {name}": _enforced(act) for name, act in acts.items()}


def aside_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        "a name of 255": lambda place: _round(place, "b" * 255),
        "a name with bytes that are no UTF-8": lambda place: _round(place, "x\udcff"),
        "a tree of 60 levels": lambda place: (_deep(place, 60), list(Root(place).walk()) == ["file"])[1],
        "a sorted walk": lambda place: (_deep(place, 2), (place / "d" / "d" / "z").touch(), (place / "d" / "a").touch(), list(Root(place).walk()) == ["d/a", "d/d/z", "file"])[3],
        "tar: a pax name of 200 digits": lambda place: extract_tar(_pax({"path": "1" * 200}), Root(place)) == ("1" * 200,),
        "tar: comments and times": lambda place: extract_tar(_pax({"comment": "a" * 2000, "mtime": "1700000000.123456789"}), Root(place)) == ("fine",),
        "tar: gzip, bzip2 and xz": lambda place: all(_packed(place, kind) for kind in ("gz", "bz2", "xz")),
        "zip: with a comment": lambda place: extract_zip(_commented(), Root(place)) == ("fine", "icon.d-is-fine"),
        "folding: other names": lambda _: not any(Blacklist(home="/home/robin", fold_case=True).covers(path) for path in ("/srv/environment", "/srv/a.env.md", "/srv/x/.envoy", "/home/robin/.sshrc.txt")),
        "enforced: inside": lambda place: not _enforced(lambda p: (os.rename(p / "in" / "f", p / "in" / "g"), os.mkdir(p / "in" / "d"), sqlite3.connect(":memory:").close()))(place) and (place / "in" / "d").exists(),
    }


def _round(place: Path, name: str) -> bool:
    with Root(place) as root:
        with root.write(name) as file:
            file.write(b"x")
        return root.read_bytes(name) == b"x"


def _packed(place: Path, kind: str) -> bool:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo(f"n/{kind}")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    data.seek(0)
    return extract_tar(data, Root(place)) == (f"n/{kind}",) and (place / "n" / kind).read_bytes() == b"abc"


def _commented() -> io.BytesIO:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("fine", "x")
        archive.writestr("icon.d-is-fine", "x")
        archive.comment = b"a comment " * 100
    return io.BytesIO(data.getvalue())
