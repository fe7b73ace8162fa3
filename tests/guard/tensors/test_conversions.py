"""Between NumPy and torch: values arrive, memory is never shared."""

from __future__ import annotations

from typing import Any

import pytest

numpy = pytest.importorskip("numpy", reason="numpy is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

from troth.guard.tensors import Devices, Dtypes, ShapeLimits, TensorRefusedError, demand_finite, to_numpy, to_torch  # noqa: E402


def test_a_tensor_has_memory_of_its_own() -> None:
    array = numpy.ones((2, 3), dtype="float32")
    array.setflags(write=False)
    tensor = to_torch(array)
    tensor[0, 0] = 7.0
    assert array[0, 0] == 1.0

    writable = numpy.ones(3, dtype="float32")
    tensor = to_torch(writable)
    writable[0] = float("nan")
    assert bool(torch.isfinite(tensor).all())


@pytest.mark.parametrize("freeze", [False, True])
def test_an_array_has_memory_of_its_own(freeze: bool) -> None:
    tensor = torch.ones(2, 3, requires_grad=True)
    array = to_numpy(tensor, freeze=freeze)
    with torch.no_grad():
        tensor[0, 0] = 7.0
    assert array[0, 0] == 1.0
    if freeze:
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 2
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.setflags(write=True)


@pytest.mark.parametrize(
    "array",
    [
        numpy.ones(3)[::-1],
        numpy.asfortranarray(numpy.ones((2, 3))),
        numpy.arange(6).reshape(2, 3).T,
        numpy.array(5.0),
        numpy.zeros((0, 4)),
    ],
)
def test_odd_but_plain_arrays_arrive(array: Any) -> None:
    assert numpy.array_equal(to_numpy(to_torch(array)), array)


@pytest.mark.parametrize(
    "array",
    [numpy.array([object()]), numpy.array(["a"]), numpy.array([(1, 2)], dtype="i4,i4"), numpy.ones(3, dtype=">f4"), numpy.ma.masked_array([1.0, 2.0], mask=[0, 1]), [1, 2], None, numpy.ones(2, dtype="complex64"),
     numpy.array(["2020"], dtype="datetime64[Y]"), numpy.lib.stride_tricks.as_strided(numpy.ones(1), (10**6, 10**6), (0, 0))],
)  # fmt: skip
def test_other_arrays_are_refused(array: Any) -> None:
    with pytest.raises(TensorRefusedError):
        to_torch(array)


@pytest.mark.parametrize(
    "make",
    [lambda: torch.ones(2, device="meta"), lambda: torch.sparse_coo_tensor(size=(10**9, 10**9)), lambda: torch.ones(2, 2).to_sparse(), lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
     lambda: [1.0], lambda: torch.ones(1).expand(10**5, 10**5)],
)  # fmt: skip
def test_other_tensors_are_refused(make: Any) -> None:
    with pytest.raises(TensorRefusedError):
        to_numpy(make())


def test_the_device_is_the_one_that_is_allowed() -> None:
    with pytest.raises(TensorRefusedError):
        to_torch(numpy.ones(2), device="cuda:0")
    with pytest.raises(TensorRefusedError):
        to_torch(numpy.ones(2), device="meta")
    assert Devices("cpu").demand(torch.device("cpu")) == "cpu"


def test_real_dtypes_and_shapes_are_understood() -> None:
    assert (
        Dtypes().demand(torch.float32)
        == Dtypes().demand(numpy.float32)
        == Dtypes().demand(numpy.dtype("<f4"))
        == "float32"
    )
    assert ShapeLimits().demand(torch.ones(2, 3).shape, torch.bfloat16).bytes == 12
    assert ShapeLimits().demand((numpy.int64(4),), numpy.bool_).bytes == 4
    with pytest.raises(TensorRefusedError):
        ShapeLimits().demand((numpy.int64(2**62), numpy.int64(4)), "float32")
    for bad in (
        torch.qint8,
        torch.complex64,
        numpy.dtype("O"),
        numpy.dtype(">f4"),
        numpy.dtype("i4,i4"),
        numpy.object_,
    ):
        with pytest.raises(TensorRefusedError):
            Dtypes().demand(bad)


def test_values_of_both_libraries_are_looked_at() -> None:
    for good in (numpy.ones(3), torch.ones(3), numpy.arange(3), torch.arange(3), numpy.array([True])):
        assert demand_finite(good) is good
    for bad in (
        numpy.array([1, numpy.nan]),
        torch.tensor([1, float("inf")]),
        numpy.array([object()]),
        torch.ones(2, 2).to_sparse(),
        numpy.array([1 + 1j * numpy.inf]),
    ):
        with pytest.raises(TensorRefusedError):
            demand_finite(bad)
    assert demand_finite(torch.tensor([1.0, float("nan")]), policy="replace").tolist() == [1.0, 0.0]
    assert demand_finite(numpy.array([1.0, 5.0]), largest=2, policy="replace", replacement=2).tolist() == [1.0, 2.0]
