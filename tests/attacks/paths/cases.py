"""Paths under attack, both ways of opening (openat2 and the walk), the write side, archives and the blacklist."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from tests.attacks.paths.again import again, again_twins
from tests.attacks.paths.aside import aside, aside_twins
from tests.attacks.paths.blind import blind, blind_twins
from tests.attacks.paths.further import further, further_twins
from tests.attacks.suite import Attack, Suite
from troth.guard.paths import Blacklist, PathRefusedError, Root, extract_tar, extract_zip, kernel
from troth.guard.paths import root as root_module

SECRET = b"the secret outside"

READS = [
    "../secret", "sub/../../secret", "./sub/./../../secret", "/etc/passwd", "//etc/passwd", "/./etc/passwd", "/../etc/passwd", "../in-evil/secret", "relative", "absolute", "up/secret", "up/in-evil/secret", "up/up/secret",
    "magic/etc/passwd", "fd/0", "self/root/etc/passwd", "/proc/self/root/etc/passwd", "/proc/thread-self/root/etc/passwd", "/proc/self/cwd/../secret", "/proc/1/root/etc/passwd", "/dev/fd/0", "loop", "chain39", "hard", "fifo",
    "socket", "sub", ".", "", "plain.txt\0.png", "\0", "a" * 5000, "b" * 300, "x/" * 3000, "plain.txt/..", "plain.txt/../../secret", "sub//..//../secret", "\udcff\udcfe", "..", "/", "...", "%2e%2e%2fsecret", "..%2fsecret", "..\\secret",
    "..\u2215secret", "．．/secret", "~/.ssh/id_rsa", "~root/.ssh/id_rsa", "$HOME/.ssh/id_rsa", "C:\\Windows\\win.ini", "\\\\host\\share", "plain.txt:stream", "sub/../../in-evil/secret", "magic/../secret", "dangling", "out/../plain-outside",
    "\n../secret", "../secret\n", "sub/\r/../../../secret",
]  # fmt: skip
WRITES = [
    "../evil",
    "relative",
    "absolute",
    "up/evil",
    "plain.txt",
    "/tmp/troth-evil",
    ".",
    "..",
    "sub",
    "fifo",
    "magic/tmp/evil",
    "dangling",
    "out/evil",
    "hard",
    "evil\0",
    "../in-evil/evil",
    "sub/../../evil",
]
REPLACES = ["relative", "absolute", "fifo", "sub", "up", "out/f", "../secret", "dangling"]


def _place(place: Path) -> Path:
    inside = place / "in"
    (inside / "sub").mkdir(parents=True)
    (place / "in-evil").mkdir()
    (place / "secret").write_bytes(SECRET)
    (place / "in-evil" / "secret").write_bytes(SECRET)
    (place / "plain-outside").write_bytes(SECRET)
    (inside / "plain.txt").write_bytes(b"plain")
    (inside / "sub" / "deep ü.txt").write_bytes(b"deep")
    for name, target in {
        "relative": "../secret",
        "absolute": str(place / "secret"),
        "up": "..",
        "magic": "/proc/self/root",
        "fd": "/proc/self/fd",
        "self": "/proc/self",
        "loop": "loop",
        "good link": "plain.txt",
        "dangling": "../new",
        "out": "../in-evil",
    }.items():
        (inside / name).symlink_to(target)
    for number in range(40):
        (inside / f"chain{number}").symlink_to(f"chain{number - 1}" if number else "../secret")
    os.link(place / "secret", inside / "hard")
    os.mkfifo(inside / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.getcwd()
        os.chdir(inside)
        server.bind("socket")
        os.chdir(folder)
    return inside


def _walked(case: Attack) -> Attack:
    """The same without openat2."""

    def walk(
        directory: int, path: str, flags: int, mode: int = 0, *, links: bool = True, other_devices: bool = False
    ) -> int:
        return kernel.walk_beneath(directory, path, flags, mode, other_devices=other_devices)

    def tried(place: Path) -> bool:
        with mock.patch.object(root_module, "open_beneath", walk):
            return case(place)

    return tried


def _reads(path: str) -> Attack:
    def tried(place: Path) -> bool:
        try:
            with Root(_place(place)) as root:
                root.read_bytes(path)
        except PathRefusedError:
            return False
        return True

    return tried


def _writes(path: str, replace: bool) -> Attack:
    def tried(place: Path) -> bool:
        inside = _place(place)
        before = sorted(str(item) for item in place.rglob("*"))
        with contextlib.suppress(PathRefusedError), Root(inside) as root, root.write(path, replace=replace) as file:
            file.write(b"evil")
        harmed = (place / "secret").read_bytes() != SECRET or (inside / "plain.txt").read_bytes() != b"plain"
        return harmed or before != sorted(str(item) for item in place.rglob("*")) or os.path.exists("/tmp/troth-evil")

    return tried


def _oracle(place: Path) -> bool:
    told = set()
    for path in (
        "../secret",
        "../missing",
        "missing",
        "relative",
        "absolute",
        "up/nothing",
        "/etc/passwd",
        "/etc/no-such-file",
    ):
        try:
            Root(_place(place) if not (place / "in").exists() else place / "in").open(path)
        except PathRefusedError as error:
            told.add((str(error), error.__cause__ and str(error.__cause__)))
    return len({text for text, _ in told}) != 1


def _walk_follows(place: Path) -> bool:
    root = Root(_place(place))
    got = set()
    for path in root.walk():
        try:
            got.add(root.read_bytes(path))
        except PathRefusedError:
            continue
    return SECRET in got


def _moved(place: Path) -> bool:
    root = Root(_place(place))
    (place / "in").rename(place / "moved")
    (place / "in").symlink_to(place / "in-evil")
    try:
        return root.read_bytes("secret") == SECRET
    except PathRefusedError:
        return False


def _output_folder_replaced(place: Path) -> bool:
    root = Root(_place(place))
    (place / "in" / "sub").rename(place / "in" / "was")
    (place / "in" / "sub").symlink_to("../in-evil")
    with contextlib.suppress(PathRefusedError), root.write("sub/evil") as file:
        file.write(b"x")
    return (place / "in-evil" / "evil").exists()


def _half_written(place: Path) -> bool:
    root = Root(_place(place))
    with contextlib.suppress(KeyError), root.write("half.txt") as file:
        file.write(b"half")
        raise KeyError
    return any("half" in name for name in os.listdir(place / "in"))


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    data.seek(0)
    return data


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def _untars(*members: tuple[tarfile.TarInfo, bytes]) -> Attack:
    def tried(place: Path) -> bool:
        inside = _place(place)
        before = {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)}
        with contextlib.suppress(PathRefusedError):
            extract_tar(_tar(*members), Root(inside))
        outside = {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)} != before
        odd = any(
            item.name.startswith("new") and (item.is_symlink() or item.stat().st_mode & 0o7000)
            for item in inside.rglob("*")
        )
        return (
            outside
            or odd
            or (place / "secret").read_bytes() != SECRET
            or (inside / "plain.txt").read_bytes() != b"plain"
        )

    return tried


def _unzips(make: Callable[[zipfile.ZipFile], object], bytes_at_most: int = 10**6) -> Attack:
    def tried(place: Path) -> bool:
        inside = _place(place)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            make(archive)
        before = {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)}
        refused = False
        try:
            extract_zip(data, Root(inside), total_bytes=bytes_at_most, members=1000)
        except PathRefusedError:
            refused = True
        return not refused or {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)} != before

    return tried


def _link_in_zip(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("newlink")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "../secret")


LISTED = ["~/.ssh/id_rsa", "~/.aws/credentials", "~/.netrc", "~/.config/gcloud/x.json", "~/.docker/config.json", "~/.kube/config", "/etc/shadow", "/proc/1/environ", "/run/secrets/token", "/var/run/secrets/kubernetes.io/serviceaccount/token",
          "/srv/x/.git-credentials", "/srv/app/secrets.yaml", "/srv/app/.env", "~/.bash_history", "~/.gnupg/secring.gpg", "~/.pypirc", "~/.npmrc"]  # fmt: skip
UNLISTED = [
    "/home/robin/project/main.py",
    "/srv/etc/passwd",
    "/home/robin/.sshd/notes",
    "/etcetera/x",
    "/home/robin/environment.yml",
    "/srv/app/.env.example",
    "/srv/data/history.csv",
]


def _covers(path: str, **options: object) -> bool:
    return Blacklist(home="/home/robin", **options).covers(path.replace("~", "/home/robin"))  # type: ignore[arg-type]


def suites() -> list[Suite]:
    """Paths as the kernel resolves them, and the same without openat2."""
    suite = Suite("paths" if kernel.HAS_OPENAT2 else "paths (no openat2 here)")
    walk = Suite("paths (component walk)")
    for path in READS:
        suite.attack(f"read {path[:40]!a}{len(path)}")(_reads(path))
        walk.attack(f"read {path[:40]!a}{len(path)}")(_walked(_reads(path)))
    for path in WRITES:
        suite.attack(f"write {path!a}")(_writes(path, False))
        walk.attack(f"write {path!a}")(_walked(_writes(path, False)))
    for path in REPLACES:
        suite.attack(f"replace {path!a}")(_writes(path, True))
    for name, case in {
        "errors tell what exists": _oracle,
        "a walk follows links": _walk_follows,
        "the root is swapped": _moved,
        "the output folder is swapped": _output_folder_replaced,
        "a failed write stays": _half_written,
    }.items():
        suite.attack(name)(case)
    for name in (
        "../new",
        "/tmp/troth-evil",
        "sub/../../new",
        "..\\new",
        "C:new",
        "new\0x",
        "CON",
        "plain.txt",
        "new/../../new2",
        "relative",
    ):
        suite.attack(f"tar member {name!a}")(_untars((_member(name), b"evil")))
    suite.attack("tar symlink then write")(
        _untars((_member("newl", tarfile.SYMTYPE, ".."), b""), (_member("newl/evil"), b"x"))
    )
    suite.attack("tar hard link then write")(
        _untars((_member("newh", tarfile.LNKTYPE, "../secret"), b""), (_member("newh"), b"x"))
    )
    suite.attack("tar device")(_untars((_member("newd", tarfile.CHRTYPE), b"")))
    suite.attack("tar FIFO")(_untars((_member("newf", tarfile.FIFOTYPE), b"")))
    suite.attack("tar set-uid")(_untars((_member("new", mode=0o6777), b"x")))
    suite.attack("tar through a planted link")(_untars((_member("out/evil"), b"x")))
    suite.attack("zip ..")(_unzips(lambda archive: archive.writestr("../new", "x")))
    suite.attack("zip absolute")(_unzips(lambda archive: archive.writestr("/tmp/troth-evil", "x")))
    suite.attack("zip link")(_unzips(_link_in_zip))
    suite.attack("zip backslash")(_unzips(lambda archive: archive.writestr("..\\new", "x")))
    suite.attack("zip colliding names")(
        _unzips(lambda archive: (archive.writestr("new", "x"), archive.writestr("NEW", "y")))
    )
    suite.attack("zip bomb")(_unzips(lambda archive: archive.writestr("new", b"\0" * 10**8), 10**9))
    suite.attack("zip many")(_unzips(lambda archive: [archive.writestr(f"new{number}", "") for number in range(1001)]))
    for path in LISTED:
        suite.attack(f"unlisted {path}")(lambda _, path=path: not _covers(path))
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
    suite.attack("case on a folding file system")(lambda _: not _covers("/ETC/shadow", fold_case=True))
    for path in UNLISTED:
        suite.twin(f"listed {path}")(lambda _, path=path: not _covers(path))
    benign = {
        "plain.txt": b"plain",
        "sub/deep ü.txt": b"deep",
        "./plain.txt": b"plain",
        "sub/./deep ü.txt": b"deep",
        "sub//deep ü.txt": b"deep",
    }
    for path, content in benign.items():
        suite.twin(f"read {path}")(
            lambda place, path=path, content=content: Root(_place(place)).read_bytes(path) == content
        )
        walk.twin(f"read {path}")(
            _walked(lambda place, path=path, content=content: Root(_place(place)).read_bytes(path) == content)
        )
    if kernel.HAS_OPENAT2:
        suite.twin("a link that stays inside")(lambda place: Root(_place(place)).read_bytes("good link") == b"plain")
    suite.twin("an absolute path inside")(
        lambda place: Root(_place(place)).read_bytes(str(place / "in" / "plain.txt")) == b"plain"
    )
    suite.twin("write a new file")(lambda place: _written(_place(place)) == b"new")
    suite.twin("unpack a tar")(
        lambda place: (
            extract_tar(_tar((_member("new/a.txt"), b"x"), (_member("new/b"), b"y")), Root(_place(place)))
            == ("new/a.txt", "new/b")
        )
    )
    suite.twin("unpack a zip")(
        lambda place: extract_zip(_zip({"n/a.txt": "x" * 10**5, "b": "y"}), Root(_place(place))) == ("n/a.txt", "b")
    )
    return [suite, walk]


def _written(inside: Path) -> bytes:
    root = Root(inside)
    with root.write("sub/new.txt") as file:
        file.write(b"new")
    return root.read_bytes("sub/new.txt")


def _zip(files: dict[str, str]) -> io.BytesIO:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data
