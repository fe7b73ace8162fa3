"""Hostile streams and containers that were written before the code had run on them: names of many libraries in every form of asking, published ways around other scanners, polyglots."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import FINE, LEGACY, REG, checkpoint, npy, tarred, tensor, zipped
from tests.attacks.models.hostile_data import D8, entry, gguf, onnx, onode, pb, st
from tests.attacks.models.hostile_pickles import PAYLOAD, call, short, stack_call, text
from tests.attacks.models.hostile_reducers import LEN, SYSTEM, made, reduce

NAMES = (  # noqa: SIM905
    "webbrowser.open cProfile.run profile.runctx pdb.run timeit.timeit doctest.debug_script trace.Trace code.InteractiveInterpreter codeop.compile_command _io.FileIO _io.open io.open_code "
    "asyncio.unix_events._UnixSubprocessTransport distutils.file_util.write_file distutils.spawn.spawn test.support.script_helper.assert_python_ok idlelib.run.Executive idlelib.debugobj.ObjectTreeItem "
    "idlelib.autocomplete.AutoComplete torch.utils.bottleneck.__main__.run_cprofile torch.utils._config_module.load_config torch.jit.unsupported_tensor_ops.execWrapper torch._dynamo.guards.GuardBuilder "
    "torch.fx.experimental.symbolic_shapes.ShapeEnv torch.utils.data.datapipes.utils.decoder.basichandlers torch.cuda._utils._gpu torch._inductor.codecache.compile_file torch.utils.cpp_extension.load_inline "
    "torch.distributed.elastic.multiprocessing.start_processes torch.serialization.load torch.load torch.hub.load torch.jit.load torch.package.PackageImporter torch._C._jit_pass_inline torch.classes.load_library "
    "numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap numpy.distutils.exec_command.exec_command numpy.f2py.crackfortran.myeval numpy.testing.measure numpy.lib._utils_impl.safe_eval "
    "pandas.eval pandas.read_pickle pandas.io.pickle.read_pickle pandas.core.computation.eval.eval joblib.load joblib.memory.Memory joblib.externals.loky.process_executor.ProcessPoolExecutor sklearn.utils._testing.check_skip_network "
    "sympy.parsing.sympy_parser.parse_expr sympy.core.sympify.sympify scipy.io.loadmat scipy._lib.doccer.docformat keras.models.load_model keras.saving.load_model tensorflow.io.read_file tensorflow.saved_model.load "
    "transformers.dynamic_module_utils.get_class_in_module transformers.pipeline transformers.utils.hub.cached_file datasets.load_dataset huggingface_hub.hf_hub_download diffusers.pipelines.pipeline_utils.DiffusionPipeline "
    "cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle.subimport cloudpickle.cloudpickle._builtin_type dill._dill._create_function dill._dill._import_module dill._dill._load_type dill.loads "
    "multiprocessing.util.spawnv_passfds multiprocessing.popen_spawn_posix.Popen concurrent.futures.process.ProcessPoolExecutor pydoc.locate pydoc.pipepager pkgutil.resolve_name zipimport.zipimporter "
    "ctypes.CDLL ctypes.util.find_library _ctypes.dlopen sqlite3.connect shelve.open dbm.open fileinput.FileInput linecache.updatecache tempfile.mkstemp shutil.copyfile shutil.make_archive tarfile.open zipfile.ZipFile "
    "urllib.request.urlopen http.client.HTTPSConnection socketserver.TCPServer smtplib.SMTP ftplib.FTP telnetlib.Telnet xmlrpc.client.ServerProxy requests.get aiohttp.ClientSession ssl.get_server_certificate "
    "logging.FileHandler logging.config.fileConfig signal.signal atexit.register threading.Timer sched.scheduler gc.get_objects sys.settrace sys.modules.get inspect.getattr_static types.FunctionType types.CodeType "
    "operator.attrgetter operator.methodcaller functools.reduce itertools.starmap builtins.map builtins.filter builtins.eval builtins.compile builtins.__import__ builtins.setattr builtins.memoryview builtins.input "
    "yaml.unsafe_load yaml.full_load ruamel.yaml.YAML hydra.utils.instantiate hydra._internal.instantiate._instantiate2.instantiate omegaconf.OmegaConf.register_new_resolver fsspec.open smart_open.open IPython.get_ipython "
    "ultralytics.utils.checks.check_requirements mlflow.pyfunc.load_model onnxruntime.InferenceSession lightgbm.basic._load_lib xgboost.core._load_lib catboost.core.Pool skops.io.load gradio.load ray.cloudpickle.loads"
).split()

FORMS = (
    lambda module, name: call(module, name, "true"), lambda module, name: stack_call(module, name, "true"),
    lambda module, name: b"(" + f"S'true'\ni{module}\n{name}\n.".encode(), lambda module, name: b"\x80\x02(" + f"c{module}\n{name}\n".encode() + text("true") + b"o.",
    lambda module, name: b"\x80\x02" + f"c{module}\n{name}\n".encode() + text("true") + b"\x85\x81.", lambda module, name: b"\x80\x04" + short(module) + short(name) + b"\x93" + short("true") + b"\x85}\x92.",
    lambda module, name: b"\x80\x04" + short(module) + b"\x940" + short(name) + b"\x940h\0h\1\x93" + short("true") + b"\x85R.", lambda module, name: b"\x80\x02}" + text("state") + f"c{module}\n{name}\n".encode() + b"s.",
    lambda module, name: b"\x80\x02ccollections\ndefaultdict\n" + f"c{module}\n{name}\n".encode() + b"\x85R.", lambda module, name: b"\x80\x02cfunctools\npartial\n" + f"c{module}\n{name}\n".encode() + b"\x85R.",
)  # fmt: skip
for index, full in enumerate(NAMES):
    module, _, name = full.rpartition(".")
    malicious(f"blind/name_{full.replace('.', '_')}.pkl", FORMS[index % len(FORMS)](module, name))

FUNCTION = b"ctorch.nn.functional\nrelu\n"
STREAMS = {
    "scalar_object": b"\x80\x03cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n" + text("O8") + b"K\0K\1\x87RC\x08" + b"A" * 8 + b"tR.",
    "scalar_long": b"\x80\x03cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n" + text("f8") + b"K\0K\1\x87RC\x02AAtR.",
    "dtype_metadata": b"\x80\x03cnumpy\ndtype\n" + text("f8") + b"K\0K\1\x87R(K\4" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0}" + text("x") + SYSTEM + b"stb.",
    "masked_class": reduce("numpy.ma.core", "_mareconstruct", LEN + LEN + b"K\0\x85" + text("b")), "generator_name": reduce("numpy.random._pickle", "__generator_ctor", text("os.system")),
    "bit_generator": reduce("numpy.random._pickle", "__bit_generator_ctor", SYSTEM), "frombuffer": reduce("numpy.core.numeric", "_frombuffer", b"C\1a" + LEN + b"K\1\x85" + text("C")),
    "from_type_v2": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(" + SYSTEM + b"ctorch\nTensor\n" + text("true") + b"\x85}tR.", "wrapper_subclass": call("torch._utils", "_rebuild_wrapper_subclass", "x"),
    "device_from_numpy": reduce("torch._utils", "_rebuild_device_tensor_from_numpy", b"]" + LEN + text("cpu") + b"\x89"), "storage_number": b"\x80\x02ctorch\nFloatStorage\nJ\xff\xff\xff\x7f\x85R.", "untyped_number": b"\x80\x02ctorch\nUntypedStorage\nJ\xff\xff\xff\x7f\x85\x81.",
    "tensor_number": b"\x80\x02ctorch\nFloatTensor\nJ\xff\xff\xff\x7f\x85R.", "module_forward": made("torch.nn.modules.linear", "Linear", text("forward") + FUNCTION), "module_call": made("torch.nn.modules.linear", "Linear", text("__call__") + FUNCTION),
    "module_hook": made("torch.nn.modules.linear", "Linear", text("_forward_pre_hooks") + b"ccollections\nOrderedDict\n)RK\0" + FUNCTION + b"s"), "module_backward_hook": made("torch.nn.modules.linear", "Linear", text("_backward_hooks") + b"ccollections\nOrderedDict\n)RK\0" + FUNCTION + b"s"),
    "state_dict_hook": made("torch.nn.modules.linear", "Linear", text("_state_dict_hooks") + b"}K\0" + FUNCTION + b"s"), "load_hook": made("torch.nn.modules.linear", "Linear", text("_load_state_dict_pre_hooks") + b"}K\0cfunctools\npartial\n" + FUNCTION + b"\x85Rs"),
    "optimizer_hook": made("torch.optim.sgd", "SGD", text("_optimizer_step_pre_hooks") + b"}K\0" + FUNCTION + b"s"), "ordered_items": b"\x80\x02ccollections\nOrderedDict\n)R}" + text("items") + FUNCTION + b"sb.", "counter_update": b"\x80\x02ccollections\nCounter\n)R}" + text("update") + FUNCTION + b"sb.",
    "estimator_predict": made("sklearn.linear_model._base", "LinearRegression", text("predict") + b"cnumpy\nsum\n"), "estimator_class": made("sklearn.linear_model._base", "LinearRegression", text("__class__") + b"csklearn.pipeline\nPipeline\n"), "transformer_function": made("sklearn.preprocessing._function_transformer", "FunctionTransformer", text("func") + SYSTEM),
    "scorer": made("sklearn.metrics._scorer", "_Scorer", text("_score_func") + b"cbuiltins\neval\n"), "vectorizer_tokenizer": made("sklearn.feature_extraction.text", "CountVectorizer", text("tokenizer") + SYSTEM), "encode_rot13": b"\x80\x02c_codecs\nencode\n" + text("bf.flfgrz") + text("rot13") + b"\x86R.", "encode_zlib": b"\x80\x02c_codecs\nencode\n" + text("x") + text("zlib") + b"\x86R.", "decode": call("_codecs", "decode", "x", "unicode_escape"),
    "path_method": stack_call("pathlib", "Path.write_text", "x"), "path_home": b"\x80\x02cpathlib\nPath\n)R}" + text("_str") + LEN + b"sb.", "zone_path": reduce("zoneinfo", "ZoneInfo", text("../../../etc/passwd")), "zone_unpickle": b"\x80\x02cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\n" + text("_unpickle") + b"tR(" + text("/etc/passwd") + b"\x88tR.",
    "uuid_state": b"\x80\x02cuuid\nUUID\n)\x81}" + text("int") + SYSTEM + b"sb.", "namespace_callable_key": b"\x80\x02ctypes\nSimpleNamespace\n)R}" + text("__class__") + LEN + b"sb.", "partial_state_function": b"\x80\x02cfunctools\npartial\n" + FUNCTION + b"\x85R(" + SYSTEM + b"(}Ntb.", "partial_of_partial": b"\x80\x02cfunctools\npartial\ncfunctools\npartial\n\x85R(cfunctools\npartial\n" + SYSTEM + b"\x85}Ntb.",
    "reconstructor_base": b"\x80\x02ccopyreg\n_reconstructor\n(cargparse\nNamespace\ncos\nsystem\nNtR.", "reconstructor_state": b"\x80\x02ccopyreg\n_reconstructor\n(" + SYSTEM + b"cbuiltins\nobject\nNtR.", "newobj_ex": b"\x80\x02ccopyreg\n__newobj_ex__\n(" + SYSTEM + b")}tR.", "add_extension": call("copyreg", "add_extension", "os", "system"), "unpickle_in_unpickle": b"\x80\x03c_pickle\nloads\nC" + bytes([len(PAYLOAD)]) + PAYLOAD + b"\x85R.",
    "main_class": b"\x80\x02c__main__\nModel\n)\x81.", "main_attack": stack_call("__main__", "Model.__init__.__globals__", "x"), "builtins_of_numpy": stack_call("numpy", "__builtins__", "x"), "submodule_path": stack_call("torch.serialization.os", "system", "true"), "dotted_numpy": stack_call("numpy.testing", "_private.utils.runstring", "x"), "python2_module": b"ccommands\ngetoutput\n(S'true'\ntR.", "python2_apply": b"c__builtin__\napply\n(cos\nsystem\n(S'true'\nttR.", "python2_execfile": b"c__builtin__\nexecfile\n(S'x'\ntR.",
    "after_stop": b"\x80\x02}." + b"\x80\x02}." + PAYLOAD, "after_stop_garbage": b"\x80\x02}.\xff\xfe\xfd" + PAYLOAD, "broken_after": PAYLOAD[:-1] + b"\xff\xff", "broken_before_stop": PAYLOAD[:-1] + b"X\xff\xff\xff\x7f", "popped": PAYLOAD[:-1] + b"0N.", "popped_mark": b"\x80\x02(" + PAYLOAD[2:-1] + b"1N.", "frame_short": b"\x80\x04\x95\x02\0\0\0\0\0\0\0" + stack_call("os", "system", "x")[2:], "frame_twice": b"\x80\x04\x95\x03\0\0\0\0\0\0\0\x95\x01\0\0\0\0\0\0\0N.",
    "proto_255": b"\x80\xff" + PAYLOAD[2:], "proto_twice": b"\x80\x02" + PAYLOAD, "long1_negative": b"\x80\x02\x8b\xff\xff\xff\xff.", "ext1": b"\x80\x02\x82\x01.", "persid": b"Pos.system\n.", "binpersid": b"\x80\x02" + text("os.system") + b"Q.", "buffer": b"\x80\x05\x97.", "memo_get_first": b"h\0.", "memo_overwrite": b"\x80\x02" + text("math") + b"q\0" + text("os") + b"q\0" + text("system") + b"\x93.", "put_memo_big": b"\x80\x02Nr\xff\xff\xff\x7f.", "int_octal": b"I0777\n.", "int_underscore": b"I1_000\n.", "float_text": b"F1_0.0\n.", "unicode_surrogate": b"\x80\x04\x8c\x06os\xed\xa0\x80x\x8c\6system\x93.", "full_width": b"\x80\x04" + short("os") + short("syste\uff4d") + b"\x93.",
    "nested_bytes": b"\x80\x03cpickle\nloads\nC\x04\x80\x02N.\x85R.", "dill_session": b"\x80\x04" + short("dill._dill") + short("_create_type") + b"\x93.", "cloud_by_value": b"\x80\x05" + short("cloudpickle.cloudpickle") + short("_make_skeleton_class") + b"\x93.", "deep_list": b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".", "long_dict_laughs": b"\x80\x02}" + b"".join(b"q" + bytes([n]) + b"}(" + text("a") + b"h" + bytes([n]) + text("b") + b"h" + bytes([n]) + b"u" for n in range(200)) + b".",
}  # fmt: skip
for name, data in STREAMS.items():
    malicious(f"blind/stream_{name}.pkl", data)


def joblib_array(dtype: str, data: bytes, shape: int = 1) -> bytes:
    """joblib's wrapper with raw bytes behind it."""
    kind = b"cnumpy\ndtype\n" + text(dtype) + b"K\0K\1\x87R(K\3" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb"
    state = text("subclass") + b"cnumpy\nndarray\n" + text("shape") + b"K" + bytes([shape]) + b"\x85" + text("order") + text("C") + text("dtype") + kind + text("allow_mmap") + b"\x89"
    return b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + state + b"ub" + data + b"."


