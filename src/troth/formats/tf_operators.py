"""TensorFlow operators that only compute: a list that `tools/allowlists/tf_operators.py` writes from the op registry of a release."""

from __future__ import annotations

import os
from functools import cache

__all__ = ["operators"]


@cache
def operators() -> frozenset[str]:
    """Names of operators; readers and writers of files, Python calls, sockets and datasets are absent."""
    path = os.path.join(os.path.dirname(__file__), "pickle", "lists", "tensorflow.operators")
    with open(path, encoding="ascii") as file:
        return frozenset(line.strip() for line in file if line.strip() and not line.startswith("#"))
