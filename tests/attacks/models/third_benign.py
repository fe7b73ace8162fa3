"""Third ordinary set, written before the code had run on it: what numpy, pandas, scipy, scikit-learn, boosting libraries, ONNX, GGUF, safetensors, skops, MLflow and tokenizers write, in less ordinary ways too."""

# The libraries are imported where they are needed: a case is left out, by name, where its library is not installed.
# ruff: noqa: I001, PLW0108
from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

from tests.attacks.models.corpus import benign

ARRAYS = {
    "structured": lambda np: np.array([(1, 2.5, "abc", (1, 2))], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "U5"), ("d", "i2", (2,))]), "aligned": lambda np: np.zeros(3, np.dtype([("a", "i1"), ("b", "f8")], align=True)), "big_endian": lambda np: np.arange(5, dtype=">u2"), "fortran": lambda np: np.asfortranarray(np.ones((3, 4), "c16")), "times": lambda np: np.array(["2020-01-01", "NaT"], "M8[ns]"), "spans": lambda np: np.array([1, 2], "m8[D]"),
    "texts": lambda np: np.array([["a", "äöü"], ["ccc", ""]]), "bytes": lambda np: np.array([b"a", b"bb"]), "scalar": lambda np: np.array(3.5), "empty": lambda np: np.zeros((0, 4), "f2"), "long": lambda np: np.ones(2, np.longdouble), "void": lambda np: np.zeros(2, "V7"), "titles": lambda np: np.zeros(2, [(("Title", "a"), "f4")]), "objects": lambda np: np.array([{"a": 1}, [1, 2], None, "x"], dtype=object), "records": lambda np: np.rec.fromarrays([[1, 2], [3.0, 4.0]], names="a,b"),
    "wide_record": lambda np: np.zeros(1, [(f"column_{number}_with_a_long_name", "f4") for number in range(3000)]), "many_dimensions": lambda np: np.zeros((1,) * 20), "spaced_names": lambda np: np.zeros(1, [("a b", "f4"), ("ä", "i8")]),
}  # fmt: skip
for kind, make in ARRAYS.items():

    @benign(f"third/{kind}.npy", "numpy")
    def _(path: Path, make=make) -> None:
        import numpy as np

        np.save(path, make(np))


@benign("third/all.npz", "numpy")
def _(path: Path) -> None:
    import numpy as np

    np.savez_compressed(path, **{kind: ARRAYS[kind](np) for kind in ARRAYS if kind != "many_dimensions"})


for protocol in range(6):

    @benign(f"third/arrays_{protocol}.pkl", "numpy")
    def _(path: Path, protocol: int = protocol) -> None:
        import numpy as np

        names = ("structured", "big_endian", "fortran", "times", "texts", "scalar", "objects", "records", "void")
        path.write_bytes(pickle.dumps({**{name: ARRAYS[name](np) for name in names}, "masked": np.ma.masked_less(np.arange(4), 2), "matrix": np.matrix([[1, 2]]), "generator": np.random.Generator(np.random.SFC64(1)), "poly": np.polynomial.Chebyshev([1, 2]), "dtype": np.dtype("f4"), "type": np.float16, "sums": [np.add, np.mean]}, protocol))


@benign("third/python2.pkl")
def _(path: Path) -> None:
    path.write_bytes(b"(dp0\nS'weights'\np1\n(lp2\nF0.5\naF-1.25\nasS'name\\twith\\n'\np3\nV\\u00e4\np4\nsS'long'\np5\nL123456789012L\nsS\"it's\"\np6\nI01\ns.")


