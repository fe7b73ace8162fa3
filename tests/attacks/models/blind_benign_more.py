"""Ordinary files of the other libraries that were written before the code had run on them: estimators and pipelines, tables, arrays, boosting, graphs, folders of models."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

from tests.attacks.models.corpus import benign

warnings.filterwarnings("ignore")


def _data() -> tuple[Any, Any]:
    import numpy as np

    x = np.random.RandomState(0).rand(60, 4)
    return x, (x[:, 0] > 0.5).astype(int)


def _pipelines() -> dict[str, Any]:
    import numpy as np
    import pandas as pd
    from sklearn import (
        compose,
        decomposition,
        ensemble,
        feature_extraction,
        feature_selection,
        impute,
        linear_model,
        metrics,
        model_selection,
        multiclass,
        multioutput,
        naive_bayes,
        neighbors,
        pipeline,
        preprocessing,
        svm,
        tree,
    )

    x, y = _data()
    frame = pd.DataFrame({"n": x[:, 0], "k": ["a", "b"] * 30, "t": ["some text", "other words"] * 30})
    columns = compose.ColumnTransformer([("n", preprocessing.StandardScaler(), ["n"]), ("k", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["k"]), ("t", feature_extraction.text.TfidfVectorizer(stop_words="english"), "t")], remainder="drop")
    texts = ["good film", "bad film", "fine play"]
    return {
        "columns": pipeline.Pipeline([("c", columns), ("m", linear_model.LogisticRegression())]).fit(frame, y), "made": pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.PolynomialFeatures(2), decomposition.PCA(3), svm.SVC(probability=True)).fit(x, y), "union": pipeline.FeatureUnion([("p", decomposition.PCA(2)), ("k", feature_selection.SelectKBest(k=2))]).fit(x, y), "log": preprocessing.FunctionTransformer(np.log1p, inverse_func=np.expm1).fit(x), "target": compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1).fit(x, x[:, 0]),
        "grid": model_selection.GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, scoring=metrics.make_scorer(metrics.f1_score), cv=2).fit(x, y), "halving": model_selection.GridSearchCV(pipeline.make_pipeline(preprocessing.MinMaxScaler(), neighbors.KNeighborsClassifier()), {"kneighborsclassifier__n_neighbors": [1, 3]}, cv=model_selection.StratifiedKFold(2)).fit(x, y), "voting": ensemble.VotingClassifier([("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier())]).fit(x, y), "stacking": ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], linear_model.LogisticRegression(), cv=2).fit(x, y), "bagging": ensemble.BaggingClassifier(tree.DecisionTreeClassifier(), 3).fit(x, y), "isolation": ensemble.IsolationForest(n_estimators=5).fit(x),
        "rest": multiclass.OneVsRestClassifier(linear_model.SGDClassifier()).fit(x, y), "outputs": multioutput.MultiOutputRegressor(ensemble.GradientBoostingRegressor(n_estimators=2)).fit(x, x[:, :2]), "chain": multioutput.ClassifierChain(linear_model.LogisticRegression()).fit(x, np.c_[y, 1 - y]), "eliminated": feature_selection.RFE(linear_model.LogisticRegression(), n_features_to_select=2).fit(x, y), "chosen": feature_selection.SelectFromModel(ensemble.RandomForestClassifier(3)).fit(x, y), "mutual": feature_selection.SelectKBest(feature_selection.mutual_info_classif, k=2).fit(x, y), "hashing": feature_extraction.text.HashingVectorizer(n_features=16).fit(texts), "counts": feature_extraction.text.CountVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b").fit(texts), "dicts": feature_extraction.DictVectorizer().fit([{"a": 1}, {"b": 2}]),
        "labels": preprocessing.LabelEncoder().fit(["a", "b"]), "binary": preprocessing.MultiLabelBinarizer().fit([("a", "b")]), "neighbours": neighbors.KNeighborsClassifier(metric="manhattan", algorithm="ball_tree").fit(x, y), "forest": ensemble.RandomForestClassifier(5).fit(x, y), "histogram": ensemble.HistGradientBoostingClassifier(max_iter=3, categorical_features=[0]).fit(np.c_[y, x], y), "pandas_out": preprocessing.StandardScaler().set_output(transform="pandas").fit(frame[["n"]]), "wrapped": {"model": linear_model.LogisticRegression().fit(x, y), "features": list("abcd"), "threshold": np.float64(0.5), "trained": frame.index[:2]},
    }  # fmt: skip


PIPELINES = "columns made union log target grid halving voting stacking bagging isolation rest outputs chain eliminated chosen mutual hashing counts dicts labels binary neighbours forest histogram pandas_out wrapped".split()  # noqa: SIM905
for index, name in enumerate(PIPELINES):

    @benign(f"blind/sklearn_{name}.{'pkl' if index % 2 else 'joblib'}", "sklearn", "joblib", "pandas")
    def _estimator(path: Path, name: str = name, index: int = index) -> None:
        import joblib

        made = _pipelines()[name]
        if index % 2:
            path.write_bytes(pickle.dumps(made, index % 6))
        else:
            joblib.dump(made, path, compress=(0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3))[index // 2 % 6])


def _boosted() -> dict[str, Any]:
    import lightgbm
    import xgboost

    x, y = _data()
    return {
        "xgb_classifier": xgboost.XGBClassifier(n_estimators=2, enable_categorical=True).fit(x, y), "xgb_regressor": xgboost.XGBRegressor(n_estimators=2, objective="reg:squarederror", callbacks=None).fit(x, x[:, 0]), "xgb_ranker": xgboost.XGBRanker(n_estimators=2).fit(x, y, group=[30, 30]), "xgb_forest": xgboost.XGBRFClassifier(n_estimators=2).fit(x, y), "lgb_classifier": lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(x, y), "lgb_regressor": lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(x, x[:, 0]), "lgb_booster": lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, y), 2),
    }  # fmt: skip


for name in "xgb_classifier xgb_regressor xgb_ranker xgb_forest lgb_classifier lgb_regressor lgb_booster".split():  # noqa: SIM905

    @benign(f"blind/boosted_{name}.joblib", "xgboost", "lightgbm", "joblib", "sklearn")
    def _booster(path: Path, name: str = name) -> None:
        import joblib

        joblib.dump(_boosted()[name], path)


for suffix in ("json", "ubj", "model"):

    @benign(f"blind/xgboost_native.{suffix}", "xgboost", "sklearn")
    def _native(path: Path) -> None:
        _boosted()["xgb_classifier"].save_model(str(path))


@benign("blind/xgboost_linear.json", "xgboost")
def _linear(path: Path) -> None:
    import xgboost

    x, y = _data()
    xgboost.train({"booster": "gblinear"}, xgboost.DMatrix(x, y), 2).save_model(str(path))


@benign("blind/xgboost_dart.ubj", "xgboost")
def _dart(path: Path) -> None:
    import xgboost

    x, y = _data()
    xgboost.train({"booster": "dart", "objective": "multi:softmax", "num_class": 2}, xgboost.DMatrix(x, y, feature_names=list("abcd")), 3).save_model(str(path))


@benign("blind/lightgbm_native.txt", "lightgbm")
def _lightgbm(path: Path) -> None:
    _boosted()["lgb_booster"].save_model(str(path))


@benign("blind/lightgbm_linear.txt", "lightgbm")
def _lightgbm_linear(path: Path) -> None:
    import lightgbm

    x, y = _data()
    lightgbm.train({"verbose": -1, "linear_tree": True, "objective": "binary"}, lightgbm.Dataset(x, y, categorical_feature=[]), 3).save_model(str(path))


def _tables() -> dict[str, Any]:
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

    frame = pd.DataFrame({"i": [1, 2], "f": [0.5, None], "s": ["a", None], "b": [True, False], "d": pd.to_datetime(["2020-01-01", None]), "c": pd.Categorical(["x", "y"]), "z": pd.to_datetime(["2020", "2021"]).tz_localize("UTC")})
    return {
        "frame": frame, "series": frame["f"], "grouped": frame.set_index(["i", "s"]), "wide": frame.T, "columns": pd.DataFrame(np.ones((2, 2)), columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])), "periods": pd.Series([1, 2], index=pd.period_range("2020", periods=2, freq="M")), "strings": frame.astype({"s": "string"}), "nullable": frame[["i"]].astype("Int32"), "csr": sp.eye(4, format="csr"), "csc": sp.random(5, 5, 0.5, format="csc", random_state=0), "coo": sp.eye(3, format="coo"), "lil": sp.eye(3, format="lil"), "array": sp.csr_array(np.eye(3)), "masked": np.ma.array([1, 2], mask=[0, 1]), "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "objects": np.array(["a", None, 1, {"k": [1]}], dtype=object), "dates": np.array(["2020-01-01"], dtype="M8[D]"), "generator": np.random.default_rng(0), "state": np.random.RandomState(0), "scalars": [np.float16(1), np.str_("a"), np.datetime64("2020"), np.complex64(1), np.bytes_(b"a"), np.timedelta64(1, "s")], "fortran": np.asfortranarray(np.eye(3)), "big_endian": np.arange(3, dtype=">i4"), "zero": np.zeros((0, 3)), "single": np.array(5), "unicode": np.array(["ab", "c"]),
    }  # fmt: skip


TABLES = "frame series grouped wide columns periods strings nullable csr csc coo lil array masked record objects dates generator state scalars fortran big_endian zero single unicode".split()  # noqa: SIM905
for index, name in enumerate(TABLES):

    @benign(f"blind/table_{name}.{'pkl' if index % 3 else 'joblib'}", "pandas", "scipy", "joblib")
    def _table(path: Path, name: str = name, index: int = index) -> None:
        import joblib

        made = _tables()[name]
        if index % 3:
            path.write_bytes(pickle.dumps(made, (2, 4, 5)[index % 3]))
        else:
            joblib.dump({"data": made, "again": [made]}, path, compress=index % 2)


for name in ("fortran", "big_endian", "zero", "single", "unicode", "record", "dates", "objects"):

    @benign(f"blind/array_{name}.npy", "pandas", "scipy")
    def _array(path: Path, name: str = name) -> None:
        import numpy as np

        np.save(path, _tables()[name], allow_pickle=True)


@benign("blind/settings_in_array.npy", "numpy")
def _settings(path: Path) -> None:
    import numpy as np

    np.save(path, {"mean": np.zeros(3), "name": "x", "when": np.datetime64("2020")}, allow_pickle=True)


@benign("blind/arrays.npz", "numpy")
def _arrays(path: Path) -> None:
    import numpy as np

    np.savez(path, np.ones(3), weights=np.eye(3), names=np.array(["a", None], dtype=object), meta=np.array({"a": 1}, dtype=object))


@benign("blind/packed.npz", "numpy")
def _packed(path: Path) -> None:
    import numpy as np

    np.savez_compressed(path, a=np.zeros((100, 100)), b=np.random.RandomState(0).rand(5).astype("f2"))


@benign("blind/frame.pkl.gz", "pandas")
def _frame(path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_pickle(path)


@benign("blind/frame.pkl.zip", "pandas")
def _frame_zip(path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_pickle(path)


@benign("blind/frame.pkl.xz", "pandas")
def _frame_xz(path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_pickle(path)


@benign("blind/resampled.joblib", "imblearn", "sklearn", "joblib")
def _resampled(path: Path) -> None:
    import joblib
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from sklearn.ensemble import RandomForestClassifier

    joblib.dump(make_pipeline(SMOTE(k_neighbors=2), RandomForestClassifier(2)).fit(*_data()), path)


@benign("blind/pipeline.skops", "skops", "sklearn")
def _skops(path: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    skops.io.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(*_data()), path)


@benign("blind/forest.skops", "skops", "sklearn")
def _skops_forest(path: Path) -> None:
    import skops.io
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    skops.io.dump({"a": RandomForestClassifier(2).fit(*_data()), "b": GradientBoostingClassifier(n_estimators=2).fit(*_data())}, path)
