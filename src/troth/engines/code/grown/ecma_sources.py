"""Where values of TypeScript and JavaScript come from: the answer of a language model, a request, a secret of the environment."""

from __future__ import annotations

import re
from typing import Final

from troth.engines.code.grown.ecma import EcmaFile
from troth.engines.code.grown.ecma_scopes import Scope, string_of
from troth.engines.code.grown.syntax import Node, inside, text_of
from troth.engines.code.grown.syntax import field as field_of

__all__ = ["MODEL_WORDS", "REQUEST_WORDS", "from_request", "is_answer", "is_model_output", "is_secret"]

MODEL_WORDS: Final = (
    b"openai", b"anthropic", b"generative-ai", b"@google/genai", b"langchain", b"ollama", b"\"ai\"", b"'ai'", b"@ai-sdk", b"transformers", b"@huggingface", b"replicate", b"cohere", b"mistral", b"groq", b"llamaindex",
    b"/v1/chat", b"/v1/messages", b"/v1/completions", b"/api/generate", b"/api/chat", b"generateContent", b"modelcontextprotocol", b"vertexai", b"bedrock", b"together", b"@mastra", b"genkit", b"portkey",
)  # fmt: skip
"""Strings of which a file holds one where it speaks with a model, or offers it tools."""
REQUEST_WORDS: Final = (b"req.", b"request.", b"ctx.", b"c.req", b"event.", b"process.argv", b"searchParams", b"location.", b"req:", b"fetch(", b"axios", b"req,")
_ENDS: Final = (
    ".chat.completions.create", ".chat.completions.parse", ".responses.create", ".responses.parse", ".messages.create", ".completions.create", ".generateContent", ".generateContentStream", ".createChatCompletion",
    ".createCompletion", ".chat.complete", ".chat.stream", ".messages.stream", ".textGeneration", ".chatCompletion", ".chatCompletionStream", ".models.generateContent", ".invokeModel", ".sendMessage",
    ".useChat", ".useCompletion", ".beta.chat.completions.parse", ".beta.chat.completions.stream",
)  # fmt: skip
_CALLS: Final = frozenset((
    "ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject", "ollama.chat", "ollama.generate", "ai/react.useChat", "ai.useChat", "replicate().run", "@huggingface/transformers.pipeline()()",
    "@xenova/transformers.pipeline()()",
))  # fmt: skip
_LIBRARIES: Final = re.compile(r"^(?:@langchain/|langchain|llamaindex|@llamaindex/|ollama|cohere|@mistralai/|@mastra/|genkit|@google-cloud/vertexai|groq-sdk|together-ai)")
_METHODS: Final = frozenset(("invoke", "call", "predict", "generate", "chat", "stream", "complete", "run", "query", "ainvoke", "batch"))
_ENDPOINT: Final = re.compile(r"/v1/(?:chat/)?completions|/v1/messages|/v1/responses|/api/(?:generate|chat)\b|:generateContent|api-inference\.huggingface\.co|/openai/deployments/")
_POSTS: Final = frozenset(("fetch", "axios.post", "axios", "got.post", "got", "node-fetch", "undici.fetch", "undici.request", "ky.post"))
_OFFERS: Final = frozenset(("execute", "func", "handler", "run", "call", "_call"))
"""Keys under which a tool's definition holds the function that a model calls."""
_REQUEST: Final = frozenset(("body", "query", "params", "headers", "cookies", "rawBody", "queryStringParameters", "pathParameters", "searchParams", "files", "file"))
_REQUESTS: Final = frozenset(("req", "request", "ctx", "context", "event", "c"))
_READ: Final = re.compile(r"^(?:req|request|ctx\.request|c\.req|event)\.(?:json|text|formData|query|param|body|header|get)\Z")
_SECRET: Final = re.compile(r"SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_TOKEN\b|CREDENTIAL|DATABASE_URL|CONNECTION_STRING", re.IGNORECASE)
_NO_SECRET: Final = re.compile(r"MAX_?TOKENS?|TOKEN_?(?:LIMIT|COUNT)|PUBLIC_?KEY", re.IGNORECASE)


