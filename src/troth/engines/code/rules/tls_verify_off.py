"""Connections that accept any certificate."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Constant, Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity
from troth.engines.code.scopes import Scope

__all__ = ["RULE"]

_LIBRARIES = ("requests", "httpx", "aiohttp", "niquests", "urllib3", "openai")
_FALSE = frozenset(("False", "0"))
_OFF = {
    "verify": _FALSE,
    "verify_ssl": _FALSE,
    "ssl": frozenset(("False",)),
    "cert_reqs": frozenset(("'CERT_NONE'", "'NONE'", "0")),
    "ssl_verify": _FALSE,
    "check_hostname": frozenset(("False",)),
}
"""Keyword -> the written forms of values that switch verification off."""
_VARIABLES: dict[str, frozenset[Constant]] = {
    "CURL_CA_BUNDLE": frozenset(("",)),
    "REQUESTS_CA_BUNDLE": frozenset(("",)),
    "PYTHONHTTPSVERIFY": frozenset(("0",)),
    "GIT_SSL_NO_VERIFY": frozenset(("1", "true", "True")),
    "NODE_TLS_REJECT_UNAUTHORIZED": frozenset(("0",)),
}
"""Variable of the environment -> values that switch verification off."""
_SWITCHED = frozenset(("ssl._create_unverified_context",))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        if any(name.startswith(_LIBRARIES) for name in site.names):
            yield from _keywords(module, site)
    for site in module.calls(*_SWITCHED):
        yield Hit(site.line, "The context accepts any certificate.")
    yield from _stores(module)


def _keywords(module: Module, site: Site) -> Iterator[Hit]:
    for keyword, bad in _OFF.items():
        given = site.keywords.get(keyword)
        if given is None:
            continue
        for line in module.flagged(site, given, lambda value, bad=bad: repr(value) in bad):  # type: ignore[misc]
            yield Hit(line, f"{keyword} is off: whoever stands between reads and changes everything.")
        if keyword == "cert_reqs" and "ssl.CERT_NONE" in module.names(given, site.scope):
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
        if target.attr == "verify_mode" and "ssl.CERT_NONE" in names:
            yield Hit(target.lineno, "The context accepts any certificate.")
        elif target.attr == "check_hostname" and worth == frozenset((False,)):
            yield Hit(target.lineno, "The context accepts a certificate of any host.")
        elif target.attr == "verify" and worth == frozenset((False,)) and any(name.startswith(("requests", "httpx")) for name in owner):
            yield Hit(target.lineno, "The session accepts any certificate.")
        elif target.attr == "_create_default_https_context" and names & _SWITCHED:
            yield Hit(target.lineno, "Every HTTPS connection of the process accepts any certificate.")


def _environment(module: Module, target: ast.Subscript, value: ast.expr, scope: Scope) -> Iterator[Hit]:
    """Variables by which libraries stop verifying."""
    key = target.slice.value if isinstance(target.slice, ast.Constant) else None
    if not isinstance(key, str) or "os.environ" not in module.names(target.value, scope):
        return
    if (module.values(value, scope) or frozenset()) & _VARIABLES.get(key, frozenset()):
        yield Hit(target.lineno, f"{key} makes connections of the whole process accept any certificate.")


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
        (b"environ", b"requests", b"httpx", b"aiohttp", b"urllib3", b"ssl", b"openai", b"niquests"),
        (b"verify", b"CERT_NONE", b"_create_unverified_context", b"ssl=False", b"check_hostname", b"ssl = False", b"CA_BUNDLE", b"HTTPSVERIFY", b"SSL_NO_VERIFY", b"TLS_REJECT"),
        (b"verify=", b"verify =", b"verify\":", b"verify_ssl", b"ssl_verify", b"CERT_NONE", b"unverified_context", b"ssl=False", b"check_hostname", b"CA_BUNDLE", b"HTTPSVERIFY", b"SSL_NO_VERIFY", b"TLS_REJECT"),
    ),
    modules=frozenset(("os", "requests", "httpx", "aiohttp", "urllib3", "ssl", "openai", "niquests",)),
    check=_check,
    bad=("import requests\nrequests.get('https://example.org', verify=False)\n",),
    good=("import requests\nrequests.get('https://example.org')\n",),
)
