"""What a person read: Python hooks by the digest of their source, native code by name, each with why it is harmless while a proved file is loaded.

A digest is of one release's source: a library that changes a hook changes its digest, and its classes leave the list until somebody has read it again.
"""

from __future__ import annotations

import re

__all__ = ["NATIVE", "READ", "native"]

READ: dict[str, str] = {
    "d1c708f011f6391b": "looks a value up among the members; what is not there raises",  # accelerate.utils.dataclasses.ComputeEnvironment.__new__
    "f44a5dce7b09845d": "hands text to the native reader, stores the rest; the model lies in the form that the validator asks for",  # catboost.core._CatBoostBase.__setstate__
    "02e96449069f0ca6": "compares and hashes the name or value of a member",  # enum.Enum.__hash__
    "06136cd1b7325094": "composes a member of the bits of a number",  # enum.Flag._missing_
    "b26e2b020b427780": "reads one bounded fraction",  # fractions.Fraction.__new__
    "f8ddf2b7f80c4b88": "reads one address of a number or a text",  # ipaddress.IPv4Address.__init__
    "6df1c22d050c663f": "reads one address of a number or a text",  # ipaddress.IPv4Network.__init__
    "6ccfd15cd86daafa": "reads one address of a number or a text",  # ipaddress.IPv6Address.__init__
    "db631213ab4fd4c0": "reads one address of a number or a text",  # ipaddress.IPv6Network.__init__
    "05e793d5db4e75b2": "calls the reducer of numpy that stands first, which the validator proves with its arguments",  # jax._src.array._reconstruct_array
    "9b9936b575301562": "frees the handle that __setstate__ made; a handle cannot come from the file, which holds text there",  # lightgbm.basic.Booster.__del__
    "1392c49892a4f8aa": "hands the model as text to the native reader; form and trees are checked before",  # lightgbm.basic.Booster.__setstate__
    "6a511cbe4c5e640f": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # lightning_fabric.utilities.data.AttributeDict.__getattr__
    "b874fa57b4ad8a9f": "compares and hashes the name or value of a member",  # lightning_utilities.core.enums.StrEnum.__eq__
    "4f1751f71c138e2d": "compares and hashes the name or value of a member",  # lightning_utilities.core.enums.StrEnum.__hash__
    "0e06d0ed8f246142": "makes a dtype of a truth value and a literal",  # numpy._core._internal._convert_to_stringdtype_kwargs
    "3f769ba46c607d31": "a view of bytes whose size is proved",  # numpy._core.numeric._frombuffer
    "6f7ccded7facd8fb": "makes an empty array of an array class and a dtype",  # numpy.ma.core._mareconstruct
    "8aeaff5756911482": "makes a generator of a name from a table, or of a class that the validator knows",  # numpy.random._pickle.__bit_generator_ctor
    "0096f343fb050010": "makes a generator of a name from a table, or of a class that the validator knows",  # numpy.random._pickle.__generator_ctor
    "20753c4e3d4d6351": "makes a generator of a name from a table, or of a class that the validator knows",  # numpy.random._pickle.__randomstate_ctor
    "653732b7daf45194": "stores attributes, and writes annotations of types that the metadata name",  # omegaconf.basecontainer.BaseContainer.__setstate__
    "a5b4f7b82157cec1": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # omegaconf.dictconfig.DictConfig.__getattr__
    "778dd5ba19a80892": "set only where a stream sets items, which the rule refuses",  # omegaconf.dictconfig.DictConfig.__setattr__
    "d4d4c7db63c610ac": "set only where a stream sets items, which the rule refuses",  # omegaconf.dictconfig.DictConfig.__setitem__
    "354a2c40837fd992": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # omegaconf.listconfig.ListConfig.__getattr__
    "d4591cf7b6511ecf": "set only where a stream sets items, which the rule refuses",  # omegaconf.listconfig.ListConfig.__setattr__
    "d18a51e721cd8e9d": "set only where a stream sets items, which the rule refuses",  # omegaconf.listconfig.ListConfig.__setitem__
    "bea3e2a8f5463655": "stores arrays, labels and flags of the state",  # pandas.Categorical.__setstate__
    "8e677a0c0c42e127": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.CategoricalDtype.__init__
    "64b5f980f4d892c5": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.CategoricalIndex.__new__
    "e2e9b07ef71065b8": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.DatetimeIndex.__new__
    "a034253a26717833": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.DatetimeTZDtype.__init__
    "2487690d6cafcefd": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.Index.__new__
    "82204ca0fb6c7806": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.IntervalDtype.__init__
    "5bfc0df4314d60b8": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.IntervalIndex.__new__
    "00d4cbdd49583edf": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.MultiIndex.__new__
    "23f52940af2116ad": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.PeriodDtype.__new__
    "e96ccb17538bf75e": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.PeriodIndex.__new__
    "c3eb0e362564d267": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.RangeIndex.__new__
    "b27bff287ac0631a": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.SparseDtype.__init__
    "be510b532afa601d": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.StringDtype.__init__
    "310ceaf1ae7ebbc9": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.TimedeltaIndex.__new__
    "53a410b5cf19592d": "stores arrays, labels and flags of the state",  # pandas.arrays.ArrowExtensionArray.__setstate__
    "e3da494b3154eef7": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.arrays.IntervalArray.__new__
    "a847a5536db9eca0": "stores arrays, labels and flags of the state",  # pandas.arrays.SparseArray.__setstate__
    "55a7f77d38e9187e": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.dtypes.dtypes.NumpyEADtype.__init__
    "559544bd074bed06": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # pandas.core.generic.NDFrame.__getattr__
    "38fafd97cd640c4f": "stores a value, or a column",  # pandas.core.generic.NDFrame.__setattr__
    "6508583eaa55c6ca": "stores arrays, labels and flags of the state",  # pandas.core.generic.NDFrame.__setstate__
    "7be661f4d38d137b": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.base._new_Index
    "8ef56abf3d787d96": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.datetimes._new_DatetimeIndex
    "3071bfe7b7a01839": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.interval._new_IntervalIndex
    "f3e1f6cf91541a93": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.period._new_PeriodIndex
    "697d030c6ef62d00": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.timedeltas._new_TimedeltaIndex
    "041ee7b112d4c852": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.internals.blocks.new_block
    "1340798685cfcd32": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.internals.managers.BlockManager.__init__
    "08e3e95cb6435dfb": "stores arrays, labels and flags of the state",  # pandas.core.internals.managers.SingleBlockManager.__setstate__
    "4a7e8e8c27edca05": "joins texts; touches no file",  # pathlib.Path.__new__
    "8c73c7cbd14f305b": "joins texts; touches no file",  # pathlib.PurePath.__new__
    "cdbf6f8d12a33531": "checks and stores 625 numbers",  # random.Random.__setstate__
    "ffecdfb0347bc831": "compiles a pattern that the validator has looked at; the flag that prints is refused",  # re._compile
    "ef03bd8b5d7d77ce": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # scipy._lib._util._RichResult.__getattr__
    "40c32ebeeeca37f1": "stores arrays",  # scipy.interpolate._rbfinterp.RBFInterpolator.__setstate__
    "c5a6e321c749fcd6": "chooses the class; made without arguments",  # scipy.signal._ltisys.StateSpace.__new__
    "a718b89fb9a82b70": "chooses the class; made without arguments",  # scipy.signal._ltisys.TransferFunction.__new__
    "71a641013943c868": "chooses the class; made without arguments",  # scipy.signal._ltisys.ZerosPolesGain.__new__
    "ce089adebe639c6b": "stores a number at a pair of numbers",  # scipy.sparse._index.IndexMixin.__setitem__
    "61e1622beb183985": "stores arrays",  # scipy.spatial.transform._rotation.Rotation.__setstate__
    "53d0d5900a93bc9a": "stores attributes and compiles the text of its arguments, which the validator holds to the very text that scipy writes",  # scipy.stats._distn_infrastructure.rv_generic.__setstate__
    "c9a57edc6ee4221d": "compares versions, then stores attributes",  # sklearn.base.BaseEstimator.__setstate__
    "a0bee231f1066651": "stores attributes, converts one array",  # sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor.__setstate__
    "ea0f04474f872668": "stores attributes, interpolates its own arrays",  # sklearn.isotonic.IsotonicRegression.__setstate__
    "f044747d7b65ff57": "warns, then object.__new__",  # sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier.__new__
    "455e60ad62809450": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # sklearn.utils._bunch.Bunch.__getattr__
    "762c08ce53968594": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # sklearn.utils._metadata_requests.MetadataRequest.__getattr__
    "02eb86b9ccc53b08": "takes a state that the validator holds to dicts and None",  # torch.Tensor.__setstate__
    "4d48f271133c50fe": "calls the rebuilding function that stands first, which the validator proves with its arguments",  # torch._tensor._rebuild_from_type
    "ff2c7554173a3caf": "calls the rebuilding function that stands first, which the validator proves with its arguments",  # torch._tensor._rebuild_from_type_v2
    "30382cab37e386e0": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_device_tensor_from_numpy
    "81722387722dcf73": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_meta_tensor_no_storage
    "fcb48d43495d5c13": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_parameter
    "957d6e4c75759f0d": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_parameter_with_state
    "f2cf04909aed0ab0": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_qtensor
    "a4570d1055880250": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_sparse_tensor
    "f5acf47aa0dcb87b": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_tensor
    "8033137e4761a0ef": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_tensor_v2
    "4a9b016245ff84fc": "a tensor whose view is proved to lie in its storage",  # torch._utils._rebuild_tensor_v3
    "660b112eae9c8ba4": "stores its fields",  # torch.nn.modules.linear_cross_entropy_options.LinearCrossEntropyOptions.__setstate__
    "bda2bcfa60a078fb": "registers a value under its name; reached only for states of slots, which the rule refuses",  # torch.nn.modules.module.Module.__setattr__
    "eac295938055da83": "stores attributes and sets empty tables of hooks",  # torch.nn.modules.module.Module.__setstate__
    "e4ae61968150b492": "stores an audited hook and a weak reference",  # torch.nn.modules.module._WrappedHook.__setstate__
    "325da9acb36b50bf": "registers a value under its name; reached only for states of slots, which the rule refuses",  # torch.nn.modules.rnn.RNNBase.__setattr__
    "610b07a3f954efa0": "stores attributes, and writes names of as many layers as the validator allows",  # torch.nn.modules.rnn.RNNBase.__setstate__
    "496fb80dada10739": "an empty tensor",  # torch.nn.parameter.UninitializedBuffer.__new__
    "15195909f4913d8d": "an empty tensor",  # torch.nn.parameter.UninitializedParameter.__new__
    "a7e9cab815e2d929": "a tuple of four tensors",  # torch.nn.utils.rnn.PackedSequence.__new__
    "84e66209efed2941": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.Adafactor.__setstate__
    "068b25d6b50d669a": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.adadelta.Adadelta.__setstate__
    "3043e48a2c6f9401": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.adagrad.Adagrad.__setstate__
    "15e12c61167867b6": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.adam.Adam.__setstate__
    "dc261167b0ba4eb6": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.asgd.ASGD.__setstate__
    "ca9218344789fd59": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.nadam.NAdam.__setstate__
    "0ccffe5348d1bd9c": "stores attributes and sets empty tables of hooks",  # torch.optim.optimizer.Optimizer.__setstate__
    "0583027997bb38d3": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.radam.RAdam.__setstate__
    "9d66be9c7451b83e": "stores attributes, sets missing settings, turns numbers of steps into tensors",  # torch.optim.rmsprop.RMSprop.__setstate__
    "221d49bfdc03a11e": "made empty",  # torch.storage.TypedStorage.__new__
    "0a202212ac4a4380": "the bytes are proved as a file of their own",  # torch.storage._load_from_bytes
    "95ca1189003f1927": "weak references to tables, and a number",  # torch.utils.hooks.RemovableHandle.__setstate__
    "d29fe150bd54953b": "checks and stores a value; reached only for states of slots, which the rule refuses",  # transformers.configuration_utils.PreTrainedConfig.__setattr__
    "6b19eba49f987c6b": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # transformers.tokenization_utils_base.BatchEncoding.__getattr__
    "534c7a8107bf55b4": "answers only for a name that is missing, from the values that the object holds; calls nothing of them",  # transformers.tokenization_utils_base.PreTrainedTokenizerBase.__getattr__
    "6773f0b4e0f3e129": "checks and stores a value; reached only for states of slots, which the rule refuses",  # transformers.tokenization_utils_base.PreTrainedTokenizerBase.__setattr__
    "f724fc41b2816a68": "stores one number",  # uuid.UUID.__init__
    "7e2612eaa0e797af": "stores one number",  # uuid.UUID.__setstate__
    "a08c62f4584cf473": "frees the handle that __setstate__ made; the file holds bytes there",  # xgboost.core.Booster.__del__
    "e5b072540ebbc5c5": "hands bytes to the native reader; form and trees are checked before",  # xgboost.core.Booster.__setstate__
    "e7e0ba96ac7b60ab": "stores arrays, labels and flags of the state",  # pandas.core.arrays.arrow.array.ArrowExtensionArray.__setstate__, an earlier release
    "e82609fb134c82b1": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.arrays.interval.IntervalArray.__new__, an earlier release
    "71f50d417a049565": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.arrays.string_.StringDtype.__init__, an earlier release
    "df946d9be84e1df8": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.dtypes.dtypes.DatetimeTZDtype.__init__, an earlier release
    "ae3b0f85c9efe0f3": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.dtypes.dtypes.NumpyEADtype.__init__, an earlier release
    "53a07a0894ceb107": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.dtypes.dtypes.PeriodDtype.__new__, an earlier release
    "aeb6c2d95151fde4": "reads a type of a text or another type; names of files as time zones are refused by the validator",  # pandas.core.dtypes.dtypes.SparseDtype.__init__, an earlier release
    "bfa1d9b028ffbba6": "stores a value, or a column",  # pandas.core.generic.NDFrame.__setattr__, an earlier release
    "208cf4f6223850c6": "stores arrays, labels and flags of the state",  # pandas.core.generic.NDFrame.__setstate__, an earlier release
    "6b98e4c189c2948a": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.base.Index.__new__, an earlier release
    "54f4f1bd4079783f": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.base._new_Index, an earlier release
    "954c69e8447cd3c1": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.category.CategoricalIndex.__new__, an earlier release
    "ae0bf6d2c5ddc4d8": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.datetimes.DatetimeIndex.__new__, an earlier release
    "760e7849d06ae0f6": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.datetimes._new_DatetimeIndex, an earlier release
    "c08a0058202ad5fd": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.interval.IntervalIndex.__new__, an earlier release
    "0af5c370c543a23b": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.multi.MultiIndex.__new__, an earlier release
    "f82ff74d7abc9243": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.period.PeriodIndex.__new__, an earlier release
    "cfa8bb0de3b6e189": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.range.RangeIndex.__new__, an earlier release
    "6e7be4ce0a1e18b5": "makes labels or blocks of arrays that are proved and of literals; calls only methods of its own types",  # pandas.core.indexes.timedeltas.TimedeltaIndex.__new__, an earlier release
    "735b1cbcce67827a": "stores arrays, labels and flags of the state",  # pandas.core.internals.managers.SingleBlockManager.__setstate__, an earlier release
    "c4e2673be9bbfdd7": "looks a zone up in its own folder by a name without separators; adds offsets of numbers",  # pytz._p, an earlier release
    "43ae167070add722": "stores a number at a pair of numbers",  # scipy.sparse._index.IndexMixin.__setitem__, an earlier release
}