@benign("third/python2_array.pkl", "numpy")
def _(path: Path) -> None:
    path.write_bytes(b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nS'b'\np3\ntp4\nRp5\n(I1\n(I2\ntp6\ncnumpy\ndtype\np7\n(S'f8'\np8\nI0\nI1\ntp9\nRp10\n(I3\nS'<'\np11\nNNNI-1\nI-1\nI0\ntp12\nbI00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?\\x00\\x00\\x00\\x00\\x00\\x00\\x00@'\np13\ntp14\nb.")


@benign("third/standard_types.pkl")
def _(path: Path) -> None:
    import array
    import collections
    import datetime
    import decimal
    import fractions
    import ipaddress
    import pathlib
    import re
    import uuid

    path.write_bytes(pickle.dumps([array.array("d", [1.0]), collections.Counter("abca"), collections.deque([1], 3), collections.ChainMap({"a": 1}), collections.UserDict(a=1), datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2), "X")), decimal.Decimal("1.5"), fractions.Fraction(1, 3), ipaddress.ip_address("::1"), pathlib.PurePosixPath("a/b"), pathlib.PureWindowsPath("a"), re.compile("a+b", re.IGNORECASE), uuid.UUID(int=5), bytearray(b"x"), frozenset({1, 2}), 1 + 2j, range(3), slice(1, None), Ellipsis, ValueError("x", 1), {"n": 10**400, "t": (), "e": b""}], 4))


FRAMES = {
    "plain.pkl.gz": lambda pd: pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, float("nan")]}), "dates.pkl.zip": lambda pd: pd.DataFrame({"t": pd.date_range("2020", periods=3, tz="Europe/Berlin"), "d": pd.to_timedelta([1, 2, 3], "h")}, index=pd.period_range("2020-01", periods=3, freq="M")), "categories.pkl.xz": lambda pd: pd.DataFrame({"c": pd.Categorical(["a", "b", "a"], ordered=True), "i": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3])}), "nullable.pkl.bz2": lambda pd: pd.DataFrame({"i": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean"), "s": pd.array(["x", None], "string"), "f": pd.array([1.5, None], "Float32")}),
    "index.pkl.zst": lambda pd: pd.Series(range(4), index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])), "sparse.pkl.tar": lambda pd: pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 1])}), "grouped.pkl": lambda pd: {"frame": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="n")).rename_axis(columns="c"), "stamp": pd.Timestamp("2020-01-01", tz="UTC"), "offset": pd.offsets.MonthEnd(2), "period": pd.Period("2020-01"), "interval": pd.Interval(0, 1), "na": pd.NA, "nat": pd.NaT},
}  # fmt: skip
for kind, make in FRAMES.items():

    @benign(f"third/frame_{kind}", "pandas")
    def _(path: Path, make=make) -> None:
        import pandas as pd

        pd.to_pickle(make(pd), path)


@benign("third/sparse.npz", "scipy")
def _(path: Path) -> None:
    from scipy import sparse

    sparse.save_npz(path, sparse.random(5, 5, 0.3, "csr", random_state=1))


@benign("third/scipy.joblib", "scipy", "joblib")
def _(path: Path) -> None:
    import joblib
    import numpy as np
    from scipy import interpolate, sparse, spatial, stats

    joblib.dump([sparse.coo_array(np.eye(3)), sparse.lil_matrix((2, 2)), sparse.dok_matrix((2, 2)), sparse.dia_array(np.eye(2)), sparse.bsr_array(np.eye(4)), interpolate.CubicSpline([0, 1, 2], [1, 2, 0]), interpolate.PchipInterpolator([0, 1, 2], [1, 2, 0]), interpolate.BSpline([0, 0, 1, 1], [1.0, 2.0], 1), spatial.cKDTree(np.eye(3)), spatial.transform.Rotation.identity(), stats.norm(1, 2), stats.gaussian_kde([1.0, 2.0, 4.0])], path, compress=("lzma", 3))


def _data():
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    return x, (x[:, 0] > 0).astype(int), x[:, 1] * 2 + 1


