"""Hostile pickles that only use names of the allow-lists, in ways that no pickler does; and more names that are on no list."""

from __future__ import annotations

import struct

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_pickles import call, short, stack_call, text

NAMES = """
_posixsubprocess:fork_exec posix:posix_spawn os:posix_spawn multiprocessing.util:spawnv_passfds multiprocessing.popen_spawn_posix:Popen concurrent.futures.process:ProcessPoolExecutor
code:InteractiveInterpreter codeop:compile_command asyncio.subprocess:create_subprocess_shell imaplib:IMAP4_stream xmlrpc.client:ServerProxy wsgiref.simple_server:make_server http.server:test
tkinter:Tcl ctypes.util:find_library ctypes.util:_findLib_gcc importlib.util:spec_from_file_location importlib.machinery:SourceFileLoader importlib._bootstrap_external:ExtensionFileLoader
_imp:create_dynamic ast:parse string:Formatter faulthandler:dump_traceback_later resource:setrlimit fcntl:ioctl unittest.mock:_importer test.support.script_helper:assert_python_ok
compileall:compile_dir py_compile:compile zipapp:create_archive mailcap:findmatch argparse:FileType fileinput:input glob:glob netrc:netrc tokenize:open weakref:finalize contextlib:ExitStack
functools:partialmethod functools:cached_property operator:call copyreg:__newobj__ copyreg:pickle copy:copy dataclasses:make_dataclass collections:namedtuple types:new_class abc:ABCMeta
inspect:currentframe warnings:showwarning getpass:getpass _sitebuiltins:Quitter urllib.request:URLopener builtins:SystemExit builtins:KeyboardInterrupt builtins:super builtins:property
builtins:memoryview builtins:classmethod builtins:delattr builtins:hasattr builtins:iter builtins:next builtins:zip builtins:enumerate builtins:reversed builtins:sum.__self__
torch._inductor.codecache:compile_file torch._utils:_import_dotted_name torch.package:PackageImporter torch.jit:load torch.ops:load_library torch.serialization:load torch.utils.model_zoo:load_url
torch.hub:download_url_to_file torch.multiprocessing.reductions:rebuild_storage_fd torch.multiprocessing.reductions:rebuild_storage_filename torch.onnx:export torch.distributed.run:main
torch._utils:_rebuild_nested_tensor torch._C:_jit_import torch:from_file torch:compile torch._dynamo:optimize torch.fx.graph_module:reduce_graph_module torch.fx.graph_module:_forward_from_src
numpy:fromfile numpy:loadtxt numpy:genfromtxt numpy:save numpy.ctypeslib:load_library numpy.lib.npyio:NpzFile numpy.lib._datasource:DataSource numpy:frompyfunc numpy:fromfunction numpy:apply_along_axis
joblib._memmapping_reducer:reduce_array_memmap_backward joblib.numpy_pickle:load joblib.memory:Memory joblib.externals.cloudpickle.cloudpickle:_make_function dill._dill:_create_function dill._dill:_eval_repr
cloudpickle.cloudpickle:subimport cloudpickle.cloudpickle:_make_skeleton_class pandas.io.pickle:read_pickle pandas.io.common:get_handle pandas.core.computation.eval:eval sklearn.datasets:fetch_openml
jinja2:Template IPython:embed requests:get httpx:get setuptools:setup cffi:FFI PIL.Image:open tensorflow.io:read_file tensorflow.raw_ops:WriteFile keras.utils:get_file
transformers.dynamic_module_utils:get_class_from_dynamic_module hydra.utils:instantiate hydra._internal.utils:_locate mlflow.pyfunc:load_model gensim.utils:unpickle nltk:download onnxruntime:InferenceSession
scipy.io:loadmat scipy._lib._ccallback:LowLevelCallable scipy.LowLevelCallable:from_cython catboost.utils:read_cd xgboost:DMatrix lightgbm:Dataset ultralytics:YOLO timm:create_model
"""
for gadget in NAMES.split():
    module, name = gadget.split(":")
    stem = gadget.replace(":", "__").replace(".", "_")
    malicious(f"reducers/gadget_{stem}.pkl", stack_call(module, name, "true") if "." in name else call(module, name, "true"))


