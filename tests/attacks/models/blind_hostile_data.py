"""Hostile settings, templates, graphs and HDF5 files that were written before the code had run on them."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from typing import Any

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import FINE, KERAS, REG, keras, layer, node, tarred, zipped
from tests.attacks.models.hostile_data import external, gguf, gtext, onnx, onode, pb, saved, template, tnode
from tests.attacks.models.hostile_pickles import PAYLOAD
from tests.attacks.models.hostile_settings import constant

TEMPLATES = {
    "lipsum": "{{ lipsum.__globals__['os'].popen('true').read() }}", "joiner": "{{ joiner.__init__.__globals__.os }}", "namespace_init": "{{ namespace.__init__.__globals__ }}", "dict_class": "{{ dict.mro() }}", "attr_join": "{{ ''|attr(['_'*2,'class','_'*2]|join) }}", "format_attr": "{{ '%s'|format(x|attr('f')) }}", "format_method": "{{ '{0.__class__}'.format(messages) }}", "format_map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "request": "{{ request.application.__globals__ }}", "config": "{{ config.from_pyfile('x') }}", "raise_globals": "{{ raise_exception.__globals__ }}", "strftime_globals": "{{ strftime_now.__globals__ }}", "loop_frame": "{% for m in messages %}{{ loop.__class__ }}{% endfor %}", "macro_globals": "{% macro m() %}{% endmacro %}{{ m.__init__ }}", "selectattr": "{{ messages|selectattr('__class__')|list }}", "filter_map": "{{ messages|map('attr', '__class__')|list }}",
    "block_self": "{{ self._TemplateReference__context }}", "nested_loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}", "recursion": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "center": "{{ 'x'|center(99999999999) }}", "batch": "{{ [1]|batch(9999999999, 0)|list }}", "from_import": "{% from 'os' import system %}{{ system('true') }}", "set_item": "{% set x = messages.__class__ %}{{ x }}",
    "hidden_for_user": "{% for m in messages %}{{ m.content }}{% if 'bank' in m.content %}{{ m['__init__'] }}{% endif %}{% endfor %}",
}  # fmt: skip
for name, body in TEMPLATES.items():
    malicious(f"blind/template_{name}.gguf", gguf([template(body)]))
    malicious(f"blind/template_{name}/chat_template.json", json.dumps({"chat_template": body}).encode())
malicious("blind/template_extra/additional_chat_templates/rag.jinja", TEMPLATES["lipsum"].encode())

JSON: dict[str, object] = {
    "auto_model/config.json": {"architectures": ["X"], "model_type": "x", "auto_map": {"AutoModel": "modeling_x.X"}}, "auto_tokenizer/tokenizer_config.json": {"tokenizer_class": "XTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_x.X", None]}}, "auto_remote/config.json": {"model_type": "x", "auto_map": {"AutoConfig": "other/repo--configuration_x.X"}}, "video/video_preprocessor_config.json": {"auto_map": {"AutoVideoProcessor": "p.P"}}, "quantized/config.json": {"model_type": "llama", "quantization_config": {"quant_method": "x", "auto_map": {"A": "b.C"}}},
    "pipelines/config.json": {"model_type": "x", "custom_pipelines": {"t": {"impl": "pipe.P", "pt": ["AutoModel"]}}}, "diffusion/model_index.json": {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30", "unet": ["my_unet", "Unet"]}, "diffusion_auto/unet_config.json": {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.3", "auto_map": {"AutoModel": "u.U"}}, "sentence/modules.json": [{"idx": 0, "name": "0", "path": "", "type": "evil_module.Transformer"}], "sentence_os/modules.json": [{"idx": 0, "name": "0", "path": "", "type": "os.system"}],
    "shards/pytorch_model.bin.index.json": {"weight_map": {"w": "../../other/model.bin"}}, "shards_absolute/model.safetensors.index.json": {"weight_map": {"w": "/etc/passwd"}}, "shards_url/model.safetensors.index.json": {"weight_map": {"w": "https://x/y.bin"}}, "regex_email/tokenizer.json": {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}$"}}}, "regex_words/tokenizer.json": {"normalizer": {"type": "Replace", "pattern": {"Regex": "(\\w+\\s?)*$"}, "content": ""}}, "regex_class/tokenizer.json": {"pre_tokenizer": {"pattern": {"Regex": "([a-z]+)*!"}}}, "regex_twins/tokenizer.json": {"pre_tokenizer": {"pattern": {"Regex": "(a|aa)+$"}}}, "regex_spaces/tokenizer.json": {"pre_tokenizer": {"pattern": {"Regex": "(\\s*)*$"}}}, "regex_counted/tokenizer.json": {"pre_tokenizer": {"pattern": {"Regex": "(a{1,50}){1,50}$"}}}, "regex_inner/tokenizer.json": {"pre_tokenizer": {"pattern": {"Regex": "((a+)b?)+$"}}},
    "hydra/config.json": {"model_type": "x", "encoder": {"_target_": "builtins.exec", "_args_": ["1"]}}, "partial/config.json": {"model_type": "x", "opt": {"_target_": "functools.partial", "_partial_": True}}, "get_method/config.json": {"model_type": "x", "opt": {"_target_": "hydra.utils.get_method", "path": "os.system"}}, "nemo_run/config.json": {"model_type": "x", "opt": {"_target_": "nemo.utils.cloud.x"}}, "monai/metadata.json": {"network_def": {"_target_": "$__import__('os').system('true')"}}, "monai_expression/inference.json": {"imports": ["$import os"], "run": ["$os.system('true')"], "network": {"_target_": "UNet"}}, "peft_parent/adapter_config.json": {"peft_type": "LORA", "auto_mapping": {"base_model_class": "system", "parent_library": "subprocess"}},
    "keras_module/config.json": {"class_name": "function", "module": "os", "config": "system", "registered_name": "function"}, "manifest/MANIFEST.json": {"createdOn": "x", "model": {"modelName": "m", "handler": "evil.py:handle"}}, "zarr/.zarray": {"zarr_format": 2, "dtype": "|O", "filters": [{"id": "dill"}], "compressor": None}, "skops/schema.json": {"__class__": "system", "__module__": "posix", "__loader__": "ObjectNode", "content": None, "protocol": 2, "_skops_version": "0.11"}, "kernels/config.json": {"model_type": "x", "attn_implementation": "kernels-community/x"}, "kernel_map/config.json": {"model_type": "x", "kernel_config": {"RMSNorm": {"cuda": "owner/repository:Layer"}}},
    "vocabulary/config.json": {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/passwd"}}, "library/genai_config.json": {"model": {"type": "x", "decoder": {"session_options": {"custom_ops_library": "libevil.so"}}}}, "trust/config.json": {"model_type": "x", "text_config": {"trust_remote_code": True}}, "generate/generation_config.json": {"do_sample": True, "custom_generate": "owner/repository"}, "code_text/config.json": {"model_type": "x", "activation": "__import__('os').system('true')"},
}  # fmt: skip
for name, value in JSON.items():
    malicious(f"blind/{name}", json.dumps(value).encode())

TEXTS: dict[str, bytes] = {
    "escaped_tag.yaml": b"model:\n  run: !!%70ython/object/apply:os.system ['true']\n", "utf16.yaml": "a: !!python/object/apply:os.system ['true']\n".encode("utf-16"), "handle.yaml": b"%TAG !e! tag:yaml.org,2002:python/object/\n---\na: !e!apply:os.system ['true']\n", "verbatim.yaml": b"a: !<tag:yaml.org,2002:python/object/new:os.system> ['true']\n", "escaped_verbatim.yaml": b"a: !<tag:yaml.org,2002:%70ython/object/apply:os.system> ['true']\n", "flow_tag.yml": b"{a: [1, !!python/name:os.system '']}\n", "second_document.yaml": b"a: 1\n---\nb: !!python/object/apply:os.system ['true']\n", "laughs.yaml": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(20)),
    "latent/v1-inference.yaml": b"model:\n  target: os.system\n  params:\n    command: 'true'\n", "latent_first/config.yaml": b"model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    first_stage_config:\n      target: subprocess.Popen\n      params: {args: ['true']}\n", "hydra.yaml": b"trainer:\n  _target_: builtins.eval\n  _args_: ['1']\n", "hydra_list.yaml": b"callbacks:\n- _target_: shutil.rmtree\n  path: x\n", "object_path.yaml": b"model: {_target_: importlib.import_module, name: os}\n", "lightning.yaml": b"trainer:\n  callbacks:\n    class_path: os.system\n    init_args: {command: 'true'}\n", "speechbrain/hyperparams.yaml": b"run: !apply:os.system ['true']\n", "speechbrain_new/hyperparams.yaml": b"modules:\n  x: !new:subprocess.Popen\n    args: ['true']\n", "speechbrain_name/hyperparams.yaml": b"f: !name:os.system\n", "front/README.md": b"---\nmodel-index: !!python/object/apply:os.system ['true']\n---\n# x\n", "flax_yaml/model.yaml": b"class_name: Lambda\nconfig: {function: !!python/tuple [x]}\n",
    "mlflow_loader/MLmodel": b"artifact_path: model\nflavors:\n  python_function:\n    loader_module: evil\n    python_version: 3.11\n", "mlflow_os/MLmodel": b"flavors:\n  python_function:\n    loader_module: os\n    data: x\n", "mlflow_code/MLmodel": b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: code\n", "mlflow_artifacts/MLmodel": b"flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl\n    artifacts:\n      x:\n        path: ../../../etc/passwd\n        uri: /etc/passwd\n", "mlflow_path/MLmodel": b"flavors:\n  sklearn:\n    pickled_model: ../../x.pkl\n    serialization_format: cloudpickle\n", "mlflow_script/MLmodel": b"flavors:\n  langchain:\n    model_code_path: chain.py\n    code: ''\n", "mlflow_url/MLmodel": b"flavors:\n  onnx:\n    data: https://x/y.onnx\n",
    "entities.pmml": b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML version="4.4"><Header>&x;</Header></PMML>', "parameter.pmml": b'<!DOCTYPE p [<!ENTITY % d SYSTEM "http://x/y.dtd"> %d;]><PMML/>', "utf16.pmml": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML><Header>&x;</Header></PMML>'.encode("utf-16"), "openvino_utf16/model.xml": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="m" version="11"/>'.encode("utf-16"), "utf7.pmml": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE p SYSTEM "file:///etc/passwd"+AD4-<PMML/>', "laughs.pmml": b'<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><PMML>&b;</PMML>', "java.pmml": b'<PMML><TransformationDictionary><DerivedField><Apply function="java.lang.Runtime.exec"><Constant>true</Constant></Apply></DerivedField></TransformationDictionary></PMML>', "openvino_extension/model.xml": b'<net name="m" version="11"><layers><layer id="0" name="x" type="Evil" version="extension"/></layers></net>', "openvino_path/model.xml": b'<net name="m" version="11"><layers><layer id="0" name="x" type="Const" version="opset1"><data path="../../etc/passwd"/></layer></layers></net>', "openvino_huge/model.xml": b'<net name="m" version="11"><layers><layer id="0" name="x" type="Const" version="opset1"><data element_type="f32" offset="0" shape="1" size="99999999999999999"/></layer></layers></net>', "style.pmml": b'<?xml-stylesheet href="http://x/y.xsl" type="text/xsl"?><PMML/>',
    "saved/saved_model.pbtxt": b'saved_model_schema_version: 1\nmeta_graphs {\n  graph_def {\n    node {\n      name: "x"\n      op: "PyFunc"\n    }\n  }\n}\n', "saved_write/saved_model.pbtxt": b"saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: 'x' op: 'WriteFile' } } }\n", "graph.pbtxt": b'node {\n  name: "x"\n  op: "ReadFile"\n}\nversions { producer: 1 }\n', "caffe/deploy.prototxt": b'name: "x"\nlayer {\n  name: "p"\n  type: "Python"\n  python_param {\n    module: "os"\n    layer: "system"\n  }\n}\n', "triton/config.pbtxt": b'name: "m"\nbackend: "python"\nparameters: { key: "EXECUTION_ENV_PATH" value: { string_value: "/tmp/env.tar.gz" } }\n',
    "code/modeling_evil.py": b"import os\n", "code/configuration_evil.py": b"import os\n", "code/tokenization_evil.py": b"import os\n", "code/custom_generate/generate.py": b"def generate(model, **kwargs):\n    pass\n", "code/handler.py": b"class EndpointHandler:\n    def __init__(self, path=''): pass\n", "code/inference.py": b"from transformers import PreTrainedModel\nclass X(PreTrainedModel):\n    pass\n", "code/pipeline.py": b"from diffusers import DiffusionPipeline\nclass P(DiffusionPipeline):\n    pass\n", "code/hubconf.py": b"dependencies = ['torch']\ndef m(): pass\n",
}  # fmt: skip
for name, data in TEXTS.items():
    malicious(f"blind/{name}", data)

UNSAFE = {"class_name": "function", "module": "keras.config", "config": "enable_unsafe_deserialization", "registered_name": "function"}
LAMBDA = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}}}
LAYERS: dict[str, dict[str, object]] = {
    "unsafe": layer(class_name="Activation", module="keras.layers", config={"activation": UNSAFE}), "bidirectional": layer(class_name="Bidirectional", module="keras.layers", config={"layer": LAMBDA}), "rnn_cell": layer(class_name="RNN", module="keras.layers", config={"cell": {"class_name": "Cell", "module": "evil", "config": {}}}), "nested_model": layer(class_name="Functional", module="keras.src.models.functional", config={"layers": [{"class_name": "Sequential", "module": "keras", "config": {"layers": [LAMBDA]}}]}), "no_module": layer(class_name="Lambda", config={"function": ["x", None, None]}), "typespec": layer(class_name="__typespec__", module="os", spec_name="system", config=["true"], registered_name=None), "get_file": layer(class_name="Activation", module="keras.layers", config={"activation": {"class_name": "function", "module": "keras.utils", "config": "get_file", "registered_name": "function"}}), "archive": layer(class_name="function", module="keras.src.utils.file_utils", config="extract_archive", registered_name="function"), "get_file_src": layer(class_name="function", module="keras.src.utils.file_utils", config="get_file", registered_name="get_file"),
    "wrapper": layer(class_name="TorchModuleWrapper", module="keras.src.utils.torch_utils", config={"module": "gAJ"}), "wrapper_registered": layer(class_name="TorchModuleWrapper", module="keras.layers", registered_name="TorchModuleWrapper", config={"module": "gAJ"}), "custom_loss": {**KERAS, "compile_config": {"loss": {"class_name": "function", "module": "evil", "config": "loss", "registered_name": "function"}}}, "custom_metric": {**KERAS, "compile_config": {"metrics": [{"class_name": "M", "module": "evil.metrics", "config": {}, "registered_name": "Custom>M"}]}}, "custom_optimizer": {**KERAS, "compile_config": {"optimizer": {"class_name": "O", "module": "subprocess", "config": {}}}}, "lookup_http": layer(class_name="StringLookup", module="keras.src.layers.preprocessing.string_lookup", config={"vocabulary": "http://169.254.169.254/x"}), "table": layer(class_name="StaticHashTable", module="tensorflow.lookup", config={"x": 1}), "initializer": layer(class_name="Dense", module="keras.layers", config={"kernel_initializer": {"class_name": "function", "module": "numpy", "config": "load", "registered_name": "function"}}), "regularizer": layer(class_name="Dense", module="keras.layers", config={"kernel_regularizer": {"class_name": "R", "module": "__main__", "config": {}, "registered_name": "Custom>R"}}), "constraint": layer(class_name="Dense", module="keras.layers", config={"kernel_constraint": {"class_name": "system", "module": "os", "config": {"command": "true"}}}), "model_from_json": layer(class_name="function", module="keras.models", config="model_from_json", registered_name="function"), "tf_op": layer(class_name="TFOpLambda", config={"function": "io.read_file"}), "slicing": layer(class_name="SlicingOpLambda", config={"function": "x"}), "hub": layer(class_name="KerasLayer", module="tensorflow_hub.keras_layer", config={"handle": "https://x/y"}), "export": layer(class_name="TFSMLayer", module="keras.layers", config={"filepath": "/tmp/x", "call_endpoint": "serve"}), "tokenizer": layer(class_name="SentencePieceTokenizer", module="keras_hub.src.tokenizers.sentence_piece_tokenizer", config={"proto": "/etc/passwd"}),
}  # fmt: skip
for name, config in LAYERS.items():
    malicious(f"blind/keras_{name}.keras", keras(config))


def h5(write: Callable[[Any, Any], None]) -> Callable[[], bytes]:
    """An HDF5 file made by h5py (needed only where it is written)."""

    def make() -> bytes:
        import io

        import h5py

        data = io.BytesIO()
        with h5py.File(data, "w") as file:
            write(h5py, file)
        return data.getvalue()

    return make


def _config(config: dict[str, object], name: str = "model_config") -> Callable[[Any, Any], None]:
    return lambda _h5py, file: file.attrs.__setitem__(name, json.dumps(config))


H5: dict[str, Callable[[Any, Any], None]] = {
    "lambda": _config({"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["x", None, None]}}]}}), "lambda_deep": _config({"class_name": "Model", "config": {"layers": [{"class_name": "TimeDistributed", "config": {"layer": {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": {}}]}}}]}}), "training": _config({"loss": {"class_name": "function", "module": "os", "config": "system", "registered_name": "function"}}, "training_config"), "custom": _config({"class_name": "Sequential", "config": {"layers": [{"class_name": "Custom>Evil", "config": {}}]}}),
    "external": lambda h5py, file: file.__setitem__("model_weights/x", h5py.ExternalLink("/etc/passwd", "/")), "external_relative": lambda h5py, file: file.__setitem__("x", h5py.ExternalLink("../other.h5", "/x")), "soft": lambda h5py, file: file.__setitem__("x", h5py.SoftLink("/y")), "storage": lambda h5py, file: file.create_dataset("x", (4,), dtype="u1", external=[("/etc/passwd", 0, 4)]), "huge": lambda h5py, file: file.create_dataset("x", (1 << 44,), dtype="f8", chunks=(1 << 16,)), "pickled": lambda h5py, file: file.attrs.__setitem__("state", __import__("numpy").void(PAYLOAD)), "pytables": lambda h5py, file: file.create_dataset("x", data=__import__("numpy").frombuffer(PAYLOAD, dtype="u1")).attrs.__setitem__("PSEUDOATOM", "object"), "reference": lambda h5py, file: file.create_dataset("x", data=file.ref, dtype=h5py.ref_dtype), "opaque": lambda h5py, file: file.create_dataset("x", data=__import__("numpy").void(PAYLOAD)),
}  # fmt: skip
for name, write in H5.items():
    malicious(f"blind/hdf5_{name}.h5", h5(write))
malicious("blind/hdf5_pickle_before.h5", lambda: PAYLOAD.ljust(512, b"\0") + h5(H5["lambda"])())
malicious("blind/hdf5_weights.keras", lambda: keras(KERAS, model_DOT_weights_DOT_h5=h5(H5["external"])()))

GRAPHS = {op: saved(tnode("Const") + tnode(op)) for op in "ReadFile WriteFile PyFunc EagerPyFunc MatchingFiles TextLineReaderV2 WholeFileReader TFRecordReaderV2 InitializeTableFromTextFileV2 TextFileDataset FixedLengthRecordDataset SnapshotDatasetV2 DebugNumericSummaryV2 DataServiceDataset ImportEvent WriteGraphSummary CreateSummaryFileWriter Recv HostSend XlaRecvFromHost LMDBReader TFLiteSubgraphExecute IO>BigtableClient GenerateVocabRemapping SaveSlices RpcServerStart FileSystemSetConfiguration".split()}  # noqa: SIM905
for op, data in GRAPHS.items():
    malicious(f"blind/saved_{op.replace('>', '_')}/saved_model.pb", data)
malicious("blind/saved_print/saved_model.pb", saved(pb(1, pb(1, "p") + pb(2, "PrintV2") + pb(5, pb(1, "output_stream") + pb(2, pb(2, "file:///tmp/x"))))))
malicious("blind/saved_restore/saved_model.pb", saved(constant("/etc/passwd") + tnode("RestoreV2")))
malicious("blind/saved_asset/saved_model.pb", saved(tnode("Const"), pb(6, pb(1, b"") + pb(2, "/etc/passwd"))))
malicious("blind/graph_in_function/saved_model.pb", saved(pb(2, pb(1, pb(1, pb(1, "__inference_x")) + pb(3, pb(1, "n") + pb(2, "PyFuncStateless"))))))

ONNX = {
    "traversal": onnx(external(location="../../../etc/passwd")), "absolute": onnx(external(location="/etc/shadow")), "file_url": onnx(external(location="file:///etc/passwd")), "drive": onnx(external(location="C:/x")), "tilde": onnx(external(location="~/.ssh/id_rsa")), "dots": onnx(external(location="a/b/../../../x")), "nul": onnx(external(location="w.bin\0/../x")), "offset": onnx(external(location="w.bin", offset="-1")), "length": onnx(external(location="w.bin", length="99999999999999999999")), "base": onnx(external(location="w.bin", basepath="/etc")), "memory": onnx(external(location="*/_ORT_MEM_ADDR_/*", offset="94000000", length="4")),
    "extensions": onnx(onode("StringRegexReplace", "ai.onnx.contrib")), "python": onnx(onode("PythonOp", "com.microsoft")), "context": onnx(onode("EPContext", "com.microsoft")), "aten": onnx(onode("ATen", "org.pytorch.aten")), "unknown": onnx(onode("Relu", "org.evil")), "in_loop": onnx(pb(1, pb(4, "Loop") + pb(5, pb(1, "body") + pb(6, onode("X", "evil"))))), "function_external": onnx(onode("F", "local"), pb(25, pb(1, "F") + pb(10, "local") + pb(7, onode("X", "evil")[2:]))), "negative": onnx(pb(5, pb(1, (1 << 64) - 1) + pb(2, 1) + pb(8, "w") + pb(9, b"\0" * 4))), "huge": onnx(pb(5, pb(1, 1 << 40) + pb(1, 1 << 40) + pb(2, 1) + pb(8, "w") + pb(9, b"\0" * 4))), "string_tensor": onnx(pb(5, pb(1, 1 << 30) + pb(2, 8) + pb(8, "w") + pb(6, b"a"))), "sparse_traversal": onnx(pb(15, pb(1, external(location="../x")[2:]))), "cut": onnx(onode("Relu"))[:-2], "group": b"\x0b" + onnx(onode("Relu")),
}  # fmt: skip
for name, data in ONNX.items():
    malicious(f"blind/onnx_{name}.onnx", data)


def _mil(path: str) -> bytes:
    """A Core ML program whose constant lies in a file: Value.blobFileValue of an operation's attribute."""
    value = pb(5, pb(1, path) + pb(2, 64))
    operation = pb(1, "const") + pb(5, pb(1, "val") + pb(2, value))
    block = pb(1, pb(1, "y")) + pb(3, operation)
    function = pb(2, "CoreML5") + pb(3, pb(1, "CoreML5") + pb(2, block))
    return pb(1, 7) + pb(2, b"") + pb(502, pb(1, 1) + pb(2, pb(1, "main") + pb(2, function)))


