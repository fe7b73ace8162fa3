"""Attacks on path guards and their benign twins (classes P1 to P24 of the attack list), on the real file system, both ways of opening."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from troth.guard.paths import Blacklist, PathRefusedError, Root, kernel
from troth.guard.paths import root as root_module

SECRET = b"the secret outside"


@pytest.fixture(params=["openat2", "walk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "walk":
        monkeypatch.setattr(
            root_module,
            "open_beneath",
            lambda directory, path, flags, mode=0, *, links=True, other_devices=False: kernel.walk_beneath(
                directory, path, flags, mode, other_devices=other_devices
            ),
        )
    elif not kernel.HAS_OPENAT2:
        pytest.skip("this kernel has no openat2")
    return request.param


@pytest.fixture
def place(tmp_path: Path, way: str) -> Path:
    """A root `in` beside a directory `in-evil` and a secret, filled with traps."""
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "in-evil").mkdir()
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "in-evil" / "secret").write_bytes(SECRET)
    (inside / "plain.txt").write_bytes(b"plain")
    (inside / "sub" / "deep ü.txt").write_bytes(b"deep")
    (inside / "relative").symlink_to("../secret")
    (inside / "absolute").symlink_to(tmp_path / "secret")
    (inside / "up").symlink_to("..")
    (inside / "magic").symlink_to("/proc/self/root")
    (inside / "fd").symlink_to("/proc/self/fd")
    (inside / "loop").symlink_to("loop")
    (inside / "good link").symlink_to("plain.txt")
    os.link(tmp_path / "secret", inside / "hard")
    os.mkfifo(inside / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.getcwd()
        os.chdir(inside)
        server.bind("socket")
        os.chdir(folder)
    return tmp_path


ESCAPES = [
    "../secret", "sub/../../secret", "./sub/./../../secret", "/etc/passwd", "//etc/passwd", "/./etc/passwd", "../in-evil/secret",
    "relative", "absolute", "up/secret", "up/in-evil/secret", "magic/etc/passwd", "fd/0", "loop", "hard", "fifo", "socket", "sub", ".", "",
    "plain.txt\0.png", "a" * 5000, "b" * 300, "plain.txt/..", "plain.txt/../../secret", "sub//..//../secret", "missing", "\udcff\udcfe", "..", "/",
    "%2e%2e%2fsecret", "..\\secret", "~/.ssh/id_rsa", "$HOME/.ssh/id_rsa", "C:\\Windows\\win.ini", "plain.txt:stream", "sub/../../in-evil/secret", "magic/../secret",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_outside_or_odd_opens(path: str, place: Path) -> None:
    root = Root(place / "in")

    with pytest.raises(PathRefusedError) as refused:
        root.open(path)
    assert str(place / "secret") not in str(refused.value)


def test_an_absolute_path_of_a_prefix_sibling_is_outside(place: Path) -> None:
    with pytest.raises(PathRefusedError):
        Root(place / "in").open(str(place / "in-evil" / "secret"))


BENIGN = {
    "plain.txt": b"plain",
    "sub/deep ü.txt": b"deep",
    "./plain.txt": b"plain",
    "sub/./deep ü.txt": b"deep",
    "sub//deep ü.txt": b"deep",
}


@pytest.mark.parametrize("path", BENIGN)
def test_ordinary_files_open(path: str, place: Path) -> None:
    assert BENIGN[path] == Root(place / "in").read_bytes(path)


def test_an_absolute_path_below_the_root_opens(place: Path) -> None:
    assert Root(place / "in").read_bytes(str((place / "in" / "plain.txt").resolve())) == b"plain"


def test_links_that_stay_inside_open_where_the_kernel_resolves_them(place: Path, way: str) -> None:
    if way == "openat2":
        assert Root(place / "in").read_bytes("good link") == b"plain"
    else:
        with pytest.raises(PathRefusedError):
            Root(place / "in").read_bytes("good link")


def test_what_is_missing_and_what_is_outside_are_refused_in_the_same_words(place: Path) -> None:
    told = set()
    for path in ("../secret", "../missing", "missing", "relative", "absolute", "up/nothing"):
        with pytest.raises(PathRefusedError) as refused:
            Root(place / "in").open(path)
        told.add(str(refused.value))

    assert len(told) == 1


def test_a_root_stays_where_it_was_opened(place: Path) -> None:
    root = Root(place / "in")
    (place / "in").rename(place / "moved")
    (place / "in").symlink_to(place / "in-evil")

    assert root.read_bytes("plain.txt") == b"plain"
    with pytest.raises(PathRefusedError):
        root.read_bytes("secret")


def test_hard_links_open_where_they_are_allowed(place: Path) -> None:
    assert Root(place / "in", hard_links=True).read_bytes("hard") == SECRET


def test_a_walk_yields_what_opens_and_follows_no_link(place: Path) -> None:
    assert [path for path in Root(place / "in").walk() if path != "good link"] == ["plain.txt", "sub/deep ü.txt"]


def test_a_file_larger_than_the_limit_is_refused(place: Path) -> None:
    with pytest.raises(PathRefusedError, match="larger"):
        Root(place / "in").read_bytes("plain.txt", limit_bytes=3)


def test_writing_creates_a_private_file_as_a_whole(place: Path) -> None:
    root = Root(place / "in")
    with root.write("sub/new.txt") as file:
        file.write(b"new")
        assert not (place / "in" / "sub" / "new.txt").exists()

    assert (place / "in" / "sub" / "new.txt").read_bytes() == b"new"
    assert stat.S_IMODE((place / "in" / "sub" / "new.txt").stat().st_mode) == 0o600
    with root.write("sub/new.txt", replace=True) as file:
        file.write(b"newer")
    assert root.read_bytes("sub/new.txt") == b"newer"


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "relative",
        "absolute",
        "up/evil",
        "plain.txt",
        "/tmp/evil",
        ".",
        "..",
        "sub",
        "fifo",
        "magic/tmp/evil",
        "missing/evil",
    ],
)
def test_writing_never_leaves_or_replaces(path: str, place: Path) -> None:
    with pytest.raises(PathRefusedError), Root(place / "in").write(path) as file:
        file.write(b"evil")

    assert (place / "secret").read_bytes() == SECRET
    assert (place / "in" / "plain.txt").read_bytes() == b"plain"
    assert not (place / "evil").exists()


@pytest.mark.parametrize("path", ["relative", "fifo", "sub", "up"])
def test_replacing_replaces_regular_files_only(path: str, place: Path) -> None:
    with pytest.raises(PathRefusedError), Root(place / "in").write(path, replace=True) as file:
        file.write(b"evil")

    assert (place / "secret").read_bytes() == SECRET


def test_a_write_that_fails_leaves_nothing(place: Path) -> None:
    before = sorted(os.listdir(place / "in" / "sub"))
    with pytest.raises(RuntimeError), Root(place / "in").write("sub/half.txt") as file:
        file.write(b"half")
        raise RuntimeError

    assert before == sorted(os.listdir(place / "in" / "sub"))


@pytest.mark.parametrize(
    "path",
    ["~/.ssh/id_rsa", "~/.aws/credentials", "~/.netrc", "~/.config/gcloud/x.json", "~/.docker/config.json", "~/.kube/config", "/etc/shadow", "/proc/1/environ",
     "/run/secrets/token", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/srv/x/.git-credentials", "/srv/app/secrets.yaml", "/srv/app/.env", "~/.bash_history"],
)  # fmt: skip
def test_the_default_blacklist_knows_where_credentials_live(path: str) -> None:
    listed = Blacklist(home="/home/robin")

    assert listed.covers(path.replace("~", "/home/robin"))


@pytest.mark.parametrize(
    "path",
    [
        "/home/robin/project/main.py",
        "/srv/etc/passwd",
        "/home/robin/.sshd/notes",
        "/etcetera/x",
        "/home/robin/environment.yml",
        "/srv/app/.env.example",
    ],
)
def test_the_default_blacklist_leaves_ordinary_files_alone(path: str) -> None:
    assert not Blacklist(home="/home/robin").covers(path)


def test_a_blacklist_folds_case_and_unicode_where_the_file_system_does() -> None:
    listed = Blacklist(["/etc", "~/.ssh", "ﬁle.key"], home="/home/robin", fold_case=True)

    assert all(map(listed.covers, ("/ETC/passwd", "/home/robin/.SSH/id", "/x/file.KEY")))
    assert not Blacklist(["/etc"], fold_case=False).covers("/ETC/passwd")


def test_a_blacklist_holds_below_a_root_and_not_above_it(place: Path) -> None:
    (place / "in" / ".env").write_bytes(b"x")
    (place / "in" / "environment").write_bytes(b"y")
    root = Root(place / "in", blacklist=Blacklist([".env", str(place)]))

    with pytest.raises(PathRefusedError, match="blacklist"):
        root.open(".env")
    assert root.read_bytes("environment") == b"y"


@pytest.mark.skipif(not kernel.HAS_OPENAT2, reason="this kernel has no openat2")
def test_no_racing_swap_lets_anything_out(tmp_path: Path) -> None:
    """A file is swapped with a link to the secret as fast as possible while it is opened."""
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(SECRET)
    (inside / "a").write_bytes(b"fine")
    (inside / "b").symlink_to("../secret")
    swapper = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import os\nos.chdir({str(inside)!r})\nwhile True:\n os.rename('a','t'); os.rename('b','a'); os.rename('t','b')",
        ]
    )
    root, opened, leaked = Root(inside), 0, 0
    begun = time.monotonic()
    try:
        # two seconds at least, and on a machine that lets this process run only now and then as long as a hundred opens take
        while (spent := time.monotonic() - begun) < 2 or (opened <= 100 and spent < 60):
            try:
                data = root.read_bytes("a")
            except PathRefusedError:
                continue
            opened += 1
            leaked += data != b"fine"
    finally:
        swapper.kill()
        swapper.wait()

    assert opened > 100
    assert leaked == 0


ENFORCED = """
import sys, io
from troth.guard.paths import enforce, PathRefusedError
hook = enforce([sys.argv[1]], mode="stop")
open(sys.argv[1] + "/plain.txt").read()
import json.tool
try:
    open(sys.argv[2]).read()
