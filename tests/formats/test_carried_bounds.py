"""What the parsers check that a library's own reader trusts: Arrow's places, parts of distributed checkpoints, trees of boosters, constants of Core ML, text graphs."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from tests.attacks.models.hostile_containers import checkpoint, zipped
from tests.attacks.models.hostile_data import pb
from tests.attacks.models.hostile_pickles import PAYLOAD, text
from troth.engines.models.scan import scan_file
from troth.formats.verdict import INERT, NOT_A_MODEL, REFUSED


def verdict(tmp_path: Path, name: str, data: bytes) -> str:
    path = tmp_path / name
    path.write_bytes(data)
    return scan_file(str(path)).judgement.verdict


def arrow(places: list[int], letters: bytes = b"ab", length: int = 2, kind: str = "large_string", nulls: bytes = b"C\1\3") -> bytes:
    """A pickled array of texts."""
    width = "q" if kind.startswith("large") else "i"
    packed = struct.pack(f"<{len(places)}{width}", *places)
    buffer = lambda raw: b"cpyarrow.lib\npy_buffer\n" + raw + b"\x85R"
    buffers = b"](" + buffer(nulls) + buffer(b"C" + bytes([len(packed)]) + packed) + buffer(b"C" + bytes([len(letters)]) + letters) + b"e"
    return b"\x80\x03cpyarrow.lib\n_restore_array\n(cpyarrow.lib\ntype_for_alias\n" + text(kind) + b"\x85RK" + bytes([length]) + b"K\0K\0" + buffers + b"]Nt\x85R."


@pytest.mark.parametrize("kind", ["large_string", "string", "binary"])
def test_texts_of_arrow_whose_places_hold_are_inert(tmp_path: Path, kind: str) -> None:
    assert verdict(tmp_path, "a.pkl", arrow([0, 1, 2], kind=kind)) == INERT


@pytest.mark.parametrize(
    "data",
    [arrow([0, 1, 9]), arrow([0, 2, 1]), arrow([-1, 0, 1]), arrow([0, 1]), arrow([0, 1, 2], length=200), arrow([0, 1, 2], nulls=b"C\0"), arrow([0, 1, 2], kind="dictionary"), arrow([0, 1, 2]).replace(b"]Nt", b"]K\1t"), arrow([0, 1, 2]).replace(b"py_buffer", b"foreign_buffer"), arrow([0, 1, 1 << 40])],
)  # fmt: skip
def test_texts_of_arrow_that_reach_beyond_their_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    assert verdict(tmp_path, "a.pkl", data) == REFUSED


def placed(path: str) -> bytes:
    return b"\x80\x02ctorch.distributed.checkpoint.filesystem\n_StorageInfo\n)\x81}(" + text("relative_path") + text(path) + text("offset") + b"K\0" + text("length") + b"K\1ub."


def test_a_distributed_checkpoint_names_files_beside_it(tmp_path: Path) -> None:
    assert verdict(tmp_path, ".metadata", placed("__0_0.distcp")) == INERT
    assert [verdict(tmp_path, ".metadata", placed(path)) for path in ("../x", "/etc/passwd", "a/../../x", "")] == [REFUSED] * 4


def test_parts_of_a_distributed_checkpoint_are_judged_one_by_one(tmp_path: Path) -> None:
    fine, bad = zipped(checkpoint()), zipped(checkpoint(PAYLOAD))

    assert verdict(tmp_path, "a.distcp", fine + fine + fine) == INERT
    assert [verdict(tmp_path, "a.distcp", data) for data in (fine + bad, bad + fine, fine + PAYLOAD, fine + b"x", fine + fine[:-9], PAYLOAD)] == [REFUSED] * 6


def booster(left: int = 1, nodes: int = 3, feature: int = 0) -> dict[str, object]:
    tree = {"left_children": [left, -1, -1], "right_children": [2, -1, -1], "parents": [2147483647, 0, 0], "split_indices": [feature, 0, 0], "split_conditions": [0.5, 1, 2], "tree_param": {"num_nodes": str(nodes), "num_feature": "2"}}
    return {"learner": {"gradient_booster": {"model": {"trees": [tree]}}}, "version": [3, 2, 0]}


def ubj(value: object) -> bytes:
    if isinstance(value, dict):
        return b"{" + b"".join(b"i" + bytes([len(key)]) + key.encode() + ubj(inner) for key, inner in value.items()) + b"}"
    if isinstance(value, list) and all(type(item) is int for item in value):
        return b"[$l#i" + bytes([len(value)]) + struct.pack(f">{len(value)}i", *value)
    if isinstance(value, list):
        return b"[" + b"".join(map(ubj, value)) + b"]"
    return b"Si" + bytes([len(value)]) + value.encode() if isinstance(value, str) else b"d" + struct.pack(">f", value) if isinstance(value, float) else b"l" + struct.pack(">i", value)


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_trees_of_a_booster_name_what_is_there(tmp_path: Path, suffix: str) -> None:
    def made(**changes: int) -> str:
        return verdict(tmp_path, f"m.{suffix}", json.dumps(booster(**changes)).encode() if suffix == "json" else ubj(booster(**changes)))

    assert made() == INERT
    assert [made(left=99), made(left=-7), made(nodes=9), made(feature=-1), made(feature=5)] == [REFUSED] * 5


def test_operators_of_a_text_graph_only_compute(tmp_path: Path) -> None:
    graph = "node {{\n  name: 'x'\n  {}\n}}\n"

    assert verdict(tmp_path, "graph.pbtxt", graph.format("op: 'MatMul'").encode()) == INERT
    for op in ("op: 'ReadFile'", 'op: "\\120yFunc"', "op: 'Py' 'Func'", "op: <x>", "op: 'RestoreV2'"):
        assert verdict(tmp_path, "graph.pbtxt", graph.format(op).encode()) == REFUSED
    assert verdict(tmp_path, "labels.pbtxt", b'item {\n  id: 1\n  name: "cat"\n}\n') == NOT_A_MODEL


def test_a_constant_of_core_ml_lies_beside_the_model(tmp_path: Path) -> None:
    def program(path: str) -> bytes:
        operation = pb(1, "const") + pb(5, pb(1, "val") + pb(2, pb(5, pb(1, path) + pb(2, 64))))
        block = pb(3, pb(1, "CoreML5") + pb(2, pb(3, operation)))
        return pb(1, 7) + pb(2, b"") + pb(502, pb(1, 1) + pb(2, pb(1, "main") + pb(2, block)))

    assert verdict(tmp_path, "m.mlmodel", program("@model_path/weights/weight.bin")) == INERT
    assert [verdict(tmp_path, "m.mlmodel", program(path)) for path in ("@model_path/../x", "/etc/passwd", "weights.bin")] == [REFUSED] * 3


def test_words_that_begin_with_a_c_are_no_pickle(tmp_path: Path) -> None:
    assert verdict(tmp_path, "labels.txt", b"cat\ndog\nbird\n") == NOT_A_MODEL
    assert verdict(tmp_path, "labels.txt", b"cat\ndog\n(S'x'\ntR.") == REFUSED
    assert verdict(tmp_path, "labels.txt", b"cos\nsystem\n") == REFUSED
