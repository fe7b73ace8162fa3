"""A certificate authority for one run: made in memory, valid for minutes, trusted by nobody else."""

from __future__ import annotations

import datetime
import ipaddress
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["Authority", "Identity"]

_SKEW = datetime.timedelta(minutes=2)


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A certificate, its key and the authority that both sides trust, as PEM. Does not print its key."""

    certificate: bytes
    key: bytes
    authority: bytes

    def __repr__(self) -> str:
        """Nothing of the key."""
        return "Identity(...)"

    def write(self, folder: str | os.PathLike[str]) -> tuple[Path, Path, Path]:
        """Write `cert.pem`, `key.pem`, `ca.pem` with mode 0600 into a new directory with mode 0700, and return their paths.

        Raises:
            TransportRefusedError: there is something already.
        """
        place = Path(folder)
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            raise TransportRefusedError("key", "The directory for the key exists already; name a new one") from None
        paths = (place / "cert.pem", place / "key.pem", place / "ca.pem")
        for path, content in zip(paths, (self.certificate, self.key, self.authority), strict=True):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        return paths

    def temporary(self) -> tempfile.TemporaryDirectory[str]:
        """The same in a temporary directory, for contexts that read files only; remove it at once."""
        outer = tempfile.TemporaryDirectory(prefix="troth-tls-")
        self.write(Path(outer.name) / "tls")
        return outer


class Authority:
    """Makes certificates for the nodes of one run. Its key never leaves the object.

    Args:
        name: shown in certificates.
        minutes: how long it, and at most what it issues, is valid.
    """

    def __init__(self, name: str, *, minutes: int = 60) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
        self._until = _now() + datetime.timedelta(minutes=minutes)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        self._certificate = (
            self._builder(self._name, self._key.public_key(), _now() - _SKEW, self._until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime.datetime, until: datetime.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
        )

    def issue(
        self, name: str, *, addresses: Sequence[str] = (), minutes: int = 60, names: Sequence[str] = ()
    ) -> Identity:
        """A certificate for one node, for both directions.

        Args:
            name: the node's name.
            addresses: its IP addresses; peers that connect by address check these.
            minutes: validity; negative makes one that ran out, for tests.
            names: further host names.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        until = min(_now() + datetime.timedelta(minutes=minutes), self._until)
        alternatives: list[x509.GeneralName] = [x509.DNSName(item) for item in (name, *names)]
        alternatives += [x509.IPAddress(ipaddress.ip_address(item)) for item in addresses]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
        certificate = (
            self._builder(subject, key.public_key(), min(_now() - _SKEW, until - _SKEW), until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return Identity(certificate.public_bytes(pem), private, self.certificate)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
