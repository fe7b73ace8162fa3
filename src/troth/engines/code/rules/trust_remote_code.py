"""trust_remote_code, whatever takes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"DATASETS_TRUST_REMOTE_CODE", rb"--trust[-_]remote[-_]code", rb"trust_remote_code[\"']?\]?\s*[=:]\s*(?:True\b(?!`)|1\b|bool\b[^\n]*=\s*True|not\b|\(|(?!False|None|trust_remote_code|bool)[A-Za-z_]\w*\s*[,)\]}\n]|(?!True`)[^\n,]*\bTrue\b)",))
_SAYS = "Python code that comes with the model runs in this process."
_VARIABLE = "HF_DATASETS_TRUST_REMOTE_CODE"
_ON = frozenset((True, "1", "true", "True", "TRUE", "yes", "on"))
_OPTION = re.compile(r"--trust[-_]remote[-_]code(?:=[Tt]rue)?\Z")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        for line in module.flagged(site, site.keywords.get("trust_remote_code"), lambda value: value is True):
            yield Hit(line, _SAYS)
        for given in site.keywords.values():  # tables that are handed on: model_kwargs={...}
            table = module.table(given, site.scope) if isinstance(given, (ast.Dict, ast.Call, ast.Name)) else None
            for line in module.flagged(site, (table or {}).get("trust_remote_code"), lambda value: value is True):
                yield Hit(line, _SAYS)
    yield from _settings(module)
    yield from _commands(module)


def _settings(module: Module) -> Iterator[Hit]:
    """The switch as a field of a configuration, as a default of a class, and in the environment."""
    for target, value, scope in module.built.stores:
        if isinstance(target, ast.Attribute) and target.attr == "trust_remote_code" and module.values(value, scope) == frozenset((True,)):
            yield Hit(target.lineno, _SAYS)
        key = target.slice.value if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) else target.attr if isinstance(target, ast.Attribute) else None
        if key == _VARIABLE and not (module.values(value, scope) or frozenset((False,))).isdisjoint(_ON):
            yield Hit(target.lineno, _SAYS)
    for site in module.calls("os.environ.setdefault", "os.putenv"):
        given = [module.values(item, site.scope) or frozenset() for item in site.arguments]
        if len(given) == 2 and _VARIABLE in given[0] and not given[1].isdisjoint(_ON):
            yield Hit(site.line, _SAYS)
    for table in module.built.fields.values():
        for default, scope in table.get("trust_remote_code", ()):
            if scope.kind == "class" and module.likely(default, scope) == frozenset((True,)):
                yield Hit(default.lineno, _SAYS)


def _commands(module: Module) -> Iterator[Hit]:
    """The option of a server's command line, written here as one of the words of a list."""
    for site in module.sites:
        for given in site.arguments[:1]:
            words = given.elts if isinstance(given, (ast.List, ast.Tuple)) else ()
            if any(isinstance(word, ast.Constant) and isinstance(word.value, str) and _OPTION.match(word.value) for word in words):
                yield Hit(site.line, _SAYS)


RULE = Rule(
    id="trust-remote-code",
    title="Code that comes with a model is run",
    why="The repository of the model holds Python files, and whoever can push there runs code here.",
    mend="Use a model type that the library has; else vendor the code, and pin the revision to a commit.",
    severity=Severity.HIGH,
    cwe=("CWE-829", "CWE-94"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011"),
    needs=((b"trust_remote_code", b"trust-remote-code", b"TRUST_REMOTE_CODE"),),
    confirm=_CONFIRM,
    check=_check,
    bad=("from transformers import AutoModel\nAutoModel.from_pretrained('x', trust_remote_code=True)\n",),
    good=("from transformers import AutoModel\nAutoModel.from_pretrained('x', trust_remote_code=False)\n",),
)
