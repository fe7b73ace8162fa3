"""Which calls ask a language model: the libraries of the field, and the shapes of their methods."""

from __future__ import annotations

import ast
import re
from typing import Final

from troth.engines.code.imports import imported
from troth.engines.code.module import Module
from troth.engines.code.offered import given_by_model
from troth.engines.code.scopes import Scope

__all__ = ["MODEL_ADDRESSES", "MODEL_MODULES", "MODEL_WORDS", "is_answer", "is_model_output", "told_of"]

_LIBRARIES: Final = (
    "langchain", "langgraph", "llama_index", "transformers", "vllm", "llama_cpp", "mlx_lm", "guidance", "dspy", "mistralai", "groq", "together", "huggingface_hub", "google.generativeai", "google.genai",
    "vertexai", "cohere", "ollama", "gpt4all", "ctransformers", "aisuite", "pydantic_ai", "instructor", "smolagents", "crewai", "haystack", "semantic_kernel", "marvin", "zhipuai", "dashscope", "fireworks",
    "ibm_watsonx_ai", "portkey_ai", "outlines", "sglang", "exllamav2", "xai_sdk", "ai21", "text_generation", "openai", "anthropic", "litellm", "agents", "autogen", "autogen_ext", "gradio_client", "llm", "azure.ai",
)  # fmt: skip
MODEL_MODULES: Final = frozenset(name.partition(".")[0] for name in _LIBRARIES if name != "huggingface_hub") | frozenset(
    f"langchain_{name}" for name in (
        "openai", "anthropic", "core", "community", "ollama", "google_genai", "google_vertexai", "mistralai", "groq", "huggingface", "cohere", "aws", "together", "fireworks", "deepseek", "xai", "nvidia_ai_endpoints",
    )
) | frozenset(("genai", "replicate"))  # fmt: skip
"""Modules of which a file imports one where it asks a language model."""
MODEL_WORDS: Final = (
    b".create(", b"completion", b"generate_content", b"ollama", b"invoke(", b"predict(", b"complete(", b"chat(", b"generate(", b"pipeline", b"replicate", b".parse(",
    b"call_as_llm", b"create)", b"create,", b"Llama(", b"send_message", b"converse(", b"invoke_model", b"text_generation", b"run_sync(", b"kickoff(", b"generate_text", b"messages.stream(", b"llm.stream(", b"model.stream(", b"chain.stream(", b"astream(", b"dspy", b"InferenceClient", b"llm.query",
    b"api/generate", b"api/chat", b"GPT4All", b"llm.aask(", b"llm.ask(",
)  # fmt: skip
"""Strings of which a file holds one where it asks a language model."""
MODEL_ADDRESSES: Final = (
    b"/v1/chat", b"/v1/completions", b"/v1/messages", b"/v1/responses", b"api/generate", b"api/chat", b"generateContent", b"api-inference", b"/deployments/", b"bedrock-runtime", b"InferenceClient",
    b"llm.aask(", b"llm.ask(", b"llm.generate(", b"llm.invoke(", b"llm.ainvoke(", b"llm.complete(", b"llm.acomplete(", b"llm.chat(", b"llm.achat(", b"llm.predict(",
)  # fmt: skip
"""Strings that say as much as an import of such a module: an address, a client of a library that does much besides, or a model that is asked by a name of its own."""
_ENDS: Final = (
    ".chat.completions.create", ".responses.create", ".messages.create", ".completions.create", ".generate_content", ".generate_content_async", ".chat.completions.parse", ".beta.chat.completions.parse",
    ".responses.parse", ".messages.stream", ".chat.complete", ".chat.complete_async", ".ChatCompletion.create", ".ChatCompletion.acreate", ".Completion.create", ".create_chat_completion",
    ".invoke_model", ".converse", ".chat_completion", ".text_generation", ".models.generate_content", ".chat.completions.with_raw_response.create", ".chat.completions.create_with_completion",
)  # fmt: skip
_CALLS: Final = frozenset((
    "litellm.completion", "litellm.acompletion", "litellm.text_completion", "litellm.responses", "litellm.batch_completion", "ollama.chat", "ollama.generate", "transformers.pipeline()", "transformers.pipelines.pipeline()",
    "replicate.run", "replicate.stream", "mlx_lm.generate", "agents.Runner.run", "agents.Runner.run_sync", "instructor.from_openai()", "dspy.Predict()", "dspy.ChainOfThought()", "dspy.ProgramOfThought()", "dspy.ReAct()",
    "llama_cpp.Llama()", "llama_cpp.Llama.from_pretrained()", "ctransformers.AutoModelForCausalLM.from_pretrained()", "gpt4all.GPT4All().generate", "guidance.models.OpenAI()",
))  # fmt: skip
_METHODS: Final = frozenset((
    "invoke", "ainvoke", "predict", "complete", "acomplete", "chat", "achat", "generate", "apredict", "call_as_llm", "stream", "astream", "batch", "abatch", "run", "arun", "query", "aquery", "send_message", "send_message_async",
    "create_completion", "create_chat_completion", "kickoff", "run_sync", "generate_text", "text_generation", "chat_completion", "predict_messages", "prompt", "generate_response", "agenerate", "stream_chat", "stream_complete",
    "chat_stream", "structured_predict", "initiate_chat",
))  # fmt: skip
_CHATS: Final = re.compile(r"^langchain[\w.]*\.(?:Chat\w+|\w*LLM\w*|OpenAI|Ollama\w*|\w*Chain)\(\)\Z")
"""Objects of langchain that are models or chains, and are asked by calling them."""
_SPOKEN: Final = frozenset(("generate", "invoke", "ainvoke", "complete", "acomplete", "predict", "ask", "aask", "agenerate", "apredict", "chat", "achat", "generate_text", "query_llm", "ask_llm"))
"""Methods by which something that is called a model is asked, whatever library it is of."""
_SPEAKERS: Final = frozenset(("llm", "model", "chat_model", "language_model", "chat_llm", "local_llm", "chatbot"))
_ENDPOINT: Final = re.compile(r"/v1/(?:chat/)?completions|/v1/messages|/api/(?:generate|chat)\b|/v1/responses|:generateContent|api-inference\.huggingface\.co|/openai/deployments/")
_POSTS: Final = frozenset(("requests.post", "httpx.post", "requests.request", "requests.Session().post", "httpx.Client().post", "httpx.AsyncClient().post", "aiohttp.ClientSession().post", "urllib3.PoolManager().request"))