OBJECTS = joblib_array("O8", PAYLOAD)
CODECS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "z": zlib.compress, "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE)}
for codec, pack in CODECS.items():
    malicious(f"blind/objects.joblib.{codec}", pack(OBJECTS))
    malicious(f"blind/plain.pkl.{codec}", pack(stack_call("posix", "system", "true")))
    malicious(f"blind/packed_{codec}.joblib", pack(b"\x80\x03}" + text("w") + PAYLOAD[2:-1] + b"s."))
    malicious(f"blind/nested_{codec}.tar.{codec}", pack(tarred([("m/model.joblib", pack(OBJECTS), REG, "")])))
malicious("blind/objects.joblib", OBJECTS)
malicious("blind/short.joblib", joblib_array("f8", b"\0" * 8, 200))
malicious("blind/old_zip.joblib", b"ZF0x10              " + zlib.compress(PAYLOAD))
malicious("blind/seven_times.pkl.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(PAYLOAD))))))))
malicious("blind/garbage_behind.pkl.gz", gzip.compress(b"\x80\x02N.") + PAYLOAD)
malicious("blind/zstd_skippable.pkl.zst", b"\x50\x2a\x4d\x18" + struct.pack("<I", len(PAYLOAD)) + PAYLOAD)


def _end(data: bytes, comment: bytes) -> bytes:
    return data[:-2] + struct.pack("<H", len(comment)) + comment


def _raw_member(method: int, packed: bytes, data: bytes, name: str = "m/data.pkl") -> bytes:
    """An archive of one member with a method of one's own."""
    crc, raw = zlib.crc32(data), name.encode()
    local = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 33, crc, len(packed), len(data), len(raw), 0) + raw + packed
    central = b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, method, 0, 33, crc, len(packed), len(data), len(raw), 0, 0, 0, 0, 0, 0) + raw
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def _polyglot(archive: bytes) -> tuple[bytes, int]:
    """Room before an archive whose offsets count from the begin of the file: 2 MiB, so that no look at the first bytes finds it."""
    room = 2 << 20
    moved, at = bytearray(archive), archive.index(b"PK\1\2")
    end = archive.rindex(b"PK\5\6")
    struct.pack_into("<I", moved, end + 16, struct.unpack_from("<I", archive, end + 16)[0] + room)
    while archive[at : at + 4] == b"PK\1\2":
        struct.pack_into("<I", moved, at + 42, struct.unpack_from("<I", archive, at + 42)[0] + room)
        at += 46 + sum(struct.unpack_from("<HHH", archive, at + 28))
    return bytes(moved), room