COREML = {"blob_traversal": _mil("@model_path/../../../etc/passwd"), "blob_absolute": _mil("/etc/passwd"), "custom": pb(1, 4) + pb(2, b"") + pb(555, pb(10, "Evil")), "linked": pb(1, 4) + pb(2, b"") + pb(556, pb(1, pb(1, pb(1, "/tmp/x")))), "custom_layer": pb(1, 4) + pb(2, b"") + pb(403, pb(1, pb(1, "l") + pb(500, pb(10, "Evil"))))}
for name, data in COREML.items():
    malicious(f"blind/coreml_{name}.mlmodel", data)
malicious("blind/package.mlpackage/Manifest.json", b'{"fileFormatVersion": "1.0.0", "rootModelIdentifier": "x", "itemInfoEntries": {"x": {"path": "/etc/passwd", "author": "com.apple.CoreML"}}}')


def tflite(name: str, code: int = 32) -> bytes:
    """A flat buffer of one operator code."""
    text_ = name.encode()
    body = struct.pack("<I", len(text_)) + text_ + b"\0" * (4 - len(text_) % 4)
    operator = struct.pack("<HHHHHH", 12, 16, 7, 8, 0, 12)
    return struct.pack("<I4s", 24, b"TFL3") + b"\0" * 2 + struct.pack("<HHHH", 8, 12, 4, 8) + b"\0" * 6 + struct.pack("<iII", 14, 3, 4) + struct.pack("<I", 1) + struct.pack("<I", 16) + operator + struct.pack("<ibxxxII", 12, code, 12, code)[:16] + body


