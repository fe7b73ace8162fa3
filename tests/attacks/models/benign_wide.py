"""Ordinary files in many shapes: every common estimator, layer, optimizer and vision model, trainers' checkpoints, tables, text models, graphs of TensorFlow."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from pathlib import Path

from tests.attacks.models.corpus import benign

warnings.filterwarnings("ignore")

ESTIMATORS = {
    "linear_model": "LogisticRegression LogisticRegressionCV Ridge RidgeClassifier Lasso ElasticNet SGDClassifier SGDRegressor Perceptron BayesianRidge HuberRegressor RANSACRegressor PoissonRegressor GammaRegressor TweedieRegressor QuantileRegressor TheilSenRegressor LassoLars OrthogonalMatchingPursuit",
    "svm": "SVC SVR LinearSVC LinearSVR NuSVC OneClassSVM", "tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier",
    "ensemble": "RandomForestClassifier RandomForestRegressor ExtraTreesClassifier GradientBoostingClassifier GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor AdaBoostClassifier BaggingClassifier IsolationForest",
    "neighbors": "KNeighborsClassifier KNeighborsRegressor RadiusNeighborsClassifier NearestCentroid LocalOutlierFactor KernelDensity NearestNeighbors", "naive_bayes": "GaussianNB MultinomialNB BernoulliNB ComplementNB",
    "neural_network": "MLPClassifier MLPRegressor BernoulliRBM", "gaussian_process": "GaussianProcessClassifier GaussianProcessRegressor", "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "cluster": "KMeans MiniBatchKMeans DBSCAN AgglomerativeClustering Birch MeanShift SpectralClustering OPTICS HDBSCAN", "mixture": "GaussianMixture BayesianGaussianMixture",
    "decomposition": "PCA TruncatedSVD NMF FastICA KernelPCA FactorAnalysis IncrementalPCA LatentDirichletAllocation SparsePCA", "manifold": "Isomap TSNE MDS LocallyLinearEmbedding",
    "preprocessing": "StandardScaler MinMaxScaler RobustScaler MaxAbsScaler Normalizer OneHotEncoder OrdinalEncoder PolynomialFeatures QuantileTransformer PowerTransformer KBinsDiscretizer SplineTransformer Binarizer FunctionTransformer TargetEncoder LabelBinarizer",
    "impute": "SimpleImputer KNNImputer MissingIndicator", "feature_selection": "SelectKBest SelectPercentile VarianceThreshold GenericUnivariateSelect SelectFpr", "calibration": "CalibratedClassifierCV", "isotonic": "IsotonicRegression", "covariance": "EmpiricalCovariance MinCovDet EllipticEnvelope", "dummy": "DummyClassifier DummyRegressor",
    "kernel_approximation": "RBFSampler Nystroem", "cross_decomposition": "PLSRegression", "semi_supervised": "LabelPropagation",
}  # fmt: skip


def _fit(module: str, name: str) -> object:
    import importlib

    import numpy as np

    made = getattr(importlib.import_module(f"sklearn.{module}"), name)()
    random = np.random.RandomState(0)
    x = random.rand(60, 4)
    y = (x[:, 0] > 0.5).astype(int)
    for given in ((x, y), (x, x[:, 0] + 1), (x[:, 0], x[:, 1]), (x,), (y,)):
        try:
            return made.fit(*given)
        except (ValueError, TypeError):
            continue
    raise AssertionError(name)


for folder, names in ESTIMATORS.items():
    for estimator in names.split():

        @benign(f"estimators/{estimator}.pkl", "sklearn")
        def _estimator(path: Path, folder=folder, estimator=estimator) -> None:
            path.write_bytes(pickle.dumps(_fit(folder, estimator), 4 if len(estimator) % 2 else 5))


VISION = "resnet18 vgg11 mobilenet_v2 mobilenet_v3_small efficientnet_b0 densenet121 squeezenet1_0 shufflenet_v2_x0_5 mnasnet0_5 regnet_y_400mf vit_b_16 swin_t convnext_tiny maxvit_t".split()  # noqa: SIM905
for net in VISION:

    @benign(f"vision/{net}.pth", "torch", "torchvision")
    def _vision(path: Path, net=net) -> None:
        import torch
        import torchvision

        torch.save(getattr(torchvision.models, net)(weights=None), path)


@benign("vision/transforms.pt", "torch", "torchvision")
def _transforms(path: Path) -> None:
    import torch
    from torchvision import transforms as T

    torch.save(T.Compose([T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize([0.5], [0.5]), T.RandomHorizontalFlip(), T.ColorJitter(0.1)]), path)


OPTIMIZERS = "Adadelta Adagrad Adam AdamW Adamax ASGD NAdam RAdam RMSprop Rprop SGD Adafactor".split()  # noqa: SIM905
for kind in OPTIMIZERS:

    @benign(f"optimizers/{kind}.pt", "torch")
    def _optimizer(path: Path, kind=kind) -> None:
        import torch

        net = torch.nn.Linear(2, 2)
        made = getattr(torch.optim, kind)(net.parameters(), lr=0.1)
        net(torch.ones(1, 2)).sum().backward()
        made.step()
        torch.save({"object": made, "state": made.state_dict()}, path)


def _layers() -> dict[str, object]:
    import torch
    from torch import nn
    from torch.nn.utils import prune, rnn

    pruned = nn.Linear(2, 2)
    prune.l1_unstructured(pruned, "weight", 0.5)
    return {
        "weight_norm": nn.utils.weight_norm(nn.Conv1d(1, 1, 3)), "spectral_norm": nn.utils.spectral_norm(nn.Linear(2, 2)), "parametrized": nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)).state_dict(), "pruned": pruned,
        "gelu_encoder": nn.TransformerEncoderLayer(8, 2, activation="gelu"), "transformer": nn.Transformer(8, 2, 1, 1, 16), "data_parallel": nn.DataParallel(nn.Linear(2, 2)), "packed": rnn.pack_sequence([torch.ones(3), torch.ones(2)]), "averaged": torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2)),
        "function": {"act": torch.relu, "gelu": nn.functional.gelu, "tanh": torch.tanh}, "meta": nn.Linear(3, 3, device="meta"), "quantized_dynamic": torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear}).state_dict(), "bsr": torch.eye(4).to_sparse_bsr((2, 2)),
        "conjugated": torch.ones(2, dtype=torch.complex64).conj(), "parameter_list": nn.ParameterList([nn.Parameter(torch.ones(2))]), "parameter_dict": nn.ParameterDict({"a": nn.Parameter(torch.ones(2))}), "losses": [nn.TripletMarginLoss(), nn.KLDivLoss(), nn.CTCLoss(), nn.HuberLoss()],
    }  # fmt: skip


for layer in "weight_norm spectral_norm parametrized pruned gelu_encoder transformer data_parallel packed averaged function meta quantized_dynamic bsr conjugated parameter_list parameter_dict losses".split():  # noqa: SIM905

    @benign(f"layers/{layer}.pt", "torch")
    def _layer(path: Path, layer=layer) -> None:
        import torch

        torch.save(_layers()[layer], path)


for protocol in (3, 4, 5):

    @benign(f"layers/legacy_protocol{protocol}.pth", "torch")
    def _legacy(path: Path, protocol=protocol) -> None:
        import torch

        torch.save({"a": torch.ones(3), "b": torch.zeros(2, dtype=torch.int8)}, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)


@benign("trainers/timm_vit.pth", "torch", "timm")
def _timm(path: Path) -> None:
    import timm
    import torch

    torch.save(timm.create_model("vit_tiny_patch16_224", pretrained=False), path)


@benign("trainers/yolo11n.pt", "torch", "ultralytics")
def _yolo(path: Path) -> None:
    import torch
    from ultralytics.nn.tasks import DetectionModel

    torch.save({"epoch": -1, "model": DetectionModel("yolo11n.yaml", verbose=False).half(), "ema": None, "train_args": {"imgsz": 640}, "version": "8.4"}, path)


@benign("trainers/bert_whole.pt", "torch", "transformers")
def _bert(path: Path) -> None:
    import torch
    import transformers

    config = transformers.BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=37, vocab_size=99)
    torch.save(transformers.BertModel(config), path)


def _tables() -> dict[str, object]:
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"]), "d": pd.date_range("2020-01-01", periods=3), "f": pd.array([1, None, 2], dtype="Int64")})
    return {
        "frame": frame, "multi_index": frame.set_index(["a", "b"]), "zone": pd.DataFrame({"t": pd.date_range("2020", periods=2, tz="Europe/Berlin")}), "delta": pd.Series(pd.to_timedelta([1, 2], "s")), "period": pd.Series(pd.period_range("2020", periods=3, freq="M")), "interval": pd.Series(pd.interval_range(0, 3)),
        "sparse": pd.Series(pd.arrays.SparseArray([0, 0, 1])), "text": pd.Series(["a", None], dtype="string"), "scalars": [pd.Timestamp("2020"), pd.Timedelta(3), pd.NaT, pd.NA, pd.Interval(0, 1)], "offsets": [pd.offsets.BDay(2), pd.offsets.MonthEnd()], "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "polynomial": [np.polynomial.Polynomial([1, 2]), np.poly1d([1, 2])], "nested": np.zeros(2, dtype=[("x", [("y", "f4", (2, 2))])]), "aligned": np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    }  # fmt: skip


for table in "frame multi_index zone delta period interval sparse text scalars offsets record polynomial nested aligned".split():  # noqa: SIM905
    for protocol in (2, 5):

        @benign(f"tables/{table}_{protocol}.pkl", "pandas", "numpy")
        def _table(path: Path, table=table, protocol=protocol) -> None:
            path.write_bytes(pickle.dumps(_tables()[table], protocol))


def _python() -> dict[str, object]:
    import collections
    import ipaddress
    import re
    import statistics
    import zoneinfo

    return {
        "users": [collections.UserDict(a=1), collections.UserList([1])], "methods": [str.lower, str.split], "types": [type(None), type(...), int, dict], "errors": [ValueError("x"), KeyError("k")], "functions": [len, sum, max, abs],
        "patterns": [re.compile("a+", re.IGNORECASE), re.IGNORECASE], "addresses": ipaddress.ip_network("10.0.0.0/8"), "zones": zoneinfo.ZoneInfo("Europe/Berlin"), "statistics": statistics.NormalDist(), "chain": collections.ChainMap({"a": 1}),
    }  # fmt: skip


for thing in "users methods types errors functions patterns addresses zones statistics chain".split():  # noqa: SIM905
    for protocol in (0, 2, 4):

        @benign(f"python/{thing}_{protocol}.pkl")
        def _thing(path: Path, thing=thing, protocol=protocol) -> None:
            path.write_bytes(pickle.dumps(_python()[thing], protocol))


@benign("search/random_search.joblib", "sklearn", "scipy", "joblib")
def _search(path: Path) -> None:
    import joblib
    import numpy as np
    from scipy import stats
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import RandomizedSearchCV

    x = np.random.RandomState(0).rand(40, 3)
    made = RandomizedSearchCV(RandomForestClassifier(3), {"max_depth": stats.randint(1, 5), "min_samples_split": stats.uniform(0.1, 0.3), "ccp_alpha": stats.loguniform(1e-4, 1e-2)}, n_iter=2, cv=2)
    joblib.dump(made.fit(x, np.arange(40) % 2), path)


@benign("search/text_methods.joblib", "sklearn", "joblib")
def _text_methods(path: Path) -> None:
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer

    joblib.dump(TfidfVectorizer(tokenizer=str.split, preprocessor=str.lower, ngram_range=(1, 2)).fit(["a b", "c d"]), path)


@benign("boosting/catboost.pkl", "catboost")
def _catboost(path: Path) -> None:
    import catboost
    import numpy as np

    x = np.random.RandomState(0).rand(40, 3)
    path.write_bytes(pickle.dumps(catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(x, np.arange(40) % 2)))


@benign("boosting/catboost.mlmodel", "catboost")
def _catboost_core(path: Path) -> None:
    import catboost
    import numpy as np

    x = np.random.RandomState(0).rand(40, 3)
    catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False).fit(x, x[:, 0]).save_model(str(path), format="coreml")


@benign("boosting/xgboost_booster.pkl", "xgboost")
def _booster(path: Path) -> None:
    import numpy as np
    import xgboost

    x = np.random.RandomState(0).rand(40, 3)
    path.write_bytes(pickle.dumps(xgboost.train({}, xgboost.DMatrix(x, x[:, 0]), 2)))


@benign("text/tokenizer.model", "sentencepiece")
def _pieces(path: Path) -> None:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(["the quick brown fox jumps over the lazy dog"] * 50), model_writer=written, vocab_size=40, hard_vocab_limit=False, minloglevel=2)
    path.write_bytes(written.getvalue())


@benign("text/word2vec.model", "gensim")
def _words(path: Path) -> None:
    from gensim.models import Word2Vec

    Word2Vec([["a", "b", "c"], ["a", "c"]] * 5, vector_size=4, min_count=1).save(str(path))


@benign("graphs/saved_model.pb", "tensorflow")
def _saved_model(path: Path) -> None:
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3, activation="gelu"), tf.keras.layers.Dense(1)])
    tf.saved_model.save(model, str(path.parent))


HERMES = """{%- macro kind(spec) %}{%- set known = {"string": "str", "number": "float"} %}{%- if known[spec.type] is defined %}{{- known[spec.type] }}{%- elif spec.type == "array" %}{{- "list[" + kind(spec|items) + "]" }}{%- endif %}{%- endmacro %}
{%- for tool in tools %}{%- set name = tool.function.name %}{{- name ~ '(' }}{%- for key, value in tool.parameters|items %}{{- key ~ ': ' ~ kind(value) }}{%- endfor %}{%- endfor %}
{%- set ns = namespace(last=messages|length - 1, text='') %}{%- for m in messages %}{%- if loop.index0 > ns.last %}{{- messages[loop.index0 - 1].content }}{%- endif %}{%- set ns.text = ns.text ~ m.content %}{{- m['content'].split('</think>')[-1] }}{%- endfor %}{{ messages[ns.last]['role'] }}"""


@benign("text/tools/tokenizer_config.json")
def _tools_template(path: Path) -> None:
    path.write_text(json.dumps({"tokenizer_class": "LlamaTokenizer", "chat_template": HERMES}))


for name, settings in {
    "lora/adapter_config.json": {"peft_type": "LORA", "auto_mapping": {"base_model_class": "BertModel", "parent_library": "transformers.models.bert.modeling_bert"}, "megatron_core": "megatron.core", "r": 8},
    "dense/config.json": {"in_features": 4, "out_features": 2, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"}, "cross/config.json": {"model_type": "bert", "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity", "version": "4.0"}},
    "gpt/config.json": {"model_type": "gpt2", "activation_function": "gelu_new", "tokenizer_class": "GPT2Tokenizer"}, "yolo/model.yaml": {"nc": 80, "activation": "nn.SiLU()", "hidden_size": 1},
}.items():  # fmt: skip

    @benign(f"text/{name}")
    def _settings(path: Path, settings=settings) -> None:
        path.write_text(json.dumps(settings))
