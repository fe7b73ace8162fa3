"""Fourth ordinary set, written before the mended code had run on it."""

# The libraries are imported where they are needed: a case is left out, by name, where its library is not installed.
# ruff: noqa: I001, PLW0108, PLC0206
from __future__ import annotations

import collections
import datetime
import json
import os
import pathlib
import pickle
import tarfile
import zipfile
from pathlib import Path

from tests.attacks.models.corpus import benign
from tests.attacks.models.third_benign import _data

TORCH = {
    "none.pt": lambda t: None, "number.pt": lambda t: 3.5, "tensor.pth": lambda t: t.ones(2, 3), "tuple.pt": lambda t: (t.ones(1), "x", [1, {"a": t.zeros(0)}]), "packed.pt": lambda t: t.nn.utils.rnn.pack_sequence([t.ones(3), t.ones(2)]), "normal.pt": lambda t: t.distributions.Normal(t.zeros(2), t.ones(2)), "dataset.pt": lambda t: t.utils.data.TensorDataset(t.ones(3, 2), t.zeros(3)), "subset.pt": lambda t: t.utils.data.Subset(t.utils.data.TensorDataset(t.ones(3)), [0, 2]), "module_keys.pth": lambda t: collections.OrderedDict(("module." + key, value) for key, value in t.nn.Linear(2, 2).state_dict().items()),
    "history.pt": lambda t: {"history": collections.defaultdict(list, {"loss": [1.0, 0.5]}), "when": datetime.datetime(2024, 5, 1, 12), "where": pathlib.Path("runs/1"), "took": datetime.timedelta(seconds=5), "flags": {"amp", "ema"}, "counts": collections.Counter([1, 1]), "shape": t.Size([1, 2]), "kind": t.float16, "layout": t.strided, "generator": t.Generator().get_state()}, "block.pt": lambda t: t.nn.ModuleDict({"a": t.nn.Sequential(t.nn.Conv1d(1, 2, 3, padding="same", padding_mode="circular"), t.nn.BatchNorm1d(2, affine=False), t.nn.ELU()), "b": t.nn.MultiheadAttention(4, 2, add_bias_kv=True)}), "rates.pt": lambda t: t.optim.lr_scheduler.ExponentialLR(t.optim.SGD([t.nn.Parameter(t.ones(1))], 0.1), 0.9).state_dict(), "pruned.pt": lambda t: t.nn.utils.prune.l1_unstructured(t.nn.Linear(3, 3), "weight", 0.5),
}  # fmt: skip
for kind in TORCH:

    @benign(f"fourth/{kind}", "torch")
    def _(path: Path, kind: str = kind) -> None:
        import torch
        import torch.nn.utils.prune

        torch.save(TORCH[kind](torch), path)