for name in ("FlexPyFunc", "FlexReadFile", "FlexWriteFile", "EvilOp"):
    malicious(f"blind/tflite_{name}.tflite", tflite(name))
malicious("blind/tflite_root.tflite", b"\xff\xff\xff\x7fTFL3" + b"\0" * 64)

SKOPS = {
    "operator": node("operator", "attrgetter", "OperatorFuncNode", attrs={"__reduce__": []}), "method_init": node("builtins", "method", "MethodNode", content={"func": "__init__", "obj": node("sklearn.linear_model._base", "LinearRegression", content=node("builtins", "dict", "DictNode", content={}))}), "partial": node("functools", "partial", "PartialNode", content={"func": node("os", "system", "FunctionNode", content={"module_path": "os", "function": "system"})}), "type": node("subprocess", "Popen", "TypeNode"), "hidden_kind": node("builtins", "dict", "CachedNode", content={}), "unsafe_tree": node("sklearn.tree._tree", "Tree", "ReduceNode", content={}, args={}), "trusted": {**node("os", "system"), "trusted": True},
}  # fmt: skip
for name, schema in SKOPS.items():
    malicious(f"blind/skops_{name}.skops", zipped({"schema.json": json.dumps({**schema, "protocol": 2, "_skops_version": "0.11"}).encode()}))

