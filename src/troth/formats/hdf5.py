"""HDF5 (Keras weights and whole models, and plain data): links stay inside, datasets lie in the file with standard filters, settings bring no code.

The tree is read with h5py (an extra), which opens the file without drivers or plugins; where it is missing the file is refused, not skipped.
"""


# Objects of an extra without types.
# ruff: noqa: ANN401
from __future__ import annotations

import io
import os
import re
from typing import Any

from troth.formats.keras import check_config
from troth.formats.source import Source
from troth.formats.structured import parse_json
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["MAGIC", "read_hdf5"]

MAGIC = b"\x89HDF\r\n\x1a\n"
_FILTERS = frozenset((1, 2, 3, 4, 5, 6, 32000))
"""deflate, shuffle, fletcher32, szip, nbit, scaleoffset, lzf: built in; any other number loads a plugin."""
_OBJECTS = 1_000_000
_SMALL = 1 << 20


class _File(io.RawIOBase):
    """A read-only file over a source, so that only the pinned bytes are read."""

    def __init__(self, source: Source) -> None:
        self._source, self._pos = source, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._pos = offset + (0, self._pos, self._source.size)[whence]
        return self._pos

    def tell(self) -> int:
        return self._pos

    def readinto(self, buffer: Any) -> int:
        size = max(0, min(len(buffer), self._source.size - self._pos))
        buffer[:size] = self._source.read(self._pos, size)
        self._pos += size
        return size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def read_hdf5(source: Source, budget: Budget) -> Judgement:
    """Prove a file.

    Raises:
        Refusal: also where h5py is not installed.
    """
    if source.head(8) != MAGIC:
        raise Refusal("prefix", "other bytes stand before the file, which some readers skip and others do not", 0)
    os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # no plugin is ever loaded
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError as error:
        raise Refusal("reader-missing", "HDF5 cannot be looked into without h5py") from error
    try:
        with h5py.File(_File(source), "r") as file:
            walker = _Walker(h5py, source, budget)
            walker.attributes(file, "/")
            walker.group(file, "", 0)
            return Judgement("keras-h5" if walker.keras else "hdf5", INERT, (), walker.memory, walker.tensors)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError, UnicodeDecodeError, NotImplementedError) as error:
        raise Refusal("damaged", f"the file cannot be read whole: {str(error)[:160]}") from error


class _Walker:
    def __init__(self, h5py: Any, source: Source, budget: Budget) -> None:
        self.h5py, self.source, self.budget = h5py, source, budget
        self.memory = self.tensors = self.objects = 0
        self.keras = False
        self.seen: set[int] = set()

    def group(self, group: Any, path: str, depth: int) -> None:
        if depth > 100:
            raise Refusal("nesting", "groups inside groups inside ...", None, path[:200])
        for name in group:
            here = f"{path}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, self.h5py.ExternalLink):
                raise Refusal("external-link", f"a link into another file: {str(link.filename)[:120]!r}", None, here[:200])
            if isinstance(link, self.h5py.SoftLink):
                raise Refusal("soft-link", f"a link that readers resolve in their own way: {str(link.path)[:120]!r}", None, here[:200])
            self.objects += 1
            if self.objects > _OBJECTS:
                raise Refusal("budget-members", f"more than {_OBJECTS} objects")
            item = group[name]
            address = self.h5py.h5o.get_info(item.id).addr
            if address in self.seen:
                raise Refusal("hard-link", "one object under two names", None, here[:200])
            self.seen.add(address)
            self.attributes(item, here)
            if isinstance(item, self.h5py.Dataset):
                self.dataset(item, here)
            elif isinstance(item, self.h5py.Group):
                self.group(item, here, depth + 1)

    def dataset(self, data: Any, path: str) -> None:
        plan = data.id.get_create_plist()
        if data.external or data.is_virtual:
            raise Refusal("external-data", "a dataset whose bytes lie in other files", None, path[:200])
        for index in range(plan.get_nfilters()):
            if plan.get_filter(index)[0] not in _FILTERS:
                raise Refusal("filter-plugin", f"the filter {plan.get_filter(index)[0]} is loaded from a library", None, path[:200])
        if data.dtype.hasobject and self.h5py.check_string_dtype(data.dtype) is None and self.h5py.check_vlen_dtype(data.dtype) is None:
            raise Refusal("odd-dtype", "a dataset of references or opaque objects", None, path[:200])
        if data.dtype.kind == "V" and data.dtype.fields is None:
            raise Refusal("odd-dtype", "a dataset of opaque bytes", None, path[:200])
        self.pickled(data, path)
        size = int(data.size or 0) * data.dtype.itemsize
        stored = data.id.get_storage_size()
        if size > (1 << 20) and size > self.budget.ratio * max(stored, 1):
            raise Refusal("budget-ratio", f"a dataset of {size} bytes of which {stored} are stored", None, path[:200])
        if stored > self.source.size:
            raise Refusal("tensor-bounds", "a dataset larger than the file", None, path[:200])
        self.memory += size
        self.tensors += 1
        if self.memory > self.budget.memory:
            raise Refusal("budget-memory", f"loading would allocate {self.memory} bytes; the limit is {self.budget.memory}")

    def pickled(self, data: Any, path: str) -> None:
        """Refuse a row of bytes, or of texts, that is a whole pickle: who stores one there unpickles it."""
        if data.dtype.kind not in "SuiO" or (data.dtype.itemsize > 1 and data.dtype.kind in "ui") or not 1 <= (data.size or 0) <= _SMALL or data.chunks is not None:
            return
        value = data[()]
        rows = [value.tobytes()] if data.dtype.kind in "ui" else value.ravel().tolist() if hasattr(value, "ravel") else [value]
        for row in rows[:1000]:
            raw = row if isinstance(row, bytes) else row.encode("utf-8", "surrogateescape") if isinstance(row, str) else b""
            whole = raw.rstrip(b"\0").endswith(b".")
            if whole and (re.match(rb"\x80[\2-\5][^\0]", raw) or re.match(rb"\(?[cSI(d][^\n]{0,200}\n[^\n]*\n", raw)):
                raise Refusal("pickled-attribute", "a dataset that holds a pickle", None, path[:200])

    def attributes(self, item: Any, path: str) -> None:
        for name in item.attrs:
            value = item.attrs[name]
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            if name in ("model_config", "training_config") and not isinstance(value, str) and type(value).__name__ != "Empty":
                raise Refusal("odd-dtype", "settings that are not one text", None, f"{path}@{name}"[:200])
            if name in ("model_config", "training_config", "config", "layer_config") and isinstance(value, str):
                self.keras = True
                check_config(parse_json(value.encode()), name)
            elif name == "PSEUDOATOM" or (isinstance(value, str) and name in ("CLASS", "FLAVOR") and "object" in value.lower()):
                raise Refusal("pickled-attribute", "data that PyTables would unpickle", None, f"{path}@{name}"[:200])
            elif isinstance(value, str):
                self.text(value, f"{path}@{name}")
            elif type(value).__name__ == "void":
                self.text(bytes(value.tobytes()).decode("latin-1"), f"{path}@{name}")
            self.keras = self.keras or name in ("keras_version", "layer_names", "weight_names")

    def text(self, value: str, where: str) -> None:
        pickled = value[:1] == "\x80" or (value[:1] in "(c" and value.rstrip("\0").endswith(".") and "\n" in value)
        if pickled or "__import__" in value or "!!python/" in value:
            raise Refusal("pickled-attribute", "an attribute that holds a pickle or code", None, where[:200])
        if value[:1] == "{" and '"class_name"' in value:
            check_config(parse_json(value.encode()), where)
