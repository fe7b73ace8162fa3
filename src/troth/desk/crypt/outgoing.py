"""Mail to a reporter, encrypted to the key that they gave: an age recipient, or an OpenPGP certificate where `pysequoia` is installed.

Rules: what cannot be encrypted raises, and is never sent in the clear instead; the content is armored text, in OpenPGP a MIME entity as RFC 3156 wraps it. The
key is what a stranger wrote: its size is bounded by the form, and it only encrypts; whom it belongs to is not asked, for it came with the report.
"""

from __future__ import annotations

import importlib
import re
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from troth.desk.crypt.envelope import CryptError

__all__ = ["encrypted_to"]

_AGE: Final = re.compile(r"(?<![0-9a-z])age1[02-9ac-hj-np-z]{58}(?![0-9a-z])")
_PGP: Final = re.compile(r"-----BEGIN PGP PUBLIC KEY BLOCK-----.{1,12000}?-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL)


def encrypted_to(key: str, text: str) -> str:
    """A text, encrypted and armored.

    Args:
        key: what the reporter gave; an age recipient comes before an OpenPGP certificate.
        text: the mail's text.

    Raises:
        CryptError: there is no key in it, or none that can be encrypted to.
    """
    age = _AGE.search(key)
    if age is not None:
        import pyrage

        try:
            return str(pyrage.encrypt(text.encode(), [pyrage.x25519.Recipient.from_str(age.group())], armored=True), "ascii")
        except (pyrage.RecipientError, pyrage.EncryptError) as error:
            raise CryptError("this age recipient cannot be encrypted to") from error
    block = _PGP.search(key)
    if block is None:
        raise CryptError("this is neither an age recipient nor an OpenPGP certificate")
    entity = EmailMessage(policy=SMTP)
    entity.set_content(text)
    try:
        sequoia: Any = importlib.import_module("pysequoia")
        sealed: bytes = sequoia.encrypt(entity.as_bytes(), [sequoia.Cert.from_bytes(block.group().encode())])
    except Exception as error:
        raise CryptError("this OpenPGP certificate cannot be encrypted to") from error
    return sealed.decode("ascii")
