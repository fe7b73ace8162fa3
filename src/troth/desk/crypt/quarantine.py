"""Opens one OpenPGP message in a process of its own: `python -m troth.desk.crypt.quarantine`, key and message on standard input, content on standard output.

Rules: a compressed message can be a thousand times as long as it looks: memory and processor time of this process are bounded before anything is read, and it
ends without a word where it reaches a bound; nothing touches the disk.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

__all__ = ["main", "packed"]

_MEMORY: Final = 768 * 1024 * 1024
_SECONDS: Final = 30
_HEAD: Final = 8


def packed(key: bytes, content: bytes) -> bytes:
    """What the process reads: length of the key, key, message."""
    return len(key).to_bytes(_HEAD, "big") + key + content


def main() -> int:
    """Decrypt; 0 where it opened."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pysequoia: Any = importlib.import_module("pysequoia")
    given = sys.stdin.buffer.read()
    length = int.from_bytes(given[:_HEAD], "big")
    key, content = given[_HEAD : _HEAD + length], given[_HEAD + length :]
    try:
        opened = pysequoia.decrypt(decryptor=pysequoia.Tsk.from_bytes(key).decryptor(), bytes=content).bytes
    except Exception:  # noqa: BLE001 - a stranger's message: whatever is wrong with it, it does not open
        return 1
    sys.stdout.buffer.write(opened or b"")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
