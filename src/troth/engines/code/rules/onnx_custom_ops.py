"""Shared libraries of custom operators: of an ONNX session, of torch and of TensorFlow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_LOADERS = ("torch.ops.load_library", "torch.classes.load_library", "tensorflow.load_op_library", "tensorflow.load_library", "tensorflow.raw_ops.load_op_library")
_SAYS = "A shared library is loaded into the process; its code runs at once."


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(".register_custom_ops_library"):
        if not _own(module, site, site.argument(0)):
            yield Hit(site.line, _SAYS)
    for site in module.calls(*_LOADERS):
        if not _own(module, site, site.argument(0)):
            yield Hit(site.line, _SAYS)


def _own(module: Module, site: Site, node: ast.expr | None, depth: int = 0) -> bool:
    """The library of an installed package: asked of onnxruntime-extensions, or beside this very file."""
    for item in ast.walk(node) if node is not None else ():
        if isinstance(item, ast.Call) and "onnxruntime_extensions.get_library_path" in module.names(item.func, site.scope):
            return True
        if isinstance(item, ast.Name):
            if item.id in ("__file__", "__path__"):
                return True
            found = site.scope.find(item.id) if depth < 4 else None
            if found is not None and any(_own(module, site, value, depth + 1) for value in found[0] if isinstance(value, ast.expr)):
                return True
    return False


RULE = Rule(
    id="onnx-custom-ops",
    title="A shared library of custom operators is loaded",
    why="A library of custom operators is native code beside a model that was taken for data.",
    mend="Use the operators that the runtime ships; else check the library's digest first.",
    severity=Severity.MEDIUM,
    cwe=("CWE-829", "CWE-114"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"register_custom_ops_library", b"load_library", b"load_op_library"),),
    check=_check,
    bad=("import onnxruntime as o\ns = o.SessionOptions()\ns.register_custom_ops_library('x.so')\n",),
    good=("import onnxruntime as o\ns = o.SessionOptions()\ns.add_session_config_entry('a', 'b')\n",),
)
