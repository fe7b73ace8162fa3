"""While only guarded loads are allowed, the libraries' own loaders are closed, and guarded loads go through."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from troth.errors import GuardError
from troth.guard import models
from troth.guard.models.doors import DOORS

CALLS = {
    "torch": ("torch", "load"), "torch.jit": ("torch.jit", "load"), "joblib": ("joblib", "load"), "numpy": ("numpy", "load"), "safetensors.numpy": ("safetensors.numpy", "load_file"),
    "safetensors.torch": ("safetensors.torch", "load_file"), "keras.saving": ("keras.saving", "load_model"),
}  # fmt: skip


@pytest.mark.parametrize("module", CALLS)
def test_a_librarys_own_loader_is_closed_and_opens_again(module: str, tmp_path: Path) -> None:
    library = pytest.importorskip(module)
    name = CALLS[module][1]
    before = getattr(library, name)

    with models.only_guarded(), pytest.raises(GuardError, match="only guarded loads"):
        getattr(importlib.import_module(module), name)(tmp_path / "absent")

    assert getattr(library, name) is before


def test_guarded_loads_go_through_and_contexts_nest(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    path = tmp_path / "a.npy"
    numpy.save(path, numpy.arange(3))

    with models.only_guarded():
        with models.only_guarded():
            assert models.numpy_load(path).tolist() == [0, 1, 2]
        with pytest.raises(GuardError):
            numpy.load(path)

    assert numpy.load(path).tolist() == [0, 1, 2]


def test_a_guarded_load_in_one_thread_opens_no_door_for_another(tmp_path: Path) -> None:
    import threading

    numpy = pytest.importorskip("numpy")
    from troth.guard.models.doors import guarded

    path, said = tmp_path / "a.npy", []
    numpy.save(path, numpy.arange(3))

    def load() -> None:
        try:
            numpy.load(path)
        except GuardError as error:
            said.append(str(error))

    with models.only_guarded(), guarded():
        worker = threading.Thread(target=load)
        worker.start()
        worker.join()

    assert said


def test_transformers_doors_are_closed() -> None:
    transformers = pytest.importorskip("transformers")
    loader = transformers.AutoTokenizer

    with models.only_guarded(), pytest.raises(GuardError, match="transformers_from_pretrained"):
        loader.from_pretrained("owner/name")


def test_every_door_names_a_guarded_function() -> None:
    assert all(hasattr(models, instead) for _, _, instead in DOORS)