def _models():
    import numpy as np
    from sklearn import calibration, cluster, compose, covariance, cross_decomposition, decomposition, discriminant_analysis, ensemble, feature_selection, gaussian_process, impute, isotonic, kernel_approximation, linear_model, manifold, mixture, model_selection, multiclass, multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing, semi_supervised, svm, tree  # noqa: F401
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return {
        "grid": lambda: model_selection.GridSearchCV(pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(probability=True)), {"svc__C": [0.1, 1]}, scoring="f1", cv=2), "random": lambda: model_selection.HalvingRandomSearchCV if False else model_selection.RandomizedSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [1, 2, 3]}, n_iter=2, cv=model_selection.StratifiedKFold(2), random_state=0),
        "columns": lambda: pipeline.Pipeline([("c", compose.ColumnTransformer([("a", preprocessing.PowerTransformer(), [0, 1]), ("b", preprocessing.KBinsDiscretizer(3, encode="onehot-dense"), [2]), ("p", "passthrough", slice(3, 4))])), ("m", linear_model.LogisticRegressionCV(cv=2, max_iter=50))]), "stack": lambda: ensemble.StackingClassifier([("a", naive_bayes.GaussianNB()), ("b", neighbors.KNeighborsClassifier(3, algorithm="kd_tree"))], linear_model.LogisticRegression(), cv=2),
        "vote": lambda: ensemble.VotingClassifier([("a", ensemble.ExtraTreesClassifier(3)), ("b", ensemble.HistGradientBoostingClassifier(max_iter=3, early_stopping=False))], voting="soft"), "boost": lambda: ensemble.AdaBoostClassifier(n_estimators=3), "gradient": lambda: ensemble.GradientBoostingClassifier(n_estimators=3, init="zero"), "bag": lambda: ensemble.BaggingClassifier(svm.LinearSVC(), 3), "forest": lambda: ensemble.IsolationForest(n_estimators=5), "calibrated": lambda: calibration.CalibratedClassifierCV(naive_bayes.BernoulliNB(), method="isotonic", cv=2),
        "process": lambda: gaussian_process.GaussianProcessClassifier(1.0 * gaussian_process.kernels.RBF(1.0) + gaussian_process.kernels.WhiteKernel()), "network": lambda: neural_network.MLPClassifier((4,), max_iter=5, early_stopping=True), "sgd": lambda: linear_model.SGDClassifier(loss="modified_huber", average=True), "chain": lambda: multiclass.OneVsRestClassifier(linear_model.Perceptron()), "spread": lambda: semi_supervised.LabelSpreading(), "outlier": lambda: neighbors.LocalOutlierFactor(5, novelty=True), "mixture": lambda: mixture.BayesianGaussianMixture(n_components=2),
        "tree_cluster": lambda: cluster.Birch(n_clusters=2), "density": lambda: cluster.HDBSCAN(), "spectral": lambda: cluster.SpectralClustering(2), "imputed": lambda: pipeline.make_pipeline(IterativeImputer(max_iter=2), impute.KNNImputer(), preprocessing.SplineTransformer(), feature_selection.SelectKBest(feature_selection.f_classif, k=3), discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.5)), "union": lambda: pipeline.make_pipeline(pipeline.make_union(decomposition.PCA(2), decomposition.KernelPCA(2, kernel="rbf"), kernel_approximation.Nystroem(n_components=3)), linear_model.RidgeClassifier()),
        "functions": lambda: pipeline.make_pipeline(preprocessing.FunctionTransformer(np.abs, np.negative, check_inverse=False), preprocessing.QuantileTransformer(n_quantiles=10), manifold.Isomap(n_components=2), svm.NuSVC(nu=0.2)), "robust": lambda: covariance.EllipticEnvelope(), "target": lambda: compose.TransformedTargetRegressor(linear_model.HuberRegressor(), func=np.cbrt, inverse_func=np.exp2), "isotonic": lambda: pipeline.make_pipeline(isotonic.IsotonicRegression(), linear_model.BayesianRidge()) if False else cross_decomposition.PLSRegression(1), "outputs": lambda: pipeline.make_pipeline(preprocessing.MaxAbsScaler(), linear_model.QuantileRegressor(alpha=0.1)),
    }  # fmt: skip


KINDS = ("grid", "random", "columns", "stack", "vote", "boost", "gradient", "bag", "forest", "calibrated", "process", "network", "sgd", "chain", "spread", "outlier", "mixture", "tree_cluster", "density", "spectral", "imputed", "union", "functions", "robust", "target", "isotonic", "outputs")
for index, kind in enumerate(KINDS):

    @benign(f"third/sk_{kind}.{('pkl', 'joblib', 'joblib.gz')[index % 3]}", "sklearn", "joblib")
    def _(path: Path, kind: str = kind, index: int = index) -> None:
        import warnings

        import joblib

        x, labels, numbers = _data()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _models()[kind]().fit(x, numbers if kind in ("target", "isotonic", "outputs") else labels)
        if index % 3 == 0:
            path.write_bytes(pickle.dumps(model, index % 6))
        else:
            joblib.dump(model, path, compress=0 if index % 3 == 1 else ("gzip", 3))


