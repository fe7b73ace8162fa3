"""The decorator and the error. pydantic does the checking; what it says about values stays inside."""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar, overload

from troth.errors import GuardError
from troth.guard.limits import LimitExceededError, TextLimits

__all__ = ["InputRefusedError", "Problem", "parse_json", "validated"]

P = ParamSpec("P")
R = TypeVar("R")
_PROBLEMS: Final = 20
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}\Z")
_TEXT: Final = TextLimits(bytes_at_most=100_000, run_at_most=100_000, controls="refuse")
_DEPTH: Final = 32
_ITEMS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        where: path to it, of declared names and positions only: what a caller made up is shown as `?`.
        rule: which rule refused it, as pydantic names its errors (`int_type`, `string_too_long`, ...).
    """

    where: str
    rule: str


class InputRefusedError(GuardError):
    """An input does not have the shape that was declared; nothing was done with it.

    Args:
        problems: what is wrong and where; never with a value.
    """

    code = "input-refused"
    help = "Send what the function declares; the message names each place and its rule."

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.where}: {problem.rule}" for problem in problems))
        self.problems = problems


def _pydantic() -> Any:  # noqa: ANN401 - the library is an extra
    try:
        import pydantic
    except ImportError as error:
        raise GuardError('guard.validate needs pydantic (pip install "troth[validate]")') from error
    return pydantic


def _where(location: tuple[int | str, ...], declared: frozenset[str], positions: tuple[str, ...]) -> str:
    parts = []
    if location and isinstance(location[0], int) and location[0] < len(positions):
        location = (positions[location[0]], *location[1:])
    for item in location:
        if isinstance(item, int):
            parts.append(f"[{item}]")
        else:
            known = item in declared and _PLAIN_NAME.match(item)
            parts.append(f".{item}" if known else ".?")
    return "".join(parts).lstrip(".") or "(input)"


def _names(annotation: object, seen: set[int] | None = None) -> set[str]:
    """Names that the program declares somewhere in this annotation: the only ones that an error shows."""
    seen = set() if seen is None else seen
    if id(annotation) in seen:
        return set()
    seen.add(id(annotation))
    found: set[str] = set()
    fields = getattr(annotation, "model_fields", None) or getattr(annotation, "__dataclass_fields__", None)
    if isinstance(fields, dict):
        for name, field in fields.items():
            found |= {name, *filter(None, [getattr(field, "alias", None)])}
            found |= _names(getattr(field, "annotation", None) or getattr(field, "type", None), seen)
    elif isinstance(annotation, type) and hasattr(annotation, "__annotations__"):
        for name, kind in annotation.__annotations__.items():
            found |= {name} | _names(kind, seen)
    for part in getattr(annotation, "__args__", ()):
        found |= _names(part, seen)
    return found


def _bound(value: object, limits: TextLimits, depth: int = 0, budget: list[int] | None = None) -> None:
    """Caps that hold where an annotation has none: text, depth, number of values. Before pydantic sees anything.

    Raises:
        InputRefusedError: over a cap.
    """
    budget = [_ITEMS] if budget is None else budget
    budget[0] -= 1
    if depth > _DEPTH:
        raise InputRefusedError((Problem("(input)", "too_deep"),))
    if budget[0] < 0:
        raise InputRefusedError((Problem("(input)", "too_many_values"),))
    if isinstance(value, dict):
        for key, item in value.items():
            _bound(key, limits, depth + 1, budget)
            _bound(item, limits, depth + 1, budget)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _bound(item, limits, depth + 1, budget)
    else:
        rule = _over(value, limits)
        if rule:
            raise InputRefusedError((Problem("(input)", rule),))


def _over(value: object, limits: TextLimits) -> str:
    """The cap that a single value is over; empty for none."""
    if isinstance(value, str):
        try:
            limits.demand(value)
        except LimitExceededError as error:
            return f"text_{error.limit}"
    if isinstance(value, (bytes, bytearray)) and len(value) > limits.bytes_at_most:
        return "bytes_too_long"
    if isinstance(value, int) and value.bit_length() > 256:
        return "number_too_large"
    return "finite_number" if isinstance(value, float) and not math.isfinite(value) else ""


@overload
def validated(function: Callable[P, R]) -> Callable[P, R]:  # noqa: D418 - the house wants one
    """One of the two forms of the decorator."""


@overload
def validated(*, strict: bool = True, limits: TextLimits = _TEXT) -> Callable[[Callable[P, R]], Callable[P, R]]:  # noqa: D418
    """One of the two forms of the decorator."""


def validated(function: Callable[..., Any] | None = None, *, strict: bool = True, limits: TextLimits = _TEXT) -> Any:
    """Check a function's arguments against its annotations, each time it is called. Works on `async` functions, too.

    Args:
        function: every parameter needs an annotation; `*args` and `**kwargs` are refused, because they let anything in.
        strict: no conversion between types; False takes "1" for 1, as forms and command lines need it.
        limits: for text whose annotation has no limit of its own.

    Raises:
        GuardError: when decorating, a parameter has no annotation, or pydantic is missing.
        InputRefusedError: when called, with what is wrong and where.
    """
    if function is None:
        return functools.partial(validated, strict=strict, limits=limits)
    _demand_annotations(function)
    pydantic = _pydantic()
    config = pydantic.ConfigDict(strict=strict, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
    checked = pydantic.validate_call(config=config)(_signature_only(function))
    positions = tuple(inspect.signature(function).parameters)
    declared = frozenset(inspect.signature(function).parameters) | frozenset(
        name for kind in inspect.get_annotations(function, eval_str=True).values() for name in _names(kind)
    )

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        _bound([*args, kwargs], limits)
        try:
            given: tuple[tuple[Any, ...], dict[str, Any]] = checked(*args, **kwargs)
        except pydantic.ValidationError as error:
            raise _refusal(error, declared, positions) from None
        return given

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the function
            args, kwargs = arguments(args, kwargs)
            return await function(*args, **kwargs)

        return later

    @functools.wraps(function)
    def now(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the function
        args, kwargs = arguments(args, kwargs)
        return function(*args, **kwargs)

    return now


def _demand_annotations(function: Callable[..., Any]) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise GuardError(f"{function.__qualname__} takes *{name}: anything would pass unchecked")
        if parameter.annotation is parameter.empty and name not in ("self", "cls"):
            raise GuardError(
                f"{function.__qualname__}: parameter {name} has no annotation, so nothing would be checked"
            )


def _signature_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """A stand-in with the same signature that gives its checked arguments back, so that the body's own errors are not taken for refusals."""
    signature = inspect.signature(function, eval_str=True)
    annotations = inspect.get_annotations(function, eval_str=True)
    for name in signature.parameters:
        annotations.setdefault(name, Any)
    annotations.pop("return", None)
    positional = [name for name, one in signature.parameters.items() if one.kind is not one.KEYWORD_ONLY]

    def given(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ANN401 - as the function
        left = positional[len(args) :]
        return args, {name: value for name, value in kwargs.items() if name in left or name not in positional}

    given.__signature__ = signature.replace(return_annotation=inspect.Signature.empty)  # type: ignore[attr-defined]
    given.__annotations__ = annotations
    given.__name__, given.__qualname__, given.__module__ = function.__name__, function.__qualname__, function.__module__
    return given


def _refusal(error: Any, declared: frozenset[str], positions: tuple[str, ...] = ()) -> InputRefusedError:  # noqa: ANN401 - pydantic's error
    problems = [
        Problem(_where(item["loc"], declared, positions), str(item["type"])[:60])
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:_PROBLEMS]
    ]
    return InputRefusedError(tuple(dict.fromkeys(problems)))


def parse_json(data: bytes | str, model: type[R], *, bytes_at_most: int = 1_000_000) -> R:
    """Parse the body of a request into a pydantic model, strictly.

    Args:
        data: JSON text.
        model: what it must be.
        bytes_at_most: size, looked at before parsing.

    Raises:
        InputRefusedError: too long, no JSON, or not of the declared shape; without any value.
    """
    pydantic = _pydantic()
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > bytes_at_most:
        raise InputRefusedError((Problem("(input)", "too_long"),))
    try:
        parsed: R = pydantic.TypeAdapter(model).validate_json(raw, strict=True)
    except pydantic.ValidationError as error:
        raise _refusal(error, frozenset(_names(model))) from None
    if raw.count(b":") > 1:
        _demand_names_once(raw)
    return parsed


def _demand_names_once(raw: bytes) -> None:
    """Of two values of one name readers before and behind this one may take different ones."""
    import json

    def once(pairs: list[tuple[str, object]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise InputRefusedError((Problem("(input)", "duplicate_name"),))

    try:
        json.loads(raw, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise InputRefusedError((Problem("(input)", "json_invalid"),)) from None