def _safetensors_and_zip() -> bytes:
    moved, room = _polyglot(zipped(checkpoint(PAYLOAD)))
    size = 1 << 12
    header = json.dumps({"w": {"dtype": "U8", "shape": [room - 8 - size + len(moved)], "data_offsets": [0, room - 8 - size + len(moved)]}}).encode().ljust(size)
    return struct.pack("<Q", size) + header + b"\0" * (room - 8 - size) + moved


def _onnx_and_zip() -> bytes:
    moved, room = _polyglot(zipped(checkpoint(PAYLOAD)))
    start = pb(1, 8) + pb(2, "test") + pb(7, onode("Relu")) + pb(8, pb(1, "") + pb(2, 17))
    length = room - len(start) - 5
    return start + b"\x32" + b"".join([bytes([length + len(moved) & 0x7F | 0x80]), bytes([(length + len(moved)) >> 7 & 0x7F | 0x80]), bytes([(length + len(moved)) >> 14 & 0x7F | 0x80]), bytes([(length + len(moved)) >> 21])]) + b" " * length + moved


def _gguf_and_zip() -> bytes:
    moved, room = _polyglot(zipped(checkpoint(PAYLOAD)))
    head = gguf([], [("w", [0], 24, 0)])
    count = room - len(head) + len(moved)
    return gguf([], [("w", [count], 24, 0)]) + b"\0" * (room - len(head)) + moved


