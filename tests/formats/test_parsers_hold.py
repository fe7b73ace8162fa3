"""Every parser under damage: cut, flipped and spliced files give a judgement within budgets, never another exception."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attacks.models import hostile_containers as hc
from tests.attacks.models import hostile_data as hd
from tests.attacks.models.hostile_pickles import _numpy_state
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, NOT_A_MODEL, REFUSED, UNREADABLE

SMALL = BUDGET._replace(memory=1 << 26, expanded=1 << 24, literal=1 << 20, text=1 << 22)
SEEDS = {
    "a.pt": hc.FINE, "a.safetensors": hd.FINE_ST, "a.gguf": hd.FINE_GGUF, "a.onnx": hd.FINE_ONNX, "saved_model.pb": hd.FINE_TF, "a.npy": hc.npy(hc._header(), b"\0" * 16),
    "a.pth": b"".join([*hc.LEGACY, b"\x80\x02N.", b"\x80\x02]."]), "a.pkl": _numpy_state(b"K\1\x85", b"C\x08" + b"\0" * 8), "a.tar": hc.tarred([("m/a.npy", hc.npy(hc._header(), b"\0" * 16), hc.REG, "")]),
    "config.json": b'{"model_type": "x", "chat_template": "{{ a }}", "weight_map": {"a": "b.safetensors"}}', "a.yaml": b"a: 1\nb: [x, y]\n", "a.pmml": b"<PMML><Header/></PMML>",
    "a.msgpack": b"\x81\xa1w\xc7\x15\x01\x93\x91\x02\xa7float32\xc4\x08" + b"\0" * 8, "a.ubj": b"{L" + (7).to_bytes(8, "big") + b"learner{}}", "a.mlmodel": hd.pb(1, 4) + hd.pb(2, b"") + hd.pb(600, b""),
    "a.tflite": b"\x1c\0\0\0TFL3" + b"\0" * 60, "a.npz": hc.zipped({"a.npy": hc.npy(hc._header(), b"\0" * 16)}), "t.jinja": b"{% for m in messages %}{{ m['a'] }}{% endfor %}", "a.skops": hc.zipped({"schema.json": b'{"__loader__": "JsonNode", "__module__": "builtins", "__class__": "str"}'}),
    "s.pt": hc.zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/code/__torch__.py": b"def f(x: int) -> int:\n  return x\n"}), "e.pt2": hc.zipped({"e/archive_format": b"pt2", "e/models/model.json": b"{}"}), "a.keras": hc.keras(hc.KERAS),
}  # fmt: skip


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 30), cut=st.booleans())
def test_a_damaged_file_gives_a_judgement(name: str, seed: int, cut: bool) -> None:
    dice, data = random.Random(seed), bytearray(SEEDS[name])
    for _ in range(dice.choice((1, 2, 4, 9))):
        at = dice.randrange(len(data))
        data[at : at + dice.choice((0, 1, 1, 4))] = bytes(dice.randrange(256) for _ in range(dice.choice((0, 1, 1, 4))))
        data = data or bytearray(b"x")
    if cut:
        del data[dice.randrange(len(data)) :]

    found = judge(Source(bytes(data)), name, budget=SMALL)

    assert found.verdict in (INERT, REFUSED, NOT_A_MODEL, UNREADABLE)
    assert found.verdict in (INERT, NOT_A_MODEL) or found.reasons
    assert all(reason.code != "parser-fault" for reason in found.reasons), found


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.gguf", "a.npy", "a.pth", "a.pkl", "a.msgpack", "a.ubj"])
def test_every_truncation_is_refused(name: str) -> None:
    data = SEEDS[name]
    assert judge(Source(data), name).verdict == INERT

    for size in range(1, len(data)):
        assert judge(Source(data[:size]), name).verdict == REFUSED, size


@settings(max_examples=150, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=20), st.integers(0, 5))
def test_every_plain_value_that_pickle_writes_is_inert(value: object, protocol: int) -> None:
    import pickle

    assert judge(Source(pickle.dumps(value, protocol)), "a.pkl").verdict == INERT


def test_an_lfs_pointer_is_unreadable_and_says_what_to_do() -> None:
    found = judge(Source(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"), "a.pt")

    assert found.verdict == UNREADABLE
    assert "git lfs pull" in found.reasons[0].says


def test_no_listed_module_is_renamed_by_python_2_mapping() -> None:
    import json
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
    from pathlib import Path

    import troth.formats.pickle.allow as allow

    for path in Path(allow._HERE).glob("*.json"):
        for group in json.loads(path.read_text())["groups"]:
            for module, names in group["names"].items():
                assert module not in IMPORT_MAPPING, module
                assert all("." not in name and (module, name) not in NAME_MAPPING for name in names), module


def test_every_rule_of_the_lists_is_known_and_audited() -> None:
    import json
    from pathlib import Path

    import troth.formats.pickle.allow as allow
    from troth.formats.pickle import rules

    only_named = {"type", "constant", "function", "ndarray", "np-matrix", "np-bitgen", "torch-storage", "torch-dtype", "tensor-type", "method", "factory"}
    for path in Path(allow._HERE).glob("*.json"):
        for group in json.loads(path.read_text())["groups"]:
            assert group["rule"] in only_named or rules._call_of(group["rule"]) is not None, group["rule"]
            assert group["audit"]
            assert group["new"], f"{path.name}: an entry of {group['rule']} without a look into a release"
        assert not path.name.endswith("-audited.json"), "a list that was written from memory"


def _installed_lists() -> list[str]:
    import os

    from tools.allowlists.generate import version_of

    import troth.formats.pickle.allow as allow

    names = [name.removesuffix(".json") for name in sorted(os.listdir(allow._HERE)) if name.endswith(".json") and name != "weights.json"]
    return [name for name in names if version_of(name.rsplit("-", 1)[0]) == name.rsplit("-", 1)[1]]


@pytest.mark.parametrize("name", _installed_lists())
def test_an_entry_is_built_where_its_list_says(name: str) -> None:
    """Held against the release itself where it is installed: the definers of `__new__`, `__setstate__` and `__reduce__` are those of the audit."""
    import json
    import warnings
    from pathlib import Path

    from tools.allowlists.generate import found_in

    import troth.formats.pickle.allow as allow

    warnings.simplefilter("ignore")
    looked = 0
    for group in json.loads((Path(allow._HERE) / f"{name}.json").read_text())["groups"]:
        if group["new"] in ("function", "value", "numpy.ufunc"):
            continue
        for module, members in group["names"].items():
            for member in members[:3]:
                found = found_in(module, member)
                assert found is None or found == (group["new"], group["setstate"], group["reduce"]), f"{module}.{member}"
                looked += found is not None
    assert looked or all(group["new"] in ("function", "value", "numpy.ufunc") for group in json.loads((Path(allow._HERE) / f"{name}.json").read_text())["groups"])
