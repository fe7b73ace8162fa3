"""Dotted names in settings that a loader would import and call: what they must not reach, by whatever road.

A loader follows a dotted name through modules and their attributes, so that `torch.hub.os.system` is `os.system`: a name is judged by all its parts, not by its root.
"""

from __future__ import annotations

import re
import sys
from typing import Final

__all__ = ["plain_call", "reaches"]

_PARTS: Final = frozenset(
    ["os", "sys", "subprocess", "builtins", "importlib", "shutil", "posix", "nt", "pickle", "marshal", "ctypes", "runpy", "pty", "pdb", "socket", "functools", "operator", "inspect", "tempfile", "urllib", "http", "multiprocessing", "threading", "asyncio", "signal", "webbrowser", "pathlib", "pkgutil", "itertools", "warnings", "glob", "zipfile", "tarfile", "atexit", "contextlib", "types", "gc", "weakref", "codecs", "cloudpickle", "dill", "joblib", "yaml"]
)
"""Modules that other modules hold as attributes, and that no part of a model has as a name of its own."""
_CALLS: Final = re.compile(
    r"(?:(?:os|posix|nt)\.(?:system|popen|exec\w*|spawn\w*|remove|unlink|rmdir|removedirs|rename|kill|fork\w*|startfile)|subprocess\.[A-Za-z]\w*|(?:builtins|__builtin__)\.(?:eval|exec|compile|__import__|open|getattr|setattr)|"
    r"shutil\.(?:rmtree|move|copy\w*|chown)|runpy\.\w+|importlib\.import_module|pty\.spawn|ctypes\.\w+|socket\.\w+|(?:pickle|marshal|dill|cloudpickle)\.loads?)\Z"
)
_EXPRESSION: Final = re.compile(r"\$.*(?:\bos\.(?:system|popen|exec|spawn|remove)|\bsubprocess\b|\b(?:eval|exec|compile|__import__)\s*\(|__\w+__)", re.DOTALL)


def reaches(name: str) -> bool:
    """Whether a dotted name begins in Python's own library, or leads through a module to one that is no part of a model."""
    root, *inner = name.split(".")
    return root in sys.stdlib_module_names or any(part in _PARTS or part.startswith("__") for part in inner)


def plain_call(text: str) -> bool:
    """Whether a whole text is the name of something that runs, loads or removes (`os.system`), or an expression of a bundle (`$...`) that does."""
    return _CALLS.match(text) is not None or (text[:1] == "$" and _EXPRESSION.match(text) is not None)
