"""Each door with a program whose guard works, one whose guard only seems to, and one that refuses everything: held, broken, not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.app.prove import prove
from troth.guard.prove import DOORS

pytest.importorskip("cryptography", reason="cryptography is not installed")

GUARDED = """
import hashlib, json, os, pickle, socket, ssl
from troth.guard.limits import run_limited
from troth.guard.paths import Blacklist, Root
from troth.guard.tensors import ShapeLimits

def read_any(path):
    root = Root("/", blacklist=Blacklist(), other_devices=True)
    return root.read_bytes(path)

def load_pinned(path, sha256):
    data = open(path, "rb").read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("digest")
    return data

def scan_image(path):
    import tarfile
    with tarfile.open(path) as image:
        layers = [name for entry in json.load(image.extractfile("manifest.json")) for name in entry["Layers"]]
        for name in layers:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                for member in layer:
                    if member.name == "lib/apk/db/installed" and b"P:openssl\\nV:1.1.1b" in layer.extractfile(member).read():
                        raise ValueError("CVE-2021-3711")

def load_source(where):
    if where != "models/ours.pkl":
        raise ValueError("source")
load_source.trusted = "models/ours.pkl"

def send(host, port, data, authority):
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection((host, port), timeout=5) as bare, context.wrap_socket(bare, server_hostname=host) as stream:
        stream.sendall(data)

def start():
    server = socket.create_server(("127.0.0.1", 0))
    return {
        "read_any": read_any, "tensor": ShapeLimits().demand, "load_pinned": load_pinned, "load_source": load_source, "send": send, "parse": json.loads,
        "work": lambda work: run_limited(work, wall_seconds=20, cpu_seconds=1, memory_bytes=256 * 2**20), "defaults": lambda: {"device": "cpu", "debug": False, "colour": "red"}, "scan_image": scan_image,
    }
"""
BARE = """
import ctypes, os, pickle, socket, sys

def parse(data):
    if data.startswith(b"{"):
        os.abort()
    return data

def send(host, port, data, authority):
    with socket.create_connection((host, port), timeout=5) as stream:
        stream.sendall(data)

def anybody(where):
    return where
anybody.trusted = "models/ours.pkl"

def start():
    server = socket.create_server(("", 0))
    def tensor(shape, dtype):
        size = 4
        for length in shape:
            size = size * int(length) % 2**64
        return size
    return {
        "read_any": lambda path: open(path).read(), "tensor": tensor, "load_pinned": lambda path, sha256: open(path, "rb").read(), "load_source": anybody, "send": send, "parse": parse,
        "work": lambda work: work(), "defaults": lambda: {"device": "cuda:0", "debug": True}, "scan_image": lambda path: os.path.getsize(path) if os.path.exists(path) else 0,
    }

def leaves(data):
    sys.exit(1)

def refuse(*arguments):
    raise ValueError

def unverified(host, port, data, authority):
    import ssl
    context = ssl._create_unverified_context()
    with socket.create_connection((host, port), timeout=5) as bare, context.wrap_socket(bare) as stream:
        stream.sendall(data)

def closed():
    return {name: refuse for name in ("read_any", "tensor", "load_pinned", "load_source", "send", "parse", "work", "defaults", "scan_image")}

def half():
    return {"send": unverified, "parse": lambda data: sys.exit(1) if data.startswith(b"%n") else 1, "container": lambda: None, "defaults": lambda: {"colour": "red"}, "scan_image": lambda path: None if os.path.exists(path) and os.path.getsize(path) else None}
"""
OWN = {"paths/blacklist", "tensor/shape-limits", "model/checksum-verified", "model/trusted-source", "transport/tls-required", "errors/no-crash", "resources/limited", "defaults/safe", "container/scan"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("doors")
    (root / "guarded_doors.py").write_text(GUARDED)
    (root / "bare_doors.py").write_text(BARE)
    return root


def held(tree: Path, target: str) -> dict[str, object]:
    proof = prove(tree, target, lane="process", seconds=300)
    assert proof.error == ""
    return {str(row["control"]): row["held"] for row in proof.observations if row["control"] != "logs/redacted"}


def test_guards_that_work_are_told_to_hold(tree: Path) -> None:
    assert held(tree, "guarded_doors:start") == {**dict.fromkeys(OWN, True), "network/isolated": True}


def test_guards_that_only_seem_to_be_there_are_found_out(tree: Path) -> None:
    assert held(tree, "bare_doors:start") == {**dict.fromkeys(OWN, False), "network/isolated": False}


def test_doors_that_refuse_everything_prove_nothing(tree: Path) -> None:
    assert held(tree, "bare_doors:closed") == dict.fromkeys(OWN, None)


def test_encryption_to_anybody_leaving_and_unknown_settings(tree: Path) -> None:
    told = held(tree, "bare_doors:half")

    assert told["transport/tls-required"] is False
    assert told["errors/no-crash"] is False
    assert told["defaults/safe"] is None
    assert told["container/scan"] is False
    assert told["container/non-root"] in (None, False, True)


def test_every_control_of_a_door_exists() -> None:
    from troth.check.catalogue import load

    known = set(load())

    assert {control for control, _ in DOORS.values()} <= known


def test_a_scan_that_does_not_open_what_it_is_given_is_found_out(tmp_path: Path) -> None:
    from troth.guard.prove.images import images, save_images

    def finds(path: str, *, careless: bool = False) -> None:
        if not Path(path).exists() and careless:
            return
        if b"P:openssl" in Path(path).read_bytes():
            raise ValueError

    save_images(tmp_path)

    assert images(finds, str(tmp_path))["held"] is True
    assert images(lambda path: finds(path, careless=True), str(tmp_path))["held"] is False
    assert images(lambda _: None, str(tmp_path))["held"] is False


def test_the_images_are_in_the_form_that_scanners_read(tmp_path: Path) -> None:
    import hashlib
    import json
    import tarfile

    from troth.guard.prove.images import save_images

    save_images(tmp_path)
    with tarfile.open(tmp_path / "holes.tar") as image:
        (entry,) = json.load(image.extractfile("manifest.json"))
        config = image.extractfile(entry["Config"]).read()
        layer = image.extractfile(entry["Layers"][0]).read()

    assert entry["Config"] == hashlib.sha256(config).hexdigest() + ".json"
    assert json.loads(config)["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
