"""The guarded load: pin the bytes, prove them, then load them from the same descriptor with a table of pinned objects.

Order: open once (no symbolic link, regular file) -> digest, overlapped with the proof -> static proof under the declared limits -> load -> check of dtypes
and shapes -> receipt. The descriptor pins the file, not its bytes: a writer with access to the same file is noticed by its size and time, before and after.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from troth import __version__
from troth.errors import GuardError
from troth.formats.judge import judge
from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.unpacking import codec_of, expand
from troth.formats.verdict import INERT, Judgement
from troth.guard.models.digests import Digest, named
from troth.guard.models.doors import guarded
from troth.guard.models.limits import Limits, check_loaded
from troth.guard.models.pinned import Table, names_of, pickle_module, table_of, unpickle
from troth.guard.models.proofs import ProofMemory
from troth.guard.models.receipt import Receipt
from troth.guard.models.signatures import Manifest
from troth.guard.models.trust import TrustFile

__all__ = ["POLICIES", "Loaded", "explain", "joblib_load", "load", "numpy_load", "open_regular", "safetensors_load", "torch_load", "verified"]

POLICIES: Final = {"weights": ("weights",), "libs": ("weights", "libs")}
"""Policy -> tiers of the allow-lists."""
PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded value and its receipt."""

    value: Any
    receipt: Receipt


def open_regular(path: PathLike) -> int:
    """A descriptor of a regular file that is no link.

    Raises:
        GuardError: it is something else, or cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise GuardError(f"{os.fspath(path)} cannot be opened as a plain file: {error.strerror or error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise GuardError(f"{os.fspath(path)} is not a regular file")
    return descriptor


def explain(path: str, found: Judgement) -> GuardError:
    """The error that says why a file is not proved, where, and how to allow it."""
    if not found.reasons:
        return GuardError(f"{path} is no model ({found.format})")
    reason = found.reasons[0]
    place = "" if reason.offset is None else f" at byte {reason.offset}"
    inside = f" of {reason.member}" if reason.member else ""
    hint = ""
    if reason.code == "global-not-allowed":
        hint = f" To allow it, pass the object itself: extra_allow=[{reason.name}], or policy='libs' for audited libraries."
    return GuardError(f"{path} is refused: {reason.code}{place}{inside}: {reason.says}.{hint}")


def _expected(expect: str | None, trust: TrustFile | None, signed: Manifest | None, path: PathLike) -> tuple[str, str]:
    """Algorithm and digest that the bytes must have; "" where nobody says. A signature counts beside what the caller expects: they must agree."""
    told = [named(expect)] if expect is not None else []
    told += [named(signed.digest(path))] if signed is not None else []
    if not told and trust is not None:
        told.append(("sha256", trust.digest(path)))
    if len(told) == 2 and told[0] != told[1]:
        raise GuardError(f"{os.fspath(path)} is signed as {':'.join(told[1])}, expected is {':'.join(told[0])}")
    return told[0] if told else ("sha256", "")


@contextmanager
def verified(
    path: PathLike,
    *,
    expect: str | None = None,
    trust: TrustFile | None = None,
    signed: Manifest | None = None,
    policy: str = "weights",
    extra_allow: Iterable[object] = (),
    limits: Limits | None = None,
    memory: ProofMemory | None = None,
) -> Iterator[tuple[BinaryIO, Receipt]]:
    """Prove a file and give it, open, to a loader of the caller's choice.

    Args:
        path: the file; a symbolic link is refused.
        expect: `sha256:<hex>`, `blake3:<hex>` or `blake2b:<hex>` that the bytes must have.
        trust: file of pinned digests, used where neither `expect` nor `signed` is given.
        signed: a verified signature over the model's files; see `read_manifest`.
        policy: `weights` (tensors and plain data) or `libs` (also audited library classes).
        extra_allow: further classes and functions, as objects.
        limits: declared budgets.
        memory: proofs of earlier loads; an unchanged file is then not read twice.

    Raises:
        GuardError: the file is not proved inert, has another digest, or changed meanwhile.
    """
    if policy not in POLICIES:
        raise GuardError(f"policy is one of {', '.join(POLICIES)}, not {policy!r}")
    extra, limits, name = tuple(extra_allow), limits or Limits(), os.fspath(path)
    wanted = _expected(expect, trust, signed, path)
    descriptor = open_regular(path)
    try:
        before = os.fstat(descriptor)
        key = ProofMemory.key(before, policy, sorted(names_of(extra)), limits) if memory is not None else ""
        receipt = _remembered(memory, key, name, wanted)
        if receipt is None:
            receipt = _proved(descriptor, before, name, wanted, policy, extra, limits)
            if memory is not None:
                memory.remember(key, receipt, before)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            yield file, receipt
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise GuardError(f"{name} changed while it was loaded")
    finally:
        os.close(descriptor)


def _remembered(memory: ProofMemory | None, key: str, name: str, wanted: tuple[str, str]) -> Receipt | None:
    """An earlier proof of the same bytes; none where another algorithm's digest is asked for than was computed then."""
    receipt = memory.receipt(key) if memory is not None else None
    if receipt is None or (wanted[1] and receipt.digest.partition(":")[0] != wanted[0]):
        return None
    if wanted[1] and receipt.digest != ":".join(wanted):
        raise GuardError(f"{name} has the digest {receipt.digest}, expected is {':'.join(wanted)}")
    return replace(receipt, path=name, expected=bool(wanted[1]), at=datetime.now(UTC).isoformat(timespec="seconds"))


