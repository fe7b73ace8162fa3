"""Hostile settings, templates, graphs and containers of classes that the first sets do not have."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import FINE, REG, checkpoint, keras, layer, npy, tarred, tensor, zipped
from tests.attacks.models.hostile_data import gguf, onnx, onode, pb, saved, template, tnode
from tests.attacks.models.hostile_pickles import PAYLOAD

TEMPLATES: dict[str, str] = {
    "built_name": "{% set k = '_cl' ~ 'ass_' %}{{ ''[k] }}", "built_by_join": "{% set k = ['_', 'x']|join %}{{ ''[k] }}", "built_by_filter": "{% set u = (raise_exception|string)[15] %}{% set k = u ~ u ~ 'class' ~ u ~ u %}{{ ''[k] }}", "built_in_loop": "{% set u = 'x' %}{% for k in [u ~ 'y'] %}{{ ''[k] }}{% endfor %}",
    "built_in_macro": "{% macro f(k) %}{{ ''[k] }}{% endmacro %}{{ f('a' ~ 'b') }}", "built_twice": "{% set a = 'x' ~ 'y' %}{% set b = a %}{{ messages[b] }}", "replace": "{% set k = 'xxclassxx'|replace('x', '_') %}{{ ''[k] }}", "attr_filter": "{{ ''|attr('__class__') }}", "map_attribute": "{{ messages|map(attribute='__class__')|list }}", "map_computed": "{% set k = 'a' %}{{ messages|map(attribute=k)|list }}",
    "groupby": "{{ messages|groupby('__class__') }}", "sort_by": "{{ messages|sort(attribute='__class__') }}", "include": "{% include '/etc/passwd' %}", "import": "{% import 'os' as x %}", "extends": "{% extends 'x' %}", "cycler": "{{ cycler.__init__.__globals__ }}", "joiner": "{{ joiner.__init__ }}", "namespace_globals": "{{ namespace.__init__.__globals__ }}",
    "hex": r'{{ ""["\x5f\x5fclass\x5f\x5f"] }}', "unicode": r'{{ ""["\u005f\u005fclass\u005f\u005f"] }}', "huge_range": "{% for i in range(999999999) %}x{% endfor %}", "huge_text": "{{ 'a' * 9999999999 }}", "power": "{{ 9 ** 9 ** 9 }}", "call_of_value": "{{ messages[0]['content']() }}", "format_method": "{{ '{0.__class__}'.format(messages) }}", "lipsum": "{{ lipsum.x }}", "self": "{{ self._TemplateReference__context }}",
    "percent": "{{ ''['%c%c' % (95, 95)] }}", "concat_key": "{{ ''['__cl' ~ 'ass__'] }}", "slice_key": "{{ ''['__ssalc__'[::-1]] }}", "call_block": "{% call os.system('x') %}{% endcall %}", "do": "{% do messages.__class__ %}", "unclosed": "{% for x in y %}", "set_attr": "{% set ns = namespace() %}{% set ns.__class__ = 1 %}", "debug": "{% debug %}",
}  # fmt: skip
for name, body in TEMPLATES.items():
    malicious(f"chat/{name}.gguf", gguf([template(body)]))
    malicious(f"chat/{name}/tokenizer_config.json", json.dumps({"tokenizer_class": "X", "chat_template": body}).encode())

JSON = {
    "parent_library/adapter_config.json": {"peft_type": "LORA", "auto_mapping": {"base_model_class": "x", "parent_library": "os"}}, "megatron/adapter_config.json": {"peft_type": "LORA", "megatron_core": "evil_module"}, "dense/config.json": {"in_features": 4, "out_features": 2, "activation_function": "os.abort"},
    "router/router_config.json": {"types": {"query_0": "os.system"}, "structure": {}, "vocab_size": 1}, "cross_encoder/config.json": {"model_type": "bert", "sentence_transformers": {"activation_fn": "os.system"}}, "words/wordembedding_config.json": {"tokenizer_class": "evil.module.Tokenizer", "vocab_size": 3},
    "serialized/data.json": {"policy_class": {":type:": "x", ":serialized:": base64.b64encode(PAYLOAD).decode()}}, "serialized_odd/data.json": {"policy_class": {":serialized:": 5}}, "detector/model.json": {"model_type": "yolo", "activation": "__import__('os').system('true')"}, "target_list/config.json": {"model_type": "x", "callbacks": [{"_target_": "subprocess.run"}]},
    "map_empty_code/config.json": {"model_type": "x", "auto_map": {"AutoModelForCausalLM": "--evil.Model"}}, "nested_map/config.json": {"model_type": "x", "text_config": {"auto_map": {"AutoConfig": "c.C"}}}, "processor/processor_config.json": {"processor_class": "P", "auto_map": {"AutoProcessor": "p.P"}}, "index_parent/pytorch_model.bin.index.json": {"weight_map": {"w": ".."}},
    "index_option/pytorch_model.bin.index.json": {"weight_map": {"w": "-rf"}}, "index_number/pytorch_model.bin.index.json": {"weight_map": {"w": 3}}, "index_list/pytorch_model.bin.index.json": {"weight_map": ["a"]}, "library_path/config.json": {"model_type": "x", "extension": "/tmp/evil.so"}, "library_windows/config.json": {"model_type": "x", "plugin": "evil.dll"},
}  # fmt: skip
for name, value in JSON.items():
    malicious(f"settings/{name}", json.dumps(value).encode())
malicious("settings/detector.yaml", b"nc: 80\nactivation: __import__('os').system('true')\nbackbone: []\nhead: []\n")
malicious("settings/sb3.zip", zipped({"data": json.dumps({"policy_class": {":serialized:": base64.b64encode(PAYLOAD).decode()}}).encode(), "policy.pth": FINE, "_stable_baselines3_version": b"2.0"}))
malicious("settings/policy.zip", zipped({"data": b"{}", "policy.pth": zipped(checkpoint(PAYLOAD))}))

LAYERS = {
    "time_distributed": layer(class_name="TimeDistributed", module="keras.layers", config={"layer": {"class_name": "Lambda", "module": "keras.layers", "config": {}}}), "loss": {"class_name": "Sequential", "module": "keras", "config": {"layers": []}, "compile_config": {"loss": {"module": "os", "class_name": "function", "config": "system"}}},
    "metric": {"class_name": "Sequential", "module": "keras", "config": {"layers": []}, "compile_config": {"metrics": [{"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"}]}}, "registered": layer(class_name="Dense", module="keras.layers", config={}, registered_name="evil>Dense"), "initializer": layer(class_name="Dense", module="keras.layers", config={"kernel_initializer": {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}}}),
    "module_prefix": layer(class_name="X", module="keras.layers.evil", config={}) | {"build_config": {"x": {"class_name": "run", "module": "keras_evil", "config": {}}}}, "saving": layer(class_name="load_model", module="keras.saving", config={}), "utils": layer(class_name="function", module="keras.src.utils.file_utils", config="get_file"), "callable": layer(class_name="Activation", module="keras.layers", config={"activation": {"class_name": "function", "module": "builtins", "config": "open"}}),
    "lookup": layer(class_name="IntegerLookup", module="keras.layers", config={"vocabulary": "http://127.0.0.1/v.txt"}), "vectorization": layer(class_name="TextVectorization", module="keras.layers", config={"idf_weights": "/etc/passwd"}), "code_text": layer(class_name="Dense", module="keras.layers", config={"name": "__import__('os')"}),
}  # fmt: skip
for name, value in LAYERS.items():
    malicious(f"keras_more/{name}.keras", keras(value))
malicious("keras_more/second_config.keras", zipped({"config.json": b"{}", "metadata.json": b"{}", "model.weights.npz": zipped({"a.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD)})}))
malicious("keras_more/assets_code.keras", keras({"class_name": "Sequential", "module": "keras", "config": {"layers": []}}, assets__x_DOT_py=b"import os"))


def constant(value: str) -> bytes:
    return pb(1, pb(1, "c") + pb(2, "Const") + pb(5, pb(1, "value") + pb(2, pb(8, pb(1, 7) + pb(8, value)))))


def function(name: str, *nodes: bytes) -> bytes:
    return pb(2, pb(1, pb(1, pb(1, name)) + b"".join(pb(3, node[2:]) for node in nodes)))


GRAPHS = {
    "restore_constant": saved(constant("/etc/passwd") + tnode("RestoreV2")), "save_constant": saved(constant("../../x") + tnode("SaveV2")), "save_url": saved(constant("gs://bucket/x") + tnode("SaveV2")), "merge_home": saved(constant("~/.ssh/x") + tnode("MergeV2Checkpoints")), "shadow": saved(tnode("ReadFile") + function("ReadFile", tnode("Const"))),
    "shadow_python": saved(tnode("PyFunc") + function("PyFunc")), "gradient": saved(tnode("ReadFileGrad")), "proto_file": saved(tnode("DecodeProtoV2")), "call_module": saved(tnode("XlaCallModule")), "custom_call": saved(tnode("XlaCustomCall")), "send": saved(tnode("_Send")), "host": saved(tnode("HostConst")), "generator": saved(tnode("GeneratorDataset")), "summary": saved(tnode("CreateSummaryFileWriter")),
    "iterator": saved(tnode("DeserializeIterator")), "session": saved(tnode("GetSessionHandleV2")), "old_save": saved(tnode("SaveSlices")), "remote": saved(tnode("RemoteCall")), "load_matrix": saved(tnode("LoadAndRemapMatrix")), "snapshot": saved(tnode("SnapshotDatasetV2")), "debug": saved(tnode("DebugIdentity")), "vocabulary": saved(tnode("GenerateVocabRemapping")), "empty_name": saved(tnode("")),
}  # fmt: skip
for name, data in GRAPHS.items():
    malicious(f"graphs/{name}/saved_model.pb", data)
malicious("graphs/frozen_graph.pb", tnode("Const") + tnode("WriteFile"))
malicious("graphs/frozen_function/graph.pb", tnode("Const") + pb(2, pb(1, pb(1, pb(1, "f")) + pb(3, pb(1, "n") + pb(2, "PyFunc")))))
malicious("graphs/keras_metadata.pb", pb(1, pb(1, "x") + pb(4, '{"class_name": "Lambda", "config": {"function": ["x"]}}')))
malicious("graphs/fingerprint.pb", pb(1, 1) + pb(99, "x"))

ONNX = {
    "training": onnx(onode("Relu"), pb(20, pb(1, onode("Evil", "evil.ops")))), "training_algorithm": onnx(onode("Relu"), pb(20, pb(2, onode("PyOp", "ai.onnx.contrib")))), "function_body": onnx(onode("Relu"), pb(25, pb(1, "F") + pb(10, "own") + pb(7, pb(4, "Evil") + pb(7, "evil.ops")))),
    "attribute_tensor": onnx(pb(1, pb(4, "Constant") + pb(5, pb(1, "value") + pb(5, pb(1, 4) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "/etc/passwd")) + pb(14, 1))))), "sparse_external": onnx(onode("Relu") + pb(15, pb(1, pb(1, 1) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "../x")) + pb(14, 1)))),
    "graphs_attribute": onnx(pb(1, pb(4, "If") + pb(5, pb(1, "branches") + pb(11, onode("Evil", "x.y"))))), "external_dash": onnx(pb(5, pb(1, 4) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "-x")) + pb(14, 1))), "external_empty": onnx(pb(5, pb(1, 4) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "")) + pb(14, 1))),
    "external_hidden_parent": onnx(pb(5, pb(1, 4) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "a/../../x")) + pb(14, 1))), "external_twice": onnx(pb(5, pb(1, 4) + pb(2, 1) + pb(13, pb(1, "location") + pb(2, "a.bin")) + pb(13, pb(1, "location") + pb(2, "../x")) + pb(14, 1))), "domain_space": onnx(onode("Relu", " ")),
}  # fmt: skip
for name, data in ONNX.items():
    malicious(f"onnx_more/{name}.onnx", data)
INNER = pb(1, 4) + pb(2, b"") + pb(555, pb(10, "Evil"))
malicious("coreml_more/pipeline.mlmodel", pb(1, 4) + pb(2, b"") + pb(202, pb(1, INNER)))
malicious("coreml_more/pipeline_classifier.mlmodel", pb(1, 4) + pb(2, b"") + pb(200, pb(1, pb(1, INNER))))
malicious("coreml_more/pipeline_linked.mlmodel", pb(1, 4) + pb(2, b"") + pb(202, pb(1, pb(1, 4) + pb(2, b"") + pb(556, pb(1, "x")))))


def _patched(at: int, value: bytes, data: bytes = FINE) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def _twice() -> bytes:
    """Two entries of the directory for one local header."""
    data = zipped({"m/data.pkl": tensor(), "m/data.pk2": tensor(), "m/data/0": b"\0" * 16, "m/version": b"3"})
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 4)
    return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


def _extra(tag: int, content: bytes, local: bool) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in checkpoint().items():
            info = zipfile.ZipInfo(name)
            if not local and name.endswith("data.pkl"):
                info.extra = struct.pack("<HH", tag, len(content)) + content
            archive.writestr(info, data)
    return made.getvalue()


DIRECTORY = FINE.index(b"PK\1\2")
ZIPS = {
    "two_entries.pt": _twice(), "unicode_path.pt": _extra(0x7075, b"\1" + struct.pack("<I", 0) + b"m/evil.pkl", False), "aes_extra.pt": _extra(0x9901, b"\2\0AE\3\0\0", False), "local_size.pt": _patched(22, struct.pack("<I", 5)), "local_packed.pt": _patched(18, struct.pack("<I", 5)), "local_crc.pt": _patched(14, b"\1\2\3\4"), "local_extra.pt": _patched(28, b"\x05\0"),
    "directory_flags.pt": _patched(DIRECTORY + 8, b"\0\x20"), "directory_offset.pt": _patched(DIRECTORY + 42, struct.pack("<I", 3)), "name_slash.pt": zipped({**checkpoint(), "m/data.pkl/": b""}), "name_null.pt": zipped(checkpoint()).replace(b"m/version", b"m/vers\0on"), "patch_method.pt": _patched(DIRECTORY + 10, b"\x0c\0"), "zip64_lie.pt": _patched(DIRECTORY + 24, b"\xff\xff\xff\xff"),
    "end_twice.pt": FINE + FINE[FINE.rindex(b"PK\5\6") :], "pickle_before.pt": PAYLOAD + FINE, "html_before.pt": b"<html>" + FINE, "storage_shared_lie.pt": zipped(checkpoint(tensor(cls="DoubleStorage"))), "storage_type.pt": zipped(checkpoint(tensor(cls="Tensor"))), "storage_module.pt": zipped(checkpoint(tensor().replace(b"ctorch\nFloatStorage", b"ctorch.nn\nFloatStorage"))),
    "byteorder_code.pt": zipped({**checkpoint(), "m/byteorder": b"little\nimport os"}), "version_long.pt": zipped({**checkpoint(), "m/version": b"3" * 70}), "id_code.pt": zipped({**checkpoint(), "m/.data/serialization_id": b"x; import os"}), "data_twice_case.pt": zipped({**checkpoint(), "M/data.pkl": PAYLOAD}), "extern.pt": zipped({**checkpoint(), "m/.data/extern_modules": b"os\n"}),
    "script_exec.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/code/__torch__.py": b"def f(x: str) -> None:\n  exec(x)\n"}), "script_class.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/code/__torch__.py": b"def f(x: str) -> None:\n  __torch__.torch.classes.evil.Run(x)\n"}),
    "script_try.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/code/__torch__.py": b"def f(x: str) -> None:\n  try:\n    pass\n  except Exception:\n    pass\n"}), "script_lambda.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/code/__torch__.py": b"def f(x: str) -> None:\n  y = lambda: x\n"}),
    "script_traced.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/traced_inputs.pkl": PAYLOAD}), "script_constants.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": PAYLOAD}), "script_python_member.pt": zipped({"s/data.pkl": b"\x80\x02N.", "s/constants.pkl": b"\x80\x02).", "s/evil.py": b"import os"}),
    "export_custom.pt2": zipped({"e/archive_format": b"pt2", "e/models/model.json": b'{"a": {"as_custom_obj": {"class_fqn": "x", "name": "y"}}}'}), "export_operator.pt2": zipped({"e/archive_format": b"pt2", "e/models/model.json": b'{"nodes": [{"target": "_operator.attrgetter"}]}'}), "export_builtins.pt2": zipped({"e/archive_format": b"pt2", "e/models/model.json": b'{"nodes": [{"target": "builtins.eval"}]}'}),
    "export_file.pt2": zipped({"e/archive_format": b"pt2", "e/models/model.json": b'{"nodes": [{"target": "torch.ops.aten.from_file.default"}]}'}), "export_weights_path.pt2": zipped({"e/archive_format": b"pt2", "e/models/model.json": b"{}", "e/data/weights/model_weights_config.json": b'{"config": {"w": {"path_name": "../../x"}}}'}),
}  # fmt: skip
for name, data in ZIPS.items():
    malicious(f"zips/{name}", data)


def _pax(**fields: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.txt")
        info.size, info.pax_headers = 1, fields
        archive.addfile(info, io.BytesIO(b"x"))
    return made.getvalue()


def _long_name() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("a/" * 60 + "../" * 70 + "etc/x")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    return made.getvalue()


malicious("tars/pax_path.tar", _pax(path="../../etc/x"))
malicious("tars/pax_link.tar", _pax(linkpath="/etc/passwd"))
malicious("tars/pax_sparse.tar", _pax(**{"GNU.sparse.name": "x"}))
malicious("tars/long_name.tar", _long_name())
malicious("tars/second.tar.gz", gzip.compress(tarred([("a.txt", b"x", REG, "")]), mtime=0) + gzip.compress(tarred([("b.pkl", PAYLOAD, REG, "")]), mtime=0))
malicious("tars/checksum.tar", tarred([("a.txt", b"x", REG, "")])[:150] + b"9" + tarred([("a.txt", b"x", REG, "")])[151:])
malicious("tars/payload_behind.tar", tarred([("a.txt", b"x", REG, "")]) + PAYLOAD)
ARRAYS = {
    "empty_items.npy": npy("{'descr': '|S0', 'fortran_order': False, 'shape': (1152921504606846976,), }\n"), "negative.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n"), "code.npy": npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8), "extra_key.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}\n", b"x" * 8),
    "double_key.npy": npy("{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8), "hidden_objects.npy": npy("{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n", b"x" * 16), "version.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8, b"\x09\0"),
    "behind.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8 + PAYLOAD), "member.npz": zipped({"a.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD)}), "pickle_member.npz": zipped({"a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"x" * 8), "b.pkl": PAYLOAD}), "not_npy.npz": zipped({"a.npy": PAYLOAD}),
}  # fmt: skip
for name, data in ARRAYS.items():
    malicious(f"arrays/{name}", data)
malicious("arrays/raw_pickle.npz", PAYLOAD)
malicious("arrays/list_then_payload.npy", pickle.dumps([1]) + PAYLOAD)
