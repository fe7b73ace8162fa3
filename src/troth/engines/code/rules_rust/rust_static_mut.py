"""Variables of the process that any thread may change unseen."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile
from troth.engines.code.grown.syntax import line_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for node in file.nodes:
        if node.type == "static_item" and any(child.type == "mutable_specifier" for child in node.children):
            yield Hit(line_of(node), "Two threads that touch it race, and the compiler does not see it.")


RULE = Rule(
    id="rust-static-mut",
    title="A variable of the process that any thread may change",
    why="A data race is undefined behaviour, whatever the type.",
    mend="Use an atomic, a Mutex, or a OnceLock.",
    severity=Severity.MEDIUM,
    cwe=("CWE-362",),
    owasp=(),
    atlas=(),
    needs=((b"static mut",),),
    check=_check,
    language="rust",
    bad=("static mut COUNT: u32 = 0;\n",),
    good=("static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);\n",),
)
