"""Names of plain checkpoints, audited one by one; those of libraries are in `by_hand_libs`.

Each line: rule, why the call is harmless under its validator, module -> names. The generator looks every name up in the installed release and notes where its class is built; a name that is not there is marked so.
"""

from __future__ import annotations

STORAGES = (
    "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage BoolStorage "
    "ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage QInt32Storage QUInt4x2Storage QUInt2x4Storage"
)
DTYPES = (
    "float32 float float64 double float16 half bfloat16 int64 long int32 int int16 short int8 uint8 uint16 uint32 uint64 bool complex32 complex64 "
    "cfloat complex128 cdouble float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 qint8 quint8 qint32"
)
NUMPY_TYPES = (
    "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp intc uintc longlong ulonglong float16 float32 float64 longdouble "
    "complex64 complex128 clongdouble str_ bytes_ void object_ datetime64 timedelta64 generic number integer floating inexact signedinteger unsignedinteger"
)
NUMPY_DTYPES = (
    "BoolDType Int8DType UInt8DType Int16DType UInt16DType Int32DType UInt32DType Int64DType UInt64DType Float16DType Float32DType Float64DType "
    "Complex64DType Complex128DType"
)
BOTH = ("numpy.core", "numpy._core")

WEIGHTS: list[tuple[str, str, dict[str, str]]] = [
    ("set", "elements pass the key check", {"builtins": "set"}),
    ("frozenset", "elements pass the key check", {"builtins": "frozenset"}),
    ("list", "from a proved container", {"builtins": "list"}),
    ("dict", "from a proved container", {"builtins": "dict"}),
    ("tuple", "from a proved container", {"builtins": "tuple"}),
    ("bytearray", "takes bytes, never a number", {"builtins": "bytearray"}),
    ("bytes", "takes nothing", {"builtins": "bytes"}),
    ("complex", "numbers", {"builtins": "complex"}),
    ("slice", "numbers or None", {"builtins": "slice"}),
    ("range", "numbers; lazy", {"builtins": "range"}),
    ("type", "named only", {"builtins": "int float str bool object"}),
    ("ordereddict", "pairs; a state may not hide methods", {"collections": "OrderedDict"}),
    ("defaultdict", "its factory is a plain type", {"collections": "defaultdict"}),
    ("counter", "one dict; a state may not hide methods", {"collections": "Counter"}),
    ("deque", "a container and a length", {"collections": "deque"}),
    ("encode", "latin1 only", {"_codecs": "encode"}),
    ("reconstructor", "object only; then the rule of its class", {"copyreg": "_reconstructor"}),
    ("datetime", "packed fields", {"datetime": "datetime date time"}),
    ("timedelta", "bounded integers", {"datetime": "timedelta"}),
    ("timezone", "an offset", {"datetime": "timezone"}),
    ("decimal", "a bounded number", {"decimal": "Decimal"}),
    ("fraction", "a bounded fraction", {"fractions": "Fraction"}),
    ("path", "texts; makes no file", {
        "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
        "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    }),
    ("uuid", "made empty, then one bounded integer", {"uuid": "UUID"}),
    ("enum", "one literal", {"uuid": "SafeUUID"}),
    ("instance", "object.__new__, no __setstate__", {"argparse": "Namespace", "types": "SimpleNamespace"}),
    ("partial", "wraps an audited function, binds literals", {"functools": "partial"}),
    ("itemgetter", "literals", {"operator": "itemgetter"}),
    ("np-dtype", "a plain type string", {"numpy": "dtype"}),
    ("np-text-dtype", "a truth value and a literal; elements are texts", {f"{core}._internal": "_convert_to_stringdtype_kwargs" for core in BOTH}),
    ("np-dtype-class", "takes nothing", {"numpy.dtypes": NUMPY_DTYPES}),
    ("ndarray", "named for _reconstruct", {"numpy": "ndarray"}),
    ("np-matrix", "named for _reconstruct", {
        "numpy": "matrix recarray memmap", "numpy.ma": "MaskedArray", "numpy.ma.core": "MaskedArray", "numpy.matrixlib.defmatrix": "matrix",
        "numpy.rec": "recarray", **{f"{core}.records": "recarray" for core in BOTH}, **{f"{core}.memmap": "memmap" for core in BOTH},
    }),
    ("np-reconstruct", "an empty array of bytes", {f"{core}.multiarray": "_reconstruct" for core in BOTH}),
    ("np-scalar", "bytes of one element, no objects", {f"{core}.multiarray": "scalar" for core in BOTH}),
    ("np-frombuffer", "size of the buffer is proved", {f"{core}.numeric": "_frombuffer" for core in BOTH}),
    ("np-masked", "as _reconstruct", {"numpy.ma": "_mareconstruct", "numpy.ma.core": "_mareconstruct"}),
    ("np-ufunc", "names an audited function", dict.fromkeys(BOTH, "_ufunc_reconstruct")),
    ("np-bitgen-ctor", "a known bit generator", {"numpy.random._pickle": "__bit_generator_ctor"}),
    ("np-generator", "a bit generator", {"numpy.random._pickle": "__randomstate_ctor __generator_ctor"}),
    ("np-bitgen", "named only", {
        "numpy.random._mt19937": "MT19937", "numpy.random._pcg64": "PCG64 PCG64DXSM", "numpy.random._philox": "Philox", "numpy.random._sfc64": "SFC64",
    }),
    ("np-seed", "checksum and plain state", {"numpy.random.bit_generator": "__pyx_unpickle_SeedSequence"}),
    ("type", "named only", {"builtins": "Ellipsis NotImplemented", "numpy": "record " + NUMPY_TYPES, "numpy.random.bit_generator": "SeedSequence"}),
    ("torch-tensor2", "view lies in its storage", {"torch._utils": "_rebuild_tensor_v2 _rebuild_tensor"}),
    ("torch-tensor3", "view lies in its storage", {"torch._utils": "_rebuild_tensor_v3"}),
    ("data", "four tensors or None", {"torch.nn.utils.rnn": "PackedSequence"}),
    ("torch-parameter", "a proved tensor", {"torch._utils": "_rebuild_parameter _rebuild_parameter_with_state"}),
    ("torch-quantized", "view lies in its storage", {"torch._utils": "_rebuild_qtensor"}),
    ("torch-sparse", "size is bounded by its values", {"torch._utils": "_rebuild_sparse_tensor"}),
    ("torch-from-numpy", "a proved array", {"torch._utils": "_rebuild_device_tensor_from_numpy"}),
    ("torch-meta", "allocates nothing", {"torch._utils": "_rebuild_meta_tensor_no_storage"}),
    ("torch-from-type", "calls an allowed rebuilding function", {"torch._tensor": "_rebuild_from_type_v2 _rebuild_from_type"}),
    ("torch-size", "plain sizes", {"torch": "Size"}),
    ("torch-device", "a plain device", {"torch": "device"}),
    ("torch-layout", "a known layout", {"torch.serialization": "_get_layout"}),
    ("torch-from-bytes", "the bytes are proved as a file of their own", {"torch.storage": "_load_from_bytes"}),
    ("torch-typed-storage", "made empty", {"torch.storage": "TypedStorage"}),
    ("torch-uninitialized", "an empty tensor; takes requires_grad", {"torch.nn.parameter": "UninitializedParameter UninitializedBuffer"}),
    ("torch-generator", "a device", {"torch": "Generator", "torch._C": "Generator"}),
    ("torch-storage", "named in persistent ids", {"torch": STORAGES, "torch.storage": "UntypedStorage"}),
    ("torch-dtype", "named only", {"torch": DTYPES}),
    ("type", "named only", {"torch": "per_tensor_affine per_channel_affine per_channel_affine_float_qparams strided sparse_coo contiguous_format preserve_format channels_last"}),
    ("tensor-type", "named only", {"torch": "Tensor", "torch._tensor": "Tensor", "torch.nn.parameter": "Parameter Buffer"}),
    ("joblib-array", "its raw bytes are proved", {"joblib.numpy_pickle": "NumpyArrayWrapper"}),
]
