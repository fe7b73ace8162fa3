"""How exact a version wish is, in each ecosystem's own language."""

from __future__ import annotations

import re
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from troth.terms.facts.dependencies import Pin

__all__ = ["cargo_pin", "npm_pin", "pypi_pin", "source_pin"]

_COMMIT = re.compile(r"[0-9a-fA-F]{40,64}\Z")
_NPM_EXACT = re.compile(r"[=v ]*\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")
_NPM_ANY: Final = frozenset(("", "*", "x", "X", "latest", "next", "canary", "beta"))
_CARGO_EXACT = re.compile(r"=\s*\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")
_LOCAL = ("file:", "link:", "workspace:", "portal:", "catalog:", "./", "../", "/", "~/")


def pypi_pin(spec: str, *, hashed: bool = False) -> Pin:
    """Pin of a PEP 440 specifier set (without name, extras and marker)."""
    if hashed:
        return Pin.HASH
    if not spec.strip():
        return Pin.NONE
    try:
        parts = list(SpecifierSet(spec))
    except InvalidSpecifier:
        return Pin.NONE
    if any(part.operator == "===" or (part.operator == "==" and not part.version.endswith(".*")) for part in parts):
        return Pin.EXACT
    if any(part.operator in ("==", "~=", "<", "<=") for part in parts):
        return Pin.BOUNDED
    return Pin.OPEN


def npm_pin(spec: str) -> Pin:
    """Pin of an npm version wish."""
    spec = spec.strip()
    if spec.startswith("npm:"):
        spec = spec.rpartition("@")[2]
    if spec.startswith(_LOCAL):
        return Pin.LOCAL
    if "://" in spec or spec.startswith(("git@", "github:")) or re.match(r"[\w.-]+/[\w.-]+(#|\Z)", spec):
        return source_pin(spec)
    if spec in _NPM_ANY:
        return Pin.NONE
    if "||" in spec:  # as exact as its loosest part, and of several exact ones a range
        parts = {npm_pin(part) for part in spec.split("||")}
        return next((pin for pin in (Pin.NONE, Pin.OPEN) if pin in parts), Pin.BOUNDED)
    if _NPM_EXACT.match(spec):
        return Pin.EXACT
    if re.match(r"\s*>=?\s*[\w.+-]+\s*\Z", spec):
        return Pin.OPEN
    return Pin.BOUNDED


def cargo_pin(spec: str) -> Pin:
    """Pin of a Cargo version wish; a bare `1.2` means `^1.2`."""
    spec = spec.strip()
    if spec in ("", "*"):
        return Pin.NONE
    if _CARGO_EXACT.match(spec):
        return Pin.EXACT
    return Pin.OPEN if re.match(r">=?[^,]*\Z", spec) else Pin.BOUNDED


def source_pin(url: str) -> Pin:
    """Pin of a URL: a commit id or a digest in its fragment or ref is exact, a branch or nothing is not."""
    if "sha256=" in url or "sha512=" in url:
        return Pin.HASH
    for separator in ("#", "@"):
        ref = url.rpartition(separator)[2].split("&", 1)[0].removeprefix("commit=")
        if _COMMIT.match(ref):
            return Pin.EXACT
    return Pin.NONE
