"""Guarded doors to libraries that load whole folders: transformers and Keras.

Every file of the folder is proved first; a folder that brings code (`auto_map`, modules, custom pipelines) or one file that is not proved is refused as a whole. From a hub only a full commit id counts as a revision, and only what is
in the local cache is used unless a download is asked for; nothing remote is ever executed. The libraries are imported when a door is used.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from troth.errors import GuardError
from troth.formats.judge import judge
from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.verdict import INERT, NOT_A_MODEL
from troth.guard.models.doors import guarded
from troth.guard.models.limits import Limits
from troth.guard.models.loading import POLICIES, explain, open_regular, verified
from troth.guard.models.proofs import ProofMemory
from troth.guard.models.signatures import Manifest

__all__ = ["keras_load", "prove_folder", "transformers_from_pretrained"]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}\Z")
_HUB: Final = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}\Z")
_CODE: Final = re.compile(r"\.(?:py|pyc|pyd|so|dll|dylib|sh|ipynb)\Z", re.IGNORECASE)
_MOST_FILES: Final = 5000


def prove_folder(folder: str | os.PathLike[str], *, policy: str = "weights", limits: Limits | None = None, signed: Manifest | None = None) -> int:
    """Prove every file of a model's folder; how many there were.

    Args:
        folder: the folder; links may stay inside it, or point to the blobs of a hub's cache beside it.
        policy: as for `load`.
        limits: declared budgets, of each file.
        signed: a verified signature; every file must then be covered by it.

    Raises:
        GuardError: a file brings code, is not proved, or is not covered by the signature.
    """
    limits, root, count = limits or Limits(), Path(folder), 0
    for path in sorted(root.rglob("*")):
        if path.is_dir() or ".git" in path.relative_to(root).parts:
            continue
        count += 1
        if count > _MOST_FILES:
            raise GuardError(f"{root} has more than {_MOST_FILES} files")
        if _CODE.search(path.name):
            raise GuardError(f"{path} is code, which loading the folder could run; remove it, or load the weights alone")
        _prove(_inside(path, root), path, policy, limits, signed)
    if not count:
        raise GuardError(f"{root} holds no files")
    return count


def _inside(path: Path, root: Path) -> Path:
    if not path.is_symlink():
        return path
    real, base = path.resolve(), root.resolve()
    blobs = base.parent.parent / "blobs" if base.parent.name == "snapshots" else base
    if not real.is_relative_to(base) and not real.is_relative_to(blobs):
        raise GuardError(f"{path} is a link that leaves the model's folder")
    return real


def _prove(real: Path, shown: Path, policy: str, limits: Limits, signed: Manifest | None) -> None:
    if signed is not None:
        with verified(real, expect=signed.digest(shown), policy=policy, limits=limits):
            return
    descriptor = open_regular(real)
    try:
        found = judge(Source(descriptor), str(shown), AllowList(POLICIES[policy]), limits.budget())
    finally:
        os.close(descriptor)
    if found.verdict not in (INERT, NOT_A_MODEL):
        raise explain(str(shown), found)


def transformers_from_pretrained(
    loader: Any,  # noqa: ANN401 - a class of transformers
    source: str | os.PathLike[str],
    *,
    revision: str = "",
    download: bool = False,
    policy: str = "weights",
    limits: Limits | None = None,
    signed: Manifest | None = None,
    **options: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Stands for `loader.from_pretrained(source)`: the folder is proved first, and no code of it runs.

    Args:
        loader: a class with `from_pretrained` (`AutoModel`, `AutoTokenizer`, `BertModel` ...).
        source: a folder, or `owner/name` on the hub.
        revision: full commit id; needed for a name on the hub.
        download: fetch what the local cache lacks; otherwise nothing is fetched.
        policy: as for `load`.
        limits: as for `load`.
        signed: as for `load`.
        options: passed on; `trust_remote_code` may only be False.

    Raises:
        GuardError: the folder is not proved, or the revision can be moved.
    """
    if options.pop("trust_remote_code", False):
        raise GuardError("trust_remote_code runs code of the model's author in this process; it cannot be guarded")
    folder = Path(source) if os.path.isdir(source) else _snapshot(os.fspath(source), revision, download)
    prove_folder(folder, policy=policy, limits=limits, signed=signed)
    with guarded():
        return loader.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True, **options)


def _snapshot(name: str, revision: str, download: bool) -> Path:
    if not _HUB.match(name):
        raise GuardError(f"{name!r:.100} is neither a folder nor owner/name on the hub")
    if not _COMMIT.match(revision):
        raise GuardError(f"{name} needs revision= a full commit id of 40 digits: branches and tags can be moved")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise GuardError("models of the hub need the package huggingface_hub, which is not installed") from error
    try:
        found = Path(snapshot_download(name, revision=revision, local_files_only=not download))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise GuardError(f"{name} at {revision[:12]} cannot be had: {error}") from error
    if found.name != revision:
        raise GuardError(f"the cache gives {found.name} for {name}, not the revision that was asked for")
    return found


def keras_load(
    path: str | os.PathLike[str], *, policy: str = "weights", limits: Limits | None = None, memory: ProofMemory | None = None, **options: Any  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Stands for `keras.saving.load_model`: the file is proved first, safe mode is on, and nothing is compiled.

    Raises:
        GuardError: not proved, no Keras file, or `safe_mode=False` was asked for.
    """
    if options.pop("safe_mode", True) is not True:
        raise GuardError("safe_mode=False lets a model bring code; it cannot be guarded")
    with verified(path, policy=policy, limits=limits, memory=memory) as (file, receipt):
        if receipt.format not in _KERAS:
            raise GuardError(f"{os.fspath(path)} is {receipt.format}, not a Keras model")
        try:
            import keras
        except ImportError as error:
            raise GuardError("Keras files need the package keras, which is not installed") from error
        with guarded(), _named(file.fileno(), path, _KERAS[receipt.format]) as name:
            return keras.saving.load_model(name, safe_mode=True, compile=False, **options)


_KERAS: Final = {"keras": ".keras", "keras-h5": ".h5"}
"""Format -> the suffix by which Keras chooses the reader: the one of the content that was proved, whatever the file is called."""


@contextmanager
def _named(descriptor: int, path: str | os.PathLike[str], suffix: str) -> Iterator[str]:
    """A path with a suffix that leads to the proved descriptor, for loaders that take no file; the plain path where descriptors have none."""
    if not os.path.isdir("/proc/self/fd"):
        if not os.fspath(path).endswith(suffix):
            raise GuardError(f"{os.fspath(path)} must be called *{suffix} to be read as what it is")
        yield os.fspath(path)
        return
    with tempfile.TemporaryDirectory(prefix="troth-guard-") as folder:
        link = os.path.join(folder, "model" + suffix)
        os.symlink(f"/proc/self/fd/{descriptor}", link)
        yield link
