"""What a model wrote, run as Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.answers import MODEL_ADDRESSES, MODEL_MODULES, MODEL_WORDS, is_model_output
from troth.engines.code.flow import holds
from troth.engines.code.module import Module, Site
from troth.engines.code.offered import TOOL_MODULES, TOOL_WORDS
from troth.engines.code.rule import Context, Hit, Rule, Severity, bare, matching, named
from troth.engines.code.written import path_key, written_to

__all__ = ["RULE"]

_READERS = ("pandas.eval", "numexpr.evaluate", "sympy.sympify", "sympy.S", "sympy.parsing.sympy_parser.parse_expr", "sympy.parse_expr", "runpy.run_path", "timeit.timeit", "importlib.import_module")
_METHODS = (".run_cell", ".runsource", ".runcode", ".run_code", "pandas.DataFrame().eval", "pandas.read_csv().eval", "pandas.read_csv().query", "pandas.DataFrame().query")
_BOX = re.compile(r"(?i)sandbox|container|docker|e2b|daytona|firecracker|microvm")
_CONFIRM = matching((*named("eval", "exec"), rb"pd\.eval", rb"df\.(?:eval|query)", rb"frame\.(?:eval|query)", rb"pandas\.eval", rb"numexpr", rb"sympy", rb"run_cell", rb"runsource", rb"runcode", rb"runpy", rb"import_module\(\s*(?![\"'])"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("builtins.eval", "builtins.exec"):
        if holds(site.argument(0), site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is run as Python.")
    for site in (*module.calls(*_READERS), *module.ending(*_METHODS)):
        if not _boxed(site) and holds(site.argument(0), site.scope, module, is_model_output):
            yield Hit(site.line, "What the model answered is evaluated.")
    for site in module.calls("runpy.run_path"):
        path = site.argument(0, "path_name")
        key = path_key(path, site.scope) if path is not None else None
        if key is not None and any(holds(value, scope, module, is_model_output) for value, scope in written_to(module.built).get(key, ())):
            yield Hit(site.line, "A file is run that holds what the model answered.")


def _boxed(site: Site) -> bool:
    """A method of something whose name says that it runs code elsewhere."""
    return isinstance(site.node.func, ast.Attribute) and bool(_BOX.search(ast.unparse(site.node.func.value)))


RULE = Rule(
    id="exec-model-output",
    title="The output of a model is run as Python",
    why="A prompt injection becomes code in this process.",
    mend="Parse the answer (JSON, ast.literal_eval), or run it in a sandbox.",
    severity=Severity.HIGH,
    cwe=("CWE-95",),
    owasp=("LLM05:2025",),
    atlas=("AML.T0051", "AML.T0053"),
    needs=((*bare("eval", "exec"), b"builtins.", b"\"eval\"", b"\"exec\"", b"'eval'", b"'exec'", b"pd.eval", b"df.eval", b"df.query", b"pandas.eval", b"frame.eval", b"frame.query", b"numexpr", b"sympy", b"run_cell", b"runsource", b"runcode", b"runpy", b"import_module"), (*MODEL_WORDS, *TOOL_WORDS)),
    confirm=_CONFIRM,
    modules=MODEL_MODULES | TOOL_MODULES,
    instead=MODEL_ADDRESSES,
    check=_check,
    bad=("import litellm\nexec(litellm.completion(model='m', messages=[]).choices[0].message.content)\n",),
    good=("import litellm\nprint(litellm.completion(model='m', messages=[]))\nexec('x = 1')\n",),
)