except PathRefusedError:
    print("refused")
hook.stop()
print(open(sys.argv[2]).read())
"""


def test_the_audit_hook_stops_what_bypasses_the_guard(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "plain.txt").write_text("plain")
    (tmp_path / "secret").write_text("visible again")
    done = subprocess.run(
        [sys.executable, "-c", ENFORCED, str(tmp_path / "in"), str(tmp_path / "secret")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split("\n")[:2] == ["refused", "visible again"]


RELATIVE = """
import os, posix, shutil, sys, threading
inside, outside = sys.argv[1:3]
early = os.open
from troth.guard.paths import enforce, PathRefusedError, Root
held, other = os.open(inside, os.O_RDONLY), os.open(outside, os.O_RDONLY)
os.chdir(sys.argv[3])
root = Root(inside)
hook = enforce([inside])
def tried(name, act):
    try:
        act()
    except PathRefusedError:
        print(name, "refused")
    else:
        print(name, "passed")
tried("read below", lambda: os.open("plain.txt", os.O_RDONLY, dir_fd=held))
tried("read outside", lambda: os.open("secret", os.O_RDONLY, dir_fd=other))
tried("climb", lambda: os.open("../out/secret", os.O_RDONLY, dir_fd=held))
tried("link", lambda: os.open("link", os.O_RDONLY, dir_fd=held))
tried("absolute", lambda: os.open(outside + "/secret", os.O_RDONLY, dir_fd=held))
tried("the working directory", lambda: os.open("here.txt", os.O_RDONLY))
tried("bytes", lambda: os.open(b"plain.txt", os.O_RDONLY, dir_fd=held))
tried("an old function", lambda: early("secret", os.O_RDONLY, dir_fd=other))
tried("posix", lambda: posix.open("secret", os.O_RDONLY, dir_fd=other))
tried("an old function, absolute", lambda: early(inside + "/plain.txt", os.O_RDONLY))
tried("an opener", lambda: open("secret", opener=lambda name, flags: os.open(name, flags, dir_fd=other)))
tried("make below", lambda: os.mkdir("new", dir_fd=held))
tried("make outside", lambda: os.mkdir("new", dir_fd=other))
tried("remove outside", lambda: os.remove("secret", dir_fd=other))
tried("move out", lambda: os.rename("plain.txt", "stolen", src_dir_fd=held, dst_dir_fd=other))
tried("link in", lambda: os.link("secret", "stolen", src_dir_fd=other, dst_dir_fd=held))
tried("symbolic link to outside", lambda: os.symlink("../out/secret", "stolen", dir_fd=held))
tried("symbolic link within", lambda: os.symlink("plain.txt", "alias", dir_fd=held))
tried("mode outside", lambda: os.chmod("secret", 0o777, dir_fd=other))
tried("times outside", lambda: os.utime("secret", dir_fd=other))
tried("a tree below", lambda: (os.makedirs(inside + "/a/b"), shutil.rmtree(inside + "/a")))
tried("a tree outside", lambda: shutil.rmtree(outside))
seen = []
thread = threading.Thread(target=lambda: tried("another thread", lambda: os.open("secret", os.O_RDONLY, dir_fd=other)))
thread.start(); thread.join()
with root.write("written") as file:
    file.write(b"x")