@benign("third/words.joblib", "sklearn", "joblib")
def _(path: Path) -> None:
    import joblib
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    joblib.dump(make_pipeline(TfidfVectorizer(ngram_range=(1, 2), stop_words="english", strip_accents="unicode", sublinear_tf=True, tokenizer=str.split, token_pattern=None), LatentDirichletAllocation(2)).fit(["a quick fox", "lazy dogs sleep", "quick dogs"]), path, compress=9)


@benign("third/frame_pipeline.pkl", "sklearn", "pandas")
def _(path: Path) -> None:
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

    frame = pd.DataFrame({"a": [1.0, 2, 3, 4] * 5, "b": ["x", "y", "x", "z"] * 5, "c": pd.Categorical(["u", "v"] * 10), "d": ["p", "q"] * 10})
    made = make_pipeline(make_column_transformer((StandardScaler(), make_column_selector(dtype_include=float)), (OneHotEncoder(handle_unknown="ignore"), ["b"]), (OrdinalEncoder(), ["c"]), (TargetEncoder(cv=2), ["d"])).set_output(transform="default"), RandomForestRegressor(3))
    path.write_bytes(pickle.dumps(made.fit(frame, [1.0, 2, 3, 4] * 5)))


@benign("third/model.skops", "skops", "sklearn")
def _(path: Path) -> None:
    from skops import io as skops_io

    x, labels, _ = _data()
    skops_io.dump(_models()["columns"]().fit(x, labels), path)


@benign("third/forest.skops", "skops", "sklearn")
def _(path: Path) -> None:
    from skops import io as skops_io

    x, labels, _ = _data()
    skops_io.dump({"model": _models()["forest"]().fit(x), "names": ["a"], "other": _models()["sgd"]().fit(x, labels)}, path)


BOOSTED = ("lightgbm.txt", "lightgbm.pkl", "lightgbm_linear.txt", "lightgbm_categories.joblib", "xgboost.json", "xgboost.ubj", "xgboost.pkl", "xgboost_dart.json", "xgboost_categories.json", "xgboost_linear.ubj", "catboost.cbm", "catboost.json", "catboost.pkl", "catboost.onnx", "catboost.pmml")
for kind in BOOSTED:

    @benign(f"third/{kind}", kind.partition(".")[0].partition("_")[0], "sklearn")
    def _(path: Path, kind: str = kind) -> None:
        _boosted(path, kind)


def _boosted(path: Path, kind: str) -> None:
    import joblib
    import pandas as pd

    x, labels, numbers = _data()
    frame = pd.DataFrame(x, columns=list("abcd")).assign(k=pd.Categorical(["u", "v", "w"] * 20))
    if kind.startswith("lightgbm"):
        import lightgbm

        if kind == "lightgbm_categories.joblib":
            joblib.dump(lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=2, verbose=-1).fit(frame, numbers), path)
            return
        model = lightgbm.LGBMClassifier(n_estimators=3, linear_tree=kind == "lightgbm_linear.txt", verbose=-1).fit(x, labels)
        model.booster_.save_model(str(path)) if path.suffix == ".txt" else path.write_bytes(pickle.dumps(model, 5))
    elif kind.startswith("xgboost"):
        import xgboost

        settings = {"xgboost_dart.json": {"booster": "dart", "rate_drop": 0.5}, "xgboost_linear.ubj": {"booster": "gblinear"}, "xgboost_categories.json": {"enable_categorical": True, "tree_method": "hist", "max_cat_to_onehot": 1}}.get(kind, {"num_parallel_tree": 2, "early_stopping_rounds": 2} if kind == "xgboost.json" else {"multi_strategy": "multi_output_tree", "tree_method": "hist"} if kind == "xgboost.ubj" else {})
        target = [[a, b] for a, b in zip(numbers, labels, strict=True)] if kind == "xgboost.ubj" else numbers
        model = xgboost.XGBRegressor(n_estimators=4, **settings)
        inputs = frame if "categories" in kind else x
        model.fit(inputs, target, verbose=False, **({"eval_set": [(inputs, target)]} if kind == "xgboost.json" else {}))
        path.write_bytes(pickle.dumps(model, 4)) if path.suffix == ".pkl" else model.save_model(path)
    else:
        import catboost

        plain = kind in ("catboost.onnx", "catboost.pmml")
        model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(x if plain else frame, labels, cat_features=None if plain else ["k"])
        path.write_bytes(pickle.dumps(model)) if path.suffix == ".pkl" else model.save_model(str(path), format=path.suffix[1:])


