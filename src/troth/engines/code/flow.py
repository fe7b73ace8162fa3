"""Local data flow: whether an expression may hold what a source gave, inside of one function and the names around it.

Not ordered and not across functions: a name holds what any of its assignments gave it. Conversions that leave no text (`int`, `len`, comparisons), quoting and
look-ups in a table by such a value end the flow.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from troth.engines.code.module import Module
from troth.engines.code.scopes import Element, Parameter, Scope

__all__ = ["MODEL_MODULES", "MODEL_WORDS", "OUTSIDE_FORMS", "OUTSIDE_WORDS", "SECRET_WORDS", "holds", "is_model_output", "is_secret", "is_untrusted"]

MODEL_MODULES: Final = frozenset((
    "openai", "anthropic", "litellm", "langchain", "langchain_openai", "langchain_anthropic", "langchain_core", "langchain_community", "llama_index", "ollama",
    "cohere", "vllm", "google", "genai", "replicate", "transformers", "llama_cpp", "mlx_lm", "guidance", "dspy",
))  # fmt: skip
"""Modules of which a file imports one where it asks a language model."""
MODEL_WORDS: Final = (
    b".create(", b"completion", b"generate_content", b"ollama", b"invoke(", b"predict(", b"complete(", b"chat(", b"generate(", b"pipeline", b"replicate", b".parse(",
    b"call_as_llm", b"create)", b"create,",
)  # fmt: skip
"""Strings of which a file holds one where it asks a language model."""
OUTSIDE_WORDS: Final = (
    b"flask", b"quart", b"bottle", b"fastapi", b"starlette", b"django", b"aiohttp", b"sys.argv", b"import requests", b"requests.", b"from requests", b"httpx", b"urlopen",
    b" input(", b"(input(", b"=input(", b"{input(", b",input(", b"[input(", b"\ninput(",
    b"streamlit", b"sys.stdin", b"click.prompt",
)  # fmt: skip
"""Strings of which a file holds one where text comes from outside."""
OUTSIDE_FORMS: Final = (
    rb"import[^\n]*\brequest\b", rb"flask\.request", rb"[:\[]\s*[\w.]*Request\b", rb"input(?<![\w.]input)\(", rb"requests\.(?:get|post|Session)\b", rb"from\s+(?:requests|httpx)",
    rb"httpx\.(?:get|post)\b", rb"urlopen\b", rb"sys\.argv", rb"import[^\n]*\bargv\b", rb"requests\s+as\s", rb"httpx\s+as\s", rb"streamlit", rb"sys\.stdin", rb"click\.prompt", rb"@\w+\.(?:get|post|put|patch|route|websocket|api_route)\(",
)  # fmt: skip
"""Expressions of which a file matches one where text comes from outside."""
SECRET_WORDS: Final = (b"environ", b"getenv")
"""Strings of which a file holds one where it reads its environment."""

Source = Callable[[ast.expr, Scope, Module], bool]
_CLEAN: Final = frozenset((
    "builtins.int", "?.isdigit", "ast.literal_eval", "shlex.quote", "html.escape", "hashlib.sha256", "builtins.print",
))  # fmt: skip
_CLEAN_NAMES: Final = frozenset(("int", "float", "bool", "len", "hash", "isinstance", "type", "sum", "id"))
_MODEL_ENDS: Final = (
    ".chat.completions.create", ".responses.create", ".messages.create", ".completions.create", ".generate_content",
    ".chat.completions.parse", ".beta.chat.completions.parse",
)  # fmt: skip
_MODEL_CALLS: Final = frozenset((
    "litellm.completion", "litellm.acompletion", "ollama.chat", "ollama.generate", "openai.ChatCompletion.create", "openai.Completion.create",
    "transformers.pipeline()", "cohere.Client().chat", "cohere.Client().generate", "replicate.run",
))  # fmt: skip
_MODEL_METHODS: Final = frozenset(("invoke", "ainvoke", "predict", "complete", "chat", "generate", "apredict", "call_as_llm"))
_MODEL_LIBRARIES: Final = ("langchain", "llama_index.", "transformers.", "vllm.", "llama_cpp.", "mlx_lm.", "guidance.", "dspy.")
_UNTRUSTED: Final = (
    "flask.request", "quart.request", "bottle.request", "fastapi.Request()", "starlette.requests.Request()", "django.http.HttpRequest()",
    "aiohttp.web.Request()", "sys.argv",
)  # fmt: skip
_UNTRUSTED_CALLS: Final = frozenset((
    "streamlit.text_input", "streamlit.chat_input", "streamlit.text_area", "sys.stdin.read", "sys.stdin.readline", "click.prompt",
    "builtins.input", "requests.get", "requests.post", "httpx.get", "httpx.post", "urllib.request.urlopen", "requests.Session().get",
))  # fmt: skip
_ROUTES: Final = frozenset(("get", "post", "put", "patch", "route", "websocket", "api_route"))
_ENVIRONMENT: Final = frozenset(("os.getenv", "os.environ.get"))
_SECRET_NAMES: Final = ("SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY", "TOKEN", "CREDENTIAL")
_DEPTH: Final = 24


def holds(node: ast.expr | None, scope: Scope, module: Module, source: Source, depth: int = 0) -> bool:
    """Whether an expression may hold what `source` gave."""
    if node is None or depth > _DEPTH:
        return False
    if source(node, scope, module):
        return True
    if isinstance(node, ast.Name):
        return _bound(node.id, scope, module, source, depth)
    if isinstance(node, ast.Call):
        return _through(node, scope, module, source, depth)
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return holds(node.value, scope, module, source, depth + 1)
    if isinstance(node, (ast.Compare, ast.Lambda)):
        return False
    return any(
        holds(child, scope, module, source, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    )


def _bound(name: str, scope: Scope, module: Module, source: Source, depth: int) -> bool:
    found = scope.find(name)
    if found is None:
        return False
    for binding in found[0][:16]:
        value = binding.value if isinstance(binding, Element) else binding
        if isinstance(value, ast.expr) and holds(value, found[1], module, source, depth + 3):
            return True
    return False


def _through(node: ast.Call, scope: Scope, module: Module, source: Source, depth: int) -> bool:
    names = module.names(node.func, scope)
    plain = node.func.id if isinstance(node.func, ast.Name) else ""
    if names & _CLEAN or plain in _CLEAN_NAMES:
        return False
    if isinstance(node.func, ast.Attribute) and holds(node.func.value, scope, module, source, depth + 1):
        return node.func.attr not in ("isdigit", "startswith", "endswith", "count", "index", "isalnum")
    given = (*node.args, *(item.value for item in node.keywords))
    return any(holds(item, scope, module, source, depth + 1) for item in given)


def is_model_output(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A call that asks a language model."""
    if not isinstance(node, ast.Call):
        return False
    for name in module.names(node.func, scope):
        if name.endswith(_MODEL_ENDS) or name in _MODEL_CALLS:
            return True
        start, _, method = name.rpartition(".")
        if method in _MODEL_METHODS and start.startswith(_MODEL_LIBRARIES):
            return True
        if name == "?.generate" and isinstance(node.func, ast.Attribute) and _speaks_of_model(node.func.value):
            return True
    return False


