"""Paths, written without having looked at the guard: what moves between listing and reading, archives with members in odd forms, names through descriptors, what a write leaves behind."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import socket
import stat
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.paths import Blacklist, PathRefusedError, Root, enforce, extract_tar, extract_zip

SECRET = b"the secret outside"


def _laid(place: Path) -> Path:
    inside = place / "in"
    (inside / "sub").mkdir(parents=True)
    (inside / "plain.txt").write_bytes(b"plain")
    (inside / "sub" / "plain.txt").write_bytes(b"plain")
    (place / "secret").write_bytes(SECRET)
    (place / "in-evil").mkdir()
    (place / "in-evil" / "secret").write_bytes(SECRET)
    return inside


def _reads(name: Callable[[Path], str], prepare: Callable[[Path], object] = lambda _: None) -> Attack:
    """Succeeds where the secret is read, or anything but a refusal comes back."""

    def tried(place: Path) -> bool:
        inside = _laid(place)
        prepare(place)
        try:
            with Root(inside) as root:
                return SECRET in root.read_bytes(name(place))
        except PathRefusedError:
            return False
        except Exception:
            return True

    return tried


def _link(target: str, name: str = "link") -> Callable[[Path], object]:
    return lambda place: os.symlink(target.replace("PLACE", str(place)), place / "in" / name)


def _chain(place: Path) -> None:
    """A hundred links, the last of which leads out."""
    for number in range(100):
        os.symlink(f"l{number + 1}" if number < 99 else "../secret", place / "in" / f"l{number}")


def _bound(place: Path) -> None:
    holder = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(place / "in")  # its whole path may be too long for an address
    try:
        holder.bind("socket")
    finally:
        os.chdir(here)
        holder.close()


READS: dict[str, Attack] = {
    "dots between slashes": _reads(lambda _: "sub/.//../.././secret"), "a link by a link": _reads(lambda _: "a", lambda p: (_link("b", "a")(p), _link("../secret", "b")(p))), "a hundred links": _reads(lambda _: "l0", _chain), "a link to itself": _reads(lambda _: "link", _link("link")),
    "a link to the root": _reads(lambda p: f"link{p}/secret", _link("/")), "a link to the own root by its whole name": _reads(lambda _: "link/../secret", _link("PLACE/in")), "a link to a folder above, then down": _reads(lambda _: "link/in-evil/secret", _link("..")),
    "a descriptor of this process": _reads(lambda p: f"/proc/self/fd/{os.open(p / 'secret', os.O_RDONLY)}"), "the same by /dev/fd": _reads(lambda _: "/dev/fd/0"), "standard input": _reads(lambda _: "/dev/stdin"), "a link to /dev/fd": _reads(lambda _: "link/0", _link("/dev/fd")),
    "a link to a task's root": _reads(lambda p: f"link{p}/secret", _link("/proc/self/task/self/root")), "a link to the working directory of this process": _reads(lambda _: "link", _link(f"/proc/{os.getpid()}/cwd")), "a socket": _reads(lambda _: "socket", _bound), "the folder itself": _reads(lambda _: "sub"), "a file as a folder": _reads(lambda _: "plain.txt/../../secret"),
    "a sibling that begins alike": _reads(lambda p: f"{p}/in-evil/secret"), "the root's own name again": _reads(lambda p: f"{p}/in/../secret"), "a path with two roots": _reads(lambda p: f"{p}/in//{p}/secret"), "a name with a line end": _reads(lambda _: "plain.txt\n/../../secret"), "an empty part and a tilde": _reads(lambda _: "~/../secret"), "a whole path as bytes would be": _reads(lambda p: os.fsdecode(os.fsencode(f"{p}/secret"))),
    "a hard link made meanwhile": _reads(lambda _: "hard", lambda p: os.link(p / "secret", p / "in" / "hard")), "a hard link below a folder": _reads(lambda _: "sub/hard", lambda p: os.link(p / "secret", p / "in" / "sub" / "hard")), "a FIFO": _reads(lambda _: "fifo", lambda p: os.mkfifo(p / "in" / "fifo")), "a device by a link": _reads(lambda _: "link", _link("/dev/zero")),
}  # fmt: skip


def _replaced(place: Path) -> bool:
    """The root's folder is moved away and a link to elsewhere planted in its place, after it was opened."""
    inside = _laid(place)
    with Root(inside) as root:
        os.rename(inside, place / "moved")
        os.symlink(place / "in-evil", inside)
        (place / "moved" / "secret").write_bytes(b"own")
        with contextlib.suppress(PathRefusedError):
            return root.read_bytes("secret") == SECRET
    return False


