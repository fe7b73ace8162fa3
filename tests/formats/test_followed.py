"""What is followed to where it leads: places of files in graphs, dotted names, tags and aliases of YAML, members of tar, names that templates build. Each with its honest twin."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.attacks.models.hostile_data import gguf, gtext, pb
from tests.attacks.models.third_hostile import ARRAY, END, FIRST, RUN, header, padded
from tests.attacks.models.third_hostile_data import const, function, lightgbm, node, saved, script, xgboost
from troth.engines.models.scan import scan_file
from troth.formats.dotted import plain_call, reaches
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import INERT, NOT_A_MODEL, REFUSED

SAVE = node("SaveV2", "save", ("place", "names", "slices", "value"))
JOIN = {"separator": pb(2, "/")}


def verdict(data: bytes, name: str) -> str:
    return judge(Source(data), name).verdict


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (node("Placeholder", "place") + SAVE, INERT), (const("place", "model") + SAVE, INERT), (const("place", "/tmp/x") + SAVE, REFUSED), (const("place", "..") + SAVE, REFUSED), (const("d", "model") + node("PlaceholderWithDefault", "place", ("d",)) + SAVE, INERT), (const("d", "../x") + node("PlaceholderWithDefault", "place", ("d",)) + SAVE, REFUSED),
        (node("Placeholder", "p") + const("t", "_temp/part") + node("StringJoin", "place", ("p", "t")) + SAVE, INERT), (node("Placeholder", "p") + const("t", "/../../x") + node("StringJoin", "place", ("p", "t")) + SAVE, REFUSED), (const("a", "x") + node("Placeholder", "p") + node("StringJoin", "place", ("a", "p"), **JOIN) + SAVE, REFUSED), (const("a", "") + node("Placeholder", "p") + node("StringJoin", "place", ("a", "p"), **JOIN) + SAVE, REFUSED), (node("AsString", "place", ("n",)) + SAVE, REFUSED),
        (node("Placeholder", "a") + node("PartitionedCall", "call", ("a",), f=pb(10, pb(1, "save_it"))) + function("save_it", SAVE), INERT), (const("a", "/tmp/x") + node("PartitionedCall", "call", ("a",), f=pb(10, pb(1, "save_it"))) + function("save_it", SAVE), REFUSED), (const("a", "/tmp/x") + node("save_it", "call", ("a",)) + function("save_it", SAVE), REFUSED), (const("c", "x") + const("a", "/tmp/x") + node("If", "call", ("c", "a"), then_branch=pb(10, pb(1, "save_it")), else_branch=pb(10, pb(1, "save_it"))) + function("save_it", SAVE), REFUSED),
        (node("VarHandleOp", "v") + node("Placeholder", "p") + node("AssignVariableOp", "s", ("v", "p")) + node("ReadVariableOp", "place", ("v",)) + SAVE, INERT), (node("VarHandleOp", "v") + const("p", "/etc/x") + node("AssignVariableOp", "s", ("v", "p")) + node("ReadVariableOp", "place", ("v",)) + SAVE, REFUSED), (node("ReadVariableOp", "place", ("v",)) + SAVE, REFUSED),
    ],
)  # fmt: skip
def test_a_graph_reads_and_writes_where_it_is_told(graph: bytes, expected: str) -> None:
    assert verdict(saved(graph), "saved_model.pb") == expected


@pytest.mark.parametrize("name", ["os.system", "torch.hub.os.system", "torch.nn.functional.importlib.import_module", "a.b.__init__.__globals__", "json.loads"])
def test_a_name_that_leads_out_of_the_library_is_one(name: str) -> None:
    assert reaches(name)


@pytest.mark.parametrize("name", ["torch.nn.modules.transformer.TransformerEncoder", "ldm.models.diffusion.ddpm.LatentDiffusion", "nemo.collections.asr.data.audio_to_text.Dataset", "my_project.models.Net"])
def test_a_name_inside_of_a_library_is_none(name: str) -> None:
    assert not reaches(name)


def test_only_what_runs_is_a_call() -> None:
    assert plain_call("os.system")
    assert plain_call("$os.system('x')")
    assert not plain_call("os.path")
    assert not plain_call("$import glob")
    assert not plain_call("words about os.system in a sentence")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x: !!python/object/apply:os.system [a]\n", REFUSED), ("%TAG !! tag:yaml.org,2002:python/\n---\nx: !!object/apply:os.system [a]\n", REFUSED), ("%TAG !1! tag:yaml.org,2002:python/\n---\nx: !1!name:os.system ''\n", REFUSED), ("x: 'about !!python/object'  # and !!python/tuple\n", NOT_A_MODEL), ("x: !!binary aGk=\ny: !!set {a, b}\n", NOT_A_MODEL), ("a: &a [1, 2]\nb: *a\nc: [*a, *a]\n", NOT_A_MODEL), ("a: &a\n  b: *a\n", REFUSED),
        ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 25)), REFUSED),
    ],
)  # fmt: skip
def test_tags_and_aliases_of_yaml_mean_what_they_mean_to_readers(text: str, expected: str) -> None:
    assert verdict(text.encode(), "settings.yaml") == expected


def test_a_folder_of_a_tar_holds_nothing_and_a_comment_is_none(tmp_path: Path) -> None:
    assert verdict(FIRST + header("data/", b"5", 0) + END, "a.tar") == INERT
    assert verdict(FIRST + header("data/", b"5", 1024) + header("x", b"0", 0) * 2 + END, "a.tar") == REFUSED
    assert verdict(FIRST + header("x.pkl/", b"0", len(RUN)) + padded(RUN) + END, "a.tar") == REFUSED
    with tarfile.open(tmp_path / "b.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "a commit"}) as archive:
        entry = tarfile.TarInfo("a.npy")
        entry.size = len(ARRAY)
        archive.addfile(entry, io.BytesIO(ARRAY))
    assert scan_file(str(tmp_path / "b.tar")).judgement.verdict == INERT


def test_a_tar_of_1979_is_read() -> None:
    assert verdict(header("a.npy", b"\0", len(ARRAY), b"") + padded(ARRAY) + END, "model") == INERT
    assert verdict(header("a.pkl", b"\0", len(RUN), b"") + padded(RUN) + END, "model") == REFUSED


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% set k = '__ssalc__'|reverse %}{{ ''[k] }}", REFUSED), ("{% set k %}x{% endset %}{{ messages[k] }}", REFUSED), ("{{ dict(__class__=1) }}", REFUSED), ("{{ '%99999d' % 1 }}", REFUSED), ("{% set n = 999999999 %}{% for i in range(n) %}{% endfor %}", REFUSED),
        ("{% set role = messages[0]['role'] %}{{ names[role] }}", INERT), ("{% set i = messages|length - 1 %}{{ messages[i]['content']|default('none') }}", INERT), ("{{ '%s: %d' % (messages[0].role, 3) }}", INERT), ("{% for k, v in messages[0].items() %}{{ k }}{{ messages[0][k] }}{% endfor %}", INERT),
    ],
)  # fmt: skip
def test_names_that_a_template_builds(template: str, expected: str) -> None:
    assert verdict(gguf([("tokenizer.chat_template", 8, gtext(template))]), "a.gguf") == expected


def test_a_token_with_braces_is_no_template() -> None:
    assert verdict(gguf([("tokenizer.note", 8, gtext("a {{ brace"))]), "a.gguf") == INERT
    assert verdict(gguf([("tokenizer.note", 8, gtext("{{ ''.__class__ }}"))]), "a.gguf") == REFUSED


@pytest.mark.parametrize(("body", "expected"), [("return x.relu().add_(1)", INERT), ('_0 = x.save("a")\nreturn x', REFUSED), ('return getattr(torch, "from_file")("a", True, 1)', REFUSED), ("return x.unheard_of()", REFUSED)])
def test_a_method_of_a_value_is_an_operator(body: str, expected: str) -> None:
    assert verdict(script(body), "a.pt") == expected


def test_trees_are_trees() -> None:
    assert verdict(lightgbm(), "a.txt") == INERT
    assert verdict(xgboost(), "a.json") == INERT
    assert verdict(lightgbm(left_child="0"), "a.txt") == REFUSED
    assert verdict(xgboost(left_children=[0, -1, -1]), "a.json") == REFUSED
    assert verdict(xgboost({"tree_info": [1]}), "a.json") == REFUSED
    assert verdict(lightgbm(num_cat="1", decision_type="1", threshold="0", cat_boundaries="0 1", cat_threshold="3"), "a.txt") == INERT
    assert verdict(lightgbm(num_cat="1", decision_type="1", threshold="1", cat_boundaries="0 1", cat_threshold="3"), "a.txt") == REFUSED
