"""Reducers and classes of libraries that no rule about classes can tell, audited one by one.

Each line: rule, why the call is harmless under its validator, module -> names. These are candidates: the generator writes a name only into the list of a release in
which it found it, with the definers of its `__new__`, `__setstate__` and `__reduce__`.
"""

from __future__ import annotations

DISTANCES = "BrayCurtis Canberra Chebyshev Dice Euclidean Hamming Haversine Jaccard Kulsinski Mahalanobis Manhattan Matching Minkowski RogersTanimoto RussellRao SEuclidean SokalMichener SokalSneath"
SKLEARN_LOSSES = (
    "HalfSquaredError AbsoluteError PinballLoss HuberLoss HalfPoissonLoss HalfGammaLoss HalfTweedieLoss HalfTweedieLossIdentity HalfBinomialLoss "
    "HalfMultinomialLoss ExponentialLoss"
)
DTYPES = "CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype StringDtype BooleanDtype Float32Dtype Float64Dtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype"
ARRAYS = "SparseArray StringArray ArrowStringArray NumpyExtensionArray PandasArray BooleanArray IntegerArray FloatingArray DatetimeArray TimedeltaArray PeriodArray IntervalArray"
INDEXES = "Index RangeIndex MultiIndex CategoricalIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex"
OFFSETS = "Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin BusinessDay BusinessHour BusinessMonthEnd BusinessMonthBegin Week YearEnd YearBegin QuarterEnd QuarterBegin DateOffset"
PANDAS = {
    "pandas._libs.internals": "_unpickle_block BlockPlacement __pyx_unpickle_BlockPlacement", "pandas.core.internals.blocks": "new_block",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.indexes.base": "_new_Index Index", "pandas.core.indexes.datetimes": "_new_DatetimeIndex DatetimeIndex",
    "pandas.core.indexes.period": "_new_PeriodIndex PeriodIndex", "pandas.core.indexes.range": "RangeIndex", "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.category": "CategoricalIndex", "pandas.core.indexes.interval": "IntervalIndex _new_IntervalIndex",
    "pandas.core.indexes.timedeltas": "TimedeltaIndex _new_TimedeltaIndex", "pandas.core.indexes.numeric": "Int64Index UInt64Index Float64Index",
    "pandas.core.indexes.frozen": "FrozenList",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked NDArrayBacked",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp", "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle Timedelta",
    "pandas._libs.tslibs.nattype": "_nat_unpickle __nat_unpickle", "pandas._libs.tslibs.period": "Period",
    "pandas._libs.tslibs.offsets": OFFSETS,
    "pandas._libs.interval": "Interval __pyx_unpickle_IntervalMixin", "pandas._libs.sparse": "IntIndex BlockIndex",
    "pandas": f"{INDEXES} {DTYPES} Interval Period Timedelta Timestamp SparseDtype DateOffset", "pandas.core.arrays.sparse.dtype": "SparseDtype", "pandas.core.dtypes.dtypes": f"{DTYPES} NumpyEADtype PandasDtype SparseDtype",
    "pandas.core.arrays.integer": DTYPES, "pandas.core.arrays.floating": DTYPES, "pandas.core.arrays.boolean": DTYPES, "pandas.core.arrays.string_": DTYPES,
    "pandas._libs.missing": "_singleton_na",
}
PANDAS_EMPTY = {
    "pandas": "DataFrame Series Categorical Flags", "pandas.arrays": ARRAYS, "pandas.core.frame": "DataFrame", "pandas.core.series": "Series", "pandas.core.flags": "Flags",
    "pandas.core.arrays.categorical": "Categorical", "pandas.core.arrays.datetimes": ARRAYS, "pandas.core.arrays.timedeltas": ARRAYS, "pandas.core.arrays.period": ARRAYS,
    "pandas.core.arrays.interval": ARRAYS, "pandas.core.arrays.integer": ARRAYS, "pandas.core.arrays.floating": ARRAYS, "pandas.core.arrays.boolean": ARRAYS,
    "pandas.core.arrays.string_": ARRAYS, "pandas.core.arrays.numpy_": ARRAYS, "pandas.core.arrays.sparse.array": ARRAYS, "pandas.core.arrays.string_arrow": ARRAYS,
}
EXCEPTIONS = (
    "ArithmeticError AssertionError AttributeError BaseException BufferError EOFError Exception FloatingPointError FutureWarning IndexError KeyError LookupError MemoryError "
    "NameError NotImplementedError OverflowError RuntimeError RuntimeWarning StopIteration SyntaxError TypeError UserWarning ValueError Warning ZeroDivisionError"
)
MATH = "ceil cos exp fabs floor log log10 log1p log2 sin sqrt tan tanh"
OPERATOR = "add and_ eq floordiv ge gt le lt mod mul ne neg not_ or_ pos sub truediv xor"
NN_FUNCTIONS = "elu gelu hardsigmoid hardswish hardtanh leaky_relu linear log_sigmoid mish one_hot pad relu6 scaled_dot_product_attention silu softplus softshrink"
LAZY = (
    "linear.LazyLinear conv.LazyConv1d conv.LazyConv2d conv.LazyConv3d conv.LazyConvTranspose1d conv.LazyConvTranspose2d conv.LazyConvTranspose3d batchnorm.LazyBatchNorm1d "
    "batchnorm.LazyBatchNorm2d batchnorm.LazyBatchNorm3d instancenorm.LazyInstanceNorm1d instancenorm.LazyInstanceNorm2d instancenorm.LazyInstanceNorm3d"
)
STR_METHODS = "capitalize casefold lower lstrip rstrip split splitlines strip swapcase title upper"
TORCH_FUNCTIONS = "abs celu clamp cos cosine_similarity exp hardshrink log log_softmax mean relu selu sigmoid sin softmax softplus sqrt square sum tanh threshold"

