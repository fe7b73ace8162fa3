"""Verifies a Sigstore bundle as npm writes them: its log entries are of the kind `intoto` 0.0.2, which the library's own verifier refuses.

Everything that the library does is done by it: certificate chain, certificate transparency, identity, inclusion proof, inclusion promise, signature. Two things are added for that kind:
the time is the log's, where its promise (which is verified besides) binds it; and the entry's body must name this payload, this signature and this certificate
(github.com/sigstore/rekor, types/intoto/v0.0.2). Parts of the library that are not public are used; where they are gone, nothing is verified and that is said.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from troth.engines.documents.plain import as_list, as_map, as_text

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.verify.policy import VerificationPolicy

__all__ = ["payload_of", "repository_of"]

_KIND = ("intoto", "0.0.2")
_SOURCE_REPOSITORY = "1.3.6.1.4.1.57264.1.12"
"""Extension of Fulcio's certificates: address of the repository whose workflow signed (github.com/sigstore/fulcio, docs/oid-info.md)."""


def payload_of(bundle: Bundle, policy: VerificationPolicy) -> bytes:
    """The payload of a bundle, once everything about it verifies.

    Raises:
        sigstore.errors.Error: something does not.
        ImportError, AttributeError: the library is not as it was.
    """
    from sigstore.verify import Verifier

    entry = bundle.log_entry._inner.kind_version
    if (entry.kind, entry.version) != _KIND:
        return bytes(Verifier.production(offline=True).verify_dsse(bundle, policy)[1])
    from sigstore import dsse

    verifier = _with_times_of_the_log()
    verifier._verify_common_signing_cert(bundle, policy)
    envelope = bundle._dsse_envelope
    if envelope is None:
        raise ValueError("it holds no envelope")
    dsse._verify(bundle.signing_certificate.public_key(), envelope)
    _same(bundle, envelope)
    return bytes(envelope._inner.payload)


def _with_times_of_the_log() -> Any:  # noqa: ANN401 - a class that is made here
    from sigstore._internal.timestamp import TimestampSource, TimestampVerificationResult
    from sigstore.errors import VerificationError
    from sigstore.verify import Verifier

    class OfTheLog(Verifier):  # type: ignore[misc]
        """The library's verifier, for entries of this kind."""

        def _establish_time(self, bundle: Bundle) -> list[TimestampVerificationResult]:
            inner = bundle.log_entry._inner
            if not inner.integrated_time or not inner.inclusion_promise:
                raise VerificationError("the log promises no time")
            return [TimestampVerificationResult(source=TimestampSource.TRANSPARENCY_SERVICE, time=datetime.fromtimestamp(inner.integrated_time, tz=UTC))]

    return OfTheLog.production(offline=True)


def _same(bundle: Bundle, envelope: Any) -> None:  # noqa: ANN401 - the library's own type
    """The log's entry is about this payload, signed so, by this certificate.

    Raises:
        ValueError: it is not.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    body = as_map(json.loads(bundle.log_entry._inner.canonicalized_body))
    content = as_map(as_map(body.get("spec")).get("content"))
    hashed = as_map(content.get("payloadHash"))
    if as_text(hashed.get("algorithm")) != "sha256" or as_text(hashed.get("value")) != hashlib.sha256(envelope._inner.payload).hexdigest():
        raise ValueError("the log's entry is about another payload")
    logged = [as_map(item) for item in as_list(as_map(content.get("envelope")).get("signatures"))]
    signatures = [base64.b64encode(base64.b64encode(item.sig)).decode() for item in envelope._inner.signatures]
    if not signatures or [as_text(item.get("sig")) for item in logged] != signatures:
        raise ValueError("the log's entry holds another signature")
    certificate = bundle.signing_certificate.public_bytes(Encoding.PEM).strip()
    if any(base64.b64decode(as_text(item.get("publicKey"))).strip() != certificate for item in logged):
        raise ValueError("the log's entry names another certificate")


def repository_of(bundle: Bundle) -> str:
    """Address of the repository that the certificate is for, such as `https://github.com/acme/rocket`; empty where it names none.

    What the payload says of itself is no proof: whoever may sign at all may write any repository there.
    """
    for extension in bundle.signing_certificate.extensions:
        if extension.oid.dotted_string == _SOURCE_REPOSITORY:
            value = getattr(extension.value, "value", b"")
            return value[2:].decode("utf-8", "replace") if len(value) > 2 and value[0] == 0x0C and value[1] == len(value) - 2 else ""
    return ""
