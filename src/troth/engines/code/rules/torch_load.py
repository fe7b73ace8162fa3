"""torch.load that may run code: by its arguments, and by the torch that the project resolves to."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((
    rb"torch\.load\s*\((?!(?:[^()]|\((?:[^()]|\([^()]*\))*\)){0,300}?weights_only=True\s*[,)])", rb"torch\.load\b(?!\s*[(`])", rb"torch\s+as(?<=[ ,]torch as)\s",
    rb"from\s+torch[\w.]*\s+import\s*(?:\([^)]*|[^\n]*)\bload\b", rb"load[\"'](?<=[\"']load.)", rb"import_module\s*\(\s*[\"']torch", rb"__import__\s*\(\s*[\"']torch",
    rb"= torch\s*\n", rb"from\s+torch[\w.]*\s+import\s*\*", rb"torch\.serialization\.load\b", rb"import\s+serialization",
))  # fmt: skip

_NAMES = ("torch.load", "torch.serialization.load")


def _check(module: Module, context: Context) -> Iterator[Hit]:
    for site in module.calls(*_NAMES):
        other = site.argument(2, "pickle_module")
        if other is not None and module.names(other, site.scope) & {"dill", "cloudpickle", "pickle"}:
            yield Hit(site.line, "It unpickles with a module of its own choice, which runs code from the file.")
            continue
        yield from _by_weights_only(module, site, context)


def _by_weights_only(module: Module, site: Site, context: Context) -> Iterator[Hit]:
    asked = site.argument(-1, "weights_only")
    if asked is not None:
        for line in module.flagged(site, asked, lambda value: not value):
            yield Hit(line, "weights_only is off: the file can run code.")
    elif not site.opaque and not context.torch_safe:
        yield Hit(site.line, "weights_only is not asked for, and torch before 2.6 loads everything by default: the file can run code.")


RULE = Rule(
    id="torch-load",
    title="torch.load can run code from the file",
    why="A checkpoint is a pickle. Without weights_only it may name any function, which is called while it loads.",
    mend="Pass weights_only=True, or load safetensors.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=(
        (
            b"torch.load", b"torch as ", b"import *", b"import load\n", b"import load ", b"import load,", b" load,", b" load\n", b" load as", b"\"load\"", b"'load'", b"import_module(", b"__import__(", b"= torch\n", b"serialization",
        ),
    ),
    modules=frozenset(("torch",)),
    confirm=_CONFIRM,
    check=_check,
    bad=("import torch\ntorch.load('a.pt')\n", "from torch import load\nload('a.pt', weights_only=False)\n"),
    good=("import torch\ntorch.load('a.pt', weights_only=True)\n", "import json\njson.load(open('a'))\n"),
)
