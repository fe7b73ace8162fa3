"""What kinds of job there are: the only place from which a job's category, handler, secrets and limits come.

Rules: a job type that is not registered does not exist (deny); a request's opinion about its own category is refused, not ignored; parameters that the type does not
declare are refused; ceilings (time, attempts) belong to the type and a request may only ask for less.

This module knows no handler: it names one, and the executor loads it in a process of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from troth.jobs.refusals import RequestError

if TYPE_CHECKING:
    from troth.jobs.request import JobRequest
    from troth.jobs.strict import Json

__all__ = ["Category", "JobType", "Kind", "Param", "Registry"]

NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+){0,7}")
"""Grammar of a job type's name."""

_PARAM: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Category(IntEnum):
    """How far a job reaches, weakest first. Comparable: `category >= Category.NON_ACTION` needs a permit."""

    OBSERVE = 0
    RECOMMEND = 1
    NON_ACTION = 2
    ACTION = 3


class Kind(Enum):
    """What a parameter is."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    TEXTS = "texts"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a secret
    """Name of a secret that the type declares; never the secret itself."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a job type.

    Attributes:
        kind: what it is.
        required: whether a request must give it.
        longest: most characters of a text (of each, for a list).
        most: most entries of a list.
        pattern: regular expression that a text must match as a whole; "" for any.
        choices: the only values allowed; empty for any.
        lowest: least value of an integer.
        highest: greatest value of an integer.
    """

    kind: Kind
    required: bool = True
    longest: int = 4096
    most: int = 100
    pattern: str = ""
    choices: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 2**31 - 1

    def accepts(self, value: Json, secrets: tuple[str, ...]) -> bool:
        """Whether `value` is one; `secrets` are the names that the job type declares."""
        if self.kind is Kind.FLAG:
            return isinstance(value, bool)
        if self.kind is Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool) and self.lowest <= value <= self.highest
        if self.kind is Kind.SECRET:
            return isinstance(value, str) and value in secrets
        if self.kind is Kind.TEXTS:
            return isinstance(value, list) and len(value) <= self.most and all(self._text(item) for item in value)
        return self._text(value)

    def _text(self, value: Json) -> bool:
        if not isinstance(value, str) or len(value) > self.longest:
            return False
        if self.choices and value not in self.choices:
            return False
        return not self.pattern or re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class JobType:
    """One kind of job.

    Attributes:
        name: its name in requests and permits.
        category: how far it reaches.
        handler: name of the handler that plans and acts.
        params: what a request may and must say.
        timeout_seconds: longest run; a request may ask for less.
        attempts: most tries; more than one only where the handler says that repeating is safe.
        secrets: names of secrets that its handler gets.
        hosts: hosts that its handler may speak with, exact names.
        outbox: kinds of message that it may leave for other systems.
        evidence: least number of pieces of evidence that a request must bring.
    """

    name: str
    category: Category
    handler: str
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    timeout_seconds: int = 60
    attempts: int = 1
    secrets: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    outbox: tuple[str, ...] = ()
    evidence: int = 0

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise RequestError("registry", "A job type has a name that requests cannot say.")
        if not all(_PARAM.fullmatch(name) for name in self.params):
            raise RequestError("registry", f"The job type {self.name} has a parameter with an impossible name.")
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))


class Registry:
    """The job types of one executor.

    Args:
        types: all of them; a name twice is an error.
    """

    __slots__ = ("_types",)

    def __init__(self, types: Iterable[JobType]) -> None:
        listed = tuple(types)
        self._types: Mapping[str, JobType] = MappingProxyType({kind.name: kind for kind in listed})
        if len(self._types) != len(listed):
            raise RequestError("registry", "Two job types have one name.")

    def __iter__(self) -> Iterable[JobType]:
        """All types, by name."""
        return iter(sorted(self._types.values(), key=lambda kind: kind.name))

    def of(self, name: str) -> JobType:
        """The type of this name.

        Raises:
            RequestError: `unregistered`.
        """
        kind = self._types.get(name)
        if kind is None:
            raise RequestError("unregistered", "No such job type is registered with this executor.")
        return kind

    def admit(self, request: JobRequest) -> JobType:
        """The type of a request, after its parameters and limits are held against it.

        Raises:
            RequestError: `unregistered`, `params`, `constraints` or `evidence-missing`.
        """
        kind = self.of(request.type)
        unknown = [name for name in request.params if name not in kind.params]
        missing = [name for name, param in kind.params.items() if param.required and name not in request.params]
        if unknown or missing:
            raise RequestError("params", f"{kind.name} does not take these parameters, or lacks one.")
        for name, value in request.params.items():
            if not kind.params[name].accepts(value, kind.secrets):
                raise RequestError("params", f"The parameter {name} of {kind.name} has a value that it cannot have.")
        asked = request.constraints
        if asked.timeout_seconds > kind.timeout_seconds or asked.attempts > kind.attempts:
            raise RequestError("constraints", f"The request asks for more time or tries than {kind.name} may have.")
        if len(request.evidence) < kind.evidence:
            raise RequestError("evidence-missing", f"{kind.name} needs evidence, and the request brings too little.")
        return kind
