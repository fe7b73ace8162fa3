"""Connections that accept any certificate."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.commands import RUNS
from troth.engines.code.module import Constant, Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching
from troth.engines.code.scopes import Scope

__all__ = ["RULE"]

_LIBRARIES = (
    "requests", "httpx", "aiohttp", "niquests", "urllib3", "openai", "boto3", "botocore", "hvac", "elasticsearch", "opensearchpy", "minio", "pymongo", "redis", "kubernetes", "weaviate", "chromadb",
    "clickhouse_connect", "websockets", "websocket", "curl_cffi", "requests_html", "httplib2", "ssl", "tornado", "pymilvus", "qdrant_client", "anthropic", "litellm", "gitlab", "jira", "atlassian", "azure",
    "requests_toolbelt", "motor", "paho", "cloudscraper", "tritonclient", "trino", "snowflake", "ldap3", "smbprotocol", "fsspec", "s3fs", "langchain", "llama_index", "ollama", "consul", "docker", "proxmoxer", "huggingface_hub",
)
_FALSE = frozenset(("False", "0"))
_OFF = {
    "verify": _FALSE,
    "verify_ssl": _FALSE,
    "ssl": frozenset(("False",)),
    "cert_reqs": frozenset(("'CERT_NONE'", "'NONE'", "0")),
    "ssl_verify": _FALSE,
    "check_hostname": frozenset(("False",)),
    "verify_certs": _FALSE,
    "ssl_cert_reqs": frozenset(("None", "'none'", "'CERT_NONE'")),
    "tlsAllowInvalidCertificates": frozenset(("True",)),
    "tlsAllowInvalidHostnames": frozenset(("True",)),
    "tlsInsecure": frozenset(("True",)),
    "chroma_server_ssl_verify": _FALSE,
    "disable_ssl_certificate_validation": frozenset(("True",)),
    "validate_cert": _FALSE,
    "cert_check": _FALSE,
    "verify_tls": _FALSE,
    "use_ssl_verify": _FALSE,
    "insecure_skip_verify": frozenset(("True",)),
}
"""Keyword -> the written forms of values that switch verification off."""
_VARIABLES: dict[str, frozenset[Constant]] = {
    "CURL_CA_BUNDLE": frozenset(("",)),
    "REQUESTS_CA_BUNDLE": frozenset(("",)),
    "PYTHONHTTPSVERIFY": frozenset(("0",)),
    "GIT_SSL_NO_VERIFY": frozenset(("1", "true", "True")),
    "NODE_TLS_REJECT_UNAUTHORIZED": frozenset(("0",)),
    "SSL_CERT_FILE": frozenset(("",)),
    "SSL_NO_VERIFY": frozenset(("1", "true", "True")),
    "AWS_CA_BUNDLE": frozenset(("",)),
    "MLFLOW_TRACKING_INSECURE_TLS": frozenset(("1", "true", "True")),
    "WANDB_INSECURE_DISABLE_SSL": frozenset(("1", "true", "True")),
    "GIT_SSL_VERIFY": frozenset(("0", "false")),
    "SSL_VERIFY": frozenset(("0", "false", "False")),
}
"""Variable of the environment -> values that switch verification off."""
_SWITCHED = frozenset(("ssl._create_unverified_context", "ssl._create_stdlib_context"))
_NONE = frozenset(("ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE"))
_ADDRESS = re.compile(r"[?&](?:ssl_cert_reqs=(?:CERT_NONE|none)|tlsAllowInvalid(?:Certificates|Hostnames)=true|tlsInsecure=true)\b")
"""Options of an address that switch verification off."""
_OPTIONS = re.compile(r"\bcurl\b.*(?:\s-[a-zA-Z]*k[a-zA-Z]*(?:\s|\Z)|--insecure\b)|\bwget\b.*--no-check-certificate|http\.sslVerify[ =]false|--no-verify-ssl\b|--trusted-host\b|strict-ssl[ =]false")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if any(name.startswith(_LIBRARIES) for name in site.names):
            yield from _keywords(module, site, site.keywords)
            if any(_ADDRESS.search(text) for given in (*site.arguments[:1], *site.keywords.values()) for text in _texts(module, given, site.scope)):
                yield Hit(site.line, "The address says that any certificate is accepted.")
            for given in site.keywords.values():  # options in a table of their own: sslopt={...}, client_kwargs={...}
                table = module.table(given, site.scope) if isinstance(given, (ast.Dict, ast.Call, ast.Name)) else None
                yield from _keywords(module, site, table or {})
    yield from _switched(module)
    yield from _stores(module)
    yield from _commands(module)
    for site in module.calls("os.environ.setdefault", "os.putenv", "os.environ.update"):
        pairs = {**site.keywords, **(module.table(site.arguments[0], site.scope) or {} if site.arguments else {})}
        if len(site.arguments) == 2 and isinstance(site.arguments[0], ast.Constant):
            pairs = {str(site.arguments[0].value): site.arguments[1]}
        for key, value in pairs.items():
            yield from _variable(module, key, value, site.scope, site.line)


def _switched(module: Module) -> Iterator[Hit]:
    """Calls that switch it off by being made."""
    for site in module.calls(*_SWITCHED):
        yield Hit(site.line, "The context accepts any certificate.")
    for site in module.ending(".tls_insecure_set"):
        if module.values(site.argument(0, "value"), site.scope) == frozenset((True,)):
            yield Hit(site.line, "The client accepts a certificate of any host.")


def _texts(module: Module, node: ast.expr, scope: Scope) -> Iterator[str]:
    """Texts of an argument that are written here, behind a name or in pieces."""
    yield from (value for value in module.values(node, scope) or () if isinstance(value, str))
    if not isinstance(node, (ast.Name, ast.Constant)):
        yield from (item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str))


def _commands(module: Module) -> Iterator[Hit]:
    """Programs of the command line that are told not to verify."""
    for site in module.calls(*RUNS, "os.system", "os.popen", "subprocess.getoutput"):
        written = [part.value for given in site.arguments[:1] for part in ast.walk(given) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if "os.system" not in site.names and "asyncio.create_subprocess_exec" in site.names:
            written = [part.value for given in site.arguments for part in ast.walk(given) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if _OPTIONS.search(" ".join(written)):
            yield Hit(site.line, "The program is told to accept any certificate.")


def _keywords(module: Module, site: Site, keywords: dict[str, ast.expr]) -> Iterator[Hit]:
    for keyword, bad in _OFF.items():
        given = keywords.get(keyword)
        if given is None:
            continue
        for line in module.flagged(site, given, lambda value, bad=bad: repr(value) in bad):  # type: ignore[misc]
            yield Hit(line, f"{keyword} is off: whoever stands between reads and changes everything.")
        if keyword == "cert_reqs" and module.names(given, site.scope) & _NONE:
            yield Hit(site.line, "cert_reqs is off: whoever stands between reads and changes everything.")


def _stores(module: Module) -> Iterator[Hit]:
    for target, value, scope in module.built.stores:
        if isinstance(target, ast.Subscript):
            yield from _environment(module, target, value, scope)
        if not isinstance(target, ast.Attribute):
            continue
        names = module.names(value, scope)
        worth = module.values(value, scope)
        owner = module.names(target.value, scope)
        if target.attr == "verify_mode" and names & _NONE:
            yield Hit(target.lineno, "The context accepts any certificate.")
        elif target.attr == "check_hostname" and worth == frozenset((False,)):
            yield Hit(target.lineno, "The context accepts a certificate of any host.")
        elif target.attr == "ssl_verify" and worth == frozenset((False,)) and "litellm" in owner:
            yield Hit(target.lineno, "Every connection of the library accepts any certificate.")
        elif target.attr == "verify_ssl" and worth == frozenset((False,)):
            yield Hit(target.lineno, "The client accepts any certificate.")
        elif target.attr == "verify" and worth == frozenset((False,)) and (any(name.startswith(_LIBRARIES) for name in owner) or _speaks_of_session(target.value)):
            yield Hit(target.lineno, "The session accepts any certificate.")
        elif target.attr == "_create_default_https_context" and names & _SWITCHED:
            yield Hit(target.lineno, "Every HTTPS connection of the process accepts any certificate.")


def _speaks_of_session(node: ast.expr) -> bool:
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return word.lower().lstrip("_") in ("session", "http", "http_session", "requests_session", "http_client", "s", "sess")


def _environment(module: Module, target: ast.Subscript, value: ast.expr, scope: Scope) -> Iterator[Hit]:
    """Variables by which libraries stop verifying."""
    key = target.slice.value if isinstance(target.slice, ast.Constant) else None
    if not isinstance(key, str) or "os.environ" not in module.names(target.value, scope):
        return
    yield from _variable(module, key, value, scope, target.lineno)


def _variable(module: Module, key: str, value: ast.expr, scope: Scope, line: int) -> Iterator[Hit]:
    if (module.values(value, scope) or frozenset()) & _VARIABLES.get(key, frozenset()):
        yield Hit(line, f"{key} makes connections of the whole process accept any certificate.")


RULE = Rule(
    id="tls-verify-off",
    title="TLS without verification",
    why="Encryption to whoever answers is none: keys, prompts and models can be read and exchanged on the way.",
    mend="Leave verification on, and name the authority's file where it is a private one.",
    severity=Severity.HIGH,
    cwe=("CWE-295",),
    owasp=("LLM03:2025", "LLM02:2025"),
    atlas=("AML.T0010",),
    needs=(
        (
            b"verify=", b"verify =", b"verify\":", b"verify'", b"verify_ssl", b"ssl_verify", b"CERT_NONE", b"unverified_context", b"_create_stdlib_context", b"ssl=False", b"check_hostname", b"CA_BUNDLE", b"HTTPSVERIFY",
            b"SSL_NO_VERIFY", b"TLS_REJECT", b"verify_certs", b"cert_reqs", b"tlsAllow", b"tlsInsecure", b"tls_insecure_set", b"disable_ssl_certificate_validation", b"INSECURE_", b"SSL_CERT_FILE", b"SSL_VERIFY", b"validate_cert", b"cert_check",
            b"curl", b"wget", b"sslVerify", b"--no-verify-ssl", b"trusted-host", b"strict-ssl", b"insecure_skip_verify", b"verify_tls",
        ),
    ),
    confirm=matching((
        *(word + rb"[\"']?\]?\s*[=:]\s*(?:False|0\b|not\b|[a-zA-Z_(])" for word in (b"verify", b"verify_ssl", b"verify_certs", b"validate_cert", b"cert_check", b"check_hostname", b"ssl", b"verify_tls")),
        *(
            b"CERT_NONE", b"unverified_context", b"_create_stdlib_context", b"CA_BUNDLE", b"HTTPSVERIFY", b"NO_VERIFY", b"TLS_REJECT", b"SSL_CERT_FILE", b"SSL_VERIFY", b"INSECURE_", b"cert_reqs", b"tlsAllow", b"tlsInsecure", b"tls_insecure_set",
            b"insecure_skip_verify", b"disable_ssl_certificate_validation", b"--insecure", b"no-check-certificate", b"sslVerify", b"no-verify-ssl", b"trusted-host", b"strict-ssl", rb"curl[^\n]*\s?-\w*k",
        ),
    )),
    modules=frozenset(("os", "subprocess", *(name.partition(".")[0] for name in _LIBRARIES))),
    check=_check,
    bad=("import requests\nrequests.get('https://example.org', verify=False)\n",),
    good=("import requests\nrequests.get('https://example.org')\n",),
)
