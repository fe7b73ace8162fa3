"""Ray's own TLS, set up as Ray wants it, and checked first: with a certificate that lacks the node's address Ray hangs for minutes without saying why.

Source: Ray's documentation of `RAY_USE_TLS`, `RAY_TLS_SERVER_CERT`, `RAY_TLS_SERVER_KEY`, `RAY_TLS_CA_CERT`. Does not start Ray.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from troth.guard.distributed.contexts import demand_private_key
from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["demand_ray", "ray_environment"]

_FILES = ("RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")


def ray_environment(folder: str | os.PathLike[str], *, node: str) -> dict[str, str]:
    """Variables for `ray start` and for drivers on this node, checked.

    Args:
        folder: with `cert.pem`, `key.pem`, `ca.pem`, as `Identity.write` makes it.
        node: IP address by which other nodes reach this one.

    Raises:
        TransportRefusedError: as `demand_ray`.
    """
    place = Path(folder).resolve()
    told = {
        "RAY_USE_TLS": "1",
        **dict(zip(_FILES, (str(place / "cert.pem"), str(place / "key.pem"), str(place / "ca.pem")), strict=True)),
    }
    demand_ray(told, node=node)
    return told


def demand_ray(environment: Mapping[str, str] | None = None, *, node: str) -> None:
    """Ray, started in this environment, encrypts and does not hang.

    Args:
        environment: the process' own where None.
        node: IP address of this node.

    Raises:
        TransportRefusedError: TLS is off, a file is missing or readable by others, the certificate ran out, is not of the authority, does not fit the key, or does not cover the node's address.
    """
    env = os.environ if environment is None else environment
    if env.get("RAY_USE_TLS") != "1":
        raise TransportRefusedError(
            "plaintext", "RAY_USE_TLS is not 1, so Ray sends objects and arguments in plain text"
        )
    missing = [name for name in _FILES if not env.get(name)]
    if missing:
        raise TransportRefusedError("certificate", f"{missing[0]} is not set")
    demand_private_key(env[_FILES[1]])
    try:
        certificate = x509.load_pem_x509_certificate(Path(env[_FILES[0]]).read_bytes())
        authority = x509.load_pem_x509_certificate(Path(env[_FILES[2]]).read_bytes())
        key = serialization.load_pem_private_key(Path(env[_FILES[1]]).read_bytes(), None)
        certificate.verify_directly_issued_by(authority)
    except (OSError, ValueError, TypeError, InvalidSignature) as error:
        raise TransportRefusedError(
            "certificate", "Certificate, key and authority do not fit together or cannot be read"
        ) from error
    _demand_certificate(certificate, key.public_key(), node)


def _demand_certificate(certificate: x509.Certificate, public: object, node: str) -> None:
    if certificate.public_key() != public:
        raise TransportRefusedError("key", "The key is not the certificate's")
    now = datetime.datetime.now(datetime.UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise TransportRefusedError("certificate", "The certificate is not valid now")
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = alternatives.get_values_for_type(x509.IPAddress)
        covered = ipaddress.ip_address(node) in addresses
    except (x509.ExtensionNotFound, ValueError):
        covered = False
    if not covered:
        raise TransportRefusedError(
            "certificate", "The certificate does not name the node's address; Ray would hang instead of saying so"
        )
