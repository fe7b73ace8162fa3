"""Values of what policies promise about programs: files, paths, limits, defaults, sandboxes."""

from __future__ import annotations

import re
from typing import Final

from troth.policy.match.source import Source
from troth.terms.values import Value

__all__: list[str] = []

_PATH: Final = re.compile(r"(?<![\w/])(?:~|\$HOME|\.{1,2})?/[\w.*-]{1,60}(?:/[\w.*-]{1,60}){0,8}/?|\b[\w-]{1,40}\.(?:ya?ml|json|toml|env|ini|cfg|conf|db|sqlite|key|pem)\b|(?<![\w.])\.env\b")
_MODE: Final = re.compile(r"(?<![\d.])0?(?P<mode>[4-7][0-7][0-7])(?![\d.])")
_SETTING: Final = re.compile(r"^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+[A-Z]\w*|[\w-]+(?:[._][\w-]+)+|[\w-]{3,40})(?==|$|\s*=)")


def path(source: Source) -> Value | None:
    """File or folder that the sentence protects or confines to."""
    found = [match.group() for match in _PATH.finditer(source.text)]
    if found:
        return found[0]
    match = re.search(r"\b(workspace|media|working|system|sensitive|project|upload|root|base)\b(?=\W{0,3}(?:director|folder|root|path)|\b)", source.text, re.IGNORECASE)
    return match.group(1).lower() if match else None


def paths(source: Source) -> Value | None:
    """All paths of the sentence."""
    return tuple(match.group() for match in _PATH.finditer(source.text))


def mode(source: Source) -> Value | None:
    """File mode in four digits; for directories of a sandbox `ro` or `rw`."""
    found = [f"0{match['mode']}" for text in (source.text, *(one.text for one in source.members)) for match in _MODE.finditer(text)]
    if found:
        return "/".join(dict.fromkeys(found))
    if source.has(r"read[- ]write"):
        return "rw"
    if source.has(r"read[- ]only"):
        return "ro"
    return "hidden" if source.has(r"\bhidden\b|masked") else None


def library(source: Source) -> Value | None:
    """Library that does it."""
    found = [code for code in source.code() if re.fullmatch(r"@?[\w.-]{2,40}(?:/[\w.-]{2,40})?(?:\([\w/.-]{1,30}\))?", code)]
    if found:
        return found[0]
    match = re.search(r"(@[\w.-]{1,40}/[\w.-]{1,40})|\b(?:with|using|via) (?:the )?([\w-]{2,30}) library\b", source.text)
    return next((name for name in match.groups() if name), None) if match else None


def level(source: Source) -> Value | None:
    """Log levels."""
    found = re.findall(r"\b(?:warn|silent|info|error|debug)\b", source.text)
    return "|".join(dict.fromkeys(found)) or None


def setting(source: Source) -> Value | None:
    """Name of a setting: what stands as code and looks like one."""
    for code in (*source.code(), *re.findall(r"\b[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){1,6}\b|\b[a-z]{2,20}(?:\.[a-z_]{2,30}){1,4}\b", source.text)):
        match = _SETTING.match(code.strip("\"' "))
        if match is not None and not code.startswith(("/", "~", "http")) and not re.match(r"[\d.:]+$", code):
            return match.group()
        quoted = re.match(r"\"?([\w.]{3,60})\"?\s*[:=]", code)
        if quoted is not None and not re.match(r"[\d.]+$", quoted.group(1)):
            return quoted.group(1)
    return None


def default_setting(source: Source) -> Value | None:
    """Setting of a stated default: its name, or the words for it."""
    named = setting(source)
    if named is not None:
        return named
    if source.has(r"\b(?:bind|bound|listen|localhost|127\.0\.0\.1|loopback)"):
        return "host"
    match = re.search(r"(?P<what>(?:[\w-]+ ){0,2}[\w-]+)(?: is| are)? (?:by default|disabled|enabled|on|off)\b", source.text, re.IGNORECASE)
    words = match["what"].split() if match else (source.statement.label or "").split()
    if words and all(word.lower() in ("enabled", "disabled", "on", "off", "is", "are") for word in words):
        words = (source.statement.label or "").split()
    kept = [word.lower() for word in words if word.lower() not in ("is", "are", "by", "the", "a", "an", "secure", "safe", "defaults", "default", "always", "feature", "features")]
    return " ".join(kept[-2:]) or None