def is_model_output(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A call that asks a language model, by a library of the field or by a request to an address that is known for it; or what a model gives to a tool of this file."""
    return given_by_model(node, scope, module) if isinstance(node, ast.Name) else is_answer(node, scope, module)


def told_of(module: Module) -> bool:
    """The file imports or says what makes the rules about answers look at it; what they name need no other rule name."""
    data = module.text.encode("utf-8", "replace")
    return any(word in data for word in MODEL_ADDRESSES) or not imported(data).isdisjoint(name.encode() for name in MODEL_MODULES)


def is_answer(node: ast.expr, scope: Scope, module: Module) -> bool:
    """A call that asks a language model."""
    if not isinstance(node, ast.Call):
        return False
    names = module.names(node.func, scope)
    for name in names:
        if name.endswith(_ENDS) or name in _CALLS or _CHATS.match(name):
            return True
        start, _, method = name.rpartition(".")
        if method in _METHODS and start.startswith(_LIBRARIES) and "okenizer" not in start and not start.endswith("[]"):
            return True
        if method in _SPOKEN and isinstance(node.func, ast.Attribute) and name.startswith(("?", "<here>")) and _speaks_of_model(node.func.value):
            return True
    return bool(names & _POSTS) and _of_model(node, scope, module)


def _of_model(node: ast.Call, scope: Scope, module: Module) -> bool:
    """The address of a request is one at which models answer."""
    for item in (*node.args[:2], *(word.value for word in node.keywords if word.arg == "url")):
        values = module.likely(item, scope)
        written = [str(value) for value in values or ()]
        written += [part.value for part in ast.walk(item) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if any(_ENDPOINT.search(text) for text in written):
            return True
    return False


def _speaks_of_model(node: ast.expr) -> bool:
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return word.lower().lstrip("_") in _SPEAKERS
