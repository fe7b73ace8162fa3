"""TLS without verification."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile
from troth.engines.code.grown.syntax import text_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_SWITCHES = ("danger_accept_invalid_certs", "danger_accept_invalid_hostnames", "tls_danger_accept_invalid_certs", "tls_danger_accept_invalid_hostnames", "accept_invalid_certs", "accept_invalid_hostnames", "disable_verification", "danger_disable_verification")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.methods(*_SWITCHES):
        if [text_of(item) for item in call.arguments] == ["true"]:
            yield Hit(call.line, "Whoever stands between reads and changes everything.")
    for call in file.methods("set_verify", "set_verify_callback", "verify_mode"):
        if any(text_of(item).endswith("SslVerifyMode::NONE") for item in call.arguments):
            yield Hit(call.line, "Any certificate is accepted.")
    for call in file.methods("verify_hostname", "use_sni"):
        if call.name == "verify_hostname" and [text_of(item) for item in call.arguments] == ["false"]:
            yield Hit(call.line, "The certificate of any host is accepted.")
    for call in file.methods("set_certificate_verifier", "with_custom_certificate_verifier"):
        if call.receiver is not None and "dangerous()" in text_of(call.receiver):
            yield Hit(call.line, "A verifier of one's own takes the place of the library's.")


RULE = Rule(
    id="rust-tls-verify-off",
    title="TLS without verification",
    why="Whoever stands between reads and changes everything.",
    mend="Leave it on, and add the certificate of the own authority to the roots.",
    severity=Severity.HIGH,
    cwe=("CWE-295",),
    owasp=("LLM03:2025", "LLM02:2025"),
    atlas=("AML.T0010",),
    needs=((b"accept_invalid_", b"set_verify", b"verify_hostname", b"verify_mode", b"certificate_verifier", b"disable_verification"),),
    check=_check,
    language="rust",
    bad=("fn f() { reqwest::Client::builder().danger_accept_invalid_certs(true).build(); }\n",),
    good=("fn f() { reqwest::Client::builder().danger_accept_invalid_certs(false).build(); }\n",),
)