GGUF = {
    "tokens": gguf(counts=(0, 1)) + gtext("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1 << 60), "kv": gguf(counts=(0, 1 << 62)), "tensor_count": gguf(counts=(1 << 62, 0)), "alignment_zero": gguf([("general.alignment", 4, b"\0\0\0\0")], [("w", [8], 0, 0)], b"\0" * 32), "overflow_dims": gguf([], [("w", [1 << 33, 1 << 33], 0, 0)], b"\0" * 32), "string_wrap": gguf(counts=(0, 1)) + struct.pack("<Q", (1 << 64) - 1), "nested_arrays": gguf(counts=(0, 1)) + gtext("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 5000, "big_endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version_one": b"GGUF" + struct.pack("<III", 1, 0, 0), "dims": gguf([], [("w", [1] * 9, 0, 0)], b"\0" * 32), "twin_keys": gguf([("a", 4, b"\0" * 4), ("a", 4, b"\1\0\0\0")]), "pickle_behind": gguf([("a", 4, b"\0" * 4)]) + b"\0" * 64 + PAYLOAD, "type": gguf([("a", 13, b"\0" * 8)]), "system_prompt": gguf([("tokenizer.chat_template.default", 8, gtext("{{ ''.__class__.__mro__[1].__subclasses__() }}"))]),
}  # fmt: skip
for name, data in GGUF.items():
    malicious(f"blind/gguf_{name}.gguf", data)

OTHERS = {
    "hydra.nemo": tarred([("./model_config.yaml", b"cfg:\n  a:\n    _target_: os.system\n    command: 'true'\n", REG, ""), ("./model_weights.ckpt", FINE, REG, "")]), "pickled.nemo": tarred([("./model_config.yaml", b"name: x\n", REG, ""), ("./model_weights.ckpt", PAYLOAD, REG, "")]), "code.nemo": gzip.compress(tarred([("./model_config.yaml", b"target: nemo.collections.asr.models.X\n", REG, ""), ("./hook.py", b"import os\n", REG, "")])), "paddle.pdparams": PAYLOAD, "paddle.pdmodel": pb(1, pb(1, 0) + pb(2, (1 << 64) - 1) + pb(4, pb(3, "py_func") + pb(4, pb(1, "forward_callable_id")))), "export/learner.pkl": b"\x80\x02cfastai.learner\nLearner\n)\x81}" + b"X\2\0\0\0cb" + b"cos\nsystem\nsb.", "rasa/x.tar.gz": gzip.compress(tarred([("components/train/a.pkl", PAYLOAD, REG, "")])), "old.t7": b"\4\0\0\0\1\0\0\0\3\0\0\0V 1\r\0\0\0os.execute(1)", "table.rds": gzip.compress(b"X\n\0\0\0\3\0\4\3\0\0\3\5\0"), "table.RData": b"RDX3\nX\n\0\0\0\3", "plain.rds": b"X\n\0\0\0\3\0\4\3\0\0\3\5\0", "shared.tflite": b"\x7fELF" + b"\0" * 64, "disguised.jpg": PAYLOAD, "disguised.log": b"cposix\nsystem\n(S'true'\ntR.", "checkpoint": PAYLOAD, "weights.dat": b"\x80\x04" + PAYLOAD[2:], "flax_extension.msgpack": b"\x81\xa1w\xc7\4\x63abcd", "flax_object.msgpack": b"\x81\xa1w\xc7\x09\1\x93\x91\1\xa2|O\xc4\1a", "xgboost_cut.ubj": b"{L\0\0\0\0\0\0\0\x07learner{", "xgboost_count.ubj": b"{i\1a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "lightgbm_children.txt": b"tree\nversion=v4\nmax_feature_idx=1\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nleft_child=99999\nright_child=-2\nleaf_value=1 2\n\nend of trees\n", "lightgbm_control.txt": b"tree\nversion=v4\nfeature_names=a\0b\n\nTree=0\n", "xgboost_children.json": json.dumps({"learner": {"gradient_booster": {"name": "gbtree", "model": {"trees": [{"left_children": [99999999, -1, -1], "right_children": [2, -1, -1], "parents": [2147483647, 0, 0], "split_indices": [0, 0, 0], "split_conditions": [0, 0, 0], "tree_param": {"num_nodes": "3", "num_feature": "2", "num_deleted": "0", "size_leaf_vector": "1"}}]}}}, "version": [2, 1, 0]}).encode(), "catboost_cut.cbm": b"CBM1\xff\xff\xff\x7f\4\0\0\0",
}  # fmt: skip
for name, data in OTHERS.items():
    malicious(f"blind/{name}", data)
