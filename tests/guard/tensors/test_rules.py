"""Devices, dtypes and shapes: what is not on the list or would be too large is refused before anything is allocated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guard.tensors.gpu_contract import CONTRACT
from troth.guard.tensors import (
    Budget,
    Devices,
    Dtypes,
    GpuMemory,
    Shape,
    ShapeLimits,
    TensorRefusedError,
    demand_finite,
    shaped,
)
from troth.guard.tensors.names import BYTES

GPU = Devices("cpu", "cuda", index_at_most=3)


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "cuda", "cuda:0", "cuda:3"])
def test_devices_of_the_list_are_taken(name: str) -> None:
    assert name == GPU.demand(name)


@pytest.mark.parametrize(
    "name",
    ["cuda:99", "cuda:4", "cuda:-1", "cuda:1e9", "cuda:00", "cuda:01", "cuda:", "cuda: 0", "meta", "mps", "privateuseone", "CUDA:0", " cpu", "cpu ", "cpu\0", "cpu\n", "cpu:1", "cuda:0:0", "cuda:٣",
     "ｃpu", "", 0, None, b"cpu", ["cpu"], True, "cuda:999999999999999999999", "c" * 10**6],
)  # fmt: skip
def test_other_names_of_devices_are_refused(name: object) -> None:
    with pytest.raises(TensorRefusedError) as refused:
        GPU.demand(name)
    assert refused.value.rule == "device"


@pytest.mark.parametrize("name", ["float32", "int64", "bool", "bfloat16"])
def test_dtypes_of_the_list_are_taken(name: str) -> None:
    assert name == Dtypes().demand(name)


@pytest.mark.parametrize(
    "name",
    [
        "object",
        "O",
        "str",
        "U10",
        "V8",
        "void",
        "<f4",
        ">f4",
        "float",
        "complex64",
        "float8_e5m2",
        "qint8",
        "FLOAT32",
        "float32 ",
        "torch.float32",
        "",
        None,
        4,
        b"float32",
        "f4,f4",
        object,
        str,
        dict,
    ],
)
def test_other_dtypes_are_refused(name: object) -> None:
    with pytest.raises(TensorRefusedError):
        Dtypes().demand(name)


LIMITS = ShapeLimits(bytes_at_most=2**20)


@pytest.mark.parametrize("shape", [(), (1,), (16, 16), [2, 3, 4], (0,), (0, 5), (2**18,)])
def test_shapes_within_the_limits_are_taken(shape: Any) -> None:
    size = LIMITS.demand(shape, "float32")

    assert size.shape == tuple(shape)
    assert size.bytes == size.elements * 4


@pytest.mark.parametrize(
    "shape",
    [(2**32, 2**32), (2**63,), (2**64, 0), (0, 2**62), (0, 2**30, 2**30), (-1,), (-1, -1), (1,) * 65, (1,) * 9, (1.0,), (True, True), ("1e9",), ("5",), (None,), 5, "12", None, {1: 2}, (2**18 + 1,), (float("inf"),),
     (10**400,), (3, (4,)), iter([1])],
)  # fmt: skip
def test_shapes_over_the_limits_are_refused(shape: Any) -> None:
    with pytest.raises(TensorRefusedError):
        LIMITS.demand(shape, "float32")


@settings(max_examples=200)
@given(st.lists(st.integers(-(2**70), 2**70), max_size=10), st.sampled_from(sorted(BYTES)))
def test_what_is_taken_never_needs_more_than_the_limit(shape: list[int], dtype: str) -> None:
    limits = ShapeLimits(bytes_at_most=10**6, dtypes=Dtypes(*BYTES))
    try:
        size = limits.demand(shape, dtype)
    except TensorRefusedError:
        return
    product = 1
    for length in shape:
        product *= max(1, length)
    assert product * BYTES[dtype] <= 10**6
    assert size.bytes <= 10**6


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((4, 4), (4, 1), 0), ((2, 2), (8, 1), 4), ((4,), (4,), 0), ((1, 16), (999, 1), 0), ((4, 4), (1, 4), 0)],
)
def test_views_inside_their_memory_are_taken(shape: Any, strides: Any, offset: int) -> None:
    assert LIMITS.demand_view(shape, strides, "float32", 16, offset).shape == shape


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((17,), (1,), 0), ((4, 4), (5, 1), 0), ((1000, 1000), (0, 0), 0), ((4,), (-1,), 3), ((4,), (1,), 13), ((4,), (1,), -1), ((4, 4), (1, 1), 0), ((4,), (2**63,), 0), ((4,), (1, 1), 0), ((4,), (1.0,), 0)],
)  # fmt: skip
def test_views_that_leave_their_memory_or_overlap_are_refused(shape: Any, strides: Any, offset: int) -> None:
    with pytest.raises(TensorRefusedError):
        LIMITS.demand_view(shape, strides, "float32", 16, offset)


def test_what_shapes_broadcast_to_counts() -> None:
    assert LIMITS.demand_broadcast([(4, 1), (1, 5)], "float32").shape == (4, 5)
    for shapes in ([(2**17, 1), (1, 2**17)], [(2,), (3,)]):
        with pytest.raises(TensorRefusedError):
            LIMITS.demand_broadcast(shapes, "float32")


def test_a_budget_is_for_the_job_and_not_for_the_call() -> None:
    budget = Budget(1000)
    with budget.holding((100,), "float32"):
        with budget.holding((100,), "float32"), pytest.raises(TensorRefusedError):
            budget.take((100,), "float32")
        assert budget.held == 400
    assert budget.held == 0


@pytest.mark.parametrize("value", [1.0, [1, 2.5], [[0.0], [1e300]], (1,)])
def test_finite_numbers_are_taken(value: Any) -> None:
    assert demand_finite(value) == value


@pytest.mark.parametrize("value", [float("nan"), [1, float("inf")], [[-float("inf")]], ["1"], [True], [None]])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(TensorRefusedError):
        demand_finite(value)


def test_values_can_be_replaced_or_bounded_on_purpose() -> None:
    assert demand_finite([1.0, float("nan")], policy="replace", replacement=-1) == [1.0, -1]
    with pytest.raises(TensorRefusedError):
        demand_finite([1.0, 1e9], largest=1e6)


def _tensor(*shape: int, dtype: str = "float32") -> Any:
    kind = type("dtype", (), {"__module__": "numpy", "isnative": True, "name": dtype, "fields": None, "subdtype": None})
    return SimpleNamespace(shape=shape, dtype=kind())


@shaped
def loss(
    predicted: Annotated[Any, Shape("batch 10", "float32")],
    wanted: Annotated[Any, Shape("batch")],
    rest: Annotated[Any, Shape("... batch")] = None,
) -> Annotated[Any, Shape("batch")]:
    return wanted


def test_annotated_shapes_are_checked_at_the_call() -> None:
    ok = (_tensor(4, 10), _tensor(4), _tensor(2, 3, 4))
    loss(*ok)
    for bad in [
        (_tensor(4, 11), *ok[1:]),
        (_tensor(4, 10), _tensor(5), ok[2]),
        (_tensor(4, 10, dtype="float64"), *ok[1:]),
        (_tensor(4), *ok[1:]),
        (None, *ok[1:]),
        (*ok[:2], _tensor(2, 3)),
        (*ok[:2], _tensor()),
    ]:
        with pytest.raises(TensorRefusedError):
            loss(*bad)

    @shaped
    def wrong(x: Annotated[Any, Shape("n")]) -> Annotated[Any, Shape("n n")]:
        return x

    with pytest.raises(TensorRefusedError, match="the result"):
        wrong(_tensor(3))
    with pytest.raises(ValueError, match="nothing would be checked"):
        shaped(lambda x: x)


def test_the_lists_are_pydantic_types() -> None:
    pydantic = pytest.importorskip("pydantic", reason="the extra `validate` is not installed")
    model = pydantic.create_model(
        "Request", device=(Annotated[str, Devices("cpu")], ...), dtype=(Annotated[str, Dtypes("float32")], "float32")
    )

    assert model(device="cpu").model_dump() == {"device": "cpu", "dtype": "float32"}
    for bad in ({"device": "cuda"}, {"device": "CPU"}, {"device": "cpu", "dtype": "object"}, {"device": 1}):
        with pytest.raises(pydantic.ValidationError):
            model(**bad)
    assert model.model_json_schema()["properties"]["device"]["type"] == "string"


class FakeCuda:
    """An allocator that obeys its fraction, as torch's documentation has it."""

    def __init__(self) -> None:
        self.total, self.fraction, self.used, self.peak = 2**30, 1.0, 0, 0

    def is_available(self) -> bool:
        return True

    def device_count(self) -> int:
        return 1

    def set_per_process_memory_fraction(self, fraction: float, device: int) -> None:
        self.fraction = fraction

    def get_per_process_memory_fraction(self, device: int) -> float:
        return self.fraction

    def get_device_properties(self, device: int) -> Any:
        return SimpleNamespace(total_memory=self.total)

    def memory_allocated(self, device: int) -> int:
        return self.used

    memory_reserved = memory_allocated

    def max_memory_allocated(self, device: int) -> int:
        return self.peak

    def reset_peak_memory_stats(self, device: int) -> None:
        self.peak = self.used

    def empty_cache(self) -> None: ...

    def take(self, size: int) -> Any:
        if self.used + size > int(self.fraction * self.total):
            raise MemoryError
        cuda, cuda.used = self, self.used + size

        class Held:
            def __del__(self) -> None:
                cuda.used -= size

        return Held()


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_the_contract_of_gpu_memory_holds_over_a_port(check: Any) -> None:
    cuda = FakeCuda()
    check(cuda, cuda.take, 2**26)


def test_a_cap_that_does_not_take_is_an_error() -> None:
    class Deaf(FakeCuda):
        def set_per_process_memory_fraction(self, fraction: float, device: int) -> None: ...

    with pytest.raises(TensorRefusedError, match="did not take"), GpuMemory(bytes_at_most=2**20, cuda=Deaf()):
        pass


def test_a_cap_above_the_device_is_no_cap() -> None:
    with pytest.raises(TensorRefusedError, match="cap nothing"), GpuMemory(bytes_at_most=2**31, cuda=FakeCuda()):
        pass


def test_torchs_own_cuda_has_what_the_port_asks_for() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from troth.guard.tensors.gpu import Cuda

    for name in (item for item in dir(Cuda) if not item.startswith("_")):
        assert callable(getattr(torch.cuda, name)), name
    if not torch.cuda.is_available():
        with pytest.raises(TensorRefusedError, match="no GPU"), GpuMemory(fraction=0.5):
            pass
