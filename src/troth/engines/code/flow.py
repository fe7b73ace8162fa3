"""Local data flow: whether an expression may hold what a source gave, inside of one file.

Not ordered: a name holds what any of its assignments gave it. A function of the file gives what its `return`s hold, and a parameter holds what its callers in the file give. Conversions that leave no text (`int`, `len`, comparisons), quoting,
look-ups in a table by such a value, and a test against a fixed list end the flow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from troth.engines.code.guards import guarded, tests
from troth.engines.code.module import Module
from troth.engines.code.scopes import Element, Parameter, Scope
from troth.engines.code.site import Site
from troth.engines.code.states import handed_in_state
from troth.engines.code.worth import position_of

__all__ = ["OUTSIDE_FORMS", "OUTSIDE_WORDS", "SECRET_ENDS", "SECRET_WORDS", "holds", "is_secret", "is_untrusted", "named_secret"]

_OUTSIDE: Final = (
    "user_input", "user_text", "user_message", "user_prompt", "user_query", "user_question", "user_content", "user_supplied", "user_data", "user_request", "untrusted", "untrusted_input", "untrusted_text",
    "untrusted_content", "untrusted_data", "web_page", "web_text", "web_content", "web_data", "page_text", "page_content", "page_html", "page_body", "email_text", "email_content", "email_body", "mail_text", "mail_body",
    "scraped_text", "scraped_content", "scraped_html", "fetched_text", "fetched_content", "fetched_page", "retrieved_text", "retrieved_content", "retrieved_document", "external_text", "external_content", "external_data",
    "html_content", "webpage", "webpage_text", "webpage_content",
)  # fmt: skip
"""Names of parameters that say that a user, a page or a mail wrote what they hold."""
OUTSIDE_WORDS: Final = (
    b"flask", b"quart", b"bottle", b"fastapi", b"starlette", b"django", b"aiohttp", b"sys.argv", b"import requests", b"requests.", b"from requests", b"httpx", b"urlopen",
    b" input(", b"(input(", b"=input(", b"{input(", b",input(", b"[input(", b"\ninput(",
    b"streamlit", b"sys.stdin", b"click.prompt",
    *(name.encode() for name in _OUTSIDE),
)  # fmt: skip
"""Strings of which a file holds one where text comes from outside."""
OUTSIDE_FORMS: Final = (
    *(name.encode() + rb"\s*[,:=)]" for name in _OUTSIDE),
    rb"import[^\n]*\brequest\b", rb"flask\.request", rb"[:\[]\s*[\w.]*Request\s*[,)=\]|\n]", rb"input(?<![\w.]input)\(", rb"requests\.(?:get|post|Session)\b", rb"from\s+(?:requests|httpx)",
    rb"httpx\.(?:get|post)\b(?!`)", rb"urlopen\b", rb"sys\.argv", rb"import[^\n]*\bargv\b", rb"requests\s+as\s", rb"httpx\s+as\s", rb"streamlit", rb"sys\.stdin", rb"click\.prompt", rb"@\w+\.(?:get|post|put|patch|route|websocket|api_route)\(",
)  # fmt: skip
"""Expressions of which a file matches one where text comes from outside."""
SECRET_ENDS: Final = (
    b"password", b"passwd", b"passphrase", b"secret", b"api_key", b"apikey", b"access_key", b"private_key", b"secret_key", b"access_token", b"auth_token", b"api_token", b"bearer_token", b"refresh_token", b"credentials",
    b"PASSWORD", b"SECRET", b"_KEY", b"ACCESS_TOKEN", b"AUTH_TOKEN", b"API_TOKEN", b"CREDENTIALS",
)  # fmt: skip
"""Ends of names of variables that hold secrets."""
SECRET_WORDS: Final = (
    b"environ", b"getenv", b"get_password", b"getpass", b"get_secret", b"secret_version", b"secrets.get",
    *(name + end for name in SECRET_ENDS for end in (b"}", b" +")),
)
"""Strings of which a file holds one where it holds a secret."""

Source = Callable[[ast.expr, Scope, Module], bool]
_CLEAN: Final = frozenset((
    "builtins.int", "?.isdigit", "ast.literal_eval", "shlex.quote", "html.escape", "hashlib.sha256", "builtins.print",
))  # fmt: skip
_CLEAN_NAMES: Final = frozenset(("int", "float", "bool", "len", "hash", "isinstance", "type", "sum", "id"))
_UNTRUSTED: Final = (
    "flask.request", "quart.request", "bottle.request", "fastapi.Request()", "starlette.requests.Request()", "django.http.HttpRequest()",
    "aiohttp.web.Request()", "sys.argv",
)  # fmt: skip
_UNTRUSTED_CALLS: Final = frozenset((
    "streamlit.text_input", "streamlit.chat_input", "streamlit.text_area", "sys.stdin.read", "sys.stdin.readline", "click.prompt",
    "sys.stdin.readlines", "streamlit.file_uploader", "builtins.input", "requests.get", "requests.request", "requests.Session().post", "httpx.Client().get", "httpx.AsyncClient().get", "aiohttp.ClientSession().get", "requests.post", "httpx.get", "httpx.post", "urllib.request.urlopen", "requests.Session().get",
))  # fmt: skip
_ROUTES: Final = frozenset(("get", "post", "put", "patch", "route", "websocket", "api_route"))
_PARTS_OF_REQUESTS: Final = frozenset(("Form", "Query", "Body", "Path", "Header", "Cookie", "File"))
_STORES: Final = ("keyring.get_password", "getpass.getpass", ".get_secret_value", "().access_secret_version", ".get_secret", ".get_parameter_secret", "dbutils.secrets.get")
"""What gives out of a store of secrets."""
_ENVIRONMENT: Final = frozenset(("os.getenv", "os.environ.get"))
_SECRET_NAMES: Final = ("SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY", "TOKEN", "CREDENTIAL", "DATABASE_URL", "DB_URL", "CONNECTION_STRING", "DSN")
_NO_SECRET: Final = re.compile(r"(?i)max_?(?:\w+_)?tokens?|tokens?_?(?:limit|count|budget)|tokenizer|token_?(?:type|length)|public_key")
_SECRET_NAME: Final = re.compile(r"(?i)(?:^|_)(?:password|passwd|passphrase|secret|secret_key|api_?key|access_?key|private_?key|credentials?|(?:access|auth|api|bearer|refresh|session)_token|connection_string)\Z")
"""Names of variables and fields that hold a secret."""
_TELLING: Final = frozenset(("isdigit", "startswith", "endswith", "count", "index", "isalnum", "find"))
"""Methods whose result says something about a text, and holds none of it."""
_DEPTH: Final = 90
_MOST: Final = 16



@dataclass(slots=True)
class _Search:
    """One question: what is looked for, where, and what was looked at already. Nothing is looked at twice, so that loops of names end and the work is bounded."""

    module: Module
    source: Source
    seen: set[tuple[int, int]]
    across: bool = True
    ends: Source | None = None
    depth: int = 0

    def holds(self, node: ast.expr | None, scope: Scope) -> bool:
        """Whether an expression may hold what the source gave."""
        key = (id(node), id(scope))
        if node is None or key in self.seen or self.depth > _DEPTH:
            return False
        self.seen.add(key)
        self.depth += 1
        found = self.source(node, scope, self.module) or (not (self.ends is not None and self.ends(node, scope, self.module)) and self._parts(node, scope))
        self.depth -= 1
        return found and not guarded(node, scope, self.module.built)

    def _parts(self, node: ast.expr, scope: Scope) -> bool:
        if isinstance(node, ast.Name):
            return self._bound(node.id, scope)
        if isinstance(node, ast.Call):
            return self._through(node, scope)
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            return self.holds(node.value, scope) or self._field(node, scope) or self._stated(node, scope)
        if isinstance(node, (ast.Compare, ast.Lambda)):
            return False
        return any(self.holds(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def _field(self, node: ast.expr, scope: Scope) -> bool:
        """What the methods of a class of this file put into a field."""
        if not self.across or not isinstance(node, ast.Attribute):
            return False
        owner = self.module.owner(node.value, scope)
        held = self.module.built.fields.get(id(owner), {}).get(node.attr, []) if owner is not None else []
        return any(self.holds(value, where) for value, where in held[:_MOST])

    def _bound(self, name: str, scope: Scope) -> bool:
        found = scope.find(name)
        if found is None:
            return False
        bindings, where = found
        for binding in bindings[:_MOST]:
            if isinstance(binding, Parameter) and self._given(binding):
                return True
            value = binding.value if isinstance(binding, Element) else binding
            if isinstance(value, ast.expr) and self.holds(value, where):
                return True
        return any(self.holds(value, inner) for value, inner in self.module.poured(name, where)[:_MOST])

    def _given(self, parameter: Parameter) -> bool:
        """Whether a caller in this file gives a parameter what the source gave."""
        if not self.across:
            return False
        node = parameter.function.node
        position = position_of(parameter)
        if isinstance(node, ast.Lambda):
            return any(self.holds(item, scope) for call, scope in self._dispatched(node) for item in call.args[position : position + 1])
        callers = self.module.calls(f"<here>.{node.name}", f"?.{node.name}", *((f"<here>.{parameter.function.owner.name}().{node.name}",) if parameter.function.owner is not None else ()))
        return any(
            self.holds(item, site.scope) for site in callers for item in _handed(site, position, parameter.name)
        )  # fmt: skip

    def _dispatched(self, node: ast.Lambda) -> Iterator[tuple[ast.Call, Scope]]:
        """Calls of a lambda by its name, or by the table that holds it: `HANDLERS[name](arguments)`."""
        for call, scope in self.module.built.calls:
            asked = call.func.value if isinstance(call.func, ast.Subscript) else call.func
            if isinstance(asked, ast.Call) and isinstance(asked.func, ast.Attribute) and asked.func.attr == "get":
                asked = asked.func.value
            found = scope.find(asked.id) if isinstance(asked, ast.Name) else None
            for item in found[0] if found is not None else ():
                if item is node or (isinstance(item, ast.Dict) and any(value is node for value in item.values)):
                    yield call, scope

    def _stated(self, node: ast.expr, scope: Scope) -> bool:
        """What another step of a graph put into the state that all of them are given."""
        return self.across and any(self.holds(value, where) for value, where in handed_in_state(node, scope, self.module.built)[:_MOST])

    def _functions(self, node: ast.Call, scope: Scope) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Functions of this file that a call may mean: by their name, or as methods of their class."""
        if not self.across:
            return []
        if isinstance(node.func, ast.Name):
            found = scope.find(node.func.id)
            return [item for item in (found[0] if found is not None else []) if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
        owner = self.module.owner(node.func.value, scope) if isinstance(node.func, ast.Attribute) else None
        body = owner.body if owner is not None else []
        return [item for item in body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and isinstance(node.func, ast.Attribute) and item.name == node.func.attr]

    def _through(self, node: ast.Call, scope: Scope) -> bool:
        names = self.module.names(node.func, scope)
        plain = node.func.id if isinstance(node.func, ast.Name) else ""
        if names & _CLEAN or plain in _CLEAN_NAMES:
            return False
        if isinstance(node.func, ast.Attribute) and self.holds(node.func.value, scope):
            return node.func.attr not in _TELLING
        given = [back for function in self._functions(node, scope) for back in self.module.returns(function)]
        if any(self.holds(value, inner) for value, inner in given) or self._stated(node, scope):
            return True
        if given and all(tests(inner, self.module.built) for _, inner in given):  # it tests what it is given, and gives back no more than that
            return False
        return any(self.holds(item, scope) for item in (*node.args, *(item.value for item in node.keywords)))


def _handed(site: Site, position: int, name: str) -> list[ast.expr]:
    """What a caller gives a parameter: by its name, by its place, or somewhere in a table that is handed over with `**`."""
    if name in site.keywords:
        return [site.keywords[name]]
    if 0 <= position < len(site.arguments):
        return [site.arguments[position]]
    return [item.value for item in site.node.keywords if item.arg is None] if site.opaque else []


def holds(node: ast.expr | None, scope: Scope, module: Module, source: Source, *, across: bool = True, ends: Source | None = None) -> bool:
    """Whether an expression may hold what `source` gave; `across`: also by way of other functions and fields of the file; `ends`: expressions that hold nothing of what they are made of."""
    return _Search(module, source, set(), across, ends).holds(node, scope)


def is_untrusted(node: ast.expr, scope: Scope, module: Module) -> bool:
    """Text from outside: a request, a page, the terminal."""
    if isinstance(node, ast.Call):
        return bool(module.names(node.func, scope) & _UNTRUSTED_CALLS)
    if isinstance(node, ast.Name) and (_of_route(node, scope) or _named_for_outside(node, scope)):
        return True
    if isinstance(node, (ast.Name, ast.Attribute)):
        return any(name.startswith(_UNTRUSTED) for name in module.names(node, scope))
    return False


def _of_route(node: ast.Name, scope: Scope) -> bool:
    """A parameter of a function that a web framework calls with what a request holds; what it injects itself (`Depends`) is none."""
    found = scope.find(node.id)
    binding = found[0][0] if found is not None and len(found[0]) == 1 else None
    if not isinstance(binding, Parameter) or isinstance(binding.function.node, ast.Lambda) or (isinstance(binding.default, ast.Call) and not _of_request(binding.default)):
        return False
    marks = (item.func for item in binding.function.node.decorator_list if isinstance(item, ast.Call))
    return any(isinstance(mark, ast.Attribute) and mark.attr in _ROUTES for mark in marks)


def _of_request(default: ast.Call) -> bool:
    """A default that says from which part of the request the parameter comes: `Form(...)`, `fastapi.Query()`."""
    return (default.func.attr if isinstance(default.func, ast.Attribute) else default.func.id if isinstance(default.func, ast.Name) else "") in _PARTS_OF_REQUESTS


def _named_for_outside(node: ast.Name, scope: Scope) -> bool:
    """A parameter whose name says that a user, a page or a mail wrote it."""
    found = scope.find(node.id)
    return found is not None and any(isinstance(item, Parameter) for item in found[0]) and node.id in _OUTSIDE


def named_secret(node: ast.AST) -> bool:
    """A variable or a field whose name says that it holds a secret."""
    return isinstance(node, (ast.Name, ast.Attribute)) and bool(_SECRET_NAME.search(node.attr if isinstance(node, ast.Attribute) else node.id))


def is_secret(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A value from an environment variable whose name says that it is secret, or from a store of secrets."""
    if isinstance(node, ast.Call) and any(name.endswith(_STORES) for name in module.names(node.func, scope)):
        return True
    key: ast.expr | None = None
    if isinstance(node, ast.Call) and module.names(node.func, scope) & _ENVIRONMENT:
        key = node.args[0] if node.args else None
    elif isinstance(node, ast.Subscript) and "os.environ" in module.names(node.value, scope):
        key = node.slice
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return False
    return any(word in key.value.upper() for word in _SECRET_NAMES) and not _NO_SECRET.search(key.value)
