"""Everything hostile has an end: each budget that is exceeded refuses the file and is named, nothing is held or allocated beyond it, and no input takes more than its length is worth."""

from __future__ import annotations

import io
import os
import pickle
import struct
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tests.attacks.models import hostile_data as hd
from tests.attacks.models.hostile_containers import FINE, zipped
from tests.timing import processor_seconds
from troth.engines.models.scan import scan_file
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, REFUSED, UNREADABLE, Budget

DEFLATED = zipped({"a.json": b" " * 100_000 + b"{}"}, zipfile.ZIP_DEFLATED)
NESTED = FINE
for _ in range(7):
    NESTED = zipped({"inner.zip": NESTED})

BUDGETS: dict[str, tuple[str, bytes, Budget]] = {
    "budget-file": ("a.pkl", b"\x80\x02N.", BUDGET._replace(file=3)),
    "budget-pickle": ("a.pkl", pickle.dumps(list(range(100))), BUDGET._replace(pickle=50)),
    "budget-literal": ("a.pkl", pickle.dumps("x" * (2 << 20)), BUDGET._replace(literal=1 << 20)),
    "budget-operations": ("a.pkl", b"\x80\x02" + b"N0" * 200_000 + b"N.", BUDGET._replace(operations=100_000)),
    "budget-memo": ("a.pkl", b"\x80\x04" + b"N\x940" * 100_000 + b"N.", BUDGET._replace(memo=1000)),
    "budget-memory": ("a.pt", FINE, BUDGET._replace(memory=8)),
    "budget-tensors": ("a.safetensors", hd.FINE_ST, BUDGET._replace(tensors=0)),
    "budget-expanded": ("a.zip", DEFLATED, BUDGET._replace(expanded=1000)),
    "budget-ratio": ("a.zip", zipped({"a.npy": b"\0" * (8 << 20)}, zipfile.ZIP_DEFLATED), BUDGET),
    "budget-members": ("a.zip", zipped({f"{number}.json": b"{}" for number in range(9)}), BUDGET._replace(members=5)),
    "budget-text": ("config.json", b'{"model_type": "x"}', BUDGET._replace(text=5)),
    "nesting": ("a.zip", NESTED, BUDGET),
}  # fmt: skip


@pytest.mark.parametrize("code", BUDGETS)
def test_an_exceeded_budget_refuses_the_file_and_is_named(code: str) -> None:
    name, data, budget = BUDGETS[code]

    found = judge(Source(data), name, budget=budget)

    assert REFUSED == found.verdict, found
    assert [code] == [reason.code for reason in found.reasons]
    assert code == "nesting" or any(char.isdigit() for char in found.reasons[0].says), "the budget's size is told"


def test_a_hundred_million_operations_are_refused_by_name() -> None:
    """As many as the default lets pass, and some more; the rest of the file is not read."""
    data = b"\x80\x02" + b"N0" * (BUDGET.operations // 2 + 70_000) + b"N."
    found = judge(Source(data), "a.pkl", budget=BUDGET._replace(operations=1_000_000))

    assert ["budget-operations"] == [reason.code for reason in found.reasons]
    assert BUDGET.operations < 100_000_000


LINEAR = {
    "frames.pkl": lambda count: b"\x80\x04" + (b"\x95" + struct.pack("<Q", 2) + b"N0") * count + b"N.",
    "streams.pkl": lambda count: b"\x80\x02N." * min(count, 9_000),
    "comments.pmml": lambda count: b"<PMML>" + b"<!-- " * count,
    "elements.pmml": lambda count: b"<PMML>" + b"<Apply " * count,
    "layers.xml": lambda count: b"<net>" + b"<layer " * count,
    "open.jinja": lambda count: b"{% if a %}" * min(count, 3_000),
    "keys.json": lambda count: b'{"model_type": "x", "a": [' + b"[1]," * count + b"1]}",
    "lines.txt": lambda count: b"tree\nversion=v4\n" + b"a=1\n" * count,
    "data.yaml": lambda count: b"a:\n" + b"- {b: c}\n" * (count * 4),
}  # fmt: skip


@pytest.mark.parametrize("name", LINEAR)
def test_no_input_takes_more_than_its_length_is_worth(name: str, tmp_path: Path) -> None:
    """Each takes a fraction of a second; readers that were quadratic in them took from 15 s to minutes."""
    path = tmp_path / name
    path.write_bytes(LINEAR[name](150_000))

    with processor_seconds(10):
        scan_file(str(path))


def test_a_header_of_two_gibibytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", (2 << 30) - 8) + b'{"a"')
        file.truncate(2 << 30)
    tracemalloc.start()
    try:
        found = scan_file(str(path)).judgement
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert REFUSED == found.verdict
    assert "header-size" == found.reasons[0].code
    assert most < 16 << 20


@pytest.mark.parametrize("name", ["a.pt", "a.pkl", "a.gguf", "a.onnx", "a.npy", "a.h5", "a.tflite"])
def test_a_sparse_file_costs_what_it_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write({"a.pt": b"PK\3\4", "a.gguf": b"GGUF\3\0\0\0", "a.npy": b"\x93NUMPY\1\0"}.get(name, b"\x80\x04"))
        file.truncate(8 << 30)
    tracemalloc.start()
    try:
        found = scan_file(str(path)).judgement
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert REFUSED == found.verdict
    assert most < 64 << 20


def test_a_checkpoint_whose_storage_is_a_hole_is_proved_without_reading_it(tmp_path: Path) -> None:
    """The bytes of tensors are no part of the proof; a hole in their place is as good."""
    path = tmp_path / "a.pt"
    path.write_bytes(FINE)

    assert INERT == scan_file(str(path)).judgement.verdict


def test_a_file_that_grows_while_it_is_read_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x02N.")
    import troth.engines.models.scan as scan

    def grow(source: Source, name: str, **options: object) -> object:
        with path.open("ab") as file:
            file.write(b"more")
        return judge(source, name, **options)

    monkeypatch.setattr(scan, "judge", grow)

    assert [UNREADABLE, "changed-while-read"] == [(found := scan_file(str(path)).judgement).verdict, found.reasons[0].code]


def test_a_file_that_shrinks_while_it_is_read_is_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(list(range(1000))))
    import troth.engines.models.scan as scan

    def cut(source: Source, name: str, **options: object) -> object:
        os.truncate(path, 10)
        return judge(source, name, **options)

    monkeypatch.setattr(scan, "judge", cut)

    assert scan_file(str(path)).judgement.verdict in (UNREADABLE, REFUSED)


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_file_is_unreadable_and_nobody_waits(kind: str, tmp_path: Path) -> None:
    import socket

    path = tmp_path / "a.pkl"
    held = None
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        held = socket.socket(socket.AF_UNIX)
        held.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/null")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(scan_file(str(path)).judgement.verdict), daemon=True)
    reader.start()
    reader.join(60)
    if held is not None:
        held.close()

    assert [UNREADABLE] == found


def test_an_archive_in_memory_is_no_larger_than_its_budget() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pkl", b"\x80\x02" + b"N0" * (32 << 20) + b"N.")
    tracemalloc.start()
    try:
        found = judge(Source(data.getvalue()), "a.zip", budget=BUDGET._replace(expanded=1 << 20))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert REFUSED == found.verdict
    assert most < 8 << 20
