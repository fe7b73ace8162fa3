"""Functions of a file that a model calls: tools of agents and of MCP servers. What such a function is given, a model wrote."""

from __future__ import annotations

import ast
from typing import Final

from troth.engines.code.module import Module
from troth.engines.code.scopes import Parameter, Scope

__all__ = ["TOOL_MODULES", "TOOL_WORDS", "given_by_model"]

_ROOTS: Final = ("langchain", "mcp", "fastmcp", "agents", "smolagents", "crewai", "pydantic_ai", "strands", "agno", "phi", "semantic_kernel", "llama_index", "haystack", "google.adk", "autogen", "langgraph", "qwen_agent")
TOOL_MODULES: Final = frozenset(name.partition(".")[0] for name in _ROOTS) | frozenset(("langchain_core", "crewai_tools", "autogen_core"))
"""Modules of which a file imports one where it offers tools to a model."""
TOOL_WORDS: Final = (b"@tool", b".tool\n", b".tool(", b"@function_tool", b"BaseTool", b"tool_plain", b"kernel_function", b"StructuredTool", b"FunctionTool", b"Tool(")
"""Strings of which a file holds one where it offers tools to a model."""
_MARKS: Final = (".tool", ".tool_plain", ".function_tool", ".kernel_function")
_BASES: Final = (".BaseTool", "smolagents.Tool", "smolagents.tools.Tool", ".StructuredTool")
_RUNS: Final = frozenset(("_run", "_arun", "forward", "call"))
"""Methods of a tool that are called with what the model gave."""
_WRAPS: Final = (
    "langchain.tools.Tool", "langchain.agents.Tool", "langchain_core.tools.Tool", "langchain.tools.StructuredTool.from_function", "langchain_core.tools.StructuredTool.from_function",
    "langchain.tools.Tool.from_function", "langchain_core.tools.Tool.from_function", "llama_index.core.tools.FunctionTool.from_defaults", "llama_index.tools.FunctionTool.from_defaults",
    "autogen_core.tools.FunctionTool", "google.adk.tools.FunctionTool", "mcp.server.fastmcp.FastMCP().add_tool", "fastmcp.FastMCP().add_tool",
)  # fmt: skip
_PLAIN: Final = frozenset(("int", "float", "bool", "date", "datetime", "UUID", "Decimal"))


def given_by_model(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A parameter of a tool: a text, or something that holds texts; no number, no choice from a fixed list, none of the framework's own objects."""
    found = scope.find(node.id) if isinstance(node, ast.Name) else None
    only = found[0][0] if found is not None and found[0] and isinstance(found[0][0], Parameter) else None
    if only is None or only.name in ("self", "cls") or isinstance(only.function.node, ast.Lambda):
        return False
    if module.built.offered is None:
        module.built.offered = _offered(module)
    if id(only.function.node) not in module.built.offered:
        return False
    said = ast.unparse(only.annotation) if only.annotation is not None else ""
    return said not in _PLAIN and "Literal" not in said and not said.rpartition(".")[2].partition("[")[0].endswith(("Context", "CallbackManagerForToolRun"))


def _offered(module: Module) -> set[int]:
    """The `id`s of the functions that are tools: by a mark above them, as a method of a tool's class, or handed to what makes a tool of them."""
    found: set[int] = set()
    for function in module.built.functions:
        node = function.node
        if isinstance(node, ast.Lambda):
            continue
        marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
        names = {name for mark in marks for name in module.names(mark, function.outer)}
        if any(name.endswith(_MARKS) and name.startswith(_ROOTS) for name in names) or (node.name in _RUNS and _is_tool(function.owner, function.outer, module)):
            found.add(id(node))
    for site in module.calls(*_WRAPS):
        given = next((site.keywords[name] for name in ("func", "fn", "coroutine", "function") if name in site.keywords), None) or site.argument(1 if site.names & set(_WRAPS[:3]) else 0)
        known = site.scope.find(given.id) if isinstance(given, ast.Name) else None
        found |= {id(item) for item in (known[0] if known is not None else ()) if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}
    return found


def _is_tool(owner: ast.ClassDef | None, scope: Scope, module: Module) -> bool:
    names = {name for base in (owner.bases if owner is not None else ()) for name in module.names(base, scope)}
    return any(name.endswith(_BASES) and name.startswith(_ROOTS) for name in names)
