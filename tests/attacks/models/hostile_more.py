"""Hostile files of further classes: abuse of the newer reducers, files beside models, formats that other formats carry, and lies in the boosting libraries' own forms."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import marshal
import struct
import tarfile
import zipfile
import zlib

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import FINE, REG, checkpoint, npy, tarred, tensor, zipped
from tests.attacks.models.hostile_data import D8, entry, gguf, gtext, st
from tests.attacks.models.hostile_pickles import PAYLOAD, call, short, stack_call, text
from tests.attacks.models.hostile_reducers import LEN, LONG_RANGE, SYSTEM, made, reduce

P4 = stack_call("posix", "system", "true")
LAZY = b"ctorch.nn.modules.linear\nLazyLinear\n)\x81"
DICT = b"ccollections\nOrderedDict\n)R"


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _counted(raw: bytes) -> bytes:
    return bytes([len(raw)]) + raw


REDUCERS = {
    "generator_text": b"\x80\x02ctorch._C\nGenerator\n)R(" + text("x") + b"N" + text("y") + b"tb.", "generator_function": b"\x80\x02ctorch._C\nGenerator\n)R(K\1N" + LEN + b"tb.", "generator_short": b"\x80\x02ctorch._C\nGenerator\n)RK\1\x85b.",
    "uninitialized_device": reduce("torch.nn.parameter", "UninitializedParameter", b"\x88" + text("cpu")), "uninitialized_number": reduce("torch.nn.parameter", "UninitializedParameter", b"K\5"), "uninitialized_buffer": reduce("torch.nn.parameter", "UninitializedBuffer", LEN),
    "handle_text": b"\x80\x02ctorch.utils.hooks\nRemovableHandle\n)\x81(" + text("x") + b"K\1tb.", "handle_huge": b"\x80\x02ctorch.utils.hooks\nRemovableHandle\n)\x81(N\x8a\x09" + b"\xff" * 8 + b"\0tb.", "handle_called": reduce("torch.utils.hooks", "RemovableHandle", DICT),
    "handle_dict": b"\x80\x02ctorch.utils.hooks\nRemovableHandle\n)\x81(}K\1tb.", "handle_tables": b"\x80\x02ctorch.utils.hooks\nRemovableHandle\n)\x81(" + DICT + b"K\1" + LEN + b"\x85tb.",
    "lazy_other_method": b"\x80\x02cbuiltins\ngetattr\n(" + LAZY + text("register_forward_hook") + b"tR.", "lazy_dunder": b"\x80\x02cbuiltins\ngetattr\n(" + LAZY + text("__class__") + b"tR.", "lazy_built": b"\x80\x02cbuiltins\ngetattr\n(" + LAZY + b"}" + text("_infer_parameters") + LEN + b"sb" + text("_infer_parameters") + b"tR.",
    "lazy_hook_called": b"\x80\x02cbuiltins\ngetattr\n(" + LAZY + text("_infer_parameters") + b"tR)R.", "plain_module_hook": b"\x80\x02cbuiltins\ngetattr\n(ctorch.nn.modules.linear\nLinear\n)\x81" + text("_infer_parameters") + b"tR.", "lazy_function_hook": b"\x80\x02" + LAZY + b"}" + text("_forward_pre_hooks") + DICT + b"K\1" + LEN + b"ssb.",
    "hook_flags": b"\x80\x02" + LAZY + b"}" + text("_forward_pre_hooks_with_kwargs") + DICT + b"K\1" + LEN + b"ssb.", "hook_flag_key": b"\x80\x02" + LAZY + b"}" + text("_forward_hooks") + DICT + text("k") + b"\x88ssb.",
    "hull_handle": made("scipy.spatial._qhull", "Delaunay", text("_qhull") + b"cargparse\nNamespace\n)\x81"), "hull_without": made("scipy.spatial._qhull", "Delaunay", text("points") + b"K\1"), "hull_function": made("scipy.spatial._qhull", "ConvexHull", text("_qhull") + b"N" + text("close") + LEN), "hull_args": reduce("scipy.spatial._qhull", "Delaunay", LONG_RANGE),
    "hull_twice": made("scipy.spatial._qhull", "Voronoi", text("_qhull") + b"N" + text("_qhull") + b"cargparse\nNamespace\n)\x81"), "factory_of_function": reduce("collections", "defaultdict", b"cmath\nexp\n"), "factory_called": reduce("torch.amp.grad_scaler", "_refresh_per_optimizer_state", b""),
    "scaler_class": made("torch.amp.grad_scaler", "GradScaler", text("__class__") + LEN), "scaler_step": made("torch.amp.grad_scaler", "GradScaler", text("step") + LEN), "doc_function": made("scipy.stats._multivariate", "multivariate_normal_gen", text("__doc__") + LEN), "doc_other": made("argparse", "Namespace", text("__dict__") + text("x")),
    "text_dtype_function": reduce("numpy._core._internal", "_convert_to_stringdtype_kwargs", b"K\1" + LEN), "text_dtype_range": reduce("numpy._core._internal", "_convert_to_stringdtype_kwargs", LONG_RANGE), "text_dtype_empty": reduce("numpy._core._internal", "_convert_to_stringdtype_kwargs", b""),
    "text_array_objects": b"\x80\x03cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\x01btR(K\1K\1\x85cnumpy._core._internal\n_convert_to_stringdtype_kwargs\nK\1\x85R\x89](cargparse\nNamespace\n)\x81etb.",
    "tokenizer_regex": b"\x80\x03ctokenizers\nTokenizer\n)\x81C" + _counted(_json({"pre_tokenizer": {"pattern": {"Regex": "(a+)+$"}}})) + b"b.", "tokenizer_text": b"\x80\x03ctokenizers\nTokenizer\n)\x81" + text("{}") + b"b.", "tokenizer_bytes": b"\x80\x03ctokenizers\nTokenizer\n)\x81C\3abcb.",
    "tokenizer_args": reduce("tokenizers", "Tokenizer", LEN), "tokenizer_model": reduce("tokenizers.models", "BPE", text("/etc/hostname")), "tokenizer_deep": b"\x80\x03ctokenizers\nTokenizer\n)\x81B" + struct.pack("<I", 200_001) + b'{"a":' + b"[" * 199_996 + b"b.", "tokenizer_file": stack_call("tokenizers", "Tokenizer.from_file", "x"),
    "scheduler_method": b"\x80\x02cbuiltins\ngetattr\n(ctorch.optim.lr_scheduler\nCyclicLR\n" + text("get_lr") + b"tR.", "swa_globals": b"\x80\x02cbuiltins\ngetattr\n(ctorch.optim.swa_utils\nSWALR\n" + text("__init__") + b"tR.", "scheduler_called": b"\x80\x02cbuiltins\ngetattr\n(ctorch.optim.swa_utils\nSWALR\n" + text("_cosine_anneal") + b"tRK\1\x85R.",
    "nested_tensor": reduce("torch._utils", "_rebuild_nested_tensor", b""), "jagged_tensor": reduce("torch.nested._internal.nested_tensor", "_rebuild_njt", b""), "script_object": b"\x80\x02ctorch\nScriptObject\n)\x81.", "quantized_module": b"\x80\x02ctorch.ao.nn.quantized.modules.conv\nConv2d\n)\x81N)b.", "lti_made": reduce("scipy.signal._ltisys", "TransferFunctionContinuous", LONG_RANGE),
    "batch_encoding_machinery": made("transformers.tokenization_utils_base", "BatchEncoding", text("__class__") + LEN), "old_array_wrapper": made("joblib.numpy_pickle", "NDArrayWrapper", text("filename") + text("/etc/hostname")), "old_packed_wrapper": made("joblib.numpy_pickle_compat", "ZNDArrayWrapper", text("a") + b"N"),
    "numpy_runstring": call("numpy.testing._private.utils", "runstring", "1", "{}"), "f2py": call("numpy.f2py.crackfortran", "getlincoef", "1", "{}"), "collect_env": call("torch.utils.collect_env", "run", "true"), "pgen": call("lib2to3.pgen2.pgen", "ParserGenerator", "/etc/hostname"), "next_buffer_readonly": b"\x80\x05\x97\x98.",
    "bytes_of_pickle": b"\x80\x03ctorch.storage\n_load_from_bytes\nC" + bytes([len(P4)]) + P4 + b"\x85R.", "two_protocols": b"\x80\x02\x80\x04N.", "payload_as_first_key": b"\x80\x02}(" + PAYLOAD[2:-1] + b"K\1u." if PAYLOAD[:1] == b"\x80" else b"\x80\x02}(" + SYSTEM + b")RK\1u.",
}  # fmt: skip
for name, data in REDUCERS.items():
    malicious(f"newer/{name}.pkl", data)

NAMES = {
    "plain": b"cos\nsystem\n(S'true'\ntR.", "inst": b"(S'true'\nios\nsystem\n.", "dict": b"(dp0\nS'a'\np1\ncos\nsystem\n(S'true'\ntRs.", "list": b"(lp0\nI1\nacos\nsystem\n(S'true'\ntRa.", "number": b"I1\n0cos\nsystem\n(S'true'\ntR.", "short": short("posix") + short("system") + b"\x93(" + short("true") + b"tR.", "empty": b"}cos\nsystem\n(S'true'\ntR0.",
}  # fmt: skip
for name, data in NAMES.items():
    for suffix in (".json", ".txt", ".md", ".bin", ".h5", ".yaml", ".jpg", ""):
        malicious(f"misnamed/{name}{suffix}", data)


def _member(name: str, data: bytes, **changes: object) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        info = zipfile.ZipInfo(name)
        for key, value in changes.items():
            setattr(info, key, value)
        archive.writestr(info, data)
    return written.getvalue()


def _tar(**member: object) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("ok.npy")
        for key, value in member.items():
            setattr(info, key, value)
        archive.addfile(info)
    return written.getvalue()


CONTAINERS = {
    "attributes.pt": zipped({**checkpoint(), "m/attributes.pkl": PAYLOAD}), "serialization_id.pt": zipped({**checkpoint(), "m/.data/serialization_id": PAYLOAD}), "constants.pt": zipped({**checkpoint(), "m/constants.pkl": PAYLOAD}), "bytecode.ptl": zipped({"m/data.pkl": b"\x80\x02N.", "m/bytecode.pkl": PAYLOAD, "m/constants.pkl": b"\x80\x02)."}),
    "debug_handles.ptl": zipped({"m/data.pkl": b"\x80\x02N.", "m/bytecode.pkl": b"\x80\x02K\4\x85.", "m/mobile_debug_handles.pkl": PAYLOAD, "m/constants.pkl": b"\x80\x02)."}), "upper.pt": zipped({"M/DATA.PKL": PAYLOAD, "M/version": b"3"}), "inner.zip": zipped({"b/inner.zip": zipped({"a.pkl": PAYLOAD})}), "slip.zip": zipped({"../../x.npy": b""}),
    "backslash.zip": zipped({"..\\x.json": b"{}"}), "absolute.zip": zipped({"/etc/x.npy": b""}), "link.zip": _member("link", b"/etc/passwd", external_attr=0o120777 << 16, create_system=3), "locked.zip": _member("a.pkl", PAYLOAD, flag_bits=1), "second_name.zip": _member("safe.npy", PAYLOAD, extra=struct.pack("<HHBI", 0x7075, 13, 1, zlib.crc32(b"safe.npy")) + b"evil.pkl"),
    "without_suffix.npz": zipped({"arr": PAYLOAD}), "device.tar": _tar(type=tarfile.CHRTYPE), "pax_path.tar": _tar(pax_headers={"path": "../../x"}), "two_members.pkl.gz": gzip.compress(b"\x80\x02N.") + gzip.compress(PAYLOAD), "two_streams.pkl.xz": lzma.compress(b"\x80\x02N.") + lzma.compress(PAYLOAD), "checkpoint.pt.gz": gzip.compress(zipped(checkpoint(PAYLOAD))),
    "handler.mar": zipped({"MAR-INF/MANIFEST.json": _json({"runtime": "python", "model": {"handler": "h.py"}}), "h.py": b"import os"}), "weights.mar": zipped({"MAR-INF/MANIFEST.json": _json({"runtime": "python", "model": {"handler": "image_classifier"}}), "m.pt": zipped(checkpoint(PAYLOAD))}), "classes.mojo.zip": zipped({"model.ini": b"[info]\n", "x.class": b"\xca\xfe\xba\xbe"}),
    "target.nemo": tarred([("./model_config.yaml", b"target: os.system\n", REG, ""), ("./model_weights.ckpt", FINE, REG, "")]), "inner_target.nemo": tarred([("./model_config.yaml", b"target: nemo.collections.nlp.models.X\ntok:\n  _target_: os.system\n", REG, ""), ("./model_weights.ckpt", FINE, REG, "")]),
    "weights.nemo": tarred([("./model_config.yaml", b"target: nemo.collections.nlp.models.X\n", REG, ""), ("./model_weights.ckpt", zipped(checkpoint(PAYLOAD)), REG, "")]), "function.skops": zipped({"schema.json": _json({"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {}, "protocol": 2, "_skops_version": "0.11"})}),
    "method.skops": zipped({"schema.json": _json({"__class__": "x", "__module__": "builtins", "__loader__": "MethodNode", "content": {"func": "__init__", "obj": {}}, "protocol": 2, "_skops_version": "0.11"})}), "extra.skops": zipped({"schema.json": _json({"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": '"a"', "is_json": True, "protocol": 2, "_skops_version": "0.11"}), "x.pkl": PAYLOAD}),
    "escaped_twice.safetensors": st(b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\\u0077":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', D8), "mark.safetensors": st(b'\xef\xbb\xbf{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', D8), "space.safetensors": st(b'  {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', D8),
    "metadata_twice.safetensors": st(b'{"__metadata__":{"a":"1","a":"2"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', D8), "entry_null.safetensors": st({"w": None}, D8), "offsets_float.safetensors": st({"w": entry(offsets=[0.0, 8.0])}, D8), "archive.safetensors": zipped(checkpoint(PAYLOAD)),
    "tool_template.gguf": gguf([("tokenizer.chat_template.tool_use", 8, gtext("{{ x.__class__ }}"))]), "other_template.gguf": gguf([("general.description", 8, gtext("{{ cycler.__init__.__globals__.os }}"))]), "long_name.gguf": gguf([], [("a" * 200, [8], 0, 0)], b"\0" * 32), "offset_wraps.gguf": gguf([], [("a", [8], 0, (1 << 64) - 32)], b"\0" * 32),
    "scalar_object.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }\n", PAYLOAD), "inner_object.npy": npy("{'descr': [('a','<f4'),('b',[('c','|O')])], 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD), "evaluated.npy": npy("__import__('os').system('true')\n", b""), "shape_expression.npy": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1<<40,), }\n", b""),
    "length.cbm": b"CBM1" + b"\xff" * 100, "root.cbm": b"CBM1" + struct.pack("<II", 16, 99) + b"\0" * 12, "macos.bin": b"\xcf\xfa\xed\xfe" + b"\0" * 64, "java.bin": b"\xca\xfe\xba\xbe" + b"\0" * 64, "wasm.bin": b"\0asm\1\0\0\0" + b"\0" * 8, "windows.llamafile": b"MZqFpD='\n" + b"\0" * 64, "weights.pdparams": PAYLOAD, "table.rds": gzip.compress(b"X\n\0\0\0\3"),
    "marshalled.pkl": marshal.dumps(compile("1", "x", "exec")), "encoded_metadata.pt": zipped(checkpoint(tensor(extra=text("k") + SYSTEM + b")Rs"))), "leaves.txt": b"tree\nversion=v4\nmax_feature_idx=1\n\nTree=0\nnum_leaves=9999999999\nsplit_feature=0\nleft_child=5\nright_child=0\nleaf_value=1\n\nend of trees\n",
    "children.txt": b"tree\nversion=v4\nmax_feature_idx=1\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nleft_child=-1\nright_child=-99\nleaf_value=1 2\n\nend of trees\n", "features.txt": b"tree\nversion=v4\nmax_feature_idx=1\n\nTree=0\nnum_leaves=2\nsplit_feature=-7\nleft_child=-1\nright_child=-2\nleaf_value=1 2\n\nend of trees\n",
}  # fmt: skip
for name, data in CONTAINERS.items():
    malicious(f"further/{name}", data)

SETTINGS: dict[str, object] = {
    "kernel/config.json": {"model_type": "x", "attn_implementation": "evil-org/flash@main:f"}, "kernel_inner/config.json": {"model_type": "x", "_attn_implementation": {"text": "evil/kernel"}}, "pipeline_class/model_index.json": {"_class_name": ["pipeline", "Evil"]}, "package/Manifest.json": {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"x": {"path": "../../x"}}},
    "chunks/.zarray": {"zarr_format": 2, "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}], "compressor": None}, "chunks3/zarr.json": {"zarr_format": 3, "codecs": [{"name": "numcodecs.pickle"}]}, "parts/modules.json": [{"idx": 0, "path": "../../x", "type": "sentence_transformers.models.Transformer"}], "trusted/config.json": {"model_type": "x", "trust_remote_code": "yes"},
    "sentence/sentence_bert_config.json": {"max_seq_length": 1, "tokenizer_args": {"trust_remote_code": True}}, "template_map/tokenizer_config.json": {"tokenizer_class": "X", "chat_template": {"a": "{{ x.__class__ }}"}}, "processor/preprocessor_config.json": {"image_processor_type": "Z", "auto_map": {"AutoImageProcessor": "x.Y"}},
    "split/tokenizer.json": {"model": {"type": "WordPiece"}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(.*)*x"}}}, "share/model.safetensors.index.json": {"metadata": {}, "weight_map": {"w": "\\\\host\\share\\x"}},
}  # fmt: skip
for name, value in SETTINGS.items():
    malicious(f"beside/{name}", _json(value))
malicious("beside/deep/config.json", b'{"model_type":"x","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
malicious("beside/encoded/data.json", _json({"policy_class": {":serialized:": base64.b64encode(P4).decode()}}))
TEXTS = {
    "flow.yml": '{"a": !!python/object/apply:os.system ["true"]}', "directive.yaml": "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system [x]\n", "module.yaml": "a: !!python/module:os\n", "new.yaml": "modules:\n  m: !new:subprocess.Popen\n    args: ['true']\n", "class_path.yaml": "model:\n  class_path: subprocess.Popen\n  init_args:\n    args: [x]\n",
    "card/README.md": "---\nlicense: mit\nx: !!python/object/apply:os.system [1]\n---\n", "hub/hubconf.py": "import os\ndependencies = ['torch']\n\ndef model():\n    os.abort()\n", "include.pmml": '<?xml version="1.0"?><PMML xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></PMML>', "code_path/MLmodel": "flavors:\n  python_function:\n    model_code_path: m.py\n    loader_module: mlflow.pyfunc.model\n",
}  # fmt: skip
for name, value in TEXTS.items():
    malicious(f"beside/{name}", value.encode())

malicious("misnamed/numbers_first.dat", b"L119547037146038801333356L\n.I1001\n." + PAYLOAD)
malicious("misnamed/number_then_plain", b"I1\n.cos\nsystem\n(S'true'\ntR.")

FOUND_BY_AUDIT = {
    "recurrent_layers": made("torch.nn.modules.rnn", "LSTM", text("all_weights") + b"]]K\1aa" + text("num_layers") + b"\x8a\5\0\0\0\0\1" + text("bidirectional") + b"\x89" + text("bias") + b"\x88"), "slots_of_module": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81N}" + text("weight") + b"K\1s\x86b.", "slots_of_tokenizer": b"\x80\x02ctransformers.tokenization_utils_tokenizers\nTokenizersBackend\n)\x81N}" + text("bos_token_id") + b"K\1s\x86b.",
    "items_of_settings": b"\x80\x02comegaconf.dictconfig\nDictConfig\n)\x81" + text("a") + b"K\1s.", "zone_file": reduce("pandas", "DatetimeTZDtype", text("ns") + text("dateutil//etc/hostname")), "zone_file_index": reduce("pandas.core.indexes.datetimes", "_new_DatetimeIndex", b"cpandas\nDatetimeIndex\n}" + text("tz") + text("dateutil//dev/zero") + b"s"),
    "lightgbm_text": made("lightgbm.basic", "Booster", text("_handle") + text("not a model")), "lightgbm_children": made("lightgbm.basic", "Booster", text("_handle") + text("tree\nversion=v4\nmax_feature_idx=1\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nleft_child=99\nright_child=-2\nleaf_value=1 2\n\nend of trees\n")), "optimizer_hooks": made("torch.optim.sgd", "SGD", text("_optimizer_step_post_hooks") + b"}K\0cnumpy\nsum\ns"), "distributed_parent": made("torch.distributed.checkpoint.filesystem", "_StorageInfo", text("relative_path") + text("../../x")), "index_of_function": made("torch.distributed.checkpoint.metadata", "MetadataIndex", text("fqn") + LEN),
    "nones": b"\x80\x02](" + b"N" * 2_200_000 + b"e.", "partial_function": b"\x80\x02cfunctools\npartial\ncnumpy\nsum\n\x85R(cnumpy\nsum\n)}" + text("k") + LEN + b"sNtb.",
}  # fmt: skip
for name, data in FOUND_BY_AUDIT.items():
    malicious(f"audit/{name}.pkl", data)


def _aligned(size: bytes, align: bytes, flags: bytes = b"K\0") -> bytes:
    """An array of eight opaque bytes, whose dtype has a state of one's own."""
    dtype = b"cnumpy\ndtype\n" + text("V8") + b"K\0K\1\x87R(K\3" + text("|") + b"NNN" + size + align + flags + b"tb"
    return b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R(K\1K\1\x85" + dtype + b"\x89C\x08" + b"\0" * 8 + b"tb."


for name, data in {"alignment_zero": _aligned(b"K\x08", b"K\0"), "alignment_three": _aligned(b"K\x08", b"K\3"), "alignment_text": _aligned(b"K\x08", b"N"), "size_text": _aligned(b"N", b"K\1")}.items():
    malicious(f"audit/numpy_{name}.pkl", data)
