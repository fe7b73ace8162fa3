"""Reads manifests and lock files into `Dependencies`. No build tool is run, nothing is resolved, nothing is fetched.

One file a family of formats; each parser takes text and says what it found, or raises `DocumentError` with a line.
"""

from troth.engines.dependencies.ages import look_ages
from troth.engines.dependencies.look import look

__all__ = ["look", "look_ages"]