NATIVE: dict[str, str] = {
    "scipy.optimize._optimize.OptimizeResult.__setattr__": "native: stores a value under its name",
    "scipy.spatial.transform._rotation.Rotation.__new__": "native: made empty",
    "scipy.spatial.transform._rotation.Rotation.__setstate__": "native: stores one array",
}
"""Single native hooks, where no family below fits."""

_FAMILIES = (
    (r"(?:builtins|collections|datetime|decimal|functools|operator|types|array|zoneinfo|_random|_collections|_thread|_codecs|copyreg)\.", "Python's own type, in C; its arguments and states pass the validator of its rule"),
    (r"(?:enum|abc|typing)\.", "Python's own, in C"),
    (r"numpy\.(?:_?core\.multiarray\.(?:_reconstruct|scalar)|dtype|dtypes\.|ndarray|random\.)", "numpy's own type, in C; sizes, types and bytes are proved by the validator"),
    (r"pandas\._libs\.|pandas\.(?:Timestamp|Timedelta|Interval|Period|DateOffset)\.", "Cython of the release (pandas/_libs): stores and converts the literals and arrays that it is given; calls nothing of them"),
    (r"sklearn\.(?:_loss|linear_model\._sgd_fast|metrics\._dist_metrics|neighbors\._(?:kd|ball)_tree|tree\._tree)\.", "Cython of the release: stores numbers and arrays, whose shapes the class checks itself; newObj makes an empty object of a listed class"),
    (r"scipy\.(?:spatial\._ckdtree|spatial\._qhull|_lib)\.", "Cython or C of the release: stores arrays; the handle of a hull must be None"),
    (r"tokenizers\.", "Rust: reads the JSON that the validator has judged as tokenizer.json"),
    (r"pyarrow\.lib\.", "Cython: takes buffers whose lengths and places the validator has proved"),
    (r"torch\.(?:Size|device|_C\.|storage\.|UntypedStorage)", "C++ of torch; takes the plain sizes, devices and bytes that the validator lets through, and checks them itself"),
    (r"ml_dtypes\.|dateutil\.|pytz\.", "named, or a plain value"),
)


def native(full: str) -> str:
    """Ground of a native hook (`module.Class.hook`); empty where no family holds it."""
    return next((f"native: {says}" for start, says in _FAMILIES if re.match(start, full)), "")