def _speaks_of_model(node: ast.expr) -> bool:
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return word.lower() in ("llm", "model", "chat_model", "language_model")


def is_untrusted(node: ast.expr, scope: Scope, module: Module) -> bool:
    """Text from outside: a request, a page, the terminal."""
    if isinstance(node, ast.Call):
        return bool(module.names(node.func, scope) & _UNTRUSTED_CALLS)
    if isinstance(node, ast.Name) and _of_route(node, scope):
        return True
    if isinstance(node, (ast.Name, ast.Attribute)):
        return any(name.startswith(_UNTRUSTED) for name in module.names(node, scope))
    return False


def _of_route(node: ast.Name, scope: Scope) -> bool:
    """A parameter of a function that a web framework calls with what a request holds; what it injects itself (`Depends`) is none."""
    found = scope.find(node.id)
    binding = found[0][0] if found is not None and len(found[0]) == 1 else None
    if not isinstance(binding, Parameter) or isinstance(binding.function.node, ast.Lambda) or isinstance(binding.default, ast.Call):
        return False
    marks = (item.func for item in binding.function.node.decorator_list if isinstance(item, ast.Call))
    return any(isinstance(mark, ast.Attribute) and mark.attr in _ROUTES for mark in marks)


def is_secret(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A value from an environment variable whose name says that it is secret."""
    key: ast.expr | None = None
    if isinstance(node, ast.Call) and module.names(node.func, scope) & _ENVIRONMENT:
        key = node.args[0] if node.args else None
    elif isinstance(node, ast.Subscript) and "os.environ" in module.names(node.value, scope):
        key = node.slice
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return False
    return any(word in key.value.upper() for word in _SECRET_NAMES)
