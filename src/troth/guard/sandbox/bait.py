"""Living targets for the self-test: a secret file, listeners of three kinds. They exist while the test runs."""

from __future__ import annotations

import os
import platform
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["bait"]


@contextmanager
def bait() -> Iterator[dict[str, object]]:
    """What a job that gets out would find; the addresses are handed to the canary."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="troth-"))
        file = Path(folder) / "secret"
        file.write_text(secrets.token_hex(16))
        file.chmod(0o644)
        Path(folder).chmod(0o755)
        tcp = stack.enter_context(socket.socket())
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(f"{folder}/socket")
        named.listen()
        hidden = f"troth-{secrets.token_hex(8)}"
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0" + hidden)
        abstract.listen()
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        yield {
            "file": str(file), "port": tcp.getsockname()[1], "socket": f"{folder}/socket", "abstract": hidden, "parent": os.getpid(), "machine": machine,
        }  # fmt: skip
