"""More paths: stores of credentials that lists forget, archives whose headers disagree, a root that is a link, walks over things that move."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.paths import Blacklist, PathRefusedError, Root, extract_tar, extract_zip

SECRET = b"the secret outside"
STORES = (
    "~/.config/gh/hosts.yml", "~/.config/op/config", "~/.azure/accessTokens.json", "~/.vault-token", "~/.password-store/x.gpg", "~/.mozilla/firefox/x/logins.json", "~/.local/share/keyrings/login.keyring", "~/.zsh_history", "~/.pgpass", "~/.my.cnf",
    "~/.cargo/credentials.toml", "~/.gem/credentials", "~/.terraform.d/credentials.tfrc.json", "~/.cache/huggingface/token", "/var/run/docker.sock", "/run/secrets/db", "/root/.profile", "/sys/firmware/x", "/srv/a/b/id_ed25519", "/srv/x/.htpasswd",
    "~/.config/rclone/rclone.conf", "~/.python_history", "~/.ssh", "~/.SSH/../.ssh/config",
    "~/.config/hub", "~/.config/glab-cli/config.yml", "~/.config/doctl/config.yaml", "~/.s3cfg", "~/.boto", "~/.aws-vault/keys/x", "~/.oci/config", "~/.kaggle/kaggle.json", "~/.wandb/settings", "~/.databrickscfg", "~/.snowsql/config",
    "~/.config/containers/auth.json", "~/.git-credentials", "~/.config/git/credentials", "~/.mysql_history", "~/.lesshst", "~/.viminfo", "~/.config/filezilla/sitemanager.xml", "~/.config/age/keys.txt", "~/.config/sops/age/keys.txt",
    "/etc/kubernetes/admin.conf", "/var/lib/kubelet/pki/x.pem", "/run/containerd/containerd.sock", "/srv/app/.env.production", "/srv/app/.env.local", "/srv/x/id_dsa", "/srv/x/credentials.json", "/srv/x/service-account.json", "/srv/app/secrets.yml", "/srv/app/secrets.toml",
)  # fmt: skip
FREE = ("/srv/app/.env.example", "/srv/app/.env.sample", "/srv/app/.env.template", "/srv/data/credentials.md", "/home/robin/aws/notes", "/srv/id_rsa.pub.md", "/home/robin/config/gh/hosts.yml", "/srv/app/secrets_test.py", "/home/robin/kaggle/data.json")  # fmt: skip


def _covers(path: str) -> bool:
    return Blacklist(home="/home/robin").covers(path.replace("~", "/home/robin"))


def _tar(make: Callable[[tarfile.TarFile], object], kind: int = tarfile.PAX_FORMAT) -> io.BytesIO:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=kind) as archive:
        make(archive)
    data.seek(0)
    return data


def _file(archive: tarfile.TarFile, name: str, data: bytes = b"evil", **more: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for field, value in more.items():
        setattr(member, field, value)
    archive.addfile(member, io.BytesIO(data))


def _leaves(place: Path, unpack: Callable[[Root], object]) -> bool:
    """Whether anything outside changed, or something that is no plain file or directory came inside."""
    inside = place / "in"
    inside.mkdir()
    (place / "secret").write_bytes(SECRET)
    before = {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)}
    with contextlib.suppress(PathRefusedError), Root(inside) as root:
        unpack(root)
    odd = [item for item in inside.rglob("*") if item.is_symlink() or not (item.is_file() or item.is_dir()) or item.stat().st_mode & 0o7022]
    return bool(odd) or {str(item) for item in place.rglob("*") if not item.is_relative_to(inside)} != before or (place / "secret").read_bytes() != SECRET


def _tars(make: Callable[[tarfile.TarFile], object], kind: int = tarfile.PAX_FORMAT) -> Attack:
    return lambda place: _leaves(place, lambda root: extract_tar(_tar(make, kind), root))


def _zips(make: Callable[[zipfile.ZipFile], object], mend: Callable[[bytes], bytes] = bytes) -> Attack:
    def unpack(root: Root) -> object:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            make(archive)
        return extract_zip(io.BytesIO(mend(data.getvalue())), root)

    return lambda place: _leaves(place, unpack)


def _linked_root(place: Path) -> bool:
    """A root that is a link is what it led to when it was opened."""
    (place / "real").mkdir()
    (place / "other").mkdir()
    (place / "other" / "f").write_bytes(SECRET)
    (place / "link").symlink_to("real")
    root = Root(place / "link")
    (place / "link").unlink()
    (place / "link").symlink_to("other")
    with contextlib.suppress(PathRefusedError):
        return root.read_bytes("f") == SECRET
    return False


def _after_closing(place: Path) -> bool:
    (place / "f").write_bytes(SECRET)
    root = Root(place)
    root.close()
    again = os.open(place, os.O_RDONLY | os.O_DIRECTORY)  # the number may be the same one
    try:
        with contextlib.suppress(PathRefusedError):
            return root.read_bytes("f") == SECRET
        return False
    finally:
        os.close(again)


def _growing(place: Path) -> bool:
    (place / "f").write_bytes(b"x" * 100)
    with contextlib.suppress(PathRefusedError), Root(place) as root:
        return len(root.read_bytes("f", limit_bytes=99)) > 0
    return False


def _write_blacklisted(place: Path) -> bool:
    with contextlib.suppress(PathRefusedError), Root(place, blacklist=Blacklist([".env"])) as root, root.write(".env") as file:
        file.write(b"x")
    return (place / ".env").exists()


def _folder_blacklisted(place: Path) -> bool:
    (place / ".ssh").mkdir()
    with contextlib.suppress(PathRefusedError), Root(place, blacklist=Blacklist([".ssh"])) as root, root.write(".ssh/authorized_keys") as file:
        file.write(b"x")
    return (place / ".ssh" / "authorized_keys").exists()


def _folder_by_link(place: Path) -> bool:
    (place / ".ssh").mkdir()
    (place / "fine").symlink_to(".ssh")
    with contextlib.suppress(PathRefusedError), Root(place, blacklist=Blacklist([".ssh"])) as root, root.write("fine/authorized_keys") as file:
        file.write(b"x")
    return (place / ".ssh" / "authorized_keys").exists()


def _made_directory(place: Path) -> bool:
    (place / "in").mkdir()
    (place / "out").mkdir()
    (place / "in" / "link").symlink_to("../out")
    with contextlib.suppress(PathRefusedError), Root(place / "in") as root:
        root.make_directory("link/new")
    return (place / "out" / "new").exists()


def further() -> dict[str, Attack]:
    """All of them."""
    found: dict[str, Attack] = {f"store {path}": lambda _, path=path: not _covers(path) for path in STORES}
    found |= {
        "tar: a long name in a header of its own": _tars(lambda a: _file(a, "a/" * 60 + "../" * 61 + "evil"), tarfile.GNU_FORMAT),
        "tar: the pax header says another path": _tars(lambda a: _file(a, "fine", pax_headers={"path": "../evil"})),
        "tar: the pax header says a link": _tars(lambda a: _file(a, "new", b"", type=tarfile.SYMTYPE, linkname="x", pax_headers={"linkpath": "../secret"})),
        "tar: world-writable": _tars(lambda a: _file(a, "new", mode=0o777)),
        "tar: a directory with a link's name": _tars(lambda a: (_file(a, "d", b"", type=tarfile.SYMTYPE, linkname=".."), _file(a, "d", b"", type=tarfile.DIRTYPE), _file(a, "d/evil"))),
        "tar: contiguous file": _tars(lambda a: _file(a, "../evil", type=tarfile.CONTTYPE)),
        "tar: file over a directory": _tars(lambda a: (_file(a, "d", b"", type=tarfile.DIRTYPE), _file(a, "d"), _file(a, "d/../../evil"))),
        "tar: a drive": _tars(lambda a: _file(a, "C:\\evil")),
        "zip: the local header says another name": _zips(lambda a: a.writestr("aaaaaaa", "x"), lambda data: data.replace(b"aaaaaaa", b"../evil", 1)),
        "zip: the central header says another name": _zips(lambda a: a.writestr("aaaaaaa", "x"), lambda data: data[: data.rindex(b"aaaaaaa")] + b"../evil" + data[data.rindex(b"aaaaaaa") + 7 :]),
        "zip: a FIFO": _zips(lambda a: a.writestr(_attributes("new", 0o010644), "")),
        "zip: a device": _zips(lambda a: a.writestr(_attributes("new", 0o060644), "")),
        "zip: set-uid": _zips(lambda a: a.writestr(_attributes("new", 0o104777), "")),
        "zip: a name in Unicode in an extra field": _zips(lambda a: a.writestr(_extra("fine", "../evil"), "x")),
        "zip: the same name twice": _zips(lambda a: (a.writestr("new", "x"), a.writestr("./new", "y"), a.writestr("new/../../evil", "z"))),
        "zip: a directory that is a file": _zips(lambda a: (a.writestr("d", "x"), a.writestr("d/../../evil", "y"))),
        "a root that is a link": _linked_root,
        "a root that is closed": _after_closing,
        "a file that is larger than allowed": _growing,
        "write to a listed name": _write_blacklisted,
        "write below a listed folder": _folder_blacklisted,
        "write below a listed folder, by a link": _folder_by_link,
        "make a directory behind a link": _made_directory,
    }
    return found


def _attributes(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def _extra(name: str, other: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    body = b"\1" + struct.pack("<I", __import__("zlib").crc32(name.encode())) + other.encode()
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    return info


def further_twins() -> dict[str, Attack]:
    """What must work."""
    found: dict[str, Attack] = {f"not a store {path}": lambda _, path=path: not _covers(path) for path in FREE}
    found["a tar with long names"] = lambda place: extract_tar(_tar(lambda a: _file(a, "a/" * 30 + "fine")), Root(place)) == ("a/" * 30 + "fine",)
    found["a zip with folders"] = lambda place: "d/fine" in extract_zip(_folders(), Root(place))
    found["make and write"] = _both
    return found


def _folders() -> io.BytesIO:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("d/", "")
        archive.writestr("d/fine", "x")
    return io.BytesIO(data.getvalue())


def _both(place: Path) -> bool:
    with Root(place, blacklist=Blacklist([".ssh"])) as root:
        root.make_directory("a/b")
        with root.write("a/b/c") as file:
            file.write(b"x")
        return root.read_bytes("a/b/c") == b"x"
