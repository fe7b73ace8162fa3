"""Remembers proofs, so that the second load of an unchanged file costs what the raw load costs.

A proof is remembered for one identity of the file: device, inode, size, and the times of its last change of content *and* of its inode, which nobody can set back without changing the clock of the machine. Rules: only for
files that have been still for two seconds (a change within a clock's tick would not show); the memory is a file of the user's own, 0600 in a folder 0700, and is refused otherwise; a newer Troth, another policy,
other allowed objects or other limits ask for a new proof. It is never used unless the caller hands it over.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from troth import __version__
from troth.errors import GuardError
from troth.guard.models.limits import Limits
from troth.guard.models.receipt import Receipt

__all__ = ["ProofMemory"]

_FORM: Final = 1
_STILL_NS: Final = 2_000_000_000
_MOST: Final = 10_000
_LIMIT_BYTES: Final = 64 * 1024 * 1024


class ProofMemory:
    """Proofs of files that have not changed since.

    Args:
        path: the memory's file; it is created by the first proof. Its folder must belong to the user and be closed to all others.

    Raises:
        GuardError: file or folder can be written by others, or the file is none of ours.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _demand_private(self._path.parent)
        self._entries: dict[str, dict[str, Any]] = self._read() if self._path.exists() else {}

    def _read(self) -> dict[str, dict[str, Any]]:
        _demand_private(self._path)
        try:
            if self._path.stat().st_size > _LIMIT_BYTES:
                raise GuardError(f"{self._path} is larger than a memory of proofs can be; delete it")
            told = json.loads(self._path.read_text(encoding="utf-8"))
            if told["form"] != _FORM or told["troth"] != __version__:
                return {}
            proofs = told["proofs"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GuardError(f"{self._path} is no memory of proofs ({type(error).__name__}); delete it") from error
        return dict(proofs)

    @staticmethod
    def key(found: os.stat_result, policy: str, names: object, limits: Limits) -> str:
        """What a proof holds for: this file as it is, under this policy."""
        demand = hashlib.sha256(repr((policy, names, limits)).encode()).hexdigest()
        return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{demand}"

    def receipt(self, key: str) -> Receipt | None:
        """The receipt of the proof that is remembered, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        try:
            return Receipt(**{**entry, "globals": tuple(entry["globals"])})
        except (TypeError, KeyError) as error:
            raise GuardError(f"{self._path} holds an entry that is none of ours; delete it") from error

    def remember(self, key: str, receipt: Receipt, found: os.stat_result) -> None:
        """Remember a proof, where the file has been still for long enough."""
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _STILL_NS:
            return
        self._entries[key] = {**asdict(receipt), "globals": list(receipt.globals)}
        while len(self._entries) > _MOST:
            self._entries.pop(next(iter(self._entries)))
        self._write()

    def _write(self) -> None:
        text = json.dumps({"form": _FORM, "troth": __version__, "proofs": self._entries})
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".proofs-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._path)


def _demand_private(path: Path) -> None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()) or found.st_mode & 0o077:
        raise GuardError(f"{path} must be your own and closed to others: chmod go-rwx {path}")