def _written_into_moved(place: Path) -> bool:
    """A folder of the root is replaced by a link while a file is being written."""
    inside = _laid(place)
    with Root(inside) as root, contextlib.suppress(PathRefusedError, OSError), root.write("sub/new.txt") as file:
        os.rename(inside / "sub", place / "aside")
        os.symlink(place / "in-evil", inside / "sub")
        file.write(b"x")
    return (place / "in-evil" / "new.txt").exists()


def _write_modes(place: Path) -> bool:
    """A written file, and what lies there while it is written, is open to others."""
    inside = _laid(place)
    before = os.umask(0)
    seen: list[int] = []
    try:
        with Root(inside) as root, root.write("new.txt") as file:
            seen += [stat.S_IMODE(path.lstat().st_mode) for path in inside.iterdir() if path.name not in ("plain.txt", "sub")]
            file.write(b"x")
    finally:
        os.umask(before)
    return any(mode & 0o077 for mode in (*seen, stat.S_IMODE((inside / "new.txt").stat().st_mode)))


def _failed_write(place: Path) -> bool:
    """A write that fails leaves a part of a file, or has emptied the old one."""
    inside = _laid(place)
    with contextlib.suppress(ZeroDivisionError), Root(inside) as root, root.write("plain.txt", replace=True) as file:
        file.write(b"half")
        raise ZeroDivisionError
    return (inside / "plain.txt").read_bytes() != b"plain" or sorted(path.name for path in inside.iterdir()) != ["plain.txt", "sub"]


def _over_link(place: Path) -> bool:
    inside = _laid(place)
    os.symlink("../secret", inside / "out.txt")
    with contextlib.suppress(PathRefusedError), Root(inside) as root, root.write("out.txt", replace=True) as file:
        file.write(b"overwritten")
    return (place / "secret").read_bytes() != SECRET


def _dangling(place: Path) -> bool:
    inside = _laid(place)
    os.symlink("../made", inside / "out.txt")
    with contextlib.suppress(PathRefusedError), Root(inside) as root, root.write("out.txt", replace=True) as file:
        file.write(b"x")
    return (place / "made").exists()


def _walked(place: Path) -> bool:
    """A walk yields what leads out, or a file that was swapped for a link is read."""
    inside = _laid(place)
    os.symlink("../in-evil", inside / "folder")
    os.symlink("../secret", inside / "file")
    with Root(inside) as root:
        found = list(root.walk())
        os.unlink(inside / "sub" / "plain.txt")
        os.symlink("../../secret", inside / "sub" / "plain.txt")
        for path in found:
            with contextlib.suppress(PathRefusedError):
                if SECRET in root.read_bytes(path):
                    return True
    return any("secret" in path or path.startswith(("folder", "file")) for path in found)


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    out.seek(0)
    return out


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, mode
    return made


def _zip(*members: tuple[str, bytes, int]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data, attributes in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes << 16
            archive.writestr(info, data)
    out.seek(0)
    return out


def _unpacks(unpack: Callable[[Root, Path], object]) -> Attack:
    """Succeeds where anything lies or changes outside, or a link, a device, or a file with special rights lies inside."""

    def tried(place: Path) -> bool:
        inside = _laid(place)
        before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file() and inside not in path.parents}
        with contextlib.suppress(Exception), Root(inside) as root:
            unpack(root, place)
        after = {path: path.read_bytes() for path in place.rglob("*") if path.is_file() and not path.is_symlink() and inside not in path.parents}
        odd = [path for path in inside.rglob("*") if path.name != "planted" and (path.is_symlink() or not (path.is_file() or path.is_dir()) or path.lstat().st_mode & 0o7000 or (path.is_file() and path.stat().st_nlink > 1))]
        return before != after or bool(odd)

    return tried


