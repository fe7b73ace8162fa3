"""Shared libraries that an ONNX session loads."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(".register_custom_ops_library"):
        yield Hit(site.line, "A shared library is loaded into the process; its code runs at once.")


RULE = Rule(
    id="onnx-custom-ops",
    title="An ONNX session loads a shared library",
    why="A library of custom operators is native code beside a model that was taken for data.",
    mend="Use the operators that the runtime ships; else check the library's digest first.",
    severity=Severity.MEDIUM,
    cwe=("CWE-829", "CWE-114"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"register_custom_ops_library",),),
    check=_check,
    bad=("import onnxruntime as o\ns = o.SessionOptions()\ns.register_custom_ops_library('x.so')\n",),
    good=("import onnxruntime as o\ns = o.SessionOptions()\ns.add_session_config_entry('a', 'b')\n",),
)