def _estimators():
    from sklearn import cluster, compose, decomposition, dummy, ensemble, feature_extraction, feature_selection, gaussian_process, impute, isotonic, linear_model, model_selection, multioutput, neighbors, pipeline, preprocessing, random_projection, semi_supervised, svm, tree

    kernels = gaussian_process.kernels
    return {
        "dummy": lambda x, y, z: dummy.DummyClassifier(strategy="stratified").fit(x, y), "means": lambda x, y, z: cluster.MiniBatchKMeans(2, n_init=1).fit(x), "bisecting": lambda x, y, z: cluster.BisectingKMeans(2).fit(x), "matern": lambda x, y, z: gaussian_process.GaussianProcessRegressor(kernels.ConstantKernel() * kernels.Matern(nu=1.5) + kernels.DotProduct()).fit(x, z), "one_class": lambda x, y, z: svm.OneClassSVM(gamma="scale").fit(x), "isotonic": lambda x, y, z: isotonic.IsotonicRegression(out_of_bounds="clip").fit(x[:, 0], z), "chain": lambda x, y, z: multioutput.ClassifierChain(linear_model.LogisticRegression()).fit(x, [[a, 1 - a] for a in y]), "many": lambda x, y, z: multioutput.MultiOutputRegressor(ensemble.HistGradientBoostingRegressor(max_iter=2)).fit(x, [[a, a] for a in z]),
        "threshold": lambda x, y, z: model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), scoring="balanced_accuracy", cv=2).fit(x, y), "recursive": lambda x, y, z: feature_selection.RFECV(tree.DecisionTreeClassifier(), cv=2).fit(x, y), "sequential": lambda x, y, z: feature_selection.SequentialFeatureSelector(linear_model.Ridge(), n_features_to_select=2, cv=2).fit(x, z), "training": lambda x, y, z: semi_supervised.SelfTrainingClassifier(linear_model.LogisticRegression()).fit(x, y), "stacked": lambda x, y, z: ensemble.StackingRegressor([("a", linear_model.LassoCV(cv=2)), ("b", ensemble.RandomForestRegressor(2, criterion="absolute_error"))], passthrough=True, cv=2).fit(x, z), "density": lambda x, y, z: neighbors.KernelDensity().fit(x), "near": lambda x, y, z: neighbors.NearestNeighbors(algorithm="ball_tree", metric="haversine").fit(x[:, :2]), "weighted": lambda x, y, z: neighbors.KNeighborsRegressor(3, weights="distance", metric="cosine").fit(x, z),
        "components": lambda x, y, z: pipeline.make_union(decomposition.FastICA(2), decomposition.SparsePCA(2, max_iter=5), decomposition.FactorAnalysis(2), decomposition.MiniBatchDictionaryLearning(2, max_iter=5)).fit(x), "projected": lambda x, y, z: pipeline.make_pipeline(random_projection.SparseRandomProjection(2), preprocessing.PolynomialFeatures(2), linear_model.ElasticNet()).fit(x, z), "embedding": lambda x, y, z: ensemble.RandomTreesEmbedding(2).fit(x), "encoders": lambda x, y, z: {"model": linear_model.PassiveAggressiveClassifier() if hasattr(linear_model, "NoSuch") else svm.LinearSVC().fit(x, y), "scaler": preprocessing.RobustScaler().fit(x), "labels": preprocessing.LabelEncoder().fit(["a", "b"]), "binary": preprocessing.LabelBinarizer().fit(["a", "b", "c"]), "many": preprocessing.MultiLabelBinarizer().fit([["a"], ["b", "c"]]), "version": "1.0", "when": datetime.date(2024, 1, 1), "features": ["a", "b"]}, "words": lambda x, y, z: pipeline.make_pipeline(feature_extraction.DictVectorizer(), dummy.DummyRegressor()).fit([{"a": 1, "b=x": 2}] * 60, z),
        "hashed": lambda x, y, z: pipeline.make_pipeline(feature_extraction.text.HashingVectorizer(n_features=16), feature_extraction.text.TfidfTransformer(), linear_model.SGDClassifier()).fit(["a b", "c d"] * 30, y), "remainder": lambda x, y, z: compose.ColumnTransformer([("a", impute.SimpleImputer(add_indicator=True), [0])], remainder=preprocessing.MinMaxScaler()).fit(x), "halving": lambda x, y, z: _halving(model_selection)(tree.ExtraTreeClassifier(), {"max_depth": [1, 2]}, cv=2).fit(x, y), "dataset": lambda x, y, z: __import__("sklearn.datasets").datasets.load_iris(), "split": lambda x, y, z: model_selection.train_test_split(x, y, z),
    }  # fmt: skip


def _halving(selection):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401

    return selection.HalvingGridSearchCV


KINDS = ("dummy", "means", "bisecting", "matern", "one_class", "isotonic", "chain", "many", "threshold", "recursive", "sequential", "training", "stacked", "density", "near", "weighted", "components", "projected", "embedding", "encoders", "words", "hashed", "remainder", "halving", "dataset", "split")
CODECS = (0, ("lz4", 1), ("xz", 3), ("bz2", 3), ("zlib", 9), ("lzma", 3), 3)
for index, kind in enumerate(KINDS):

    @benign(f"fourth/sk_{kind}.joblib", "sklearn", "joblib", "lz4")
    def _(path: Path, kind: str = kind, index: int = index) -> None:
        import warnings

        import joblib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            joblib.dump(_estimators()[kind](*_data()), path, compress=CODECS[index % len(CODECS)])


@benign("fourth/balanced.pkl", "imblearn", "sklearn")
def _(path: Path) -> None:
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from sklearn.linear_model import LogisticRegression

    x, labels, _ = _data()
    path.write_bytes(pickle.dumps(make_pipeline(SMOTE(), LogisticRegression()).fit(x, labels)))


