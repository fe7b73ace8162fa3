"""A living program beside the sandbox: secrets in a file, in the environment, on the heap, behind an inherited descriptor; listeners; shared memory."""

from __future__ import annotations

import os
import platform
import secrets
import socket
import tempfile
from pathlib import Path

SECRET = "victim-" + secrets.token_hex(16)


class Victim:
    """Holds the targets while it lives; `bait` is what the attacker is told."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="victim-"))
        self.folder.chmod(0o777)
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "writable").write_text("before")
        (self.folder / "writable").chmod(0o666)
        os.environ["VICTIM_SECRET"] = SECRET
        self.descriptor = os.open(self.folder / "secret", os.O_RDWR)
        os.set_inheritable(self.descriptor, True)
        self.shared = Path("/dev/shm") / f"victim-{secrets.token_hex(4)}"
        self.shared.write_text(SECRET)
        self.heap = [SECRET * 3]
        self.tcp, self.udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp.bind(("127.0.0.1", 0))
        self.tcp.listen(64)
        self.udp.bind(("127.0.0.1", 0))
        self.named, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.named.bind(str(self.folder / "socket"))
        self.named.listen(64)
        os.chmod(self.folder / "socket", 0o777)
        name = "victim-" + secrets.token_hex(6)
        self.abstract.bind("\0" + name)
        self.abstract.listen(64)
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        self.bait = {
            "secret": str(self.folder / "secret"), "folder": str(self.folder), "writable": str(self.folder / "writable"), "socket": str(self.folder / "socket"), "abstract": name,
            "tcp": self.tcp.getsockname()[1], "udp": self.udp.getsockname()[1], "pid": os.getpid(), "fd": self.descriptor, "shm": str(self.shared), "host": socket.gethostname(), "machine": machine,
        }  # fmt: skip

    def unharmed(self) -> bool:
        """Whether nothing that an attack could leave behind is there."""
        same = (self.folder / "secret").read_text() == SECRET and (self.folder / "writable").read_text() == "before"
        return same and sorted(os.listdir(self.folder)) == ["secret", "socket", "writable"]

    def close(self) -> None:
        """Take the targets away."""
        for item in (self.tcp, self.udp, self.named, self.abstract):
            item.close()
        os.close(self.descriptor)
        self.shared.unlink(missing_ok=True)
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
        os.environ.pop("VICTIM_SECRET", None)
