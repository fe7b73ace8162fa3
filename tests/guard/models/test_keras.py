"""The Keras door with Keras itself: models that it saved come back equal, and hostile ones are refused before Keras sees them."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from troth.errors import GuardError
from troth.guard import models

if importlib.util.find_spec("keras") is None or not any(importlib.util.find_spec(name) for name in ("torch", "tensorflow", "jax")):
    pytest.skip("keras or a backend of it is not installed", allow_module_level=True)
os.environ.setdefault("KERAS_BACKEND", next(name for name in ("torch", "tensorflow", "jax") if importlib.util.find_spec(name)))
keras = pytest.importorskip("keras")
numpy = pytest.importorskip("numpy")

X = numpy.random.RandomState(0).rand(8, 3).astype("float32")


def _dense():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu", kernel_regularizer="l2"), keras.layers.BatchNormalization(), keras.layers.Dropout(0.1), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def _branches():
    given = keras.Input((3,))
    first, second = keras.layers.Dense(3, activation="gelu")(given), keras.layers.Dense(3)(given)
    joined = keras.layers.Concatenate()([keras.layers.Add()([first, second]), given])
    return keras.Model(given, [keras.layers.Dense(2)(joined), keras.layers.LayerNormalization()(joined)])


def _adapted():
    scaled = keras.layers.Normalization()
    scaled.adapt(X)
    return keras.Sequential([keras.Input((3,)), scaled, keras.layers.Reshape((3, 1)), keras.layers.Bidirectional(keras.layers.LSTM(2)), keras.layers.Dense(1)])


def _same(left, right) -> None:
    for one, other in zip(left.get_weights(), right.get_weights(), strict=True):
        assert numpy.array_equal(one, other)
    mine, theirs = left.predict(X, verbose=0), right.predict(X, verbose=0)
    for one, other in zip(mine, theirs, strict=True) if isinstance(mine, list) else ((mine, theirs),):
        assert numpy.allclose(one, other)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("build", [_dense, _branches, _adapted], ids=["dense", "branches", "adapted"])
def test_a_model_that_keras_saved_comes_back_equal(build, suffix, tmp_path):
    model = build()
    model.save(tmp_path / f"m{suffix}")

    _same(model, models.keras_load(tmp_path / f"m{suffix}"))


def test_the_content_and_not_the_name_chooses_the_reader(tmp_path):
    model = _dense()
    model.save(tmp_path / "m.h5")
    (tmp_path / "m.h5").rename(tmp_path / "m.keras")

    _same(model, models.keras_load(tmp_path / "m.keras"))


def _archive(config: object) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return data.getvalue()


def _lambda(tmp_path: Path) -> Path:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


def _lambda_h5(tmp_path: Path) -> Path:
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)]).save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def _function(tmp_path: Path) -> Path:
    (tmp_path / "m.keras").write_bytes(_archive({"module": "os", "class_name": "function", "config": "abort", "registered_name": "function"}))
    return tmp_path / "m.keras"


def _weights(tmp_path: Path) -> Path:
    _dense().save_weights(tmp_path / "m.weights.h5")
    return tmp_path / "m.weights.h5"


@pytest.mark.parametrize("make", [_lambda, _lambda_h5, _function, _weights], ids=["lambda", "lambda-h5", "function", "weights"])
def test_what_is_no_proved_model_does_not_reach_keras(make, tmp_path, monkeypatch):
    path = make(tmp_path)
    monkeypatch.setattr(keras.saving, "load_model", lambda *_args, **_named: pytest.fail("Keras was asked"))

    with pytest.raises(GuardError):
        models.keras_load(path)


def test_the_context_closes_the_library_s_own_loader_and_not_the_door(tmp_path):
    model = _dense()
    model.save(tmp_path / "m.keras")

    with models.only_guarded():
        with pytest.raises(GuardError, match="keras_load"):
            keras.saving.load_model(tmp_path / "m.keras")
        with pytest.raises(GuardError, match="keras_load"):
            keras.models.load_model(tmp_path / "m.keras")
        _same(model, models.keras_load(tmp_path / "m.keras"))


def test_safe_mode_cannot_be_switched_off(tmp_path):
    with pytest.raises(GuardError, match="safe_mode"):
        models.keras_load(tmp_path / "m.keras", safe_mode=False)