@benign("fourth/boosters.pkl", "lightgbm", "xgboost", "sklearn")
def _(path: Path) -> None:
    import lightgbm
    import xgboost
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, labels, numbers = _data()
    light = lightgbm.train({"verbose": -1, "objective": "multiclass", "num_class": 2}, lightgbm.Dataset(x, labels), 3)
    boost = xgboost.train({"objective": "multi:softprob", "num_class": 2}, xgboost.DMatrix(x, labels), 3)
    path.write_bytes(pickle.dumps([light, boost, make_pipeline(StandardScaler(), xgboost.XGBRFRegressor(n_estimators=2)).fit(x, numbers), lightgbm.LGBMRanker(n_estimators=2, verbose=-1, min_child_samples=1).fit(x, labels, group=[30, 30])], 4))


@benign("fourth/optimized.pkl", "numpy")
def _(path: Path) -> None:
    import pickletools

    import numpy as np

    path.write_bytes(pickletools.optimize(pickle.dumps({"a": np.ones(3), "b": [np.float64(1)] * 3}, 4)))


@benign("fourth/by_cloudpickle.pkl", "cloudpickle", "sklearn")
def _(path: Path) -> None:
    import cloudpickle
    from sklearn.ensemble import GradientBoostingRegressor

    x, _, numbers = _data()
    path.write_bytes(cloudpickle.dumps(GradientBoostingRegressor(loss="quantile", n_estimators=2).fit(x, numbers)))


@benign("fourth/tables.pkl", "pandas")
def _(path: Path) -> None:
    import pandas as pd

    columns = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    pd.to_pickle({"wide": pd.DataFrame([[1, 2.5], [3, 4.5]], columns=columns), "lists": pd.Series([[1], [2, 3]]), "dates": pd.DatetimeIndex(["2020-01-01", None]), "range": pd.RangeIndex(5), "codes": pd.CategoricalIndex(["a", "b"]), "spans": pd.TimedeltaIndex(["1D"]), "empty": pd.DataFrame(), "object": pd.DataFrame({"x": [1, "a", None]}), "kinds": pd.CategoricalDtype(["a"])}, path, protocol=2)


@benign("fourth/curves.pkl", "scipy")
def _(path: Path) -> None:
    import numpy as np
    from scipy import interpolate, sparse, stats

    path.write_bytes(pickle.dumps({"matrix": sparse.csr_matrix(np.eye(3)), "column": sparse.csc_array(np.eye(2)), "spline": interpolate.UnivariateSpline([0, 1, 2, 3, 4], [1, 2, 0, 1, 3]), "akima": interpolate.Akima1DInterpolator([0, 1, 2], [1.0, 2, 0]), "discrete": stats.poisson(3), "beta": stats.beta(1, 2), "grid": interpolate.RegularGridInterpolator(([0.0, 1], [0.0, 1]), np.eye(2))}, 5))


@benign("fourth/dynamic.onnx", "onnx", "onnxruntime", "numpy")
def _(path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime.quantization import quantize_dynamic

    value = lambda name, shape: helper.make_tensor_value_info(name, 1, shape)
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])], "g", [value("x", [None, 8])], [value("y", [None, 4])], [numpy_helper.from_array(np.ones((8, 4), "f4"), "w")])
    plain = path.with_name("plain.onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), plain)
    quantize_dynamic(str(plain), str(path))


def _keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    return keras


@benign("fourth/int8.keras", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, activation="relu"), keras.layers.EinsumDense("ab,bc->ac", 4), keras.layers.Dense(2)])
    model.quantize("int8")
    model.save(str(path))