LINK = stat.S_IFLNK | 0o777
ARCHIVES: dict[str, Attack] = {
    "tar: a link and a file through it": _unpacks(lambda r, _: extract_tar(_tar((_member("d", tarfile.SYMTYPE, ".."), b""), (_member("d/evil"), b"x")), r)), "tar: a link to a link": _unpacks(lambda r, _: extract_tar(_tar((_member("a", tarfile.SYMTYPE, "b"), b""), (_member("b", tarfile.SYMTYPE, "../secret"), b"")), r)),
    "tar: a hard link to outside": _unpacks(lambda r, _: extract_tar(_tar((_member("h", tarfile.LNKTYPE, "../secret"), b"")), r)), "tar: a hard link to a file inside": _unpacks(lambda r, _: extract_tar(_tar((_member("f"), b"x"), (_member("h", tarfile.LNKTYPE, "f"), b"")), r)),
    "tar: a folder that becomes a file": _unpacks(lambda r, _: extract_tar(_tar((_member("x", tarfile.DIRTYPE), b""), (_member("x"), b"x"), (_member("x/../../evil"), b"x")), r)), "tar: special rights": _unpacks(lambda r, _: extract_tar(_tar((_member("s", mode=0o6755), b"x"), (_member("t", tarfile.DIRTYPE, mode=0o1777), b"")), r)),
    "tar: devices and FIFOs": _unpacks(lambda r, _: extract_tar(_tar((_member("c", tarfile.CHRTYPE), b""), (_member("b", tarfile.BLKTYPE), b""), (_member("f", tarfile.FIFOTYPE), b"")), r)), "tar: a contiguous file with dots": _unpacks(lambda r, _: extract_tar(_tar((_member("../evil", tarfile.CONTTYPE), b"x")), r)),
    "tar: an unknown kind with dots": _unpacks(lambda r, _: extract_tar(_tar((_member("../evil", b"Z"), b"x")), r)), "tar: backslashes": _unpacks(lambda r, _: extract_tar(_tar((_member("..\\..\\evil"), b"x")), r)), "tar: a whole name": _unpacks(lambda r, p: extract_tar(_tar((_member(f"{p}/evil"), b"x")), r)),
    "tar: two members of one name": _unpacks(lambda r, _: extract_tar(_tar((_member("a"), b"1"), (_member("a", tarfile.SYMTYPE, "../secret"), b""), (_member("a"), b"2")), r)), "tar: over a link that lies there": _unpacks(lambda r, p: (os.symlink("../secret", p / "in" / "planted"), extract_tar(_tar((_member("planted"), b"over")), r))),
    "tar: through a link that lies there": _unpacks(lambda r, p: (os.symlink("../in-evil", p / "in" / "planted"), extract_tar(_tar((_member("planted/evil"), b"x")), r))), "tar: in gzip, twice": _unpacks(lambda r, _: extract_tar(io.BytesIO(gzip.compress(gzip.compress(_tar((_member("../evil"), b"x")).getvalue()))), r)),
    "zip: a link": _unpacks(lambda r, _: extract_zip(_zip(("l", b"../secret", LINK)), r)), "zip: a link and a file through it": _unpacks(lambda r, _: extract_zip(_zip(("d", b"..", LINK), ("d/evil", b"x", 0o644)), r)), "zip: backslashes": _unpacks(lambda r, _: extract_zip(_zip(("..\\..\\evil", b"x", 0o644)), r)),
    "zip: a whole name": _unpacks(lambda r, p: extract_zip(_zip((f"{p}/evil", b"x", 0o644)), r)), "zip: a drive": _unpacks(lambda r, _: extract_zip(_zip(("C:/../../evil", b"x", 0o644)), r)), "zip: special rights": _unpacks(lambda r, _: extract_zip(_zip(("s", b"x", stat.S_IFREG | 0o6755)), r)), "zip: a device": _unpacks(lambda r, _: extract_zip(_zip(("c", b"", stat.S_IFCHR | 0o666)), r)),
    "zip: two members of one name": _unpacks(lambda r, _: extract_zip(_zip(("a", b"1", 0o644), ("a", b"../secret", LINK)), r)), "zip: names that differ between the headers": _unpacks(lambda r, _: extract_zip(_disagreeing(), r)), "zip: a name with a NUL": _unpacks(lambda r, _: extract_zip(io.BytesIO(_zip(("aXX../evil", b"x", 0o644)).getvalue().replace(b"aXX../", b"a\0\0../")), r)),
}  # fmt: skip