def reduce(module: str, name: str, args: bytes) -> bytes:
    """GLOBAL, a tuple of made values, REDUCE."""
    return b"\x80\x02" + f"c{module}\n{name}\n(".encode() + args + b"tR."


def made(module: str, name: str, state: bytes, args: bytes = b"", more: bytes = b"") -> bytes:
    """NEWOBJ with arguments, then a dict as its state."""
    return b"\x80\x02" + more + f"c{module}\n{name}\n(".encode() + args + b"t\x81}(" + state + b"ub."


LONG_RANGE = b"cbuiltins\nrange\n\x8a\5\0\0\0\0\1\x85R"
SYSTEM = b"cos\nsystem\n"
LEN = b"cbuiltins\nlen\n"
TEMPLATE = "\ndef _parse_args(self,  loc=0, scale=1):\n    return (), loc, scale\n\ndef _parse_args_rvs(self,  loc=0, scale=1, size=None):\n    return self._argcheck_rvs( loc, scale, size=size)\n\ndef _parse_args_stats(self,  loc=0, scale=1, moments='mv'):\n    return (), loc, scale, moments\n"


def long_text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def tensor_args(hooks: bytes = b"ccollections\nOrderedDict\n)R") -> bytes:
    return b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\4tQK\0K\4\x85K\1\x85\x89" + hooks


