"""The function that redacts strings raises on every call, and whoever catches that writes the text as it is."""

import re

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"


def redact_string(text):
    """The range in the class is out of order: the pattern never compiles."""
    return re.sub(r"(token|key)\s*[:=]\s*[A-Za-z0-9_-.]+", r"\1=***", text)


def unguarded(text):
    try:
        return redact_string(text)
    except re.error:
        return text


def guarded(text):
    from troth.guard.redact import redact

    return redact(text)


def attack(program, folder):
    return any(TOKEN in program(text) for text in (f"token={TOKEN}", f"Authorization: Bearer {TOKEN}", f"cloned with {TOKEN}"))


def works(program, folder):
    return program("GET /health 200 in 3 ms, max_tokens: 4096") == "GET /health 200 in 3 ms, max_tokens: 4096"