@benign("fourth/mixed.keras", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    given = keras.Input((16, 16, 3), dtype="bfloat16")
    found = keras.layers.Conv2D(4, 3, dtype="mixed_bfloat16", kernel_constraint=keras.constraints.MaxNorm(2.0))(given)
    found = keras.layers.SpectralNormalization(keras.layers.Conv2D(2, 1))(keras.layers.GroupNormalization(2)(found))
    keras.Model(given, keras.layers.Flatten()(keras.layers.AveragePooling2D(2)(found)), name="odd-name").save(str(path))


@benign("fourth/words/tokenizer.json", "transformers", "tokenizers")
def _(path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(["a quick fox"] * 3, trainers.WordPieceTrainer(vocab_size=40, special_tokens=["[UNK]", "[PAD]", "[CLS]"]))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", chat_template="{% for m in messages %}{{ m.role | upper ~ ': ' ~ m['content'] | trim }}\n{% endfor %}").save_pretrained(str(path.parent))


@benign("fourth/mlflow_torch", "mlflow", "torch")
def _(path: Path) -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow.pytorch
    import torch

    mlflow.pytorch.save_model(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()), str(path), pip_requirements=["torch"], serialization_format="pickle")


@benign("fourth/topics.model", "gensim")
def _(path: Path) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel, TfidfModel

    words = Dictionary([["a", "b"], ["b", "c"]])
    bags = [words.doc2bow(["a", "b"]), words.doc2bow(["b", "c"])]
    TfidfModel(bags).save(str(path.with_name("tfidf.model")))
    words.save(str(path.with_name("dictionary.gensim")))
    LdaModel(bags, 2, words).save(str(path))


@benign("fourth/near.kv", "gensim", "numpy")
def _(path: Path) -> None:
    import numpy as np
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(3)
    vectors.add_vectors(["a", "b"], np.ones((2, 3), "f4"))
    vectors.save(str(path))


@benign("fourth/pieces.model", "sentencepiece")
def _(path: Path) -> None:
    import sentencepiece

    path.with_suffix(".txt").write_text("a quick brown fox jumps over the lazy dog\n" * 20)
    sentencepiece.SentencePieceTrainer.train(input=str(path.with_suffix(".txt")), model_prefix=str(path.with_suffix("")), vocab_size=40, hard_vocab_limit=False, minloglevel=2)


@benign("fourth/orbax", "orbax", "jax")
def _(path: Path) -> None:
    import jax.numpy as jnp
    import orbax.checkpoint as checkpoint

    with checkpoint.StandardCheckpointer() as saver:
        saver.save(path.resolve(), {"w": jnp.ones((2, 3)), "step": 3})


@benign("fourth/model.tar.xz", "torch", "safetensors")
def _(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folder = path.parent / "made"
    folder.mkdir()
    save_file({"w": torch.ones(2)}, str(folder / "model.safetensors"))
    torch.save({"w": torch.ones(2)}, folder / "optimizer.pt")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"]}))
    with tarfile.open(path, "w:xz") as archive:
        archive.add(folder, arcname="model")


@benign("fourth/model.zip", "torch")
def _(path: Path) -> None:
    import torch

    torch.save({"w": torch.ones(2)}, path.with_name("weights.pt"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("model")
        archive.write(path.with_name("weights.pt"), "model/weights.pt")
        archive.writestr("model/labels.txt", "cat\ndog\n")


CONFIGS = {
    "lora/adapter_config.json": {"peft_type": "LORA", "auto_mapping": None, "base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 8, "target_modules": ["q_proj", "v_proj"], "modules_to_save": None, "megatron_core": "megatron.core", "corda_config": None, "task_type": "CAUSAL_LM"}, "timm/config.json": {"architecture": "resnet18", "num_classes": 1000, "pretrained_cfg": {"tag": "a1_in1k", "custom_load": False, "input_size": [3, 224, 224], "mean": [0.485, 0.456, 0.406], "url": "https://github.com/huggingface/x.pth", "hf_hub_id": "timm/x", "first_conv": "conv1", "file": None}}, "gptq/quantize_config.json": {"bits": 4, "group_size": 128, "model_file_base_name": "gptq_model-4bit-128g", "model_name_or_path": None}, "prompt/prompt.json": {"_type": "prompt", "input_variables": ["question"], "template": "Answer {question}", "template_format": "f-string"}, "clip/preprocessor_config.json": {"image_processor_type": "CLIPImageProcessor", "crop_size": {"height": 224, "width": 224}, "image_mean": [0.48, 0.45, 0.4], "processor_class": "CLIPProcessor"}, "bundle/metadata.json": {"version": "0.1.0", "monai_version": "1.3.0", "pytorch_version": "2.1.0", "task": "segmentation", "network_data_format": {"inputs": {"image": {"type": "image"}}}},
}  # fmt: skip
for name, value in CONFIGS.items():

    @benign(f"fourth/config_{name}")
    def _(path: Path, value=value) -> None:
        path.write_text(json.dumps(value))


@benign("fourth/settings/config.yaml")
def _(path: Path) -> None:
    path.write_text("defaults: &defaults\n  lr: 1e-4\n  betas: [0.9, 0.95]\ntrain:\n  <<: *defaults\n  epochs: 10\nmodel:\n  _target_: torch.nn.Linear\n  in_features: 3\ndate: 2024-05-01\nnote: \"!important: see !!python docs\"\nbinary: !!binary aGVsbG8=\nset: !!set {a, b}\n")
