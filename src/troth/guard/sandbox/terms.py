"""Words of the sandbox: how much a job may use, what came out, and how strong the walls are."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "Isolation", "SandboxLimits"]


class Isolation(enum.Enum):
    """Which walls must stand; fewer is never taken silently.

    `FULL`: own namespaces (bubblewrap), Landlock, seccomp; the standard library can be read, nothing can be written.
    `SEALED`: Landlock and seccomp without bubblewrap: no call that takes a path at all, so that only modules loaded before can be used.
    """

    FULL = "full"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one job may use.

    Attributes:
        wall_seconds: time until its whole process group is killed.
        cpu_seconds: processor time, rounded up to whole seconds.
        memory_bytes: address space beyond what the empty sandbox uses.
        output_bytes: longest answer, as JSON.
        input_bytes: longest code and payload, as JSON.
    """

    wall_seconds: float = 5.0
    cpu_seconds: float = 5.0
    memory_bytes: int = 256 * 2**20
    output_bytes: int = 1_000_000
    input_bytes: int = 10_000_000

    def __post_init__(self) -> None:
        """Every limit is a limit.

        Raises:
            ValueError: one of them is not above zero.
        """
        for name in self.__slots__:
            if not 0 < getattr(self, name) < 2**40:
                raise ValueError(f"{name} must be above 0 and finite")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a job returned. Everything in it is data from untrusted code.

    Attributes:
        value: JSON data.
        printed: first 64 Ki characters that the code printed.
        cpu_seconds: processor time used.
        memory_bytes: peak resident memory.
    """

    value: Any
    printed: str
    cpu_seconds: float
    memory_bytes: int
