"""Tools of agents that run code or commands with the rights of the process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_TOOLS = (
    "PythonREPLTool", "PythonAstREPLTool", "PythonREPL", "ShellTool", "BashProcess", "TerminalTool", "LocalCommandLineCodeExecutor",
    "CodeInterpreterToolSpec", "PandasQueryEngine", "JSONalyzeQueryEngine", "UnsafeCodeInterpreter",
)  # fmt: skip
_FAMILIES = ("langchain", "llama_index", "autogen", "crewai", "smolagents", "pandasai", "haystack", "semantic_kernel")
_FLAGS = ("unsafe_mode", "allow_dangerous_code", "allow_dangerous_requests", "allow_dangerous_tools")
_NAMED = frozenset(("terminal", "python_repl", "bash", "shell"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if any(name.startswith(_FAMILIES) and name.rpartition(".")[2] in _TOOLS for name in site.names):
            yield Hit(site.line, "The model's code or commands run with the rights of this process.")
        for flag in _FLAGS:
            for line in module.flagged(site, site.keywords.get(flag), lambda value: value is True):
                yield Hit(line, f"{flag} lets the model act unasked.")
        if any(name.startswith(_FAMILIES) for name in site.names):
            yield from _arguments(module, site)


def _arguments(module: Module, site: Site) -> Iterator[Hit]:
    config = site.keywords.get("code_execution_config")
    table = module.table(config, site.scope) if config is not None else None
    if table is not None and module.values(table.get("use_docker"), site.scope) == frozenset((False,)):
        yield Hit(site.line, "Code of the model runs outside of a container.")
    if module.values(site.keywords.get("code_execution_mode"), site.scope) == frozenset(("unsafe",)):
        yield Hit(site.line, "Code of the model runs outside of a container.")
    listed = site.keywords.get("additional_authorized_imports")
    if isinstance(listed, (ast.List, ast.Tuple)) and any(isinstance(item, ast.Constant) and item.value in ("*", "os", "subprocess") for item in listed.elts):
        yield Hit(site.line, "The model's code may import anything.")
    if any(name.endswith(".load_tools") for name in site.names):
        first = site.argument(0, "tool_names")
        if isinstance(first, (ast.List, ast.Tuple)) and any(isinstance(item, ast.Constant) and item.value in _NAMED for item in first.elts):
            yield Hit(site.line, "One of the tools runs commands or code.")


RULE = Rule(
    id="agent-code-tool",
    title="An agent may run code or commands here",
    why="Whatever steers the model, a web page that it reads included, steers the process.",
    mend="Run the tool in a sandbox or container, or take it away.",
    severity=Severity.HIGH,
    cwe=("CWE-94", "CWE-250"),
    owasp=("LLM06:2025", "LLM05:2025"),
    atlas=("AML.T0053", "AML.T0051"),
    needs=(
        (b"langchain", b"llama_index", b"autogen", b"crewai", b"smolagents", b"pandasai", b"haystack", b"semantic_kernel"),
        tuple(name.encode() for name in (*_TOOLS, *_FLAGS, "load_tools", "use_docker", "code_execution_mode", "additional_authorized_imports")),
    ),
    modules=frozenset(("crewai_tools", "langchain", "langchain_experimental", "langchain_community", "llama_index", "autogen", "crewai", "smolagents", "pandasai", "haystack", "semantic_kernel")),
    check=_check,
    bad=("from langchain_experimental.tools import PythonREPLTool\nPythonREPLTool()\n",),
    good=("from langchain.agents import load_tools\nload_tools(['wikipedia'])\n",),
)
