"""Shared libraries that are loaded by a name which is not written in the file."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_LOADS = ("Library::new", "Library::open", "libloading::library_filename", "Container::load", "DynamicLibrary::open")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.paths(*(name for name in _LOADS if name != "libloading::library_filename")):
        if call.arguments and not file.is_fixed(call.arguments[0]):
            yield Hit(call.line, "Whoever decides the path runs code in this process.")


RULE = Rule(
    id="rust-library-load",
    title="A shared library is loaded by a path that is not fixed",
    why="Its initialisers run before anything of it is called.",
    mend="Load libraries of a folder that only the installer can write to, by fixed names, after a check of their digest.",
    severity=Severity.MEDIUM,
    cwe=("CWE-114", "CWE-829"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0011",),
    needs=((b"libloading", b"dlopen", b"sharedlib"), (b"Library::", b"Container::load")),
    check=_check,
    language="rust",
    bad=("use libloading::Library;\nfn f(p: &str) { unsafe { Library::new(p) }; }\n",),
    good=("use libloading::Library;\nfn f() { unsafe { Library::new(\"libm.so.6\") }; }\n",),
)