def _proved(  # noqa: PLR0917 - all of one load, passed on
    descriptor: int, before: os.stat_result, name: str, wanted: tuple[str, str], policy: str, extra: tuple[object, ...], limits: Limits
) -> Receipt:
    digest = Digest(descriptor, wanted[0])
    digest.start()
    found = judge(Source(descriptor, before.st_size), name, AllowList(POLICIES[policy], names_of(extra)), limits.budget())
    digest.join()
    if digest.failed:
        raise GuardError(f"{name} cannot be read: {digest.failed}")
    if wanted[1] and digest.hex != wanted[1]:
        raise GuardError(f"{name} has the digest {wanted[0]}:{digest.hex}, expected is {':'.join(wanted)}")
    if found.verdict != INERT:
        raise explain(name, found)
    return Receipt(
        name, found.format, f"{wanted[0]}:{digest.hex}", before.st_size, found.memory, found.tensors, found.globals, found.tier, policy, bool(wanted[1]),
        datetime.now(UTC).isoformat(timespec="seconds"), __version__,
    )  # fmt: skip


def load(  # noqa: D417
    path: PathLike,
    *,
    expect: str | None = None,
    trust: TrustFile | None = None,
    signed: Manifest | None = None,
    policy: str = "weights",
    extra_allow: Iterable[object] = (),
    limits: Limits | None = None,
    memory: ProofMemory | None = None,
    device: str = "cpu",
) -> Loaded:
    """Load a model file that is proved harmless. See `verified` for the arguments.

    Args:
        device: where torch puts tensors.

    Raises:
        GuardError: refused, or of a format that this function does not load (use `verified` with the library's own loader).
    """
    extra, limits = tuple(extra_allow), limits or Limits()
    with verified(path, expect=expect, trust=trust, signed=signed, policy=policy, extra_allow=extra, limits=limits, memory=memory) as (file, receipt):
        loader = _LOADERS.get(receipt.format.split("+")[0])
        if loader is None:
            raise GuardError(f"files of the format {receipt.format} are proved, but not loaded here; open them with guard.models.verified and their own library")
        table = table_of(receipt.globals, extra)
        if "+" in receipt.format or receipt.format == "joblib":
            file = _expanded(file, limits)
        with guarded():
            value = loader(file, table, device)
        check_loaded(value, limits)
    return Loaded(value, receipt)