root.make_directory("made/deeper")
print(sorted(root.walk()))
closed = os.dup(held); os.close(closed)
tried("a closed one", lambda: os.open("plain.txt", os.O_RDONLY, dir_fd=closed))
hook.stop()
print(os.open is early, os.open in os.supports_dir_fd)
"""


def test_the_hook_sees_what_a_directory_descriptor_leads_to(tmp_path: Path) -> None:
    for name in ("in", "out", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "plain.txt").write_text("plain")
    (tmp_path / "in" / "link").symlink_to("../out/secret")
    (tmp_path / "out" / "secret").write_text("secret")
    (tmp_path / "here" / "here.txt").write_text("here")
    done = subprocess.run([sys.executable, "-I", "-c", RELATIVE, *(str(tmp_path / name) for name in ("in", "out", "here"))], capture_output=True, text=True, check=True)

    told = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if line.endswith(("refused", "passed")))
    assert {name for name, what in told.items() if what == "passed"} == {"read below", "bytes", "an old function, absolute", "make below", "symbolic link within", "a tree below"}
    assert len(told) == 24
    assert done.stdout.splitlines()[-1] == "True True"
    assert "written" in done.stdout
    assert (tmp_path / "out" / "secret").read_text() == "secret"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["secret"]


def test_without_openat2_the_walk_of_the_guard_itself_passes_the_hook(tmp_path: Path) -> None:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "file").write_text("fine")
    (tmp_path / "allowed").mkdir()
    program = "import os, sys; from troth.guard.paths import Root, enforce, kernel; root = Root(sys.argv[1]); enforce([sys.argv[2]]); d = kernel.walk_beneath(root._descriptor, 'sub/file', os.O_RDONLY); print(os.read(d, 9).decode())"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "root"), str(tmp_path / "allowed")], capture_output=True, text=True, check=True)

    assert done.stdout == "fine\n"


def test_a_file_with_special_rights_is_not_written_and_a_number_is_no_path(tmp_path: Path) -> None:
    with Root(tmp_path) as root:
        with pytest.raises(PathRefusedError, match="special rights"), root.write("f", mode=0o4755) as file:
            file.write(b"x")
        with pytest.raises(PathRefusedError, match="no path"):
            root.read_bytes(0)  # type: ignore[arg-type]

    assert list(tmp_path.iterdir()) == []
