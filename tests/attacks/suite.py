"""What a class of attacks is: attacks that must not succeed, and benign twins that must not be refused.

An attack is a function of a place (an empty directory of its own) that answers whether it succeeded; a twin answers whether it worked. Standard library only, so that
the suites run under any Python and any user: see `python -m tests.attacks`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Attack = Callable[[Path], bool]


@dataclass
class Suite:
    """One class of attacks.

    Attributes:
        name: of the class.
        attacks: name -> whether it succeeded.
        twins: name -> whether it worked.
        skipped: reason, where this machine cannot show anything about the class.
    """

    name: str
    attacks: dict[str, Attack] = field(default_factory=dict)
    twins: dict[str, Attack] = field(default_factory=dict)
    skipped: str = ""

    def attack(self, name: str) -> Callable[[Attack], Attack]:
        """Register an attack."""
        return self._register(self.attacks, name)

    def twin(self, name: str) -> Callable[[Attack], Attack]:
        """Register a benign twin."""
        return self._register(self.twins, name)

    @staticmethod
    def _register(where: dict[str, Attack], name: str) -> Callable[[Attack], Attack]:
        if name in where:
            raise ValueError(f"two cases are named {name}")

        def keep(case: Attack) -> Attack:
            where[name] = case
            return case

        return keep


@contextmanager
def place() -> Iterator[Path]:
    """An empty directory for one case."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        os.chmod(folder, 0o700)
        yield Path(folder).resolve()


def run(suite: Suite) -> tuple[list[str], list[str], float]:
    """Run everything.

    Returns:
        Attacks that succeeded, twins that were refused, seconds.
    """
    begun = time.monotonic()
    succeeded, refused = [], []
    for name, case in suite.attacks.items():
        with place() as folder:
            if case(folder):
                succeeded.append(name)
    for name, case in suite.twins.items():
        with place() as folder:
            try:
                worked = case(folder)
            except Exception as error:
                refused.append(f"{name}: {type(error).__name__}: {error}"[:200])
                continue
            if not worked:
                refused.append(name)
    return succeeded, refused, time.monotonic() - begun