def default_value(source: Source) -> Value | None:
    """Value of a stated default."""
    text = source.text
    assigned = re.search(r"\b[A-Z][A-Z0-9_]{2,40}\s?=\s?[\"']?(?P<value>true|false|\d{1,6}|on|off)\b", text, re.IGNORECASE)
    if assigned is not None:
        return assigned["value"].lower()
    hosts = re.findall(r"\b(?:127\.0\.0\.1|localhost|0\.0\.0\.0)\b", text)
    if hosts:
        return "127.0.0.1" if "127.0.0.1" in hosts else str(hosts[0])
    match = re.search(r"\bdefault(?:s)?(?: is| to|:| =|=|\s)\s*`?([\w.-]{2,40})`?", source.quote, re.IGNORECASE)
    before = re.match(r"(?:\W*)(?P<value>cpu|gpu|float\d{1,2}|strict|deny|read[- ]only|local)\b", text, re.IGNORECASE)
    if before is not None:
        return before["value"].lower()
    if match is not None and match.group(1).lower() not in ("in", "and", "for", "deny", "by", "on", "the", "our", "settings", "configuration", "policies", "policy", "values", "to", "prioritize", "is"):
        return match.group(1)
    kinds = (("always on", r"\balways (?:on|enabled)|cannot be disabled"), ("off", r"\b(?:disabled|off|opt[- ]in|not enabled)\b"), ("deny", r"\bden(?:y|ies|ied)\b|block|reject"), ("always on", r"\balways (?:on|enabled)|cannot be disabled"), ("on", r"\b(?:enabled|on|active)\b"), ("installed", r"pre-?installed"), ("restrictive", r"restrict|secur|safe|conservative"))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def schema(source: Source) -> Value | None:
    """Library whose schemas validate."""
    found = source.names("tool.schema")
    return found[0] if found else None


def input_scope(source: Source) -> Value | None:
    """Which inputs are validated, where the sentence says all of a kind."""
    if source.has(r"public apis?"):
        return "public APIs"
    match = re.search(r"\b(?:all|every) (?:user |tool |external |api |public )?(?:inputs?|parameters?|arguments?|requests?|apis?|endpoints?|data)\b", source.text, re.IGNORECASE)
    return match.group().lower() if match else None


def tokenizer_kind(source: Source) -> Value | None:
    """Whether the tokenizer's input is validated or bounded."""
    if source.has(r"length|\bmax|limit|truncat|size|bound"):
        return "max-length"
    return "validate" if source.has(r"valid|saniti") else None


def resource_kind(source: Source) -> Value | None:
    """Kind of the limit: timeouts, monitor, gpu, memory, limits."""
    kinds = (("monitor", r"^\W*monitor"), ("gpu", r"\bgpu (?:memory|exhaust|usage|resource)|\bvram"), *((("gpu", r"."),) if any(re.match(r"\W*gpu\b", one.text, re.IGNORECASE) for one in source.members[:1]) else ()), ("timeouts", r"time-?outs?|time limit|hang|deadline"), ("monitor", r"monitor|track|watch"), ("memory", r"\bmemory management|garbage|cleanup"), ("limits", r"."))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def seconds(source: Source) -> Value | None:
    """Seconds of a timeout, or a range of them."""
    match = re.search(r"\b(\d{1,5}(?:\s?[-–]\s?\d{1,5})?)\s?(?:s|sec|secs|seconds?)\b", source.text)
    return match.group(1).replace("–", "-").replace(" ", "") if match else None


def patterns(source: Source) -> Value | None:
    """File patterns."""
    return tuple(re.findall(r"\*?\.(?:pt|pth|ckpt|bin|safetensors|onnx|gguf|h5|pkl|npz)\b", source.text))


def allowed(source: Source) -> Value | None:
    """Allowed values, from a list in code or in quotes."""
    match = re.search(r"\[(?P<list>[^\]\n]{2,300})\]", source.text)
    inside = match["list"] if match else ""
    return tuple(re.findall(r"[\"']([\w:.-]{1,40})[\"']", inside))


def device_what(source: Source) -> Value | None:
    """Whether devices or data types are meant."""
    return "device" if source.has(r"device|cuda") else "dtype" if source.has(r"dtype|data types?") else None


def modules(source: Source) -> Value | None:
    """Names of the modules."""
    return tuple(one.text.strip("` .") for one in source.members) or tuple(source.code())


def memory_property(source: Source) -> Value | None:
    """Property that a memory claim names."""
    kinds = (
        ("uaf", r"use[- ]after[- ]free|dangling"),
        ("race", r"data race|thread safe|borrow checker"),
        ("oob", r"overflow|out[- ]of[- ]bounds"),
        ("numpy-copy", r"numpy|shared memory|copy[- ]on[- ]write"),
        ("ffi", r"\bffi\b|foreign function|boundar"),
        ("unsafe-minimised", r"\bunsafe\b"),
        ("type", r"\btyp(?:e|ing|es)\b"),
        ("oob", r"memory safe|ownership"),
    )
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def container_property(source: Source) -> Value | None:
    """Property of a hardened image."""
    kinds = (("multi-stage", r"multi-?stage"), ("minimal-base", r"minimal|distroless|alpine|slim|scratch|wolfi|chainguard"), ("read-only-root", r"read[- ]only"), ("capabilities", r"capabilit|no-new-privileges|privileges"), ("seccomp", r"seccomp|apparmor"), ("healthcheck", r"health ?check"), ("no-shell", r"no shell"))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def store(source: Source) -> Value | None:
    """Store of secrets."""
    found = source.names("store")
    return found[0] if found else None