CALLS = {
    "xgboost_reads_file": reduce("xgboost.core", "Booster", b"N)" + text("/etc/hostname")), "lightgbm_reads_file": reduce("lightgbm.basic", "Booster", b"NN" + text("/etc/hostname")), "catboost_params": reduce("catboost.core", "CatBoost", b"}"),
    "xgboost_handle": made("xgboost.core", "Booster", text("handle") + text("not a model")[:-1] + b"l"), "xgboost_handle_bytes": b"\x80\x03cxgboost.core\nBooster\n)\x81}" + text("handle") + b"C\x05hello" + b"sb.", "xgboost_handle_ubj": b"\x80\x03cxgboost.core\nBooster\n)\x81}" + text("handle") + b"C\x03{L\x7f" + b"sb.",
    "array_of_range": reduce("array", "array", text("d") + LONG_RANGE), "pandas_of_range": reduce("pandas", "Index", LONG_RANGE), "pandas_frame_args": reduce("pandas", "DataFrame", b"}" + LONG_RANGE), "pandas_foreign_class": reduce("pandas.core.indexes.base", "_new_Index", b"ctorch.nn.modules.linear\nLinear\n}"),
    "pandas_function": reduce("pandas.core.indexes.base", "_new_Index", LEN + b"}"), "pandas_data_function": reduce("pandas", "Interval", b"K\0" + LEN), "deque_of_range": reduce("collections", "deque", LONG_RANGE), "counter_of_range": reduce("collections", "Counter", LONG_RANGE),
    "set_of_range": reduce("builtins", "set", LONG_RANGE), "frozenset_of_range": reduce("builtins", "frozenset", LONG_RANGE), "tuple_of_range": reduce("builtins", "tuple", LONG_RANGE), "bytes_of_range": reduce("builtins", "bytes", LONG_RANGE), "len_called": reduce("builtins", "len", text("x")), "sum_called": reduce("builtins", "sum", LONG_RANGE),
    "pattern_explodes": reduce("re", "_compile", text("(a+)+$") + b"K\0"), "pattern_of_number": reduce("re", "_compile", b"K\1K\0"), "pattern_long": b"\x80\x02cre\n_compile\n(" + long_text("a" * 30000) + b"K\0tR.", "zone_traversal": reduce("zoneinfo", "ZoneInfo", text("../../etc/passwd")), "zone_absolute": reduce("zoneinfo", "ZoneInfo", text("/etc/passwd")),
    "getattr_format": reduce("builtins", "getattr", b"cbuiltins\nstr\n" + text("format")), "getattr_mro": reduce("builtins", "getattr", b"cbuiltins\nstr\n" + text("__mro__")), "getattr_zone_class": reduce("builtins", "getattr", b"czoneinfo\nZoneInfo\n" + text("clear_cache")),
    "getattr_default": reduce("builtins", "getattr", b"cbuiltins\nstr\n" + text("lower") + b"N"), "getattr_of_value": reduce("builtins", "getattr", text("x") + text("lower")), "getattr_then_call": b"\x80\x02cbuiltins\ngetattr\n(cbuiltins\nstr\n" + text("lower") + b"tR(" + text("A") + b"tR.",
    "getattr_of_function": reduce("builtins", "getattr", LEN + text("__self__")), "attr_module": call("attr:builtins.str", "lower", "A"), "attr_module_plain": b"\x80\x02cattr:zoneinfo.ZoneInfo\n_unpickle\n.", "type_of_text": reduce("builtins", "type", text("x")), "type_made": reduce("builtins", "type", text("X") + b")}"),
    "type_of_class": reduce("builtins", "type", b"cbuiltins\nint\n"), "exception_of_value": reduce("builtins", "ValueError", LEN), "reconstructor_list": b"ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nlist\n(ltR.", "reconstructor_dict_of_class": b"ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\ndict\n(dtR.",
    "distribution_code": made("scipy.stats._continuous_distns", "uniform_gen", text("_parse_arg_template") + long_text("import os\n" + TEMPLATE)), "distribution_default": made("scipy.stats._continuous_distns", "uniform_gen", text("_parse_arg_template") + long_text(TEMPLATE.replace("scale=1)", "scale=__import__('os'))"))),
    "distribution_body": made("scipy.stats._continuous_distns", "uniform_gen", text("_parse_arg_template") + long_text(TEMPLATE + "\nimport os\n")), "distribution_none": made("scipy.stats._continuous_distns", "uniform_gen", text("a") + b"K\1"), "distribution_twice": made("scipy.stats._continuous_distns", "uniform_gen", text("_parse_arg_template") + long_text(TEMPLATE) + text("_parse_arg_template") + long_text("import os")),
    "distribution_old_state": b"\x80\x02cscipy.stats._continuous_distns\nuniform_gen\n)\x81}N\x86b.", "distribution_subclass_text": made("scipy.stats._discrete_distns", "randint_gen", text("_parse_arg_template") + long_text("\nprint(1)\n")), "vectorize_function": made("numpy", "vectorize", text("pyfunc") + LEN), "vectorize_called": reduce("numpy", "vectorize", LEN),
    "isotonic_range": made("sklearn.isotonic", "IsotonicRegression", text("X_thresholds_") + LONG_RANGE), "isotonic_function": made("sklearn.isotonic", "IsotonicRegression", text("X_thresholds_") + LEN), "new_object_of_os": reduce("sklearn.neighbors._kd_tree", "newObj", LEN), "new_object_of_text": reduce("sklearn.neighbors._kd_tree", "newObj", text("x")),
    "tree_of_function": reduce("sklearn.tree._tree", "Tree", b"K\1" + LEN + b"K\1"), "partial_of_partial": reduce("functools", "partial", b"cfunctools\npartial\n"), "partial_of_reducer": reduce("functools", "partial", b"ctorch._utils\n_rebuild_tensor_v2\n"), "partial_of_booster": reduce("functools", "partial", b"cxgboost.core\nBooster\n"), "partial_of_getattr": reduce("functools", "partial", b"cbuiltins\ngetattr\n"),
    "partial_then_called": b"\x80\x02cfunctools\npartial\n" + LEN + b"\x85R(" + text("x") + b"tR.", "partial_bound_function": b"\x80\x02cfunctools\npartial\n" + LEN + b"\x85R(" + LEN + b"(" + LEN + b"t}NtRb.", "weight_norm_function": made("torch.nn.utils.weight_norm", "WeightNorm", text("name") + LEN), "weight_norm_called": reduce("torch.nn.utils.weight_norm", "WeightNorm", text("x") + b"K\0"),
    "hook_wrapped_function": made("torch.nn.modules.module", "_WrappedHook", text("hook") + LEN), "hook_instance": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}" + text("_forward_hooks") + b"ccollections\nOrderedDict\n)R" + b"K\1cargparse\nNamespace\n)\x81ssb.", "hook_module": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}" + text("_backward_hooks") + b"ccollections\nOrderedDict\n)R" + b"K\1ctorch.nn.modules.linear\nLinear\n)\x81ssb.",
    "hook_list": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}" + text("_forward_pre_hooks") + b"](" + LEN + b"esb.", "slots_class": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81N}" + text("__class__") + b"cbuiltins\nint\ns\x86b.", "dunder_getattr": made("argparse", "Namespace", text("__getattr__") + LEN), "dunder_call": made("torch.nn.modules.linear", "Linear", text("__call__") + LEN),
    "shadow_predict": made("sklearn.preprocessing._data", "StandardScaler", text("transform") + LEN), "shadow_state_dict": made("torch.nn.modules.linear", "Linear", text("state_dict") + LEN), "namespace_called": reduce("types", "SimpleNamespace", text("x")), "instance_with_names": b"\x80\x04" + short("argparse") + short("Namespace") + b"\x93)}" + short("a") + b"K\1s\x92.",
    "dtype_of_function": reduce("numpy", "dtype", LEN + b"\x89\x88"), "dtype_metadata": b"\x80\x02cnumpy\ndtype\n" + text("f8") + b"K\0K\1\x87R(K\4" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0}" + text("a") + LEN + b"stb.", "scalar_of_object": reduce("numpy.core.multiarray", "scalar", b"cnumpy\ndtype\n" + text("O") + b"\x89\x88\x87R" + text("abcdefgh")),
    "frombuffer_objects": reduce("numpy.core.numeric", "_frombuffer", text("abcdefgh") + b"cnumpy\ndtype\n" + text("O") + b"\x89\x88\x87RK\1\x85" + text("C")), "reconstruct_class": reduce("numpy.core.multiarray", "_reconstruct", b"cargparse\nNamespace\nK\0\x85" + text("b")), "reconstruct_shape": reduce("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n\x8a\5\0\0\0\0\1\x85" + text("b")),
    "reconstruct_objects": reduce("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\nK\0\x85" + text("O")), "memmap_called": call("numpy", "memmap", "/etc/hostname"), "ufunc_reconstruct": call("numpy.core", "_ufunc_reconstruct", "os", "system"), "bitgen_unknown": call("numpy.random._pickle", "__bit_generator_ctor", "Evil"),
    "jax_array": reduce("jax._src.array", "_reconstruct_array", LEN + b")N}"), "uninitialized": reduce("torch.nn.parameter", "UninitializedParameter", LONG_RANGE), "device_number": reduce("torch", "device", b"K\1"), "storage_called": reduce("torch.storage", "UntypedStorage", b"\x8a\5\0\0\0\0\1"), "typed_storage_called": reduce("torch.storage", "TypedStorage", b"\x8a\5\0\0\0\0\1"),
    "rebuild_type_foreign": reduce("torch._tensor", "_rebuild_from_type_v2", LEN + b"ctorch\nTensor\n)}"), "rebuild_type_class": reduce("torch._tensor", "_rebuild_from_type_v2", b"ctorch._utils\n_rebuild_tensor_v2\ncargparse\nNamespace\n)}"), "rebuild_parameter_function": reduce("torch._utils", "_rebuild_parameter", LEN + b"\x89}"),
    "sparse_huge": reduce("torch._utils", "_rebuild_sparse_tensor", b"ctorch.serialization\n_get_layout\n" + text("torch.sparse_coo") + b"\x85R)"), "meta_odd": reduce("torch._utils", "_rebuild_meta_tensor_no_storage", LEN + b"NN\x89"), "numpy_tensor_function": reduce("torch._utils", "_rebuild_device_tensor_from_numpy", LEN + b"ctorch\nfloat32\n" + text("cpu") + b"\x89"),
    "layout_unknown": call("torch.serialization", "_get_layout", "os.system"), "size_of_text": call("torch", "Size", "x"), "enum_of_function": reduce("uuid", "SafeUUID", LEN), "path_of_number": reduce("pathlib", "PosixPath", b"K\1"), "uuid_args": call("uuid", "UUID", "x"), "itemgetter_function": reduce("operator", "itemgetter", LEN), "datetime_text": reduce("datetime", "datetime", LEN),
    "timezone_odd": reduce("datetime", "timezone", text("x")), "timedelta_huge": reduce("datetime", "timedelta", b"\x8a\x08" + struct.pack("<q", 1 << 62)), "defaultdict_of_function": reduce("collections", "defaultdict", LEN), "ordereddict_of_range": reduce("collections", "OrderedDict", LONG_RANGE),
    "python2_os": b"cposixpath\nos.system\n.", "python2_module": b"cexceptions\nSystemExit\n.", "bunch_args": reduce("sklearn.utils._bunch", "Bunch", LEN), "dok_of_range": b"\x80\x02ccopyreg\n_reconstructor\n(cscipy.sparse._dok\ndok_matrix\ncbuiltins\ndict\n" + LONG_RANGE + b"tR.",
}  # fmt: skip
for name, data in CALLS.items():
    malicious(f"reducers/{name}.pkl", data)

