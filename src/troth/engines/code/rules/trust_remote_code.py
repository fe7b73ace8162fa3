"""trust_remote_code, whatever takes it."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"trust_remote_code[\"']?\]?\s*[=:]\s*(?:True\b|1\b|bool\b[^\n]*=\s*True|not\b|\(|(?!False|None|trust_remote_code|bool)[A-Za-z_]\w*\s*[,)\]}\n]|[^\n,]*\bTrue\b)",))
def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        for line in module.flagged(site, site.keywords.get("trust_remote_code"), lambda value: value is True):
            yield Hit(line, "Python code that comes with the model runs in this process.")


RULE = Rule(
    id="trust-remote-code",
    title="Code that comes with a model is run",
    why="The repository of the model holds Python files, and whoever can push there runs code here.",
    mend="Use a model type that the library has; else vendor the code, and pin the revision to a commit.",
    severity=Severity.HIGH,
    cwe=("CWE-829", "CWE-94"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011"),
    needs=((b"trust_remote_code",),),
    confirm=_CONFIRM,
    check=_check,
    bad=("from transformers import AutoModel\nAutoModel.from_pretrained('x', trust_remote_code=True)\n",),
    good=("from transformers import AutoModel\nAutoModel.from_pretrained('x', trust_remote_code=False)\n",),
)
