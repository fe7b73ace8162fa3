"""What a promise is about: the process that is sandboxed, the files that must be trusted, the tokens that are kept narrow, where a limit is set."""

from __future__ import annotations

import re
from typing import Final

from troth.policy.match.source import Source
from troth.terms.values import Value

__all__: list[str] = []

_ISOLATED: Final = re.compile(r"^\W*(?P<what>[A-Za-z][\w./ -]{2,40}?) (?:is|are|runs?|executes?) (?:\w+ ){0,2}?(?:sandboxed|isolated|in (?:a |an )?(?:sandbox|isolated|separate|restricted|container))", re.IGNORECASE)
_ONLY: Final = re.compile(r"\bonly (?P<what>[\w/, -]{3,40}?) (?:is|are) (?:accepted|allowed|permitted|loaded)\b", re.IGNORECASE)
_FILES: Final = re.compile(r"(?<!\w)\.\w{1,12} files?\b|\b(?:pickle|safetensors|onnx|gguf|checkpoint|model) files?\b|\bmodel cards?\b|\b(?:adapters?|checkpoints?|weights|models?)\b", re.IGNORECASE)
_TOKENS: Final = re.compile(r"\b(?:publish(?:ing)?|access|api|github|npm|pypi|deploy(?:ment)?) tokens?\b|\btokens?\b|\bservice accounts?\b|\bapi keys?\b|\bworkflows?\b|\bjobs?\b", re.IGNORECASE)
_LIMITED: Final = re.compile(r"\b(?:on|at|by|with|through|via|in) (?:your |the |a |each )?(?P<where>(?:api |llm |model )?providers?|reverse prox(?:y|ies)|nginx|caddy|cloudflare|api gateway|gateway|load balancer|redis|middleware)\b", re.IGNORECASE)
_HOST: Final = re.compile(r"0\.0\.0\.0|(?<![\w:])::(?![\w:])|\ball interfaces\b|\bnon-loopback\b", re.IGNORECASE)


def isolated(source: Source) -> Value | None:
    """The process or code that is sandboxed, or what alone is let in."""
    match = _ISOLATED.search(source.text)
    if match is not None:
        return match["what"].strip()
    match = _ONLY.search(source.text)
    return f"{match['what'].strip()} only" if match is not None else None


def trusted(source: Source) -> Value | None:
    """Files that must come from a trusted source."""
    match = _FILES.search(source.text)
    return match.group() if match is not None else None


def narrowed(source: Source) -> Value | None:
    """Whose permissions are kept small; "least privilege" where the words name no one."""
    match = _TOKENS.search(source.text)
    if match is not None:
        return match.group()
    return "least privilege" if source.has(r"least[- ]privilege") else None


def limited_at(source: Source) -> Value | None:
    """Where the rate is limited, where that is not the program itself."""
    match = _LIMITED.search(source.text)
    return match["where"] if match is not None else None


def when_bound(source: Source) -> Value | None:
    """Addresses on which access needs authentication, where it does not always."""
    found = dict.fromkeys(match.group() for match in _HOST.finditer(source.text)) if source.has(r"\b(?:bind|bound|binds|listen|expos|host)") else ()
    return "host in " + ", ".join(found) if found else None
