"""Remembers what the folders of the catalogue say, so that a run reads one file instead of two hundred and imports the verifiers that it asks.

What is kept is the front matter of every control, under a mark of every file's path, size and time of change, and only after a load that imported every verifier and
found an engine for each of their facts. A changed, added or missing file changes the mark, and the catalogue is loaded in full, and stops the run where a folder is
half-made, as without a memory. `TROTH_CACHE=` (empty) turns it off. This module judges nothing of what it keeps; `catalogue` does.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from troth import __version__
from troth.detectors import cache
from troth.terms.values import Value

__all__ = ["keep", "mark_of", "recall"]

_NAME: Final = "catalogue.json"


def mark_of(root: Path) -> str:
    """A digest over path, size and time of change of every file of the catalogue, with the versions of Troth and Python."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {root}".encode())
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name in ("__pycache__", "cases"):
                    continue
                if entry.is_dir():
                    pending.append(entry.path)
                    continue
                status = entry.stat()
                digest.update(f"\n{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def recall(mark: str) -> Mapping[str, Mapping[str, Value]] | None:
    """Front matter by control's folder, as it was kept under this mark; None where it was not, or cannot be read."""
    data = cache.read(_NAME)
    if data is None:
        return None
    try:
        kept = json.loads(data)
    except (ValueError, RecursionError):
        return None
    fronts = kept.get("fronts") if isinstance(kept, dict) and kept.get("mark") == mark else None
    return fronts if isinstance(fronts, dict) and all(isinstance(front, dict) for front in fronts.values()) else None


def keep(mark: str, fronts: Mapping[str, Mapping[str, Value]]) -> None:
    """Keep front matter under a mark, if JSON gives it back as it is; what it does not is not kept."""
    kept = {"mark": mark, "fronts": fronts}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), default=str)
    if json.loads(text) == kept:
        cache.write(_NAME, text.encode())
