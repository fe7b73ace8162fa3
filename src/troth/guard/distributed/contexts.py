"""TLS contexts without choices: 1.3 only, a certificate from both sides, names checked, keys private."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from troth.guard.distributed.authority import Identity
from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["client_context", "demand_private_key", "server_context"]


def demand_private_key(path: str | os.PathLike[str]) -> None:
    """The key's file is a regular one that only its owner can read.

    Raises:
        TransportRefusedError: a link, another owner, or readable by others; with the command that mends it.
    """
    try:
        status = os.lstat(path)
    except OSError as error:
        raise TransportRefusedError("key", f"The key cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0):
        raise TransportRefusedError("key", "The key is no regular file of this user")
    if status.st_mode & 0o077:
        raise TransportRefusedError("key", f"The key can be read by others; mend it with: chmod 600 {Path(path).name}")


def _context(kind: int, source: Identity | tuple[str, str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(kind)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        if isinstance(source, Identity):
            with source.temporary() as folder:
                place = Path(folder) / "tls"
                context.load_cert_chain(place / "cert.pem", place / "key.pem")
            context.load_verify_locations(cadata=source.authority.decode("ascii"))
        else:
            demand_private_key(source[1])
            context.load_cert_chain(source[0], source[1])
            context.load_verify_locations(source[2])
    except (ssl.SSLError, OSError, ValueError) as error:
        raise TransportRefusedError(
            "certificate", "Certificate, key and authority do not fit together or cannot be read"
        ) from error
    return context


def server_context(source: Identity | tuple[str, str, str]) -> ssl.SSLContext:
    """For the side that listens; the other side must show a certificate of the same authority.

    Args:
        source: an identity, or paths of certificate, key and authority.

    Raises:
        TransportRefusedError: a file is missing, does not fit, or the key is not private.
    """
    return _context(ssl.PROTOCOL_TLS_SERVER, source)


def client_context(source: Identity | tuple[str, str, str]) -> ssl.SSLContext:
    """For the side that connects; the name or address of the other side is checked.

    Raises:
        TransportRefusedError: as `server_context`.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, source)
    context.check_hostname = True
    return context