def is_model_output(node: Node, scope: Scope, file: EcmaFile) -> bool:
    """A call that asks a language model, or a parameter of a tool that a model calls."""
    return _given_by_model(node, scope, file) if node.type in ("identifier", "shorthand_property_identifier") else is_answer(node, scope, file)


def is_answer(node: Node, scope: Scope, file: EcmaFile) -> bool:
    """A call that asks a language model: by a library of the field, or at an address that is known for it."""
    call = file.call_of.get(node.id)
    if call is None or node.type != "call_expression":
        return False
    for name in call.names:
        if name.endswith(_ENDS) or name in _CALLS:
            return True
        if name.rpartition(".")[2] in _METHODS and _LIBRARIES.match(name) and "()" in name:
            return True
    if call.names & _POSTS and call.arguments:
        first = call.arguments[0]
        written = {str(value) for value in file.worth(first, scope) or ()} | {text_of(first)}
        return any(_ENDPOINT.search(text) for text in written)
    return False


def _given_by_model(node: Node, scope: Scope, file: EcmaFile) -> bool:
    """A parameter of a function that is handed to a tool's definition."""
    return any(item.kind == "param" and item.node is not None and item.place == 0 and _is_tool(item.node, file) for item in scope.find(text_of(node)))


def _is_tool(function: Node, file: EcmaFile) -> bool:
    """`server.tool(name, shape, function)`, `tool({execute})`, `tool(function, {...})`, `new DynamicTool({func})`."""
    holder = function.parent
    key = ""
    if holder is not None and holder.type == "pair":
        named = field_of(holder, "key")
        key = text_of(named) if named is not None else ""
    elif function.type == "method_definition" and holder is not None and holder.type == "object":
        named = field_of(function, "name")
        key = text_of(named) if named is not None else ""
    listed = inside(function, "arguments") if key in _OFFERS else holder
    if listed is None or listed.type != "arguments" or listed.parent is None:
        return False
    call = file.call_of.get(listed.parent.id)
    if call is None:
        return False
    made = any(re.search(r"(?:^|[./])(?:tool|createTool|defineTool|betaZodTool|betaTool|DynamicTool|DynamicStructuredTool|FunctionTool\.from|FunctionTool)\Z", name) for name in call.names)
    if any(name.endswith(".setRequestHandler") for name in call.names):
        return bool(call.arguments) and text_of(call.arguments[0]).endswith("CallToolRequestSchema")
    served = any(name.endswith((".tool", ".registerTool", ".addTool")) for name in call.names) and ("modelcontextprotocol" in file.text or "fastmcp" in file.text)
    return served or made


def from_request(node: Node, scope: Scope, _file: EcmaFile) -> bool:
    """Text that a request, the address of a page or the command line brought."""
    if node.type == "member_expression":
        owner, name = field_of(node, "object"), field_of(node, "property")
        if owner is None or name is None:
            return False
        base = text_of(owner).replace("?.", ".")
        if text_of(name) in _REQUEST and (base in _REQUESTS or base in ("ctx.request", "c.req", "this.req", "req.nextUrl", "request.nextUrl")) and not _bound_elsewhere(owner, scope):
            return True
        return (base == "process" and text_of(name) == "argv") or (base in ("location", "window.location", "document.location") and text_of(name) in ("search", "hash", "href"))
    if node.type == "call_expression":
        function = field_of(node, "function")
        return function is not None and bool(_READ.match(text_of(function).replace("?.", ".")))
    return False


def _bound_elsewhere(owner: Node, scope: Scope) -> bool:
    """The name is bound in the file to something that is no parameter of a function."""
    return owner.type == "identifier" and any(item.kind != "param" for item in scope.find(text_of(owner)))


def is_secret(node: Node, _scope: Scope, _file: EcmaFile) -> bool:
    """A variable of the environment whose name says that it is secret."""
    if node.type not in ("member_expression", "subscript_expression"):
        return False
    owner = field_of(node, "object")
    key = field_of(node, "property") or field_of(node, "index")
    if owner is None or key is None or text_of(owner).replace("?.", ".") not in ("process.env", "Bun.env", "import.meta.env", "Deno.env"):
        return False
    name = string_of(key) or text_of(key)
    return bool(_SECRET.search(name)) and not _NO_SECRET.search(name)
