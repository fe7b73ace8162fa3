"""Runs modules: asks each what it wants to see, hands it the facts, and believes only what `checking` lets pass.

A module that fails costs its own advice and is reported; it never stops the others. Its process ends with its answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Final

from troth.errors import JobError, UsageError
from troth.jobs.recommend.checking import checked
from troth.jobs.recommend.facts import Facts, SourceFile
from troth.jobs.recommend.guarded import Guarded
from troth.jobs.recommend.isolation import Isolation, Limits, python, python_files
from troth.jobs.recommend.module import Reference, loaded
from troth.jobs.recommend.personal import Personal, held
from troth.jobs.recommend.recommendation import Advice, Gap, Recommendation, RecommendationError
from troth.jobs.recommend.wire import describe, read_advice, request

__all__ = ["Failure", "Hosted", "Program", "PythonModule", "Round", "ask"]

_LAST: Final = ("open-issue", "true-sentence")
"""Modules that speak for every finding: they get what the others left, and the rewriting of the policy only where somebody asks for it."""

FILES_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Most text that one module is handed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A module that gave nothing usable: its name, and why."""

    module: str
    because: str


@dataclass(frozen=True, slots=True)
class Round:
    """What all modules said: recommendations and gaps in order of the modules' names, and the modules that failed."""

    advice: tuple[Advice, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def recommendations(self) -> tuple[Recommendation, ...]:
        """What can be done."""
        return tuple(one for one in self.advice if isinstance(one, Recommendation))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing to do more."""
        return tuple(one for one in self.advice if isinstance(one, Gap))


class Hosted:
    """A module in its lane. `controls` and `wants` are what it says of itself; for modules of Troth's own they are read without a process."""

    name: str
    controls: tuple[str, ...]
    wants: tuple[str, ...]

    def exchange(self, content: bytes) -> bytes:
        """One request, one answer.

        Raises:
            RecommendationError: the process failed.
        """
        raise NotImplementedError

    def recommend(self, facts: Facts) -> tuple[Advice, ...]:
        """Advice that holds.

        Raises:
            RecommendationError: the module failed, or one piece of its advice does not hold.
        """
        return tuple(checked(one, facts, self.name) for one in read_advice(self.exchange(request("recommend", facts))))


class PythonModule(Hosted):
    """A module by entry point.

    Args:
        reference: where it is.
        lane: where it runs.
        limits: what it may use.

    Raises:
        RecommendationError: a module of another package, and the lane is not strong enough for it.
    """

    def __init__(self, reference: Reference, lane: Isolation, limits: Limits | None = None) -> None:
        if reference.package and not lane.strong:
            raise RecommendationError("lane", f"The module {reference.name} of {reference.package} runs only in a strong lane.")
        self.name = reference.name
        self._reference, self._lane, self._limits = reference, lane, limits or Limits()

    def exchange(self, content: bytes) -> bytes:
        """See `Hosted`."""
        if isinstance(self._lane, Guarded):
            return self._lane.answer(self._reference, content, self._limits)
        command = [*python(), "-m", "troth.jobs.recommend.runner", self._reference.name, self._reference.target]
        return self._lane.run(command, content, python_files(), self._limits)

    @cached_property
    def _described(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if not self._reference.package:
            own = loaded(self._reference)
            return own.controls, own.wants
        name, controls, wants = describe(self.exchange(request("describe")))
        if name != self.name:
            raise RecommendationError("module-name", f"The module {self.name} calls itself something else.")
        return controls, wants

    @property
    def controls(self) -> tuple[str, ...]:  # type: ignore[override]
        """Controls whose findings it mends."""
        return self._described[0]

    @property
    def wants(self) -> tuple[str, ...]:  # type: ignore[override]
        """Globs of the files that it wants to see."""
        return self._described[1]


class Program(Hosted):
    """A module in another language: an executable that speaks `wire`.

    Args:
        path: the executable; it sees its own folder and the system's libraries, read-only.
        lane: where it runs; a strong one.

    Raises:
        RecommendationError: the lane is not strong, or the program does not describe itself.
        UsageError: there is no such file.
    """

    def __init__(self, path: Path, lane: Isolation, limits: Limits | None = None) -> None:
        if not lane.strong:
            raise RecommendationError("lane", "A program of somebody else's runs only in a strong lane.")
        if not path.is_file():
            raise UsageError(f"there is no module {path}")
        self._path, self._lane, self._limits = path.resolve(), lane, limits or Limits()
        self.name, self.controls, self.wants = describe(self.exchange(request("describe")))

    def exchange(self, content: bytes) -> bytes:
        """See `Hosted`."""
        return self._lane.run([str(self._path)], content, (self._path.parent,), self._limits)


Read = Callable[[str], SourceFile | None]
"""Gives a file of the tree by path, or None where it is no text that can be edited."""


def ask(modules: Sequence[Hosted], facts: Facts, read: Read, *, workers: int = 2, personal: Personal = Personal.REDACT) -> Round:
    """Ask every module that has something to say about the complaints.

    Args:
        modules: in any order; the answer does not depend on it.
        facts: complaints, paths, commits; files are read as modules want them.
        read: gives files.
        workers: how many processes run at once.
        personal: what happens to personal data in what modules say.
    """
    ordered = sorted(modules, key=lambda one: (one.name in _LAST, one.name))
    early = [one for one in ordered if one.name not in _LAST]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        told = list(pool.map(lambda one: _asked(one, facts, read, personal), early))
    mended = {name for advice, _ in told for one in advice if isinstance(one, Recommendation) for name in one.mends}
    rest = replace(facts, complaints=tuple(one for one in facts.complaints if one.fingerprint not in mended))
    told += [_asked(one, rest, read, personal) for one in ordered if one.name in _LAST]
    return Round(
        tuple(one for advice, _ in told for one in advice), tuple(failure for _, failure in told if failure is not None)
    )


def _asked(module: Hosted, facts: Facts, read: Read, personal: Personal) -> tuple[tuple[Advice, ...], Failure | None]:
    try:
        complaints = tuple(one for one in facts.complaints if "*" in module.controls or one.control in module.controls)
        if not complaints:
            return (), None
        given = _given(module.wants, complaints_paths(complaints), facts, read)
        told = module.recommend(replace(facts, complaints=complaints, files=given))
        return tuple(held(one, personal) for one in told), None
    except JobError as error:
        return (), Failure(module.name, str(error))


def complaints_paths(complaints: Iterable[object]) -> frozenset[str]:
    """Paths of the policies that complaints quote: always shown, as evidence."""
    return frozenset(str(getattr(one, "policy", "")) for one in complaints)


def _given(wants: tuple[str, ...], always: frozenset[str], facts: Facts, read: Read) -> dict[str, SourceFile]:
    """Texts of the files that match, within the limit; the whole of none is cut."""
    found: dict[str, SourceFile] = {}
    left = FILES_LIMIT_BYTES
    plain = [re.escape(want) for want in wants if not set("*?[") & set(want)]
    globs = [want for want in wants if set("*?[") & set(want)]
    exact = re.compile("|".join(plain)) if plain else None
    for path, mode in facts.paths.items():
        wanted = path in always or (exact is not None and exact.fullmatch(path)) or any(fnmatchcase(path, want) for want in globs)
        if not wanted or not mode.startswith("100"):
            continue
        file = read(path)
        if file is not None and len(file.text) <= left:
            found[path] = file
            left -= len(file.text)
    return found