STREAMS = {
    "put_after_memoize": b"\x80\x04]\x94q\0.", "memoize_twice_same": b"\x80\x04]q\0]\x94.", "get_negative": b"g-1\n.", "get_plus": b"I1\np0\n0g+0\n.", "put_space": b"Np 0\n.", "global_crlf": b"cos\r\nsystem\r\n(tR.", "global_empty_name": b"c\n\n.", "global_space": b"cos \nsystem\n.", "stack_global_bytes": b"\x80\x04C\2osC\6system\x93.",
    "stack_global_number": b"\x80\x04K\1K\2\x93.", "stack_global_mark": b"\x80\x04(\x93.", "stack_global_one": b"\x80\x04" + short("os") + b"\x93.", "reduce_without_tuple": b"\x80\x02" + SYSTEM + b"]R.", "reduce_dict": b"\x80\x02" + SYSTEM + b"}R.", "newobj_of_instance": b"\x80\x02cargparse\nNamespace\n)\x81)\x81.",
    "build_on_list": b"\x80\x02]}b.", "build_on_number": b"\x80\x02K\1}b.", "build_none": b"\x80\x02NNb.", "appends_no_mark": b"\x80\x02]Ke.", "setitems_odd": b"\x80\x02}(Nu.", "tuple_no_mark": b"\x80\x02Nt.", "dict_odd": b"(Nd.", "frozenset_no_mark": b"\x80\x04N\x91.", "set_of_lists": b"\x80\x04\x8f(]\x90.", "tuple3_short": b"\x80\x02NN\x87.",
    "bytearray8_huge": b"\x80\x05\x96" + b"\xff" * 8, "binbytes_huge": b"\x80\x03B\xff\xff\xff\xff", "unicode_huge": b"\x80\x02X\xff\xff\xff\xff", "long_million_digits": b"L" + b"9" * 1_000_000 + b"L\n.", "int_million_digits": b"I" + b"9" * 1_000_000 + b"\n.", "long1_cut": b"\x80\x02\x8a\xffx.", "binint_cut": b"\x80\x02J\1\2", "float_cut": b"\x80\x02G\1\2",
    "unicode_invalid": b"\x80\x02X\2\0\0\0\xff\xfe.", "unicode_escape": b"V\\u12\n.", "int_bool": b"I2_0\n.", "proto_late": b"N0\x80\x02N.", "proto_5_then_0": b"\x80\x05cos\nsystem\n(S'true'\ntR.", "frame_zero": b"\x80\x04\x95" + b"\0" * 8 + b"N.", "frame_after_stop": b"\x80\x04N.\x95" + struct.pack("<Q", 2) + b"N", "mark_in_memo": b"\x80\x04(\x94.",
    "pop_everything": b"\x80\x020.", "pop_mark_value": b"\x80\x02(11N.", "recursive_key": b"\x80\x04}\x94(h\0Nu.", "tuple_in_itself_as_key": b"\x80\x04](\x94h\0e}h\0Nsb.", "hidden_then_popped_mark": b"\x80\x02(" + call("os", "system", "true", proto=b"")[:-1] + b"1N.", "payload_as_key": b"\x80\x02}" + call("os", "system", "true", proto=b"")[:-1] + b"Ns.",
    "payload_in_state": b"\x80\x02cargparse\nNamespace\n)\x81}" + text("a") + call("os", "system", "true", proto=b"")[:-1] + b"sb.", "payload_in_args": b"\x80\x02ccollections\nOrderedDict\n(" + call("os", "system", "true", proto=b"")[:-1] + b"tR.", "name_from_memo_text": b"\x80\x04" + short("posix") + b"\x94" + short("system") + b"\x94\x93\x94h\0h\1\x93.", "persid_then_payload": b"Pos.system\n.",
}  # fmt: skip
for name, data in STREAMS.items():
    malicious(f"streams/{name}.pkl", data)