LIBS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "builtins": [
        ("getattr", "only a method that is listed under its class (attr:)", {"builtins": "getattr"}),
        ("singleton-type", "of None, Ellipsis or NotImplemented", {"builtins": "type"}),
        ("exception", "literals; nothing is raised", {"builtins": EXCEPTIONS}),
        ("function", "computes on what it is given", {"builtins": "len sum max min abs sorted round any all hash"}),
        ("function", "methods of text: give a new text or list", {"attr:builtins.str": STR_METHODS}),
    ],
    "math": [("function", "computes on what it is given", {"math": MATH})],
    "operator": [("function", "computes on what it is given", {"operator": OPERATOR})],
    "_operator": [("function", "computes on what it is given", {"_operator": OPERATOR})],
    "sklearn": [
        ("data", "numbers and proved arrays; array shapes are checked by Tree.__setstate__", {"sklearn.tree._tree": "Tree"}),
        ("new-object", "makes an empty index of a class that is listed for it", {
            "sklearn.neighbors._kd_tree": "newObj", "sklearn.neighbors._ball_tree": "newObj", "sklearn.metrics._dist_metrics": "newObj",
        }),
        ("type", "named for newObj", {
            "sklearn.metrics._dist_metrics": "".join(f"{name}Distance {name}Distance32 {name}Distance64 " for name in DISTANCES.split()),
            "sklearn.neighbors._kd_tree": "KDTree KDTree32 KDTree64", "sklearn.neighbors._ball_tree": "BallTree BallTree32 BallTree64",
        }),
        ("data", "numbers", {
            "sklearn.linear_model._sgd_fast": "Hinge SquaredHinge EpsilonInsensitive SquaredEpsilonInsensitive Log ModifiedHuber SquaredLoss Huber Classification Regression",
            "sklearn._loss._loss": "".join(f"Cy{name} __pyx_unpickle_Cy{name} " for name in SKLEARN_LOSSES.split()),
        }),
        ("dict-instance", "a dict with attribute access; __setstate__ does nothing", {"sklearn.utils._bunch": "Bunch", "sklearn.utils": "Bunch"}),
        ("function", "named, or wrapped by partial", {"sklearn.utils.validation": "check_array"}),
        ("function", "fits one run", {"sklearn.cluster._kmeans": "_kmeans_single_lloyd _kmeans_single_elkan _kmeans_single_full"}),
        ("plain-object", "__setstate__ interpolates its own arrays", {"sklearn.isotonic": "IsotonicRegression"}),
        ("instance", "object.__new__, BaseEstimator.__setstate__", {"sklearn.linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor"}),
    ],
    "scipy": [
        ("hull", "arrays; the native handle must be None, so that its destructor has nothing to close", {"scipy.spatial._qhull": "Delaunay ConvexHull Voronoi HalfspaceIntersection"}),
        ("instance", "__new__ only chooses the class; attributes", {
            "scipy.signal._ltisys": "".join(f"{form}Continuous {form}Discrete " for form in ("TransferFunction", "StateSpace", "ZerosPolesGain")),
        }),
        ("function", "numpy's own, wrapped", {"scipy._lib.array_api_compat.numpy._aliases": "asarray"}),
        ("dict-instance", "a dict with attribute access", {"scipy.optimize._optimize": "OptimizeResult"}),
        ("dict-instance", "a dict of entries under pairs of numbers", {"scipy.sparse._dok": "dok_matrix dok_array"}),
        ("empty", "made empty; __setstate__ stores arrays and numbers", {
            "scipy.spatial.transform._rotation": "Rotation", "scipy.spatial._kdtree": "KDTree cKDTree", "scipy.spatial._ckdtree": "cKDTree",
            "scipy.interpolate._interpolate": "interp1d PPoly", "scipy.interpolate._rbfinterp": "RBFInterpolator",
        }),
        ("function", "interpolates its object's arrays", {"attr:scipy.interpolate._interpolate.interp1d": "_call_linear_np _call_linear _call_nearest _call_previousnext _call_spline _call_nan_spline"}),
        ("data", "numbers under names", {"scipy.stats._stats_py": "LinregressResult", "scipy.stats._stats_mstats_common": "LinregressResult"}),
    ],
    "pandas": [
        ("data", "values, arrays, plans of blocks", PANDAS),
        ("empty", "made empty; __setstate__ stores blocks, arrays and labels", PANDAS_EMPTY),
        ("constant", "a value", {"pandas._libs.missing": "NA", "pandas": "NA"}),
        ("type", "the class of NA, named", {"pandas._libs.missing": "NAType C_NAType"}),
    ],
    "numpy": [
        ("instance", "object.__new__, attributes", {"numpy": "poly1d", "numpy.lib.polynomial": "poly1d", "numpy.lib._polynomial_impl": "poly1d"}),
        ("vectorize", "around a distribution's own method only", {"numpy": "vectorize", "numpy.lib.function_base": "vectorize", "numpy.lib._function_base_impl": "vectorize"}),
    ],
    "jax": [("jax-array", "calls numpy's reducer, which is proved", {"jax._src.array": "_reconstruct_array"})],
    "ml_dtypes": [("type", "named for a dtype", {"ml_dtypes": "bfloat16 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu int4 uint4"})],
    "gensim": [("function", "raises; stands where a class method was", {"gensim.utils": "call_on_class_only"}), ("function", "gives back what it is given", {"gensim.utils": "identity"}), ("function", "computes a weight from numbers", {"gensim.models.tfidfmodel": "df2idf"})],
    "lightgbm": [("booster", "an empty object; its text is parsed by the library's own reader", {"lightgbm.basic": "Booster"})],
    "xgboost": [("booster", "an empty object; its bytes are parsed by the library's own reader", {"xgboost.core": "Booster"})],
    "catboost": [("booster", "an empty object; its bytes are parsed by the library's own reader", {
        "catboost.core": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker", "catboost": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker",
    })],
    "pytz": [("data", "names a zone", {"pytz": "_UTC _p"})],
    "zoneinfo": [("zone", "names a zone of the zone database; the name is plain", {"zoneinfo": "ZoneInfo", "attr:zoneinfo.ZoneInfo": "_unpickle"})],
    "dateutil": [("instance", "no state that runs", {"dateutil.tz.tz": "tzutc tzoffset", "dateutil.relativedelta": "relativedelta", "dateutil._common": "weekday"})],
    "omegaconf": [
        ("instance", "container of settings; interpolations run on access only", {"omegaconf.dictconfig": "DictConfig", "omegaconf.listconfig": "ListConfig"}),
        ("instance", "plain", {"omegaconf.base": "ContainerMetadata Metadata", "omegaconf.nodes": "AnyNode StringNode IntegerNode FloatNode BooleanNode"}),
    ],
    "tokenizers": [("tokenizer", "made empty; its JSON goes to the reader that tokenizer.json has", {
        "tokenizers": "Tokenizer", "tokenizers.models": "Model BPE WordPiece WordLevel Unigram",
    })],
    "transformers": [
        ("instance", "attributes, and a proved tokenizer", {"transformers.tokenization_utils_tokenizers": "TokenizersBackend", "transformers.tokenization_utils_fast": "PreTrainedTokenizerFast"}),
        ("instance", "__setstate__ stores two attributes", {"transformers.tokenization_utils_base": "BatchEncoding"}),
    ],
    "array": [("data", "a type code and bytes, or a list that is there", {"array": "array _array_reconstructor"})],
    "random": [("empty", "numbers", {"random": "Random"})],
    "re": [("enum", "one literal", {"re": "RegexFlag"}), ("pattern", "compiles a pattern of bounded length without nested repetitions", {"re": "_compile"})],
    "ipaddress": [("data", "a number", {"ipaddress": "IPv4Address IPv6Address IPv4Network IPv6Network"})],
    "collections": [("instance", "plain attributes", {"collections": "UserDict UserList ChainMap"})],
    "statistics": [("empty", "two numbers", {"statistics": "NormalDist"})],
    "typing": [("type", "named only", {"typing": "Any Union Optional Dict List"})],
    "ultralytics": [("instance", "attributes only", {"ultralytics.utils": "IterableSimpleNamespace"})],
    "pyarrow": [
        ("arrow-type", "a type of numbers, times or texts", {"pyarrow.lib": "type_for_alias timestamp duration"}),
        ("arrow-buffer", "holds the bytes that are given", {"pyarrow.lib": "py_buffer"}),
        ("arrow-array", "buffers are as long as the type says, places of texts rise and end in them", {"pyarrow.lib": "_restore_array"}),
    ],
    "torch": [
        ("instance", "a dataclass of numbers and names", {"torch.distributed.checkpoint.metadata": "Metadata TensorStorageMetadata ChunkStorageMetadata BytesStorageMetadata StorageMeta"}),
        ("empty", "__setstate__ stores five facts about a tensor", {"torch.distributed.checkpoint.metadata": "TensorProperties"}),
        ("index", "a frozen dataclass of a name and numbers, whose hash runs over these", {"torch.distributed.checkpoint.metadata": "MetadataIndex"}),
        ("placed", "a dataclass; its path stays beside the checkpoint", {"torch.distributed.checkpoint.filesystem": "_StorageInfo"}),
        ("enum", "one literal", {"torch.distributed.checkpoint.metadata": "_MEM_FORMAT_ENCODING"}),
        ("function", "torch's own functions, which compute", {"attr:torch._C._VariableFunctionsClass": TORCH_FUNCTIONS, "torch._C._nn": NN_FUNCTIONS}),
        ("type", "named for getattr", {"torch._C": "_VariableFunctionsClass"}),
        ("hook", "an object that computes a weight before a call", {
            "torch.nn.utils.weight_norm": "WeightNorm", "torch.nn.utils.spectral_norm": "SpectralNorm SpectralNormStateDictHook SpectralNormLoadStateDictPreHook",
            "torch.nn.utils.prune": "L1Unstructured RandomUnstructured LnStructured RandomStructured CustomFromMask Identity PruningContainer", "torch.nn.modules.module": "_WrappedHook",
        }),
        ("handle", "weak references to tables of hooks, and a number", {"torch.utils.hooks": "RemovableHandle"}),
        ("method", "a lazy module's own hooks: they give its empty parameters a shape at the first call, or load them", {f"attr:torch.nn.modules.{kind}": "_infer_parameters _lazy_load_hook" for kind in LAZY.split()}),
        ("function", "computes a factor of a rate from numbers", {
            "attr:torch.optim.lr_scheduler.CyclicLR": "_triangular_scale_fn _triangular2_scale_fn _exp_range_scale_fn", "attr:torch.optim.swa_utils.SWALR": "_cosine_anneal _linear_anneal",
        }),
        ("factory", "gives a dict", {"torch.amp.grad_scaler": "_refresh_per_optimizer_state"}),
        ("instance", "object.__new__; __setstate__ updates attributes", {"torch.amp.grad_scaler": "GradScaler", "torch.cuda.amp.grad_scaler": "GradScaler"}),
    ],
    "accelerate": [
        ("enum", "one literal", {"accelerate.utils.dataclasses": "DistributedType PrecisionType DynamoBackend LoggerType ComputeEnvironment", "accelerate.state": "DistributedType"}),
        ("instance", "attributes only", {"accelerate.state": "PartialState AcceleratorState", "accelerate.utils.dataclasses": "TorchDynamoPlugin GradientAccumulationPlugin ProjectConfiguration DataLoaderConfiguration"}),
    ],
    "lightning_fabric": [("dict-instance", "a dict with attribute access", {"lightning_fabric.utilities.data": "AttributeDict"}),
                         ("enum", "one literal", {"lightning_fabric.utilities.enums": "LightningEnum _StrategyType"})],
    "pytorch_lightning": [("dict-instance", "a dict with attribute access", {"pytorch_lightning.utilities.parsing": "AttributeDict"}),
                          ("enum", "one literal", {"pytorch_lightning.trainer.states": "TrainerFn RunningStage TrainerStatus"}),
                          ("type", "named only, as a key", {"pytorch_lightning.callbacks.model_checkpoint": "ModelCheckpoint", "pytorch_lightning.callbacks.early_stopping": "EarlyStopping"})],
    "lightning": [("type", "named only, as a key", {"lightning.pytorch.callbacks.model_checkpoint": "ModelCheckpoint", "lightning.pytorch.callbacks.early_stopping": "EarlyStopping"}),
                  ("dict-instance", "a dict with attribute access", {"lightning.fabric.utilities.data": "AttributeDict"})],
}