def token_scope(source: Source) -> Value | None:
    """What a policy token is scoped to."""
    return "tenant+project" if source.has(r"tenant|project|executor|policy tokens") else None


def code_names(source: Source) -> Value | None:
    """Names that stand as code, without their brackets."""
    return tuple(code.rstrip("()") for code in source.code())


def backend(source: Source) -> Value | None:
    """Sandbox that is named."""
    found = source.names("tool.sandbox")
    return found[0] if found else None


_ALL: Final = re.compile(r"\b(?P<all>all|every|each)\s+(?P<noun>(?:[\w/-]+\s+){0,3}?[\w/-]+?)(?=\s+(?:is|are|must|use|uses|have|has|go|happen|published|include|includes|were|will|of|in|with|by|to|from)\b|[.,;:()]|$)", re.IGNORECASE)


def scope_words(source: Source) -> Value | None:
    """What a universal claim is about: "all external API calls"; or what follows "for"."""
    match = _ALL.search(source.text)
    if match is not None:
        return f"{match['all']} {match['noun']}".lower()
    match = re.search(r"\b(?:for|of) (?P<noun>(?:[\w/-]+ ){0,3}[\w/-]+)$|\((?P<aside>[\w /-]{3,40})\)", source.text.rstrip(" ."))
    return (match["noun"] or match["aside"]).lower() if match else None


def kept_local(source: Source) -> Value | None:
    """What stays on the machine, or is not collected."""
    text = source.text
    match = re.match(r"\W*(?:we )?(?:do not|does not|never|no|zero)\s+(?:collect\s+|send\s+|store\s+)?(?P<what>[\w-]+(?:,? (?:or |and )?[\w-]+){0,3}?)(?=\s+(?:is|are|or|in|to|from|leaves?)\b|[.,;:(]|$)", text, re.IGNORECASE)
    if match is None:
        match = re.search(r"\bruns? (?P<what>[\w -]{3,30}?) locally|\b(?:not|never) (?:initiate|make|send|collect|upload|share) (?P<act>[\w -]{3,30}?)(?= during| to\b|[.,;]|$)", text, re.IGNORECASE)
        if match is not None:
            return (match["what"] or match["act"]).lower()
    if match is None:
        match = re.match(r"\W*(?:all |your |user )?(?P<what>[\w-]+(?: [\w-]+){0,3}?)\s+(?:is|are|stays?|remains?|never leaves?|runs?|happens?)\b", text, re.IGNORECASE)
    return match["what"].lower() if match else None


def privileges(source: Source) -> Value | None:
    """How a process is kept from being powerful: a dedicated user, never root, least privilege."""
    kinds = (("dedicated user", r"dedicated|separate user|service account"), ("least privilege", r"least privilege|minimum|minimal"), ("never root", r"\bnever\b.{0,30}\b(?:root|admin)|not.{0,20}\bas root"), ("process", r"non-?privileged|unprivileged|\buser\b"))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def command_pattern(source: Source) -> Value | None:
    """Command or pattern that is blocked."""
    codes = source.code()
    if codes:
        return codes[0]
    return re.split(r"\s[—–-]\s|\s\(|:", source.text)[0].strip(" .").lower()[:60] or None


def called(source: Source) -> Value | None:
    """Function that does it."""
    match = re.search(r"\b([a-zA-Z_][\w.]{2,60})\(", source.text)
    return match.group(1) if match else None


def root(source: Source) -> Value | None:
    """Folder that confines."""
    if source.has(r"\bworkspace\b"):
        return "workspace"
    match = re.search(r"\b(?P<root>(?:configured|allowed|designated|project|working|base|root|specified|given) (?:workspace|director(?:y|ies)|folders?|roots?|path))\b", source.text, re.IGNORECASE)
    return match["root"].lower() if match else None


def rate_per(source: Source) -> Value | None:
    """What requests are counted for."""
    match = re.search(r"\bper[- ](?P<what>[\w-]+(?: (?:and|or|per) [\w-]+)?)", source.text, re.IGNORECASE)
    return match["what"].lower() if match else None