@benign("third/tensors.safetensors", "safetensors", "torch")
def _(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    names = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "bool", "float8_e4m3fn", "float8_e5m2", "complex64")
    save_file({**{name: torch.zeros(3, dtype=getattr(torch, name)) for name in names}, "empty": torch.empty(0, 3), "scalar": torch.tensor(1.0), "name with \"quotes\" / ä": torch.ones(1)}, str(path), {"format": "pt", "note": "{\"a\": 1}"})


def _onnx(nodes, inputs, outputs, initializers=(), **more):
    from onnx import TensorProto, helper

    typed = lambda names: [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    graph = helper.make_graph(nodes, "g", typed(inputs), typed(outputs), list(initializers), **more)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5), helper.make_opsetid("local", 1)])


@benign("third/branches.onnx", "onnx")
def _(path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    branch = lambda name, operator: helper.make_graph([helper.make_node(operator, ["x"], [name])], name, [], [helper.make_tensor_value_info(name, 1, None)])
    nodes = [helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0), helper.make_node("Greater", ["s", "zero"], ["c"]), helper.make_node("If", ["c"], ["y"], then_branch=branch("a", "Relu"), else_branch=branch("b", "Neg")), helper.make_node("Own", ["y"], ["z"], domain="local"), helper.make_node("Constant", [], ["t"], value_strings=["a", "b"])]
    model = _onnx(nodes, ["x"], ["z"], [numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(np.array(["a", "b"], dtype=object), "texts")])
    model.functions.append(helper.make_function("local", "Own", ["i"], ["o"], [helper.make_node("Abs", ["i"], ["o"])], [helper.make_opsetid("", 21)]))
    helper.set_model_props(model, {"author": "x"})
    onnx.save(model, path)


