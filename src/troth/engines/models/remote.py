"""Model files at addresses (`s3://`, `gs://`, `hf://`, `https://`, `memory://` ...) through fsspec, an extra: fetched one at a time into a private folder, judged there, and thrown away.

Only what the user named by an address is fetched, and no more bytes than the limit; what the limit, the server or a listing withholds is `unreadable`, with the reason, never passed over. Credentials are fsspec's own affair; a
message never holds more of an address than its path. Nothing is written but the private copy.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from troth.engines.models.scan import Scanned, scan_file
from troth.errors import UsageError
from troth.formats.verdict import UNREADABLE, Judgement, Reason

__all__ = ["LIMIT_BYTES", "is_address", "scan_addresses"]

LIMIT_BYTES: Final = 64 * 1024 * 1024 * 1024
"""Of one file; `--fetch-limit` sets another."""
_CHUNK: Final = 8 * 1024 * 1024
_MOST_FILES: Final = 100_000


def is_address(path: str) -> bool:
    """Whether a path names a place elsewhere."""
    scheme, mark, _ = path.partition("://")
    return bool(mark) and scheme.replace("+", "").replace("-", "").isalnum()


def scan_addresses(
    addresses: Sequence[str], *, limit: int = LIMIT_BYTES, digest: bool = False, tell: Callable[[str, int, int], None] | None = None
) -> list[Scanned]:
    """Judge the files at addresses, or below them.

    Args:
        addresses: with a scheme that fsspec knows.
        limit: bytes of one file; a larger one is unreadable.
        digest: also compute digests.
        tell: progress: a label, the number done, the number in all.

    Raises:
        UsageError: fsspec, or the package for this scheme, is not installed, or the address cannot be used.
    """
    found: list[Scanned] = []
    for address in addresses:
        system, files = _listed(address)
        for number, path in enumerate(files):
            if tell is not None:
                tell("model files", number, len(files))
            found.append(_one(system, path, _shown(address, path), limit, digest))
    return found


def _shown(address: str, path: str) -> str:
    """Scheme and path; whatever names a user or a password is left out."""
    return f"{address.partition('://')[0]}://{path.rpartition('@')[2].lstrip('/')}"


def _listed(address: str) -> tuple[Any, list[str]]:
    try:
        import fsspec
    except ImportError as error:
        raise UsageError("addresses need the extra troth[remote] (fsspec); or fetch the file and name the copy") from error
    scheme = address.partition("://")[0]
    try:
        system, path = fsspec.core.url_to_fs(address)
        files = [path] if system.isfile(path) else sorted(system.find(path))
    except ImportError as error:
        raise UsageError(f"{scheme}:// needs a package that is not installed: {error}") from error
    except Exception as error:
        raise UsageError(f"{_shown(address, address.partition('://')[2])} cannot be listed ({type(error).__name__})") from error
    if not files:
        raise UsageError(f"there is nothing at {_shown(address, path)}")
    return system, files[:_MOST_FILES]


def _one(system: Any, path: str, shown: str, limit: int, digest: bool) -> Scanned:  # noqa: ANN401 - fsspec has no types
    with tempfile.TemporaryDirectory(prefix="troth-models-") as folder:
        copy = Path(folder, Path(path).name or "model")
        try:
            reason = _fetch(system, path, copy, limit)
        except Exception as error:  # noqa: BLE001 - whatever a server or its client does costs this file, which then is unreadable
            reason = f"cannot be fetched ({type(error).__name__})"
        if reason:
            return Scanned(shown, Judgement("unknown", UNREADABLE, (Reason("fetch", reason),)))
        judged = scan_file(str(copy), digest=digest)
        return Scanned(shown, judged.judgement, judged.size, judged.sha256)


def _fetch(system: Any, path: str, copy: Path, limit: int) -> str:  # noqa: ANN401 - fsspec has no types
    """Why it is not there; "" where it is."""
    promised = system.size(path)
    if promised is not None and promised > limit:
        return f"has {promised} bytes; the limit is {limit}"
    done = 0
    with system.open(path, "rb") as remote, os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as local:
        while chunk := remote.read(_CHUNK):
            done += len(chunk)
            if done > limit:
                return f"gives more than the limit of {limit} bytes"
            local.write(chunk)
    return "" if promised is None or promised == done else f"gave {done} bytes, not the {promised} that it promised"
