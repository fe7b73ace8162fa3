"""Guarded doors to transformers and Keras: folders are proved, code and moving revisions are refused."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from troth.errors import GuardError
from troth.guard import models

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


class Recorder:
    """Stands where a class of transformers would."""

    called: list[tuple[str, dict]] = []

    @classmethod
    def from_pretrained(cls, path, **options):
        cls.called.append((path, options))
        return cls()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "model"
    root.mkdir()
    (root / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 8}))
    (root / "weights.pkl").write_bytes(pickle.dumps({"w": [1.0]}))
    Recorder.called.clear()
    return root


def test_a_proved_folder_is_loaded_without_remote_code_and_without_a_network(folder):
    models.transformers_from_pretrained(Recorder, folder, torch_dtype="float32")

    assert [(str(folder), {"trust_remote_code": False, "local_files_only": True, "torch_dtype": "float32"})] == Recorder.called


def _auto_map(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "auto_map": {"AutoModel": "modeling.Model"}}))


def _code(folder: Path) -> None:
    (folder / "modeling.py").write_text("import os\n")


def _hostile(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Runs()))


def _link(folder: Path) -> None:
    (folder / "more.pkl").symlink_to("/etc/hostname")


def _nothing(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("spoil", [_auto_map, _code, _hostile, _link, _nothing])
def test_a_folder_that_brings_code_or_is_not_proved_is_refused(folder, spoil):
    spoil(folder)

    with pytest.raises(GuardError):
        models.transformers_from_pretrained(Recorder, folder)
    assert not Recorder.called


def test_remote_code_a_branch_and_a_strange_name_are_refused(folder):
    for arguments in (
        {"source": folder, "trust_remote_code": True},
        {"source": "owner/name", "revision": "main"},
        {"source": "owner/name"},
        {"source": "https://example.org/model", "revision": COMMIT},
        {"source": "../outside", "revision": COMMIT},
    ):
        with pytest.raises(GuardError):
            models.transformers_from_pretrained(Recorder, **arguments)
    assert not Recorder.called


def test_a_revision_that_the_cache_lacks_is_not_fetched(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(GuardError, match="cannot be had"):
        models.transformers_from_pretrained(Recorder, "owner/name-that-is-nowhere", revision=COMMIT)


def test_a_hubs_cache_with_its_links_is_proved(tmp_path):
    root = tmp_path / "models--o--n"
    (root / "blobs").mkdir(parents=True)
    (root / "blobs" / "abc").write_bytes(pickle.dumps([1.0]))
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "weights.pkl").symlink_to("../../blobs/abc")

    assert 1 == models.prove_folder(snapshot)


def test_a_real_model_of_transformers_loads_through_the_door(tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    small = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, vocab_size=32)
    transformers.BertModel(small).save_pretrained(tmp_path / "bert")
    loaded = models.transformers_from_pretrained(transformers.AutoModel, tmp_path / "bert")

    assert 8 == loaded.config.hidden_size


def test_keras_refuses_unsafe_mode_and_other_files(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(pickle.dumps([1]))

    with pytest.raises(GuardError):
        models.keras_load(path, safe_mode=False)
    with pytest.raises(GuardError):
        models.keras_load(path)