def _expanded(file: BinaryIO, limits: Limits) -> BinaryIO:
    import io

    source = Source(file.fileno())
    while (codec := codec_of(source.head(16))) is not None:
        source = expand(source, codec, limits.budget())
        file = io.BytesIO(source.read(0, source.size))
    return file


def _torch(file: BinaryIO, table: Table, device: str) -> object:
    import torch

    guarded = dict(table)
    key = ("torch.storage", "_load_from_bytes")
    if key in guarded:
        guarded[key] = _nested(guarded, device)
    return torch.load(file, map_location=device, pickle_module=pickle_module(guarded), weights_only=False)


def _nested(table: dict[tuple[str, str], object], device: str) -> object:
    def load_from_bytes(data: bytes) -> object:
        import io

        import torch

        return torch.load(io.BytesIO(data), map_location=device, pickle_module=pickle_module(table), weights_only=False)

    return load_from_bytes


def _pickle(file: BinaryIO, table: Table, device: str) -> object:
    guarded = dict(table)
    key = ("torch.storage", "_load_from_bytes")
    if key in guarded:
        guarded[key] = _nested(guarded, device)
    return unpickle(file, guarded)


def _joblib(file: BinaryIO, table: Table, device: str) -> object:  # noqa: ARG001
    from joblib.numpy_pickle import NumpyUnpickler  # type: ignore[import-untyped]

    class Pinned(NumpyUnpickler):  # type: ignore[misc]
        """joblib's unpickler over a table of objects."""

        def find_class(self, module: str, name: str) -> object:
            try:
                return table[module, name]
            except KeyError:
                raise GuardError(f"the stream asks for {module}.{name}, which its proof did not report") from None

    return Pinned("", file, ensure_native_byte_order=True).load()


def _numpy(file: BinaryIO, table: Table, device: str) -> object:  # noqa: ARG001
    import numpy

    from troth.formats.npy import MAGIC

    if table and file.read(6) == MAGIC:
        file.seek(0)
        version = numpy.lib.format.read_magic(file)
        read = numpy.lib.format.read_array_header_1_0 if version == (1, 0) else numpy.lib.format.read_array_header_2_0
        read(file)
        return unpickle(file, table)
    file.seek(0)
    found = numpy.load(file, allow_pickle=False)
    return found if isinstance(found, numpy.ndarray) else {name: found[name] for name in found.files}


def _safetensors(file: BinaryIO, table: Table, device: str) -> object:  # noqa: ARG001
    data = file.read()
    try:
        from safetensors.torch import load as read
    except ImportError:
        from safetensors.numpy import load as read  # type: ignore[assignment]
    return read(data)


_LOADERS: Final = {
    "torch-zip": _torch, "torch-legacy": _torch, "pickle": _pickle, "joblib": _joblib, "npy": _numpy, "npz": _numpy, "safetensors": _safetensors,
}  # fmt: skip


def torch_load(path: PathLike, map_location: str = "cpu", **guard: Any) -> Any:  # noqa: ANN401
    """Stands for `torch.load`; takes the guard's arguments."""
    return load(path, device=map_location, **guard).value


def joblib_load(path: PathLike, **guard: Any) -> Any:  # noqa: ANN401
    """Stands for `joblib.load`; library classes are allowed unless `policy` says otherwise."""
    return load(path, **{"policy": "libs", **guard}).value


def numpy_load(path: PathLike, **guard: Any) -> Any:  # noqa: ANN401
    """Stands for `numpy.load`; an archive comes as a dict of arrays."""
    return load(path, **guard).value


def safetensors_load(path: PathLike, **guard: Any) -> Any:  # noqa: ANN401
    """Stands for `safetensors.torch.load_file` (or numpy's, without torch)."""
    return load(path, **guard).value
