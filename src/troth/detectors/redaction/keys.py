"""Which names say that their value is a secret, in code and logs of programs that also speak of *tokens* in the sense of language models.

`api_key`, `DB_PASSWORD`, `clientSecret` yes; `token_count`, `max_tokens`, `tokenizer`, `pad_token`, `secretary`, `password_length` never.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["secret_key"]

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SURE = frozenset(
    [
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "credential",
        "credentials",
        "apikey",
        "privatekey",
        "accesskey",
    ]
)
_ENDS = ("password", "passwd", "apikey", "secretkey", "accesstoken", "authtoken")
"""As names without joints end: `PGPASSWORD`, `dbpassword`."""
_BEFORE_TOKEN = frozenset(
    [
        "access",
        "auth",
        "bearer",
        "refresh",
        "id",
        "session",
        "csrf",
        "xsrf",
        "bot",
        "api",
        "user",
        "personal",
        "github",
        "gitlab",
        "slack",
        "npm",
        "pypi",
        "hf",
        "oauth",
        "client",
        "service",
        "jwt",
        "sas",
        "deploy",
        "registry",
        "webhook",
        "device",
        "push",
        "app",
        "admin",
        "login",
        "reset",
        "verification",
        "invite",
        "x",
        "private",
        "vault",
        "consul",
        "security",
        "root",
        "join",
        "bootstrap",
        "job",
        "runner",
    ]
)
_KEY_BEFORE = frozenset(
    [
        "api",
        "access",
        "private",
        "secret",
        "signing",
        "encryption",
        "master",
        "shared",
        "auth",
        "ssh",
        "hmac",
        "deploy",
        "account",
        "storage",
        "service",
        "license",
        "subscription",
    ]
)
_NOT_AFTER = frozenset(
    [
        "count",
        "counts",
        "length",
        "len",
        "size",
        "limit",
        "limits",
        "usage",
        "used",
        "budget",
        "cost",
        "costs",
        "rate",
        "id",
        "ids",
        "type",
        "types",
        "name",
        "names",
        "index",
        "idx",
        "path",
        "paths",
        "file",
        "files",
        "url",
        "uri",
        "endpoint",
        "policy",
        "policies",
        "field",
        "fields",
        "hint",
        "label",
        "prompt",
        "rules",
        "manager",
        "store",
        "provider",
        "class",
        "format",
        "ttl",
        "expiry",
        "expires",
        "expiration",
        "age",
        "version",
        "required",
        "enabled",
        "min",
        "max",
        "present",
        "exists",
        "valid",
        "hash",
        "salt",
        "rotation",
        "strength",
        "reset",
        "date",
        "time",
        "at",
        "in",
    ]
)
_PLAIN_TOKEN = re.compile(r"(?i)^(?:x[-_])?token$")


@lru_cache(maxsize=4096)
def secret_key(name: str) -> bool:
    """True where a mapping's key or a variable's name says that its value is a secret."""
    if len(name) > 120:
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    for number, word in enumerate(words):
        rest = words[number + 1 :]
        if any(after in _NOT_AFTER for after in rest):
            continue
        before = words[number - 1] if number else ""
        if word in _SURE or (len(word) > 8 and word.endswith(_ENDS)):
            return True
        if word == "token" and before in _BEFORE_TOKEN and not rest:
            return True
        if word == "key" and before in _KEY_BEFORE and not rest:
            return True
    compact = "".join(words)
    return bool(_PLAIN_TOKEN.match(name)) or compact in (
        "authorization",
        "proxyauthorization",
        "cookie",
        "setcookie",
        "xapikey",
    )