def _disagreeing() -> io.BytesIO:
    """The directory calls the member `fine.txt`, its own header `../evil.x`."""
    data = bytearray(_zip(("fine.txt1", b"x", 0o644)).getvalue())
    at = data.index(b"fine.txt1")
    data[at : at + 9] = b"../evil.x"
    return io.BytesIO(bytes(data))


def _hooked(act: Callable[[Path, int, int], object]) -> Attack:
    """Succeeds where the hook lets something be read, made or changed outside."""

    def tried(place: Path) -> bool:
        inside = _laid(place)
        held, other = os.open(inside, os.O_RDONLY), os.open(place, os.O_RDONLY)
        before = sorted(str(path) for path in place.rglob("*"))
        got: object = None
        hook = enforce([inside])
        try:
            with contextlib.suppress(PathRefusedError):
                got = act(place, held, other)
        finally:
            hook.stop()
            os.close(held)
            os.close(other)
        return (isinstance(got, bytes) and SECRET in got) or before != sorted(str(path) for path in place.rglob("*"))

    return tried


def _slurp(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _in_thread(work: Callable[[], bytes]) -> bytes:
    got: list[bytes] = []

    def run() -> None:
        with contextlib.suppress(PathRefusedError):
            got.append(work())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return b"".join(got)


HOOKED: dict[str, Attack] = {
    "a descriptor of another folder": _hooked(lambda _, held, other: _slurp(os.open("secret", os.O_RDONLY, dir_fd=other))), "climbing from a descriptor": _hooked(lambda _, held, other: _slurp(os.open("../secret", os.O_RDONLY, dir_fd=held))), "an opener": _hooked(lambda _, held, other: open("secret", "rb", opener=lambda n, f: os.open(n, f, dir_fd=other)).read()),
    "bytes and a descriptor": _hooked(lambda _, held, other: _slurp(os.open(b"secret", os.O_RDONLY, dir_fd=other))), "a path object and a descriptor": _hooked(lambda _, held, other: _slurp(os.open(Path("secret"), os.O_RDONLY, dir_fd=other))), "another thread": _hooked(lambda _, held, other: _in_thread(lambda: _slurp(os.open("secret", os.O_RDONLY, dir_fd=other)))),
    "posix itself": _hooked(lambda _, held, other: _slurp(__import__("posix").open("secret", os.O_RDONLY, dir_fd=other))), "a folder made": _hooked(lambda _, held, other: os.mkdir("new", dir_fd=other)), "a file renamed": _hooked(lambda _, held, other: os.rename("plain.txt", "stolen", src_dir_fd=held, dst_dir_fd=other)), "a link planted": _hooked(lambda _, held, other: os.symlink("../secret", "planted", dir_fd=held)),
    "a file removed": _hooked(lambda _, held, other: os.unlink("secret", dir_fd=other)), "a folder removed": _hooked(lambda _, held, other: os.rmdir("in-evil", dir_fd=other)), "a tree removed": _hooked(lambda p, held, other: shutil.rmtree(p / "in-evil")), "a copy": _hooked(lambda p, held, other: shutil.copy(p / "secret", p / "in" / "copy")), "a temporary file": _hooked(lambda p, held, other: tempfile.NamedTemporaryFile(dir=p, delete=False).close()),
    "the working directory changed": _hooked(lambda p, held, other: _from(p, lambda: open("secret", "rb").read())), "the working directory by a descriptor": _hooked(lambda p, held, other: _from(p, lambda: _slurp(os.open("secret", os.O_RDONLY)))), "a path library": _hooked(lambda p, held, other: (p / "secret").read_bytes()),
}  # fmt: skip


def _from(place: Path, work: Callable[[], object]) -> object:
    here = os.getcwd()
    os.chdir(place)
    try:
        return work()
    finally:
        os.chdir(here)


STORES = ("~/.ssh/../.ssh/id_rsa", "~/./.aws//credentials", "~/.config/../.netrc", "/proc/1/environ", "/etc/../etc/shadow", "/dev/mem", "~/.config/op/../gh/hosts.yml", "/srv/app/.git-credentials", "/srv/.env", "/var/run/secrets/kubernetes.io/serviceaccount/token", "~/.gnupg/private-keys-v1.d/x", "~/.docker/config.json", "~/.pypirc", "~/.npmrc")


def blind() -> dict[str, Attack]:
    """All of them."""
    found = {f"read: {name}": case for name, case in READS.items()}
    found |= {f"archive: {name}": case for name, case in ARCHIVES.items()}
    found |= {f"hook: {name}": case for name, case in HOOKED.items()}
    found |= {f"store: {path}": lambda _, path=path: not Blacklist(home="/home/robin").covers(os.path.normpath(path.replace("~", "/home/robin"))) for path in STORES}
    found |= {"the root is replaced": _replaced, "a folder is replaced while a file is written": _written_into_moved, "a written file is open to others": _write_modes, "a failed write": _failed_write, "a write over a link": _over_link, "a write over a link to nothing": _dangling, "a walk over things that move": _walked}
    return found


def blind_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        "a link inside, twice": lambda place: (_laid(place), os.symlink("sub", place / "in" / "d"), os.symlink("d/plain.txt", place / "in" / "l"), Root(place / "in").read_bytes("l") == b"plain")[3],
        "dots inside": lambda place: (_laid(place), Root(place / "in").read_bytes("sub/.././sub//plain.txt") == b"plain")[1],
        "a file replaced": lambda place: _rewritten(place) == b"new",
        "a tar with folders": lambda place: (_laid(place), extract_tar(_tar((_member("d", tarfile.DIRTYPE), b""), (_member("d/e.txt"), b"x")), Root(place / "in")), (place / "in" / "d" / "e.txt").read_bytes() == b"x")[2],
        "a zip with folders": lambda place: (_laid(place), extract_zip(_zip(("d/", b"", stat.S_IFDIR | 0o755), ("d/e.txt", b"x", 0o644)), Root(place / "in")), (place / "in" / "d" / "e.txt").read_bytes() == b"x")[2],
        "hook: a descriptor of the folder": lambda place: _inside(place) == b"plain",
        "hook: a tree removed inside": lambda place: (_laid(place), _with_hook(place, lambda: shutil.rmtree(place / "in" / "sub")), not (place / "in" / "sub").exists())[2],
        "hook: a temporary file inside": lambda place: (_laid(place), _with_hook(place, lambda: tempfile.NamedTemporaryFile(dir=place / "in").close()))[1] is None,
    }


def _rewritten(place: Path) -> bytes:
    with Root(_laid(place)) as root:
        with root.write("plain.txt", replace=True) as file:
            file.write(b"new")
        return root.read_bytes("plain.txt")


def _with_hook(place: Path, work: Callable[[], object]) -> object:
    hook = enforce([place / "in"])
    try:
        return work()
    finally:
        hook.stop()


def _inside(place: Path) -> bytes:
    held = os.open(_laid(place), os.O_RDONLY)
    try:
        return _with_hook(place, lambda: _slurp(os.open("plain.txt", os.O_RDONLY, dir_fd=held)))  # type: ignore[return-value]
    finally:
        os.close(held)