def _legacy_and_zip() -> bytes:
    moved, room = _polyglot(zipped(checkpoint(PAYLOAD)))
    start = b"".join([*LEGACY, b"\x80\x02N.", b"\x80\x02]."])
    return start + b"\0" * (room - len(start)) + moved


ARCHIVES = {
    "comment_archive.pt": _end(FINE, zipped(checkpoint(PAYLOAD))), "comment_pickle.pt": _end(FINE, PAYLOAD), "bzip2_member.pt": _raw_member(12, bz2.compress(PAYLOAD), PAYLOAD), "lzma_member.pt": _raw_member(14, lzma.compress(PAYLOAD, lzma.FORMAT_ALONE), PAYLOAD), "zstd_member.pt": _raw_member(93, PAYLOAD, PAYLOAD),
    "stored_as_deflated.pt": _raw_member(8, PAYLOAD, PAYLOAD), "crc_zero.pt": _raw_member(0, PAYLOAD, b"x" * len(PAYLOAD)), "root_pickle.pt": zipped({"data.pkl": tensor(), "data/0": b"\0" * 16, "version": b"3"}), "dot_pickle.pt": zipped({**checkpoint(), "m/.data.pkl": PAYLOAD}), "upper_pickle.pt": zipped({**checkpoint(), "m/data.PKL": PAYLOAD}), "suffixless.pt": zipped({**checkpoint(), "m/data/weights": PAYLOAD}), "nested_zip.pt": zipped({**checkpoint(), "m/data/1": zipped(checkpoint(PAYLOAD))}),
    "renamed_pickle.bin": zipped({"archive/data.pkl": PAYLOAD, "archive/version": b"3"}), "only_pickle.ckpt": zipped({"x/data.pkl": PAYLOAD}), "numpy_pickle.npz": zipped({"a.npy": PAYLOAD}), "numpy_object_version3.npz": zipped({"a.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD, b"\3\0")}), "object_struct.npy": npy("{'descr': [('a', '|O', (2,))], 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD), "python_object.npy": npy("{'descr': 'O', 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD),
    "archive_in_tensor.safetensors": _safetensors_and_zip, "archive_in_text.onnx": _onnx_and_zip, "archive_in_tensor.gguf": _gguf_and_zip, "archive_behind.pth": _legacy_and_zip, "tar_in_zip.zip": zipped({"a.tar": tarred([("x.pkl", PAYLOAD, REG, "")])}), "zip_in_tar.tar": tarred([("m/x.pt", zipped(checkpoint(PAYLOAD)), REG, "")]), "joblib_in_zip.zip": zipped({"model/estimator.joblib": OBJECTS}), "seven_in_zip.zip": zipped({"m/a.7z": b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 24}), "wheel.zip": zipped({"pkg/__init__.py": b"import os", "m/a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", D8)}), "startup.zip": zipped({"site/evil.pth": b"import os; os.abort()\n", "m/a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", D8)}),
    "nul_name.pt": FINE.replace(b"m/data/0", b"m/dat\0/0"), "legacy_protocol0.pth": b"L119547037146038801333356L\n." + b"I1001\n." + PAYLOAD, "legacy_in_storage.pth": b"".join([*LEGACY, tensor(), b"\x80\x02]" + text("0") + b"a.", struct.pack("<Q", 4), PAYLOAD]), "legacy_count.pth": b"".join([*LEGACY, tensor(), b"\x80\x02]" + text("0") + b"a.", struct.pack("<q", -1), b"\0" * 16]),
    "space_before.safetensors": b" " + st({"w": entry()}, D8), "text_offsets.safetensors": st({"w": entry(offsets=["0", "8"])}, D8), "big_offset.safetensors": st({"w": entry(offsets=[0, 1 << 64])}, D8), "huge_number.safetensors": st(b'{"w":{"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}}', D8), "null_padding.safetensors": st(b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}\0\0\0\0', D8), "second_header.safetensors": st({"w": entry()}, D8 + st({"w": entry()}, D8)), "list_header.safetensors": st(b"[1,2,3,4,5,6]", D8), "pickle_metadata.safetensors": st({"__metadata__": {"format": 1}, "w": entry()}, D8), "infinite.safetensors": st(b'{"w":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,8]}}', D8), "bool_shape.safetensors": st({"w": entry(shape=[True, 2])}, D8),
}  # fmt: skip
for name, maker in ARCHIVES.items():
    malicious(f"blind/{name}", maker)


def _tar_prefix() -> bytes:
    """A ustar name whose prefix field leaves the folder."""
    data = bytearray(tarred([("x.txt", b"y", REG, "")]))
    data[345:350] = b"../..".ljust(5)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


malicious("blind/prefix.tar", _tar_prefix)
malicious("blind/sparse.tar", tarred([("a", b"", tarfile.GNUTYPE_SPARSE, "")]))
malicious("blind/link_chain.tar", tarred([("a", b"", tarfile.SYMTYPE, "b"), ("b", b"", tarfile.SYMTYPE, ".."), ("a/x.pkl", PAYLOAD, REG, "")]))
malicious("blind/windows.tar", tarred([("C:\\x.pkl", PAYLOAD, REG, "")]))


def _locked() -> bytes:
    made_ = io.BytesIO()
    with zipfile.ZipFile(made_, "w") as archive:
        archive.writestr("m/data.pkl", PAYLOAD)
    data = bytearray(made_.getvalue())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


malicious("blind/locked.pt", _locked)
malicious("blind/onnx_in_model.bin", lambda: onnx(onode("Evil", "evil.ops")))
