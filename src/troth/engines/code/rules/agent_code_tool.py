"""Tools of agents that run code or commands with the rights of the process."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_TOOLS = (
    "PythonREPLTool", "PythonAstREPLTool", "PythonREPL", "ShellTool", "BashProcess", "TerminalTool", "LocalCommandLineCodeExecutor",
    "CodeInterpreterToolSpec", "PandasQueryEngine", "JSONalyzeQueryEngine", "UnsafeCodeInterpreter",
    "LocalJupyterServer", "EmbeddedIPythonCodeExecutor", "IPythonCodeExecutor", "UnsafeLocalCodeExecutor", "LocalShellTool", "PythonTools", "ShellTools", "PolarsQueryEngine",
    "PandasInstructionParser", "create_python_agent", "PythonCodeExecutionTool", "BashTool", "PALChain", "LLMBashChain", "CPALChain", "LLMSymbolicMathChain", "PythonAstREPL", "LocalPythonInterpreter", "SubprocessInterpreter", "PythonInstructionParser",
)  # fmt: skip
_FAMILIES = ("langchain", "llama_index", "autogen", "ag2", "crewai", "smolagents", "pandasai", "haystack", "semantic_kernel", "agno", "phi.", "google.adk", "agents.", "camel", "interpreter")
_FLAGS = ("unsafe_mode", "allow_dangerous_code", "allow_dangerous_requests", "allow_dangerous_tools", "allow_unsafe_code")
_CLASSMETHODS = re.compile(r"\.from_\w+\Z")
_NAMED = frozenset(("terminal", "python_repl", "bash", "shell", "python_repl_ast"))
_WIDE = frozenset(("*", "os", "subprocess", "sys", "shutil", "socket", "importlib", "builtins", "os.*", "posix", "ctypes"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if any(name.startswith(_FAMILIES) and _CLASSMETHODS.sub("", name).rpartition(".")[2] in _TOOLS for name in site.names) and not _asked(module, site):
            yield Hit(site.line, "The model's code or commands run with the rights of this process.")
        for flag in _FLAGS:
            for line in module.flagged(site, site.keywords.get(flag), lambda value: value is True):
                yield Hit(line, f"{flag} lets the model act unasked.")
        if any(name.startswith(_FAMILIES) for name in site.names):
            yield from _arguments(module, site)
    yield from _interpreter(module)


def _asked(module: Module, site: Site) -> bool:
    """A person is asked before it runs."""
    named = site.keywords.get("requires_confirmation_tools")
    return (isinstance(named, (ast.List, ast.Tuple)) and bool(named.elts)) or module.values(site.keywords.get("ask_human_input"), site.scope) == frozenset((True,))


def _arguments(module: Module, site: Site) -> Iterator[Hit]:
    config = site.keywords.get("code_execution_config")
    table = module.table(config, site.scope) if config is not None else None
    if table is not None and module.values(table.get("use_docker"), site.scope) == frozenset((False,)):
        yield Hit(site.line, "Code of the model runs outside of a container.")
    allowed, mode = (module.values(site.keywords.get(name), site.scope) for name in ("allow_code_execution", "code_execution_mode"))
    if allowed == frozenset((True,)) and mode != frozenset(("safe",)):
        yield Hit(site.line, "The agent writes code and runs it.")
    if mode == frozenset(("unsafe",)):
        yield Hit(site.line, "Code of the model runs outside of a container.")
    if module.values(site.keywords.get("sandbox"), site.scope) in (frozenset(("subprocess",)), frozenset(("internal_python",))):
        yield Hit(site.line, "Code of the model runs outside of a container.")
    if _listed(site, site.argument(-1, "additional_authorized_imports", "authorized_imports")) & _WIDE:
        yield Hit(site.line, "The model's code may import anything.")
    if any(name.endswith(".load_tools") for name in site.names) and _listed(site, site.argument(0, "tool_names")) & _NAMED:
        yield Hit(site.line, "One of the tools runs commands or code.")


def _listed(site: Site, node: ast.expr | None) -> frozenset[object]:
    """Constants of a list that is written here, or that a name stands for."""
    found = site.scope.find(node.id) if isinstance(node, ast.Name) else None
    lists = [item for item in found[0] if isinstance(item, ast.expr)] if found is not None else [node]
    return frozenset(item.value for one in lists if isinstance(one, (ast.List, ast.Tuple)) for item in one.elts if isinstance(item, ast.Constant))


def _interpreter(module: Module) -> Iterator[Hit]:
    """Open Interpreter runs what the model writes, and asks before unless told not to."""
    for target, value, scope in module.built.stores:
        on = isinstance(target, ast.Attribute) and target.attr == "auto_run" and module.values(value, scope) == frozenset((True,))
        if on and isinstance(target, ast.Attribute) and any(name.startswith("interpreter") for name in module.names(target.value, scope)):
            yield Hit(target.lineno, "The model's code runs unasked.")


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
        (b"langchain", b"llama_index", b"autogen", b"crewai", b"smolagents", b"pandasai", b"haystack", b"semantic_kernel", b"ag2", b"agno", b"google.adk", b"from agents", b"import agents", b"camel", b"interpreter", b"from phi"),
        tuple(name.encode() for name in (*_TOOLS, *_FLAGS, "load_tools", "use_docker", "code_execution_mode", "allow_code_execution", "authorized_imports", "auto_run", "sandbox=")),
    ),
    modules=frozenset(("crewai_tools", "autogen_ext", "autogen_core", "autogen_agentchat", "ag2", "agno", "phi", "google", "agents", "camel", "interpreter", "langchain_core", "langchain", "langchain_experimental", "langchain_community", "llama_index", "autogen", "crewai", "smolagents", "pandasai", "haystack", "semantic_kernel")),
    check=_check,
    bad=("from langchain_experimental.tools import PythonREPLTool\nPythonREPLTool()\n",),
    good=("from langchain.agents import load_tools\nload_tools(['wikipedia'])\n",),
)
