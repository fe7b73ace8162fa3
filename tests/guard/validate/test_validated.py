"""What a function declares is what it gets; errors name places and rules and never values."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

pytest.importorskip("pydantic", reason="the extra `validate` is not installed")
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StringConstraints

from troth.errors import GuardError
from troth.guard.validate import InputRefusedError, parse_json, validated

SECRET = "hunter2-very-secret-value"


class Address(BaseModel):
    street: str
    number: int


@dataclass
class Point:
    x: float
    y: float


@validated
def tool(
    query: Annotated[str, StringConstraints(max_length=50)],
    limit: Annotated[int, Field(ge=1, le=100)] = 10,
    *,
    mode: Literal["fast", "slow"] = "fast",
    where: Address | None = None,
    tags: list[str] = [],
) -> tuple[Any, ...]:
    return query, limit, mode, where.number if where else None, tags


def test_what_fits_comes_through() -> None:
    assert tool("a", 5, mode="slow", where=Address(street="b", number=3), tags=["x"]) == ("a", 5, "slow", 3, ["x"])
    assert tool(query="a") == ("a", 10, "fast", None, [])


@pytest.mark.parametrize(
    ("args", "kwargs", "where", "rule"),
    [
        ((SECRET * 3,), {}, "query", "string_too_long"),
        ((7,), {}, "query", "string_type"),
        (("a", "5"), {}, "limit", "int_type"),
        (("a", True), {}, "limit", "int_type"),
        (("a", 0), {}, "limit", "greater_than_equal"),
        (("a", 10**100), {}, "(input)", "number_too_large"),
        (("a",), {"mode": SECRET}, "mode", "literal_error"),
        (("a",), {SECRET: 1}, "?", "unexpected_keyword_argument"),
        (("a",), {"where": {"street": "b", "number": SECRET}}, "where.number", "int_parsing"),
        (("a",), {"tags": ["x", 5]}, "tags[1]", "string_type"),
        (("a\0b",), {}, "(input)", "text_controls"),
        (("a",), {"tags": [float("nan")]}, "(input)", "finite_number"),
        ((), {}, "query", "missing_argument"),
        (("a" * 10**6,), {}, "(input)", "text_bytes_at_most"),
        (("\ud800",), {}, "(input)", "text_encoding"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_without_its_value(
    args: tuple[Any, ...], kwargs: dict[str, Any], where: str, rule: str
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        tool(*args, **kwargs)
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + str(refused.value.problems)

    assert any(problem.rule == rule and where in problem.where for problem in refused.value.problems), (
        refused.value.problems
    )
    assert SECRET not in told.split("InputRefusedError")[-1]
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_a_deep_or_cyclic_input_is_refused_before_it_is_walked_for_ever() -> None:
    deep: list[Any] = []
    deep.append(deep)
    with pytest.raises(InputRefusedError, match="too_deep"):
        tool("a", tags=deep)


def test_the_bodys_own_errors_are_not_taken_for_refusals() -> None:
    @validated
    def fails(x: int) -> None:
        raise ValueError(f"inner {x}")

    with pytest.raises(ValueError, match="inner 3"):
        fails(3)


def test_what_cannot_be_checked_is_refused_when_it_is_decorated() -> None:
    with pytest.raises(GuardError, match="no annotation"):
        validated(lambda x: x)  # type: ignore[misc]

    def anything(*args: int) -> None: ...

    with pytest.raises(GuardError, match="anything"):
        validated(anything)


def test_coroutines_are_checked_as_well() -> None:
    @validated
    async def later(x: int) -> int:
        return x + 1

    assert asyncio.run(later(1)) == 2
    with pytest.raises(InputRefusedError):
        asyncio.run(later("1"))  # type: ignore[arg-type]


def test_forms_and_command_lines_may_convert() -> None:
    @validated(strict=False)
    def command(count: int) -> int:
        return count

    assert command("3") == 3  # type: ignore[arg-type]
    with pytest.raises(InputRefusedError):
        command("three")  # type: ignore[arg-type]


def test_methods_and_data_classes_work() -> None:
    class Service:
        @validated
        def move(self, to: Point) -> float:
            return to.x

    assert Service().move(Point(1.0, 2.0)) == 1.0
    with pytest.raises(InputRefusedError):
        Service().move("here")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"street": "a"}',
        b'{"street": "a", "number": "5"}',
        b"[" * 100_000,
        b"null",
        b'{"street": 1, "number": 1}',
        b"\xff\xfe",
        b" " * 2_000_000,
    ],
)
def test_request_bodies_are_parsed_strictly(body: bytes) -> None:
    with pytest.raises(InputRefusedError):
        parse_json(body, Address)


def test_a_good_body_is_parsed() -> None:
    assert parse_json(b'{"street": "a", "number": 5}', Address) == Address(street="a", number=5)


def test_keys_that_a_caller_made_up_are_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    @validated
    def free(values: dict[str, int]) -> int:
        return len(values)

    with pytest.raises(InputRefusedError) as refused:
        free({SECRET: "x"})  # type: ignore[dict-item]
    logging.getLogger().warning("%s", refused.value)

    assert SECRET not in str(refused.value) + caplog.text


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_anything_is_either_taken_or_refused(value: Any) -> None:
    try:
        tool("a", tags=value)
    except InputRefusedError:
        return
    assert isinstance(value, list)
    assert all(isinstance(item, str) for item in value)


def test_a_body_with_a_name_twice_is_refused() -> None:
    class Body(BaseModel):
        name: str

    with pytest.raises(InputRefusedError, match="duplicate_name"):
        parse_json(b'{"name": "a", "name": "b"}', Body)
    assert parse_json(b'{"name": "a:b:c"}', Body).name == "a:b:c"
