"""A scanner of container images, tried as the pipeline calls it: an image with old, well-known holes must stop it, an empty one must not.

The image with holes is a Linux distribution that nobody maintains any more (Alpine 3.10) with package lists that every scanner reads: apk's, dpkg's and Python's own, with versions whose
holes have had numbers for years. Only the lists are there, none of the programs. Both images are tar files in the form of `docker save` (github.com/moby/docker-image-spec, v1.2).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from troth.guard.prove.trying import seen

__all__ = ["images", "save_images"]

_CONTROL: Final = "container/scan"
_HOLES: Final[Mapping[str, str]] = {
    "etc/os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.10.0\nPRETTY_NAME="Alpine Linux v3.10"\n',
    "etc/alpine-release": "3.10.0\n",
    "lib/apk/db/installed": (
        "P:openssl\nV:1.1.1b-r1\nA:x86_64\nS:1\nI:1\nT:toolkit\nU:https://www.openssl.org\nL:OpenSSL\no:openssl\n\n"
        "P:musl\nV:1.1.22-r2\nA:x86_64\nS:1\nI:1\nT:libc\nU:http://www.musl-libc.org\nL:MIT\no:musl\n\n"
        "P:apk-tools\nV:2.10.4-r1\nA:x86_64\nS:1\nI:1\nT:apk\nU:https://git.alpinelinux.org/cgit/apk-tools\nL:GPL2\no:apk-tools\n\n"
    ),
    "usr/lib/python3.7/site-packages/Django-1.8.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Django\nVersion: 1.8.0\n",
    "usr/lib/python3.7/site-packages/PyYAML-3.12.dist-info/METADATA": "Metadata-Version: 2.1\nName: PyYAML\nVersion: 3.12\n",
    "app/package-lock.json": '{"name":"app","version":"1.0.0","lockfileVersion":1,"dependencies":{"lodash":{"version":"4.17.4"},"minimist":{"version":"0.0.8"}}}',
}
"""openssl 1.1.1b: CVE-2019-1543, CVE-2021-3711; musl 1.1.22: CVE-2019-14697; apk-tools 2.10.4: CVE-2021-36159; Django 1.8.0: CVE-2019-14234; PyYAML 3.12: CVE-2017-18342; lodash 4.17.4: CVE-2019-10744; minimist 0.0.8: CVE-2021-44906."""
_EMPTY: Final[Mapping[str, str]] = {"hello.txt": "Nothing is installed here.\n"}


def save_images(folder: Path) -> None:
    """Lay both images out."""
    _save(folder / "holes.tar", _HOLES)
    _save(folder / "empty.tar", _EMPTY)


def images(door: Callable[..., object], folder: str) -> dict[str, object]:
    """Try a door that takes the path of an image (as `docker save` writes it), scans it and raises where the image may not go on."""
    holes, empty = Path(folder) / "holes.tar", Path(folder) / "empty.tar"
    fine = _refusal(door, empty)
    if fine:
        return seen(_CONTROL, None, f"The scan refused an empty image ({fine}), so that its refusals prove nothing")
    told = _refusal(door, holes)
    if not told:
        return seen(_CONTROL, False, "An image with holes that have been known for years passed the scan")
    missing = _refusal(door, Path(folder) / "no-such-image.tar")
    if not missing:
        return seen(_CONTROL, False, "The scan passed an image that is not there: it was not looked at")
    return seen(_CONTROL, True, "The scan stopped an image with known holes and one that is not there, and passed an empty one")


def _refusal(door: Callable[..., object], image: Path) -> str:
    """Name of what the door raised; empty where it took the image. However long it takes: a scanner may have to look things up."""
    try:
        door(str(image))
    except Exception as error:  # noqa: BLE001 - any exception is the door's refusal; which one is the program's own business
        return type(error).__name__
    return ""


def _save(path: Path, files: Mapping[str, str]) -> None:
    layer = _packed({name: text.encode() for name, text in files.items()})
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]}, "history": [{"created_by": "COPY"}],
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}).encode()  # fmt: skip
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [f"troth.invalid/{path.stem}:1"], "Layers": ["layer/layer.tar"]}]).encode()
    path.write_bytes(_packed({"layer/layer.tar": layer, name: config, "manifest.json": manifest}))


def _packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()
