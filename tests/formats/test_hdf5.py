"""Hostile HDF5 files made by h5py, each refused for its own fault, and their ordinary twins."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import INERT, REFUSED

h5py = pytest.importorskip("h5py")
numpy = pytest.importorskip("numpy")

LAMBDA = json.dumps({"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["x", None, None], "function_type": "lambda"}}]}})
FINE = json.dumps({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 2}}]}})
PICKLE = b"cos\nsystem\n(S'true'\ntR."
OTHER = b"\x80\x02cos\nsystem\n)R."


def written(fill: Callable[[Any], object]) -> bytes:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        fill(file)
    return data.getvalue()


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((10,), "u1")
    layout[:] = h5py.VirtualSource("/etc/x.h5", "d", (10,))
    file.create_virtual_dataset("w", layout)


HOSTILE: dict[str, tuple[str, Callable[[Any], object]]] = {
    "lambda": ("custom-code", lambda f: f.attrs.__setitem__("model_config", LAMBDA)),
    "lambda bytes": ("custom-code", lambda f: f.attrs.__setitem__("model_config", numpy.bytes_(LAMBDA))),
    "lambda in a row": ("odd-dtype", lambda f: f.attrs.__setitem__("model_config", numpy.array([LAMBDA], dtype=h5py.string_dtype()))),
    "lambda below": ("custom-code", lambda f: f.create_group("model").attrs.__setitem__("model_config", LAMBDA)),
    "loss of os": ("custom-code", lambda f: f.attrs.__setitem__("training_config", json.dumps({"loss": {"class_name": "function", "config": "system", "module": "os"}}))),
    "external link": ("external-link", lambda f: f.__setitem__("w", h5py.ExternalLink("/etc/passwd", "/"))),
    "soft link": ("soft-link", lambda f: f.__setitem__("w", h5py.SoftLink("/x"))),
    "external bytes": ("external-data", lambda f: f.create_dataset("w", (10,), "u1", external=[("/etc/passwd", 0, 10)])),
    "virtual": ("external-data", _virtual),
    "bomb": ("budget-ratio", lambda f: f.create_dataset("w", (1 << 40,), "f4", chunks=(1024,), compression="gzip")),
    "pickled attribute": ("pickled-attribute", lambda f: f.attrs.__setitem__("obj", numpy.void(OTHER))),
    "pickled text": ("pickled-attribute", lambda f: f.create_dataset("s", data=numpy.array([PICKLE], dtype="S64"))),
    "pickled variable text": ("pickled-attribute", lambda f: f.create_dataset("s", data=[PICKLE.decode()], dtype=h5py.string_dtype())),
    "pickled row": ("pickled-attribute", lambda f: f.create_dataset("p", data=numpy.frombuffer(OTHER, "u1"))),
    "references": ("odd-dtype", lambda f: f.create_dataset("w", (2,), dtype=h5py.ref_dtype)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_for_its_fault(name: str) -> None:
    code, fill = HOSTILE[name]

    found = judge(Source(written(fill)), "a.h5")

    assert REFUSED == found.verdict
    assert code in [reason.code for reason in found.reasons]


@pytest.mark.parametrize(
    "fill",
    [
        lambda f: f.attrs.__setitem__("model_config", FINE),
        lambda f: f.create_dataset("w", data=numpy.arange(5.0)),
        lambda f: f.create_dataset("names", data=["dense.", "conv.1"], dtype=h5py.string_dtype()),
        lambda f: f.create_dataset("bytes", data=numpy.frombuffer(pickle.dumps(1)[:-1] + b"x", "u1")),
        lambda f: f.create_dataset("z", data=numpy.zeros((64, 64)), compression="gzip"),
    ],
    ids=["config", "numbers", "texts", "bytes", "packed"],
)
def test_an_ordinary_file_is_inert(fill: Callable[[Any], object]) -> None:
    found = judge(Source(written(fill)), "a.h5")

    assert INERT == found.verdict, found


def test_bytes_before_the_file_are_refused() -> None:
    found = judge(Source(b"#!/bin/sh\n".ljust(512) + written(lambda f: f.create_dataset("w", data=[1.0]))), "a.h5")

    assert ["prefix"] == [reason.code for reason in found.reasons]
