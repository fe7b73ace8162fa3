"""The lane of `troth.guard.sandbox`: namespaces, Landlock and seccomp, with the guard's own self-test in every new sandbox. For modules in pure Python.

Nothing of the file system but the standard library can be read in there, so that a module travels with its sources: those of this package, of the terms and judgement that it
may use, of PyYAML, and of the package that brings it. They are imported from memory.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from troth.guard.sandbox import Sandbox, SandboxedCodeError, SandboxError, SandboxLimits
from troth.jobs.recommend.isolation import IsolationError, Limits
from troth.jobs.recommend.module import Reference
from troth.jobs.recommend.recommendation import RecommendationError

__all__ = ["Guarded"]

_ALWAYS: Final = ("troth.jobs.recommend", "troth.terms", "troth.judgement", "yaml")
_SINGLE: Final = ("troth", "troth.errors", "troth.jobs", "troth.jobs.strict")
_MOST_BYTES: Final = 8 * 1024 * 1024

_INSIDE: Final = '''
import importlib.abc, importlib.util, sys

def main(payload):
    sources = payload["modules"]

    class FromMemory(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path, target=None):
            return importlib.util.spec_from_loader(name, self, is_package=sources[name][0]) if name in sources else None

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            exec(compile(sources[module.__name__][1], module.__name__, "exec"), module.__dict__)

    sys.meta_path.insert(0, FromMemory())
    from troth.jobs.recommend.module import Reference
    from troth.jobs.recommend.runner import answer
    return answer(Reference(payload["name"], payload["target"]), payload["request"].encode()).decode()
'''


class Guarded:
    """See the module. The sandbox is made, and proves itself, before the first module runs.

    Raises:
        IsolationError: a wall cannot be raised here.
    """

    name = "guard"
    strong = True

    def __init__(self) -> None:
        try:
            with Sandbox("troth-modules"):
                pass
        except SandboxError as error:
            raise IsolationError("no-sandbox", f"The sandbox's walls cannot be raised: {error}") from error

    def run(self, command: Sequence[str], content: bytes, readable: Sequence[Path], limits: Limits) -> bytes:
        """Refused: this lane runs Python modules, not programs.

        Raises:
            IsolationError: always.
        """
        del command, content, readable, limits
        raise IsolationError("programs", "The guard's sandbox runs modules in Python; programs run in bubblewrap.")

    def answer(self, reference: Reference, content: bytes, limits: Limits) -> bytes:
        """A module's answer to one request, from a sandbox of its own.

        Raises:
            RecommendationError: the module failed, or used too much.
            IsolationError: a wall could not be raised.
        """
        payload = {"modules": _sources(reference.target), "name": reference.name, "target": reference.target, "request": content.decode("ascii")}
        bounds = SandboxLimits(wall_seconds=limits.seconds, cpu_seconds=limits.seconds, memory_bytes=limits.memory_bytes, output_bytes=limits.answer_bytes, input_bytes=32 * 2**20)
        try:
            with Sandbox(f"module-{reference.name}") as sandbox:
                told = sandbox.run(_INSIDE, json.loads(json.dumps(payload)), limits=bounds)
        except SandboxedCodeError as error:
            raise RecommendationError("module-failed", f"The module failed in its sandbox: {str(error)[:200]}") from error
        except SandboxError as error:
            raise IsolationError("no-sandbox", f"The sandbox's walls cannot be raised: {error}") from error
        if not isinstance(told, str):
            raise RecommendationError("answer-form", "The module's answer is no text.")
        return told.encode("utf-8")


@cache
def _sources(target: str) -> dict[str, tuple[bool, str]]:
    """Module name -> (is a package, source)."""
    own = target.partition(":")[0].partition(".")[0]
    found: dict[str, tuple[bool, str]] = {}
    for name in _SINGLE:
        found |= dict(_module(name))
    for name in (*_ALWAYS, *(() if own == "troth" else (own,))):
        found |= dict(_package(name))
    if sum(len(text) for _, text in found.values()) > _MOST_BYTES:
        raise RecommendationError("module-size", "The module's package is too large to travel into the sandbox.")
    return found


def _module(name: str) -> Iterator[tuple[str, tuple[bool, str]]]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise RecommendationError("module-missing", f"The sources of {name} cannot be found.")
    yield name, (spec.submodule_search_locations is not None, Path(spec.origin).read_text(encoding="utf-8"))


def _package(name: str) -> Iterator[tuple[str, tuple[bool, str]]]:
    yield from _module(name)
    spec = importlib.util.find_spec(name)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        root = Path(place)
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            package = parts[-1] == "__init__"
            dotted = ".".join((name, *(parts[:-1] if package else parts)))
            yield dotted, (package, path.read_text(encoding="utf-8"))