def rate_default(source: Source) -> Value | None:
    """Number of requests and their time."""
    match = re.search(r"\b(\d{1,6})\s*(?:requests?|calls|req|attempts|messages)?\s*(?:/|per|a|each)\s*(\d{0,3}\s*(?:second|sec|minute|min|hour|hr|day))s?\b", source.text, re.IGNORECASE)
    return f"{match.group(1)}/{match.group(2).strip().lower()}" if match else None


def redacted(source: Source) -> Value | None:
    """What is kept out of logs, where the sentence lists it."""
    match = re.search(r"\b(?:log|redacts?|masks?|strips?|scrubs?|removes?)\s+(?P<list>[^.;()]{3,120}?)(?=\s+(?:in|from|before|to|with|are|is)\b|[.;()]|$)", source.text, re.IGNORECASE)
    if match is None:
        return ("errors",) if source.has(r"\berror (?:logging|logs|context|messages)\b") else None
    return tuple(part.strip() for part in re.split(r",|/|\bor\b|\band\b", match["list"]) if part.strip())


def audited(source: Source) -> Value | None:
    """What is logged, where the sentence names it."""
    kinds = (
        ("failed authentication", r"failed (?:authentication|login)"),
        ("publishing", r"publish"),
        ("tool calls", r"tool calls?|tool invocations?"),
        ("access", r"\baccess\b"),
        ("security events", r"security[- ](?:relevant )?events?"),
        ("authentication", r"authenticat|login"),
    )
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def audit_scope(source: Source) -> Value | None:
    """Which events are logged: "all security events"."""
    return "all security events" if source.has(r"\ball\b.{0,20}security[- ](?:relevant )?events?") else "security events" if source.has(r"security[- ](?:relevant )?events?") else scope_words(source)


def log_format(source: Source) -> Value | None:
    """Format of the log."""
    return "json" if source.has(r"\bjsonl?\b") else None


def assessed(source: Source) -> Value | None:
    """Kind of assessment."""
    kinds = (("penetration test", r"penetration|pen[- ]?test"), ("training", r"training|awareness|education"), ("threat model", r"threat model|risk assessment"), ("formal verification", r"formal(?:ly)? verif"), ("audit", r"audit|review|assess"))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def assessed_every(source: Source) -> Value | None:
    """How often, `regular` where no number is given."""
    found = source.names("cadence")
    return ("regular" if found[0] == "regularly" else found[0]) if found else None


def permission_mode(source: Source) -> Value | None:
    """Name of the mode."""
    kinds = (("read-only", r"read[- ]?only"), ("supervised", r"supervised|approval|ask|confirm"), ("full", r"^\W*full|autonomous|yolo|full (?:access|autonomy)"), ("auto", r"\bauto"))
    return next((name for name, pattern in kinds if source.has(pattern)), None)


def namespace(source: Source) -> Value | None:
    """Namespace or module that holds what users load."""
    codes = source.code()
    return codes[0] if codes else None


def unknown_names(source: Source) -> Value | None:
    """What happens with unknown names."""
    match = re.search(r"\bunknown\s*[=:]\s*(\w{2,20})", source.text)
    return match.group(1) if match else None


def error_text(source: Source) -> Value | None:
    """Quoted text of an error."""
    codes = [code for code in source.code() if " " in code]
    return codes[0] if codes else None


def tests_counted(source: Source) -> Value | None:
    """How many tests there are said to be."""
    match = re.search(r"\b(\d{1,6})\+? (?:\w+ )?tests?\b", source.text, re.IGNORECASE)
    return int(match.group(1)) if match else None


def review_rule(source: Source) -> Value | None:
    """Whether code is reviewed before it runs."""
    return "review first" if source.has(r"\breview|inspect|understand") else None


def empty_list(source: Source) -> Value | None:
    """What an empty allow-list does."""
    found = re.findall(r"(?<!explicitly )\b(den(?:y|ies|ied)|block|reject|allow(?:s|ed) (?:all|every|any))", source.text, re.IGNORECASE) if source.has(r"\bempty\b") else []
    return ("allow" if found[-1].lower().startswith("allow") else "deny") if found else None


def input_what(source: Source) -> Value | None:
    """Which input, or which attack, the validation is about."""
    match = re.search(r"\b((?:sql|prompt|command|code|template|html|nosql|ldap) injection|xss|cross-site scripting|(?:http|api|incoming) requests|(?:command|tool|user|http request|query|file|prompt|request) (?:inputs?|arguments?|parameters?|length|content|bodies|body)|enum values)\b", source.text, re.IGNORECASE)
    return match.group(1) if match else None


def present(source: Source) -> Value | None:
    """False where the sentence owns that there is none."""
    return False if source.has(r"^\W*(?:no|limited|not|lacks?|missing)\b|\bnot (?:implemented|available|supported|included)\b") else None