@benign("third/outside", "onnx")
def _(path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    path.mkdir(parents=True)
    model = _onnx([helper.make_node("MatMul", ["x", "w"], ["y"])], ["x"], ["y"], [numpy_helper.from_array(np.ones((40, 40), "f4"), "w")])
    onnx.save(model, path / "model.onnx", save_as_external_data=True, location="model.onnx.data", size_threshold=10)


@benign("third/small_types.onnx", "onnx")
def _(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    kinds = (TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT8E4M3FN, TensorProto.BFLOAT16, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.BOOL, TensorProto.DOUBLE, TensorProto.COMPLEX64, TensorProto.FLOAT4E2M1)
    values = [helper.make_tensor(f"t{kind}", kind, [3], [1, 0, 1]) for kind in kinds]
    sparse = helper.make_sparse_tensor(helper.make_tensor("s", TensorProto.FLOAT, [2], [1.0, 2.0]), helper.make_tensor("i", TensorProto.INT64, [2], [0, 5]), [10])
    onnx.save(_onnx([helper.make_node("Identity", ["x"], ["y"])], ["x"], ["y"], values, sparse_initializer=[sparse]), path)


TEMPLATE = """{%- macro render(param, depth=0) -%}{%- if param.type == 'array' -%}list[{{ render(param['items'], depth) }}]{%- elif param.type is string -%}{{ param.type|lower }}{%- else -%}{{ param.type|join(' | ') }}{%- endif -%}{%- endmacro -%}
{{- bos_token }}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}{%- else %}{%- set system_message = "" %}{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: " + date_string + "\\n\\n" }}
{%- if tools %}{%- for tool in tools %}{{- tool | tojson(indent=4) }}{%- for name, param in (tool.function.parameters.properties | default({})).items() %}{{ name ~ ': ' ~ render(param) }}{%- endfor %}{%- endfor %}{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}
{%- for message in messages %}{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{- raise_exception('Roles must alternate') }}{%- endif %}
{%- set content = message.content if message.content is string else (message.content|selectattr('type', 'equalto', 'text')|map(attribute='text')|join('\\n')) %}
{%- if '</think>' in content %}{%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}
{%- if message.tool_calls is defined and message.tool_calls %}{%- for call in message.tool_calls %}{%- if call.function %}{%- set call = call.function %}{%- endif %}{{- '<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}{{- call.arguments if call.arguments is string else call.arguments | tojson }}{{- '}\\n</tool_call>' }}{%- endfor %}{%- else %}{% generation %}{{ content }}{% endgeneration %}{%- endif %}
{%- if loop.last or (not loop.last and loop.nextitem.role != "tool") %}{{ eos_token }}{%- endif %}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"""


@benign("third/chat/chat_template.jinja")
def _(path: Path) -> None:
    path.write_text(TEMPLATE)


@benign("third/quants.gguf", "gguf", "numpy")
def _(path: Path) -> None:
    _gguf(path)


def _gguf(path: Path) -> None:
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(128)
    writer.add_token_list(["<s>", "a", "{{x"])
    writer.add_token_types([3, 1, 1])
    writer.add_token_scores([0.0, -1.0, -2.0])
    writer.add_array("some.flags", [True, False])
    writer.add_array("nested.words", ["a", "b"])
    writer.add_chat_template([{"name": "default", "template": TEMPLATE}, {"name": "tool", "template": "{{ messages[0]['content'] }}"}])
    writer.add_key_value("odd.text", "braces {{ in a text }} are text", gguf.GGUFValueType.STRING)
    for kind in (gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.BF16, gguf.GGMLQuantizationType.Q5_1):
        data = gguf.quants.quantize(np.ones((4, 64), np.float32), kind)
        writer.add_tensor(f"t.{kind.name}", data, raw_dtype=kind)
    writer.add_tensor("plain", np.ones((3, 5), np.float32))
    writer.add_tensor("numbers", np.ones(7, np.int32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for kind in ("BPE", "WordPiece", "Unigram"):

    @benign(f"third/{kind.lower()}/tokenizer.json", "tokenizers")
    def _(path: Path, kind: str = kind) -> None:
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

        tokenizer = Tokenizer(getattr(models, kind)())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.StripAccents()])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(["a quick fox", "os.system and other words", "lazy dogs"] * 3, getattr(trainers, f"{'BpeTrainer' if kind == 'BPE' else kind + 'Trainer'}")(vocab_size=80, special_tokens=["<s>", "</s>", "<unk>"], **({"unk_token": "<unk>"} if kind == "Unigram" else {})))
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
        tokenizer.save(str(path))


@benign("third/mlflow_model", "mlflow", "sklearn")
def _(path: Path) -> None:
    import os

    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow.sklearn

    x, labels, _ = _data()
    mlflow.sklearn.save_model(_models()["sgd"]().fit(x, labels), str(path), serialization_format="pickle", pip_requirements=["scikit-learn", "--extra-index-url https://download.pytorch.org/whl/cpu"], input_example=x[:2])


@benign("third/words.model", "gensim")
def _(path: Path) -> None:
    from gensim.models import Word2Vec

    Word2Vec([["a", "b", "c"], ["b", "c", "d"]] * 5, vector_size=4, min_count=1, epochs=1, workers=1).save(str(path))


CONFIGS = {
    "paint/model_index.json": {"_class_name": "PaintByExamplePipeline", "_diffusers_version": "0.30.0", "image_encoder": ["paint_by_example", "PaintByExampleImageEncoder"], "unet": ["diffusers", "UNet2DConditionModel"], "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "scheduler": ["diffusers", "PNDMScheduler"], "requires_safety_checker": True}, "audio/model_index.json": {"_class_name": "AudioLDM2Pipeline", "projection_model": ["audioldm2", "AudioLDM2ProjectionModel"], "language_model": ["transformers", "GPT2Model"], "vocoder": ["transformers", "SpeechT5HifiGan"], "safety_checker": [None, None]}, "third/model_index.json": {"_class_name": "StableDiffusion3Pipeline", "text_encoder_3": ["transformers", "T5EncoderModel"], "transformer": ["diffusers", "SD3Transformer2DModel"], "tokenizer_3": ["transformers", "T5TokenizerFast"]},
    "nnunet/plans.json": {"dataset_name": "Dataset001", "configurations": {"3d_fullres": {"batch_size": 2, "normalization_schemes": ["CTNormalization"], "resampling_fn_data": "resample_data_or_seg_to_shape", "architecture": {"network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet", "arch_kwargs": {"conv_op": "torch.nn.modules.conv.Conv3d", "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d", "dropout_op": None, "nonlin": "torch.nn.LeakyReLU"}, "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"]}}}}, "tfjs/model.json": {"format": "layers-model", "generatedBy": "keras v2.15.0", "modelTopology": {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": {"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Dense", "config": {"units": 1, "activation": "linear"}}]}}}, "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": [{"name": "dense/kernel", "shape": [3, 1], "dtype": "float32"}]}]},
    "server/model-settings.json": {"name": "m", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./model.joblib"}}, "hydra/config.json": {"model": {"_target_": "torch.nn.modules.transformer.TransformerEncoderLayer", "d_model": 8}, "optimizer": {"_target_": "torch.optim.AdamW", "lr": 0.1}}, "sentence/modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}], "spark/metadata.json": {"class": "org.apache.spark.ml.classification.LogisticRegressionModel", "timestamp": 1, "sparkVersion": "3.5.0", "uid": "x", "paramMap": {"maxIter": 10}},
}  # fmt: skip
for name, value in CONFIGS.items():

    @benign(f"third/config_{name}")
    def _(path: Path, value=value) -> None:
        path.write_text(json.dumps(value, indent=2))


YAML = {
    "latent/v1-inference.yaml": "model:\n  base_learning_rate: 1.0e-04\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    timesteps: 1000\n    scheduler_config:\n      target: ldm.lr_scheduler.LambdaLinearScheduler\n    unet_config:\n      target: sgm.modules.diffusionmodules.openaimodel.UNetModel\n    first_stage_config:\n      target: ldm.models.autoencoder.AutoencoderKL\n      params:\n        lossconfig:\n          target: torch.nn.Identity\n", "nemo/model_config.yaml": "name: asr\ndecoder:\n  _target_: nemo.collections.asr.modules.ConvASRDecoder\n  num_classes: 28\noptim:\n  name: adamw\n  betas: [0.9, 0.98]\ntokenizer:\n  dir: ???\n  type: bpe\n", "lightning/config.yaml": "seed_everything: true\ntrainer:\n  callbacks:\n  - class_path: lightning.pytorch.callbacks.ModelCheckpoint\n    init_args: {monitor: loss}\nmodel:\n  class_path: my_project.models.Net\n  init_args: {width: 3}\n", "card/config.yaml": "# a comment with !!python/tuple in it\nimage: &img [224, 224]\nval: *img\ntuple: 'see !!python/object'\n", "env/conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n- pip<=24.0\n- pip:\n  - mlflow==3.0\n  - --extra-index-url https://download.pytorch.org/whl/cpu\n  - git+https://github.com/openai/CLIP.git@a9b1bf5\nname: mlflow-env\n",
}  # fmt: skip
for name, text in YAML.items():

    @benign(f"third/yaml_{name}")
    def _(path: Path, text: str = text) -> None:
        path.write_text(text)


@benign("third/archive.tar.gz", "numpy")
def _(path: Path) -> None:
    """As `git archive` writes it: a global header with the commit, folders, plain files."""
    import numpy as np

    array = io.BytesIO()
    np.save(array, np.ones(3))
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": "0" * 40}) as archive:
        folder = tarfile.TarInfo("model-1.0/")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in (("model-1.0/README.md", b"# a model\n"), ("model-1.0/weights.npy", array.getvalue())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
