"""Gives verifiers the facts that their signatures name, asking each engine at most once.

An engine is a function: its parameters' types are the facts that it stands on, its return type is the fact that it gives.
What an engine cannot see is remembered as a `LookError` and becomes `Unknown` for every promise that needed it. An engine that fails in a way
that it did not foresee (a stranger's file) is turned into a `LookError` too: it may cost a verdict, never the run, and never silence.

This module does not know any engine; `app` hands them in.
"""

from __future__ import annotations

import inspect
import time
import typing
from collections.abc import Callable, Iterable

from troth.check.deferred import Deferred
from troth.errors import CatalogueError, LookError, NotAskedError, TrothError
from troth.terms.result import EngineRun

__all__ = ["Engine", "Looks", "signature_of"]

Engine = Callable[..., object]


def signature_of(function: Callable[..., object]) -> tuple[dict[str, type], type]:
    """Parameter types by name, and the return type.

    Raises:
        CatalogueError: a parameter or the result has no type.
    """
    if isinstance(function, Deferred):
        function = function.resolved
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise CatalogueError(
            f"{function.__module__}: a type of {function.__qualname__} cannot be resolved: {error}"
        ) from error
    wanted = {name: hints.get(name) for name in inspect.signature(function).parameters}
    result = hints.get("return")
    if result is None or None in wanted.values():
        raise CatalogueError(
            f"{function.__module__}.{function.__qualname__} needs a type for every parameter and its result"
        )
    return typing.cast("dict[str, type]", wanted), typing.cast("type", result)


class Looks:
    """Facts by type, looked for once.

    Args:
        engines: the engines; two for one fact are a `CatalogueError`.
        given: facts that are known already.
    """

    def __init__(self, engines: Iterable[Engine], given: Iterable[object] = ()) -> None:
        self._all = tuple(engines)
        self._given = tuple(given)
        self._engines: dict[type, Engine] = {}
        for engine in self._all:
            _, fact = signature_of(engine)
            if fact in self._engines:
                raise CatalogueError(f"two engines give {fact.__name__}")
            self._engines[fact] = engine
        self._facts: dict[type, object] = {type(fact): fact for fact in self._given}
        self._failed: dict[type, LookError] = {}
        self._pending: list[type] = []
        self.runs: list[EngineRun] = []

    def knows(self, fact: type) -> bool:
        """Whether somebody can give this fact."""
        return fact in self._facts or fact in self._engines

    def give(self, fact: object) -> None:
        """Add a fact that has become known."""
        self._given = (*self._given, fact)
        self._facts[type(fact)] = fact

    def anew(self, *facts: object) -> Looks:
        """The same engines, nothing looked at yet, with what was given before and `facts` in the place of what they are of."""
        return Looks(self._all, (*self._given, *facts))

    def get(self, fact: type) -> object:
        """The fact of this type.

        Raises:
            LookError: its engine, or one that it stands on, could not see.
            CatalogueError: no engine gives it, or engines wait for each other.
        """
        if fact in self._facts:
            return self._facts[fact]
        if fact in self._failed:
            raise self._failed[fact]
        if fact not in self._engines:
            raise CatalogueError(f"no engine gives {fact.__name__}")
        if fact in self._pending:
            raise CatalogueError(f"engines wait for each other: {', '.join(each.__name__ for each in self._pending)}")
        self._pending.append(fact)
        try:
            return self._look(fact)
        finally:
            self._pending.pop()

    def _look(self, fact: type) -> object:
        engine = self._engines[fact]
        wanted, _ = signature_of(engine)
        try:
            facts = {name: self.get(kind) for name, kind in wanted.items()}
        except LookError as error:
            self._failed[fact] = error
            raise
        begun = time.perf_counter()
        try:
            found = engine(**facts)
        except LookError as error:
            raise self._fail(fact, error, begun) from error
        except TrothError:
            raise
        except Exception as error:
            unforeseen = LookError(
                "an engine that can read this repository",
                f"The engine for {fact.__name__} failed in a way that it did not foresee ({type(error).__name__}).",
            )
            raise self._fail(fact, unforeseen, begun) from error
        self._facts[fact] = found
        self.runs.append(EngineRun(fact.__name__, True, "", time.perf_counter() - begun))
        return found

    def _fail(self, fact: type, error: LookError, begun: float) -> LookError:
        self._failed[fact] = error
        self.runs.append(EngineRun(fact.__name__, isinstance(error, NotAskedError), error.because, time.perf_counter() - begun))
        return error
